"""Austin's program published in a database of the test's own, people on shift, a still clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Engine, event

from ivr_flows.call import Call, Leg
from ivr_flows.inputs import Keyed, LegAnswered
from router.policy.shift import EVERY_DAY, Shift
from router.programs.reading import read_file
from router.services.apply_input import Answer, Exchange, apply_input
from router.services.clock import SettableClock
from router.services.lines import receive_call
from router.services.publish_program import publish_program
from router.storage import people, presence
from router.storage.calls import find_call
from router.storage.database import DeadlineConnection, make_sessions
from router.storage.people import Person
from router.storage.receipts import ReceiptKey
from router.storage.round_trip import Commit, Order
from router.telephony.urls import Urls
from router.telephony.webhook import Arrival

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
AUSTIN = Path(__file__).parents[2] / "router" / "programs" / "austin.toml"
DIRECT, TRANSFER, EMERGENCY = "+15125550100", "+15125550101", "+15125550102"
SCREENED = ("1", "2", "1", "1", "")  # English, no danger, about themselves, mental health, no place


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The statements sent inside the block, by SQLAlchemy and by `round_trip.send`."""
    sent: list[str] = []
    send = DeadlineConnection.send

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    def noted(driver: DeadlineConnection, orders: Sequence[Order], commit: Commit | None) -> Any:  # noqa: ANN401
        sent.extend(order.sql.decode() for order, _ in orders)
        return send(driver, orders, commit)

    event.listen(engine, "before_cursor_execute", note)
    with patch.object(DeadlineConnection, "send", noted):
        yield sent
    event.remove(engine, "before_cursor_execute", note)


@dataclass
class Line:
    """Calls of one database, as the carrier brings them."""

    exchange: Exchange
    clock: SettableClock
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def sign_on(self, person_id: str, desk: str = "clinicians", program_id: str = "austin") -> None:
        """Put a person on a desk, around the clock, signed on."""
        roles = {"911": "call_taker", "supervisors": "supervisor"}
        role = roles.get(desk, "clinician")
        number = next(self._numbers)
        person = Person(
            person_id, program_id, person_id.title(), f"+1512555{120 + number:04}", (role,), ("en",)
        )
        shift = Shift("America/Chicago", EVERY_DAY, time(0), time(0))
        with self.exchange.sessions.begin() as session:
            people.save_person(session, person)
            people.set_desks(session, program_id, person_id, [desk])
            people.add_shift(session, program_id, desk, person_id, shift)
            presence.sign_on(session, person_id, self.clock.at)

    def ring(self, to: str = DIRECT, sid: str = "") -> Answer:
        """A caller rings one of our numbers."""
        arrival = Arrival(sid or f"CA{next(self._numbers):032}", to, "+15125550199")
        return receive_call(self.exchange, arrival)

    def call(self, call_id: str) -> Call:
        """The call as stored."""
        with self.exchange.sessions() as session:
            found = find_call(session, call_id)
        assert found is not None
        return found.call

    def leg(self, leg_id: str) -> Leg:
        """One of its legs as stored."""
        leg = self.call(leg_id.rpartition("-")[0]).find_leg(leg_id)
        assert leg is not None
        return leg

    def press(self, leg_id: str, digits: str) -> Answer:
        """Press keys at the question asked now, as the carrier reports it."""
        step = self.leg(leg_id).step
        key = ReceiptKey(leg_id, "keyed", str(step))
        return apply_input(self.exchange, leg_id, Keyed(leg_id, step, digits), receipt=key)

    def answer(self, leg_id: str) -> Answer:
        """Pick a ringing leg up."""
        key = ReceiptKey(leg_id, "answered")
        return apply_input(self.exchange, leg_id, LegAnswered(leg_id), receipt=key)

    def ring_and_screen(self) -> str:
        """A caller answers every question so that a clinician is sought; the call's id."""
        call_id = self.ring().call_id
        for digits in SCREENED:
            self.press(f"{call_id}-1", digits)
        return call_id

    def claims(self) -> dict[str, str | None]:
        """Which call has claimed whom."""
        with self.exchange.sessions() as session:
            rows = [
                presence.find_presence(session, person.id)
                for person in people.list_people(session, "austin")
            ]
        return {row.person_id: row.claimed_call_id for row in rows if row is not None}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def line_on(tmp_path: Path, clock: SettableClock) -> Callable[[Engine], Line]:
    """Publishes Austin in the engine's database and returns its calls."""

    def start(engine: Engine) -> Line:
        sessions = make_sessions(engine)
        publish_program(
            sessions, read_file(AUSTIN), published_by="tests", state_dir=tmp_path, now=NOON
        )
        return Line(Exchange(sessions, Urls("https://switchback.test"), clock=clock), clock)

    return start


@pytest.fixture
def line(own_engine: Engine, line_on: Callable[[Engine], Line]) -> Line:
    """Austin's calls in a database of this test's own."""
    return line_on(own_engine)
