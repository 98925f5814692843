"""Copies of a frozen snapshot with some fields changed: most of the work of every step.

`dataclasses.replace` makes the same copy in four times as long: it asks each field about itself
and hands all of them to `__init__`. Here one function is written for each class, as dataclasses
does for `__init__`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
_Set = Callable[[Any, Any], None]


class _Way:
    """How snapshots of one class are copied: its fields are slots, which are set one by one."""

    def __init__(self, kind: type) -> None:
        names: tuple[str, ...] = kind.__slots__  # type: ignore[attr-defined]
        self.by_name: dict[str, _Set] = {name: getattr(kind, name).__set__ for name in names}
        setters = {f"set_{name}": put for name, put in self.by_name.items()}
        lines = "".join(f"    set_{name}(copy, one.{name})\n" for name in names)
        known: dict[str, Any] = {"kind": kind, "new": object.__new__, **setters}
        exec(f"def copy_of(one):\n    copy = new(kind)\n{lines}    return copy", known)  # noqa: S102 - names of fields
        self.copy_of: Callable[[Any], Any] = known["copy_of"]


_WAYS: dict[type, _Way] = {}


def changed(snapshot: T, **changes: Any) -> T:  # noqa: ANN401 - of any field
    """The snapshot with those fields changed. It is a frozen dataclass with slots.

    Raises KeyError for a field it does not have.
    """
    kind = type(snapshot)
    way = _WAYS.get(kind)
    if way is None:
        way = _WAYS[kind] = _Way(kind)
    copy: T = way.copy_of(snapshot)
    for name, value in changes.items():
        way.by_name[name](copy, value)
    return copy
