"""Behaviours nobody has confirmed on the real network are settings, and each value is kept."""

from __future__ import annotations

import re
from pathlib import Path

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


FACTS = Path(__file__).parents[3] / "shared/reference/twilio.md"
# Words of every line of the reference that is marked as not verified, and the switch that stands
# for it (None: nothing that this wire could do either way, or facts of a party).
UNVERIFIED = {
    "[UNVERIFIED] not confirmed": None,  # what the mark means
    "StirPassportToken": "stir_verstat",
    "Withheld caller id": "withheld_caller_id",
    "whether the action URL is still requested": "dial_action_after_hangup",
    "Pause, Redirect accepted by code": "whisper_pauses",
    "exact wording UNVERIFIED": "application_error_text",
    "Conveying the caller's location": None,  # PIDF-LO is not carried by Programmable Voice
    "only cover pages were section contents": None,  # NENA-STA-010
    "Twilio is not an i3 functional element": None,
    "whether Twilio then runs the remaining verbs": "unknown_verb",
    "token equality across retries": "retry_keeps_token",
    "local browser softphone": None,  # the SDK's own protocol: the driver stands in for it
    "what the project needs": None,  # messages, see test_rest
}
NOT_VERIFIED_ANYWHERE = {
    "participant-join at answer or at dial": "participant_join_at",
    "relative order of call/conference callbacks": "callback_order",
    "whether Dial/Enqueue action fires after REST redirect": "dial_action_after_redirect",
    "caller hangup": "enqueue_action_after_hangup",
    "its TwiML is ignored": "action_after_hangup",
    "exact Members-error code": "member_gone_code",
    "wording/length of application-error audio": "application_error_seconds",
    "request headers beyond": "request_headers",
    "ordering of keys": "parameter_order",
}
# Where documentation and observation contradict each other, or nobody has looked.
DOUBTED = {
    "said not to answer the call": "pause_answers",
    "contradict this; the doc wins": "retry_policy",
    "doc contradiction": "conference_callback_method",
    "Older pages say default 100": "queue_max_size",
    "update+endConferenceOnExit teardown": "redirect_ends_conference",
    "waitUrl failure": "wait_url_failure",
    "1 CPS": "calls_per_second",
}


@pytest.mark.skipif(not FACTS.exists(), reason="../shared is not here")
def test_everything_unverified_is_a_switch() -> None:
    text = FACTS.read_text(encoding="utf-8")
    marked = [line for line in text.splitlines() if "UNVERIFIED" in line]
    assert [line for line in marked if not any(words in line for words in UNVERIFIED)] == []
    switches = Switches().describe()
    for words, switch in (UNVERIFIED | NOT_VERIFIED_ANYWHERE | DOUBTED).items():
        assert words in text, words
        assert switch is None or switch in switches, switch


def test_every_unverified_switch_is_proved_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    tests = source + Path(__file__).with_name("test_dial.py").read_text(encoding="utf-8")
    tests += Path(__file__).with_name("test_gather.py").read_text(encoding="utf-8")
    tests += Path(__file__).with_name("test_webhooks.py").read_text(encoding="utf-8")
    marked = [
        name for name, about in Switches().describe().items() if "UNVERIFIED" in about["about"]
    ]
    assert len(marked) >= 20
    assert [name for name in marked if not re.search(rf"switches\(\W*{name}=", tests)] == []


@pytest.mark.parametrize(("lenient", "codes"), [(True, []), (False, [13201])])
def test_whether_a_whisper_may_pause(stage: Stage, lenient: bool, codes: list[int]) -> None:
    stage.net.switches(whisper_pauses=lenient)
    stage.line(f'<Dial><Number url="/whisper">{ANA}</Number></Dial>')
    stage.app.on("/whisper", "<Pause/><Redirect>/end</Redirect>")
    stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.caller()
    stage.net.advance(2)
    assert [e["code"] for e in stage.net.debugger()] == codes
    assert bool(stage.app.to("/end")) is lenient


@pytest.mark.parametrize(
    ("order", "first"), [("call_first", "/status"), ("conference_first", "/events")]
)
def test_which_of_two_callbacks_of_one_moment_leaves_first(
    stage: Stage, order: str, first: str
) -> None:
    stage.net.switches(callback_order=order)
    stage.line(ROOM, status_callback=stage.app.url("/status"))
    stage.caller().hangs_up()
    told = [path for path in stage.app.paths() if path in ("/status", "/events")]
    assert told[1:][0] == first  # after the participant-join
    assert told.count("/events") == 3


@pytest.mark.parametrize(("answer", "requested"), [("ignore", 0), ("run", 1)])
def test_what_an_action_answers_after_the_caller_hung_up(
    stage: Stage, answer: str, requested: int
) -> None:
    stage.net.switches(action_after_hangup=answer)
    stage.line('<Dial action="/after"><Conference>room</Conference></Dial>')
    stage.app.on("/after", "<Redirect>/next</Redirect>")
    stage.app.on("/next", "<Sms to='+15125550102'>Sorry we lost you</Sms>")
    ana = stage.net.phone(ANA, "Ana")
    stage.caller().hangs_up()
    stage.net.advance(1)
    assert len(stage.app.to("/next")) == requested
    assert len(stage.transcript(ana, "sms")) == requested


@pytest.mark.parametrize("requested", [True, False])
def test_enqueue_action_after_a_hang_up(stage: Stage, requested: bool) -> None:
    stage.net.switches(enqueue_action_after_hangup=requested)
    stage.line('<Enqueue action="/after">support</Enqueue>')
    stage.caller().hangs_up()
    assert len(stage.app.to("/after")) == requested


@pytest.mark.parametrize("requested", [True, False])
def test_enqueue_action_after_a_redirect(stage: Stage, requested: bool) -> None:
    stage.net.switches(enqueue_action_after_redirect=requested)
    stage.line('<Enqueue action="/after">support</Enqueue>')
    sid = stage.caller().transcript()[0]["call"]
    stage.client.calls(sid).update(url=stage.app.url("/other"))
    stage.net.advance(0)
    assert len(stage.app.to("/after")) == requested


@pytest.mark.parametrize(("default", "method"), [("POST", "POST"), ("waitMethod", "GET")])
def test_the_default_method_of_a_conference_callback(
    stage: Stage, default: str, method: str
) -> None:
    stage.net.switches(conference_callback_method=default)
    stage.line(ROOM)
    stage.caller()
    assert [r.method for r in stage.app.requests if r.path == "/events"] == [method]


@pytest.mark.parametrize(("failure", "leaves"), [("leaves", True), ("stays", False)])
def test_a_wait_document_that_cannot_be_had(stage: Stage, failure: str, leaves: bool) -> None:
    stage.net.switches(wait_url_failure=failure)
    stage.line('<Dial action="/after"><Conference waitUrl="/wait">room</Conference></Dial>')
    stage.app.on("/wait", (500, ""))
    stage.caller()
    assert bool(stage.app.to("/after")) is leaves


@pytest.mark.parametrize("ends", [True, False])
def test_whether_a_redirected_participant_ends_the_conference(stage: Stage, ends: bool) -> None:
    stage.net.switches(redirect_ends_conference=ends)
    stage.line('<Dial><Conference endConferenceOnExit="true">room</Conference></Dial>')
    stage.app.on("/other", "<Pause length='60'/>")
    first = stage.caller().transcript()[0]["call"]
    stage.caller("+15125550104")
    stage.client.calls(first).update(url=stage.app.url("/other"))
    ended = stage.client.conferences.list()[0].status == "completed"
    assert ended is ends


@pytest.mark.parametrize(("loops", "times"), [(True, 3), (False, 1)])
def test_whether_a_hold_document_begins_anew(stage: Stage, loops: bool, times: int) -> None:
    stage.net.switches(hold_url_loops=loops, speech_rate=0)
    stage.line("<Dial><Conference>room</Conference></Dial>")
    stage.app.on("/hold", "<Say>On hold</Say><Pause length='4'/>")
    caller = stage.caller()
    conference = stage.client.conferences.list()[0].sid
    held = stage.client.conferences(conference).participants(caller.transcript()[0]["call"])
    held.update(hold=True, hold_url=stage.app.url("/hold"))
    stage.net.advance(10)
    assert len(stage.app.to("/hold")) == times


@pytest.mark.parametrize("keeps", [True, False])
def test_whether_the_flag_of_a_held_participant_can_be_changed(stage: Stage, keeps: bool) -> None:
    stage.net.switches(held_participant_keeps_flag=keeps)
    stage.line('<Dial><Conference endConferenceOnExit="true">room</Conference></Dial>')
    caller = stage.caller()
    conference = stage.client.conferences.list()[0].sid
    held = stage.client.conferences(conference).participants(caller.transcript()[0]["call"])
    held.update(hold=True)
    held.update(end_conference_on_exit=False)
    assert held.fetch().end_conference_on_exit is keeps


@pytest.mark.parametrize(("policy", "times"), [("ct", 1), ("ct,5xx", 2)])
def test_when_a_webhook_is_tried_again(stage: Stage, policy: str, times: int) -> None:
    stage.net.switches(retry_policy=policy)
    stage.line((503, ""))
    stage.caller()
    assert stage.app.paths() == ["/voice"] * times


@pytest.mark.parametrize("size", [1_000, 100])
def test_the_size_of_a_queue(stage: Stage, size: int) -> None:
    stage.net.switches(queue_max_size=size)
    stage.line("<Enqueue>support</Enqueue>")
    stage.caller()
    assert stage.client.queues.list()[0].max_size == size
    assert stage.client.queues.create(friendly_name="other").max_size == size


@pytest.mark.parametrize("form", ["anonymous", "+266696687"])
def test_how_a_withheld_number_looks(stage: Stage, form: str) -> None:
    stage.net.switches(withheld_caller_id=form)
    stage.line()
    stage.net.phone("+15125550101", "Sam").dials(LINE, caller_id="withheld")
    assert stage.app.to("/voice")[0]["From"] == form


@pytest.mark.parametrize("verdict", ["", "TN-Validation-Passed-B"])
def test_the_verdict_of_a_call_nobody_vouches_for(stage: Stage, verdict: str) -> None:
    stage.net.switches(stir_verstat=verdict)
    stage.line()
    stage.caller()
    assert stage.app.to("/voice")[0].get("StirVerstat", "") == verdict


def test_further_request_headers(stage: Stage) -> None:
    stage.line()
    stage.caller()
    stage.net.switches(request_headers="Accept: text/xml; X-Home-Region: us1")
    stage.caller("+15125550104")
    first, second = (request.headers for request in stage.app.requests)
    assert (first["Accept"], second["Accept"]) == ("*/*", "text/xml")
    assert second["X-Home-Region"] == "us1"


@pytest.mark.parametrize(
    ("order", "first"), [("as_listed", "CallSid"), ("sorted", "AccountSid"), ("reversed", "ToZip")]
)
def test_the_order_of_parameters(stage: Stage, order: str, first: str) -> None:
    stage.net.switches(parameter_order=order)
    stage.line()
    stage.caller()
    assert next(iter(stage.app.to("/voice")[0])) == first


def test_the_length_of_the_announcement_of_an_error(stage: Stage) -> None:
    stage.net.switches(application_error_seconds=30)
    stage.line((500, ""))
    caller = stage.caller()
    stage.net.advance(29)
    assert stage.client.calls.list()[0].status == "in-progress"
    caller.is_hung_up(within=2)


@pytest.mark.parametrize("behaviour", ["busy", "no-answer", "failed"])
def test_the_status_of_a_declined_call(stage: Stage, behaviour: str) -> None:
    stage.net.switches(decline_status=behaviour)
    stage.line(f'<Dial action="/after">{ANA}</Dial>')
    stage.net.phone(ANA, "Ana", on_ring="decline")
    stage.caller()
    stage.net.advance(0)
    assert stage.app.to("/after")[0]["DialCallStatus"] == behaviour
