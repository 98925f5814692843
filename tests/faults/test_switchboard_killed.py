"""OP1, RO3, RE3: the switchboard is killed around an order; a phone rings once, never twice."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.pace import IS_ALONE, soak_only
from tests.faults.scene import OUTSIDE, Scene, until

FOUND_SECONDS = 30.0
LOST_ANSWER = {"do": "timeout_after", "method": "POST", "path": "/Calls.json", "next": 1}
NEVER_TAKEN = {"do": "timeout", "method": "POST", "path": "/Calls.json", "next": 1}
NO_STATUS = [{"do": "drop", "kind": "status"}]


def rest_fault_struck(scene: Scene) -> bool:
    """Whether the carrier holds an order whose answer it will not give."""
    return any(one["kind"] == "rest_fault" for one in scene.network.events())


@pytest.mark.timeout(300)
def test_op1_an_order_committed_before_the_kill_is_carried_out_once(scene: Scene) -> None:
    only = scene.only_clinician()
    switchboard = scene.stack.processes
    switchboard.send("switchboard", signal.SIGSTOP)
    caller = scene.waiting("Wanda")
    until(lambda: scene.count("PlaceLeg", "ready") == 1, what="the ring is ordered")
    switchboard.kill("switchboard")
    began = time.monotonic()
    switchboard.restart("switchboard")
    until(lambda: scene.rings(only.phone) or scene.is_at_911(caller), FOUND_SECONDS, "a ring")
    note = ("switchboard killed before", "waiting")
    scene.reaches_911(caller, FOUND_SECONDS, note, began, also=(only,))
    if IS_ALONE:  # the switchboard is back before a caller gives up on it
        assert scene.is_talking(only)
    until(lambda: scene.count("PlaceLeg", "ready", "attempting") == 0, what="all is settled")
    assert scene.rings(only.phone) == scene.calls_to(only.phone) <= 1


@soak_only
@pytest.mark.timeout(300)
def test_op1_an_attempt_the_carrier_never_took_is_found_missing_and_made_once(
    scene: Scene,
) -> None:
    only = scene.only_clinician()
    scene.network.faults(rest=[NEVER_TAKEN])
    caller = scene.waiting("Wanda")
    until(lambda: rest_fault_struck(scene), what="the carrier is asked")
    scene.stack.processes.kill("switchboard")
    began = time.monotonic()
    scene.network.faults()
    scene.stack.processes.restart("switchboard")
    # Two readings ten seconds apart know nothing of the call; then it is placed, if still wanted.
    until(lambda: scene.rings(only.phone) or scene.is_at_911(caller), FOUND_SECONDS)
    scene.note("switchboard killed in between", "waiting", time.monotonic() - began, "is rung for")
    assert scene.calls_to(only.phone) <= 1
    note = ("switchboard killed in between", "waiting")
    scene.reaches_911(caller, 15, note, also=(only,))
    assert scene.calls_to(only.phone) <= 1


@pytest.mark.timeout(300)
def test_op1_a_ring_the_carrier_has_is_found_by_look_up_and_not_repeated(scene: Scene) -> None:
    only = scene.only_clinician()
    scene.network.faults(rest=[LOST_ANSWER], callbacks=NO_STATUS)
    caller = scene.waiting("Wanda")
    only.phone.rings()
    until(lambda: rest_fault_struck(scene), what="the carrier keeps its answer")
    scene.stack.processes.kill("switchboard")
    killed_at = time.monotonic()
    # A busy machine may have given up on her meanwhile, and have call takers rung as well.
    attempted = scene.count("PlaceLeg", "attempting")
    assert attempted == 1 or (attempted and not IS_ALONE)
    scene.stack.processes.restart("switchboard")
    until(lambda: scene.count("PlaceLeg", "done") >= 1, FOUND_SECONDS, "the ring is found")
    found = time.monotonic() - killed_at
    scene.note("switchboard killed after", "the ring", found, "is found by look-up")
    scene.network.faults()
    call = scene.call_of(caller)
    assert any(leg.sid and leg.person_id == only.id for leg in call.legs)
    if scene.is_ringing(only.phone):
        note = ("switchboard killed after", "waiting")
        scene.reaches_911(caller, 10, note, also=(only,))
        assert scene.is_talking(only) or not IS_ALONE
    assert scene.calls_to(only.phone) == 1


@pytest.mark.timeout(300)
def test_re3_a_911_leg_lost_with_its_switchboard_is_rung_again(scene: Scene) -> None:
    fault = "switchboard killed, 911 leg"
    caller, clinician = scene.connected("Rita")
    clinician.phone.presses("*")
    clinician.phone.hears("to go back to 9 1 1")
    scene.network.faults(rest=[LOST_ANSWER], callbacks=NO_STATUS)
    began = time.monotonic()
    clinician.phone.presses("9")
    until(lambda: rest_fault_struck(scene), what="911 is rung")
    scene.stack.processes.kill("switchboard")
    scene.stack.processes.restart("switchboard")
    scene.network.faults()
    scene.reaches_911(caller, FOUND_SECONDS, (fault, "returning to 911"), began)


@pytest.mark.timeout(300)
def test_re5_without_a_switchboard_a_waiting_caller_reaches_911(scene: Scene) -> None:
    fault = "switchboard gone for good"
    waiting = scene.waiting("Wanda")
    scene.stack.processes.kill("switchboard")
    began = time.monotonic()
    waiting.phone.presses("9")
    if IS_ALONE:
        # Finds every call taker taken by the return before, and looks again by their own wait.
        talked = scene.caller("Nell")
        talked.phone.dials(scene.stack.seeded.lines["direct"])
        talked.phone.hears("for english")
        talked.phone.presses("0")
        scene.reaches(talked, OUTSIDE, 30, (fault, "new caller presses 0"), began)
    scene.reaches(waiting, OUTSIDE, 30, (fault, "waiting, presses 9"), began)
