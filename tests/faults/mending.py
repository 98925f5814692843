"""Brings a Stack back to rest after a test: all runs, nobody is in a call, nothing is under way.

The next test must not meet what this one began: an order that rings a phone a second later, a text
that is still to be sent, a caller whose phone is off the hook.
"""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import select, text, update

from router.demo.servers import PrivatePostgres, PrivateValkey, ServerError
from router.demo.stack import Stack
from router.demo.supervise import ProcessError
from router.emulator.client import NetworkError, Phone
from router.storage.tables import calls, legs, messages, outbox, presence, teams
from tests.faults.scene import until

REST_SECONDS = 60.0
LISTEN_SECONDS = 1.5
"""How long the carrier's callbacks have to arrive before calls are told that their legs ended."""

PROCESSES = ("web", "switchboard", "worker")
_UNDER_WAY = ("ready", "attempting")


def bring_back(stack: Stack) -> None:
    """Start what was stopped, thaw what was frozen, and wait until calls are served again."""
    for server in (stack.postgres, stack.valkey):
        if server is not None and not _is_running(server):
            server.start()
    for name in PROCESSES:
        stack.processes.send(name, signal.SIGCONT)
        try:
            stack.processes.pid_of(name)
        except ProcessError:
            stack.processes.restart(name)
    stack.processes.wait_ready(f"{stack.web_url}/readyz", seconds=REST_SECONDS)
    stack.sessions.kw["bind"].dispose()  # its connections may have died with a server
    until(lambda: _has_switchboard(stack), REST_SECONDS, "the switchboard is back")


def _has_switchboard(stack: Stack) -> bool:
    """Whether a switchboard is connected to the database."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'switchboard'"
    with stack.sessions() as session:
        return bool(session.scalar(text(question)))


def come_to_rest(stack: Stack) -> None:
    """End every call as people do, by putting the phone down, and wait until nothing is left."""
    began = time.monotonic()

    def is_at_rest() -> bool:
        _put_down_phones(stack)
        stack.cancel_dispatches()
        if time.monotonic() - began > LISTEN_SECONDS:
            stack.end_legs()  # their callbacks were lost
        return not _open_calls(stack) and not _cross_out(stack)

    until(is_at_rest, REST_SECONDS, "no call and no order is under way")
    with stack.sessions.begin() as session:
        session.execute(
            update(presence).values(
                signed_on_at=datetime.now(UTC),
                claimed_call_id=None,
                claimed_at=None,
                wrap_up_until=None,
                missed_offers=0,
                paused_at=None,
                pause_reason="",
            )
        )
        session.execute(update(teams).values(claimed_dispatch_id=None, claimed_at=None))


def _is_running(server: PrivatePostgres | PrivateValkey) -> bool:
    try:
        return server.pid > 0
    except ServerError:
        return False


def _put_down_phones(stack: Stack) -> None:
    """Callers first: nobody is sought for a caller who has left."""
    live = stack.network.state()["legs"]
    callers = [leg["party"] for leg in live if leg["direction"] == "inbound"]
    for number in dict.fromkeys([*callers, *(leg["party"] for leg in live)]):
        if number is not None:
            with suppress(NetworkError):  # it ended by itself meanwhile
                Phone(stack.network, number).hangs_up()


def _open_calls(stack: Stack) -> bool:
    with stack.sessions() as session:
        if session.scalar(select(legs.c.id).where(legs.c.place != "ended").limit(1)):
            return True
        return bool(session.scalar(select(calls.c.id).where(calls.c.stage != "closed").limit(1)))


def _cross_out(stack: Stack) -> bool:
    """Cross out what nobody wants, now that all calls are over; whether anything is under way.

    What the living switchboard has in hand is left to it: it is done with that within seconds.
    """
    mine = outbox.c.worker.like(f"%:{stack.processes.pid_of('switchboard')}")
    in_hand = (outbox.c.state == "attempting") & mine
    with stack.sessions.begin() as session:
        session.execute(
            update(outbox).where(outbox.c.state.in_(_UNDER_WAY), ~in_hand).values(state="void")
        )
        session.execute(
            update(messages).where(messages.c.status.in_(_UNDER_WAY)).values(status="failed")
        )
        session.execute(
            text("UPDATE dispatch_requests SET due_at = NULL WHERE closed_at IS NOT NULL")
        )
        return session.scalar(select(outbox.c.id).where(in_hand).limit(1)) is not None
