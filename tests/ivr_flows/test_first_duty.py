"""The first duty under random lives: whatever people, carrier and REST do, a caller who stays reaches a person."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from carrier import Carrier
from story import PROGRAM, Story, hosted

LIVES = 30


@pytest.mark.parametrize("line", ["direct", "transfer", "psap"])
@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
@pytest.mark.parametrize("rest_works", [True, False], ids=["rest", "no_rest"])
def test_tr7_re5_a_caller_who_stays_on_the_line_reaches_a_person(line, program, rest_works) -> None:
    if line == "psap" and not program.psap.desk:
        pytest.skip("a centre outside has no hosted line")
    for seed in range(LIVES):
        story = Story(program, line)
        carrier = Carrier(story, Random(seed))
        carrier.settle("call-1")
        carrier.rest_works = rest_works
        try:
            for _ in range(seed % 60):
                carrier.act()
                carrier.check()
            carrier.callbacks_arrive = True
            assert carrier.drain(), "the caller is left without a person"
        except Exception as error:
            error.add_note(f"seed {seed}: {story.kinds()}\n{story.call}\n{carrier.on_line}")
            raise
