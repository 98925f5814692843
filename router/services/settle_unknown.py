"""Settles attempts without a recorded result: a process died, or the carrier's answer was lost.

A placed call is looked up, in our own record and at the carrier; it is placed again only when two
readings ten seconds apart know nothing of it. A 911 leg is never placed again here: by then the
flow has rung 911 anew or had the caller's own leg dial (Laws 7 and 8), so this only closes the
record. What does no harm twice is done again if the call still wants it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto

from ivr_flows.call import Role
from ivr_flows.outputs import Announce, PlaceLeg
from ivr_flows.void import find_reason_void
from router.logs import get_logger
from router.services import carry_out as commands
from router.services.carry_out import SECOND_READING_SECONDS, Order, Outgoing
from router.services.clock import read_now
from router.storage import claims
from router.storage.outbox import OutboxRow
from router.telephony.rest import Done, Failed

log = get_logger(__name__)

STALE_SECONDS = 5.0  # a request takes 4 s at most: one without a result by then is unknown
MOST_ATTEMPTS = 4
CLOCK_SLACK = timedelta(seconds=5)  # the carrier's clock may be behind ours


def list_stale(outgoing: Outgoing) -> list[OutboxRow]:
    """Attempts that should have had a result by now, 911's first."""
    with outgoing.exchange.sessions() as session:
        now = read_now(session, outgoing.exchange.clock)
        stale = claims.list_stale(session, now - timedelta(seconds=STALE_SECONDS))
    known = {row.id for row in stale}
    for row_id in [row_id for row_id in outgoing.readings if row_id not in known]:
        outgoing.readings.pop(row_id, None)
    return stale


class Look(Enum):
    """What a look-up says of a call that it did not find."""

    NOT_SEEN_YET = auto()
    NOT_PLACED = auto()  # two readings, ten seconds apart


def look_up(outgoing: Outgoing, row: OutboxRow, to_e164: str, from_e164: str) -> str | Look:
    """The sid of the call that a stale attempt placed, or what is known of it."""
    since = (row.attempted_at or row.due_at) - CLOCK_SLACK
    placed = outgoing.carrier.list_placed(to_e164, from_e164, since)
    if not isinstance(placed, list):
        return Look.NOT_SEEN_YET
    with outgoing.exchange.sessions() as session:
        now = read_now(session, outgoing.exchange.clock)
        ours = claims.list_known_sids(session, [one.sid for one in placed])
    # A younger one may belong to another attempt at the same number whose answer is on its way.
    settled_at = now - timedelta(seconds=STALE_SECONDS)
    strays = [one for one in placed if one.sid not in ours and one.created_at <= settled_at]
    if strays:
        return strays[-1].sid  # the first one placed since
    first = outgoing.readings.setdefault(row.id, now)
    if now - first < timedelta(seconds=SECOND_READING_SECONDS):
        return Look.NOT_SEEN_YET
    outgoing.readings.pop(row.id, None)
    return Look.NOT_PLACED


def settle(outgoing: Outgoing, row: OutboxRow) -> str:
    """Find out about one stale attempt of a call's command: `done`, `again`, `void`, `waiting`.

    Several processes may try: whoever begins the attempt anew holds the row.
    """
    order = commands.load_order(outgoing, row)
    if order is None:
        return "void"
    if isinstance(order.command, PlaceLeg):
        return _settle_placement(outgoing, order)
    why = find_reason_void(order.command, order.call)
    if not why and isinstance(order.command, Announce):
        why = "may have been spoken"
    if why:
        commands.drop(outgoing, order, why)
        return "void"
    if row.attempts >= MOST_ATTEMPTS:
        commands.record(outgoing, order, Failed("never_answered", permanent=True))
        return "void"
    return _again(outgoing, order)


def _settle_placement(outgoing: Outgoing, order: Order) -> str:
    leg = order.leg
    if leg is None:
        commands.drop(outgoing, order, "no such leg")
        return "void"
    if leg.sid:
        return _found(outgoing, order, leg.sid)
    look = look_up(outgoing, order.row, order.to_e164, order.from_e164)
    if isinstance(look, str):
        return _found(outgoing, order, look)
    return _not_found(outgoing, order) if look is Look.NOT_PLACED else "waiting"


def _found(outgoing: Outgoing, order: Order, sid: str) -> str:
    log.info("command_found", leg_id=order.row.leg_id)
    commands.record(outgoing, order, Done(sid))
    return "done"


def _not_found(outgoing: Outgoing, order: Order) -> str:
    """Two readings know nothing of the call: it was never placed."""
    leg = order.leg
    why = find_reason_void(order.command, order.call)
    if not why and leg is not None and leg.role is Role.PSAP:
        why = "911 was rung by other means"
    if not why and order.row.attempts >= MOST_ATTEMPTS:
        why = "never answered"
    if why:
        commands.drop(outgoing, order, why)
        return "void"
    return _again(outgoing, order)


def _again(outgoing: Outgoing, order: Order) -> str:
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        row = claims.reclaim(session, order.row, outgoing.worker, now)
    if row is None:
        return "waiting"
    log.warning("command_again", command=row.name, leg_id=row.leg_id)
    commands.carry_out(outgoing, row)
    return "again"
