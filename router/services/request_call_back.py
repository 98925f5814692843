"""People about call-backs: order one now, cancel one, read what became of them (IN6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ivr_flows import callback
from ivr_flows.inputs import CallBackCancelled, Input
from ivr_flows.outputs import PlanCallBack
from router.errors import ConflictError, NotFoundError
from router.services.apply_input import Answer
from router.services.call_backs import REQUESTED, cancel, plan
from router.services.clock import Clock, DatabaseClock, read_now
from router.services.load_program import PublishedPrograms
from router.storage import call_backs as stored
from router.storage import calls, outbox
from router.storage.call_backs import CALLING, PLANNED, TryRow
from router.storage.database import Sessions


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of 911 that was told of a caller who cannot be reached; `state` as of a page."""

    line: str
    state: str


@dataclass(frozen=True, slots=True)
class CallBackView:
    """One call-back of a call, with every try; `next_at` is None while one is under way."""

    id: str
    moment: str
    state: str
    outcome: str
    reason: str
    requested_by: str
    is_risky: bool
    planned_at: datetime
    next_at: datetime | None
    closed_at: datetime | None
    tries: tuple[TryRow, ...]
    welfare: tuple[LineView, ...]


def list_call_backs(sessions: Sessions, call_id: str) -> list[CallBackView]:
    """The call-backs of a call that was lost, oldest first. Raises NotFoundError."""
    with sessions() as session:
        if calls.find_call(session, call_id) is None:
            raise NotFoundError("there is no such call")
        rows = stored.list_call_backs(session, call_id)
        tries = stored.list_tries(session, [row.id for row in rows])
        pages = {row.id: stored.list_pages(session, row.id) for row in rows}
    return [
        CallBackView(
            id=row.id,
            moment=row.moment,
            state=row.state,
            outcome=row.outcome,
            reason=row.reason,
            requested_by=row.requested_by,
            is_risky=row.is_risky,
            planned_at=row.created_at,
            next_at=row.due_at,
            closed_at=row.closed_at,
            tries=tuple(one for one in tries if one.call_back_id == row.id),
            welfare=tuple(LineView(page.line_id, page.state) for page in pages[row.id]),
        )
        for row in rows
    ]


def request_call_back(
    sessions: Sessions,
    programs: PublishedPrograms,
    call_id: str,
    requested_by: str,
    *,
    clock: Clock | None = None,
) -> str:
    """A person wants a caller called back now; returns the call-back's id.

    Raises NotFoundError, or ConflictError: the caller is on the line, has no number that is known,
    or is being called back.
    """
    with sessions.begin() as session:
        known = stored.lock_open(session, call_id)
        found = calls.find_call(session, call_id)
        if found is None:
            raise NotFoundError("there is no such call")
        call = found.call
        if call.caller.is_live:
            raise ConflictError("the caller is still on the line")
        if known is not None and known.state != PLANNED:
            raise ConflictError("the caller is being called back")
        now = read_now(session, clock or DatabaseClock())
        if known is None:
            program = programs.get(session, call.program, call.program_version).program
            is_risky = callback.is_risky(call, program.call_back)
            wanted = PlanCallBack(REQUESTED, 0, is_risky=is_risky)
            call_back_id = plan(session, programs, call, wanted, now, requested_by)
            if not call_back_id:
                raise ConflictError("no number is known at which the caller can be reached")
        else:
            call_back_id = known.id
            values = {"due_at": now, "by_choice": False, "requested_by": requested_by}
            stored.change_call_back(session, call_back_id, **values)
        outbox.wake(session)
    return call_back_id


def cancel_call_back(
    sessions: Sessions,
    apply_to_call: Callable[[str, Input], Answer],
    call_id: str,
    reason: str,
    *,
    clock: Clock | None = None,
) -> None:
    """A person decides that the caller need not be called back; a phone that rings for it stops.

    Raises ConflictError when none is planned or under way.
    """
    with sessions.begin() as session:
        row = stored.lock_open(session, call_id)
        if row is None:
            raise ConflictError("no call-back is planned or under way")
        cancel(session, row, reason, read_now(session, clock or DatabaseClock()))
        outbox.wake(session)
    if row.state == CALLING and row.ringing_call_id:
        apply_to_call(row.ringing_call_id, CallBackCancelled(reason))
