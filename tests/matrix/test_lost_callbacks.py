"""TR7, RE5: with every status and conference callback lost, people who meet are not interrupted.

Nobody tells us that they are in the room: the carrier is asked, and its answer lets the call go on.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cell import hearing_of
from tests.matrix.moments import (
    call_taker_rung_for_return,
    clinician_rings,
    second_is_rung,
)
from tests.matrix.network import Network
from tests.matrix.people import Cast, Someone
from tests.matrix.trouble import begin

TOGETHER_SECONDS = 20.0  # longer than the time after which a leg is given up, 9 s
Meets = Callable[[Cast], tuple[Someone, ...]]


def clinician_accepts(cast: Cast) -> tuple[Someone, ...]:
    cast.clinician.accepts()
    return cast.clinician, cast.caller


def second_is_consulted(cast: Cast) -> tuple[Someone, ...]:
    cast.second_clinician.accepts()
    return cast.second_clinician, cast.clinician


def call_taker_accepts(cast: Cast) -> tuple[Someone, ...]:
    cast.call_taker.accepts()
    return cast.call_taker, cast.caller


@pytest.mark.parametrize(
    ("lead", "meets"),
    [
        (clinician_rings, clinician_accepts),
        (second_is_rung, second_is_consulted),
        (call_taker_rung_for_return, call_taker_accepts),
    ],
    ids=lambda one: one.__name__,
)
def test_tr7_re5_people_of_whom_no_callback_tells_are_left_together(
    lead: Callable[[Cast], None], meets: Meets, network_of: Callable[[bool], Network]
) -> None:
    network = network_of(True)
    cast = Cast(network)
    lead(cast)
    begin(network, {"callbacks": "all lost"})
    one, other = meets(cast)
    one.talks_with(other.name)
    met_at = network.now

    network.pass_time(TOGETHER_SECONDS)

    told = "\n".join((cast.tell(), *network.story()))
    for someone in (one, other):
        since = [now for now in hearing_of(someone.transcript(), network.now) if now.until > met_at]
        assert all(now.is_voice for now in since), f"{someone.name} was interrupted\n{told}"
    assert "did_not_join" not in told
    assert not network.complaints()
