"""Answering machine detection and SIP codes: what a call tells of whoever was at the far end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import LINE, Stage
from tests.emulator.test_rest import place, refused

ANA = "+15125550102"
END = "DetectMessageEnd"


@pytest.mark.parametrize(
    ("behaviour", "mode", "thresholds", "by", "seconds"),
    [
        ("answer", "Enable", {}, "human", 2.0),
        ("answer", "Enable", {"speech_end_threshold": 3000}, "human", 3.8),
        ("voicemail", "Enable", {}, "machine_start", 2.4),
        ("voicemail", "Enable", {"speech_threshold": 1000}, "machine_start", 1.0),
        # A greeting shorter than the threshold passes for a human's.
        ("voicemail", "Enable", {"speech_threshold": 6000}, "human", 5.2),
        ("voicemail", END, {}, "machine_end_beep", 4.0),
        ("voicemail_silence", END, {}, "machine_end_silence", 5.2),
        ("voicemail_other", END, {}, "machine_end_other", 5.2),
        ("voicemail", END, {"timeout": 3}, "unknown", 3.0),
        ("fax", "Enable", {}, "fax", 2.0),
        ("silent", "Enable", {}, "unknown", 5.0),
        ("silent", "Enable", {"silence_timeout": 2000}, "unknown", 2.0),
    ],
)
def test_whoever_answers_is_recognised(
    stage: Stage, behaviour: str, mode: str, thresholds: dict[str, int], by: str, seconds: float
) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring=behaviour)
    options: dict[str, Any] = {f"machine_detection_{k}": v for k, v in thresholds.items()}
    call = place(stage, url=stage.app.url("/x"), machine_detection=mode, **options)
    stage.net.advance(seconds - 0.1)
    assert stage.app.to("/x") == []
    stage.net.advance(0.2)
    asked = stage.app.to("/x")[0]
    assert asked["AnsweredBy"] == by
    assert asked["MachineDetectionDuration"] == str(round(seconds * 1000))
    assert stage.client.calls(call.sid).fetch().answered_by == by


def test_asynchronous_detection_runs_beside_the_document(stage: Stage) -> None:
    stage.line()
    stage.app.on("/x", "<Pause length='60'/>")
    stage.net.phone(ANA, "Ana", on_ring="voicemail")
    call = place(
        stage,
        url=stage.app.url("/x"),
        machine_detection="Enable",
        async_amd="true",
        async_amd_status_callback=stage.app.url("/amd"),
    )
    stage.net.advance(0)
    assert "AnsweredBy" not in stage.app.to("/x")[0]
    stage.net.advance(3)
    told = stage.app.to("/amd")[0]
    assert (told["AnsweredBy"], told["CallSid"]) == ("machine_start", call.sid)
    assert told["MachineDetectionDuration"] == "2400"


def test_a_participant_is_recognised_while_it_is_in_the_room(stage: Stage) -> None:
    stage.line("<Dial><Conference>room</Conference></Dial>")
    stage.caller()
    stage.net.phone(ANA, "Ana", on_ring="fax")
    people = stage.client.conferences("room").participants
    people.create(
        from_=LINE,
        to=ANA,
        machine_detection="Enable",
        amd_status_callback=stage.app.url("/amd"),
        amd_status_callback_method="GET",
    )
    stage.net.advance(3)
    assert [r.method for r in stage.app.requests if r.path == "/amd"] == ["GET"]
    assert stage.app.to("/amd")[0]["AnsweredBy"] == "fax"


def test_a_detection_without_a_callback_is_warned_of(stage: Stage) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring="answer")
    place(stage, machine_detection="Enable", async_amd="true")
    stage.net.advance(3)
    assert 21262 in [entry["code"] for entry in stage.net.debugger()]


@pytest.mark.parametrize(
    "options",
    [
        {"machine_detection": "Perhaps"},
        {"machine_detection": "Enable", "machine_detection_timeout": 2},
        {"machine_detection": "Enable", "machine_detection_speech_threshold": 999},
        {"machine_detection": "Enable", "machine_detection_silence_timeout": 10_001},
    ],
)
def test_thresholds_outside_twilios_range(stage: Stage, options: dict[str, object]) -> None:
    stage.line()
    assert refused(place, stage, **options) == (400, 21234)


@pytest.mark.parametrize(
    ("to", "behaviour", "status", "sip_code"),
    [
        (ANA, "busy", "busy", "486"),
        (ANA, "decline", "busy", "603"),
        (ANA, "unreachable", "failed", "404"),
        (ANA, "no_answer", "no-answer", "487"),
        ("+15125550177", None, "no-answer", "487"),
        ("client:nobody", None, "no-answer", "404"),
        ("sip:nobody@example.com", None, "failed", "404"),
        (ANA, "answer", "completed", "200"),
    ],
)
def test_the_last_callback_says_why_a_call_failed(
    stage: Stage, to: str, behaviour: str | None, status: str, sip_code: str
) -> None:
    stage.line()
    if behaviour is not None:
        stage.net.phone(to, "Ana", on_ring=behaviour)
    place(stage, to, status_callback=stage.app.url("/status"), timeout=10)
    stage.net.advance(30)
    last = stage.app.to("/status")[-1]
    assert (last["CallStatus"], last["SipResponseCode"]) == (status, sip_code)
    assert last["CallDuration"]
