"""IN3: announced incidents, their codes, and the one call that each is for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, product
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ivr_flows.call import Stage
from ivr_flows.inputs import Keyed
from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.services.announce import ALL_CODES, Announced, Announcing, announce_incident, new_code
from router.services.apply_input import apply_input
from router.services.lines import receive_call
from router.storage.announcements import use_announcement
from router.storage.calls import find_call
from router.storage.incidents import find_incident
from router.storage.tables import announcements
from router.telephony.webhook import Arrival
from tests.services.conftest import TRANSFER, Line, counting
from tests.services.test_statement_counts import MOST

CALLER, TRUNK = "+15125550199", "+15125550177"
CLEAR = dict.fromkeys(
    ("weapon", "violence", "crime", "medical", "imminent_risk", "asked_police", "from_988"), "no"
)
PANIC = Announcing(
    number="P26-4711",
    call_type="mental_health",
    caller_party="first",
    location="100 Example St",
    note="Panic attack, alone at home.",
    answers=CLEAR,
)


def tell(line: Line, given: Announcing = PANIC) -> Announced:
    return announce_incident(line.exchange.sessions, given, announced_by="cad", clock=line.clock)


def incident_of(line: Line, call_id: str) -> str | None:
    with line.exchange.sessions() as session:
        found = find_call(session, call_id)
    assert found is not None
    return found.incident_id


def test_in3_a_repeated_post_updates_and_keeps_the_code(line: Line) -> None:
    first = tell(line)
    again = tell(line, replace(PANIC, location="200 Example St", note=""))
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.code, again.incident_id) == (first.code, first.incident_id)
    with line.exchange.sessions() as session:
        incident = find_incident(session, first.incident_id)
        row = session.execute(select(announcements)).one()
    assert incident is not None
    assert (incident.number, incident.location) == ("P26-4711", "200 Example St")
    assert row.answers == {**CLEAR, "call_type": "mental_health", "caller_party": "first"}


@pytest.mark.parametrize(
    ("place", "is_in"),
    [
        ({"position": (-97.74, 30.27)}, "yes"),  # the middle of Austin
        ({"position": (-95.37, 29.76)}, "no"),  # Houston
        ({"zip": "78701"}, "yes"),
        ({"zip": "77002"}, "no"),
        ({"location": "somewhere"}, None),
    ],
)
def test_in3_el2_the_place_that_911_tells_is_held_against_the_area(
    line: Line, place: dict[str, Any], is_in: str | None
) -> None:
    line.sign_on("ada")
    tell(line, replace(PANIC, trunk=CALLER, **place))
    call_id = line.ring(TRANSFER).call_id
    line.press(f"{call_id}-1", "")  # it is read back, and silence goes on
    decided = line.call(call_id)
    assert decided.answers.get("area_county") == is_in
    assert decided.decision
    assert (decided.reason == "outside_area") is (is_in == "no")


def test_in3_the_same_incident_posted_twice_at_once_has_one_code(line: Line) -> None:
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: tell(line), range(2)))
    assert len({(one.code, one.incident_id) for one in told}) == 1
    assert sorted(one.is_new for one in told) == [False, True]


def test_in3_one_wrong_key_or_two_changed_over_never_make_another_code() -> None:
    assert len(ALL_CODES) == 7**4
    for code in Random(1).sample(sorted(ALL_CODES), 50):
        for place, key in product(range(5), "1234567"):
            assert (code[:place] + key + code[place + 1 :] in ALL_CODES) == (key == code[place])
        for one, two in combinations(range(5), 2):
            keys = list(code)
            keys[one], keys[two] = keys[two], keys[one]
            assert ("".join(keys) in ALL_CODES) == (code[one] == code[two])


def test_in3_no_two_incidents_share_a_code() -> None:
    left = min(ALL_CODES)
    assert new_code(ALL_CODES - {left}) == left
    with pytest.raises(ConflictError, match="Every transfer code is in use"):
        new_code(ALL_CODES)


def test_in3_a_call_from_the_announced_number_goes_on_without_a_key(
    line: Line, own_engine: Engine
) -> None:
    line.sign_on("ada")
    line.ring(TRANSFER)
    told = tell(line, replace(PANIC, callback_number=CALLER))
    with counting(own_engine) as arrived:
        answer = line.ring(TRANSFER)
    assert "Incident P, 2, 6, -, 4, 7, 1, 1" in (answer.document or "")
    leg_id = f"{answer.call_id}-1"
    given = Keyed(leg_id, line.leg(leg_id).step, "")
    with counting(own_engine) as matched:
        apply_input(line.exchange, leg_id, given)
    call = line.call(answer.call_id)
    assert call.stage is Stage.WAITING
    assert call.offers
    assert incident_of(line, call.id) == told.incident_id
    assert len(arrived) <= MOST
    assert len(matched) <= MOST


def test_in3_a_code_works_once_and_for_its_time(line: Line) -> None:
    told, other = tell(line), tell(line, replace(PANIC, number="4712"))
    assert told.code is not None
    first, second, third = (line.ring(TRANSFER).call_id for _ in range(3))
    for digits in (told.code, ""):
        line.press(f"{first}-1", digits)
    answer = line.press(f"{second}-1", told.code)
    assert "That code is not known" in (answer.document or "")
    line.clock.move(1801)
    assert other.code is not None
    answer = line.press(f"{third}-1", other.code)
    assert "That code is not known" in (answer.document or "")
    assert incident_of(line, first) == told.incident_id
    used = tell(line)
    assert (used.code, used.call_id) == (None, first)
    fresh = tell(line, replace(PANIC, wants_new_code=True))
    assert fresh.code is not None
    assert fresh.call_id is None


def test_in3_two_calls_that_key_one_code_at_once_get_one_incident(line: Line) -> None:
    """Two real connections: one conditional update decides, the other call is asked."""
    told = tell(line, replace(PANIC, trunk=TRUNK))
    calls = [
        receive_call(line.exchange, Arrival(f"CA{number:032}", TRANSFER, TRUNK)).call_id
        for number in (71, 72)
    ]
    together = threading.Barrier(2)

    def take(call_id: str) -> str:
        leg_id = f"{call_id}-1"
        given = Keyed(leg_id, line.leg(leg_id).step, "")
        together.wait()
        return apply_input(line.exchange, leg_id, given).document or ""

    with ThreadPoolExecutor(2) as pool:
        documents = list(pool.map(take, calls))
    assert sum("gone to another call" in one for one in documents) == 1
    linked = [incident_of(line, call_id) == told.incident_id for call_id in calls]
    assert sorted(linked) == [False, True]


def test_in3_an_announcement_is_used_by_one_of_two_transactions(line: Line) -> None:
    told = tell(line)
    one, two = line.ring(TRANSFER).call_id, line.ring(TRANSFER).call_id
    sessions = line.exchange.sessions
    with sessions() as first, ThreadPoolExecutor(1) as pool:
        assert use_announcement(first, told.incident_id, one, line.clock.at)

        def rival() -> bool:
            with sessions.begin() as second:
                return use_announcement(second, told.incident_id, two, line.clock.at)

        waits = pool.submit(rival)
        first.commit()
        assert not waits.result()


@pytest.mark.parametrize(("told", "known"), [("edp", "mental_health"), ("noise", None)])
def test_in3_a_call_type_is_ours_by_the_programs_table_or_is_asked_for(
    line: Line, told: str, known: str | None
) -> None:
    tell(line, replace(PANIC, call_type=told, callback_number=CALLER))
    answer = line.ring(TRANSFER)
    line.press(f"{answer.call_id}-1", "")
    assert line.call(answer.call_id).answers.get("call_type") == known
    assert (line.leg(f"{answer.call_id}-1").node == "call_type") == (known is None)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (replace(PANIC, callback_number="911911"), InvalidInputError, "callback_number"),
        (replace(PANIC, trunk="none"), InvalidInputError, "trunk"),
        (replace(PANIC, program_id="nowhere"), NotFoundError, "nowhere"),
    ],
)
def test_in3_what_is_wrong_is_named(
    line: Line, given: Announcing, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        tell(line, given)


def test_re3_in3_the_announcement_may_name_the_911_centre(line: Line) -> None:
    told = tell(line, replace(PANIC, psap="austin"))
    with line.exchange.sessions() as session:
        row = session.execute(select(announcements)).one()
    assert told.code
    assert row.answers["psap"] == "austin"
    with pytest.raises(InvalidInputError, match="no 911 centre here; there are austin"):
        tell(line, replace(PANIC, psap="dallas"))
