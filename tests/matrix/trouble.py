"""What goes wrong while a cell is played: at the carrier, on the wire, in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from router.emulator.faults import Faults
from router.emulator.switches import Switches
from tests.matrix.network import Network

FAIL_OVER_SECONDS = 6.0
LATE_SECONDS = 2.0
CALLBACKS = ("status", "conference")
USUAL = "usual"

REST: Mapping[str, list[dict[str, Any]]] = {
    USUAL: [],
    "refused": [{"do": "503"}],
    "answers lost": [{"do": "500_after"}],
}
WIRE: Mapping[str, list[dict[str, Any]]] = {
    USUAL: [],
    "three lost": [{"do": "drop", "kind": kind, "next": 3} for kind in CALLBACKS],
    "all lost": [{"do": "drop", "kind": kind} for kind in CALLBACKS],
    "repeated": [{"do": "repeat"}],
    "reordered": [
        {"do": "reorder", "kind": kind, "seconds": LATE_SECONDS, "probability": 0.5}
        for kind in CALLBACKS
    ],
}
READS: Mapping[str, float] = {USUAL: 0.0, "stale": 10.0}
DATABASE: Mapping[str, float] = {USUAL: 0.0, "fails over": FAIL_OVER_SECONDS}

# Another value for each unverified switch that is neither on or off nor one of some words.
OTHER_VALUES = {
    "member_gone_code": "20404",
    "queue_max_size": "100",
    "withheld_caller_id": "+266696687",
    "stir_verstat": "TN-Validation-Passed-A",
    "request_headers": "Accept: text/xml",
    "application_error_seconds": "6",
    "application_error_text": "Goodbye.",
}


def unverified() -> dict[str, tuple[str, ...]]:
    """Every switch that stands for what nobody has confirmed, with its values, the usual first."""
    found = {}
    for one in fields(Switches):
        if not one.metadata["doc"].startswith("UNVERIFIED"):
            continue
        usual = str(one.default)
        if isinstance(one.default, bool):
            others = [str(not one.default)]
        elif one.metadata["choices"]:
            others = [value for value in one.metadata["choices"] if value != usual]
        else:
            others = [OTHER_VALUES[one.name]]
        found[one.name] = (usual, *others)
    return found


FACTORS: dict[str, tuple[str, ...]] = {
    "rest": tuple(REST),
    "callbacks": tuple(WIRE),
    "reads": tuple(READS),
    "database": tuple(DATABASE),
}


def prepare(network: Network, trouble: Mapping[str, str]) -> None:
    """What holds from the beginning of the call: how the carrier is."""
    for name in unverified():
        if name in trouble:
            network.world.switches.set(name, trouble[name])


def begin(network: Network, trouble: Mapping[str, str]) -> Callable[[], None]:
    """What breaks in the moment of the act; returns what mends it."""
    network.world.faults = Faults.read(
        {
            "rest": REST[trouble.get("rest", USUAL)],
            "callbacks": WIRE[trouble.get("callbacks", USUAL)],
            "stale_seconds": READS[trouble.get("reads", USUAL)],
            "seed": 1,
        }
    )
    seconds = DATABASE[trouble.get("database", USUAL)]
    if seconds:
        network.lose_database(seconds)

    def mend() -> None:
        network.world.faults = Faults()

    return mend
