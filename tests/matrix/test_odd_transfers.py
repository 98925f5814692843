"""Odd transfers: star in the middle, two at once, a desk that has just emptied (issue 4, TR2)."""

from __future__ import annotations

from collections.abc import Callable

from ivr_flows.inputs import TransferRequested
from ivr_flows.warm_transfer import REFUSALS
from router.services.apply_input import apply_input
from tests.matrix.cell import play_on
from tests.matrix.moments import (
    clinician_holds,
    interpreter_is_rung,
    second_consults,
    second_is_rung,
)
from tests.matrix.network import Network
from tests.matrix.people import Cast


def test_tr2_a_second_transfer_at_once_is_refused_and_rings_nobody(
    network_of: Callable[[bool], Network],
) -> None:
    network = network_of(True)
    cast = Cast(network)
    interpreter_is_rung(cast)
    asked = TransferRequested(cast.clinician.id, "desk:clinicians")
    answer = apply_input(network.exchange, network.calls()[0].id, asked)
    assert answer.step is not None
    assert answer.step.ignored == REFUSALS["transfer_is_under_way"]
    network.pass_time(1)
    assert not cast.second_clinician.is_ringing()
    assert cast.interpreter.is_ringing()
    cast.clinician.presses("*")
    cast.clinician.hears("it is ringing")
    cast.clinician.presses("2")
    cast.clinician.talks_with("Jo")
    network.pass_time(1)
    assert not cast.interpreter.is_ringing()


def test_tr2_the_callers_star_in_the_middle_of_a_transfer_and_9_is_911(
    network_of: Callable[[bool], Network],
) -> None:
    network = network_of(True)
    cast = Cast(network)
    second_is_rung(cast)
    began = network.now
    cast.caller.presses("*")
    cast.caller.hears("press 9")
    cast.everybody_helps(but=cast.caller)
    cast.caller.presses("9")
    play_on(network, cast, began)
    assert set(cast.caller.partners()) & {one.name for one in cast.call_takers}


def test_tr2_both_give_up_a_private_consultation_and_the_caller_is_not_left(
    network_of: Callable[[bool], Network],
) -> None:
    network = network_of(True)
    cast = Cast(network)
    second_consults(cast)
    began = network.now
    cast.everybody_helps(but=cast.clinician)
    cast.clinician.loses_signal()
    cast.second_clinician.loses_signal()
    play_on(network, cast, began)


def test_tr2_a_transfer_to_a_desk_that_has_just_emptied_is_said_to_be_none(
    network_of: Callable[[bool], Network],
) -> None:
    network = network_of(True)
    cast = Cast(network)
    clinician_holds(cast)
    cast.clinician.answers_question("press 4", "4")
    network.sign_off(*(one.id for one in cast.clinicians[1:]))
    cast.clinician.answers_question("who do you need", "1")
    cast.clinician.hears("nobody is free there. back to your caller")
    cast.clinician.talks_with("Jo")
