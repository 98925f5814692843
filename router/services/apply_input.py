"""The one door through which everything that happens to a call passes (Law 5).

Lock, work out, claim, write, commit: one transaction for one input, and one answer for one request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ivr_flows import engine, inputs
from ivr_flows.call import Call, call_id_of
from ivr_flows.inputs import CallArrived, Input
from ivr_flows.outputs import Event, Step
from router.errors import NotFoundError
from router.services.clock import Clock, DatabaseClock
from router.services.engagement import Advance, let_go, note_guard, work_out
from router.services.facts import FactsSource
from router.services.keep_place import take_place_out
from router.services.load_program import Published, PublishedPrograms
from router.services.numbers import StoredNumbers
from router.storage import calls, incidents, steps
from router.storage.calls import Caller
from router.storage.database import Deadline, Sessions, is_lost_connection, within
from router.storage.incidents import KeyedAnswers
from router.storage.receipts import ReceiptKey, find_answer
from router.storage.round_trip import Commit
from router.storage.steps import Follows, save_step
from router.telephony import twiml
from router.telephony.twiml import Numbers
from router.telephony.urls import Urls

Render = Callable[..., str]
_T = TypeVar("_T")

# What we ask a call ourselves; that nothing follows is the usual answer.
QUESTIONS = (inputs.TimePassed, inputs.StaffFreed, inputs.CommandDone, inputs.Reconciled)
NOTHING = Follows()
ARRIVED = "arrived"  # the receipt's action of a call's first request


@dataclass(frozen=True, slots=True)
class Exchange:
    """What calls are worked with: one for each process, made by its wiring."""

    sessions: Sessions
    urls: Urls
    programs: PublishedPrograms = field(default_factory=PublishedPrograms)
    clock: Clock = field(default_factory=DatabaseClock)
    advance: Advance = engine.advance
    render: Render = twiml.render


@dataclass(frozen=True, slots=True)
class Answer:
    """What an input led to.

    `document` is the TwiML for the leg that asked, None where none did. `step` is None when the
    request had been answered before and nothing was done again.
    """

    call_id: str
    document: str | None
    step: Step | None


def apply_input(
    exchange: Exchange,
    call_or_leg_id: str,
    given: Input,
    *,
    receipt: ReceiptKey | None = None,
    deadline: Deadline | None = None,
) -> Answer:
    """Apply what happened to its call, and commit all that follows from it, or nothing.

    `receipt` names the request, so that its repetition is answered alike. Past `deadline` nothing
    is committed and DeadlineExceededError is raised; without one, the database's own time-outs
    hold. Raises NotFoundError for a call nobody knows, and for a request of a leg nobody knows.
    """
    call_id = call_id_of(call_or_leg_id) or call_or_leg_id
    return try_twice(lambda: _apply(exchange, call_id, given, receipt, deadline), deadline)


def _apply(
    exchange: Exchange,
    call_id: str,
    given: Input,
    receipt: ReceiptKey | None,
    deadline: Deadline | None,
) -> Answer:
    with within(deadline), exchange.sessions() as session:
        locked = calls.lock_call(session, call_id)
        if locked is None:
            raise NotFoundError(f"there is no call {call_id}")
        commit = commit_within(deadline, locked.database_now)
        before, now = locked.call, exchange.clock.now(locked.database_now)
        _check_leg(before, given)
        published = exchange.programs.get(session, before.program, before.program_version)
        source = FactsSource(session, published, before, now, programs=exchange.programs)
        step, claimed = work_out(session, before, given, now, source, exchange.advance)
        document = _document(exchange, session, published, given, step)
        step, freed = let_go(session, before, step, claimed, source, now)
        step = note_guard(step, before, source, now)
        step = _settle_ignored(step, before, given)
        step, place = take_place_out(step, published.policy)
        follows = Follows(
            events=step.events,
            commands=step.commands,
            receipt=receipt,
            answer=document or "",
            keyed=_find_keyed(session, before, step.call),
            wake=freed,
        )
        _record_disposition(session, before, step.call, given)
        if place:
            incidents.note_location(session, _find_incident_id(session, before, step.call), place)
        if step.call is before and follows == NOTHING:
            session.commit()
        elif not save_step(session, before, step.call, follows, now, commit=commit):
            # Answered before: what was worked out now is dropped, the claims with it.
            session.rollback()
            return _answered_before(session, call_id, receipt)
    return Answer(call_id, document, step)


def _answered_before(session: Session, call_id: str, receipt: ReceiptKey | None) -> Answer:
    document = None if receipt is None else find_answer(session, receipt)
    return Answer(call_id, document or None, None)


def open_call(
    exchange: Exchange,
    session: Session,
    call: Call,
    published: Published,
    *,
    caller: Caller,
    commit: Commit,
) -> Answer | None:
    """Write a call that has just arrived, with its first answer, and commit.

    None, and nothing written, when the same call was opened by another request.
    """
    given = CallArrived(call.caller.id)
    now = call.opened_at
    source = FactsSource(
        session, published, call, now, caller_number=caller.number, programs=exchange.programs
    )
    step, claimed = work_out(session, call, given, now, source, exchange.advance)
    document = _document(exchange, session, published, given, step)
    step, freed = let_go(session, call, step, claimed, source, now)
    follows = Follows(
        events=step.events,
        commands=step.commands,
        receipt=ReceiptKey(call.caller.id, ARRIVED),
        answer=document or "",
        wake=freed,
    )
    if not steps.open_call(session, step.call, caller, follows, now, commit=commit):
        session.rollback()
        return None
    return Answer(call.id, document, step)


def commit_within(deadline: Deadline | None, database_now: datetime) -> Commit:
    """A commit not later than the deadline; the database's clock has just shown `database_now`."""
    return Commit() if deadline is None else Commit(by=deadline.on_clock(database_now))


def _check_leg(call: Call, given: Input) -> None:
    leg_id = getattr(given, "leg_id", "")
    if leg_id and isinstance(given, inputs.ASKING) and call.find_leg(leg_id) is None:
        raise NotFoundError(f"call {call.id} has no such leg")


def _document(
    exchange: Exchange, session: Session, published: Published, given: Input, step: Step
) -> str | None:
    leg = step.call.find_leg(getattr(given, "leg_id", ""))
    if leg is None or not isinstance(given, inputs.ASKING):
        return None
    numbers: Numbers = StoredNumbers(session, published.caller_id)
    return exchange.render(step.instructions, step.call, leg, exchange.urls, numbers)


def _find_keyed(session: Session, before: Call, after: Call) -> KeyedAnswers | None:
    """What the input told of the incident, for its record; None when it told nothing."""
    names = ("incident_number", "call_type", "caller_party")
    told = [after.answers.get(name, "") for name in names]
    just_announced = after.announced is not None and after.announced != before.announced
    if just_announced or told == [before.answers.get(name, "") for name in names] or not any(told):
        return None
    return KeyedAnswers(_find_incident_id(session, before, after), *told)


def _record_disposition(session: Session, before: Call, after: Call, given: Input) -> None:
    """Keep how the call ended, where people look it up."""
    if after.disposition and after.disposition != before.disposition:
        leg = after.find_leg(getattr(given, "leg_id", ""))
        by_leg = leg.person_id if leg is not None else None
        recorded_by = getattr(given, "person_id", "") or by_leg or ""
        calls.insert_disposition(session, after.id, after.disposition, recorded_by)


def _find_incident_id(session: Session, before: Call, after: Call) -> str:
    """The call's own incident, which has its id, or the one that 911 has told us of before."""
    if after.announced is not None and after.announced.is_taken:
        return after.announced.id
    number = after.answers.get("incident_number", "")
    known = incidents.find_by_number(session, after.program, number) if number else None
    if known is None or known.id == after.id:
        return after.id
    if number != before.answers.get("incident_number"):
        calls.set_incident(session, after.id, known.id)
    return known.id


def _settle_ignored(step: Step, before: Call, given: Input) -> Step:
    """The step, with a line for an input that changed nothing; our own questions leave none."""
    if not step.ignored:
        return step
    unchanged = replace(step.call, version=before.version) == before
    call = before if unchanged else step.call
    if isinstance(given, QUESTIONS):
        return replace(step, call=call)
    details = {"input": type(given).__name__, "why": step.ignored}
    line = Event("ignored", getattr(given, "leg_id", ""), details)
    return replace(step, call=call, events=(*step.events, line))


def try_twice(work: Callable[[], _T], deadline: Deadline | None) -> _T:
    """Run `work`, and once more when its connection turns out to be dead.

    After a restart of the database every pooled connection is; the first to find out has the pool
    emptied. Receipts and the flows themselves make a second run harmless.
    """
    try:
        return work()
    except OperationalError as error:
        if not is_lost_connection(error) or (deadline and deadline.remaining_seconds() <= 0):
            raise
    return work()
