"""The next step of a request that nobody has taken: the next team, the supervisors, or 911."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from router.errors import NotFoundError
from router.policy.dispatch import Choice, Status, Wanted, choose, sources_of
from router.services import dispatch_moves as moves
from router.services.dispatch_moves import SMS, VOICE, Paging
from router.services.message_texts import text
from router.storage import dispatches, outbox, teams
from router.storage.dispatches import Request
from router.storage.messages import NewMessage
from router.storage.teams import Member

SUPERVISORS = "supervisors"
"""Among the teams passed over: the supervisors were told, and had their time."""


def advance_dispatch(paging: Paging, dispatch_id: str) -> str:
    """Take the next step that is due and return the request's status.

    May be called at any time and as often as anyone likes: a step is taken once, under the
    request's row lock. Raises NotFoundError.
    """
    with paging.exchange.sessions.begin() as session:
        request = dispatches.lock_request(session, dispatch_id)
        if request is None:
            raise NotFoundError(f"no dispatch request {dispatch_id}")
        now = paging.now(session)
        if not moves.is_sought(request):
            return request.status
        if request.status == Status.REQUESTED:
            return _await_approval(session, request, paging, now)
        if request.status == Status.ASSIGNED:
            if not _is_due(request, now) and _may_still_answer(session, request):
                return request.status
            request = _give_up_team(session, request, now)
        elif SUPERVISORS in request.passed_over and not _is_due(request, now):
            return request.status
        return _ask_next(session, request, paging, now)


def _await_approval(session: Session, request: Request, paging: Paging, now: datetime) -> str:
    if not _is_due(request, now):
        return request.status
    return _end_unanswered(session, request, paging, now)


def _is_due(request: Request, now: datetime) -> bool:
    return request.due_at is not None and request.due_at <= now


def _may_still_answer(session: Session, request: Request) -> bool:
    pages = dispatches.list_pages(session, request.id, request.team_id)
    return any(page.state in moves.LIVE for page in pages)


def _give_up_team(session: Session, request: Request, now: datetime) -> Request:
    """The team declined or kept silent: let it go, and tell those who listen that it is over."""
    team_id = request.team_id
    if team_id is None:
        return request
    words = {"team": teams.find_name(session, team_id) or ""}
    for page in dispatches.withdraw_pages(session, request.id, moves.LIVE):
        moves.order_end(session, page, now)
        if page.channel == SMS:
            moves.order_text(session, request, page.person_id, "page_over", words, now)
    teams.release_team(session, team_id, request.id)
    passed_over = [*request.passed_over, team_id]
    dispatches.change_request(
        session,
        request.id,
        sources_of(Status.APPROVED) - {Status.REQUESTED},
        status=Status.APPROVED.value,
        status_at=now,
        team_id=None,
        passed_over=passed_over,
    )
    moves.order_news(session, request, now)
    moves.note(session, request, "team_passed_over", now, team=team_id)
    return dispatches.find_request(session, request.id) or request


def _ask_next(session: Session, request: Request, paging: Paging, now: datetime) -> str:
    wanted = Wanted(
        zone=request.details.get("zone", ""),
        asked=frozenset(request.passed_over) - {SUPERVISORS},
    )
    choice = choose(teams.list_teams(session, request.program_id, request.id, now), wanted)
    for team_id in choice.team_ids:
        # Another request may have taken the team since it was read; its row decides.
        if teams.claim_team(session, team_id, request.id, now):
            return _assign(session, request, team_id, choice, paging, now)
    moves.note(session, request, "no_team_free", now, left_out=_reasons(choice))
    if SUPERVISORS in request.passed_over:
        return _end_unanswered(session, request, paging, now)
    return _tell_supervisors(session, request, paging, now)


def _assign(
    session: Session,
    request: Request,
    team_id: str,
    choice: Choice,
    paging: Paging,
    now: datetime,
) -> str:
    moves.move(session, request, Status.ASSIGNED, now, paging, team_id=team_id)
    moves.note(session, request, "team_chosen", now, team=team_id, left_out=_reasons(choice))
    for member in teams.list_members(session, team_id):
        _page(session, request, team_id, member, paging, now)
    return Status.ASSIGNED


def _page(
    session: Session,
    request: Request,
    team_id: str,
    member: Member,
    paging: Paging,
    now: datetime,
) -> None:
    """Write a member's two pages, and order each of them."""
    ids = {VOICE: moves.new_id(), SMS: moves.new_id()}
    shared = {"dispatch_id": request.id, "team_id": team_id, "person_id": member.person_id}
    dispatches.insert_pages(
        session,
        [{"id": ids[name], "channel": name, "state": "ready", **shared} for name in (VOICE, SMS)],
    )
    payload = {"id": ids[VOICE]}
    outbox.add_task(session, outbox.CALL, moves.PLACE_PAGE, payload, due_at=now)
    name = teams.find_name(session, team_id) or ""
    link = paging.links.link(ids[SMS])
    message = NewMessage(
        id=ids[SMS],
        program_id=request.program_id,
        body=text("page", member.language, team=name, link=link),
        person_id=member.person_id,
        call_id=request.call_id,
        dispatch_id=request.id,
        recipient=member.phone_e164,
    )
    moves.order_message(session, message, now)


def _tell_supervisors(session: Session, request: Request, paging: Paging, now: datetime) -> str:
    """No team is left: the supervisors have a minute to find one, then the teams are read again."""
    patience = timedelta(seconds=paging.deadlines(session, request).supervisor_seconds)
    passed_over = [*request.passed_over, SUPERVISORS]
    dispatches.change_request(
        session, request.id, {Status.APPROVED}, due_at=now + patience, passed_over=passed_over
    )
    moves.order_supervisors(session, request, "no_team", now)
    return Status.APPROVED


def _end_unanswered(session: Session, request: Request, paging: Paging, now: datetime) -> str:
    """Nobody comes: the clinician is told, whose caller belongs to 911 (DI3)."""
    moves.move(session, request, Status.UNANSWERED, now, paging)
    moves.order_supervisors(session, request, "dispatch_unanswered", now)
    return Status.UNANSWERED


def _reasons(choice: Choice) -> str:
    return ", ".join(f"{team}: {reason}" for team, reason in choice.left_out.items())
