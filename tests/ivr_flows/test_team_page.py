"""DI3: a page is taken by a key and by nothing else."""

from dataclasses import replace

import pytest

from ivr_flows.outputs import Ask, Hangup, Say
from ivr_flows.team_page import LIVE_PAGES, PageState, PageTurn, TeamPage, Wish, answer, key, settle

PAGE = TeamPage("page1", PageState.SENT, "North Team", "@location_home", "@hazard_none")
LIVE = answer(PAGE).page


def _prompts(turn: PageTurn[TeamPage]) -> list[str]:
    says: list[str] = []
    for instruction in turn.instructions:
        if isinstance(instruction, Say):
            says.append(instruction.prompt)
        elif isinstance(instruction, Ask):
            says += [say.prompt for say in instruction.says]
    return says


def test_di3_an_answered_page_names_the_team_the_place_and_the_hazards() -> None:
    turn = answer(PAGE)
    assert turn.page.state is PageState.ANSWERED
    (question,) = turn.instructions
    assert isinstance(question, Ask)
    assert question.step == 1
    assert dict(question.says[0].parameters) == {
        "team": "North Team",
        "location": "@location_home",
        "hazards": "@hazard_none",
    }
    assert _prompts(turn) == ["team_page_request", "team_page_keys"]


def test_di3_the_incident_is_read_digit_by_digit_where_it_is_known() -> None:
    turn = answer(replace(PAGE, incident="4711"))
    assert _prompts(turn) == ["team_page_request", "team_page_incident", "team_page_keys"]
    (question,) = turn.instructions
    assert isinstance(question, Ask)
    assert dict(question.says[1].parameters) == {"incident": "#4711"}


@pytest.mark.parametrize(("digits", "wish"), [("1", Wish.ACCEPT), ("2", Wish.DECLINE)])
def test_di3_a_key_is_a_wish_and_nothing_is_said_before_the_record_decides(
    digits: str, wish: Wish
) -> None:
    turn = key(LIVE, 1, digits)
    assert turn.wish is wish
    assert turn.instructions == ()
    assert turn.page == LIVE


def test_key_3_repeats_the_page_as_often_as_it_is_pressed() -> None:
    page = LIVE
    for _ in range(5):
        turn = key(page, page.step, "3")
        page = turn.page
    assert page.step == 6
    assert _prompts(turn) == ["team_page_request", "team_page_keys"]


@pytest.mark.parametrize("digits", ["", "7", "*"])
def test_di3_silence_voicemail_and_wrong_keys_are_no_acknowledgement(digits: str) -> None:
    page = LIVE
    for _ in range(2):
        turn = key(page, page.step, digits)
        assert isinstance(turn.instructions[0], Ask)
        page = turn.page
    turn = key(page, page.step, digits)
    assert turn.page.state is PageState.FAILED
    assert turn.wish is Wish.NONE
    assert isinstance(turn.instructions[-1], Hangup)


def test_a_late_answer_to_an_old_question_takes_nothing() -> None:
    asked_twice = key(LIVE, 1, "3").page
    turn = key(asked_twice, 1, "1")
    assert turn.wish is Wish.NONE
    assert turn.page == asked_twice
    assert isinstance(turn.instructions[0], Ask)


@pytest.mark.parametrize("state", sorted(set(PageState) - LIVE_PAGES))
def test_a_page_that_is_over_says_how_it_ended_and_takes_no_key(state: PageState) -> None:
    over = replace(LIVE, state=state)
    for turn in (answer(over), key(over, 1, "1"), settle(LIVE, state)):
        assert turn.wish is Wish.NONE
        assert _prompts(turn) == [f"team_page_{state.value}"]
        assert isinstance(turn.instructions[-1], Hangup)


def test_a_repeated_request_hears_the_same_question() -> None:
    assert answer(LIVE) == PageTurn(LIVE, answer(PAGE).instructions)
