"""RE5: whom a fail-safe has brought to 911 while the database was gone stays there when it is back.

By then deadlines of theirs are long over, and our record has them elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr_flows.call import Stage
from tests.matrix.cell import hearing_of
from tests.matrix.moments import clinician_rings, clinician_talks
from tests.matrix.network import Network
from tests.matrix.people import Cast

OUTAGE_SECONDS = 400.0  # longer than any stage lasts by itself
AFTERWARDS_SECONDS = 500.0  # with it, whatever is overdue then, and several rounds of the repair


def presses_a_key(cast: Cast) -> None:
    cast.caller.dials("front_door")
    cast.caller.hears("police, fire")
    cast.network.lose_database(OUTAGE_SECONDS)
    cast.caller.presses("4")


def waits(cast: Cast) -> None:
    clinician_rings(cast)
    cast.network.lose_database(OUTAGE_SECONDS)


def is_left_by_the_clinician(cast: Cast) -> None:
    clinician_talks(cast)
    cast.network.lose_database(OUTAGE_SECONDS)
    cast.clinician.hangs_up()


@pytest.mark.parametrize("web", ["lives", "is killed"])
@pytest.mark.parametrize(
    "goes", [presses_a_key, waits, is_left_by_the_clinician], ids=lambda one: one.__name__
)
def test_re5_a_caller_whom_the_failsafe_has_brought_to_911_is_left_with_them(
    goes: Callable[[Cast], None], web: str, network_of: Callable[[bool], Network]
) -> None:
    """The web process tells as soon as it can; where it died before that, the carrier is asked."""
    network = network_of(True)
    cast = Cast(network)
    with network.keeping_the_failsafes_time():
        goes(cast)
        cast.line_911.answers()
        cast.caller.talks_with(cast.line_911.name)
        met_at = network.now
        if web == "is killed":
            network.failsafe_news.clear()

        network.pass_time(AFTERWARDS_SECONDS)

    told = "\n".join((cast.tell(), *network.story()))
    since = [one for one in hearing_of(cast.caller.transcript(), network.now) if one.until > met_at]
    assert [one.people for one in since] == [(cast.line_911.name,)], told
    (call,) = network.calls()
    assert call.stage is Stage.RETURNING, told
    assert call.returning is not None, told
    assert call.returning.taken, told
    assert not network.unexpected()
