"""Any key at any time, in either language, by any party: nothing falls silent (issue 4, TR3).

Six keys are pressed one after another in one call, so that most are pressed where an earlier one
has led: in menus, in the middle of a transfer, on the way back to 911.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cell import hearing_of, longest, play_on
from tests.matrix.moments import SET_UPS, Moment, Party, SetUp, who
from tests.matrix.network import Network
from tests.matrix.people import Cast

# Each half of the keypad with a star in its middle: what follows is pressed in a menu.
RUNS = ("58*7#3", "60*412", "9*1804")
PAUSE_SECONDS = 2.0
QUIET_SECONDS = 12.0
"""The longest that whoever pressed hears nothing: a question waits 8 s for a key."""

CELLS = [
    (party, moment, keys)
    for place, (party, moment) in enumerate(SET_UPS)
    for keys in (RUNS[place % 3], RUNS[(place + 1) % 3])
    if isinstance(SET_UPS[party, moment], SetUp)
]


@pytest.mark.parametrize(
    ("party", "moment", "keys"), CELLS, ids=lambda value: str(value).replace(" ", "_")
)
def test_tr3_any_key_by_any_party_leaves_nobody_in_silence(
    party: Party, moment: Moment, keys: str, network_of: Callable[[bool], Network]
) -> None:
    set_up = SET_UPS[party, moment]
    assert isinstance(set_up, SetUp)
    network = network_of(set_up.hosted is not False)
    cast = Cast(network, "es" if RUNS.index(keys) % 2 else "en")
    set_up.lead(cast)
    person = who(cast, party)
    if person.is_ringing():
        person.answers()
    cast.everybody_helps(but=person)
    began = network.now
    for key in keys:
        if person.is_on_a_call():
            person.presses(key)
            network.pass_time(PAUSE_SECONDS)
    try:
        play_on(network, cast, began)
        quiet = longest(
            hearing_of(person.transcript(), network.now),
            began,
            lambda one: one.kind == "silence",
        )
        assert quiet <= QUIET_SECONDS, f"{person.name} heard nothing for {quiet:.1f} s"
    except AssertionError as error:
        error.add_note(cast.tell())
        error.add_note("\n".join(network.story()))
        raise
    assert not network.complaints()
