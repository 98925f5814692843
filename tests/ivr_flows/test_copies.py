"""A changed copy of a snapshot is the one that `dataclasses.replace` makes."""

from dataclasses import replace

import pytest

from ivr_flows.copies import changed
from tests.ivr_flows.story import START, connected


def test_a_changed_copy_is_the_one_that_replace_makes_and_leaves_the_first_as_it_was() -> None:
    call = connected().call
    before = replace(call)
    leg, offer = call.legs[0], call.offers[0]

    assert changed(call, version=77, desk="x") == replace(call, version=77, desk="x") != call
    assert changed(leg, tries=3, room=9) == replace(leg, tries=3, room=9) != leg
    assert changed(offer, due_at=START) == replace(offer, due_at=START) != offer
    assert call == before


def test_a_field_that_a_snapshot_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        changed(connected().call, deks="clinicians")
