"""A whole Switchback, and people at phones: one for all tests of this folder.

Every test ends with a look back: nobody rang where nobody is, the carrier's debugger is empty, no
caller was ever alone in a room or left in silence, and every call is closed and every text sent
once all have hung up.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from ivr_flows.call import Stage as CallStage
from router.demo.seed import write_external
from router.demo.stack import Stack
from router.demo.stage import Person, Stage
from router.emulator.client import Phone
from router.services.clock import DatabaseClock, read_now
from router.storage.tables import call_backs, calls, messages, outbox, presence
from tests.conftest import a_database
from tests.quick_program import in_force, write_quick

# The Austin program's times, cut down to what a test can wait for.
QUICK = {
    "ring_seconds = 20": "ring_seconds = 5",
    "ring_seconds = 15": "ring_seconds = 5",
    "ring_seconds = 30": "ring_seconds = 5",
    "overlap_seconds = 8.0": "overlap_seconds = 1.5",
    "overlap_seconds = 3.0": "overlap_seconds = 1.0",
    "hold_seconds = 120": "hold_seconds = 8",
    "wrap_up_seconds = 60": "wrap_up_seconds = 3",
    "acknowledge_seconds = 90": "acknowledge_seconds = 5",
    "supervisor_seconds = 60": "supervisor_seconds = 3",
    "reoffer_seconds = 25": "reoffer_seconds = 12",
}
# The same with lost callers called back, in a few seconds.
CALLS_BACK = {
    "seek_seconds = 20": "seek_seconds = 0",
    'tries = ["at_once", 60, 300]': 'tries = ["at_once", 5]',
    "call_back_within_seconds = 900": "call_back_within_seconds = 60",
}
SWITCHES = ("speech_rate=0", "dial_setup_seconds=0.02", "ring_timeout_buffer=0", "amd_seconds=0")
CALLS_PER_SECOND = 50
REDIS_DATABASE = 8  # the first of ours, one a worker; the tests beside us have the ones below
ROOM = re.compile(r"[a-z0-9]+\.\d+")
ALONE_SECONDS = 1.5
SILENT_SECONDS = 8.0  # the wait has silences of four seconds between its sentences
CLOSE_SECONDS = 30
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def stack(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every process of the Procfile and the emulator, on a database of this folder's own."""
    state = tmp_path_factory.mktemp("calls")
    program = write_quick(state / "quick.toml", QUICK)
    options = tuple(word for switch in SWITCHES for word in ("--switch", switch))
    with a_database(servers) as database_url:
        environment = {"DATABASE_URL": database_url}
        if "redis" in servers:
            server = servers["redis"].rpartition("/")[0]
            worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
            environment["REDIS_URL"] = f"{server}/{REDIS_DATABASE + int(worker) % 8}"
        with Stack(
            state,
            durable=False,
            program=program,
            calls_per_second=CALLS_PER_SECOND,
            emulator_options=options,
            environment=environment,
            without=("live",),
        ) as stack:
            yield stack


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the fixtures know whether the test itself failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def stage(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Everybody is on duty and free, longest idle first; nobody is on the phone."""
    stack.network.reset()
    _everybody_rested(stack)
    stage = Stage(stack)
    yield stage
    if request.node.stash.get(FAILED, False):
        stage.print_records()
    troubles = list(_look_back(stage))
    stack.network.faults()
    stage.clear_lines()
    troubles += _close(stage)
    if troubles:
        stage.print_records()
        pytest.fail("\n".join(troubles), pytrace=False)


@pytest.fixture
def external(stack: Stack, stage: Stage) -> Iterator[Stage]:
    """The program without a desk of its own at 911: callers go to the lines outside."""
    program = write_external(stack.state / "external.toml", stack.program)
    with in_force(stack, program):
        yield stage


@pytest.fixture
def calls_back(stack: Stack, stage: Stage) -> Iterator[Stage]:
    """The program with its call-backs: the system rings at once, and once more."""
    program = write_quick(stack.state / "calls_back.toml", QUICK | CALLS_BACK)
    with in_force(stack, program, calls_back=True):
        yield stage


def _everybody_rested(stack: Stack) -> None:
    """Free and idle in the order of the roster: the first is offered the first call."""
    seeded = stack.seeded
    staff = (*seeded.clinicians, *seeded.call_takers, *seeded.supervisors)
    with stack.sessions.begin() as session:
        now = read_now(session, DatabaseClock())
        for place, person in enumerate(staff):
            session.execute(
                update(presence)
                .where(presence.c.person_id == person.id)
                .values(
                    signed_on_at=now,
                    idle_since=now - timedelta(hours=1, minutes=-place),
                    wrap_up_until=None,
                    paused_at=None,
                    pause_reason="",
                    missed_offers=0,
                )
            )


def _look_back(stage: Stage) -> Iterator[str]:
    """What must not have happened."""
    for ring in stage.network.unexpected_rings():
        yield f"a phone rang that nobody has: {ring}"
    for entry in stage.network.debugger():
        yield f"the carrier complains: {entry}"
    for caller in stage.callers:
        yield from _lonely_moments(stage, caller)


def _lonely_moments(stage: Stage, caller: Phone) -> Iterator[str]:
    entries = caller.transcript()
    now = stage.network.now()
    for entry, following in zip(entries, [*entries[1:], {"at": now}], strict=True):
        lasted = following["at"] - entry["at"]
        kind, where = entry["kind"], str(entry.get("where", ""))
        if kind in ("silence", "wait", "hold") and ROOM.fullmatch(where) and lasted > ALONE_SECONDS:
            yield f"{caller} was alone in room {where} for {lasted:.1f} s"
        if kind == "silence" and lasted > SILENT_SECONDS:
            yield f"{caller} heard nothing for {lasted:.1f} s"


def _close(stage: Stage) -> list[str]:
    """Everybody has hung up: every call closes and nobody stays claimed."""
    open_calls = select(calls.c.id).where(calls.c.stage != CallStage.CLOSED)
    lost = select(call_backs.c.id).where(call_backs.c.closed_at.is_(None))
    claims = select(presence.c.person_id).where(presence.c.claimed_call_id.is_not(None))
    kinds = outbox.c.kind.in_(("notify", "caller", "dispatch"))
    orders = select(outbox.c.id).where(kinds, outbox.c.state.in_(("ready", "attempting")))
    texts = select(messages.c.id).where(messages.c.status.in_(("ready", "attempting")))
    left: list[Any] = []
    deadline = time.monotonic() + CLOSE_SECONDS
    while time.monotonic() < deadline:
        stage.stack.cancel_dispatches()  # one may have been ordered in the last moment
        with stage.stack.sessions() as session:
            left = [
                one
                for kind in (open_calls, claims, orders, texts, lost)
                for one in session.scalars(kind)
            ]
        if not left:
            return []
        time.sleep(0.05)
        _nobody_is_called_back(stage)
        stage.clear_lines()
    return [f"still to be done {CLOSE_SECONDS} s after everybody hung up: {left}"]


def _nobody_is_called_back(stage: Stage) -> None:
    """Callers whose line the test's end has cut are not rung during the next."""
    over = {"state": "closed", "due_at": None, "closed_at": func.clock_timestamp()}
    with stage.stack.sessions.begin() as session:
        session.execute(update(call_backs).where(call_backs.c.closed_at.is_(None)).values(over))


def _person(group: str, place: int) -> Callable[[Stage], Phone]:
    @pytest.fixture
    def phone(stage: Stage) -> Phone:
        people: list[Person] = getattr(stage, group)
        return people[place].phone

    return phone


carla, cleo, cody, cruz = (_person("clinicians", place) for place in range(4))
tess, theo, tina, tom = (_person("call_takers", place) for place in range(4))
rae, rex, rio, rue = (_person("responders", place) for place in range(4))
sam_supervisor = _person("supervisors", 0)
priority, second, general = (_person("outside", place) for place in range(3))


@pytest.fixture
def caller(stage: Stage) -> Phone:
    """Somebody who dials the line."""
    return stage.caller("Jo").phone


@pytest.fixture
def trunk(stage: Stage) -> Phone:
    """A leg that carries a 911 call taker and the caller together."""
    return stage.caller("Trunk line", people=["Lee (911)", "Jo"]).phone
