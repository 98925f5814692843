"""SU1: a caller at the crisis line is shown as such, and no alarm says that commands fail."""

from __future__ import annotations

from datetime import timedelta

from ivr_flows import inputs
from router.services.read_board import _call_alarms, describe
from tests.ivr_flows.story import Story, deciding, eligible_direct, with_crisis_line

MINUTE = timedelta(minutes=1)


def test_su1_the_board_tells_the_crisis_line_from_911() -> None:
    story = eligible_direct(Story(with_crisis_line(), decides=deciding("crisis_line")))
    assert describe(story.call, {}) == "Is being connected to the crisis line"
    assert _call_alarms(story.call, story.now) == []
    story.give(inputs.LineAnswered("call-1"))
    assert describe(story.call, {}) == "Talks with the crisis line"
    assert _call_alarms(story.call, story.now + MINUTE) == []
    story.give(inputs.ReturnRequested("sam", "danger", skip=True, request=""))
    assert describe(story.call, {}).startswith("Ringing 911, ahead")
