"""Every state of the flows: the three programs keep the first duty, and a seeded fault is told.

`SWITCHBACK_VERIFY_FAULTS` sets how many faults a story may have here, for a soak.
"""

from __future__ import annotations

import os
from dataclasses import fields, replace
from typing import get_args

import pytest

from ivr_flows import (
    announced,
    callback,
    called_back,
    connected,
    consulting,
    deadlines,
    inputs,
    moving,
    offering,
    outputs,
    protocol_flow,
    reconciliation,
    return_to_911,
    ringing,
    waiting,
    wrap_up,
)
from ivr_flows.call import Call, Leg, OfferState
from ivr_flows.program import Program
from ivr_flows.safety import acts, carrier
from ivr_flows.safety.explore import Explorer, Findings, Limits
from ivr_flows.safety.verify import PASSES, WIDE, explore, report
from ivr_flows.safety.violation import Promise
from ivr_flows.safety.world import LEFT_OUT, LOOKED_AT
from ivr_flows.turn import Turn
from router.programs.reading import EXAMPLES, read_file, to_program
from tests.ivr_flows.story import PROGRAM, hosted, with_transfers

FAULTS = int(os.environ.get("SWITCHBACK_VERIFY_FAULTS", "0"))
IN_THE_SUITE = Limits(parties=1, faults=FAULTS, after=0, acts=14, dialogues=False, minutes=30)
FOR_SEEDS = Limits(parties=2, faults=0, dialogues=False, minutes=5)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["austin", "phoenix", "durham"])
def test_tr7_re5_in_every_state_of_a_program_the_caller_is_on_the_way_to_a_person(
    name: str,
) -> None:
    program = to_program(read_file(EXAMPLES / f"{name}.toml"), 1)

    findings = explore(program, IN_THE_SUITE)

    told = "\n".join(report("in the suite", findings))
    assert findings.found is None, told
    assert not findings.unfinished, told
    assert findings.states > 1000, told
    assert findings.longest_seconds <= findings.bound_seconds
    assert "a person or 911 within" in told


def seeded(program: Program, *lines: str, limits: Limits = FOR_SEEDS) -> tuple[Findings, str]:
    """Explore a program on some of its lines; what is broken, and the story as text."""
    kept = {name: one for name, one in program.lines.items() if name in lines or not lines}
    findings = explore(replace(program, lines=kept), limits)
    assert findings.found is not None, "the seeded fault is not found"
    return findings, "\n".join(findings.found.told)


def test_a_wait_without_a_deadline_is_told_as_a_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_wait_limit", lambda _turn: None)

    findings, story = seeded(hosted(), "psap")

    assert findings.found is not None
    assert findings.found.promise == Promise.DEADLINE
    assert "0:00  a call comes in on the line psap" in story
    assert "From here on everything works, and nobody answers" in story
    assert "nothing is due, and nothing comes back by itself" in story


def test_a_caller_who_is_held_without_a_limit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "HELD_SECONDS", 10**6)

    limits = replace(FOR_SEEDS, parties=1, faults=1)
    findings, story = seeded(hosted(), "direct", limits=limits)

    assert findings.found is not None
    assert findings.found.promise in (Promise.DEADLINE, Promise.REACHED)
    assert "presses star" in story
    assert "From here on the carrier takes no commands" in story


def test_a_leg_that_may_join_for_ever_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "JOIN_SECONDS", 10**6)

    findings, story = seeded(hosted(), "direct")

    assert findings.found is not None
    assert findings.found.promise in (Promise.DEADLINE, Promise.REACHED)
    assert "no status or conference callback arrives" in story


def test_a_ring_that_is_not_ended_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def withdraw_and_let_ring(turn: Turn) -> None:
        for offer in turn.call.live_offers():
            ringing.close_offer(turn, offer, OfferState.WITHDRAWN)

    monkeypatch.setattr(offering, "withdraw_offers", withdraw_and_let_ring)

    findings, story = seeded(hosted(), "direct")

    assert findings.found is not None
    assert findings.found.promise == Promise.RINGING
    assert "withdrawn" in findings.found.what
    assert "it is time to ring the next one; ordered: ring Ben (clinician)" in story
    assert 'Ana (clinician) presses 1; hears "Connecting you."' in story


def test_a_phone_that_rings_after_the_caller_has_gone_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrap_up, "withdraw_offers", lambda _turn: None)

    findings, story = seeded(hosted(), "direct")

    assert findings.found is not None
    assert findings.found.promise == Promise.RINGING
    assert story.splitlines()[-1].endswith("the caller hangs up")


def test_two_people_who_may_both_accept_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "withdraw_offers", lambda _turn: None)

    findings, _ = seeded(hosted(), "direct")

    assert findings.found is not None
    assert findings.found.promise == Promise.ONE_CLAIM
    assert findings.found.what == "ana has accepted, and ben still may"


def test_a_goodbye_that_nobody_has_decided_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def say_goodbye(turn: Turn) -> None:
        turn.say("goodbye")
        turn.answer(outputs.Hangup())

    monkeypatch.setattr(return_to_911, "after_911", say_goodbye)

    findings, story = seeded(PROGRAM, "direct")

    assert findings.found is not None
    assert findings.found.promise == Promise.NOT_HUNG_UP
    assert "hears 911 ringing" in story
    assert 'hears "Goodbye.", the line ends' in story


def test_a_deadline_that_passes_without_effect_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_stage_overdue", lambda _turn: None)

    findings, story = seeded(hosted(), "direct")

    assert findings.found is not None
    assert findings.found.promise == Promise.DEADLINE
    assert "stays due" in findings.found.what
    assert "time" in story


def test_a_class_that_the_explorer_does_not_know_is_named() -> None:
    given = acts.GIVEN | acts.NOT_EXPLORED.keys()
    assert set(get_args(inputs.Input)) == given
    known = carrier.COMMANDS.keys() | carrier.INSTRUCTIONS.keys()
    assert set(get_args(outputs.Command)) | set(get_args(outputs.Instruction)) == known


@pytest.mark.parametrize("kind", [Call, Leg])
def test_what_is_said_of_the_record_s_fields_is_said_of_fields_there_are(kind: type) -> None:
    names = {field.name for field in fields(kind)}

    assert LOOKED_AT[kind] | set(LEFT_OUT[kind]) <= names
    assert not LOOKED_AT[kind] & set(LEFT_OUT[kind])


@pytest.mark.parametrize(
    ("to", "taken"),
    [
        ("desk:supervisors", "Sue (supervisor) presses 1"),
        ("desk:nextville/clinicians", "Nell (clinician) presses 1"),
        ("directory:interpreter", "ordered: ring somebody outside (directory:interpreter)"),
        ("directory:warm_line", "ordered: ring somebody outside (directory:warm_line)"),
        ("team", "ordered: ring somebody outside (team:team-1)"),
    ],
)
def test_a_consultation_without_an_end_is_found(to: str, taken: str) -> None:
    program = with_transfers(hosted())
    transfers = replace(program.transfers, consult_seconds=10**6)
    limits = replace(FOR_SEEDS, parties=1, targets=(to,))

    findings, story = seeded(replace(program, transfers=transfers), "psap", limits=limits)

    assert findings.found is not None
    assert findings.found.promise == Promise.REACHED
    assert f"a transfer to {to} is asked for by the API" in story
    assert taken in story


def test_a_party_outside_who_rings_on_after_the_transfer_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consulting, "_let_go", lambda _turn, _leg_id: None)
    limits = replace(FOR_SEEDS, parties=1, targets=("directory:warm_line",))

    findings, story = seeded(with_transfers(hosted()), "psap", limits=limits)

    assert findings.found is not None
    assert findings.found.promise == Promise.RINGING
    assert "ordered: ring somebody outside (directory:warm_line)" in story
    assert "rings on for a transfer that is over" in findings.found.what


def test_a_caller_who_stays_after_911_and_is_reconnected_too_late_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(return_to_911, "AFTER_911_SECONDS", 10**6)

    findings, story = seeded(hosted(), "psap", limits=replace(FOR_SEEDS, parties=1))

    assert findings.found is not None
    assert findings.found.promise == Promise.REACHED
    assert "Lee (call taker) hangs up" in story


def test_a_hosted_desk_that_holds_a_returned_caller_without_a_limit_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(return_to_911, "to_outside_lines", lambda _turn: None)

    findings, story = seeded(hosted(), "direct", limits=replace(FOR_SEEDS, parties=1))

    assert findings.found is not None
    assert findings.found.promise == Promise.DEADLINE
    assert "a deadline passes, and stays due" in story
    assert "ordered: ring Lee (call taker)" in story


def test_a_repair_that_takes_a_caller_s_deadline_away_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forget_the_wait(turn: Turn, _leg: Leg, _room: int) -> str:
        turn.change(stage_due_at=None)
        turn.change_leg(turn.call.caller.id, due_at=None)
        return ""

    monkeypatch.setattr(reconciliation, "_mend_waiting_staff", forget_the_wait)

    findings, story = seeded(hosted(), "direct", limits=replace(FOR_SEEDS, parties=1))

    assert findings.found is not None
    assert findings.found.promise == Promise.DEADLINE
    assert "is found elsewhere by reading the carrier" in story


def test_what_the_repairer_has_read_is_told_also_when_the_leg_has_moved_on() -> None:
    explorer = Explorer(hosted(), replace(FOR_SEEDS, parties=1, faults=1, acts=4, lines=("psap",)))
    explorer.run()

    done = [act.kind for _, acts, _ in explorer.whence for act in acts]
    assert {"repair", "reading", "late"} <= set(done)


FAILSAFE = replace(FOR_SEEDS, parties=1, faults=1, after=3, acts=10, failsafe=True)


def test_re5_an_older_order_that_takes_a_caller_away_from_911_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found_dialling = return_to_911.found_dialling

    def keep_the_step(turn: Turn, *, talks: bool) -> None:
        step = turn.call.caller.step
        found_dialling(turn, talks=talks)
        turn.change_leg(turn.call.caller.id, step=step)

    monkeypatch.setattr(return_to_911, "found_dialling", keep_the_step)

    findings, story = seeded(hosted(), "direct", limits=FAILSAFE)

    assert findings.found is not None
    assert findings.found.promise == Promise.NOT_HUNG_UP
    assert "the caller is answered by the fail-safe, of which the call is told" in story
    assert "the caller is taken away from 911" in story


CALL_BACKS = replace(FOR_SEEDS, parties=1, call_backs=True)


def test_a_call_back_whose_ring_is_never_over_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "stage_overdue", lambda _turn: None)

    findings, story = seeded(hosted(), limits=CALL_BACKS)

    assert findings.found is not None
    assert findings.found.promise == Promise.DEADLINE
    assert "0:00  the caller is called back by" in story


def test_somebody_who_stands_by_for_a_caller_who_has_gone_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrap_up, "ask", moving.rejoin)

    findings, story = seeded(hosted(), limits=CALL_BACKS)

    assert findings.found is not None
    assert findings.found.promise in (Promise.DEADLINE, Promise.RINGING)
    assert "called back by the clinician who was there" in story


def test_a_caller_who_has_been_reached_and_is_hung_up_on_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def thank_and_hang_up(turn: Turn) -> None:
        callback.reach(turn)
        turn.answer(outputs.Hangup())

    monkeypatch.setattr(called_back, "_is_the_caller", thank_and_hang_up)

    findings, story = seeded(hosted(), limits=CALL_BACKS)

    assert findings.found is not None
    assert findings.found.promise == Promise.NOT_HUNG_UP
    assert "the caller presses 1" in story


ENTRY = replace(FOR_SEEDS, parties=1, entry=True)


def hang_up(turn: Turn, *_: object) -> None:
    """Seeded: what would have gone on ends the line."""
    turn.answer(outputs.Hangup())


def test_an_announced_incident_that_ends_the_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announced, "_take", hang_up)

    findings, story = seeded(hosted(), "transfer", limits=ENTRY)

    assert findings.found is not None
    assert findings.found.promise == Promise.NOT_HUNG_UP
    assert "911 has announced it: by its number" in story


@pytest.mark.parametrize("line", ["direct", "transfer"])
def test_a_protocol_that_ends_the_line_is_found(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(protocol_flow, "_ask", hang_up)

    findings, story = seeded(hosted(), line, limits=ENTRY)

    assert findings.found is not None
    assert findings.found.promise == Promise.NOT_HUNG_UP
    assert f"a call comes in on the line {line}" in story


def test_the_parts_say_how_far_they_go() -> None:
    for name, limits in (*PASSES.items(), *WIDE.items()):
        told = next(report(name, Findings("anywhere", limits, ())))
        assert limits.acts is None or f"at most {limits.acts} acts" in told
        assert all(to in told for to in limits.targets)
        assert ("calls that we make" in told) is limits.call_backs
        assert ("until the questions are over" in told) is limits.entry
