"""RE3: 911 centres by jurisdiction in a program's file, and what is wrong with them, by line."""

from __future__ import annotations

import pytest

from router.programs.inheritance import OF_A_PLACE
from router.programs.reading import from_stored, read_text, to_program, to_stored
from tests.programs.test_reading import AUSTIN, faults_of

EAST = """
[psaps.east]
name = "East 911"
areas = ["east"]
incident_prefixes = ["E", "77"]
presence = "answered"
presence_speech_seconds = 2.5

[[psaps.east.lines]]
id = "east-sip"
name = "priority"
sip = "sip:desk@east.example:5061"
headers = { "X-Incident" = "{incident_number}", "User-to-User" = "id {call_id}" }
ring_seconds = 10

[[psaps.east.lines]]
id = "east-general"
name = "general"
number = "+15125550170"

[areas.east]
zips = ["78702"]
"""
TEXT = AUSTIN + EAST
PRIORITY = 'name = "priority"\nnumber = "+15125550110"'


def test_re3_a_file_names_centres_with_their_lines_and_what_is_stored_holds_no_address() -> None:
    document = read_text(TEXT, "austin.toml")
    stored = to_stored(document)
    assert "east.example" not in str(stored)
    assert "X-Incident" not in str(stored)
    program = to_program(from_stored(stored), 3)
    east = program.psaps["east"]
    assert [(line.id, line.ring_seconds) for line in east.lines] == [
        ("east-sip", 10),
        ("east-general", 20),
    ]
    assert (east.presence, east.presence_speech_seconds) == ("answered", 2.5)
    assert (east.areas, east.incident_prefixes) == (("east",), ("E", "77"))
    assert program.psap.presence == "key"
    assert program.hosted_desks == {"911"}


def test_re3_a_program_without_further_centres_is_as_it_was() -> None:
    assert to_program(read_text(AUSTIN, "austin.toml"), 1).psaps == {}


def test_a_city_that_follows_another_does_not_take_over_its_centres() -> None:
    assert "psaps" in OF_A_PLACE


def test_re3_a_transfer_line_may_name_its_centre() -> None:
    text = TEXT.replace('kind = "transfer"', 'kind = "transfer"\npsap = "east"')
    program = to_program(read_text(text, "austin.toml"), 1)
    assert program.lines["transfer"].psap == "east"


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        ('areas = ["east"]', 'areas = ["west"]', '"west", which is not among the areas'),
        ("presence_speech_seconds = 2.5", "presence_speech_seconds = 90", "at most 30"),
        ('presence = "answered"', 'presence = "maybe"', "'key' or 'answered'"),
        ('"sip:desk@east.example:5061"', '"desk@east"', "should be a SIP address"),
        ('"sip:desk@east.example:5061"', '"sip:desk@e.example?X-A=1"', "should be a SIP address"),
        ('"X-Incident" =', '"Incident" =', "should be a header named X-"),
        ('"X-Incident" =', '"X-Twilio-Id" =', "names with X-Twilio are Twilio's own"),
        ('"{incident_number}"', '"{caller}"', "known are {call_id} and {incident_number}"),
        ('"{incident_number}"', '"{call_id.x}"', "known are {call_id} and {incident_number}"),
        ('"{incident_number}"', '"{incident_number"', "a brace without its other half"),
        ('"{incident_number}"', '"' + "x" * 200 + '"', "at most 254 may be"),
        ('"{incident_number}"', '"one\\ntwo"', "signs of ASCII on one line"),
        ('number = "+15125550170"', "ring_seconds = 20", "lines[2].number is missing"),
        ('number = "+15125550170"', 'number = "+15125550101"', 'is our own line "transfer"'),
        ('id = "east-general"', 'id = "austin-general"', 'is used twice: "austin-general"'),
        ('incident_prefixes = ["E", "77"]', 'incident_prefixes = ["7 7"]', "psaps.east"),
        ("ring_seconds = 10", 'number = "+15125550171"', "a number and a sip address"),
        ('name = "East 911"', 'name = "East 911"\ndesk = "east"', "not among the desks"),
        ('name = "East 911"', 'name = "E"\ndesk = "clinicians"', 'role is not "call_taker"'),
    ],
)
def test_re3_each_fault_of_a_centre_is_a_sentence_with_its_line(
    good: str, bad: str, sentence: str
) -> None:
    assert good in EAST
    (fault, *_rest) = faults_of(AUSTIN + EAST.replace(good, bad, 1))
    assert sentence in fault
    number = int(fault.removeprefix("austin.toml, line ").split(":")[0])
    assert number > AUSTIN.count("\n"), "the line is one of the centre's"


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        ('kind = "transfer"', 'kind = "transfer"\npsap = "west"', "which is no 911 centre here"),
        ('kind = "psap"', 'kind = "psap"\npsap = "east"', "has no desk"),
        ('desk = "911"', 'desk = "911"\nareas = ["east"]', 'has "east", which Austin 911 has too'),
        (PRIORITY, f'headers = {{ "X-A" = "1" }}\n{PRIORITY}', "only a sip address takes"),
    ],
)
def test_re3_what_a_centre_and_the_rest_of_the_file_contradict(
    good: str, bad: str, sentence: str
) -> None:
    assert good in TEXT
    assert any(sentence in fault for fault in faults_of(TEXT.replace(good, bad, 1)))


def test_re3_a_further_centre_has_an_id_of_its_own() -> None:
    faults = faults_of(AUSTIN + EAST.replace("psaps.east", "psaps.austin"))
    assert any("has the id of the default centre" in fault for fault in faults)


def test_re5_the_default_centre_needs_a_number_that_the_fail_safe_can_dial() -> None:
    text = AUSTIN
    for end in "012":
        text = text.replace(f'number = "+1512555011{end}"', f'sip = "sip:l{end}@austin.example"')
    assert any("the fail-safe dials no other" in fault for fault in faults_of(text))
