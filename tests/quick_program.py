"""The Austin program with its times cut down to what a test can wait for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from router.demo.seed import PROGRAM


def write_quick(path: Path, changes: Mapping[str, str]) -> Path:
    """Write the program to `path` with every line that `changes` names in its other wording."""
    text = PROGRAM.read_text(encoding="utf-8")
    for usual, quick in changes.items():
        assert usual in text, f"Austin's program does not say {usual!r}"
        text = text.replace(usual, quick)
    path.write_text(text, encoding="utf-8")
    return path
