"""Rings a crew for a page and stops ringing it; pages leave last, at the account's rate (Law 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from ivr_flows.team_page import PageState
from router.logs import get_logger
from router.services import dispatch_moves as moves
from router.services.carry_out import Outgoing
from router.services.clock import read_now
from router.services.settle_unknown import Look, look_up
from router.services.team_pages import fail_page
from router.storage import calls, claims, dispatches, outbox, people, programs
from router.storage.dispatches import Request
from router.storage.outbox import OutboxRow
from router.telephony.rest import Done, Failed, Result, Unknown

log = get_logger(__name__)

RING_SECONDS = 25
"""A little before most voicemails answer; one that does acknowledges nothing."""

MOST_ATTEMPTS = 3
RETRY_SECONDS = 1.0


class PageCarrier(Protocol):
    """What of the carrier's REST API pages use."""

    def place_page(self, page_id: str, to_e164: str, from_e164: str, ring_seconds: int) -> Result:
        """Ring a crew member."""

    def end_call(self, sid: str, *, is_answered: bool) -> Result:
        """Stop a call."""

    def redirect(self, sid: str, url: str) -> Result:
        """Make a live leg ask `url`."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    to_e164: str
    from_e164: str


def place_page(outgoing: Outgoing, carrier: PageCarrier, row: OutboxRow) -> None:
    """Ring a crew member whose page waits; recorded as attempted before it is."""
    page_id = str(row.payload["id"])
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        attempting = {"state": PageState.ATTEMPTING.value, "attempted_at": now}
        if not dispatches.change_page(session, page_id, {"ready", "attempting"}, **attempting):
            outbox.mark_void(session, row.id, "the page is over")
            return
        numbers = _find_numbers(outgoing, session, page_id)
    _record(
        outgoing,
        row,
        carrier.place_page(page_id, numbers.to_e164, numbers.from_e164, RING_SECONDS),
    )


def end_page(outgoing: Outgoing, carrier: PageCarrier, row: OutboxRow) -> None:
    """Stop a page's leg that rings; one that listens is told why it is over. Harmless twice."""
    page_id = str(row.payload["id"])
    with outgoing.exchange.sessions() as session:
        page = dispatches.find_page(session, page_id)
    # Without a sid there is nothing to stop yet: `place_page` stops what it hears of too late.
    if page is not None and page.sid:
        listens = row.payload.get("was") == PageState.ANSWERED
        if listens:
            carrier.redirect(page.sid, outgoing.exchange.urls.page_answered(page_id))
        else:
            carrier.end_call(page.sid, is_answered=False)
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_done(session, row.id)


def settle_page(outgoing: Outgoing, carrier: PageCarrier, row: OutboxRow) -> str:
    """Find out about a stale attempt to ring a page: `done`, `again`, `void` or `waiting`."""
    page_id = str(row.payload["id"])
    with outgoing.exchange.sessions() as session:
        page = dispatches.find_page(session, page_id)
        numbers = _find_numbers(outgoing, session, page_id)
    if page is not None and page.sid:
        _record(outgoing, row, Done(page.sid))
        return "done"
    look = look_up(outgoing, row, numbers.to_e164, numbers.from_e164)
    if isinstance(look, str):
        _record(outgoing, row, Done(look))
        return "done"
    if look is Look.NOT_SEEN_YET:
        return "waiting"
    if row.attempts >= MOST_ATTEMPTS:
        _record(outgoing, row, Failed("never_answered", permanent=True))
        return "void"
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        held = claims.reclaim(session, row, outgoing.worker, now)
    if held is None:
        return "waiting"
    place_page(outgoing, carrier, held)
    return "again"


def _record(outgoing: Outgoing, row: OutboxRow, result: Result) -> None:
    page_id = str(row.payload["id"])
    if isinstance(result, Unknown):
        log.warning("page_unknown", page_id=page_id, reason=result.reason)
        return
    with outgoing.exchange.sessions.begin() as session:
        request = _lock_request_of(session, page_id)
        page = dispatches.find_page(session, page_id)
        now = read_now(session, outgoing.exchange.clock)
        may_retry = isinstance(result, Failed) and not result.permanent
        if page is None or request is None:
            outbox.mark_failed(session, row.id, "no such page")
        elif isinstance(result, Done):
            dispatches.change_page(session, page_id, {"attempting"}, state="sent")
            if page.sid is None:
                dispatches.change_page(session, page_id, {page.state, "sent"}, sid=result.sid)
            if page.state == PageState.WITHDRAWN:
                payload = {"id": page_id, "was": PageState.SENT.value}
                outbox.add_task(session, outbox.CALL, moves.END_PAGE, payload, due_at=now)
            outbox.mark_done(session, row.id)
        elif may_retry and row.attempts < MOST_ATTEMPTS:
            due_at = now + timedelta(seconds=RETRY_SECONDS)
            outbox.mark_ready(session, row.id, due_at, result.code)
        else:
            fail_page(session, page, request, result.code, now)
            outbox.mark_failed(session, row.id, result.code)


def _lock_request_of(session: Session, page_id: str) -> Request | None:
    page = dispatches.find_page(session, page_id)
    return None if page is None else dispatches.lock_request(session, page.dispatch_id)


def _find_numbers(outgoing: Outgoing, session: Session, page_id: str) -> _Numbers:
    """Whom to ring, and the program's line to show them; "" for what is not known."""
    page = dispatches.find_page(session, page_id)
    request = dispatches.find_request(session, page.dispatch_id) if page is not None else None
    person = people.find_person(session, page.person_id) if page is not None else None
    if request is None or person is None:
        return _Numbers("", "")
    return _Numbers(person.phone or "", _find_caller_id(outgoing, session, request))


def _find_caller_id(outgoing: Outgoing, session: Session, request: Request) -> str:
    found = calls.find_call(session, request.call_id) if request.call_id else None
    active = programs.find_active_version(session, request.program_id)
    if found is not None:
        version = found.call.program_version
    elif active is not None:
        version = active.version
    else:
        return ""
    published = outgoing.exchange.programs.get(session, request.program_id, version)
    numbers = programs.list_line_numbers(session, request.program_id)
    return numbers.get(published.caller_id, "")


def tell_news(outgoing: Outgoing, row: OutboxRow) -> None:
    """Tell a call how its dispatch stands. Harmless twice."""
    moves.tell_call(outgoing.exchange, str(row.payload["id"]))
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_done(session, row.id)
