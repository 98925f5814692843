"""OP1: web processes are killed or frozen; Twilio's retry finds another, and no caller is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest

from router.demo.plays import call_direct_line
from tests.faults.freezing import family_of
from tests.faults.pace import IS_ALONE, granted
from tests.faults.scene import Scene


def web_workers(scene: Scene) -> list[int]:
    """The processes that answer; their parent only starts them."""
    return family_of(scene.stack.processes.pid_of("web"))[1:]


@pytest.mark.timeout(300)
def test_op1_all_web_workers_killed_lose_no_caller(scene: Scene) -> None:
    fault = "all web workers killed"
    talking, clinician = scene.connected("Connie")
    asked = scene.caller("Asa")
    asked.phone.dials(scene.stack.seeded.lines["direct"])
    asked.phone.hears("for english")
    waiting = scene.waiting("Wanda")
    for pid in web_workers(scene):
        os.kill(pid, signal.SIGKILL)
    killed_at = time.monotonic()
    asked.phone.presses("0")
    if not IS_ALONE:  # workers start within the carrier's patience of 8 s, unless others work here
        scene.stack.processes.wait_ready(f"{scene.stack.web_url}/readyz")
    new = scene.caller("Nell")
    call_direct_line(scene.stage, new)
    scene.reaches(talking, clinician.name, 1, (fault, "connected with a clinician"))
    scene.reaches_911(asked, 30, (fault, "in the line's questions"), killed_at)
    scene.reaches_clinician(waiting, 30, (fault, "waiting"), killed_at)
    scene.reaches_clinician(new, 30, (fault, "new caller"), killed_at)


@pytest.mark.timeout(300)
def test_op1_one_frozen_web_worker_is_covered_by_the_other(scene: Scene) -> None:
    fault = "one web worker frozen"
    victim = web_workers(scene)[0]
    os.kill(victim, signal.SIGSTOP)
    try:
        began = time.monotonic()
        caller, clinician = scene.connected("Connie")
        scene.reaches(caller, clinician.name, 30, (fault, "new caller"), began)
    finally:
        os.kill(victim, signal.SIGCONT)


@pytest.mark.timeout(300)
def test_op1_web_gone_for_three_seconds_leaves_people_talking(scene: Scene) -> None:
    fault = "web gone for 3 s"
    talking, clinician = scene.connected("Connie")
    trunk, trunk_clinician = scene.trunk("Tim")
    scene.stack.processes.kill("web")
    scene.reaches(talking, clinician.name, 1, (fault, "connected with a clinician"))
    scene.reaches(trunk, trunk_clinician.name, 1, (fault, "shared trunk"))
    scene.stack.processes.restart("web")
    scene.stack.processes.wait_ready(f"{scene.stack.web_url}/readyz")
    clinician.phone.presses("*")
    clinician.phone.hears("end the call as resolved", within=granted(10))
    clinician.phone.presses("1")
    scene.reaches(talking, clinician.name, 10, (fault, "connected, star afterwards"))
