"""Carries out the commands of calls: claimed, checked again, attempted, the result told (Law 7).

The attempt is committed before it is made. An attempt without a recorded result is looked up before
anything else happens; only what is harmless twice is simply done again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ivr_flows.call import Call, Leg, Place, Role
from ivr_flows.inputs import (
    CommandDone,
    CommandFailed,
    CommandUnknown,
    Found,
    Input,
    LegStatusChanged,
    Reconciled,
    SeenInRoom,
)
from ivr_flows.outputs import (
    CarrierCommand,
    CheckLeg,
    EndLeg,
    HoldLeg,
    LookInRoom,
    MuteLeg,
    PlaceLeg,
    RedirectLeg,
    RescueCaller,
    SetEndsRoom,
    Urgency,
)
from ivr_flows.void import find_reason_void
from router.logs import get_logger
from router.services.apply_input import Answer, Exchange, apply_input
from router.services.clock import read_now
from router.services.numbers import StoredNumbers
from router.storage import calls, claims, outbox, people
from router.storage.claims import Claims, Limits
from router.storage.outbox import OutboxRow
from router.telephony.line_reading import Asked
from router.telephony.rest import Done, Failed, PlacedCall, Result, Unknown
from router.telephony.webhook import CALL_STATUSES, Phase

log = get_logger(__name__)

SECOND_READING_SECONDS = 10.0
"""Between two readings of Twilio's state, which lags behind (Law 1)."""

LOOK_AGAIN_SECONDS = 0.4
"""Until a room is looked into again for a leg that was not there: it may have come just now."""

RETRY_SECONDS = 1.0
MOST_ATTEMPTS = 4
URGENT_RETRY_SECONDS = 0.25
MOST_URGENT_ATTEMPTS = 2  # the caller's own leg dials 911 2 s after the order (Law 8)
SID_WAIT_SECONDS = 0.125  # doubled with each attempt: most legs are known within a second
LONGEST_SID_WAIT_SECONDS = 8.0
TELL_ATTEMPTS = 3  # of a second each: what is lost here is found again only by a look-up

SWITCHES = (SetEndsRoom, HoldLeg, MuteLeg)
"""Commands that switch something on or off for a leg in its room."""
REPORTED = (PlaceLeg, *SWITCHES)
"""Commands whose success the call must be told; the others' effect is itself a request of a leg."""


class Carrier(Asked, Protocol):
    """What of the carrier's REST API is used; `router.telephony.rest.Carrier`, or a stand-in."""

    def execute(
        self,
        command: CarrierCommand,
        call: Call,
        *,
        to_e164: str = "",
        from_e164: str = "",
        token: str = "",
    ) -> Result:
        """Carry out one command for a leg of the call."""

    def list_placed(
        self, to_e164: str, from_e164: str, since: datetime, exclude_sids: Collection[str] = ()
    ) -> list[PlacedCall] | Failed | Unknown:
        """Calls placed between two numbers since then, newest first."""

    def check(self, sid: str) -> Result:
        """Ask for a leg's status."""

    def find_dialled(self, sid: str) -> Phase | Failed | Unknown:
        """How far the line is that a leg's own document rings; over where it rings none."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What commands are carried out with. `worker` names the process in the rows it claims.

    `address_is_dead` says that the address we send legs to is known not to answer, and
    `record_is_doubtful` that a fail-safe may ring 911 for callers whom our record has elsewhere.
    `readings` remembers when a look-up first found nothing, by outbox row.
    """

    exchange: Exchange
    carrier: Carrier
    worker: str
    account: str
    calls_per_second: float
    address_is_dead: Callable[[], bool] = lambda: False
    record_is_doubtful: Callable[[], bool] = lambda: False
    readings: dict[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """A claimed row with the call as it stands now."""

    row: OutboxRow
    command: CarrierCommand
    call: Call
    to_e164: str = ""
    from_e164: str = ""

    @property
    def leg(self) -> Leg | None:
        """The leg the command is for."""
        return self.call.find_leg(self.row.leg_id)


def claim_commands(outgoing: Outgoing, urgent: int, others: int) -> Claims:
    """Take up to so many due rows, 911's and the rest, and commit that they are being attempted."""
    limits = Limits(urgent, others, outgoing.account, outgoing.calls_per_second)
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        return claims.claim_commands(session, outgoing.worker, now, limits)


def carry_out(outgoing: Outgoing, row: OutboxRow) -> None:
    """Carry out one claimed command, if the call still wants it, and record what became of it."""
    order = load_order(outgoing, row)
    if order is None:
        return
    why = find_reason_void(order.command, order.call)
    if why:
        drop(outgoing, order, why)
        return
    if isinstance(order.command, EndLeg) and _has_no_sid_yet(outgoing, order):
        return
    if _would_lose_the_caller(outgoing, order):
        record(outgoing, order, Failed("own_address_dead", permanent=False))
        return
    found = _find_failsafe(outgoing, order)
    if found is not None:
        _leave_with_failsafe(outgoing, order, found)
        return
    result = outgoing.carrier.execute(
        order.command,
        order.call,
        to_e164=order.to_e164,
        from_e164=order.from_e164,
        token=str(row.id),
    )
    record(outgoing, order, result)


def _switched_on(command: CarrierCommand) -> bool:
    """What a command that switches something sets it to."""
    if isinstance(command, SetEndsRoom):
        return command.ends_room
    return isinstance(command, (HoldLeg, MuteLeg)) and command.on


def _would_lose_the_caller(outgoing: Outgoing, order: Order) -> bool:
    """Whether the command moves a caller, who may be talking, to where nobody answers.

    Out of a queue, whose own documents come from there too, there is nothing to lose.
    """
    leg = order.leg
    is_caller = leg is not None and leg.role is Role.CALLER
    moves = isinstance(order.command, (RedirectLeg, RescueCaller))
    return is_caller and moves and outgoing.address_is_dead()


_RINGS_911 = {Phase.COMING: Found.DIAL, Phase.LIVE: Found.TALK}


def _find_failsafe(outgoing: Outgoing, order: Order) -> Found | None:
    """How far a fail-safe is that rings 911 for the caller who would be moved; None for none.

    One reading is enough here: a stale one leaves the caller where they are, and never moves them.
    """
    leg = order.leg
    if (
        leg is None
        or not isinstance(order.command, RedirectLeg)
        or leg.role is not Role.CALLER
        or leg.place is Place.DIAL
        or not outgoing.record_is_doubtful()
    ):
        return None
    dialled = outgoing.carrier.find_dialled(leg.sid or "")
    return _RINGS_911.get(dialled) if isinstance(dialled, Phase) else None


def _leave_with_failsafe(outgoing: Outgoing, order: Order, found: Found) -> None:
    """Tell the call that its caller is being connected with 911, or is: they are not moved."""
    row, leg = order.row, order.leg
    log.warning("caller_is_with_failsafe", leg_id=row.leg_id, kind=found)
    if leg is not None:
        _tell(outgoing, order, Reconciled(leg.id, found, leg.place, leg.step))
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_void(session, row.id, "a fail-safe rings 911 for the caller")


def load_order(outgoing: Outgoing, row: OutboxRow) -> Order | None:
    """The order with the numbers it needs; a row of a call that is gone is closed."""
    with outgoing.exchange.sessions.begin() as session:
        found = calls.find_call(session, row.call_id or "")
        if found is None:
            outbox.mark_failed(session, row.id, "no such call")
            return None
        command, call = row.command(), found.call
        if not isinstance(command, CarrierCommand):
            outbox.mark_failed(session, row.id, "not the carrier's")
            return None
        if not isinstance(command, PlaceLeg):
            return Order(row, command, call)
        published = outgoing.exchange.programs.get(session, call.program, call.program_version)
        numbers = StoredNumbers(session, published.caller_id)
        leg = call.find_leg(row.leg_id)
        to_e164 = _find_number(session, numbers, call, leg) if leg is not None else None
        return Order(row, command, call, to_e164 or "", numbers.find_caller_id(call) or "")


def _find_number(session: Session, numbers: StoredNumbers, call: Call, leg: Leg) -> str | None:
    if leg.line_id:
        return numbers.find_line_number(call, leg.line_id)
    if leg.role is Role.CALLER:
        return calls.find_caller_number(session, call.id)
    person = people.find_person(session, leg.person_id or "")
    return None if person is None else person.phone


def _has_no_sid_yet(outgoing: Outgoing, order: Order) -> bool:
    """Whether the leg to end is not known to the carrier; then it is never rung, or ended later."""
    leg = order.leg
    if leg is None or leg.sid:
        return False
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        placing = claims.find_placement(session, leg.id)
        if placing is not None and placing.state == "attempting":
            wait = min(
                SID_WAIT_SECONDS * 2 ** min(order.row.attempts, 10), LONGEST_SID_WAIT_SECONDS
            )
            due_at = now + timedelta(seconds=wait)
            outbox.mark_ready(session, order.row.id, due_at, "its sid is not known yet")
            return True
        if placing is not None and placing.state == "ready":
            outbox.mark_void(session, placing.id, "ended before it was rung")
        outbox.mark_done(session, order.row.id)
    if placing is not None and placing.state == "ready":
        _tell(outgoing, order, LegStatusChanged(leg.id, "canceled"))
    return True


def drop(outgoing: Outgoing, order: Order, why: str) -> None:
    """Cross out a command that is no longer wanted; a leg that will not be rung is over."""
    leg = order.leg
    if isinstance(order.command, PlaceLeg) and leg is not None and leg.place is Place.PLANNED:
        _tell(outgoing, order, LegStatusChanged(leg.id, "canceled"))
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_void(session, order.row.id, why)


def record(outgoing: Outgoing, order: Order, result: Result) -> None:
    """What follows from a result. The call is told first: told twice it does nothing."""
    row, command = order.row, order.command
    if isinstance(result, Unknown):
        log.warning("command_unknown", command=row.name, leg_id=row.leg_id, reason=result.reason)
        if isinstance(command, PlaceLeg):
            # The row stays as attempted and is looked up; the caller must not wait for that.
            _tell(outgoing, order, CommandUnknown(row.name, row.leg_id, result.reason))
        return
    if isinstance(result, Failed):
        _record_failure(outgoing, order, result)
        return
    if isinstance(command, CheckLeg):
        _record_check(outgoing, order, result)
        return
    if isinstance(command, LookInRoom):
        _record_look(outgoing, order, command, result.there)
        return
    if isinstance(command, REPORTED):
        done = CommandDone(row.name, row.leg_id, result.sid, on=_switched_on(command))
        _tell(outgoing, order, done)
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_done(session, row.id)


def _record_failure(outgoing: Outgoing, order: Order, failed: Failed) -> None:
    row = order.row
    is_urgent = row.urgency == Urgency.RETURN_TO_911
    most = MOST_URGENT_ATTEMPTS if is_urgent else MOST_ATTEMPTS
    if not failed.permanent and row.attempts < most:
        wait = URGENT_RETRY_SECONDS if is_urgent else RETRY_SECONDS
        with outgoing.exchange.sessions.begin() as session:
            now = read_now(session, outgoing.exchange.clock)
            outbox.mark_ready(session, row.id, now + timedelta(seconds=wait), failed.code)
        return
    log.warning("command_failed", command=row.name, leg_id=row.leg_id, code=failed.code)
    if isinstance(order.command, CheckLeg) and failed.code == "20404":
        _record_check(outgoing, order, Done(status="completed"))
        return
    failure = CommandFailed(
        row.name,
        row.leg_id,
        failed.code,
        permanent=failed.permanent,
        on=_switched_on(order.command),
    )
    _tell(outgoing, order, failure)
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_failed(session, row.id, failed.code)


def _record_check(outgoing: Outgoing, order: Order, result: Done) -> None:
    """A leg counts as over when two readings ten seconds apart say so (Law 1)."""
    row = order.row
    is_over = CALL_STATUSES.get(result.status) is Phase.OVER
    if is_over and not row.error:
        with outgoing.exchange.sessions.begin() as session:
            now = read_now(session, outgoing.exchange.clock)
            due_at = now + timedelta(seconds=SECOND_READING_SECONDS)
            outbox.mark_ready(session, row.id, due_at, f"first reading: {result.status}")
        return
    if is_over:
        sid = order.leg.sid if order.leg is not None else None
        _tell(outgoing, order, LegStatusChanged(row.leg_id, result.status, sid or ""))
    with outgoing.exchange.sessions.begin() as session:
        outbox.mark_done(session, row.id)


def _record_look(
    outgoing: Outgoing, order: Order, command: LookInRoom, there: Collection[str]
) -> None:
    """Who is in the room has joined it. Who is not is looked for again, while they are awaited."""
    row = order.row
    legs = [leg.id for leg in order.call.legs if leg.sid in there]
    is_there = row.leg_id in legs
    if is_there:
        others = tuple(leg_id for leg_id in legs if leg_id != row.leg_id)
        _tell(outgoing, order, SeenInRoom(row.leg_id, command.room, command.step, others))
    with outgoing.exchange.sessions.begin() as session:
        if is_there or row.attempts >= MOST_ATTEMPTS:
            outbox.mark_done(session, row.id)
        else:
            now = read_now(session, outgoing.exchange.clock)
            due_at = now + timedelta(seconds=LOOK_AGAIN_SECONDS)
            outbox.mark_ready(session, row.id, due_at, "not there")


def tell(exchange: Exchange, call_id: str, news: Input) -> Answer:
    """Apply the news to its call, and again when the call's row was locked for too long."""
    for _ in range(TELL_ATTEMPTS - 1):
        try:
            return apply_input(exchange, call_id, news)
        except OperationalError:
            continue
    return apply_input(exchange, call_id, news)


def _tell(outgoing: Outgoing, order: Order, news: Input) -> None:
    tell(outgoing.exchange, order.call.id, news)
