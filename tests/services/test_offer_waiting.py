"""Free people go to the calls that wait, the first in line first; nobody is passed over in vain."""

from __future__ import annotations

from ivr_flows.call import Stage
from ivr_flows.inputs import LegStatusChanged, ReturnRequested, RoomJoined
from router.services.apply_input import apply_input
from router.services.clock import SettableClock
from router.services.facts import FactsSource
from router.services.offer_waiting import offer_waiting
from router.storage import presence
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
