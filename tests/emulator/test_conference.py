"""Conferences, in TwiML and over REST: oracle cases O31 to O41."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest.api.v2010.account.conference import ConferenceInstance
from twilio.rest.api.v2010.account.conference.participant import ParticipantContext

from router.emulator.client import Phone
from tests.emulator.conftest import LINE, Stage

ANA, LEE = "+15125550102", "+15125550103"
EVENTS = "start end join leave mute hold modify announcement"


def room(attributes: str = "", name: str = "room", dial: str = 'action="/after"') -> str:
    callback = f'statusCallback="/events" statusCallbackEvent="{EVENTS}"'
    return f"<Dial {dial}><Conference {callback} {attributes}>{name}</Conference></Dial>"


def rung_in(stage: Stage, number: str, name: str, attributes: str = "") -> Phone:
    """Somebody called by REST whose document joins the room."""
    phone = stage.net.phone(number, name, on_ring="answer")
    stage.app.on(f"/join{number[1:]}", room(attributes, dial=f'action="/after/{name}"'))
    url = stage.app.url(f"/join{number[1:]}")
    stage.net.switches(calls_per_second=0)
    stage.client.calls.create(to=number, from_=LINE, url=url)
    stage.net.advance(0)
    return phone


def events(stage: Stage) -> list[str]:
    return [params["StatusCallbackEvent"] for params in stage.app.to("/events")]


def conference(stage: Stage) -> ConferenceInstance:
    return stage.client.conferences.list()[0]


def participant(stage: Stage, phone: Phone) -> ParticipantContext:
    sid = phone.transcript()[0]["call"]
    return stage.client.conferences(conference(stage).sid).participants(sid)


def test_O31_the_first_waits_and_the_second_starts_the_conference(stage: Stage) -> None:
    stage.line(room('waitUrl="/wait"'))
    stage.app.on("/wait", "<Say>Please wait</Say>")
    caller = stage.caller()
    caller.hears("Please wait")
    assert events(stage) == ["participant-join"]
    assert conference(stage).status == "init"
    rung_in(stage, ANA, "Ana")
    caller.is_talking_with("Ana")
    assert events(stage) == ["participant-join", "participant-join", "conference-start"]
    assert conference(stage).status == "in-progress"
    assert [p["SequenceNumber"] for p in stage.app.to("/events")] == ["1", "2", "3"]
    assert "StatusCallbackEvent" in stage.app.to("/events")[0]


def test_O32_without_a_starter_nothing_starts(stage: Stage) -> None:
    stage.line(room('startConferenceOnEnter="false"'))
    caller = stage.caller()
    stage.net.advance(60)
    ana = rung_in(stage, ANA, "Ana", 'startConferenceOnEnter="false"')
    stage.net.advance(60)
    assert events(stage) == ["participant-join"] * 2
    assert caller.state()["calls"][0]["hears"]["where"] == "wait"
    rung_in(stage, LEE, "Lee")
    caller.is_talking_with("Ana")
    ana.is_talking_with("Lee")


def test_the_wait_document_does_not_loop_by_itself(stage: Stage) -> None:
    stage.line(room('waitUrl="/wait"'))
    stage.app.on("/wait", "<Say>Please wait</Say>")
    caller = stage.caller()
    stage.net.advance(10)
    assert len(stage.app.to("/wait")) == 1
    leg = stage.net.state()["legs"][0]
    assert leg["alone"]
    assert leg["hears"]["kind"] == "wait"
    assert caller.state()["calls"][0]["room"] == "room"


def test_an_empty_wait_url_is_silence(stage: Stage) -> None:
    stage.line(room('waitUrl=""'))
    caller = stage.caller()
    stage.net.advance(5)
    assert "play hold music" not in stage.transcript(caller)


def test_O33_survivors_go_on_with_their_action(stage: Stage) -> None:
    stage.line(room())
    stage.app.on("/after", "<Say>You are still with us</Say>")
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana", 'endConferenceOnExit="true"')
    caller.is_talking_with("Ana")
    ana.hangs_up()
    caller.hears("still with us")
    result = stage.app.to("/after")[0]
    assert (result["DialCallStatus"], result["CallStatus"]) == ("answered", "in-progress")
    assert "DialCallSid" not in result
    assert "DialCallDuration" not in result
    left = [p for p in stage.app.to("/events") if p["StatusCallbackEvent"] == "participant-leave"]
    reasons = [p["ReasonParticipantLeft"] for p in left]
    assert reasons == ["participant_hung_up", "moderator_ended_conference"]
    end = stage.app.to("/events")[-1]
    assert end["StatusCallbackEvent"] == "conference-end"
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert end["CallSidEndingConference"] == left[0]["CallSid"]


def test_O34_the_last_to_leave_ends_it(stage: Stage) -> None:
    stage.line(room())
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana")
    caller.is_talking_with("Ana")
    ana.hangs_up()
    stage.net.advance(1)
    leg = stage.net.state()["legs"][0]
    assert leg["alone"]
    assert leg["hears"]["kind"] == "silence"
    assert conference(stage).status == "in-progress"
    caller.hangs_up()
    stage.net.advance(0)
    ended = conference(stage)
    assert (ended.status, ended.reason_conference_ended) == ("completed", "last-participant-left")
    assert ended.call_sid_ending_conference == caller.transcript()[0]["call"]


def test_O35_ended_by_rest(stage: Stage) -> None:
    stage.line(room())
    stage.app.on("/after", "<Say>Back again</Say>")
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana")
    conference(stage).update(status="completed")
    caller.hears("Back again")
    ana.is_hung_up()
    assert conference(stage).reason_conference_ended == "conference-ended-via-api"
    reasons = [
        p["ReasonParticipantLeft"] for p in stage.app.to("/events") if "ReasonParticipantLeft" in p
    ]
    assert reasons == ["conference_ended_via_api"] * 2


def test_O36_end_conference_on_exit_can_be_changed_before_leaving(stage: Stage) -> None:
    stage.line(room())
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana", 'endConferenceOnExit="true"')
    lee = rung_in(stage, LEE, "Lee")
    participant(stage, ana).update(end_conference_on_exit=False)
    participant(stage, lee).update(end_conference_on_exit=True)
    ana.hangs_up()
    stage.net.advance(0)
    caller.is_talking_with("Lee")
    lee.hangs_up()
    stage.net.advance(0)
    assert conference(stage).status == "completed"
    assert "participant-modify" in events(stage)


def test_O37_hold_and_mute(stage: Stage) -> None:
    stage.line(room())
    stage.app.on("/hold", "<Say>You are on hold</Say>")
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana")
    lee = rung_in(stage, LEE, "Lee")
    held = participant(stage, caller).update(hold=True, hold_url=stage.app.url("/hold"))
    assert held.hold
    caller.hears("You are on hold")
    assert stage.app.requests[-2].method == "GET"
    ana.says("We talk about you")
    stage.net.advance(0)
    assert "speech We talk about you" in stage.transcript(lee)
    assert "speech We talk about you" not in stage.transcript(caller)
    participant(stage, caller).update(hold=False)
    caller.is_talking_with("Lee")
    muted = participant(stage, ana).update(muted=True)
    assert (muted.muted, muted.hold) == (True, False)
    ana.says("Nobody hears me")
    lee.says("Ana does hear me")
    ana.hears("Ana does hear me")
    assert "speech Nobody hears me" not in stage.transcript(caller)
    hears = caller.state()["calls"][0]["hears"]
    assert (hears["with"], hears["heard_by"]) == (["Lee"], ["Ana", "Lee"])
    assert events(stage)[-3:] == ["participant-hold", "participant-unhold", "participant-mute"]


def test_who_is_on_hold_when_the_conference_starts_hears_on(stage: Stage) -> None:
    stage.line(room('waitUrl="/wait"'))
    stage.app.on("/wait", "<Say>Please wait</Say>")
    stage.app.on("/hold", "<Say>You are on hold</Say><Pause length='4'/><Redirect/>")
    caller = stage.caller()
    caller.hears("Please wait")
    participant(stage, caller).update(hold=True, hold_url=stage.app.url("/hold"))
    caller.hears("You are on hold")
    ana = rung_in(stage, ANA, "Ana")
    assert conference(stage).status == "in-progress"
    caller.hears("You are on hold", within=10)
    ana.says("Not for you")
    caller.does_not_hear("Not for you")
    participant(stage, caller).update(hold=False)
    caller.is_talking_with("Ana")


def test_who_comes_off_hold_before_the_start_hears_the_wait_again(stage: Stage) -> None:
    stage.line(room('waitUrl="/wait"'))
    stage.app.on("/wait", "<Say>Please wait</Say>")
    caller = stage.caller()
    caller.hears("Please wait")
    participant(stage, caller).update(hold=True)
    caller.is_hearing("play")
    participant(stage, caller).update(hold=False)
    caller.hears("Please wait")


def test_who_is_on_hold_is_kicked_as_others_are(stage: Stage) -> None:
    stage.line(room())
    stage.app.on("/after", "<Say>Out of it</Say><Pause length='9'/>")
    caller = stage.caller()
    rung_in(stage, ANA, "Ana")
    stage.app.on("/hold", "<Say>You are on hold</Say>")
    participant(stage, caller).update(hold=True, hold_url=stage.app.url("/hold"))
    participant(stage, caller).delete()
    caller.hears("Out of it")
    assert caller.state()["calls"][0]["hears"]["kind"] == "say"


def test_O38_a_coach_is_heard_by_the_coached_alone(stage: Stage) -> None:
    stage.line(room())
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana")
    lee = rung_in(stage, LEE, "Lee")
    ana_sid = ana.transcript()[0]["call"]
    coach = participant(stage, lee)
    assert coach.update(coaching=True, call_sid_to_coach=ana_sid).call_sid_to_coach == ana_sid
    lee.says("Ask about his sister")
    ana.hears("Ask about")
    assert "speech Ask about his sister" not in stage.transcript(caller)
    caller.says("My sister is here")
    lee.hears("My sister")
    coach.update(coaching=False)
    lee.says("I take over")
    caller.hears("I take over")
    caller_sid = caller.transcript()[0]["call"]
    coach.update(coaching=True, call_sid_to_coach=caller_sid)
    lee.says("Only for you")
    caller.hears("Only for you")
    assert "speech Only for you" not in stage.transcript(ana)


def test_O39_a_finished_conference_lists_no_participants(stage: Stage) -> None:
    stage.line(room())
    caller = stage.caller()
    rung_in(stage, ANA, "Ana")
    assert len(conference(stage).participants.list()) == 2
    conference(stage).update(status="completed")
    assert conference(stage).participants.list() == []
    with pytest.raises(TwilioRestException) as refused:
        participant(stage, caller).fetch()
    assert refused.value.status == 404


def test_O40_a_later_status_callback_is_ignored(stage: Stage) -> None:
    stage.line(room())
    stage.caller()
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    twiml = (
        f'<Response><Dial><Conference statusCallback="{stage.app.url("/others")}"'
        ' statusCallbackEvent="join leave">room</Conference></Dial></Response>'
    )
    stage.client.calls.create(to=ANA, from_=LINE, twiml=twiml)
    ana.is_talking_with("Sam")
    assert stage.app.to("/others") == []
    assert len(events(stage)) == 3


@pytest.mark.parametrize("verb", ["<Gather/>", "<Hangup/>", "<Record/>", f"<Dial>{ANA}</Dial>"])
def test_O41_a_wait_document_may_not_gather_or_hang_up(stage: Stage, verb: str) -> None:
    stage.line(room('waitUrl="/wait"'))
    stage.app.on("/wait", f"<Say>Wait</Say>{verb}")
    caller = stage.caller()
    stage.net.advance(3)
    assert [e["code"] for e in stage.net.debugger()] == [13238]
    assert caller.state()["calls"][0]["room"] == "room"


def test_a_failing_wait_url_means_no_conference(stage: Stage) -> None:
    stage.line(room('waitUrl="/wait"'))
    stage.app.on("/wait", (500, "no"))
    stage.app.on("/after", "<Say>No conference</Say>")
    stage.caller().hears("No conference")


def test_star_takes_one_leg_out(stage: Stage) -> None:
    stage.line(room(dial='hangupOnStar="true" action="/after"'))
    stage.app.on("/after", "<Say>The menu</Say><Pause length='60'/>")
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana")
    caller.presses("*")
    caller.hears("The menu")
    stage.net.advance(1)
    assert ana.state()["calls"][0]["hears"]["kind"] == "silence"
    assert stage.app.to("/after")[0]["DialCallStatus"] == "answered"


def test_a_participant_added_by_rest_is_in_as_soon_as_it_answers(stage: Stage) -> None:
    stage.line(room())
    caller = stage.caller()
    ana = stage.net.phone(ANA, "Ana", on_ring={"answer_after": 2})
    added = stage.client.conferences("room").participants.create(
        from_=LINE, to=ANA, label="clinician", end_conference_on_exit=True
    )
    assert (added.status, added.label) == ("queued", "clinician")
    ana.rings()
    conference_sid = conference(stage).sid
    people = stage.client.conferences(conference_sid).participants
    assert people("clinician").fetch().status == "ringing"
    caller.is_talking_with("Ana")
    assert people("clinician").fetch().status == "connected"
    people("clinician").delete()
    ana.is_hung_up()
    assert conference(stage).reason_conference_ended == (
        "participant-with-end-conference-on-exit-kicked"
    )


def test_a_participant_who_never_answers_leaves_with_a_reason(stage: Stage) -> None:
    stage.line(room())
    stage.caller()
    stage.net.phone(ANA, "Ana", on_ring="busy")
    stage.client.conferences("room").participants.create(from_=LINE, to=ANA)
    stage.net.advance(1)
    left = stage.app.to("/events")[-1]
    assert left["StatusCallbackEvent"] == "participant-leave"
    assert left["ReasonParticipantLeft"] == "participant_add_failed"
    assert left["ParticipantCallStatus"] == "busy"


def test_a_label_in_use_is_refused(stage: Stage) -> None:
    stage.line(room('participantLabel="caller"'))
    stage.caller()
    stage.app.on("/after/Ana", "<Say>Refused</Say>")
    ana = rung_in(stage, ANA, "Ana", 'participantLabel="caller"')
    ana.hears("Refused")
    assert 16025 in [e["code"] for e in stage.net.debugger()]
    with pytest.raises(TwilioRestException) as refused:
        stage.client.conferences("room").participants.create(from_=LINE, to=LEE, label="caller")
    assert refused.value.code == 16026


def test_an_unknown_coached_call_is_13240(stage: Stage) -> None:
    stage.line(room(f'coach="CA{"0" * 32}"'))
    stage.caller()
    stage.net.advance(1)
    assert [e["code"] for e in stage.net.debugger()] == [13240]
    assert stage.app.to("/after")


def test_redirecting_a_participant_takes_it_out_at_once(stage: Stage) -> None:
    stage.line(room())
    stage.app.on("/other", "<Say>Somewhere else</Say>")
    caller = stage.caller()
    rung_in(stage, ANA, "Ana")
    stage.client.calls(caller.transcript()[0]["call"]).update(url=stage.app.url("/other"))
    assert len(conference(stage).participants.list()) == 1
    caller.hears("Somewhere else")
    assert stage.app.to("/after") == []


def test_a_full_conference(stage: Stage) -> None:
    stage.line(room('maxParticipants="2"'))
    stage.caller()
    rung_in(stage, ANA, "Ana")
    stage.app.on("/after/Lee", "<Say>It is full</Say>")
    rung_in(stage, LEE, "Lee").hears("It is full")
    assert 16020 in [e["code"] for e in stage.net.debugger()]


def test_announcements(stage: Stage) -> None:
    stage.line(room())
    stage.app.on("/announce", "<Say>One minute left</Say>")
    caller = stage.caller()
    ana = rung_in(stage, ANA, "Ana")
    participant(stage, ana).update(announce_url=stage.app.url("/announce"))
    ana.hears("One minute left")
    stage.net.advance(3)
    assert "say One minute left" not in stage.transcript(caller)
    conference(stage).update(announce_url=stage.app.url("/announce"))
    caller.hears("One minute left")
    ana.is_talking_with("Sam")
    assert "announcement-end" in events(stage)


def test_two_people_on_one_leg(stage: Stage) -> None:
    """A 911 trunk carries call taker and caller; one may leave without a word on the wire."""
    stage.line(room())
    trunk = stage.caller(people=["call taker Lee", "caller Sam"])
    ana = rung_in(stage, ANA, "Ana")
    ana.is_talking_with("call taker Lee")
    ana.is_talking_with("caller Sam")
    before = len(stage.app.requests)
    trunk.leaves("call taker Lee")
    stage.net.advance(1)
    assert ana.state()["calls"][0]["hears"]["with"] == ["caller Sam"]
    assert len(stage.app.requests) == before
