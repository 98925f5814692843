"""What can be changed by REST while a call or a participant lasts."""

from __future__ import annotations

import pytest

from tests.emulator.conftest import LINE, Stage
from tests.emulator.test_rest import place, refused

ANA = "+15125550102"
TWIML = "<Response><Pause length='600'/></Response>"


def test_a_time_limit_counts_from_the_answer_and_replaces_the_last_one(stage: Stage) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring="answer")
    call = place(stage, twiml=TWIML, time_limit=30)
    stage.net.advance(20)
    call.update(time_limit=60)
    stage.net.advance(20)
    assert call.fetch().status == "in-progress"
    call.update(time_limit=45)
    stage.net.advance(10)
    assert (call.fetch().status, call.fetch().duration) == ("completed", "45")


def test_a_new_callback_keeps_the_events_subscribed_to(stage: Stage) -> None:
    stage.line()
    ana = stage.net.phone(ANA, "Ana")
    url = stage.app.url("/first")
    call = place(stage, twiml=TWIML, status_callback=url, status_callback_event=["answered"])
    stage.net.advance(0)
    call.update(status_callback=stage.app.url("/second"), status_callback_method="GET")
    ana.answers()
    stage.net.advance(0)
    assert [p["CallStatus"] for p in stage.app.to("/second")] == ["in-progress"]
    assert stage.app.to("/first") == []


def test_a_fallback_may_be_given_later(stage: Stage) -> None:
    stage.line()
    stage.app.on("/x", "not TwiML")
    stage.app.on("/fallback", "<Say>The fallback</Say>")
    ana = stage.net.phone(ANA, "Ana")
    call = place(stage, twiml="", url=stage.app.url("/x"))
    stage.net.advance(0)
    call.update(fallback_url=stage.app.url("/fallback"), fallback_method="GET")
    ana.answers()
    ana.hears("The fallback")


def test_an_application_handles_a_call_and_hears_of_its_end(stage: Stage) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.app.on("/application", "<Say>Hello</Say>")
    application = stage.client.applications.create(
        voice_url=stage.app.url("/application"), status_callback=stage.app.url("/ended")
    )
    stage.client.calls.create(to=ANA, from_=LINE, application_sid=application.sid)
    stage.net.advance(5)
    assert stage.app.to("/ended")[0]["CallStatus"] == "completed"
    wrong = {"to": ANA, "from_": LINE, "application_sid": "AP" + "0" * 32}
    assert refused(stage.client.calls.create, **wrong) == (400, 21218)


def test_what_a_waiting_participant_hears_can_be_changed(stage: Stage) -> None:
    stage.line(
        "<Dial><Conference statusCallback='/room' statusCallbackEvent='modify'>"
        "room</Conference></Dial>"
    )
    stage.app.on("/wait", "<Say>Nearly there</Say>")
    caller = stage.caller()
    stage.net.advance(1)
    conference = stage.client.conferences.list()[0]
    participant = conference.participants.list()[0]
    participant.update(wait_url=stage.app.url("/wait"), wait_method="GET")
    caller.hears("Nearly there")
    participant.update(beep_on_exit=False)
    stage.net.advance(0)
    assert [p["StatusCallbackEvent"] for p in stage.app.to("/room")] == ["participant-modify"] * 2


@pytest.mark.parametrize("key", ["sid", "label"])
def test_a_participant_is_changed_and_kicked_by_call_or_label(stage: Stage, key: str) -> None:
    stage.line("<Dial><Conference participantLabel='caller'>room</Conference></Dial>")
    caller = stage.caller()
    sid = caller.transcript()[0]["call"]
    conference = stage.client.conferences.list()[0]
    who = conference.participants
    named = stage.client.conferences(conference.sid).participants(sid if key == "sid" else "caller")
    assert named.fetch().call_sid == sid
    assert named.update(muted=True).muted is True
    assert [p.muted for p in who.list()] == [True]
    assert named.delete()
    assert conference.fetch().status == "completed"
    assert conference.fetch().reason_conference_ended == "last-participant-kicked"
    assert refused(named.fetch) == (404, 20404)


def test_a_refused_participant_leaves_no_conference_behind(stage: Stage) -> None:
    stage.line()
    create = stage.client.conferences("room").participants.create
    for options, code in (
        ({"coaching": True, "call_sid_to_coach": "CA" + "0" * 32}, 16028),
        ({"label": "a/b"}, 16024),
        ({"max_participants": 251}, 20001),
        ({"beep": "loud"}, 20001),
    ):
        assert refused(create, from_=LINE, to=ANA, **options) == (400, code)
    assert refused(create, from_=LINE, to="") == (400, 21201)
    assert stage.client.conferences.list() == stage.client.calls.list() == []


def test_a_full_conference_takes_nobody(stage: Stage) -> None:
    stage.line()
    stage.world.switches.calls_per_second = 0
    create = stage.client.conferences("room").participants.create
    for last in (1, 2):
        create(from_=LINE, to=f"+1512555014{last}", max_participants=2)
    assert refused(create, from_=LINE, to=ANA) == (400, 16020)
