"""Text messages: telling supervisors, sending what was written, and taking what comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows.team_page import PageState, Wish
from router.errors import NotFoundError
from router.policy.dispatch import Status
from router.services import dispatch_moves as moves
from router.services.dispatch_moves import LIVE, Paging
from router.services.message_texts import has_text, status_words, text
from router.services.team_pages import answer_by_text, fail_page, report_status
from router.storage import calls, dispatches, messages, outbox, people, presence, programs
from router.storage.messages import ATTEMPTING, READY, Message, NewMessage
from router.storage.outbox import OutboxRow
from router.storage.people import Person
from router.telephony.rest import Done, Failed, Result

Send = Callable[[str, str, str, str], Result]
"""Sends a text: recipient, sender, body, and our message's id for its status callback."""

UNKNOWN, FAILED, CANCELED = "unknown", "failed", "canceled"
RETRY_SECONDS = 5
GIVE_UP_SECONDS = 600  # a page or a warning that is ten minutes old helps nobody

# MessageStatus as documented; their callbacks may arrive in any order, the later word wins.
_RANK = {
    READY: 0,
    ATTEMPTING: 1,
    UNKNOWN: 1,
    "accepted": 2,
    "scheduled": 2,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "delivered": 5,
    "undelivered": 5,
    FAILED: 5,
    CANCELED: 5,
}
_LOST = frozenset({"undelivered", FAILED, CANCELED})

_ACCEPT = frozenset({"1", "Y", "YES", "OK", "ACCEPT", "SI", "SÍ", "S", "ACEPTO"})
_DECLINE = frozenset({"2", "N", "NO", "DECLINE", "RECHAZO"})
_REPORTS = {
    "ROUTE": Status.EN_ROUTE,
    "EN": Status.EN_ROUTE,
    "SCENE": Status.ON_SCENE,
    "ON": Status.ON_SCENE,
    "CLEAR": Status.CLEARED,
    "CLEARED": Status.CLEARED,
}


def tell_supervisors(paging: Paging, outbox_id: int) -> int:
    """Write a message to each supervisor of what the outbox row says, and order their sending.

    Done twice, it writes nothing twice. Supervisors who are signed on, else all of them. Returns
    how many were written. Raises NotFoundError for a row that is gone.
    """
    with paging.exchange.sessions.begin() as session:
        row = outbox.find_row(session, outbox_id)
        program_id = _program_of(session, row) if row is not None else None
        if row is None or program_id is None:
            raise NotFoundError(f"no notification {outbox_id}")
        now = paging.now(session)
        about = people.find_person(session, str(row.payload.get("person_id", "")))
        written = 0
        for supervisor in _list_supervisors(session, program_id):
            message = NewMessage(
                id=_message_id(outbox_id, supervisor.id),
                program_id=program_id,
                body=_notice(str(row.payload.get("subject", "")), about, supervisor),
                person_id=supervisor.id,
                call_id=row.call_id,
                dispatch_id=row.payload.get("dispatch_id"),
                recipient=supervisor.phone,
            )
            written += moves.order_message(session, message, now)
        return written


def send_message(paging: Paging, send: Send, message_id: str) -> str:
    """Send a message that waits, once; returns its status. Raises NotFoundError.

    The attempt is committed before it is made. One whose result is unknown is not repeated: its
    status callback, if one comes, settles it. A page that is over meanwhile is not sent: whoever
    reads it would believe that the request still waits.
    """
    with paging.exchange.sessions.begin() as session:
        page = dispatches.find_page(session, message_id)
        status = ATTEMPTING if page is None or page.state in LIVE else CANCELED
        message = messages.change_message(
            session, message_id, {READY}, paging.now(session), status=status
        )
        if message is not None and status == CANCELED:
            return CANCELED
        if message is None:
            known = messages.find_message(session, message_id)
            if known is None:
                raise NotFoundError(f"no message {message_id}")
            return known.status
        sender = _sender(paging, session, message)
    result = send(message.recipient or "", sender, message.body, message_id)
    with paging.exchange.sessions.begin() as session:
        return _settle(session, message, result, paging.now(session))


def _settle(session: Session, message: Message, result: Result, now: datetime) -> str:
    if isinstance(result, Done):
        sent = {"status": result.status or "queued", "sid": result.sid or None}
        messages.change_message(session, message.id, {ATTEMPTING}, now, **sent)
        dispatches.change_page(
            session, message.id, {"ready", ATTEMPTING}, state="sent", attempted_at=now
        )
        return str(sent["status"])
    if isinstance(result, Failed):
        if not result.permanent:
            messages.change_message(session, message.id, {ATTEMPTING}, now, status=READY)
            due_at = now + timedelta(seconds=RETRY_SECONDS)
            outbox.add_task(session, outbox.NOTIFY, moves.SEND, {"id": message.id}, due_at=due_at)
            return READY
        lost = {"status": FAILED, "error_code": result.code}
        messages.change_message(session, message.id, {ATTEMPTING}, now, **lost)
        _fail_page_of(session, message.id, result.code, now)
        return FAILED
    return ATTEMPTING


def give_up_on_messages(paging: Paging) -> int:
    """Close attempts that nobody reported on, and messages too old to help; how many."""
    with paging.exchange.sessions.begin() as session:
        now = paging.now(session)
        too_old = now - timedelta(seconds=GIVE_UP_SECONDS)
        closed = 0
        for message_id in messages.list_ids(session, READY, too_old):
            old = {"status": FAILED, "error_code": "too_old"}
            messages.change_message(session, message_id, {READY}, now, **old)
            closed += 1
        for message_id in messages.list_ids(session, ATTEMPTING, now - timedelta(seconds=60)):
            messages.change_message(session, message_id, {ATTEMPTING}, now, status=UNKNOWN)
            closed += 1
        return closed


def take_message_status(
    paging: Paging, message_id: str, status: str, sid: str, error_code: str
) -> None:
    """A message's status callback; an unknown or late one changes nothing."""
    rank = _RANK.get(status)
    if rank is None:
        return
    earlier = {name for name, place in _RANK.items() if place < rank}
    with paging.exchange.sessions.begin() as session:
        now = paging.now(session)
        values = {"status": status, "error_code": error_code[:16]} | ({"sid": sid} if sid else {})
        changed = messages.change_message(session, message_id, earlier, now, **values)
        if changed is not None and status in _LOST:
            _fail_page_of(session, message_id, f"{status} {error_code}".strip()[:40], now)


def take_reply(paging: Paging, sid: str, sender: str, recipient: str, body: str) -> str:
    """A text came in: act on it, and return what is answered, "" for nothing.

    `sender` and `recipient` are E.164. A repeated request (the same sid) is answered alike, for
    what it asks has been done; people we do not know get no answer.
    """
    with paging.exchange.sessions.begin() as session:
        person = people.find_person_by_phone(session, sender)
        if person is None:
            return ""
        incoming = NewMessage(
            id=moves.new_id(),
            program_id=person.program_id,
            body=body,
            person_id=person.id,
            sender=sender,
            recipient=recipient,
            sid=sid or None,
        )
        messages.insert_inbound(session, incoming, paging.now(session))
        page_ids = dispatches.list_text_pages(session, person.id)
    language = next(iter(person.languages), "en")
    return _act(paging, page_ids, body, language)


def _act(paging: Paging, page_ids: list[str], body: str, language: str) -> str:
    """Words of a text on the newest page it can be about."""
    if not page_ids:
        return text("reply_nothing_waits", language)
    word = next(iter(body.upper().replace(".", " ").replace("!", " ").split()), "")
    if word in _ACCEPT or word in _DECLINE:
        wish = Wish.ACCEPT if word in _ACCEPT else Wish.DECLINE
        state = answer_by_text(paging, page_ids[0], wish)
        known = state in (PageState.ACKNOWLEDGED, PageState.DECLINED)
        return text(f"reply_{state}" if known else "reply_withdrawn", language)
    if word in _REPORTS:
        status = _REPORTS[word]
        noted = report_status(paging, page_ids[0], status)
        name = "reply_noted" if noted else "reply_refused"
        return text(name, language, status=status_words(status, language))
    return text("reply_not_understood", language)


def _fail_page_of(session: Session, message_id: str, error: str, now: datetime) -> None:
    """A page's text has its page's id: nobody can answer one that was not delivered."""
    page = dispatches.find_page(session, message_id)
    if page is None or page.state not in LIVE:
        return
    request = dispatches.lock_request(session, page.dispatch_id)
    if request is not None:
        fail_page(session, page, request, error, now)


def _program_of(session: Session, row: OutboxRow) -> str | None:
    if "program_id" in row.payload:
        return str(row.payload["program_id"])
    found = calls.find_call(session, row.call_id or "")
    return None if found is None else found.call.program


def _list_supervisors(session: Session, program_id: str) -> list[Person]:
    everyone = [
        person
        for person in people.list_people(session, program_id)
        if "supervisor" in person.roles and person.is_active and person.phone
    ]
    on_duty = [person for person in everyone if _is_signed_on(session, person.id)]
    return on_duty or everyone


def _is_signed_on(session: Session, person_id: str) -> bool:
    found = presence.find_presence(session, person_id)
    return found is not None and found.signed_on_at is not None


def _notice(subject: str, about: Person | None, reader: Person) -> str:
    language = next(iter(reader.languages), "en")
    if not has_text(subject):
        return text("other", language, subject=subject.replace("_", " "))
    return text(subject, language, person=about.name if about is not None else "somebody")


def _message_id(outbox_id: int, person_id: str) -> str:
    """The same for the same news to the same person, and not to be guessed from outside."""
    return hashlib.sha256(f"{outbox_id} {person_id}".encode()).hexdigest()[:16]


def _sender(paging: Paging, session: Session, message: Message) -> str:
    """The number of ours that a message comes from: its program's caller id."""
    if message.sender or message.program_id is None:
        return message.sender or ""
    version = programs.find_active_version(session, message.program_id)
    if version is None:
        return ""
    published = paging.exchange.programs.get(session, message.program_id, version.version)
    return programs.list_line_numbers(session, message.program_id).get(published.caller_id, "")
