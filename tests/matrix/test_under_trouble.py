"""The failure matrix while the carrier, the wire or the database fails too (TR7, RE5).

Here every two values of what can go wrong meet in one call. `SWITCHBACK_MATRIX=whole` plays every
cell with every combination of failures, and with every unverified switch both ways, for a soak.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import product

import pytest

from tests.matrix.cell import Cell, play
from tests.matrix.moments import SET_UPS, Act, Moment, Party, SetUp
from tests.matrix.network import Network
from tests.matrix.pairs import Pair, all_pairs
from tests.matrix.people import Cast
from tests.matrix.table import row_of
from tests.matrix.trouble import FACTORS, USUAL, unverified

SECTION = "failure matrix under trouble"
IS_WHOLE = os.environ.get("SWITCHBACK_MATRIX") == "whole"
OF_CALL: dict[str, tuple[str, ...]] = {
    "party": tuple(Party),
    "moment": tuple(Moment),
    "act": tuple(Act),
    "language": ("en", "es"),
    "911": ("hosted", "outside"),
}


def may_meet(pair: Pair) -> bool:
    """Whether a party has that moment."""
    given = dict(pair)
    if set(given) != {"party", "moment"}:
        return True
    return isinstance(SET_UPS[Party(given["party"]), Moment(given["moment"])], SetUp)


def pairwise() -> list[dict[str, str]]:
    """Rows in which every two values meet."""
    playable = [
        party
        for party in Party
        if any(isinstance(SET_UPS[party, moment], SetUp) for moment in Moment)
    ]
    return all_pairs({**OF_CALL, "party": playable, **FACTORS, **unverified()}, may_meet)


def whole() -> list[dict[str, str]]:
    """Every cell with every combination of failures, and with every other value of a switch."""
    cells = [
        {"party": party, "moment": moment, "act": act}
        for (party, moment), set_up in SET_UPS.items()
        for act in Act
        if isinstance(set_up, SetUp)
    ]
    troubles = [dict(zip(FACTORS, values, strict=True)) for values in product(*FACTORS.values())]
    troubles += [{name: value} for name, values in unverified().items() for value in values[1:]]
    return [
        {**cell, "language": "en", "911": "hosted", **trouble}
        for cell, trouble in product(cells, troubles)
    ]


def name_of(row: Mapping[str, str]) -> str:
    """The cell and its trouble as a test's id has them; switches that are as usual left out."""
    usual = {name: values[0] for name, values in unverified().items()}
    words = [
        value if name in (*OF_CALL, *FACTORS) else f"{name}={value}"
        for name, value in row.items()
        if value not in (USUAL, usual.get(name))
    ]
    return "-".join(words).replace(" ", "_")


ROWS = whole() if IS_WHOLE else pairwise()


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_tr7_re5_under_trouble_too_the_caller_ends_with_a_person(
    row: dict[str, str],
    network_of: Callable[[bool], Network],
    record_property: Callable[[str, object], None],
) -> None:
    cell = Cell(Party(row["party"]), Moment(row["moment"]), Act(row["act"]))
    set_up = SET_UPS[cell.party, cell.moment]
    assert isinstance(set_up, SetUp)
    network = network_of(row["911"] == "hosted" if set_up.hosted is None else set_up.hosted)
    cast = Cast(network, row["language"])
    measured = play(network, cell, cast, set_up.lead, row)
    record_property(*row_of(SECTION, cell, measured))
    assert not network.unexpected()
