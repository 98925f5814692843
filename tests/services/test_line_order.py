"""RE2: a crowd at the 911 desk, by the real services and a moved clock; soak plays it by phone."""

from __future__ import annotations

import os
import random

from ivr_flows.call import OfferState, Place, Role, Stage
from ivr_flows.inputs import LegStatusChanged, RoomJoined
from router.policy.skip_cost import measure
from router.services.apply_input import apply_input
from router.services.clock import SettableClock
from router.services.offer_waiting import offer_waiting
from router.storage.calls import list_live_calls
from router.storage.queue_visits import list_visits
from tests.services.conftest import EMERGENCY, NOON, Line
from tests.soak.line import list_offered_before_returns

CALLS = int(os.environ.get("SWITCHBACK_LINE", "40"))
TAKERS = ("tess", "theo", "tina")
RETURNS, DECLINES = 0.25, 0.1
ARRIVALS = 0.45  # of all that happens: more than the call takers can keep up with


def hang_up(line: Line, leg_id: str) -> None:
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "completed"))


def arrive(line: Line, chance: random.Random) -> None:
    if chance.random() < RETURNS:
        line.press(f"{line.ring().call_id}-1", "9")
    else:
        line.ring(EMERGENCY)


def something_happens(line: Line, chance: random.Random) -> None:
    """A phone that rings is answered, or declined; or somebody who talks has finished."""
    with line.exchange.sessions() as session:
        live = [row.call for row in list_live_calls(session)]
    ringing = [offer.leg_id for call in live for offer in call.live_offers()]
    talking = [call for call in live if call.stage is Stage.CONNECTED]
    if ringing and (not talking or chance.random() < 0.5):
        leg_id = chance.choice(ringing)
        line.answer(leg_id)
        if chance.random() < DECLINES:
            line.press(leg_id, "2")
            hang_up(line, leg_id)
            return
        line.press(leg_id, "1")
        apply_input(line.exchange, leg_id, RoomJoined(leg_id, line.leg(leg_id).room))
    elif talking:
        call = chance.choice(talking)
        for leg in sorted(call.legs, key=lambda one: one.role is not Role.CALLER):
            if leg.place is not Place.ENDED:
                hang_up(line, leg.id)
    # Phones that were rung beside the one that was answered stop ringing.
    for call in live:
        for offer in line.call(call.id).offers:
            is_over = offer.state in (OfferState.WITHDRAWN, OfferState.NO_ANSWER)
            if is_over and line.leg(offer.leg_id).place is not Place.ENDED:
                hang_up(line, offer.leg_id)


def test_re2_no_held_call_is_ever_offered_before_a_return_that_waits(
    line: Line, clock: SettableClock
) -> None:
    chance = random.Random(5)
    for person in TAKERS:
        line.sign_on(person, "911")
    arrived, idle = 0, 0
    while idle < 5:
        clock.move(chance.uniform(0.2, 2))
        if arrived < CALLS and chance.random() < ARRIVALS:
            arrive(line, chance)
            arrived += 1
        else:
            something_happens(line, chance)
        offer_waiting(line.exchange)
        with line.exchange.sessions() as session:
            idle = 0 if arrived < CALLS or list_live_calls(session) else idle + 1

    with line.exchange.sessions() as session:
        assert list_offered_before_returns(session, "911", NOON) == []
        visits = list_visits(session, "austin", "911", NOON, clock.at)
    cost = measure(visits)
    assert cost.returns + cost.held == CALLS == len(visits)
    assert cost.overtakes > cost.returns > CALLS / 10  # else little was put to the test
    assert cost.mean_return_seconds < cost.mean_held_seconds
