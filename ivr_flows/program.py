"""The settings of a published program that the flows follow.

Loaded from its immutable version by `router.programs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One line of a 911 centre, in the order in which lines are tried (RE3)."""

    id: str
    name: str  # priority, second, general
    ring_seconds: int = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """A group of people who are offered calls.

    `role` is the leg's role of its people: clinician, call_taker or supervisor.

    `strategy` is sequential, overlapping or all_at_once (RO2); with overlapping the next ring
    starts `overlap_seconds` after the last. `when_none_free` is return_to_911 or hold (RO6); after
    `hold_seconds` of holding the call goes to the 911 lines outside.
    """

    name: str
    role: str
    strategy: str = "overlapping"
    ring_seconds: int = 20
    overlap_seconds: float = 8.0
    when_none_free: str = "return_to_911"
    hold_seconds: int = 120
    wrap_up_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Returns:
    """How callers go back to 911 (RE1, RE2).

    `choice` is what a clinician's return is where they say nothing else: skip goes ahead of the
    held calls, join waits in turn, ask lets the star menu ask. A held call that has waited
    `guard_wait_seconds` and that `guard_overtaken` returns have overtaken is offered before the
    next one; 0 of them is no guard.
    """

    choice: str = "skip"
    guard_wait_seconds: int = 600
    guard_overtaken: int = 5


@dataclass(frozen=True, slots=True)
class Outside:
    """Somebody outside whom a caller can be brought together with, or given to (TR4).

    `name` is spoken. A helper, such as an interpreter, never takes a caller over.
    """

    id: str
    name: str
    ring_seconds: int = 30
    is_helper: bool = False


@dataclass(frozen=True, slots=True)
class Transfers:
    """How callers are transferred (TR2).

    `consult` is private (the caller waits, with a voice) or together. `targets` are the keys of the
    star menu, in the words of `ivr_flows.targets`.
    """

    consult: str = "private"
    consult_seconds: int = 180
    ring_seconds: int = 40
    targets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Psap:
    """A 911 centre callers go back to.

    `desk` names its hosted desk, or is "" for a centre outside. It has the calls of its `areas` and
    of incidents whose number begins with one of `incident_prefixes`. `presence` says what proves a
    person on its lines: a `key`, or `answered` for a key or speech of `presence_speech_seconds`.
    """

    id: str
    name: str
    lines: tuple[ReturnLine, ...]
    desk: str = ""
    areas: tuple[str, ...] = ()
    incident_prefixes: tuple[str, ...] = ()
    presence: str = "key"
    presence_speech_seconds: float = 1.5


@dataclass(frozen=True, slots=True)
class Line:
    """A number of ours.

    `kind` is direct (IN1), transfer (IN2), psap (a hosted 911 line) or front_door_911 (IN4).
    `psap` names the 911 centre whose callers it brings, or is "".
    """

    name: str
    kind: str
    psap: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolUse:
    """A triage protocol that is asked on the phone before the policy decides (EL4).

    `asked_of` is caller or call_taker; `when` names answers and the values that call for it.
    """

    name: str
    asked_of: str
    when: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class CallBackPolicy:
    """What is done about a caller whose line dropped (IN6).

    `moments` are those of `callback.MOMENTS` in which a lost line is called back. `first` is who
    calls first, same_clinician, clinician or system; the others of them follow in that order. The
    clinician who was with the caller may choose for `choose_seconds`; another is sought for
    `seek_seconds`, then the system calls. `tries` are the seconds before each try, counted from the
    drop and then from the try before. An answer of `welfare_when` makes a caller who cannot be
    reached a welfare request to 911.
    """

    moments: frozenset[str] = frozenset()
    first: str = "same_clinician"
    choose_seconds: int = 60
    seek_seconds: int = 20
    tries: tuple[int, ...] = (0,)
    ring_seconds: int = 30
    leaves_message: bool = False  # a neutral one, where a machine answers
    welfare_when: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """What a caller may choose in the wait (RO5).

    `call_back_offer` lets them keep their place and be called back, within
    `call_back_within_seconds` whoever is free; `text` lets them ask for a text message.
    """

    call_back_offer: bool = False
    call_back_within_seconds: int = 1800
    text: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What the flows of one program follow. Times are seconds."""

    name: str
    title: str
    version: int
    psap: Psap
    lines: dict[str, Line]
    desks: dict[str, Desk]
    clinician_desk: str
    team_desk: str = ""  # who is offered calls for a team; "" is the clinicians' desk
    care_desk: str = ""  # who is offered calls for care navigation; likewise
    psaps: Mapping[str, Psap] = field(default_factory=dict)  # further 911 centres, by id
    crisis_line: ReturnLine | None = None  # outside, for calls that the policy sends there
    directory: Mapping[str, Outside] = field(default_factory=dict)
    transfers: Transfers = field(default_factory=Transfers)
    languages: tuple[str, ...] = ("en", "es")
    call_types: dict[str, str] = field(
        default_factory=dict
    )  # key to call type, for the call taker's menu
    reasons: dict[str, str] = field(default_factory=dict)  # key to reason, for the caller's menu
    dispositions: dict[str, str] = field(default_factory=dict)  # key to disposition
    return_reasons: dict[str, str] = field(default_factory=dict)  # key to reason of a return
    returns: Returns = Returns()
    overflow_request: str = ""  # what 911 is asked for when nobody is free or nobody accepts
    protocols: tuple[ProtocolUse, ...] = ()
    call_back: CallBackPolicy = field(default_factory=CallBackPolicy)
    waiting: WaitingPolicy = field(default_factory=WaitingPolicy)
    has_teams: bool = True
    approval_needed: bool = False
    screening_seconds: int = 300
    waiting_seconds: int = 180
    decide_seconds: int = 25  # from answering an offer to pressing 1
    menu_seconds: int = 90
    hold_seconds: int = 120  # a caller put on hold is brought back after so long
    reoffer_seconds: int = 25  # after a clinician's leg is lost
    check_seconds: int = 60  # between checks that a connected staff leg lives
    presence_seconds: int = 25  # from a 911 line's answer to the key that proves a person
    announced_match_seconds: int = 120  # an announcement this young may be matched by time (IN3)
    announced_code_seconds: int = 1800  # a transfer code works for so long
    no_loop_seconds: int = 14400  # a desk that gave an incident back is not offered it for so long
    no_answer_pause: int = 3  # missed offers in a row that pause a person (RO3)

    def find_psap(self, psap_id: str) -> Psap | None:
        """The 911 centre of that id, or None."""
        return self.psap if psap_id == self.psap.id else self.psaps.get(psap_id)

    @property
    def hosted_desks(self) -> frozenset[str]:
        """Desks of ours that are 911's own."""
        return frozenset(one.desk for one in (self.psap, *self.psaps.values()) if one.desk)
