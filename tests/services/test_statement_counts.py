"""A webhook is few statements, whatever it does: each is a wait that a caller hears."""

from __future__ import annotations

from sqlalchemy import Engine

from ivr_flows.inputs import Input, LegAsked, RoomJoined, WaitTicked
from router.services.apply_input import apply_input
from router.storage.receipts import ReceiptKey
from tests.services.conftest import SCREENED, Line, counting

MOST = 6  # the project's aim; BEGIN and COMMIT come on top


def take(line: Line, leg_id: str, given: Input) -> None:
    assert apply_input(line.exchange, leg_id, given).step is not None


def test_first_twiml_of_a_call(line: Line, own_engine: Engine) -> None:
    line.ring()  # reads the published program, which is kept
    with counting(own_engine) as sent:
        assert line.ring().document
    assert 0 < len(sent) <= MOST


def test_every_keypad_step_till_a_clinician_is_rung(line: Line, own_engine: Engine) -> None:
    line.sign_on("ada")
    call_id = line.ring().call_id
    for digits in SCREENED:
        with counting(own_engine) as sent:
            line.press(f"{call_id}-1", digits)
        assert 0 < len(sent) <= MOST
    assert line.call(call_id).offers


def test_a_tick_of_the_wait(line: Line, own_engine: Engine) -> None:
    line.sign_on("ada")
    leg_id = f"{line.ring_and_screen()}-1"
    with counting(own_engine) as sent:
        take(line, leg_id, WaitTicked(leg_id))
    assert 0 < len(sent) <= MOST


def test_ro4_the_acceptance_of_an_offer_and_its_repetition(line: Line, own_engine: Engine) -> None:
    line.sign_on("ada")
    line.sign_on("ben")
    leg_id = f"{line.ring_and_screen()}-2"
    with counting(own_engine) as answered:
        line.answer(leg_id)
    step = line.leg(leg_id).step
    with counting(own_engine) as accepted:
        document = line.press(leg_id, "1").document
    assert document is not None
    assert "<Conference" in document
    key = ReceiptKey(leg_id, "keyed", str(step))
    with counting(own_engine) as repeated:
        again = apply_input(line.exchange, leg_id, LegAsked(leg_id), receipt=key)
    assert again.document == document
    for sent in (answered, accepted, repeated):
        assert 0 < len(sent) <= MOST


def test_a_clinician_who_joins_the_room(line: Line, own_engine: Engine) -> None:
    line.sign_on("ada")
    call_id = line.ring_and_screen()
    leg_id = f"{call_id}-2"
    line.answer(leg_id)
    line.press(leg_id, "1")
    with counting(own_engine) as sent:
        take(line, call_id, RoomJoined(leg_id, line.leg(leg_id).room))
    assert 0 < len(sent) <= MOST
