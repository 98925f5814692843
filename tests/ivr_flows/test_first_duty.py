"""Random lives of a call: a caller who stays reaches a person, whatever else happens.

`SWITCHBACK_LIVES` sets how many lives each case plays, for a soak.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from ivr_flows.facts import History
from ivr_flows.program import Program
from tests.ivr_flows.called import CalledBack, calling_back
from tests.ivr_flows.carrier import Carrier
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    at_hosted_911,
    connected,
    deciding,
    hosted,
    with_centres,
    with_crisis_line,
    with_transfers,
)
from tests.ivr_flows.test_announced import KNOWN, OTHER
from tests.ivr_flows.test_party_control import together, with_interpreter
from tests.ivr_flows.test_protocols import ASKING, IN_FORCE

LIVES = int(os.environ.get("SWITCHBACK_LIVES", "12"))
CARRIERS = {
    "all_works": {"rest": 1.0, "lost": 0.0},
    "rest_is_down": {"rest": 0.0, "lost": 0.0},
    "rest_by_chance": {"rest": 0.6, "lost": 0.0},
    "callbacks_are_lost": {"rest": 1.0, "lost": 0.3},
    "both": {"rest": 0.7, "lost": 0.3},
    "no_switchboard": {"switchboard": False},
}


HISTORIES = (
    *(History() for _ in range(3)),
    History(calls_this_week=3, is_blocked=True),
    History(calls_this_week=1, given_back=("clinicians",)),
)
ANNOUNCED = ((), (KNOWN,), (KNOWN, OTHER), (replace(KNOWN, by_number=True),))


@pytest.mark.parametrize("line", ["direct", "transfer", "psap", "front_door"])
@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
def test_tr7_re5_a_caller_who_stays_on_the_line_reaches_a_person(
    line: str, program: Program, chances: dict[str, float]
) -> None:
    live(
        lambda seed: Story(
            replace(program, protocols=ASKING.protocols) if seed % 3 else program,
            line,
            announced=ANNOUNCED[seed % 4],
            protocols=IN_FORCE,
            history=HISTORIES[seed % 5],
        ),
        chances,
    )


@pytest.mark.parametrize("line", ["direct", "transfer"])
@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize("outcome", ["crisis_line", "police_with_clinician", "team", "not_known"])
def test_tr7_el1_whatever_the_policy_decides_a_caller_who_stays_reaches_a_person(
    line: str, program: Program, chances: dict[str, float], outcome: str
) -> None:
    decides = deciding(outcome)
    live(lambda _: Story(with_crisis_line(program), line, decides=decides), chances, LIVES // 4)


@pytest.mark.parametrize("line", ["direct", "transfer"])
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize("machines", [0.5, 1.0], ids=["machines", "only_machines"])
def test_re3_re4_whoever_picks_up_911_s_lines_the_caller_is_not_kept_from_them(
    line: str, chances: dict[str, float], machines: float
) -> None:
    """A second centre where answered is enough; machines on its lines."""
    program = with_centres(hosted(), presence="answered")
    of_line = {**program.lines, line: replace(program.lines[line], psap="east")}
    programs = (program, replace(program, lines=of_line))
    live(
        lambda seed: Story(programs[seed % 2], line), {**chances, "machines": machines}, LIVES // 4
    )


TALKS: dict[str, Callable[[Program], Story]] = {
    "clinician": lambda program: connected(Story(program)),
    "clinician_with_desk_at_911": lambda program: connected(
        Story(replace(program, psap=hosted().psap))
    ),
    "call_taker": lambda program: at_hosted_911(
        Story(replace(program, psap=hosted().psap), "psap")
    ),
}


@pytest.mark.parametrize("consult", ["private", "together"])
@pytest.mark.parametrize("talks", TALKS.values(), ids=TALKS)
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
def test_tr2_tr7_whoever_the_caller_is_transferred_to_they_reach_a_person(
    consult: str, talks: Callable[[Program], Story], chances: dict[str, float]
) -> None:
    program = with_transfers(consult=consult)
    live(lambda _: talks(program), {**chances, "transfers": True}, max(LIVES // 3, 1))


@pytest.mark.parametrize("talks", TALKS.values(), ids=TALKS)
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
def test_tr7_whatever_the_repairer_finds_a_caller_who_stays_reaches_a_person(
    talks: Callable[[Program], Story], chances: dict[str, float]
) -> None:
    live(lambda _: talks(PROGRAM), {**chances, "repaired": True}, LIVES // 2)


@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
def test_tr7_in6_a_caller_who_is_called_back_and_stays_reaches_a_person(
    program: Program, chances: dict[str, float]
) -> None:
    live(
        lambda seed: CalledBack(
            calling_back(program),
            people={"clinicians": ("ana", "ben")[: seed % 3], "911": ("lee", "kim")},
            seek_seconds=(0, 30)[seed % 2],
            to_911=seed % 5 == 0,
            with_clinician=seed % 4 == 0,
        ),
        chances,
        LIVES * 2,
    )


@pytest.mark.parametrize("line", ["direct", "transfer"])
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
def test_tr7_ro5_a_caller_with_choices_in_the_wait_reaches_a_person(
    line: str, chances: dict[str, float]
) -> None:
    live(lambda _: Story(calling_back(), line), chances)


@pytest.mark.parametrize("begin", [together, with_interpreter], ids=["two_staff", "interpreter"])
@pytest.mark.parametrize("chances", CARRIERS.values(), ids=CARRIERS)
def test_tr3_tr7_whoever_is_held_muted_or_removed_the_caller_reaches_a_person(
    begin: Callable[[], tuple[Story, str]], chances: dict[str, float]
) -> None:
    live(lambda _: begin()[0], chances, LIVES // 3, party_control=True)


def live(
    begin: Callable[[int], Story],
    chances: dict[str, float],
    lives: int = LIVES,
    *,
    party_control: bool = False,
) -> None:
    """Play so many random lives of a call, each with its seed, to their end."""
    for seed in range(lives):
        story = begin(seed)
        carrier = Carrier(story, Random(seed), **chances)  # type: ignore[arg-type]
        carrier.party_control = party_control
        try:
            for _ in range((seed * 7 + 30 * party_control) % 90):
                carrier.act()
                carrier.check()
            if party_control:
                carrier.loses_a_heard_one()
            assert carrier.drain(), "the caller is left without a person"
            if carrier.transfers and carrier.switchboard:
                assert carrier.hangs_up_and_nobody_is_rung_on(), "a phone rings for nobody"
        except Exception as error:
            error.add_note(f"seed {seed}: {story.kinds()}\n{story.call}\n{carrier.on_line}")
            raise
