"""A team for the caller: asked for, paged, acknowledged or not (DI1, DI2, DI3)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import chooses, connects, is_heard, opens_menu, records


def asks_for_team(clinician: Phone, hazards: str = "2") -> None:
    """Star, 3, danger, place, read-back, 1."""
    opens_menu(clinician, "to send a team, press 3")
    for key, heard in (
        ("3", "known danger"),
        (hazards, "the place"),
        ("1", "press 1 to send"),
        ("1", "request is sent"),
    ):
        clinician.presses(key)
        clinician.hears(heard)
    clinician.is_talking_with("Jo")


def test_di1_di2_a_member_acknowledges_by_key_and_the_clinician_is_told(
    stage: Stage, caller: Phone, carla: Phone, rae: Phone, rex: Phone
) -> None:
    connects(stage, caller, carla)
    asks_for_team(carla, hazards="1")
    rae.rings(within=15)
    rae.answers()
    rae.hears("known danger: yes")
    rae.presses("1")
    rae.hears("the call is yours")
    carla.hears("EMCOT team 1 is coming", within=10)
    rex.texted("has accepted", within=10)
    caller.hangs_up()
    records(carla, "3")
    stage.ends(stage.person(caller), "dispatched")


def test_tr4_di4_the_team_that_has_accepted_is_rung_and_speaks_with_the_caller(
    stage: Stage, caller: Phone, carla: Phone, rae: Phone
) -> None:
    connects(stage, caller, carla, "Jo")
    asks_for_team(carla)
    rae.rings(within=15)
    rae.answers()
    rae.hears("known danger")
    rae.presses("1")
    rae.hears("the call is yours")
    rae.is_hung_up(within=10)
    carla.hears("EMCOT team 1 is coming", within=10)
    chooses(carla, "team")
    carla.is_talking_with("Jo", within=10)
    rae.rings()
    rae.answers()
    rae.hears("this is the crisis line")
    carla.is_talking_with("Rae Responder", within=10)
    caller.is_hearing("wait")
    opens_menu(carla, "press 1 to bring your caller in")
    carla.presses("1")
    rae.is_talking_with("Jo", within=10)
    is_heard(rae, "Jo, we are around the corner.", caller)


def test_di1_a_request_that_is_cancelled_pages_nobody(
    stage: Stage, caller: Phone, carla: Phone, rae: Phone
) -> None:
    connects(stage, caller, carla)
    opens_menu(carla, "to send a team, press 3")
    for key, heard in (("3", "known danger"), ("2", "the place"), ("1", "press 1 to send")):
        carla.presses(key)
        carla.hears(heard)
    carla.presses("3")
    carla.hears("nothing was sent")
    carla.is_talking_with("Jo")
    rae.does_not_hear("dispatch", within=2)
    assert not rae.transcript()


def test_di3_a_member_acknowledges_by_text(
    stage: Stage, caller: Phone, carla: Phone, rex: Phone
) -> None:
    connects(stage, caller, carla)
    asks_for_team(carla)
    rex.texted("reply 1 to accept", within=15)
    rex.texts(stage.stack.seeded.lines["transfer"], "1")
    rex.texted("accepted, thank you", within=10)
    carla.hears("EMCOT team 1 is coming", within=10)


def test_di3_a_member_acknowledges_and_reports_by_link(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    asks_for_team(carla)
    stage.report(stage.responders[0], "accept")
    carla.hears("EMCOT team 1 is coming", within=10)
    stage.report(stage.responders[0], "en_route")
    carla.hears("EMCOT team 1 is on the way", within=10)
    stage.report(stage.responders[0], "on_scene")
    carla.hears("EMCOT team 1 is there", within=10)


def test_di3_the_first_team_declines_and_the_second_comes(
    stage: Stage, caller: Phone, carla: Phone, rae: Phone, rio: Phone
) -> None:
    connects(stage, caller, carla)
    asks_for_team(carla)
    rae.rings(within=15)
    rae.answers()
    rae.hears("2 to decline")
    rae.presses("2")
    rae.hears("goes to another team")
    rio.rings(within=15)
    rio.answers()
    rio.hears("EMCOT team 2")
    rio.presses("1")
    carla.hears("EMCOT team 2 is coming", within=10)


def test_di3_nobody_answers_the_supervisor_and_then_the_clinician_are_told(
    stage: Stage, caller: Phone, carla: Phone, rae: Phone, rio: Phone, sam_supervisor: Phone
) -> None:
    connects(stage, caller, carla)
    asks_for_team(carla)
    rae.rings(within=15)
    rio.rings(within=20)
    sam_supervisor.texted("no response team is free", within=20)
    carla.hears("no team has answered. for 9 1 1, press star, then 9", within=20)
    sam_supervisor.texted("clinician was told to return the call to 911", within=10)
    carla.is_talking_with("Jo")
