"""What a flow may know besides the call: the program's settings and what policy worked out.

A fact that costs a query is left out until a flow asks for it; the service then fetches it and
runs the same input again. `advance` stays a function of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ivr_flows.program import Desk, Program
from ivr_flows.protocols import Protocol

HISTORY = "history:"  # with an incident number, the name of a fact
DESK = "desk:"  # with a desk of another program, the name of a fact


class FactNeededError(Exception):
    """The flow needs the fact `name` to go on: fetch it, then call `advance` again."""

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
    hours, whether a clinician is free. `rules` tells a line for every rule, its verdict and what it
    looked at (EL3); only a decision that is acted on is asked.
    """

    outcome: str
    rule: str
    sentence: str  # one plain sentence for the call taker, a prompt's name
    request: str = ""  # what 911 is asked for when it goes back
    circumstances: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rules: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False)

    def to_details(self) -> dict[str, str]:
        """The decision as a line of the timeline."""
        told = {"outcome": self.outcome, "rule": self.rule, **self.circumstances}
        rules = self.rules()
        return {**told, "rules": "\n".join(rules)} if rules else told


@dataclass(frozen=True, slots=True)
class Announcement:
    """An incident that 911 has announced and no call has used (IN3).

    `by_number` and `by_trunk` say whether the call comes from the number announced for either;
    `by_trunk` is None where none was. `age_seconds` counts from the newest announcement.
    """

    id: str
    number: str
    code: str
    answers: Mapping[str, str]
    age_seconds: float
    by_number: bool = False
    by_trunk: bool | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Earlier calls from the caller's number or about the incident (IN7, EL7).

    `given_back` names desks whose clinicians gave one of them back to 911 within the policy's time.
    """

    incident_number: str = ""
    calls_this_week: int = 0
    given_back: tuple[str, ...] = ()
    is_blocked: bool = False  # the caller's number is on the program's list (IN8)
    call_back_id: str = ""  # a call back to the caller that is planned or under way (IN6)


def _as_told(answers: Mapping[str, str]) -> Mapping[str, str]:
    return answers


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts for one input.

    `roster` lists candidates by desk, in the order in which they are to be offered. `areas_of`
    gives, for answers, whether the place they tell lies in each area: `area_<name>` and yes or no.
    """

    program: Program
    decide: Callable[[Mapping[str, str]], Decision]
    roster: Mapping[str, tuple[Candidate, ...]] | None = None
    queue: QueueFacts | None = None
    announced: tuple[Announcement, ...] | None = ()
    protocols: Mapping[str, Protocol] | None = field(default_factory=dict)
    history: History | None = None
    taken_by_others: frozenset[str] = frozenset()  # announced incidents lost to another call
    elsewhere: Mapping[str, Desk | None] = field(default_factory=dict)  # other programs' desks

    def find_desk(self, name: str) -> Desk | None:
        """A desk of the program, or of another as `program/desk`; None when there is none.

        Raises FactNeededError.
        """
        if "/" not in name:
            return self.program.desks.get(name)
        if name not in self.elsewhere:
            raise FactNeededError(f"{DESK}{name}")
        return self.elsewhere[name]

    areas_of: Callable[[Mapping[str, str]], Mapping[str, str]] = _as_told

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

    def announcements(self) -> tuple[Announcement, ...]:
        """Announced incidents the call could be about, newest first. Raises FactNeededError."""
        if self.announced is None:
            raise FactNeededError("announced")
        return tuple(one for one in self.announced if one.id not in self.taken_by_others)

    def history_of(self, incident_number: str) -> History:
        """Earlier calls; `incident_number` is "" while it is unknown. Raises FactNeededError."""
        if self.history is None or self.history.incident_number != incident_number:
            raise FactNeededError(f"{HISTORY}{incident_number}")
        return self.history

    def find_protocol(self, name: str) -> Protocol | None:
        """The triage protocol as the call follows it: the version it began, else the one in force.

        None when none is published. Raises FactNeededError.
        """
        if self.protocols is None:
            raise FactNeededError("protocols")
        return self.protocols.get(name)
