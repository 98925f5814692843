"""Trouble on request: callbacks that are late, lost, doubled or out of order; REST that fails."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import Any

CALLBACK_DEEDS = ("delay", "drop", "repeat", "reorder")
# The plain ones strike before the request is carried out, those "_after" lose only the answer.
REST_DEEDS = ("500", "503", "429", "timeout", "reset", "500_after", "timeout_after", "reset_after")


@dataclass
class Rule:
    """One fault: what to do, to which requests, how often (`next` counts down, else by chance)."""

    do: str
    kind: str = "*"
    probability: float = 1.0
    next: int | None = None
    seconds: float = 1.0
    method: str = "*"
    path: str = ""

    def strikes(self, chance: random.Random) -> bool:
        if self.next is not None:
            if self.next <= 0:
                return False
            self.next -= 1
            return True
        return chance.random() < self.probability


@dataclass
class Faults:
    """All faults in force."""

    callbacks: list[Rule] = field(default_factory=list)
    rest: list[Rule] = field(default_factory=list)
    stale_seconds: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - chances, not secrets

    def for_callback(self, kind: str) -> Rule | None:
        return next(
            (r for r in self.callbacks if r.kind in ("*", kind) and r.strikes(self._chance)), None
        )

    def for_rest(self, method: str, path: str) -> Rule | None:
        return next(
            (
                rule
                for rule in self.rest
                if rule.method in ("*", method) and rule.path in path and rule.strikes(self._chance)
            ),
            None,
        )

    def describe(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, data: dict[str, Any]) -> Faults:
        """From JSON; a ValueError names the field that is wrong."""
        unknown = set(data) - {"callbacks", "rest", "stale_seconds", "seed"}
        if unknown:
            raise ValueError(f"{min(unknown)}: not a field of faults")
        return cls(
            callbacks=_rules(data.get("callbacks", []), "callbacks", CALLBACK_DEEDS),
            rest=_rules(data.get("rest", []), "rest", REST_DEEDS),
            stale_seconds=_number(data.get("stale_seconds", 0), "stale_seconds"),
            seed=int(_number(data.get("seed", 0), "seed")),
        )


def _rules(items: object, name: str, deeds: tuple[str, ...]) -> list[Rule]:
    if not isinstance(items, list):
        raise ValueError(f"{name}: must be a list")  # noqa: TRY004 - as every wrong field
    rules = []
    for index, item in enumerate(items):
        where = f"{name}[{index}]"
        if not isinstance(item, dict) or str(item.get("do")) not in deeds:
            raise ValueError(f"{where}.do: must be one of {', '.join(deeds)}")
        unknown = set(item) - set(Rule.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{where}.{min(unknown)}: not a field of a fault")
        count = item.get("next")
        rules.append(
            Rule(
                do=str(item["do"]),
                kind=str(item.get("kind", "*")),
                probability=_number(item.get("probability", 1), f"{where}.probability"),
                next=None if count is None else int(_number(count, f"{where}.next")),
                seconds=_number(item.get("seconds", 1), f"{where}.seconds"),
                method=str(item.get("method", "*")).upper(),
                path=str(item.get("path", "")),
            )
        )
    return rules


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{name}: must be a number that is not negative")
    return float(value)
