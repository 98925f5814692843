"""The nouns of <Dial>, with caller ids, detection, REFER and recording."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.emulator.conftest import LINE, Stage

ANA = "+15125550102"
LEE = "sip:lee@psap.example"


def test_a_client_is_given_its_parameters(stage: Stage) -> None:
    noun = "<Client><Identity>ana</Identity><Parameter name='case' value='7'/></Client>"
    stage.line(f"<Dial>{noun}</Dial>")
    ana = stage.net.phone("client:ana", "Ana")
    stage.caller()
    assert ana.rings()["parameters"] == {"case": "7"}


def test_a_sip_phone_is_given_its_headers_and_answers_with_some(stage: Stage) -> None:
    noun = (
        "<Sip username='u' password='p'>sip:lee@psap.example?X-Case=7"
        "<Headers><Header name='X-Desk' value='3'/></Headers></Sip>"
    )
    stage.line(f'<Dial action="/after">{noun}</Dial>')
    facts = {"DialSipHeader_X-Agent": "Lee"}
    lee = stage.net.phone(LEE, "Lee", on_ring="answer", facts=facts)
    caller = stage.caller()
    assert lee.rings()["headers"] == {"X-Case": "7", "X-Desk": "3"}
    caller.is_talking_with("Lee")
    lee.hangs_up()
    told = stage.app.to("/after")[0]
    assert (told["DialSipResponseCode"], told["DialSipHeader_X-Agent"]) == ("200", "Lee")
    assert told["DialSipCallId"]


@pytest.mark.parametrize(("on_ring", "code"), [("busy", "486"), ("decline", "603")])
def test_what_a_sip_phone_answered(stage: Stage, on_ring: str, code: str) -> None:
    stage.line(f'<Dial action="/after"><Sip>{LEE}</Sip></Dial>')
    stage.net.phone(LEE, "Lee", on_ring=on_ring)
    stage.caller()
    stage.net.advance(0)
    assert stage.app.to("/after")[0]["DialSipResponseCode"] == code


@pytest.mark.parametrize(
    ("noun", "address"),
    [
        (f"<Sim>DE{'0' * 32}</Sim>", f"sim:DE{'0' * 32}"),
        ("<WhatsApp>+15125550102</WhatsApp>", "whatsapp:+15125550102"),
    ],
)
def test_sims_and_whatsapp_are_addresses(stage: Stage, noun: str, address: str) -> None:
    stage.line(f"<Dial>{noun}</Dial>")
    phone = stage.net.phone(address, "Ana", on_ring="answer")
    stage.caller().is_talking_with("Ana")
    phone.is_talking_with("Sam")


@pytest.mark.parametrize(("attribute", "to"), [("", "app:"), ('copyParentTo="true"', LINE)])
def test_an_application_is_called_like_a_phone(stage: Stage, attribute: str, to: str) -> None:
    stage.app.on("/app", "<Say>The application speaks</Say>")
    app = stage.client.applications.create(voice_url=stage.app.url("/app"), friendly_name="A")
    inner = f"<ApplicationSid>{app.sid}</ApplicationSid><Parameter name='case' value='7'/>"
    stage.line(f"<Dial><Application {attribute}>{inner}</Application></Dial>")
    caller = stage.caller()
    caller.hears("The application speaks")
    told = stage.app.to("/app")[0]
    assert told["case"] == "7"
    assert told["To"].startswith(to)
    assert told["Direction"] == "inbound"


def test_a_client_must_name_a_caller_id_to_ring_a_number(stage: Stage) -> None:
    stage.line(f'<Dial action="/after">{ANA}</Dial>')
    ana = stage.net.phone(ANA, "Ana")
    stage.caller("client:sam")
    assert stage.app.to("/after")[0]["DialCallStatus"] == "failed"
    assert [e["code"] for e in stage.net.debugger()] == [13214]
    stage.app.on("/voice", f'<Dial callerId="{LINE}">{ANA}</Dial>')
    stage.net.phone("client:kim", "Kim").dials(LINE)
    assert ana.rings()["from"] == LINE


@pytest.mark.parametrize(
    ("on_ring", "mode", "word"),
    [
        ("answer", "Enable", "human"),
        ("voicemail", "Enable", "machine_start"),
        ("voicemail", "DetectMessageEnd", "machine_end_beep"),
        ("voicemail_silence", "DetectMessageEnd", "machine_end_silence"),
        ("fax", "Enable", "fax"),
        ("silent", "Enable", "unknown"),
    ],
)
def test_detection_on_a_number(stage: Stage, on_ring: str, mode: str, word: str) -> None:
    noun = f'<Number machineDetection="{mode}" amdStatusCallback="/amd">{ANA}</Number>'
    stage.line(f"<Dial>{noun}</Dial>")
    stage.net.phone(ANA, "Ana", on_ring=on_ring)
    stage.caller()
    stage.net.advance(10)
    assert [told["AnsweredBy"] for told in stage.app.to("/amd")] == [word]


def test_a_sip_callee_may_refer_the_caller_elsewhere(stage: Stage) -> None:
    stage.line(f'<Dial action="/after" referUrl="/refer"><Sip>{LEE}</Sip></Dial>')
    stage.app.on("/refer", "<Say>You are being transferred</Say>")
    lee = stage.net.phone(LEE, "Lee", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Lee")
    lee.refers("sip:kim@psap.example")
    caller.hears("being transferred")
    lee.is_hung_up()
    assert stage.app.to("/refer")[0]["ReferTransferTarget"] == "sip:kim@psap.example"
    assert stage.app.to("/after") == []


def test_a_refer_without_a_refer_url_is_13802(stage: Stage) -> None:
    stage.line(f"<Dial><Sip>{LEE}</Sip></Dial>")
    lee = stage.net.phone(LEE, "Lee", on_ring="answer")
    caller = stage.caller()
    with pytest.raises(Exception, match="refuses"):
        lee.refers("sip:kim@psap.example")
    assert [e["code"] for e in stage.net.debugger()] == [13802]
    caller.is_talking_with("Lee")


@pytest.mark.parametrize(
    ("record", "seconds", "channels"),
    [
        ("record-from-answer", "5", "1"),
        ("record-from-answer-dual", "5", "2"),
        ("record-from-ringing", "8", "1"),
        ("record-from-ringing-dual", "8", "2"),
        ("true", "5", "1"),
    ],
)
def test_a_dial_is_recorded(stage: Stage, record: str, seconds: str, channels: str) -> None:
    stage.line(
        f'<Dial action="/after" record="{record}" recordingTrack="inbound" '
        'recordingStatusCallback="/recording" recordingStatusCallbackMethod="GET" '
        f'recordingStatusCallbackEvent="in-progress completed">{ANA}</Dial>'
    )
    ana = stage.net.phone(ANA, "Ana", on_ring={"answer_after": 3})
    stage.caller()
    stage.net.advance(8)
    ana.hangs_up()
    told = stage.app.to("/recording")
    assert [t["RecordingStatus"] for t in told] == ["in-progress", "completed"]
    last = told[-1]
    assert (last["RecordingDuration"], last["RecordingChannels"]) == (seconds, channels)
    assert (last["RecordingSource"], last["RecordingTrack"]) == ("DialVerb", "inbound")
    assert stage.app.to("/after")[0]["RecordingUrl"] == last["RecordingUrl"]
    assert {r.method for r in stage.app.requests if r.path == "/recording"} == {"GET"}


def test_a_conference_is_recorded_from_its_start(stage: Stage) -> None:
    stage.line(
        '<Dial><Conference record="record-from-start" recordingStatusCallback="/recording" '
        'eventCallbackUrl="/old" endConferenceOnExit="true">room</Conference></Dial>'
    )
    caller = stage.caller()
    stage.net.advance(10)
    stage.caller("+15125550104", "Kim")
    stage.net.advance(6)
    caller.hangs_up()
    told = stage.app.to("/recording")[0]
    assert (told["RecordingDuration"], told["RecordingSource"]) == ("6", "Conference")
    old = stage.app.to("/old")[0]
    assert (old["EventName"], old["Duration"]) == ("conference-record-end", "6")
    assert old["ConferenceSid"] == told["ConferenceSid"]


def test_start_recording(stage: Stage) -> None:
    url = stage.app.url("/recording")
    stage.line(f'<Start><Recording recordingStatusCallback="{url}"/></Start><Pause length="4"/>')
    stage.caller()
    stage.net.advance(5)
    told = stage.app.to("/recording")[0]
    assert (told["RecordingDuration"], told["RecordingSource"]) == ("4", "StartCallRecordingTwiML")


@pytest.mark.parametrize(
    ("beep", "beeps"), [("true", 2), ("false", 0), ("onEnter", 1), ("onExit", 1)]
)
def test_the_beeps_of_a_conference(stage: Stage, beep: str, beeps: int) -> None:
    answers = iter(["false", beep])
    stage.line(
        lambda params: (
            f'<Response><Dial><Conference beep="{next(answers)}" waitUrl="">room</Conference>'
            "</Dial></Response>"
        )
    )
    caller = stage.caller()
    second = stage.net.phone("+15125550104", "Kim")
    second.dials(LINE)
    second.hangs_up()
    assert [e["kind"] for e in caller.transcript()].count("beep") == beeps


def test_who_speaks_in_a_conference_is_told(stage: Stage) -> None:
    stage.line(
        '<Dial><Conference statusCallback="/events" statusCallbackEvent="speaker">room'
        "</Conference></Dial>"
    )
    caller = stage.caller()
    stage.caller("+15125550104", "Kim")
    caller.says("one two three four five")
    names = ["participant-speech-start", "participant-speech-stop"]
    assert [t["StatusCallbackEvent"] for t in stage.app.to("/events")] == names[:1]
    stage.net.advance(2)
    told: list[Any] = [t["StatusCallbackEvent"] for t in stage.app.to("/events")]
    assert told == names


def test_record_beeps_and_ends_by_itself(stage: Stage) -> None:
    stage.line(
        '<Record maxLength="4" timeout="3" action="/recorded" recordingStatusCallback="/told" '
        'recordingStatusCallbackEvent="in-progress completed absent"/><Say>Next</Say>'
    )
    caller = stage.caller()
    assert "beep" in [e["kind"] for e in caller.transcript()]
    for word in ("one", "two", "three"):
        caller.says(word)
        stage.net.advance(1.5)
    assert stage.app.to("/recorded")[0]["RecordingDuration"] == "4"
    silent = stage.caller("+15125550104")
    silent.hears("Next", within=4)
    statuses = [told["RecordingStatus"] for told in stage.app.to("/told")]
    assert statuses == ["in-progress", "completed", "in-progress", "absent"]


def test_a_sip_phone_called_by_rest_is_given_the_headers_of_its_address(stage: Stage) -> None:
    stage.line()
    lee = stage.net.phone(LEE, "Lee")
    twiml = "<Response><Say>Hello</Say></Response>"
    to = f"{LEE}?X-Case=7&User-to-User=id%201&Subject=none"
    stage.client.calls.create(to=to, from_=LINE, twiml=twiml)
    assert lee.rings()["headers"] == {"X-Case": "7", "User-to-User": "id 1"}


@pytest.mark.parametrize(
    ("to", "code"), [(f"sip:{'a' * 250}@b.example", 21211), (f"{LEE}?X-A={'1' * 1024}", 21227)]
)
def test_a_sip_address_too_long_for_twilio_is_refused(stage: Stage, to: str, code: int) -> None:
    stage.line()
    with pytest.raises(TwilioRestException) as refused:
        stage.client.calls.create(to=to, from_=LINE, twiml="<Response/>")
    assert refused.value.code == code
