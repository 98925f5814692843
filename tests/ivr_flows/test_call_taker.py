"""IN2: the call taker's transfer, on a shared trunk leg and from the hosted desk's star menu."""

import pytest

from ivr_flows import outputs
from ivr_flows.call import Place, Stage
from tests.ivr_flows.story import Story, at_hosted_911, transferred

TRUNK = "call-1"
LEE = "call-2"


def keyed(*keys: str) -> Story:
    story = Story(line="transfer")
    for digits in keys:
        story.presses(TRUNK, digits)
    return story


def starred(*keys: str) -> Story:
    """Lee pressed star and then `keys`."""
    story = at_hosted_911()
    story.stars(LEE)
    story.leaves_room(TRUNK)
    for digits in keys:
        story.presses(LEE, digits)
    return story


def test_in2_a_call_taker_transfers_on_the_leg_that_carries_the_caller() -> None:
    story = transferred()
    answers = story.call.answers
    assert answers["incident_number"] == "4711"
    assert answers["call_type"] == "mental_health"
    assert answers["caller_party"] == "first"
    assert answers["weapon"] == answers["violence"] == answers["crime"] == "no"
    assert answers["asked_police"] == answers["from_988"] == "no"
    assert story.is_at(Stage.WAITING)
    ana = story.ringing_leg("ana")
    story.answers(ana)
    assert "Crisis call, mental health. The caller speaks about themselves." in story.said(ana)
    assert "Incident 4, 7, 1, 1." in story.said(ana)


def test_in2_not_known_counts_for_every_danger() -> None:
    story = keyed("4711", "1", "1", "3")
    assert story.call.answers["weapon"] == "unknown"


@pytest.mark.parametrize(
    "keys",
    [("4711", "1", "1", "1"), ("4711", "1", "1", "2", "1"), ("4711", "1", "1", "2", "2", "1")],
    ids=["danger", "medical", "imminent_risk"],
)
def test_in2_an_exclusion_ends_the_questions_and_the_caller_stays(keys: tuple[str, ...]) -> None:
    story = keyed(*keys)
    assert story.call.decision == "return_to_911"
    assert "The caller stays with you" in story.said(TRUNK)
    assert isinstance(story.last(TRUNK), outputs.Ask)
    assert not story.rings()


def test_in2_after_a_refusal_9_connects_the_line_to_911() -> None:
    story = keyed("4711", "1", "1", "1", "#", "9")
    assert isinstance(story.last(TRUNK), outputs.Dial911)


def test_in2_after_a_refusal_a_line_that_says_nothing_is_connected_to_911() -> None:
    story = keyed("4711", "1", "1", "1", "", "", "")
    assert isinstance(story.last(TRUNK), outputs.Dial911)


def test_in2_a_call_taker_who_takes_the_caller_back_ends_the_transfer() -> None:
    story = keyed("4711", "1", "1", "1")
    story.hangs_up(TRUNK)
    assert story.is_at(Stage.CLOSED)
    assert story.call.outcome == "kept_by_call_taker"


def test_in2_a_number_that_is_none_is_asked_again() -> None:
    story = keyed("47*11")
    assert story.caller.node == "incident_number"
    assert story.caller.tries == 1


def test_in2_the_trunk_leg_has_no_star_since_two_people_are_on_it() -> None:
    story = transferred()
    story.joins(story.accepts("ana"))
    story.released()
    joined = story.last(TRUNK)
    assert isinstance(joined, outputs.JoinRoom)
    assert not joined.star
    assert not joined.ends_room


def test_in2_a_call_taker_on_their_own_leg_keeps_the_caller_until_the_clinician_is_there() -> None:
    story = starred("4", "4711", "1", "1", "2", "2", "2", "1")
    assert story.is_at(Stage.CONSULTING)
    assert "Please stay with your caller" in story.said(LEE)
    story.enters(LEE)
    story.joins(story.accepts("ana"))
    assert story.is_at(Stage.CONNECTED)
    flag = story.take(outputs.SetEndsRoom)
    assert (flag.leg_id, flag.ends_room) == (LEE, False)
    told = [one for one in story.ordered(outputs.Announce) if isinstance(one, outputs.Announce)]
    assert [(one.leg_id, one.say.prompt) for one in told] == [(LEE, "clinician_is_on_the_line")]


def test_in2_a_refusal_brings_the_call_taker_back_to_the_caller() -> None:
    story = starred("4", "4711", "1", "1", "1")
    assert "The caller stays with you" in story.said(LEE)
    assert isinstance(story.last(LEE), outputs.JoinRoom)
    story.enters(LEE)
    assert story.caller.place is Place.ROOM


@pytest.mark.parametrize("keys", [("0",), ("9",), ("", "", "")])
def test_in2_a_call_taker_who_gives_up_goes_back_to_the_caller(keys: tuple[str, ...]) -> None:
    story = starred("4", *keys)
    assert isinstance(story.last(LEE), outputs.JoinRoom)
    assert story.is_at(Stage.CONNECTED)
    assert story.call.returning is None


def test_in2_going_back_starts_fresh_each_time_the_menu_is_used() -> None:
    story = starred("4", "4711", "0")
    story.enters(LEE)
    story.stars(LEE)
    story.leaves_room(TRUNK)
    for digits in ("4", "*"):
        story.presses(LEE, digits)
    assert story.leg(LEE).node == "incident_number"


def consulting() -> Story:
    story = starred("4", "4711", "1", "1", "2", "2", "2", "1")
    story.enters(LEE)
    return story


def test_in2_when_every_clinician_declines_the_call_taker_is_told_and_keeps_the_caller() -> None:
    story = consulting()
    for person in ("ana", "ben"):
        leg = story.ringing_leg(person)
        story.answers(leg)
        story.presses(leg, "2")
    told = [one.say.prompt for one in story.commands if isinstance(one, outputs.Announce)]
    assert told == ["no_clinician_keep_caller"]
    assert story.is_at(Stage.CONNECTED)
    assert story.caller.place is story.leg(LEE).place is Place.ROOM


def test_in2_when_the_search_ends_no_phone_rings_on() -> None:
    story = consulting()
    story.people["clinicians"] = tuple(f"clinician{n}" for n in range(40))
    story.passes(181)
    assert story.is_at(Stage.CONNECTED)
    assert story.call.live_offers() == ()


def test_in2_with_no_clinician_free_the_call_taker_is_told_at_once() -> None:
    story = at_hosted_911()
    story.people["clinicians"] = ()
    story.stars(LEE)
    story.leaves_room(TRUNK)
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses(LEE, digits)
    assert "No clinician is available. The caller stays with you." in story.said(LEE)
    assert story.is_at(Stage.CONNECTED)
    assert isinstance(story.last(LEE), outputs.JoinRoom)
