"""Transfers on a real database: who is claimed, rung, and free again, in other programs too."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_flows.call import Stage
from ivr_flows.inputs import (
    AnswersChanged,
    LegStatusChanged,
    RoomJoined,
    TransferIntroduced,
    TransferRequested,
)
from router.programs.reading import EXAMPLES, read_file
from router.services.apply_input import apply_input
from router.services.clock import SettableClock
from router.services.publish_program import publish_program
from router.storage import presence
from router.storage.presence import PresenceRow
from tests.services.conftest import EMERGENCY, NOON, Line

PHOENIX = "phoenix/dispatchers"
WRAP_UP = 45  # of its desks; Austin's have other times


@pytest.fixture
def two_programs(line: Line, tmp_path: Path) -> Line:
    """Austin, and Phoenix whose clinicians are on the desk of its dispatchers."""
    path = tmp_path / "phoenix.toml"
    document = (EXAMPLES / "phoenix.toml").read_text()
    path.write_text(document.replace("wrap_up_seconds = 60", f"wrap_up_seconds = {WRAP_UP}"))
    publish_program(
        line.exchange.sessions, read_file(path), published_by="tests", state_dir=tmp_path, now=NOON
    )
    return line


def talking_with(line: Line, person: str) -> str:
    """A caller of Austin's talks with its clinician; the call's id."""
    line.sign_on(person)
    call_id = line.ring_and_screen()
    takes(line, call_id, person)
    return call_id


def takes(line: Line, call_id: str, person: str) -> str:
    """The person, who is rung, accepts and comes into the room; their leg."""
    [offer] = [one for one in line.call(call_id).live_offers() if one.person_id == person]
    line.answer(offer.leg_id)
    line.press(offer.leg_id, "1")
    apply_input(line.exchange, offer.leg_id, RoomJoined(offer.leg_id, line.leg(offer.leg_id).room))
    return offer.leg_id


def rung(line: Line, call_id: str) -> list[str]:
    """Whom the call rings now."""
    return sorted(offer.person_id for offer in line.call(call_id).live_offers())


def presence_of(line: Line, person: str) -> PresenceRow:
    with line.exchange.sessions() as session:
        row = presence.find_presence(session, person)
    assert row is not None
    return row


def test_tr2_ro7_who_took_a_call_of_another_program_has_their_own_wrap_up_and_is_free_again(
    two_programs: Line, clock: SettableClock
) -> None:
    line = two_programs
    call_id = talking_with(line, "ana")
    line.sign_on("pia", "dispatchers", "phoenix")
    apply_input(line.exchange, call_id, TransferRequested("ana", f"desk:{PHOENIX}", "together"))
    leg_id = takes(line, call_id, "pia")
    apply_input(line.exchange, call_id, TransferIntroduced("ana"))
    assert presence_of(line, "pia").claimed_call_id == call_id
    ended_at = clock.move(100)

    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "completed"))

    row = presence_of(line, "pia")
    assert row.claimed_call_id is None
    assert row.wrap_up_until is not None
    assert (row.wrap_up_until - ended_at).total_seconds() == WRAP_UP
    clock.move(WRAP_UP + 1)
    again = line.call(talking_with(line, "ben")).id
    apply_input(line.exchange, again, TransferRequested("ben", f"desk:{PHOENIX}"))
    assert line.call(again).stage is Stage.CONSULTING
    assert rung(line, again) == ["pia"]


THIRD_PARTY = {"call_type": "mental_health", "caller_party": "third"}
DANGER = {"weapon": "yes", "call_type": "suicidal"}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, ""),
        ({"danger": "unknown", "medical": "unknown"}, ""),
        ({"call_type": "mental_health", "caller_party": "first"}, ""),
        (THIRD_PARTY, "the answers rule a clinician out"),
        ({"asked_police": "yes"}, "the answers rule a clinician out"),
        (DANGER, "a danger is known"),
        ({"medical": "yes"}, "a danger is known"),
    ],
)
def test_el6_tr2_911_gives_clinicians_by_the_api_nobody_whom_the_answers_rule_out(
    line: Line, answers: dict[str, str], why: str
) -> None:
    line.sign_on("tom", "911")
    call_id = line.ring(EMERGENCY).call_id
    takes(line, call_id, "tom")
    line.sign_on("ana")
    if answers:
        apply_input(line.exchange, call_id, AnswersChanged("tom", answers))

    answer = apply_input(line.exchange, call_id, TransferRequested("tom", "desk:clinicians"))

    assert answer.step is not None
    assert answer.step.ignored.startswith(why) if why else not answer.step.ignored
    assert line.call(call_id).stage is (Stage.CONNECTED if why else Stage.CONSULTING)
    assert rung(line, call_id) == ([] if why else ["ana"])


def test_tr2_what_rules_a_clinician_out_rules_nobody_else_out(line: Line) -> None:
    line.sign_on("tom", "911")
    call_id = line.ring(EMERGENCY).call_id
    takes(line, call_id, "tom")
    line.sign_on("sam", "supervisors")
    apply_input(line.exchange, call_id, AnswersChanged("tom", DANGER))
    apply_input(line.exchange, call_id, TransferRequested("tom", "desk:supervisors"))
    assert rung(line, call_id) == ["sam"]
