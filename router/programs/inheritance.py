"""A program that follows another in all that does not belong to a place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from router.programs.shape import Fault

SHIPPED = Path(__file__).parent

OF_A_PLACE = frozenset(
    {
        "name",
        "title",
        "effective_from",
        "time_zone",
        "lines",
        "psap",
        "psaps",
        "crisis_line",
        "directory",
        "transfer",
        "areas",
        "coverage",
        "holidays",
        "staffing",
    }
)
"""Never taken over: a city that forgot its 911 centre must not send callers to another's."""


def inherit(content: dict[str, Any]) -> Iterator[Fault]:
    """Fill in from the shipped program that `extends` names; a table given is taken whole."""
    name = content.pop("extends", None)
    if name is None:
        return
    known = sorted(path.stem for path in SHIPPED.glob("*.toml"))
    if name not in known:
        yield ("extends",), f"should name a program that is shipped: {', '.join(known)}"
        return
    other = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))
    for setting, value in other.items():
        if setting not in OF_A_PLACE:
            content.setdefault(setting, value)
