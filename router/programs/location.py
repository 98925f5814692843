"""Finds the line of a TOML file on which a setting stands, for sentences about it."""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_\"'-]+)*)\s*=")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")


def locate(text: str) -> dict[Path, int]:
    """The line (from 1) on which each table and each key of `text` first stands.

    Settings inside an inline table stand on the line of its key. `text` is valid TOML.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _within(_split(header[2]), counts)
            if header[1] == "[[":
                index = counts.get(table, 0)
                counts[table] = index + 1
                table = (*table, index)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_split(key[1])), number)
    return lines


def find_line(lines: dict[Path, int], path: Path) -> int | None:
    """The line of the setting at `path`, or of the nearest table that holds it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def line_of_error(error: tomllib.TOMLDecodeError) -> int | None:
    """The line that TOML's own parser names, if any."""
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else None


def _split(dotted: str) -> Path:
    return tuple(next(filter(None, part), "") for part in _PART.findall(dotted))


def _within(path: Path, counts: dict[Path, int]) -> Path:
    """The path with the index of the newest element wherever it passes through a list of tables."""
    found: Path = ()
    for part in path[:-1]:
        found = (*found, part)
        if found in counts:
            found = (*found, counts[found] - 1)
    return (*found, path[-1])
