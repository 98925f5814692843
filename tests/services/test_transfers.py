"""Transfers on a real database: who is claimed, rung, and free again, in other programs too."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_flows.call import Stage
from ivr_flows.inputs import (
    AnswersChanged,
    LegStatusChanged,
    RoomJoined,
    TimePassed,
    TransferIntroduced,
    TransferRequested,
)
from router.programs.reading import EXAMPLES, read_file, read_text
from router.services.apply_input import apply_input
from router.services.clock import SettableClock
from router.services.offer_waiting import offer_waiting
from router.services.publish_program import publish_program
from router.storage import presence
from router.storage.presence import PresenceRow
from tests.services.conftest import AUSTIN, EMERGENCY, NOON, Line

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


def test_ro2_tr2_a_clinician_who_becomes_free_while_a_transfer_rings_is_rung_as_well(
    line: Line, clock: SettableClock
) -> None:
    call_id = talking_with(line, "ana")
    line.sign_on("ben")
    apply_input(line.exchange, call_id, TransferRequested("ana", "desk:clinicians"))
    assert rung(line, call_id) == ["ben"]
    clock.move(9)
    apply_input(line.exchange, call_id, TimePassed())  # the desk's next ring finds nobody
    assert offer_waiting(line.exchange) == []
    line.sign_on("cleo")

    assert offer_waiting(line.exchange) == [call_id]

    assert rung(line, call_id) == ["ben", "cleo"]
    assert line.claims() == dict.fromkeys(("ana", "ben", "cleo"), call_id)
    assert offer_waiting(line.exchange) == []


def test_ro2_tr2_whoever_waits_with_nobody_comes_before_a_transfer_that_rings(
    line: Line, clock: SettableClock
) -> None:
    call_id = talking_with(line, "ana")
    line.sign_on("tom", "911")
    apply_input(line.exchange, call_id, TransferRequested("ana", "desk:911"))
    assert rung(line, call_id) == ["tom"]
    clock.move(9)
    apply_input(line.exchange, call_id, TimePassed())
    held = line.ring(EMERGENCY).call_id
    line.sign_on("uma", "911")

    assert offer_waiting(line.exchange) == [held]
    line.sign_on("vic", "911")
    assert offer_waiting(line.exchange) == [call_id]

    assert (rung(line, held), rung(line, call_id)) == (["uma"], ["tom", "vic"])


def test_ro2_tr2_a_desk_that_holds_rings_a_clinician_s_transfer_when_a_colleague_is_free(
    line: Line, tmp_path: Path
) -> None:
    text = AUSTIN.read_text().replace('= "return_to_911"\nwrap_up', '= "hold"\nwrap_up', 1)
    publish_program(
        line.exchange.sessions,
        read_text(text, "holding.toml"),
        published_by="tests",
        state_dir=tmp_path,
        now=NOON,
    )
    call_id = talking_with(line, "ana")
    line.sign_on("ben")
    apply_input(line.exchange, call_id, TransferRequested("ana", "desk:clinicians"))
    [offer] = line.call(call_id).live_offers()
    line.answer(offer.leg_id)
    line.press(offer.leg_id, "2")
    assert line.call(call_id).stage is Stage.CONSULTING
    assert rung(line, call_id) == []
    line.sign_on("cleo")

    assert offer_waiting(line.exchange) == [call_id]

    assert rung(line, call_id) == ["cleo"]


def test_ro2_tr2_who_becomes_free_at_another_program_s_desk_is_rung_as_well(
    two_programs: Line, clock: SettableClock
) -> None:
    line = two_programs
    call_id = talking_with(line, "ana")
    line.sign_on("pia", "dispatchers", "phoenix")
    apply_input(line.exchange, call_id, TransferRequested("ana", f"desk:{PHOENIX}"))
    assert rung(line, call_id) == ["pia"]
    clock.move(9)
    apply_input(line.exchange, call_id, TimePassed())
    line.sign_on("ben")  # of Austin's, who is not asked for
    assert offer_waiting(line.exchange) == []
    line.sign_on("pat", "dispatchers", "phoenix")

    assert offer_waiting(line.exchange) == [call_id]

    assert rung(line, call_id) == ["pat", "pia"]
    assert offer_waiting(line.exchange) == []
