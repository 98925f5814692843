"""A small published program with desks and people, written by the storage functions themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr_flows.call import Call, Leg, Place, Role, Stage
from router.storage import people, programs
from router.storage.calls import Caller
from router.storage.database import make_sessions
from router.storage.people import Person
from router.storage.programs import NewDesk, NewLine, NewPsap, NewReturnLine
from router.storage.steps import Follows, open_call

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
OPENED = "+15125550100"
CALLER = "+15125550199"


def fill(session: Session) -> None:
    """Program `reno` with one line, one 911 centre, two desks and three clinicians."""
    programs.publish_version(
        session,
        "reno",
        title="Reno",
        document={"title": "Reno"},
        published_by="tests",
        effective_at=NOON,
    )
    programs.save_lines(session, "reno", [NewLine("direct", "direct", OPENED)])
    outside = (
        NewReturnLine("first", "priority", "+15125550110", 15),
        NewReturnLine("last", "general", "+15125550111", 30),
    )
    programs.save_psap(session, "reno", NewPsap("reno", "Reno 911", outside, "911"))
    desks = [NewDesk("clinicians", "clinician", 60, ("lcsw",)), NewDesk("911", "call_taker", 0)]
    programs.save_desks(session, "reno", desks)
    for number, person_id in enumerate(("ada", "ben", "cal")):
        people.save_person(
            session,
            Person(
                person_id,
                "reno",
                person_id.title(),
                f"+1512555012{number}",
                ("clinician",),
                ("en", "es"),
                ("lcsw",),
            ),
        )
        people.set_desks(session, "reno", person_id, ["clinicians"])


def a_call(call_id: str, **changes: object) -> Call:
    """A call that has just reached `reno`."""
    call = Call(
        id=call_id,
        program="reno",
        program_version=1,
        line="direct",
        stage=Stage.SCREENING,
        opened_at=NOON,
        stage_at=NOON,
        legs=(Leg(f"{call_id}-1", Role.CALLER, Place.FLOW, sid=f"CA{call_id}"),),
    )
    return Call(**{name: getattr(call, name) for name in Call.__dataclass_fields__} | changes)


def write(session: Session, call: Call) -> Call:
    """Store a fresh call."""
    assert open_call(session, call, Caller(f"CA{call.id}", CALLER), Follows(), NOON)
    return call


@pytest.fixture
def reno(session: Session) -> Session:
    """A session that sees `reno`; all of it is gone after the test."""
    fill(session)
    return session


@pytest.fixture
def open_session(own_engine: Engine) -> Iterator[Callable[[], Session]]:
    """Opens sessions that see `reno`, each on a connection of its own, and may commit."""
    sessions = make_sessions(own_engine)
    with sessions.begin() as session:
        fill(session)
    opened: list[Session] = []

    def start() -> Session:
        opened.append(sessions())
        return opened[-1]

    yield start
    for session in opened:
        session.close()
