"""OP1: Redis is stopped or frozen; calls do not notice, dispatches wait for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.freezing import frozen
from tests.faults.pace import granted
from tests.faults.scene import Scene, until
from tests.faults.test_worker_killed import acknowledge, ask_for_team, is_paged, pages

WEBHOOK_SECONDS = 1.0
BACK_SECONDS = 45.0


@contextmanager
def stopped(scene: Scene) -> Iterator[None]:
    """Inside, there is no broker, and what it held is lost."""
    scene.valkey.kill()
    try:
        yield
    finally:
        scene.valkey.start()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_op1_without_redis_calls_reach_clinicians_and_911(scene: Scene, how: str) -> None:
    fault = f"Redis {how}"
    mark = scene.last_webhook()
    with stopped(scene) if how == "stopped" else frozen(scene.valkey.pid):
        began = time.monotonic()
        caller, clinician = scene.connected("Connie")
        scene.reaches(caller, clinician.name, 15, (fault, "direct line"), began)
        returning, second = scene.connected("Rita")
        second.phone.presses("*")
        second.phone.hears("to go back to 9 1 1")
        began = time.monotonic()
        second.phone.presses("9")
        scene.reaches_911(returning, 10, (fault, "returning to 911"), began)
        ask_for_team(clinician)
        clinician.phone.is_talking_with(caller.name, within=10)
        until(lambda: scene.request_of(caller) is not None, 10, "the request is on record")
        slowest = scene.slowest_webhook(mark)
    back_at = time.monotonic()
    until(lambda: is_paged(scene), BACK_SECONDS, "the team is paged")
    scene.note(fault, "slowest webhook", slowest, "answered")
    scene.note(fault, "the team, Redis being back", time.monotonic() - back_at, "is paged")
    acknowledge(scene, clinician)
    assert pages(scene)[:2] == [(1, 1), (1, 1)]
    assert slowest < granted(WEBHOOK_SECONDS)
