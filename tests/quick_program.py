"""The Austin program with its times cut down to what a test can wait for, and versions of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from router.demo.seed import PROGRAM, seed
from router.demo.stack import Stack


def write_quick(path: Path, changes: Mapping[str, str]) -> Path:
    """Write the program to `path` with every line that `changes` names in its other wording."""
    text = PROGRAM.read_text(encoding="utf-8")
    for usual, quick in changes.items():
        assert usual in text, f"Austin's program does not say {usual!r}"
        text = text.replace(usual, quick)
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def in_force(stack: Stack, program: Path, *, calls_back: bool = False) -> Iterator[None]:
    """Inside, another version of the program is in force than the stack's own."""
    try:
        with stack.sessions.begin() as session:
            seed(session, stack.settings, program, calls_back=calls_back)
        yield
    finally:
        with stack.sessions.begin() as session:
            seed(session, stack.settings, stack.program)
