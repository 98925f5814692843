"""RE4: who picked up a 911 line, by what proof, on a leg of its own and by TwiML alone."""

from __future__ import annotations

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.presence import LAST_RESORT_ROUND, is_proven, speaks
from ivr_flows.program import Program
from tests.ivr_flows.carrier import GREETING, PERSON
from tests.ivr_flows.story import Story, with_centres
from tests.ivr_flows.test_psap_choice import of_line
from tests.ivr_flows.test_return_to_911 import bridged, dialled, dialling, line, returned_by_star

CALLER, ANA = "call-1", "call-2"
MENU = "For records press two"


def at_east(presence: str) -> Program:
    return of_line(with_centres(presence=presence), "direct", "east")


@pytest.mark.parametrize(
    ("speech", "proves"),
    [
        (PERSON, True),
        ("nine one one go", True),
        ("hello", False),
        ("", False),
        (GREETING, False),
        (MENU, False),
        ("you want me to press one", False),
        ("oprima dos para español por favor", False),
    ],
)
def test_re4_speech_past_the_set_time_is_a_person_s_unless_a_menu_says_it(
    speech: str, proves: bool
) -> None:
    assert speaks(speech, 1.5) is proves


@pytest.mark.parametrize("presence", ["key", "answered"])
@pytest.mark.parametrize("answered_by", ["", "human", "unknown", "machine_start", "fax"])
@pytest.mark.parametrize("speech", ["", PERSON, GREETING])
@pytest.mark.parametrize("digits", ["", "1", "2"])
def test_re4_a_key_proves_a_person_and_speech_only_by_policy_and_of_a_human(
    presence: str, answered_by: str, speech: str, digits: str
) -> None:
    psap = with_centres(presence=presence).psaps["east"]
    by_speech = presence == "answered" and answered_by == "human" and speech == PERSON
    proven = is_proven(psap, digits=digits, speech=speech, answered_by=answered_by)
    assert proven is (digits == "1" or by_speech)


# Who picks up: what the carrier says of them, what they say to each question, and the keys.
WHO = {
    "a person who presses 1": ("human", ["1"], [""]),
    "a person before detection": ("", ["1"], [""]),
    "a person who speaks": ("human", [""], [PERSON]),
    "a person of unclear speech": ("unknown", ["", "1"], [PERSON, ""]),
    "an answering machine": ("machine_start", [""], [GREETING]),
    "a machine unknown": ("unknown", [""] * 3, [GREETING] * 3),
    "a fax": ("fax", [""], [""]),
    "a menu": ("human", [""] * 3, [MENU] * 3),
    "silence": ("unknown", [""] * 3, [""] * 3),
    "wrong keys": ("human", ["5", "6", "7"], [""] * 3),
}
PERSONS = {name for name in WHO if name.startswith("a person")}


def hears_out(story: Story, leg_id: str, who: str, *, detected_first: bool) -> None:
    answered_by, keys, words = WHO[who]
    if answered_by and detected_first:
        story.give(inputs.LegDetected(leg_id, answered_by))
    for digits, speech in zip(keys, words, strict=True):
        leg = story.leg(leg_id)
        if leg.is_live and not leg.present:
            story.give(inputs.Keyed(leg_id, leg.step, digits, speech))
    if answered_by and not detected_first:
        story.give(inputs.LegDetected(leg_id, answered_by))
        for order in story.ordered(outputs.RedirectLeg):
            if getattr(order, "leg_id", "") == leg_id:
                story.give(inputs.LegAsked(leg_id))


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("presence", ["key", "answered"])
@pytest.mark.parametrize("detected_first", [True, False], ids=["detected", "detected_late"])
def test_re4_beside_the_clinician_a_person_gets_the_caller_and_nobody_else_does(
    who: str, presence: str, detected_first: bool
) -> None:
    story = returned_by_star(Story(at_east(presence)))
    psap = story.psap_leg()
    story.joins(ANA)
    story.give(inputs.CommandDone("PlaceLeg", psap, f"CA{psap}"))
    story.answers(psap)
    hears_out(story, psap, who, detected_first=detected_first)
    proven = who in PERSONS and (presence == "answered" or who != "a person who speaks")
    assert story.leg(psap).present is proven
    if proven:
        assert story.leg(psap).place is Place.JOINING
        return
    if who == "a person who speaks":
        assert story.leg(psap).is_live, "by policy a key is needed: the question stands"
        return
    assert story.leg(psap).place is Place.ENDED
    assert story.leg(story.psap_leg()).line_id == "east-general"
    assert story.call.outcome == ""
    assert story.leg(ANA).ends_room


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("presence", ["key", "answered"])
def test_re4_by_twiml_alone_the_same_without_detection(who: str, presence: str) -> None:
    story = Story(at_east(presence))
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    assert line(story) == "east-sip"
    step = story.caller.step
    answer = story.gives_unheard(inputs.LineAnswered(CALLER, step))
    _, keys, words = WHO[who]
    for digits, speech in zip(keys, words, strict=True):
        last = answer[-1]
        if isinstance(last, outputs.AskLine):
            keyed = inputs.LineKeyed(CALLER, step, last.tries, digits, speech)
            answer = story.gives_unheard(keyed)
    by_speech = presence == "answered" and PERSON in words
    proven = "1" in keys or by_speech
    assert story.caller.present is proven
    if proven:
        assert isinstance(answer[-1], outputs.Say), "at the end of what is said both are bridged"
        assert story.call.outcome == "returned_to_911"
    elif len(keys) > 1:
        assert answer[-1] == outputs.Hangup()
        dialled(story, "no-answer")
        assert line(story) == "east-general"
    else:
        assert isinstance(answer[-1], outputs.AskLine), "asked a second time"


@pytest.mark.parametrize("status", ["no-answer", "completed"])
def test_re4_the_last_resort_gets_the_caller_without_a_key(status: str) -> None:
    """However the carrier names a line that we hung up on: the caller reaches the general line."""
    story = dialling()
    lines = []
    for _ in range(10):
        lines.append(line(story))
        step = story.caller.step
        answer = story.gives_unheard(inputs.LineAnswered(CALLER, step))
        while isinstance(answer[-1], outputs.AskLine):
            tries = answer[-1].tries
            answer = story.gives_unheard(inputs.LineKeyed(CALLER, step, tries))
        if answer[-1] != outputs.Hangup():
            break
        dialled(story, status)
    assert lines == ["priority", "second", "general", "general", "general"]
    assert story.call.returning is not None
    assert story.call.returning.rounds == LAST_RESORT_ROUND
    assert story.call.outcome == "returned_to_911"
    assert "let_in_without_proof" in story.kinds()


def test_re4_a_machine_s_word_too_late_takes_nobody_away() -> None:
    story, psap = bridged()
    story.answers(psap)
    story.presses(psap, "1")
    story.give(inputs.LegDetected(psap, "machine_start"))
    assert story.ignored
    assert story.leg(psap).present


def test_re4_a_machine_known_before_the_document_is_hung_up_at_once() -> None:
    story, psap = bridged()
    story.give(inputs.LegAnswered(psap, f"CA{psap}", "machine_start"))
    assert story.last(psap) == outputs.Hangup()
    assert story.leg(story.psap_leg()).line_id == "second"


def test_re4_one_person_has_the_caller_and_the_other_hears_that_they_are_not_needed() -> None:
    story, psap = bridged()
    story.answers(psap)
    story.hangs_up_in_room(ANA, CALLER)
    story.give(inputs.LegStatusChanged(psap, "failed"))  # told late that it is over: it is not
    story.released()
    step = story.caller.step
    story.gives_unheard(inputs.LineAnswered(CALLER, step))
    answer = story.gives_unheard(inputs.LineKeyed(CALLER, step, 0, "1"))
    assert isinstance(answer[-1], outputs.Say)
    story.presses(psap, "1")
    assert not story.leg(psap).present


def test_re4_a_key_of_a_line_that_is_not_dialled_any_more_does_nothing() -> None:
    story = dialling()
    step = story.caller.step
    story.gives_unheard(inputs.LineAnswered(CALLER, step))
    dialled(story, "busy")
    assert story.gives_unheard(inputs.LineKeyed(CALLER, step, 0, "1")) == (outputs.Nothing(),)
    assert story.gives_unheard(inputs.LineAnswered(CALLER, step)) == (outputs.Nothing(),)
    assert story.call.outcome == ""


def test_re4_leaving_while_nobody_at_911_is_there_takes_a_second_press() -> None:
    story, psap = bridged()
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.presses(ANA, "2")
    assert "Nobody from 9 1 1 is on the line yet." in story.said(ANA)
    story.presses(ANA, "1")
    assert isinstance(story.last(ANA), outputs.JoinRoom)
    story.enters(ANA)
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.presses(ANA, "2")
    story.presses(ANA, "2")
    assert "How is the call resolved?" in story.said(ANA)
    for key in ("1", "1"):
        story.presses(ANA, key)
    assert isinstance(story.last(ANA), outputs.Hangup)
    story.hangs_up(ANA)
    assert story.is_at(Stage.RETURNING), "the return goes on"
    story.answers(psap)
    story.presses(psap, "1")
    story.enters(psap)
    assert story.is_at(Stage.CONNECTED)


@pytest.mark.parametrize("key", ["", "5", "*"])
def test_re4_no_second_press_no_leaving(key: str) -> None:
    story, _ = bridged()
    story.stars(ANA)
    story.leaves_room(CALLER)
    for pressed in ("2", key, key, key):
        story.presses(ANA, pressed)
    assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_re4_once_911_is_there_one_press_leaves() -> None:
    story, psap = bridged()
    story.answers(psap)
    story.presses(psap, "1")
    story.joins(psap)
    story.stars(ANA)
    story.presses(ANA, "2")
    assert "Nobody from 9 1 1" not in story.said(ANA)


def test_re3_a_line_out_of_service_is_followed_at_once_beside_the_clinician() -> None:
    story, psap = bridged()
    for status, following in (("failed", "second"), ("busy", "general")):
        story.give(inputs.LegStatusChanged(psap, status))
        psap = story.psap_leg()
        assert story.leg(psap).line_id == following
        story.give(inputs.CommandDone("PlaceLeg", psap, f"CA{psap}"))
    story.give(inputs.LegStatusChanged(psap, "no-answer"))
    assert story.psap_leg() == psap, "a round ends with a pause, and with words"
    story.passes(2)
    psap = story.psap_leg()
    assert story.leg(psap).line_id == "general"
    story.give(inputs.LegStatusChanged(psap, "no-answer"))
    assert story.leg(story.psap_leg()).line_id == "priority", "out of service: tried after it"


def test_re3_by_twiml_a_new_round_begins_with_words_and_a_pause() -> None:
    story = dialling()
    for status in ("busy", "failed", "busy"):
        dialled(story, status)
    last = story.last(CALLER)
    assert isinstance(last, outputs.Dial911)
    assert last.pause_seconds == 2
    assert story.said(CALLER).count("I am still connecting you to 9 1 1.") == 3
