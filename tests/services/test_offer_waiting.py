"""Free people go to the calls that wait, the first in line first; nobody is passed over in vain."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, select, text

from ivr_flows.call import Stage
from ivr_flows.inputs import LegStatusChanged, ReturnRequested, RoomJoined
from router.services.apply_input import apply_input
from router.services.clock import SettableClock
from router.services.facts import FactsSource
from router.services.offer_waiting import offer_waiting
from router.storage import presence
from router.storage.tables import queue_visits
from router.storage.timeline import list_timeline
from tests.services.conftest import EMERGENCY, Line


def held_calls(line: Line, clock: SettableClock, number: int) -> list[str]:
    """911 calls that wait for a call taker, a second apart."""
    held = []
    for _ in range(number):
        held.append(line.ring(EMERGENCY).call_id)
        clock.move(1)
    assert all(line.call(call_id).stage is Stage.WAITING for call_id in held)
    return held


def rung(line: Line, call_ids: list[str]) -> dict[str, str]:
    """Which of the calls ring whom."""
    found = {}
    for call_id in call_ids:
        for offer in line.call(call_id).live_offers():
            found[call_id] = offer.person_id
    return found


def test_ro2_whoever_signs_on_is_offered_to_the_first_in_line(
    line: Line, clock: SettableClock
) -> None:
    held = held_calls(line, clock, 3)
    assert offer_waiting(line.exchange) == []
    line.sign_on("tom", "911")

    assert offer_waiting(line.exchange) == [held[0]]

    assert rung(line, held) == {held[0]: "tom"}
    assert offer_waiting(line.exchange) == []


def test_ro2_as_many_calls_are_offered_as_people_are_free(line: Line, clock: SettableClock) -> None:
    held = held_calls(line, clock, 3)
    line.sign_on("tom", "911")
    line.sign_on("uma", "911")

    assert offer_waiting(line.exchange, "austin", "911") == held[:2]

    assert set(rung(line, held)) == set(held[:2])
    assert set(rung(line, held).values()) == {"tom", "uma"}


def test_ro2_a_new_call_does_not_take_the_person_that_the_call_ahead_needs(
    line: Line, clock: SettableClock
) -> None:
    held = held_calls(line, clock, 1)
    line.sign_on("tom", "911")  # and the sweep has not looked yet

    newcomer = line.ring(EMERGENCY).call_id

    assert rung(line, [*held, newcomer]) == {}
    assert offer_waiting(line.exchange) == held
    assert rung(line, [*held, newcomer]) == {held[0]: "tom"}


def test_ro2_a_call_whose_people_all_declined_does_not_block_the_one_behind(
    line: Line, clock: SettableClock
) -> None:
    line.sign_on("tom", "911")
    first = line.ring(EMERGENCY).call_id
    leg_id = f"{first}-2"
    line.answer(leg_id)
    line.press(leg_id, "2")
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "completed"))
    clock.move(1)
    second = line.ring(EMERGENCY).call_id

    assert rung(line, [first, second]) == {second: "tom"}


def test_re2_a_returned_call_is_offered_ahead_of_every_held_call(
    line: Line, clock: SettableClock
) -> None:
    line.sign_on("tom", "911")
    busy = line.ring(EMERGENCY).call_id
    held = held_calls(line, clock, 11)
    returned = line.ring().call_id
    line.press(f"{returned}-1", "9")
    assert line.call(returned).stage is Stage.RETURNING
    assert rung(line, [busy, *held, returned]) == {busy: "tom"}

    apply_input(line.exchange, busy, LegStatusChanged(f"{busy}-1", "completed"))
    apply_input(line.exchange, busy, LegStatusChanged(f"{busy}-2", "completed"))
    offer_waiting(line.exchange)

    assert rung(line, [*held, returned]) == {returned: "tom"}


def test_re2_a_clinician_who_stays_bridged_does_not_answer_for_911(
    line: Line, clock: SettableClock
) -> None:
    """RE4: the clinician's own acceptance must not make the call look taken at the 911 desk."""
    line.sign_on("ana", "clinicians")
    line.sign_on("tom", "911")
    busy = line.ring(EMERGENCY).call_id
    held = held_calls(line, clock, 2)
    returned = line.ring_and_screen()
    ana = f"{returned}-2"
    line.answer(ana)
    line.press(ana, "1")
    apply_input(line.exchange, ana, RoomJoined(ana, 1))
    apply_input(line.exchange, returned, ReturnRequested("ana", "weapon_or_violence"))
    assert line.call(returned).stage is Stage.RETURNING

    apply_input(line.exchange, busy, LegStatusChanged(f"{busy}-1", "completed"))
    apply_input(line.exchange, busy, LegStatusChanged(f"{busy}-2", "completed"))
    offer_waiting(line.exchange)

    assert rung(line, [*held, returned]) == {returned: "tom"}


def test_re2_a_return_takes_a_free_person_though_others_are_held(
    line: Line, clock: SettableClock
) -> None:
    """The input that puts the call in line is the one that looks for somebody."""
    held = held_calls(line, clock, 2)
    line.sign_on("tom", "911")
    returned = line.ring().call_id

    line.press(f"{returned}-1", "9")

    assert rung(line, [*held, returned]) == {returned: "tom"}


def test_re2_a_return_rings_all_who_are_free_and_a_held_call_gets_none_of_them(
    line: Line, clock: SettableClock
) -> None:
    held = held_calls(line, clock, 2)
    for person in ("tom", "uma", "vic"):
        line.sign_on(person, "911")
    returned = line.ring().call_id
    line.press(f"{returned}-1", "9")

    people = {offer.person_id for offer in line.call(returned).live_offers()}
    assert people == {"tom", "uma", "vic"}
    assert rung(line, held) == {}


def test_re2_whoever_becomes_free_while_a_return_rings_is_rung_for_it_too(
    line: Line, clock: SettableClock
) -> None:
    held = held_calls(line, clock, 1)
    line.sign_on("tom", "911")
    returned = line.ring().call_id
    line.press(f"{returned}-1", "9")
    line.sign_on("uma", "911")

    newcomer = line.ring(EMERGENCY).call_id
    assert offer_waiting(line.exchange) == [returned]

    people = {offer.person_id for offer in line.call(returned).live_offers()}
    assert people == {"tom", "uma"}
    assert rung(line, [*held, newcomer]) == {}


def test_re2_whoever_joins_the_queue_waits_behind_the_held_calls_and_rings_one_person(
    line: Line, clock: SettableClock
) -> None:
    line.sign_on("ana", "clinicians")
    held = held_calls(line, clock, 1)
    joined = line.ring_and_screen()
    ana = f"{joined}-2"
    line.answer(ana)
    line.press(ana, "1")
    apply_input(line.exchange, ana, RoomJoined(ana, 1))
    apply_input(line.exchange, joined, ReturnRequested("ana", "other", skip=False))
    line.sign_on("tom", "911")
    assert offer_waiting(line.exchange) == held
    line.sign_on("uma", "911")
    line.sign_on("vic", "911")
    assert offer_waiting(line.exchange) == [joined]
    people = {offer.person_id for offer in line.call(joined).live_offers()}
    assert len(people) == 1


def test_re2_a_held_call_that_gave_way_often_goes_before_the_next_return(
    line_on: Callable[[Engine], Line], own_engine: Engine, clock: SettableClock
) -> None:
    """The guard acts once for a return, says so on the timeline, and the returns go on after it."""
    line = line_on(own_engine)
    with own_engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE program_versions SET document = jsonb_set(document, '{returns}', "
                """'{"guard_wait_seconds": 60, "guard_overtaken": 1}')"""
            )
        )
    line.sign_on("tom", "911")
    held = held_calls(line, clock, 3)  # tom is offered the first
    first, old, young = held
    taken_by(line, first, "tom")
    clock.move(50)
    overtaking = returns(line)
    finish(line, first)
    offer_waiting(line.exchange)
    taken_by(line, overtaking, "tom")
    clock.move(20)
    back = returns(line)
    finish(line, overtaking)

    assert offer_waiting(line.exchange) == [old]
    assert rung(line, [old, young, back]) == {old: "tom"}
    with line.exchange.sessions() as session:
        kinds = [one.kind for one in list_timeline(session, old)]
    assert "starvation_guard" in kinds
    taken_by(line, old, "tom")
    finish(line, old)
    assert offer_waiting(line.exchange) == [back]  # though the young one gave way as well


def returns(line: Line) -> str:
    """A caller who goes back to 911 ahead of the others; the call's id."""
    call_id = line.ring().call_id
    line.press(f"{call_id}-1", "9")
    return call_id


def taken_by(line: Line, call_id: str, person: str) -> None:
    """The person rung answers, accepts, and comes into the room."""
    [offer] = line.call(call_id).live_offers()
    assert offer.person_id == person
    line.answer(offer.leg_id)
    line.press(offer.leg_id, "1")
    room = line.leg(offer.leg_id).room
    apply_input(line.exchange, offer.leg_id, RoomJoined(offer.leg_id, room))


def finish(line: Line, call_id: str) -> None:
    """Everybody on the call hangs up."""
    for leg in line.call(call_id).legs:
        apply_input(line.exchange, leg.id, LegStatusChanged(leg.id, "completed"))


def test_re2_every_wait_in_line_is_kept_with_what_overtook_it(
    line: Line, clock: SettableClock
) -> None:
    line.sign_on("tom", "911")
    [first, old, gone] = held_calls(line, clock, 3)
    taken_by(line, first, "tom")
    clock.move(10)
    back = returns(line)
    finish(line, first)
    offer_waiting(line.exchange)
    taken_by(line, back, "tom")
    finish(line, gone)
    finish(line, back)
    offer_waiting(line.exchange)
    clock.move(5)
    taken_by(line, old, "tom")

    with line.exchange.sessions() as session:
        rows = session.execute(
            select(queue_visits).where(queue_visits.c.desk == "911").order_by("queued_at")
        ).all()
    assert [(row.call_id, row.is_served, row.overtaken) for row in rows] == [
        (first, True, 0),
        (old, True, 1),
        (gone, False, 1),
        (back, True, 0),
    ]
    waits = [(row.left_at - row.queued_at).total_seconds() for row in rows]
    assert waits == [3, 17, 11, 0]


def test_ro5_a_waiting_caller_is_told_their_true_place(line: Line, clock: SettableClock) -> None:
    held = held_calls(line, clock, 3)
    places = []
    with line.exchange.sessions() as session:
        for call_id in held:
            call = line.call(call_id)
            published = line.exchange.programs.get(session, call.program, call.program_version)
            source = FactsSource(session, published, call, clock.at)
            source.fetch("queue")
            places.append(source.facts("en").place_in_queue().position)

    assert places == [1, 2, 3]


def test_ro7_a_claim_that_no_call_accounts_for_is_healed(line: Line, clock: SettableClock) -> None:
    line.sign_on("tom", "911")
    line.sign_on("uma", "911")
    call_id = line.ring(EMERGENCY).call_id
    (engaged,) = rung(line, [call_id]).values()
    stray = "uma" if engaged == "tom" else "tom"
    with line.exchange.sessions.begin() as session:
        assert presence.claim_person(session, stray, "nosuchcall", clock.at)
    with line.exchange.sessions.begin() as session:
        assert presence.heal(session, clock.at) == []  # too fresh to be judged
    clock.move(30)
    with line.exchange.sessions.begin() as session:
        assert presence.heal(session, clock.at) == [stray]

    assert line.claims() == {engaged: call_id, stray: None}
