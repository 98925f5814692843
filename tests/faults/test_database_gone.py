"""OP1, RE5: PostgreSQL is stopped, killed or frozen; every caller ends with a person."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from sqlalchemy.exc import OperationalError

from router.demo.stage import Person
from tests.faults.freezing import frozen
from tests.faults.pace import IS_ALONE, granted, soak_only
from tests.faults.scene import OUTSIDE, Scene, until

HELD_SECONDS = 20.0
PIECE_SECONDS = 8.0
FROZEN_SECONDS = 8 if IS_ALONE else 4
AT_ONCE_SECONDS = 8.0  # two webhooks that give up after 1.5 s each, and a line that picks up
DEADLINE_SECONDS = 1.5
WIRE_SECONDS = 1.0  # beside the deadline: gunicorn, the emulator, a busy machine


@soak_only
@pytest.mark.timeout(300)
def test_op1_re5_without_the_database_every_caller_ends_with_a_person(scene: Scene) -> None:
    fault = "PostgreSQL gone for good"
    asked = scene.caller("Asa")
    asked.phone.dials(scene.stack.seeded.lines["direct"])
    asked.phone.hears("for english")
    talking, clinician = scene.connected("Connie")
    trunk, trunk_clinician = scene.trunk("Tim")
    starred, menu_clinician = scene.connected("Stella")
    menu_clinician.phone.presses("*")
    menu_clinician.phone.hears("to go back to 9 1 1")
    returning, return_clinician = scene.returning("Rita")
    waiting = scene.waiting("Wanda")
    mark = scene.last_webhook()

    scene.postgres.stop()
    gone_at = time.monotonic()
    new = scene.caller("Nell")
    new.phone.dials(scene.stack.seeded.lines["direct"])
    scene.reaches(new, OUTSIDE, AT_ONCE_SECONDS, (fault, "new caller"))
    asked.phone.presses("1")
    scene.reaches(asked, OUTSIDE, AT_ONCE_SECONDS, (fault, "in the line's questions"))
    scene.reaches(talking, clinician.name, 1, (fault, "connected with a clinician"))
    scene.reaches(trunk, trunk_clinician.name, 1, (fault, "shared trunk"))
    scene.reaches(returning, return_clinician.name, 1, (fault, "returning to 911"))
    menu_clinician.phone.presses("1")
    held = HELD_SECONDS + PIECE_SECONDS
    scene.reaches(waiting, OUTSIDE, held, (fault, "waiting"), gone_at)
    scene.reaches(starred, "", held, (fault, "clinician in the star menu"), gone_at)
    assert scene.slowest_webhook(mark) < granted(DEADLINE_SECONDS + WIRE_SECONDS)
    return_clinician.phone.hangs_up()
    after = (fault, "returning, then clinician leaves")
    scene.reaches(returning, OUTSIDE, AT_ONCE_SECONDS, after)
    clinician.phone.hangs_up()
    scene.reaches(talking, OUTSIDE, AT_ONCE_SECONDS, (fault, "connected, clinician leaves"))
    trunk_clinician.phone.loses_signal()
    scene.reaches(trunk, OUTSIDE, AT_ONCE_SECONDS, (fault, "trunk, clinician's phone dies"))


@pytest.mark.timeout(300)
def test_op1_a_database_that_is_back_after_ten_seconds_finds_its_callers_where_they_were(
    scene: Scene,
) -> None:
    fault = "PostgreSQL gone for 10 s"
    asked = scene.caller("Asa")
    asked.phone.dials(scene.stack.seeded.lines["direct"])
    asked.phone.hears("for english")
    talking, clinician = scene.connected("Connie")
    returning, _ = scene.returning("Rita")
    waiting = scene.waiting("Wanda")

    # Stopped in order: the stack's server does not wait for its disk, so that a crash would lose
    # the last commits, which a real one keeps.
    scene.postgres.stop()
    gone_at = time.monotonic()
    new = scene.caller("Nell")
    new.phone.dials(scene.stack.seeded.lines["direct"])
    scene.reaches(new, OUTSIDE, AT_ONCE_SECONDS, (fault, "new caller"))
    asked.phone.presses("1")
    scene.reaches(asked, OUTSIDE, AT_ONCE_SECONDS, (fault, "in the line's questions"))
    until(lambda: time.monotonic() - gone_at > 10, 12)
    scene.postgres.start()

    scene.reaches(talking, clinician.name, 1, (fault, "connected with a clinician"))
    scene.reaches_911(returning, 60, (fault, "returning to 911"), gone_at)
    scene.reaches_clinician(waiting, 60, (fault, "waiting"), gone_at)
    until(lambda: hears_of_it(scene, asked), what="the call hears where the fail-safe has them")
    scene.reaches(asked, OUTSIDE, 1, (fault, "with 911 by the fail-safe"))
    clinician.phone.presses("*")
    clinician.phone.hears("end the call as resolved", within=10)
    clinician.phone.presses("1")
    scene.reaches(talking, clinician.name, 10, (fault, "connected, star afterwards"))


def hears_of_it(scene: Scene, caller: Person) -> bool:
    """Whether the call knows that 911 is being reached; our own connections broke as well."""
    with suppress(OperationalError):
        return scene.is_at_911(caller)
    return False


@pytest.mark.timeout(300)
def test_op1_a_frozen_database_costs_no_more_than_the_deadline(scene: Scene) -> None:
    fault = f"PostgreSQL frozen for {FROZEN_SECONDS} s"
    talking, clinician = scene.connected("Connie")
    waiting = scene.waiting("Wanda")
    mark = scene.last_webhook()
    frozen_at = time.monotonic()
    with frozen(scene.postgres.pid):
        new = scene.caller("Nell")
        new.phone.dials(scene.stack.seeded.lines["direct"])
        scene.reaches(new, OUTSIDE, AT_ONCE_SECONDS, (fault, "new caller"))
        scene.reaches(talking, clinician.name, 1, (fault, "connected with a clinician"))
        until(lambda: time.monotonic() - frozen_at > FROZEN_SECONDS)
    slowest = scene.slowest_webhook(mark)
    assert slowest < granted(DEADLINE_SECONDS + WIRE_SECONDS)
    scene.reaches_clinician(waiting, 60, (fault, "waiting"), frozen_at)
    scene.note(fault, "slowest webhook", slowest, "answered")
