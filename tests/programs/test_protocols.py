"""EL4: the checker of triage protocols names every fault and its line."""

from __future__ import annotations

import pytest

from router.programs.protocol_shape import read_protocol_text
from router.programs.reading import ProgramFileError

RIGHT = """
name = "safety"
title = "Safety"
languages = ["en", "es"]
asked_of = ["caller", "call_taker"]
[[questions]]
name = "hurt"
kind = "yes_no"
weights = { yes = 2 }
then = "who"
caller = { en = "Hurt?", es = "¿Herido?" }
call_taker = { en = "Hurt?", es = "¿Herido?" }
[[questions]]
name = "who"
kind = "choice"
caller = { en = "Who?", es = "¿Quién?" }
call_taker = { en = "Who?", es = "¿Quién?" }
choices = [{ key = "1", value = "me", words = { en = "me", es = "yo" } }]
[[outcomes]]
name = "high"
risk = "high"
at_least = 2
answers = { medical = "yes" }
[[outcomes]]
name = "low"
risk = "low"
"""


def faults(old: str, new: str) -> str:
    assert old in RIGHT
    with pytest.raises(ProgramFileError) as caught:
        read_protocol_text(RIGHT.replace(old, new), "safety.toml")
    return str(caught.value)


def test_el4_a_right_protocol_is_read() -> None:
    assert read_protocol_text(RIGHT, "safety.toml").name == "safety"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('then = "who"', 'then = "end"', 'line 13: questions[2] ("who") is never asked'),
        ('then = "who"', 'then = "whom"', 'goes on to "whom", which is no question here'),
        ('kind = "choice"', 'kind = "choice"\nthen = "hurt"', "go round in a circle"),
        ('name = "low"', 'name = "low"\nat_least = 1', "leaves answers without an outcome"),
        ("at_least = 2", "at_least = 3", "is never reached: the highest score is 2"),
        ("at_least = 2", "", "no outcome after it is ever reached"),
        ('{ en = "Hurt?", es = "¿Herido?" }', '{ en = "Hurt?" }', 'has no caller in "es"'),
        ('es = "yo"', 'fr = "moi"', 'has no words of "me" in "es"'),
        ('key = "1"', 'key = "9"', "should be a key from 1 to 7"),
        ('key = "1"', 'key = "*"', "should be a key from 1 to 7"),
        ('medical = "yes"', 'mood = "yes"', "is no input of the policy"),
        ("{ yes = 2 }", "{ yse = 2 }", 'names the answer "yse", which cannot be given'),
        ("{ yes = 2 }", "{ yes = 2, no = 1, unknown = 0 }", "for better than any answer"),
        ('kind = "yes_no"', 'kind = "text"', "a phone cannot take"),
        ('languages = ["en", "es"]', 'languages = ["en", "xx"]', '"xx" has no prompts'),
        ('caller = { en = "Who?"', 'caller = { en = "#4711"', "a sign that is not spoken"),
        ('name = "who"', 'name = "hurt"', 'is used twice: "hurt"'),
        ("at_least = 2", "at_last = 2", 'did you mean "at_least"'),
        ("at_least = 2", 'at_least = 2\nwhen = { who = ["you"] }', "which cannot be answered"),
    ],
)
def test_el4_a_fault_is_named(old: str, new: str, sentence: str) -> None:
    assert sentence in faults(old, new)


def test_el4_a_key_used_twice_is_named() -> None:
    one = '{ key = "1", value = "me", words = { en = "me", es = "yo" } }'
    said = faults(one, f"{one}, {one.replace('me', 'you')}")
    assert 'is used twice: "1"' in said
