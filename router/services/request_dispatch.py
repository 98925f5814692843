"""A clinician asks for a team: orders of the calls become dispatch requests, approved or not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ivr_flows.call import CARERS, Call
from ivr_flows.outputs import RequestDispatch
from router.errors import ConflictError, NotFoundError
from router.policy.dispatch import Status, due_after
from router.services import dispatch_moves as moves
from router.services.dispatch_moves import Paging
from router.storage import calls, dispatches, outbox, teams
from router.storage.claims import lock_ready
from router.storage.dispatches import Request


def record_requests(paging: Paging, limit: int = 20) -> list[str]:
    """Make a request of every order for a team, and return the new ids.

    The order was written with the call's own step and is crossed out with the request's insert, so
    each becomes one request, whichever process dies when. Needs the database alone.
    """
    made: list[str] = []
    with paging.exchange.sessions.begin() as session:
        now = paging.now(session)
        for row in lock_ready(session, outbox.DISPATCH, RequestDispatch.__name__, now, limit):
            found = calls.find_call(session, row.call_id or "")
            command = row.command()
            if found is None or not isinstance(command, RequestDispatch):
                outbox.mark_failed(session, row.id, "no such call")
                continue
            made.append(record(paging, session, found.call, command, now))
            outbox.mark_done(session, row.id)
    return made


def record(
    paging: Paging, session: Session, call: Call, command: RequestDispatch, now: datetime
) -> str:
    """Write a request for the call's caller, and order its first step; returns its id."""
    published = paging.exchange.programs.get(session, call.program, call.program_version)
    needs_approval = published.program.approval_needed
    status = Status.REQUESTED if needs_approval else Status.APPROVED
    asked_by = [leg.person_id for leg in call.staff() if leg.role in CARERS]
    dispatch_id = moves.new_id()
    dispatches.insert_request(
        session,
        id=dispatch_id,
        program_id=call.program,
        call_id=call.id,
        status=status.value,
        details={**command.details, "incident": call.answers.get("incident_number", "")},
        requested_by=next(iter(asked_by), None),
        approval_needed=needs_approval,
        requested_at=now,
        status_at=now,
        due_at=due_after(status, now, published.deadlines),
    )
    request = _lock(session, dispatch_id)
    moves.order_news(session, request, now)
    if needs_approval:
        moves.order_supervisors(session, request, "approval_needed", now)
    else:
        moves.order_advance(session, dispatch_id, now)
    return dispatch_id


def approve_dispatch(paging: Paging, dispatch_id: str, approved_by: str) -> None:
    """Let a request that needs approval go to the teams.

    Raises NotFoundError, or ConflictError when it is not waiting for approval.
    """
    with paging.exchange.sessions.begin() as session:
        request = _lock(session, dispatch_id)
        now = paging.now(session)
        is_asked_for = request.status == Status.REQUESTED
        if not is_asked_for or not moves.move(
            session, request, Status.APPROVED, now, paging, approved_by=approved_by
        ):
            raise ConflictError(f"the request is {request.status}")
        moves.order_advance(session, dispatch_id, now)


def cancel_dispatch(paging: Paging, dispatch_id: str) -> None:
    """End a request that is still open, and tell whoever was paged or is on the way.

    Raises NotFoundError, or ConflictError when it is over already.
    """
    with paging.exchange.sessions.begin() as session:
        request = _lock(session, dispatch_id)
        now = paging.now(session)
        if not moves.move(session, request, Status.CANCELLED, now, paging):
            raise ConflictError(f"the request is {request.status}")
        told = moves.LIVE | {"acknowledged"}
        for page in dispatches.withdraw_pages(session, dispatch_id, told):
            moves.order_end(session, page, now)
            if page.channel == moves.SMS:
                words = {"team": teams.find_name(session, page.team_id) or ""}
                moves.order_text(session, request, page.person_id, "page_cancelled", words, now)


def _lock(session: Session, dispatch_id: str) -> Request:
    request = dispatches.lock_request(session, dispatch_id)
    if request is None:
        raise NotFoundError(f"no dispatch request {dispatch_id}")
    return request
