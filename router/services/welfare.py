"""Welfare requests: 911's lines are told of a caller who cannot be reached, until one acknowledges.

The lines of the caller's own centre, in order and over again; then the supervisors are told (IN6).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows import team_page
from ivr_flows.outputs import Instruction
from ivr_flows.psap_choice import choose_for
from ivr_flows.team_page import PageState, Wish
from ivr_flows.welfare import WelfareRequest
from router.errors import NotFoundError
from router.services import dispatch_moves as moves
from router.services.call_back_record import close, note
from router.services.carry_out import Outgoing
from router.services.dispatch_moves import LIVE, Paging
from router.services.numbers import StoredNumbers
from router.services.page_calls import Numbers, RungPage
from router.storage import call_backs as stored
from router.storage import calls, outbox
from router.storage.call_backs import WELFARE, CallBackRow, WelfarePage
from router.telephony.webhook import CALL_STATUSES, Phase

PLACE_PAGE, END_PAGE = "PlaceWelfarePage", "EndWelfarePage"
ROUNDS = 3  # over all lines of the centre
PAUSE_SECONDS = 30  # between two rounds
ANSWER_SECONDS = 90  # from the order to ring to the key; then the next line is rung

ACKNOWLEDGED = "welfare_acknowledged"
UNACKNOWLEDGED = "welfare_unacknowledged"  # also the subject of what supervisors are told


def advance(paging: Paging, session: Session, row: CallBackRow, now: datetime) -> None:
    """Ring the next line, whose turn it is; after the last round tell the supervisors.

    The call-back's row is held.
    """
    withdraw(session, row.id, now)
    found = calls.find_call(session, row.call_id)
    done = len(stored.list_pages(session, row.id))
    lines = () if found is None else _lines(paging, session, row)
    if done >= len(lines) * ROUNDS:
        close(session, row, UNACKNOWLEDGED, now)
        payload = {"subject": UNACKNOWLEDGED, "program_id": row.program_id}
        outbox.add_task(
            session,
            outbox.NOTIFY,
            moves.TELL_SUPERVISORS,
            payload,
            due_at=now,
            call_id=row.call_id,
        )
        return
    page_id = moves.new_id()
    line_id = lines[done % len(lines)]
    stored.insert_page(session, page_id, row.id, line_id)
    is_new_round = done > 0 and done % len(lines) == 0
    ring_at = now + timedelta(seconds=PAUSE_SECONDS if is_new_round else 0)
    outbox.add_task(session, outbox.CALL, PLACE_PAGE, {"id": page_id}, due_at=ring_at)
    due_at = ring_at + timedelta(seconds=ANSWER_SECONDS)
    stored.change_call_back(session, row.id, due_at=due_at)
    note(session, row.call_id, "welfare_line_rung", now, line=line_id)


def withdraw(session: Session, call_back_id: str, now: datetime) -> None:
    """Nobody needs to answer these requests any more."""
    for page in stored.list_pages(session, call_back_id):
        withdrawn = PageState.WITHDRAWN.value
        if stored.change_page(session, page.id, LIVE, state=withdrawn):
            payload = {"id": page.id, "was": page.state}
            outbox.add_task(session, outbox.CALL, END_PAGE, payload, due_at=now)


def answer_page(paging: Paging, page_id: str, sid: str) -> tuple[Instruction, ...]:
    """A line of 911 picked up: what it hears. Raises NotFoundError."""
    with _held(paging, page_id) as held:
        turn = team_page.answer(held.request)
        if held.page.step == 0:
            stored.change_page(
                held.session,
                page_id,
                LIVE,
                state=turn.page.state.value,
                step=turn.page.step,
                answered_at=held.now,
                sid=held.page.sid or sid or None,
            )
        return turn.instructions


def key_page(paging: Paging, page_id: str, step: int, digits: str) -> tuple[Instruction, ...]:
    """A key on a line of 911, "" for silence: what is heard next. Raises NotFoundError."""
    with _held(paging, page_id) as held:
        turn = team_page.key(held.request, step, digits)
        if turn.wish is Wish.ACCEPT:
            return team_page.settle(held.request, _acknowledge(held)).instructions
        if turn.page != held.request:
            state = turn.page.state
            stored.change_page(held.session, page_id, LIVE, state=state.value, step=turn.page.step)
            if state is PageState.FAILED:
                _try_next_line(held.session, held.row, held.now)
        return turn.instructions


def change_page_status(paging: Paging, page_id: str, status: str, sid: str) -> None:
    """A status callback of a line's leg: one that ends unacknowledged has failed.

    Raises NotFoundError.
    """
    with _held(paging, page_id) as held:
        if sid and held.page.sid is None:
            stored.change_page(held.session, page_id, LIVE, sid=sid)
        if CALL_STATUSES.get(status) is Phase.OVER:
            WELFARE_PAGES.fail(held.session, page_id, status, held.now)


@dataclass(frozen=True, slots=True)
class _Held:
    """A page with its call-back, whose row is locked, and what is said."""

    session: Session
    page: WelfarePage
    row: CallBackRow
    request: WelfareRequest
    now: datetime


@contextmanager
def _held(paging: Paging, page_id: str) -> Iterator[_Held]:
    with paging.exchange.sessions.begin() as session:
        known = stored.find_page(session, page_id)
        row = stored.lock_call_back(session, known.call_back_id) if known else None
        # Read again: it may have changed before the call-back's row was ours.
        page = stored.find_page(session, page_id)
        if page is None or row is None:
            raise NotFoundError("no such page")
        request = _request(paging, session, page, row)
        yield _Held(session, page, row, request, paging.now(session))


def _request(
    paging: Paging, session: Session, page: WelfarePage, row: CallBackRow
) -> WelfareRequest:
    found = calls.find_call(session, row.call_id)
    if found is None:
        raise NotFoundError("no such call")
    call = found.call
    published = paging.exchange.programs.get(session, call.program, call.program_version)
    number = stored.find_number(session, row.id) or ""
    return WelfareRequest(
        id=page.id,
        state=PageState(page.state),
        program=published.program.title,
        tries=row.tries,
        number=number.removeprefix("+"),
        incident=call.answers.get("incident_number", ""),
        place=_aloud(stored.find_place(session, row.call_id)),
        step=page.step,
    )


def _aloud(place: str) -> str:
    """A place in words, its figures one by one."""
    return " ".join(", ".join(word) if word.isdigit() else word for word in place.split())


def _acknowledge(held: _Held) -> PageState:
    acknowledged = {"state": PageState.ACKNOWLEDGED.value, "acknowledged_at": held.now}
    if not stored.change_page(held.session, held.page.id, LIVE, **acknowledged):
        return PageState(held.page.state)
    close(held.session, held.row, ACKNOWLEDGED, held.now, line=held.page.line_id)
    withdraw(held.session, held.row.id, held.now)
    return PageState.ACKNOWLEDGED


def _try_next_line(session: Session, row: CallBackRow, now: datetime) -> None:
    """The line has not acknowledged: the next one is due."""
    if row.state != WELFARE:
        return
    stored.change_call_back(session, row.id, due_at=now)
    outbox.wake(session)


def _lines(paging: Paging, session: Session, row: CallBackRow) -> tuple[str, ...]:
    found = calls.find_call(session, row.call_id)
    if found is None:
        return ()
    call = found.call
    published = paging.exchange.programs.get(session, call.program, call.program_version)
    program = published.program
    psap = program.find_psap(call.psap) or choose_for(call, program, published.areas_of).psap
    return tuple(line.id for line in psap.lines)


class WelfarePages:
    """Pages to lines of 911, for `page_calls`."""

    kind = "welfare"
    end_task = END_PAGE

    def begin(self, session: Session, page_id: str, now: datetime) -> bool:
        """Record that the page is attempted; False when it is over."""
        attempting = {"state": PageState.ATTEMPTING.value, "attempted_at": now}
        return stored.change_page(session, page_id, {"ready", "attempting"}, **attempting)

    def find_numbers(self, outgoing: Outgoing, session: Session, page_id: str) -> Numbers:
        """The line's number, and the program's own to show it."""
        page = stored.find_page(session, page_id)
        row = stored.lock_call_back(session, page.call_back_id) if page is not None else None
        found = calls.find_call(session, row.call_id) if row is not None else None
        if page is None or found is None:
            return Numbers("", "")
        call = found.call
        published = outgoing.exchange.programs.get(session, call.program, call.program_version)
        numbers = StoredNumbers(session, published.caller_id)
        line = numbers.find_line_number(call, page.line_id)
        return Numbers(line or "", numbers.find_caller_id(call) or "")

    def find(self, session: Session, page_id: str, *, lock: bool = False) -> RungPage | None:
        """The page, with its call-back's row held if wanted."""
        page = stored.find_page(session, page_id)
        if page is not None and lock:
            stored.lock_call_back(session, page.call_back_id)
            page = stored.find_page(session, page_id)
        return None if page is None else RungPage(page.sid, page.state)

    def note_sent(self, session: Session, page_id: str, sid: str) -> None:
        """The carrier rings."""
        stored.change_page(session, page_id, {"attempting"}, state=PageState.SENT.value)
        page = stored.find_page(session, page_id)
        if page is not None and page.sid is None:
            stored.change_page(session, page_id, {page.state}, sid=sid)

    def fail(self, session: Session, page_id: str, error: str, now: datetime) -> None:
        """The line does not acknowledge: the next one is rung."""
        page = stored.find_page(session, page_id)
        row = stored.lock_call_back(session, page.call_back_id) if page is not None else None
        failed = {"state": PageState.FAILED.value, "error": error[:40]}
        if row is not None and stored.change_page(session, page_id, LIVE, **failed):
            note(session, row.call_id, "welfare_line_failed", now, why=error[:40])
            _try_next_line(session, row, now)


WELFARE_PAGES = WelfarePages()
