"""Lost callers are called back, by people and by the system, and told of to 911 (IN6, RO5)."""

from __future__ import annotations

import time

from ivr_flows.inputs import AnswersChanged
from router.demo.stage import Stage
from router.emulator.client import Phone
from router.services.apply_input import Exchange, apply_input
from router.services.request_call_back import CallBackView, list_call_backs
from router.storage.call_backs import CLOSED
from router.telephony.urls import Urls
from tests.calls.scripts import accepts, connects, dials_direct, records

ARE_YOU = "if you made that call, press 1"


def outcome(stage: Stage, call_id: str, within: float = 30) -> CallBackView:
    """The call-back of that call once it is over."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        views = list_call_backs(stage.stack.sessions, call_id)
        if views and views[-1].state == CLOSED:
            return views[-1]
        time.sleep(0.05)
    raise AssertionError(f"the call-back goes on: {views}")


def leaves_the_wait(stage: Stage, caller: Phone) -> str:
    """Hang up while nobody has answered yet; the id of the call."""
    dials_direct(stage, caller)
    caller.hears("I am calling a clinician now")
    stage.first_to_ring(stage.clinicians)
    call_id = stage.call_of(stage.person(caller)).id  # the newest, before there is a call-back's
    caller.hangs_up()
    stage.nobody_rings(stage.clinicians)  # the next ring is the call-back's
    return call_id


def test_in6_lost_while_waiting_the_system_calls_and_a_clinician_takes_over(
    calls_back: Stage, caller: Phone
) -> None:
    call_id = leaves_the_wait(calls_back, caller)
    caller.rings(within=10)
    caller.answers()
    caller.hears(ARE_YOU)
    caller.presses("1")
    caller.hears("for 9 1 1, press 9")
    clinician = calls_back.first_to_ring(calls_back.clinicians)
    accepts(clinician.phone)
    caller.is_talking_with(clinician.name, within=10)
    seen = outcome(calls_back, call_id)
    assert (seen.outcome, seen.moment, [one.outcome for one in seen.tries]) == (
        "reached",
        "waiting",
        ["reached"],
    )


def test_in6_lost_while_talking_the_same_clinician_calls_back(
    calls_back: Stage, caller: Phone, carla: Phone
) -> None:
    connects(calls_back, caller, carla)
    call_id = calls_back.call_of(calls_back.person(caller)).id
    caller.loses_signal()
    carla.hears("if their line was lost, press 8", within=10)
    carla.presses("8")
    carla.hears("their phone is being rung", within=10)
    caller.rings(within=10)
    caller.answers()
    caller.hears(ARE_YOU)
    carla.hears("asked whether they called", within=10)
    caller.presses("1")
    caller.is_talking_with("Carla Clinician", within=15)
    assert outcome(calls_back, call_id).tries[0].called_by == "same_clinician"
    caller.hangs_up()
    records(carla)


def test_in6_a_clinician_who_makes_the_record_is_not_waited_for(
    calls_back: Stage, caller: Phone, carla: Phone
) -> None:
    connects(calls_back, caller, carla)
    call_id = calls_back.call_of(calls_back.person(caller)).id
    caller.hangs_up()
    records(carla)
    assert outcome(calls_back, call_id).reason == "resolved"
    caller.does_not_hear("press 1", within=1)


def test_in6_somebody_else_answers_and_learns_nothing(calls_back: Stage, caller: Phone) -> None:
    call_id = leaves_the_wait(calls_back, caller)
    caller.rings(within=10)
    caller.answers()
    caller.hears(ARE_YOU)
    caller.presses("2")
    caller.hears("sorry for the disturbance")
    caller.is_hung_up()
    assert outcome(calls_back, call_id).outcome == "not_the_caller"


def test_in6_a_voicemail_is_hung_up_on_and_tried_again(calls_back: Stage, caller: Phone) -> None:
    caller.changes(on_ring={"do": "voicemail", "after": 0.1})
    call_id = leaves_the_wait(calls_back, caller)
    seen = outcome(calls_back, call_id, within=40)
    assert [one.outcome for one in seen.tries] == ["machine", "machine"]
    caller.does_not_hear("made from this telephone", within=0.1)


def test_in6_not_reached_and_at_risk_911_acknowledges_a_welfare_request(
    calls_back: Stage, caller: Phone, priority: Phone, second: Phone
) -> None:
    dials_direct(calls_back, caller, until="about yourself")
    call = calls_back.call_of(calls_back.person(caller))
    exchange = Exchange(calls_back.stack.sessions, Urls(calls_back.stack.settings.public_url))
    apply_input(exchange, call.id, AnswersChanged("token", {"imminent_risk": "yes"}))
    caller.changes(on_ring={"do": "busy"})
    caller.hangs_up()
    priority.rings(within=30)
    priority.declines()
    second.rings(within=15)
    second.answers()
    second.hears("request for a welfare check")
    second.hears(", ".join(caller.number.removeprefix("+")))
    second.presses("2")
    second.hears("request for a welfare check")
    second.presses("1")
    second.hears("your acknowledgement is recorded")
    seen = outcome(calls_back, call.id)
    assert seen.outcome == "welfare_acknowledged"
    assert [one.state for one in seen.welfare] == ["failed", "acknowledged"]


def test_in6_the_caller_calls_in_first_and_is_put_ahead(calls_back: Stage, caller: Phone) -> None:
    call_id = leaves_the_wait(calls_back, caller)
    caller.rings(within=10)
    caller.declines()
    dials_direct(calls_back, caller)
    seen = outcome(calls_back, call_id)
    assert (seen.outcome, seen.reason) == ("cancelled", "caller_called")
    again = calls_back.until(
        calls_back.person(caller), lambda call: call.priority == 50, "to be put ahead"
    )
    assert again.was_lost


def test_ro5_the_caller_keeps_their_place_and_is_called_when_a_clinician_is_free(
    calls_back: Stage, caller: Phone
) -> None:
    dials_direct(calls_back, caller)
    caller.hears("to keep your place and be called back, press 2", within=30)
    caller.presses("2")
    caller.hears("if it is yours, press 1")
    caller.presses("1")
    caller.hears("you keep your place")
    caller.is_hung_up(within=15)
    clinician = calls_back.first_to_ring(calls_back.clinicians, within=40)
    clinician.phone.answers()
    clinician.phone.hears("this caller asked to be called back")
    clinician.phone.presses("1")
    clinician.phone.hears("their phone is being rung")
    caller.rings(within=10)
    caller.answers()
    caller.hears(ARE_YOU)
    caller.presses("1")
    caller.is_talking_with(clinician.name, within=15)


def test_in6_key_9_in_a_call_back_is_911(calls_back: Stage, caller: Phone, tess: Phone) -> None:
    leaves_the_wait(calls_back, caller)
    caller.rings(within=10)
    caller.answers()
    caller.hears(ARE_YOU)
    caller.presses("9")
    accepts(tess, heard="coming back", within=15)
    caller.is_talking_with("Tess Calltaker", within=15)


def test_in6_rest_refuses_and_the_next_try_reaches_them(calls_back: Stage, caller: Phone) -> None:
    dials_direct(calls_back, caller)
    caller.hears("I am calling a clinician now")
    calls_back.network.faults(rest=[{"do": "429", "method": "POST", "path": "/Calls.json"}])
    caller.hangs_up()
    call_id = calls_back.call_of(calls_back.person(caller)).id
    views = wait_for_tries(calls_back, call_id, 1)
    calls_back.network.faults()
    caller.rings(within=20)
    caller.answers()
    caller.hears(ARE_YOU)
    caller.presses("1")
    seen = outcome(calls_back, call_id)
    assert [one.outcome for one in seen.tries] == ["unanswered", "reached"]
    assert views.tries[0].outcome == "unanswered"


def wait_for_tries(stage: Stage, call_id: str, ended: int, within: float = 30) -> CallBackView:
    """The call-back of that call once so many tries are over."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        views = list_call_backs(stage.stack.sessions, call_id)
        if views and sum(bool(one.outcome) for one in views[-1].tries) >= ended:
            return views[-1]
        time.sleep(0.05)
    raise AssertionError(f"no {ended} tries are over: {views}")
