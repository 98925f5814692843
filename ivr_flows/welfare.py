"""What 911 hears of a caller whose line dropped and who cannot be reached: a welfare request (IN6).

The words of `team_page`'s dialogue: 1 acknowledges, 2 repeats, and nothing declines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from ivr_flows.menus import ACCEPT
from ivr_flows.outputs import Say
from ivr_flows.team_page import PageState, Wish
from ivr_flows.turn import STAFF_LANGUAGE

REPEAT_REQUEST = "2"


@dataclass(frozen=True, slots=True)
class WelfareRequest:
    """One request to one line. `program` and `place` are words; numbers are read digit by digit.

    `number` is the caller's telephone without signs, "" when it is not known.
    """

    id: str
    state: PageState
    program: str
    tries: int
    number: str = ""
    incident: str = ""
    place: str = ""
    language: str = STAFF_LANGUAGE
    step: int = 0
    prefix: ClassVar[str] = "welfare"
    keys: ClassVar[Mapping[str, Wish]] = MappingProxyType(
        {ACCEPT: Wish.ACCEPT, REPEAT_REQUEST: Wish.NONE}
    )

    def request(self) -> tuple[Say, ...]:
        """What happened, and how the person can be found."""
        says = [self._say("request", program=self.program)]
        if self.tries:
            says.append(self._say("tried", tries=str(self.tries)))
        if self.incident:
            says.append(self._say("incident", incident=f"#{self.incident}"))
        says.append(self._say("number", number=f"#{self.number}"))
        if self.place:
            says.append(self._say("place", place=self.place))
        return tuple(says)

    def _say(self, prompt: str, **parameters: str) -> Say:
        return Say(f"{self.prefix}_{prompt}", self.language, MappingProxyType(parameters))
