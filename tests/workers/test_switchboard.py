"""OP1, Laws 7 to 9: the whole switchboard on real threads and the database's own clock."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine

from ivr_flows.call import Place
from router.config import Settings
from router.programs.reading import read_file
from router.services.apply_input import Exchange
from router.services.carry_out import Outgoing
from router.services.clock import SettableClock
from router.services.dispatch_moves import Paging
from router.services.page_links import PageLinks
from router.services.publish_program import publish_program
from router.storage import tables
from router.storage.database import make_engine, make_sessions
from router.telephony.rest import Carrier, Done, Result
from router.telephony.urls import Urls
from tests.services.conftest import AUSTIN, EMERGENCY, Line
from tests.services.fake_carrier import FakeCarrier, Sent
from tests.workers.processes import environment_of, wait_until
from workers.switchboard import Switchboard
from workers.wiring import Tools

SLOW_SECONDS = 30.0  # of a carrier that answers others late


class FrozenBroker:
    """A broker that answers nobody."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.thawed = threading.Event()

    def publish(self, queue: str, name: str, subject_id: str, task_id: str) -> None:
        self.asked.set()
        self.thawed.wait(60)
        raise ConnectionError


@pytest.fixture
def live_line(served_settings: Settings, tmp_path: Path) -> Iterator[Line]:
    """Austin's calls under the database's clock."""
    engine = make_engine(served_settings, application_name="tests")
    sessions = make_sessions(engine)
    now = datetime.now(UTC)
    publish_program(sessions, read_file(AUSTIN), published_by="tests", state_dir=tmp_path, now=now)
    yield Line(Exchange(sessions, Urls("https://switchback.test")), SettableClock(now))
    engine.dispose()


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier(now=lambda: datetime.now(UTC))


def make_switchboard(
    line: Line, carrier: FakeCarrier, settings: Settings, broker: FrozenBroker
) -> Switchboard:
    exchange = line.exchange
    bind = cast("Engine", exchange.sessions.kw["bind"])
    rest = cast("Carrier", carrier)
    links = PageLinks("https://switchback.test", "a-secret-for-links-of-tests")
    tools = Tools(
        settings=settings,
        engine=bind,
        urls=exchange.urls,
        exchange=exchange,
        paging=Paging(exchange, links),
        carrier=rest,
        messenger=rest,
        outgoing=Outgoing(exchange, carrier, "tests", "AC1", 50.0),
    )
    return Switchboard(tools, broker)


@pytest.fixture
def broker() -> Iterator[FrozenBroker]:
    broker = FrozenBroker()
    yield broker
    broker.thawed.set()


@pytest.fixture
def running(
    live_line: Line, carrier: FakeCarrier, served_settings: Settings, broker: FrozenBroker
) -> Iterator[Switchboard]:
    """A switchboard at work, whose broker is frozen."""
    switchboard = make_switchboard(live_line, carrier, served_settings, broker)
    switchboard.start()
    yield switchboard
    broker.thawed.set()
    switchboard.stop()


def freeze(line: Line, broker: FrozenBroker) -> None:
    """Give the hand-over a task, on which it hangs."""
    with line.exchange.sessions.begin() as session:
        session.execute(
            tables.outbox.insert().values(
                kind="notify",
                name="notify.send",
                payload={"id": "m1"},
                urgency=4,
                due_at=datetime.now(UTC),
            )
        )
    assert broker.asked.wait(10)


def test_op1_with_redis_frozen_a_call_still_reaches_a_clinician(
    running: Switchboard, live_line: Line, carrier: FakeCarrier, broker: FrozenBroker
) -> None:
    freeze(live_line, broker)
    live_line.sign_on("ada")
    call_id = live_line.ring_and_screen()
    wait_until(lambda: "PlaceLeg" in carrier.names())
    leg_id = live_line.call(call_id).live_offers()[0].leg_id
    wait_until(lambda: live_line.leg(leg_id).place is Place.RINGING)


def test_ro5_a_call_that_waits_is_offered_when_somebody_signs_on(
    running: Switchboard, live_line: Line, carrier: FakeCarrier
) -> None:
    with_hold = live_line.ring(EMERGENCY).call_id  # the hosted 911 desk holds its callers
    assert "PlaceLeg" not in carrier.names()  # a round of the repair may read the carrier
    live_line.sign_on("cal", desk="911")
    wait_until(lambda: "PlaceLeg" in carrier.names())
    assert live_line.call(with_hold).live_offers()


def test_law9_a_deadline_is_met_without_anyone_asking(
    running: Switchboard, live_line: Line
) -> None:
    call_id = live_line.ring().call_id
    with live_line.exchange.sessions.begin() as session:
        state = dict(
            session.scalars(
                tables.calls.select()
                .with_only_columns(tables.calls.c.state)
                .where(tables.calls.c.id == call_id)
            ).one()
        )
        now = datetime.now(UTC)
        state["stage_due_at"] = now.isoformat()
        session.execute(
            tables.calls.update()
            .where(tables.calls.c.id == call_id)
            .values(state=state, due_at=now)
        )
    wait_until(lambda: live_line.call(call_id).stage == "returning")


def test_law8_slow_requests_of_others_do_not_hold_up_911(
    live_line: Line, served_settings: Settings, broker: FrozenBroker
) -> None:
    slow = threading.Event()

    class Slow(FakeCarrier):
        def _answer(self, request: Sent, usual: Result | None = None) -> Result:
            self.sent.append(request)
            if request.name == "CheckLeg" or request.subject.startswith("CA"):
                slow.wait(SLOW_SECONDS)
            return usual or Done()

    carrier = Slow(now=lambda: datetime.now(UTC))
    call_id = live_line.ring().call_id
    caller = live_line.leg(f"{call_id}-1")
    rows = [("CheckLeg", {"leg_id": caller.id}, 2)] * 20
    urgent = {"leg_id": caller.id, "step": caller.step, "after_seconds": 0.0}
    with live_line.exchange.sessions.begin() as session:
        for name, payload, urgency in rows:
            add_row(session, call_id, name, payload, urgency)
    switchboard = make_switchboard(live_line, carrier, served_settings, broker)
    switchboard.start()
    try:
        wait_until(lambda: carrier.names().count("check") >= 8)
        with live_line.exchange.sessions.begin() as session:
            add_row(session, call_id, "RedirectLeg", urgent, 0)
        wait_until(lambda: "RedirectLeg" in carrier.names(), SLOW_SECONDS - 5)
    finally:
        slow.set()
        broker.thawed.set()
        switchboard.stop()


def add_row(
    session: object, call_id: str, name: str, payload: Mapping[str, object], urgency: int
) -> None:
    session.execute(  # type: ignore[attr-defined]
        tables.outbox.insert().values(
            kind="call",
            name=name,
            payload={**payload, "urgency": urgency},
            call_id=call_id,
            leg_id=payload["leg_id"],
            urgency=urgency,
            due_at=datetime.now(UTC),
        )
    )


def test_op1_the_process_ends_in_order_when_asked(
    served_settings: Settings, live_line: Line, tmp_path: Path
) -> None:
    environment = environment_of(served_settings, "redis://127.0.0.1:1/0")
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.switchboard"],
            stderr=output,
            env=environment,
        )
        try:
            wait_until(lambda: b"switchboard_started" in log.read_bytes(), 30)
            # It works with neither Redis nor the carrier there: the attempt is on record.
            live_line.sign_on("ada")
            call_id = live_line.ring_and_screen()
            leg_id = live_line.call(call_id).offers[0].leg_id
            wait_until(lambda: is_attempted(live_line, leg_id), 20)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert "switchboard_stopped" in log.read_text(encoding="utf-8")


def is_attempted(line: Line, leg_id: str) -> bool:
    with line.exchange.sessions() as session:
        attempts = session.scalars(
            tables.outbox.select()
            .with_only_columns(tables.outbox.c.attempts)
            .where(tables.outbox.c.leg_id == leg_id)
        )
        return any(attempts)
