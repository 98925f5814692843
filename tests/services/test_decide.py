"""EL2, EL3: what a decision on the phone knows besides answers: the hour, and who is free."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr_flows.call import Call, Stage
from router.programs.reading import read_text
from router.services.publish_program import publish_program
from router.storage.timeline import list_timeline
from tests.services.conftest import AUSTIN, NOON, SCREENED, Line

RULES = """
[[policy.rules]]
name = "closed"
when = { coverage_office = ["no"] }
outcome = "crisis_officer"
why = "The office is closed."

[[policy.rules]]
name = "nobody_free"
when = { clinician_free = ["no"] }
outcome = "police"
why = "No clinician is free."

"""
OFFICE = '[coverage.office]\nweekdays = ["08:00-17:00"]\n\n'


@pytest.fixture
def asking(line: Line, tmp_path: Path) -> Line:
    """A program whose rules ask about office hours and free clinicians."""
    text = AUSTIN.read_text(encoding="utf-8")
    for before, added in (("[[policy.rules]]", RULES), ("[[staffing]]", OFFICE)):
        at = text.index(before)
        text = text[:at] + added + text[at:]
    document = read_text(text, "asking.toml")
    publish_program(line.exchange.sessions, document, published_by="otto", state_dir=tmp_path)
    return line


def screened(line: Line) -> Call:
    call_id = line.ring().call_id
    for digits in SCREENED:
        line.press(f"{call_id}-1", digits)
    return line.call(call_id)


def test_el2_a_rule_may_ask_whether_a_clinician_is_free(asking: Line) -> None:
    call = screened(asking)
    assert (call.decision, call.reason) == ("police", "nobody_free")
    assert call.stage is Stage.RETURNING
    assert call.returning is not None
    assert call.returning.request == "police"
    asking.sign_on("ada")
    waiting = screened(asking)
    assert (waiting.decision, waiting.stage) == ("clinician", Stage.WAITING)
    assert screened(asking).reason == "nobody_free"  # ada is being offered the other call


def test_el2_the_hour_is_that_of_the_decision(asking: Line) -> None:
    asking.sign_on("ada")
    asking.clock.at = datetime(2026, 11, 29, 18, tzinfo=UTC)  # a Sunday
    call = screened(asking)
    assert (call.decision, call.reason) == ("crisis_officer", "closed")
    assert NOON.weekday() == 0


def test_el3_the_timeline_keeps_every_rule_with_what_it_saw(asking: Line) -> None:
    asking.sign_on("ada")
    call = screened(asking)
    with asking.exchange.sessions() as session:
        lines = list_timeline(session, call.id)
    (decided,) = [line for line in lines if line.kind == "eligibility_decided"]
    rules = decided.details["rules"].splitlines()
    assert rules[:2] == [
        "closed: does not hold (coverage office: yes)",
        "nobody free: does not hold (clinician free: yes)",
    ]
    holding = [rule for rule in rules if ": holds" in rule]
    assert holding[0].startswith(call.reason.replace("_", " "))
    assert "78701" not in decided.details["rules"]
