"""Calls callers back: orders of the calls become rows with due-times, rows become calls (IN6, RO5).

One row stands for one caller who is to be reached. Whoever holds its lock begins its next try, so
that two switchboards never ring one caller twice; nothing here needs the broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows import callback
from ivr_flows.call import Call, CallBack, Leg, Offer, OfferState, Place
from ivr_flows.inputs import CallBackBegun, CallBackCancelled
from ivr_flows.outputs import (
    CallBackNow,
    CallBackTried,
    CancelCallBack,
    Command,
    Event,
    PlanCallBack,
    TextCaller,
)
from ivr_flows.program import Program
from ivr_flows.waiting import PRIORITY_AFTER_DROP
from router.logs import get_logger
from router.services import dispatch_moves as moves
from router.services import welfare
from router.services.apply_input import Exchange, apply_input
from router.services.call_back_record import close, note
from router.services.dispatch_moves import Paging
from router.services.engagement import let_go, work_out
from router.services.facts import FactsSource
from router.services.lines import new_call_id
from router.services.load_program import PublishedPrograms
from router.services.message_texts import text
from router.storage import call_backs as stored
from router.storage import calls, claims, outbox, steps
from router.storage import programs as published_programs
from router.storage.call_backs import CALLING, CLOSED, PLANNED, WELFARE, CallBackRow, TryRow
from router.storage.calls import Caller
from router.storage.messages import NewMessage
from router.storage.outbox import OutboxRow
from router.storage.steps import Follows

log = get_logger(__name__)

BATCH = 50
AFTER_ERROR_SECONDS = 10
REQUESTED = "requested"  # the moment of a call-back that a person orders
NO_NUMBER, LEFT_TO_CLINICIAN = "no_number", "left_to_clinician"


def keep_call_backs(paging: Paging) -> int:
    """Take the calls' orders and begin what is due; returns how much was done.

    Needs the database alone. May run in any number of processes at once.
    """
    done = _take_orders(paging)
    while done < BATCH and _begin_next(paging):
        done += 1
    return done


# -- what the calls order --------------------------------------------------------------------------


def _take_orders(paging: Paging) -> int:
    done = 0
    while done < BATCH and _take_order(paging):
        done += 1
    return done


def _take_order(paging: Paging) -> bool:
    """Take the next order, alone in its transaction; False when there is none to take now."""
    row = ended = None
    try:
        with paging.exchange.sessions.begin() as session:
            now = paging.now(session)
            row = next(iter(claims.lock_ready(session, outbox.CALLER, None, now, 1)), None)
            if row is None:
                return False
            found = calls.find_call(session, row.call_id or "")
            command = row.command()
            if found is None:
                outbox.mark_failed(session, row.id, "no such call")
            elif isinstance(command, (CallBackNow, CancelCallBack)) and _awaits_plan(session, row):
                return False
            elif isinstance(command, CancelCallBack):
                ended = _take_cancel(session, row, command, now)
            else:
                _ORDERS[type(command)](paging, session, row, found.call, command, now)
    except Exception:
        if row is None:
            raise
        # One caller's trouble must not keep the others waiting.
        log.exception("order_not_taken", call_id=row.call_id, order=row.name)
        with paging.exchange.sessions.begin() as session:
            outbox.mark_failed(session, row.id, "see the log")
    if ended is not None:
        _stop_ringing(paging.exchange, ended, str(row.payload.get("reason", "")))
    return True


def _awaits_plan(session: Session, row: OutboxRow) -> bool:
    """Whether another process is just writing the call-back that the order is about."""
    return outbox.is_ready(session, row.call_id or "", PlanCallBack.__name__)


def _take_plan(
    paging: Paging,
    session: Session,
    row: OutboxRow,
    call: Call,
    command: PlanCallBack,
    now: datetime,
) -> None:
    plan(session, paging.exchange.programs, call, command, now)
    outbox.mark_done(session, row.id)


def plan(
    session: Session,
    programs: PublishedPrograms,
    call: Call,
    wanted: PlanCallBack,
    now: datetime,
    requested_by: str = "",
) -> str:
    """Write the call-back, and return its id; "" when nobody can be rung for it."""
    program = programs.get(session, call.program, call.program_version).program
    is_transfer = program.lines[call.line].kind == "transfer"
    number = stored.find_callback_number(session, call.id, is_transfer=is_transfer)
    can_ring = number is not None
    due_at = now + timedelta(seconds=wanted.after_seconds)
    # Whose number is not known cannot be rung: where there is a risk, 911 is told at once.
    state = PLANNED if can_ring else WELFARE if wanted.is_risky and not requested_by else CLOSED
    call_back_id = moves.new_id()
    written = stored.insert_call_back(
        session,
        number,
        id=call_back_id,
        program_id=call.program,
        call_id=call.id,
        moment=wanted.moment,
        state=state,
        outcome="" if can_ring else NO_NUMBER,
        is_risky=wanted.is_risky,
        by_choice=wanted.by_choice,
        to_911=wanted.to_911,
        requested_by=requested_by,
        due_at=None if state == CLOSED else due_at,
        created_at=now,
        closed_at=now if state == CLOSED else None,
    )
    if written:
        kind = "call_back_planned" if can_ring else "call_back_impossible"
        note(session, call.id, kind, now, moment=wanted.moment, by=requested_by)
    return call_back_id if written and can_ring else ""


def _take_choice(
    paging: Paging,
    session: Session,
    row: OutboxRow,
    call: Call,
    command: CallBackNow,
    now: datetime,
) -> None:
    known = stored.lock_open(session, call.id)
    if known is None or known.state != PLANNED:
        outbox.mark_void(session, row.id, "nobody can be rung")
        return
    _begin_try(paging, session, known, now, leg_id=command.leg_id)
    outbox.mark_done(session, row.id)


def _take_cancel(
    session: Session, row: OutboxRow, command: CancelCallBack, now: datetime
) -> CallBackRow | None:
    known = (
        stored.lock_call_back(session, command.call_back_id)
        if command.call_back_id
        else stored.lock_open(session, row.call_id or "")
    )
    outbox.mark_done(session, row.id)
    if known is None or known.state == CLOSED:
        return None
    details = {"call": row.call_id or ""} if command.call_back_id else {}
    cancel(session, known, command.reason, now, **details)
    return known


def _take_result(
    paging: Paging,
    session: Session,
    row: OutboxRow,
    call: Call,
    command: CallBackTried,
    now: datetime,
) -> None:
    outbox.mark_done(session, row.id)
    call_back_id = stored.end_try(session, call.id, command.outcome, now)
    known = stored.lock_call_back(session, call_back_id) if call_back_id else None
    if known is None:
        return
    note(session, known.call_id, "call_back_tried", now, call=call.id, outcome=command.outcome)
    if command.outcome == callback.REACHED:
        close(session, known, callback.REACHED, now)
    elif known.state == CALLING and known.ringing_call_id == call.id:
        _go_on(paging, session, known, command.outcome, now)


def _go_on(paging: Paging, session: Session, row: CallBackRow, outcome: str, now: datetime) -> None:
    """A try reached nobody: the next one, or 911, or the end."""
    found = calls.find_call(session, row.call_id)
    tries = (
        (0,) if found is None else _program(paging.exchange, session, found.call).call_back.tries
    )
    is_over = row.tries >= len(tries) or outcome == callback.NOT_THE_CALLER
    if not is_over and row.moment != REQUESTED:
        due_at = now + timedelta(seconds=tries[row.tries])
        stored.change_call_back(session, row.id, state=PLANNED, ringing_call_id=None, due_at=due_at)
    elif row.is_risky:
        values = {"state": WELFARE, "ringing_call_id": None, "due_at": now, "outcome": outcome}
        stored.change_call_back(session, row.id, **values)
        note(session, row.call_id, "welfare_request_begun", now, after=outcome)
        outbox.wake(session)
    else:
        close(session, row, outcome, now)


def _take_text(
    paging: Paging,
    session: Session,
    row: OutboxRow,
    call: Call,
    command: TextCaller,
    now: datetime,
) -> None:
    """One short message, for which the caller has asked; it does not say why they called."""
    outbox.mark_done(session, row.id)
    number = calls.find_caller_number(session, call.id)
    if number is None:
        return
    published = paging.exchange.programs.get(session, call.program, call.program_version)
    line = published_programs.list_line_numbers(session, call.program).get(call.line, "")
    words = {"title": published.program.title, "number": line}
    message = NewMessage(
        id=moves.new_id(),
        program_id=call.program,
        body=text(f"caller_{command.name}", call.language, **words),
        call_id=call.id,
        sender=line or None,
        recipient=number,
    )
    moves.order_message(session, message, now)


Take = Callable[[Paging, Session, OutboxRow, Call, Command, datetime], None]
_ORDERS: Mapping[type, Take] = {
    PlanCallBack: _take_plan,  # type: ignore[dict-item]
    CallBackNow: _take_choice,  # type: ignore[dict-item]
    CallBackTried: _take_result,  # type: ignore[dict-item]
    TextCaller: _take_text,  # type: ignore[dict-item]
}


# -- what is due -----------------------------------------------------------------------------------


def _begin_next(paging: Paging) -> bool:
    row = None
    try:
        with paging.exchange.sessions.begin() as session:
            now = paging.now(session)
            row = stored.lock_due(session, now)
            if row is None:
                return False
            if row.state == WELFARE:
                welfare.advance(paging, session, row, now)
            elif row.by_choice:
                close(session, row, LEFT_TO_CLINICIAN, now)
            else:
                _begin_try(paging, session, row, now)
    except Exception:
        if row is None:
            raise
        # One caller's trouble must not keep the others waiting.
        log.exception("call_back_not_begun", call_id=row.call_id)
        with paging.exchange.sessions.begin() as session:
            due_at = paging.now(session) + timedelta(seconds=AFTER_ERROR_SECONDS)
            stored.change_call_back(session, row.id, due_at=due_at)
    return True


def _begin_try(
    paging: Paging, session: Session, row: CallBackRow, now: datetime, *, leg_id: str = ""
) -> None:
    """Make the call that rings the caller, with the clinician on `leg_id` standing by."""
    exchange = paging.exchange
    locked = calls.lock_call(session, row.call_id)
    found = calls.find_call(session, row.call_id)
    number = stored.find_number(session, row.id)
    if locked is None or found is None or number is None:
        close(session, row, NO_NUMBER, now)
        return
    lost = locked.call
    published = exchange.programs.get(session, lost.program, lost.program_version)
    call = _make_call(row, lost, published.program, now)
    leg = lost.find_leg(leg_id)
    if leg is not None and leg.is_live:
        call = _take_leg_over(session, lost, leg, call, now)
    source = FactsSource(session, published, call, now, programs=exchange.programs)
    step, claimed = work_out(session, call, CallBackBegun(), now, source, exchange.advance)
    step, freed = let_go(session, call, step, claimed, source, now)
    follows = Follows(events=step.events, commands=step.commands, wake=freed)
    caller = Caller(call.id, number)  # a placed leg's sid is not known yet: the id stands for it
    steps.open_call(
        session, step.call, caller, follows, now, incident_id=found.incident_id or lost.id
    )
    tries = row.tries + 1
    first = callback.SAME_CLINICIAN if len(call.legs) > 1 else callback.SYSTEM
    if first == callback.SYSTEM and call.call_back is not None and call.call_back.seek_seconds:
        first = callback.CLINICIAN
    stored.insert_try(session, TryRow(call.id, row.id, tries, first, "", now, None))
    stored.change_call_back(
        session, row.id, state=CALLING, tries=tries, ringing_call_id=call.id, due_at=None
    )
    note(session, lost.id, "call_back_begun", now, call=call.id, by=first)
    log.info("call_back_begun", call_id=lost.id, ringing_call_id=call.id)


def _make_call(row: CallBackRow, lost: Call, program: Program, now: datetime) -> Call:
    kept = row.moment == callback.KEPT_PLACE
    seek_seconds = program.call_back.seek_seconds
    if kept and not row.tries:
        seek_seconds = program.waiting.call_back_within_seconds
    elif row.to_911 or program.call_back.first == callback.SYSTEM:
        seek_seconds = 0
    desk = program.desks.get(lost.kept_desk or lost.desk)
    back = CallBack(lost.id, seek_seconds=seek_seconds, kept_place=kept, to_911=row.to_911)
    return callback.arrive(
        new_call_id(),
        lost,
        back,
        now,
        priority=lost.priority if kept else max(lost.priority, PRIORITY_AFTER_DROP),
        queued_at=lost.queued_at or now,
        desk=desk.name if desk and desk.role == "clinician" else program.clinician_desk,
    )


def _take_leg_over(session: Session, lost: Call, leg: Leg, call: Call, now: datetime) -> Call:
    """The call with the leg of the lost one on which the clinician waits, in one transaction."""
    moved = Leg(
        id=call.next_leg_id(),
        role=leg.role,
        place=Place.FLOW,
        flow=callback.FLOW,
        node=callback.STAND_BY,
        sid=leg.sid,
        person_id=leg.person_id,
    )
    person_id = leg.person_id or ""
    offer = Offer(moved.id, person_id, call.desk, OfferState.ACCEPTED, now, None)
    ended = replace(leg, place=Place.ENDED, due_at=None, moved_to=moved.id)
    after = replace(lost.with_leg(ended), version=lost.version + 1)
    moved_on = Event("leg_moved", leg.id, {"call": call.id})
    steps.save_step(session, lost, after, Follows(events=(moved_on,)), now)
    stored.take_leg_over(session, leg.id, person_id, call.id, now)
    return call.with_leg(moved).with_offer(offer)


def cancel(session: Session, row: CallBackRow, reason: str, now: datetime, **details: str) -> None:
    close(session, row, callback.CANCELLED, now, reason=reason, **details)
    welfare.withdraw(session, row.id, now)


def _stop_ringing(exchange: Exchange, row: CallBackRow, reason: str) -> None:
    if row.state == CALLING and row.ringing_call_id:
        apply_input(exchange, row.ringing_call_id, CallBackCancelled(reason))


def _program(exchange: Exchange, session: Session, call: Call) -> Program:
    return exchange.programs.get(session, call.program, call.program_version).program
