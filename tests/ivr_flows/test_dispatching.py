"""DI1: a team asked for from the star menu, read back, changed, cancelled; its way is told."""

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Stage
from tests.ivr_flows.story import Story, connected, transferred

CALLER = "call-1"
ANA = "call-2"


def asking(*keys: str) -> Story:
    story = transferred()
    story.enters(story.accepts("ana"))
    story.stars(ANA)
    story.leaves_room(CALLER)
    for key in ("3", *keys):
        story.presses(ANA, key)
    return story


def announced(story: Story) -> list[str]:
    return [one.say.prompt for one in story.commands if isinstance(one, outputs.Announce)]


def test_di1_the_request_is_read_back_before_it_is_sent() -> None:
    story = asking("1", "1")
    assert "Sending a team to the place on the incident. Known danger: yes." in story.said(ANA)
    assert "Incident 4, 7, 1, 1." in story.said(ANA)
    assert not story.ordered(outputs.RequestDispatch)
    story.presses(ANA, "1")
    order = story.take(outputs.RequestDispatch)
    assert dict(order.details) == {"hazards": "yes", "place": "incident_location"}
    assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_di1_changing_asks_again() -> None:
    story = asking("1", "1", "2", "3", "2")
    assert "Sending a team to a place the caller will tell. Known danger: not known." in story.said(
        ANA
    )
    story.presses(ANA, "1")
    assert dict(story.take(outputs.RequestDispatch).details)["place"] == "caller_will_tell"


@pytest.mark.parametrize(
    "keys", [("1", "1", "3"), ("", "", ""), ("1", "7", "7", "7")], ids=["cancel", "silence", "keys"]
)
def test_di1_cancelled_or_unanswered_nothing_is_sent_and_that_is_said(
    keys: tuple[str, ...],
) -> None:
    story = asking(*keys)
    assert not story.ordered(outputs.RequestDispatch)
    assert "Nothing was sent." in story.said(ANA)
    assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_di1_a_request_goes_on_when_the_caller_hangs_up_meanwhile() -> None:
    story = asking("1")
    story.hangs_up(CALLER)
    for key in ("1", "1"):
        story.presses(ANA, key)
    assert story.ordered(outputs.RequestDispatch)
    assert "How is the call resolved?" in story.said(ANA)


def test_di4_the_clinician_hears_how_far_the_team_is() -> None:
    story = connected()
    for status in ("assigned", "acknowledged", "en_route", "on_scene", "cleared"):
        story.give(inputs.DispatchChanged("d1", status, "North Team"))
    assert announced(story) == [
        "dispatch_assigned",
        "dispatch_acknowledged",
        "dispatch_en_route",
        "dispatch_on_scene",
        "dispatch_cleared",
    ]
    assert story.call.outcome == "dispatched"


def test_di4_the_same_news_twice_is_told_once() -> None:
    story = connected()
    for _ in range(2):
        story.give(inputs.DispatchChanged("d1", "acknowledged", "North Team", 12))
    assert announced(story) == ["dispatch_acknowledged_minutes"]
    assert story.ignored


def test_di4_the_menu_tells_the_status_and_offers_another_team() -> None:
    story = connected()
    story.give(inputs.DispatchChanged("d1", "acknowledged", "North Team", 12))
    story.stars(ANA)
    assert "North Team is coming, in about 12 minutes." in story.said(ANA)
    assert "To send another team, press 3." in story.said(ANA)


def test_di3_when_no_team_answers_the_clinician_is_pointed_to_911() -> None:
    story = connected()
    story.give(inputs.DispatchChanged("d1", "unanswered"))
    assert announced(story) == ["dispatch_unanswered"]
    assert story.is_at(Stage.CONNECTED)
    assert story.call.outcome == ""
