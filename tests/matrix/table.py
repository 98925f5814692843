"""The failure matrix as it is printed at the end of a run, with its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import pytest

from tests.matrix.cell import Cell, Measured
from tests.matrix.moments import SET_UPS, Act, Missing

PROPERTY = "failure matrix"
PLAIN = "failure matrix"
KINDS = {
    "Clinician": "clinician",
    "Calltaker": "call taker",
    "line": "911 line",
    "interpreter": "interpreter",
}


def row_of(section: str, cell: Cell, measured: Measured) -> tuple[str, list[Any]]:
    """What a test hands to the table; plain values, since it may come from another process."""
    words = [str(cell.party), str(cell.moment), str(cell.act)]
    return PROPERTY, [section, words, asdict(measured)]


def print_tables(reporter: pytest.TerminalReporter, rows: Sequence[list[Any]]) -> None:
    """Print every section that has rows."""
    for section in dict.fromkeys(row[0] for row in rows):
        cells = [(tuple(words), Measured(**told)) for name, words, told in rows if name == section]
        reporter.section(section)
        if section == PLAIN:
            for line in _lines(dict(cells)):
                reporter.write_line(line)
        for line in _counts(cells):
            reporter.write_line(line)


def _lines(cells: dict[tuple[str, ...], Measured]) -> Iterable[str]:
    yield "who has the caller in the end; seconds to a voice / to that person, from our being told"
    yield f"{'':<29}" + "".join(f"{act:<33}" for act in Act)
    for (party, moment), set_up in SET_UPS.items():
        if isinstance(set_up, Missing):
            yield f"{party:<17}{moment:<12}cannot be: {set_up.reason}"
            continue
        told = [_short(cells.get((party, moment, act))) for act in Act]
        yield f"{party:<17}{moment:<12}" + "".join(f"{one:<33}" for one in told)


def _short(measured: Measured | None) -> str:
    if measured is None:
        return "not played"
    if measured.person is None:
        return measured.ended_with
    voice = "    " if measured.voice is None else f"{measured.voice:4.1f}"
    return f"{' + '.join(_kinds(measured)):<23}{voice} /{measured.person:5.1f}"


def _kinds(measured: Measured) -> list[str]:
    names = measured.ended_with.split(", ")
    found = [KINDS.get(name.rpartition(" ")[2], name) for name in names]
    return sorted(set(found))


def _counts(cells: Sequence[tuple[tuple[str, ...], Measured]]) -> Iterable[str]:
    ends = Counter(
        one.ended_with if one.person is None else " + ".join(_kinds(one)) for _, one in cells
    )
    yield f"{len(cells)} cells, ended with: " + "; ".join(
        f"{who} {count}" for who, count in sorted(ends.items(), key=lambda end: -end[1])
    )
    names = {"voice": "until a voice", "person": "until a person", "quiet": "without a sound"}
    for what, name in names.items():
        seconds, cell = max((getattr(one, what) or 0.0, cell) for cell, one in cells)
        yield f"longest {name}: {seconds:.1f} s ({', '.join(cell)})"
