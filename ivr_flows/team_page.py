"""The dialogue of a page: somebody is rung, hears a request, and takes or declines it by key.

A team's member hears of a dispatch; a line of 911 of a caller who cannot be reached (`welfare`).

Only a key takes it: silence, a voicemail's greeting and unknown keys are no acknowledgement. The
dialogue says what the person wishes; whether the team has the request is decided by the record,
and only then said aloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Generic, Protocol, TypeVar

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


class Page(Protocol):
    """A page as the dialogue sees it; `step` counts the questions asked."""

    @property
    def state(self) -> PageState:
        """What it has become."""

    @property
    def language(self) -> str:
        """What is spoken."""

    @property
    def step(self) -> int:
        """The question it stands at."""

    @property
    def prefix(self) -> str:
        """What the names of its sentences begin with."""

    @property
    def keys(self) -> Mapping[str, Wish]:
        """The keys of its menu; NONE repeats the request."""

    def request(self) -> tuple[Say, ...]:
        """What is asked of the person."""


@dataclass(frozen=True, slots=True)
class TeamPage:
    """One page of one member of a team.

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
    prefix: ClassVar[str] = "team_page"
    keys: ClassVar[Mapping[str, Wish]] = MappingProxyType(
        {ACCEPT: Wish.ACCEPT, DECLINE: Wish.DECLINE, REPEAT_PAGE: Wish.NONE}
    )

    def request(self) -> tuple[Say, ...]:
        """The request, and the incident where one is known."""
        words = {"team": self.team, "location": self.location, "hazards": self.hazards}
        offer = _say(self, "request", **words)
        incident = (_say(self, "incident", incident=f"#{self.incident}"),) if self.incident else ()
        return (offer, *incident)


_Page = TypeVar("_Page", bound=Page)


@dataclass(frozen=True, slots=True)
class PageTurn(Generic[_Page]):
    """What follows from one request of a page's leg.

    With a wish the record decides, then `settle` speaks.
    """

    page: _Page
    instructions: tuple[Instruction, ...] = ()
    wish: Wish = Wish.NONE


def answer(page: _Page) -> PageTurn[_Page]:
    """The leg was picked up. Asked again, it repeats the question it stands at."""
    if page.state not in LIVE_PAGES:
        return _goodbye(page)
    if page.step == 0:
        page = _with(page, state=PageState.ANSWERED, step=1)
    return _ask(page)


def key(page: _Page, step: int, digits: str) -> PageTurn[_Page]:
    """An answer to question `step`, "" for silence. A late one only hears where the page stands."""
    if page.state not in LIVE_PAGES:
        return _goodbye(page)
    if step != page.step:
        return _ask(page)
    wish = page.keys.get(digits)
    if wish:
        return PageTurn(page, wish=wish)
    if wish is Wish.NONE:
        return _ask(_with(page, step=page.step + 1))
    if page.step >= MOST_QUESTIONS:
        return _goodbye(_with(page, state=PageState.FAILED))
    page = _with(page, step=page.step + 1)
    return _ask(page, _say(page, "not_understood" if digits else "not_heard"))


def settle(page: _Page, state: PageState) -> PageTurn[_Page]:
    """The record has decided what the page became; say so."""
    return _goodbye(_with(page, state=state))


def _with(page: _Page, **changes: object) -> _Page:
    return replace(page, **changes)  # type: ignore[type-var]


def _ask(page: _Page, *before: Say) -> PageTurn[_Page]:
    says = (*before, *page.request(), _say(page, "keys"))
    return PageTurn(page, (Ask(says, page.step, digits=1, timeout_seconds=8),))


def _goodbye(page: _Page) -> PageTurn[_Page]:
    return PageTurn(page, (_say(page, page.state.value), Hangup()))


def _say(page: Page, prompt: str, **parameters: str) -> Say:
    named: Mapping[str, str] = MappingProxyType(parameters)
    return Say(f"{page.prefix}_{prompt}", page.language, named)
