"""Rings people for pages and stops ringing them; pages leave last, at the account's rate (Law 8).

A team's crew for a dispatch, and lines of 911 for a welfare request: `Pages` is the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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

    def place_page(
        self, page_id: str, to_e164: str, from_e164: str, ring_seconds: int, kind: str = "team"
    ) -> Result:
        """Ring whoever the page is for; `kind` as in `Pages`."""

    def end_call(self, sid: str, *, is_answered: bool) -> Result:
        """Stop a call."""

    def redirect(self, sid: str, url: str) -> Result:
        """Make a live leg ask `url`."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whom to ring, and what they are shown (E.164)."""

    to_e164: str
    from_e164: str


class Pages(Protocol):
    """The pages of one kind, as those who ring for them need them; all but `kind` in a transaction.

    `kind` is the carrier's part of their addresses, `end_task` the order that stops one.
    """

    kind: str
    end_task: str

    def begin(self, session: Session, page_id: str, now: datetime) -> bool:
        """Record that the page is attempted; False when it is over."""

    def find_numbers(self, outgoing: Outgoing, session: Session, page_id: str) -> Numbers:
        """Whom to ring, and what they are shown; "" for what is not known."""

    def find(self, session: Session, page_id: str, *, lock: bool = False) -> RungPage | None:
        """The page as it stands, what it belongs to held if wanted."""

    def note_sent(self, session: Session, page_id: str, sid: str) -> None:
        """The carrier rings."""

    def fail(self, session: Session, page_id: str, error: str, now: datetime) -> None:
        """Nobody can answer this page any more."""


@dataclass(frozen=True, slots=True)
class RungPage:
    """What is asked of a page: its leg, and what became of it."""

    sid: str | None
    state: str


class TeamPages:
    """The pages of a team's members."""

    kind = "team"
    end_task = moves.END_PAGE

    def begin(self, session: Session, page_id: str, now: datetime) -> bool:
        """Record that the page is attempted; False when it is over."""
        attempting = {"state": PageState.ATTEMPTING.value, "attempted_at": now}
        return dispatches.change_page(session, page_id, {"ready", "attempting"}, **attempting)

    def find_numbers(self, outgoing: Outgoing, session: Session, page_id: str) -> Numbers:
        """The member's telephone, and the program's line to show them."""
        page = dispatches.find_page(session, page_id)
        request = dispatches.find_request(session, page.dispatch_id) if page is not None else None
        person = people.find_person(session, page.person_id) if page is not None else None
        if request is None or person is None:
            return Numbers("", "")
        return Numbers(person.phone or "", _find_caller_id(outgoing, session, request))

    def find(self, session: Session, page_id: str, *, lock: bool = False) -> RungPage | None:
        """The page, with its request's row held if wanted."""
        page = dispatches.find_page(session, page_id)
        if page is None:
            return None
        if lock:
            dispatches.lock_request(session, page.dispatch_id)
            page = dispatches.find_page(session, page_id) or page
        return RungPage(page.sid, page.state)

    def note_sent(self, session: Session, page_id: str, sid: str) -> None:
        """The carrier rings."""
        dispatches.change_page(session, page_id, {"attempting"}, state="sent")
        page = dispatches.find_page(session, page_id)
        if page is not None and page.sid is None:
            dispatches.change_page(session, page_id, {page.state}, sid=sid)

    def fail(self, session: Session, page_id: str, error: str, now: datetime) -> None:
        """Nobody can answer this page any more."""
        page = dispatches.find_page(session, page_id)
        request = dispatches.lock_request(session, page.dispatch_id) if page is not None else None
        if page is not None and request is not None:
            fail_page(session, page, request, error, now)


TEAM_PAGES = TeamPages()


def place_page(
    outgoing: Outgoing, carrier: PageCarrier, row: OutboxRow, pages: Pages = TEAM_PAGES
) -> None:
    """Ring whoever a waiting page is for; recorded as attempted before it is."""
    page_id = str(row.payload["id"])
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        if not pages.begin(session, page_id, now):
            outbox.mark_void(session, row.id, "the page is over")
            return
        numbers = pages.find_numbers(outgoing, session, page_id)
    to_e164, from_e164 = numbers.to_e164, numbers.from_e164
    result = carrier.place_page(page_id, to_e164, from_e164, RING_SECONDS, pages.kind)
    _record(outgoing, row, result, pages)


def end_page(
    outgoing: Outgoing, carrier: PageCarrier, row: OutboxRow, pages: Pages = TEAM_PAGES
) -> None:
    """Stop a page's leg that rings; one that listens is told why it is over. Harmless twice."""
    page_id = str(row.payload["id"])
    with outgoing.exchange.sessions() as session:
        page = pages.find(session, page_id)
    # Without a sid there is nothing to stop yet: `place_page` stops what it hears of too late.
    if page is not None and page.sid:
        listens = row.payload.get("was") == PageState.ANSWERED
        if listens:
            carrier.redirect(page.sid, outgoing.exchange.urls.page_answered(page_id, pages.kind))
        else:
            carrier.end_call(page.sid, is_answered=False)
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_done(session, row.id)


def settle_page(
    outgoing: Outgoing, carrier: PageCarrier, row: OutboxRow, pages: Pages = TEAM_PAGES
) -> str:
    """Find out about a stale attempt to ring a page: `done`, `again`, `void` or `waiting`."""
    page_id = str(row.payload["id"])
    with outgoing.exchange.sessions() as session:
        page = pages.find(session, page_id)
        numbers = pages.find_numbers(outgoing, session, page_id)
    if page is not None and page.sid:
        _record(outgoing, row, Done(page.sid), pages)
        return "done"
    look = look_up(outgoing, row, numbers.to_e164, numbers.from_e164)
    if isinstance(look, str):
        _record(outgoing, row, Done(look), pages)
        return "done"
    if look is Look.NOT_SEEN_YET:
        return "waiting"
    if row.attempts >= MOST_ATTEMPTS:
        _record(outgoing, row, Failed("never_answered", permanent=True), pages)
        return "void"
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        held = claims.reclaim(session, row, outgoing.worker, now)
    if held is None:
        return "waiting"
    place_page(outgoing, carrier, held, pages)
    return "again"


def _record(outgoing: Outgoing, row: OutboxRow, result: Result, pages: Pages) -> None:
    page_id = str(row.payload["id"])
    if isinstance(result, Unknown):
        log.warning("page_unknown", page_id=page_id, reason=result.reason)
        return
    with outgoing.exchange.sessions.begin() as session:
        page = pages.find(session, page_id, lock=True)
        now = read_now(session, outgoing.exchange.clock)
        may_retry = isinstance(result, Failed) and not result.permanent
        if page is None:
            outbox.mark_failed(session, row.id, "no such page")
        elif isinstance(result, Done):
            pages.note_sent(session, page_id, result.sid)
            if page.state == PageState.WITHDRAWN:
                payload = {"id": page_id, "was": PageState.SENT.value}
                outbox.add_task(session, outbox.CALL, pages.end_task, payload, due_at=now)
            outbox.mark_done(session, row.id)
        elif may_retry and row.attempts < MOST_ATTEMPTS:
            due_at = now + timedelta(seconds=RETRY_SECONDS)
            outbox.mark_ready(session, row.id, due_at, result.code)
        else:
            pages.fail(session, page_id, result.code, now)
            outbox.mark_failed(session, row.id, result.code)


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
