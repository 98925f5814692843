"""The moves of a dispatch request: the guard, the deadline, the record, the word to the clinician.

For the dispatch services, inside their transactions and with the request's row locked.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr_flows.inputs import DispatchChanged
from ivr_flows.outputs import Event, Urgency
from ivr_flows.team_page import LIVE_PAGES
from router.policy.dispatch import OPEN, SEEKING, Deadlines, Status, due_after, sources_of
from router.services.apply_input import Exchange, apply_input
from router.services.clock import read_now
from router.services.message_texts import text
from router.services.page_links import PageLinks
from router.storage import calls, dispatches, messages, outbox, people, teams, timeline
from router.storage.dispatches import Page, Request
from router.storage.messages import NewMessage

ADVANCE = "dispatch.advance"
SEND = "notify.send"
TELL_SUPERVISORS = "notify.supervisors"
PLACE_PAGE = "PlacePage"
END_PAGE = "EndPage"
TELL_CALL = "DispatchChanged"

LIVE = frozenset(state.value for state in LIVE_PAGES)
VOICE, SMS = "voice", "sms"


@dataclass(frozen=True, slots=True)
class Paging:
    """What requests are worked with: the calls' exchange, and the links in pages."""

    exchange: Exchange
    links: PageLinks

    def now(self, session: Session) -> datetime:
        """The present instant."""
        return read_now(session, self.exchange.clock)

    def deadlines(self, session: Session, request: Request) -> Deadlines:
        """How long each wait of the request may last, by its call's program."""
        found = calls.find_call(session, request.call_id) if request.call_id else None
        if found is None:
            return Deadlines()
        version = found.call.program_version
        return self.exchange.programs.get(session, request.program_id, version).deadlines


def new_id() -> str:
    """An id that cannot be guessed: it stands in addresses handed to the carrier."""
    return secrets.token_hex(8)


def move(
    session: Session,
    request: Request,
    status: Status,
    now: datetime,
    paging: Paging,
    **values: Any,  # noqa: ANN401 - columns of the request
) -> bool:
    """Let the request become `status` if it may, and have the call told; False when it may not."""
    over = status not in OPEN
    changes = {
        "status": status.value,
        "status_at": now,
        "due_at": due_after(status, now, paging.deadlines(session, request)),
        "closed_at": now if over else None,
    }
    moved = dispatches.change_request(session, request.id, sources_of(status), **(changes | values))
    if not moved:
        return False
    if over and request.team_id is not None:
        teams.release_team(session, request.team_id, request.id)
    order_news(session, request, now)
    return True


def order_news(session: Session, request: Request, now: datetime) -> None:
    """Have the switchboard tell the call, and so the clinician, how the request stands."""
    if request.call_id is not None:
        outbox.add_task(
            session,
            outbox.CALL,
            TELL_CALL,
            {"id": request.id},
            due_at=now,
            call_id=request.call_id,
            urgency=Urgency.OFFER,
        )


def tell_call(exchange: Exchange, dispatch_id: str) -> None:
    """Tell the request's call how it stands; the executor's part of `order_news`.

    The request's row is held meanwhile, so that two pieces of news cannot overtake each other.
    """
    with exchange.sessions.begin() as session:
        request = dispatches.lock_request(session, dispatch_id)
        if request is None or request.call_id is None:
            return
        team = teams.find_name(session, request.team_id) if request.team_id else None
        # Approval is news only where it had to be given.
        is_waiting = request.status == Status.APPROVED and not request.approval_needed
        status = Status.REQUESTED.value if is_waiting else request.status
        news = DispatchChanged(request.id, status, team or "", request.minutes)
        apply_input(exchange, request.call_id, news)


def note(session: Session, request: Request, kind: str, now: datetime, **details: str) -> None:
    """Write a line of the call's timeline."""
    if request.call_id is not None:
        event = Event(kind, details={"dispatch": request.id, **details})
        timeline.append_events(session, request.call_id, now, [event])


def order_advance(session: Session, dispatch_id: str, now: datetime) -> None:
    """Have a worker take the request's next step."""
    outbox.add_task(session, outbox.DISPATCH, ADVANCE, {"id": dispatch_id}, due_at=now)


def order_supervisors(session: Session, request: Request, subject: str, now: datetime) -> None:
    """Have the program's supervisors told."""
    payload = {"subject": subject, "dispatch_id": request.id, "program_id": request.program_id}
    outbox.add_task(
        session, outbox.NOTIFY, TELL_SUPERVISORS, payload, due_at=now, call_id=request.call_id
    )


def order_message(session: Session, message: NewMessage, now: datetime) -> bool:
    """Write a message and have a worker send it; False when it was ordered before."""
    if not messages.insert_outbound(session, message, now):
        return False
    outbox.add_task(session, outbox.NOTIFY, SEND, {"id": message.id}, due_at=now)
    return True


def order_text(
    session: Session,
    request: Request,
    person_id: str,
    name: str,
    words: Mapping[str, str],
    now: datetime,
) -> None:
    """Have a person texted about a request; nothing for one without a number."""
    person = people.find_person(session, person_id)
    if person is None or person.phone is None:
        return
    language = person.languages[0] if person.languages else "en"
    message = NewMessage(
        id=new_id(),
        program_id=request.program_id,
        body=text(name, language, **words),
        person_id=person_id,
        call_id=request.call_id,
        dispatch_id=request.id,
        recipient=person.phone,
    )
    order_message(session, message, now)


def order_end(session: Session, page: Page, now: datetime) -> None:
    """Have the switchboard stop a page's telephone leg, or let it hear why it is over."""
    if page.channel == VOICE and page.state in LIVE:
        payload = {"id": page.id, "was": page.state}
        outbox.add_task(session, outbox.CALL, END_PAGE, payload, due_at=now)


def pass_on_if_over(session: Session, request: Request, team_id: str, now: datetime) -> None:
    """Let the next team be asked at once when nobody of this one can answer any more."""
    if request.status != Status.ASSIGNED or request.team_id != team_id:
        return
    pages = dispatches.list_pages(session, request.id, team_id)
    if not any(page.state in LIVE for page in pages):
        dispatches.change_request(session, request.id, {Status.ASSIGNED}, due_at=now)
        order_advance(session, request.id, now)


def is_sought(request: Request) -> bool:
    """Whether nobody has taken the request yet."""
    return request.status in SEEKING
