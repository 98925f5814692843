"""RO4: two clinicians press 1 at the same moment, at their phones."""

from __future__ import annotations

import threading

import pytest

from router.demo.stage import Person
from tests.faults.pace import IS_ALONE, granted
from tests.faults.scene import Scene, until
from tests.quick_program import in_force, write_quick

CALLS = 3 if IS_ALONE else 1  # each rings two of eight clinicians
OVERLAPPING = {"overlap_seconds = 8.0": f"overlap_seconds = {8.0 if IS_ALONE else 1.0}"}


def pair_for(scene: Scene, caller: Person) -> list[Person]:
    """Whose phones ring for the caller."""
    offered = {offer.person_id for offer in scene.call_of(caller).live_offers()}
    return [
        one for one in scene.stage.clinicians if one.id in offered and scene.is_ringing(one.phone)
    ]


def press_together(pair: list[Person]) -> None:
    """Both press 1, at once."""
    together = threading.Barrier(len(pair))

    def press(one: Person) -> None:
        together.wait()
        one.phone.presses("1")

    threads = [threading.Thread(target=press, args=(one,)) for one in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def decide(scene: Scene, caller: Person) -> None:
    """Both pick up, listen and press 1 together; one of them gets the caller."""
    until(lambda: len(pair_for(scene, caller)) > 1, 20, "two phones ring")
    pair = pair_for(scene, caller)
    for one in pair:
        one.phone.answers()
        one.phone.hears("crisis call")
    press_together(pair)
    until(lambda: scene.is_talking(caller), 10, "the caller talks with someone")
    winner, loser = sorted(pair, key=lambda one: not scene.is_talking(one))
    assert scene.is_talking(winner)
    loser.phone.hears("another person has taken this call", within=granted(10))
    loser.phone.is_hung_up(within=granted(10))
    until(lambda: scene.is_free(loser), 5, "the other is free again")
    assert not scene.is_free(winner)


@pytest.mark.timeout(300)
def test_ro4_two_press_one_at_once_and_one_wins(scene: Scene) -> None:
    quick = write_quick(scene.stack.state / "overlapping.toml", OVERLAPPING)
    with in_force(scene.stack, quick):
        callers = [scene.waiting(f"Wanda {number}") for number in range(CALLS)]
        for caller in callers:
            decide(scene, caller)
