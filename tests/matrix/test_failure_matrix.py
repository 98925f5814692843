"""Whoever leaves, falls silent or presses the wrong key: the caller ends with a person (TR7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cell import Cell, everything_ends, play
from tests.matrix.moments import SET_UPS, Act, SetUp
from tests.matrix.network import Network
from tests.matrix.people import Cast
from tests.matrix.table import PLAIN, row_of

CELLS = [
    Cell(party, moment, act)
    for (party, moment), set_up in SET_UPS.items()
    for act in Act
    if isinstance(set_up, SetUp)
]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.slug)
def test_tr7_the_caller_hears_a_voice_and_ends_with_a_person(
    cell: Cell,
    network_of: Callable[[bool], Network],
    record_property: Callable[[str, object], None],
) -> None:
    set_up = SET_UPS[cell.party, cell.moment]
    assert isinstance(set_up, SetUp)
    network = network_of(set_up.hosted is not False)
    cast = Cast(network)
    measured = play(network, cell, cast, set_up.lead)
    record_property(*row_of(PLAIN, cell, measured))
    if cast.caller.is_on_a_call():
        cast.caller.hangs_up()
        everything_ends(network)
    assert not network.complaints()
