"""Stops and thaws a process with everything it started, whatever sessions those are in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def family_of(pid: int) -> list[int]:
    """A process and all its descendants, parents first."""
    family = [pid]
    for member in family:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{member}/task").iterdir():
                family.extend(int(child) for child in (task / "children").read_text().split())
    return family


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Inside, the process and its family stand still; they go on afterwards."""
    stopped = family_of(pid)
    for member in stopped:
        _send(member, signal.SIGSTOP)
    try:
        yield
    finally:
        for member in reversed(stopped):
            _send(member, signal.SIGCONT)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
