"""Many calls, few people, inputs from every side at once: claims and calls never disagree (RO4)."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from ivr_flows.call import Call, Leg, Place, Role, Stage
from ivr_flows.inputs import (
    Input,
    Keyed,
    LegAnswered,
    LegStatusChanged,
    RoomJoined,
    TimePassed,
    WaitTicked,
)
from router.services.apply_input import apply_input
from router.services.offer_waiting import offer_waiting
from router.storage.calls import list_live_calls
from tests.services.conftest import EMERGENCY, SCREENED, Line

THREADS, CALLS, TURNS = 4, 6, 40
DESKS = {"ada": "clinicians", "ben": "clinicians", "tom": "911", "uma": "911"}


def what_may_happen(chance: random.Random, call: Call) -> Input:
    """Something that the carrier might say of the call now, or just have said."""
    staff = [leg for leg in call.legs if leg.role is not Role.CALLER and leg.is_live]
    leg: Leg = chance.choice(staff) if staff and chance.random() < 0.8 else call.caller
    if chance.random() < 0.12:
        return LegStatusChanged(leg.id, "completed")
    if leg.place in (Place.PLANNED, Place.RINGING):
        missed = chance.random() < 0.1
        return LegStatusChanged(leg.id, "no-answer") if missed else LegAnswered(leg.id)
    if leg.place is Place.FLOW:
        return Keyed(leg.id, leg.step, chance.choice("1112"))
    if leg.place is Place.JOINING and leg.role is not Role.CALLER:
        return RoomJoined(leg.id, leg.room)
    if leg.place is Place.QUEUE:
        return WaitTicked(leg.id)
    return TimePassed()


def a_caller(line: Line, number: int) -> str:
    """A call that needs a clinician after one more key, or a call taker at once; its id."""
    if number % 2:
        return line.ring(EMERGENCY).call_id
    call_id = line.ring().call_id
    for digits in SCREENED[:-1]:
        line.press(f"{call_id}-1", digits)
    return call_id


def test_ro4_claims_and_calls_agree_whatever_happens_at_once(line: Line) -> None:
    for person_id, desk in DESKS.items():
        line.sign_on(person_id, desk)
    open_ids = [a_caller(line, number) for number in range(CALLS)]
    known_ids = set(open_ids)
    seen: Counter[str] = Counter()

    def live(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(TURNS):
            place = chance.randrange(CALLS)
            call = line.call(open_ids[place])
            if call.stage is Stage.CLOSED:
                open_ids[place] = a_caller(line, place)
                known_ids.add(open_ids[place])
                continue
            if chance.random() < 0.1:
                line.clock.move(4)
                offer_waiting(line.exchange)
            answer = apply_input(line.exchange, call.id, what_may_happen(chance, call))
            if answer.step is not None:
                seen.update(event.kind for event in answer.step.events)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(live, range(THREADS)))

    assert seen["offer_answered"] >= 3  # else little was put to the test
    calls = [line.call(call_id) for call_id in known_ids]
    engaged = [(person, call.id) for call in calls for person in call.engaged_people()]
    assert len({person for person, _ in engaged}) == len(engaged)  # nobody has two calls
    assert {person: call for person, call in line.claims().items() if call} == dict(engaged)
    with line.exchange.sessions() as session:
        live_ids = {row.call.id for row in list_live_calls(session)}
    assert live_ids == {call.id for call in calls if call.stage is not Stage.CLOSED}
