"""Behaviours nobody has confirmed on the real network are settings, and each value is kept."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException

from router.emulator.switches import Switches
from tests.emulator.conftest import LINE, Stage

ANA = "+15125550102"
ROOM = (
    '<Dial><Conference statusCallback="/events" statusCallbackEvent="start end join leave">'
    "room</Conference></Dial>"
)


def told(stage: Stage) -> list[str]:
    return [params["StatusCallbackEvent"] for params in stage.app.to("/events")]


def test_every_switch_is_described(stage: Stage) -> None:
    described = stage.net.request("GET", "switches")
    assert set(described) == set(Switches().describe())
    assert all(switch["about"] for switch in described.values())
    assert described["calls_per_second"]["default"] == 1


@pytest.mark.parametrize(("moment", "joined"), [("dial", 2), ("answer", 1)])
def test_when_a_leg_added_by_rest_joins(stage: Stage, moment: str, joined: int) -> None:
    stage.net.switches(participant_join_at=moment)
    stage.line(ROOM)
    caller = stage.caller()
    ana = stage.net.phone(ANA, "Ana")
    stage.client.conferences("room").participants.create(from_=LINE, to=ANA)
    ana.rings()
    assert told(stage).count("participant-join") == joined
    assert [e["kind"] for e in ana.transcript()] == ["ringing"]
    assert caller.state()["calls"][0]["hears"]["with"] == []
    ana.answers()
    caller.is_talking_with("Ana")
    assert told(stage).count("participant-join") == 2


def test_a_leg_that_joined_at_dial_and_never_answered(stage: Stage) -> None:
    stage.net.switches(participant_join_at="dial")
    stage.line(ROOM)
    stage.caller()
    stage.net.phone(ANA, "Ana", on_ring={"do": "decline", "after": 2})
    stage.client.conferences("room").participants.create(from_=LINE, to=ANA)
    stage.net.advance(3)
    assert stage.app.to("/events")[-1]["ReasonParticipantLeft"] == "participant_add_failed"


@pytest.mark.parametrize("sent", [True, False])
def test_the_end_of_a_conference_that_never_started(stage: Stage, sent: bool) -> None:
    stage.net.switches(conference_end_when_never_started=sent)
    stage.line(ROOM)
    stage.caller().hangs_up()
    stage.net.advance(0)
    assert told(stage) == ["participant-join", "participant-leave", *["conference-end"] * sent]


@pytest.mark.parametrize("hangs_up", [True, False])
def test_what_a_kick_does_to_the_call(stage: Stage, hangs_up: bool) -> None:
    stage.net.switches(kick_hangs_up=hangs_up)
    stage.line(ROOM + "<Say>After the room</Say>")
    caller = stage.caller()
    conference = stage.client.conferences.list()[0]
    conference.participants.list()[0].delete()
    caller.is_hung_up()
    assert ("say After the room" in stage.transcript(caller)) is not hangs_up


@pytest.mark.parametrize(("answers", "status"), [(True, "in-progress"), (False, "ringing")])
def test_whether_a_pause_answers(stage: Stage, answers: bool, status: str) -> None:
    stage.net.switches(pause_answers=answers)
    stage.line("<Pause length='5'/><Say>Hello</Say>")
    stage.caller()
    assert stage.client.calls.list()[0].status == status


def test_whether_a_retry_keeps_its_token(stage: Stage) -> None:
    stage.net.switches(retry_keeps_token=False)
    stage.app.on("/voice", (503, ""))
    url = stage.app.url("/voice#rp=5xx&rc=1")
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url=url)
    stage.caller()
    tokens = [r.headers["I-Twilio-Idempotency-Token"] for r in stage.app.requests]
    assert len(set(tokens)) == 2


def test_the_code_for_a_member_that_is_gone(stage: Stage) -> None:
    stage.net.switches(member_gone_code=20404)
    stage.line('<Enqueue waitUrl="/wait">support</Enqueue>')
    stage.app.on("/wait", "<Leave/>")
    sid = stage.caller().transcript()[0]["call"]
    stage.net.advance(1)
    queue = stage.client.queues.list()[0]
    with pytest.raises(TwilioRestException) as refused:
        stage.client.queues(queue.sid).members(sid).update(url=stage.app.url("/x"))
    assert (refused.value.status, refused.value.code) == (400, 20404)


@pytest.mark.parametrize("requested", [True, False])
def test_dial_action_after_a_redirect(stage: Stage, requested: bool) -> None:
    stage.net.switches(dial_action_after_redirect=requested)
    stage.line('<Dial action="/after"><Conference>room</Conference></Dial>')
    stage.app.on("/after", "<Say>Not this</Say>")
    stage.app.on("/other", "<Say>But this</Say>")
    caller = stage.caller()
    sid = caller.transcript()[0]["call"]
    stage.client.calls(sid).update(url=stage.app.url("/other"))
    caller.hears("But this")
    assert len(stage.app.to("/after")) == requested
    assert "say Not this" not in stage.transcript(caller)


def test_the_announcement_of_an_application_error(stage: Stage) -> None:
    stage.net.switches(application_error_text="Something is wrong")
    stage.line((500, ""))
    stage.caller().hears("Something is wrong")


def test_delays_of_the_carrier(stage: Stage) -> None:
    stage.net.switches(dial_setup_seconds=2, callback_latency_seconds=1)
    stage.line(f"<Dial>{ANA}</Dial>")
    ana = stage.net.phone(ANA, "Ana")
    stage.caller()
    stage.net.advance(2.9)
    assert ana.transcript() == []
    stage.net.advance(0.2)
    assert [e["kind"] for e in ana.transcript()] == ["ringing"]
