"""What a flow may know besides the call: the program's settings and what policy worked out.

A fact that costs a query is left out until a flow asks for it; the service then fetches it and
runs the same input again. `advance` stays a function of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ivr_flows.program import Program


class FactNeededError(Exception):
    """The flow needs `name` (`roster` or `queue`) to go on: fetch it, then call `advance` again."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be offered the call now; `name` is what may be said aloud to colleagues."""

    person_id: str
    name: str
    languages: frozenset[str] = frozenset({"en"})


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """The call's place among those that wait for its desk, 1 being next.

    `expected_wait_seconds` is None when unknown.
    """

    position: int
    expected_wait_seconds: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What eligibility decided: `outcome` as `ivr_flows.eligibility` knows it, by which rule.

    `circumstances` are what the decision knew besides the answers, for the timeline: the area, the
    hours, whether a clinician is free.
    """

    outcome: str
    rule: str
    sentence: str  # one plain sentence for the call taker, a prompt's name
    request: str = ""  # what 911 is asked for when it goes back
    circumstances: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts for one input.

    `roster` lists candidates by desk, in the order in which they are to be offered.
    """

    program: Program
    decide: Callable[[Mapping[str, str]], Decision]
    roster: Mapping[str, tuple[Candidate, ...]] | None = None
    queue: QueueFacts | None = None

    def candidates(self, desk: str) -> tuple[Candidate, ...]:
        """People of `desk` who are on shift, present and free, in order. Raises FactNeededError."""
        if self.roster is None:
            raise FactNeededError("roster")
        return self.roster.get(desk, ())

    def place_in_queue(self) -> QueueFacts:
        """The call's place in the queue. Raises FactNeededError."""
        if self.queue is None:
            raise FactNeededError("queue")
        return self.queue
