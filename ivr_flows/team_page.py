"""The dialogue of a page: a team's member is rung, hears the request, and takes or declines it.

Only a key takes it: silence, a voicemail's greeting and unknown keys are no acknowledgement. The
dialogue says what the person wishes; whether the team has the request is decided by the record,
and only then said aloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from ivr_flows.menus import ACCEPT, DECLINE
from ivr_flows.outputs import Ask, Hangup, Instruction, Say

REPEAT_PAGE = "3"
MOST_QUESTIONS = 3  # the first and two gentle tries, then the page is over


class PageState(StrEnum):
    """What became of one page of one member."""

    READY = "ready"
    ATTEMPTING = "attempting"
    SENT = "sent"
    ANSWERED = "answered"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    FAILED = "failed"  # nobody answered, or no usable key was pressed
    WITHDRAWN = "withdrawn"  # the other member took it, its deadline passed, or the request is over


LIVE_PAGES = frozenset({PageState.READY, PageState.ATTEMPTING, PageState.SENT, PageState.ANSWERED})


class Wish(StrEnum):
    """What a person asks for by key."""

    NONE = ""
    ACCEPT = "accept"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class TeamPage:
    """One page as the dialogue sees it.

    `team`, `location` and `hazards` are words to speak, or names of prompts with an @ before them;
    `incident` is the 911 centre's number, read digit by digit. `step` counts the questions asked.
    """

    id: str
    state: PageState
    team: str
    location: str
    hazards: str
    incident: str = ""
    language: str = "en"
    step: int = 0

    @property
    def is_live(self) -> bool:
        """Whether the member may still take the request."""
        return self.state in LIVE_PAGES


@dataclass(frozen=True, slots=True)
class PageTurn:
    """What follows from one request of a page's leg.

    With a wish the record decides, then `settle` speaks.
    """

    page: TeamPage
    instructions: tuple[Instruction, ...] = ()
    wish: Wish = Wish.NONE


def answer(page: TeamPage) -> PageTurn:
    """The leg was picked up. Asked again, it repeats the question it stands at."""
    if not page.is_live:
        return _goodbye(page)
    if page.step == 0:
        page = replace(page, state=PageState.ANSWERED, step=1)
    return _ask(page)


def key(page: TeamPage, step: int, digits: str) -> PageTurn:
    """An answer to question `step`, "" for silence. A late one only hears where the page stands."""
    if not page.is_live:
        return _goodbye(page)
    if step != page.step:
        return _ask(page)
    if digits == ACCEPT:
        return PageTurn(page, wish=Wish.ACCEPT)
    if digits == DECLINE:
        return PageTurn(page, wish=Wish.DECLINE)
    if digits == REPEAT_PAGE:
        return _ask(replace(page, step=page.step + 1))
    if page.step >= MOST_QUESTIONS:
        return _goodbye(replace(page, state=PageState.FAILED))
    page = replace(page, step=page.step + 1)
    return _ask(page, _say(page, "not_understood" if digits else "not_heard"))


def settle(page: TeamPage, state: PageState) -> PageTurn:
    """The record has decided what the page became; say so."""
    return _goodbye(replace(page, state=state))


def _ask(page: TeamPage, *before: Say) -> PageTurn:
    offer = _say(page, "request", team=page.team, location=page.location, hazards=page.hazards)
    incident = (_say(page, "incident", incident=f"#{page.incident}"),) if page.incident else ()
    says = (*before, offer, *incident, _say(page, "keys"))
    return PageTurn(page, (Ask(says, page.step, digits=1, timeout_seconds=8),))


def _goodbye(page: TeamPage) -> PageTurn:
    return PageTurn(page, (_say(page, page.state.value), Hangup()))


def _say(page: TeamPage, prompt: str, **parameters: str) -> Say:
    named: Mapping[str, str] = MappingProxyType(parameters)
    return Say(f"team_page_{prompt}", page.language, named)
