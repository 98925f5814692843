"""Effects follow the commit, are claimed once, and leave in order of urgency (Law 7, Law 8)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr_flows.outputs import (
    Announce,
    CheckLeg,
    Command,
    EndLeg,
    LookInRoom,
    NotifySupervisor,
    PlaceLeg,
    RedirectLeg,
    ReleaseFromQueue,
    RequestDispatch,
    Say,
    SetEndsRoom,
    Urgency,
)
from router.storage import claims, outbox
from router.storage.outbox import CALL, DISPATCH, NOTIFY
from tests.storage.conftest import NOON, a_call

COMMANDS: tuple[Command, ...] = (
    PlaceLeg("aa-2", 20, Urgency.OFFER),
    EndLeg("aa-2"),
    ReleaseFromQueue("aa-1"),
    RedirectLeg("aa-1", 4, after_seconds=2.5),
    SetEndsRoom("aa-2", 1, ends_room=True),
    Announce("aa-2", 1, Say("dispatch_assigned", "en", {"team": "One"})),
    CheckLeg("aa-2"),
    LookInRoom("aa-2", 1, 4),
    RequestDispatch({"hazards": "no"}),
    NotifySupervisor("offer_missed", "ada"),
)


def order(session: Session, *commands: Command) -> None:
    outbox.add_commands(session, a_call("aa"), commands, NOON)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_law7_a_command_comes_back_as_it_was_ordered(session: Session, command: Command) -> None:
    order(session, command)
    later = NOON + timedelta(seconds=3)
    (row,) = outbox.claim_due(session, [CALL, DISPATCH, NOTIFY], 10, "w", later)
    assert row.command() == command
    assert (row.call_id, row.stage, row.version) == ("aa", "screening", 0)


def test_law7_each_command_goes_to_whom_it_concerns(session: Session) -> None:
    order(session, *COMMANDS)
    later = NOON + timedelta(seconds=3)
    kinds = {
        kind: len(outbox.claim_due(session, [kind], 20, "w", later))
        for kind in (CALL, DISPATCH, NOTIFY)
    }
    assert kinds == {CALL: 8, DISPATCH: 1, NOTIFY: 1}


def test_law8_commands_leave_by_urgency_then_by_time(session: Session) -> None:
    order(session, PlaceLeg("aa-2", 20, Urgency.PAGE), PlaceLeg("aa-3", 20, Urgency.OFFER))
    order(session, PlaceLeg("aa-4", 20, Urgency.RETURN_TO_911))
    first = outbox.claim_due(session, [CALL], 1, "w", NOON)
    rest = outbox.claim_due(session, [CALL], 10, "w", NOON)
    assert [row.leg_id for row in first + rest] == ["aa-4", "aa-3", "aa-2"]


def test_law9_a_command_with_a_delay_is_not_due_before_it(session: Session) -> None:
    order(session, RedirectLeg("aa-1", 4, after_seconds=2.0))
    assert outbox.claim_due(session, [CALL], 10, "w", NOON + timedelta(seconds=1.9)) == []
    assert outbox.next_due_at(session, [CALL]) == NOON + timedelta(seconds=2)
    assert len(outbox.claim_due(session, [CALL], 10, "w", NOON + timedelta(seconds=2))) == 1


def test_law7_the_attempt_is_recorded_first_and_its_end_once(session: Session) -> None:
    order(session, PlaceLeg("aa-2", 20, Urgency.OFFER), PlaceLeg("aa-3", 20, Urgency.OFFER))
    one, two = outbox.claim_due(session, [CALL], 10, "w1", NOON)
    assert (one.state, one.attempts, one.worker, one.attempted_at) == ("attempting", 1, "w1", NOON)
    outbox.mark_failed(session, one.id, "refused")
    outbox.mark_done(session, one.id)
    outbox.mark_ready(session, two.id, NOON + timedelta(seconds=1))
    ended = outbox.find_row(session, one.id)
    assert ended is not None
    assert (ended.state, ended.error) == ("failed", "refused")
    (again,) = outbox.claim_due(session, [CALL], 10, "w2", NOON + timedelta(seconds=1))
    assert (again.id, again.attempts) == (two.id, 2)


def test_law7_an_attempt_without_a_result_is_listed_for_look_up(session: Session) -> None:
    order(session, PlaceLeg("aa-2", 20, Urgency.OFFER), EndLeg("aa-3"))
    one, two = outbox.claim_due(session, [CALL], 10, "w", NOON)
    outbox.mark_done(session, one.id)
    assert claims.list_stale(session, NOON) == []
    later = NOON + timedelta(seconds=1)
    assert [row.id for row in claims.list_stale(session, later)] == [two.id]
    assert outbox.claim_due(session, [CALL], 10, "w", later) == []


def test_law7_every_row_is_claimed_exactly_once_by_executors_that_race(
    open_session: Callable[[], Session],
) -> None:
    with open_session() as session:
        for number in range(300):
            order(session, EndLeg(f"aa-{number}"))
        session.commit()
    gate = threading.Barrier(4)

    def execute(worker: int) -> list[int]:
        taken: list[int] = []
        gate.wait()
        while True:
            with open_session() as mine:
                rows = outbox.claim_due(mine, [CALL], 7, f"w{worker}", NOON)
                mine.commit()
            if not rows:
                return taken
            taken += [row.id for row in rows]

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(execute, range(4)))
    claimed = [row_id for share in shares for row_id in share]
    assert len(claimed) == len(set(claimed)) == 300
    assert sum(bool(share) for share in shares) > 1  # else nobody raced


def test_law7_a_claim_does_not_wait_for_rows_that_another_holds(
    open_session: Callable[[], Session],
) -> None:
    with open_session() as session:
        order(session, EndLeg("aa-2"), EndLeg("aa-3"))
        session.commit()
    one, two = open_session(), open_session()
    assert [row.leg_id for row in outbox.claim_due(one, [CALL], 1, "w1", NOON)] == ["aa-2"]
    assert [row.leg_id for row in outbox.claim_due(two, [CALL], 9, "w2", NOON)] == ["aa-3"]
    one.rollback()
    two.commit()
    assert [row.leg_id for row in outbox.claim_due(one, [CALL], 9, "w1", NOON)] == ["aa-2"]


def test_law7_listeners_are_woken_at_the_commit_and_not_before(
    open_session: Callable[[], Session], own_engine: Engine
) -> None:
    address = own_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    session = open_session()
    with psycopg.connect(address, autocommit=True) as listener:
        listener.execute(f"LISTEN {outbox.CHANNEL}")
        outbox.add_task(session, NOTIFY, "remind", {"person_id": "ada"}, due_at=NOON)
        assert list(listener.notifies(timeout=0.1)) == []
        session.commit()
        heard = list(listener.notifies(timeout=5, stop_after=1))
    assert [notice.payload for notice in heard] == [""]
