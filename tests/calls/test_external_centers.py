"""911 centres outside, by jurisdiction, and proof that a person is on their line (RE3, RE4, RE5).

East has a SIP line and a general one; where answered is enough there, speech proves a person.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router.demo.seed import write_external
from router.demo.stack import Stack
from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, dials_direct, keys_transfer, opens_menu
from tests.calls.test_return_to_911 import sends_back
from tests.quick_program import in_force

SIP, GENERAL = "sip:desk@east.example", "+15125550170"
EAST = f"""
[psaps.east]
name = "East 911"
areas = ["east"]
incident_prefixes = ["77"]
presence = "PRESENCE"
[[psaps.east.lines]]
id = "east-sip"
name = "priority"
sip = "{SIP}"
headers = {{ "X-Incident" = "{{incident_number}}", "X-Call" = "{{call_id}}" }}
ring_seconds = 5
[[psaps.east.lines]]
id = "east-general"
name = "general"
number = "{GENERAL}"
ring_seconds = 5

[areas.east]
zips = ["78702"]
"""


@pytest.fixture(params=["key"])
def two_centres(stack: Stack, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """No desk of our own at 911; East beside the program's own centre."""
    program = write_external(stack.state / "two.toml", stack.program)
    text = program.read_text(encoding="utf-8")
    program.write_text(text + EAST.replace("PRESENCE", request.param), encoding="utf-8")
    with in_force(stack, program):
        yield stage


@pytest.fixture
def desk(stage: Stage) -> Phone:
    """East's priority line, a SIP phone."""
    return stage.network.phone(SIP, name="East priority line")


@pytest.fixture
def east_general(stage: Stage) -> Phone:
    """East's general line."""
    return stage.network.phone(GENERAL, name="East general line")


def returns_from_east(stage: Stage, caller: Phone, clinician: Phone) -> None:
    """The caller, who is in East, talks with the clinician, who sends them back."""
    dials_direct(stage, caller, until="zip code")
    caller.presses("78702#")
    accepts(clinician)
    clinician.is_talking_with("Jo")
    sends_back(clinician)


def is_with(line: Phone, clinician: Phone) -> None:
    clinician.hears("9 1 1 is on the line")
    line.is_talking_with("Jo")


def test_re3_the_callers_own_centre_is_rung_by_their_area_and_a_sip_line_is_told_of_the_call(
    two_centres: Stage, caller: Phone, carla: Phone, desk: Phone
) -> None:
    returns_from_east(two_centres, caller, carla)
    headers = desk.rings()["headers"]
    assert headers["X-Call"]
    assert "X-Incident" not in headers, "nothing is told that is not known"
    desk.answers()
    desk.hears("press 1 to take the caller")
    desk.presses("1")
    is_with(desk, carla)


def test_re3_the_incident_s_number_names_the_centre_and_the_caller_dials_its_sip_line_alone(
    two_centres: Stage, trunk: Phone, desk: Phone
) -> None:
    trunk.dials(two_centres.stack.seeded.lines["transfer"])
    keys_transfer(trunk, "7741", danger=("2", "2", "2"))
    trunk.hears("officer")
    trunk.presses("9")
    assert desk.rings()["headers"]["X-Incident"] == "7741"
    desk.answers()
    desk.hears("incident 7, 7, 4, 1")
    desk.presses("1")
    desk.is_talking_with("Jo")


def test_re4_a_machine_on_the_line_is_hung_up_on_and_the_next_line_takes_the_call(
    two_centres: Stage, caller: Phone, carla: Phone, desk: Phone, east_general: Phone
) -> None:
    desk.changes(on_ring="fax")
    returns_from_east(two_centres, caller, carla)
    accepts(east_general, "crisis line with a caller", within=15)
    desk.is_hung_up()
    is_with(east_general, carla)


def test_re4_by_twiml_a_menu_that_presses_nothing_does_not_get_the_caller(
    two_centres: Stage, caller: Phone, priority: Phone, second: Phone
) -> None:
    dials_direct(two_centres, caller, until="danger")
    caller.presses("1")
    priority.rings()
    priority.answers()
    priority.hears("press 1 to take the caller")
    priority.says("For records, press 2.")
    second.rings(within=25)
    second.answers()
    second.hears("press 1 to take the caller")
    second.presses("1")
    second.is_talking_with("Jo")
    assert not any("Jo" in entry.get("with", ()) for entry in priority.transcript())


@pytest.mark.parametrize("two_centres", ["answered"], indirect=True)
def test_re4_where_answered_is_enough_a_person_who_speaks_has_the_caller(
    two_centres: Stage, caller: Phone, carla: Phone, desk: Phone
) -> None:
    returns_from_east(two_centres, caller, carla)
    desk.rings()
    desk.answers()
    desk.hears("press 1 or say who you are")
    desk.says("East 911, this is Lee, go ahead.")
    is_with(desk, carla)


def test_re4_a_clinician_who_drops_while_911_rings_or_listens_leaves_the_caller_to_that_person(
    two_centres: Stage, caller: Phone, carla: Phone, desk: Phone
) -> None:
    returns_from_east(two_centres, caller, carla)
    desk.rings()
    desk.answers()
    desk.hears("press 1 to take the caller")
    carla.hangs_up()
    caller.hears("calling 9 1 1 for you")
    desk.presses("1")
    desk.is_talking_with("Jo")


def test_re4_a_clinician_who_drops_while_911_rings_leaves_the_caller_to_the_next_line(
    two_centres: Stage, caller: Phone, carla: Phone, desk: Phone, east_general: Phone
) -> None:
    returns_from_east(two_centres, caller, carla)
    desk.rings()
    carla.hangs_up()
    caller.hears("calling 9 1 1 for you")
    desk.declines()
    east_general.rings(within=10)
    east_general.answers()
    east_general.hears("press 1 to take the caller")
    east_general.presses("1")
    east_general.is_talking_with("Jo")


def test_re4_leaving_before_anybody_at_911_is_there_takes_a_second_press(
    two_centres: Stage, caller: Phone, carla: Phone, desk: Phone
) -> None:
    returns_from_east(two_centres, caller, carla)
    desk.rings()
    opens_menu(carla, "to leave the call")
    carla.presses("2")
    carla.hears("nobody from 9 1 1 is on the line yet")
    carla.presses("1")
    carla.is_talking_with("Jo")
    opens_menu(carla, "to leave the call")
    carla.presses("2")
    carla.hears("nobody from 9 1 1")
    carla.presses("2")
    carla.hears("how is the call resolved")
    carla.hangs_up()
    desk.answers()
    desk.hears("press 1")
    desk.presses("1")
    desk.is_talking_with("Jo")
