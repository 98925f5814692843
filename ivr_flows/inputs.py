"""What happened, in the past tense. Everything that changes a call is one of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A number of ours was rung: the first request of the caller's leg."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A leg we placed was picked up and asks what to play.

    `answered_by` is the carrier's guess, if any.
    """

    leg_id: str
    sid: str = ""
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A question was answered: `digits` pressed and `speech` heard, both "" for silence."""

    leg_id: str
    step: int
    digits: str = ""
    speech: str = ""


@dataclass(frozen=True, slots=True)
class WaitTicked:
    """The wait document of a queued leg ran out, or a key was pressed in it."""

    leg_id: str
    digits: str = ""


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """The leg is out of <Enqueue>; `result` is the carrier's QueueResult."""

    leg_id: str
    step: int
    result: str = ""


@dataclass(frozen=True, slots=True)
class RoomLeft:
    """The leg's <Dial><Conference> ended. `hung_up` when the leg itself is over."""

    leg_id: str
    step: int
    hung_up: bool = False


@dataclass(frozen=True, slots=True)
class DialEnded:
    """A 911 line rung by TwiML alone is over; `status` is DialCallStatus."""

    leg_id: str
    step: int
    status: str = ""
    hung_up: bool = False


@dataclass(frozen=True, slots=True)
class LineAnswered:
    """A 911 line rung by TwiML alone picked up.

    The answer is spoken to the line before the caller is let in. `step` is the dial's, or None
    where the request does not tell.
    """

    leg_id: str
    step: int | None = None


@dataclass(frozen=True, slots=True)
class LineKeyed:
    """The 911 line rung by TwiML in `step` answered our question.

    `tries` counts the times it had been asked before; `digits` and `speech` are "" for silence.
    """

    leg_id: str
    step: int
    tries: int
    digits: str = ""
    speech: str = ""


@dataclass(frozen=True, slots=True)
class LegDetected:
    """The carrier's detection beside a placed leg: who picked up, `answered_by` as it says it."""

    leg_id: str
    answered_by: str


@dataclass(frozen=True, slots=True)
class LegAsked:
    """A leg we moved (out of a queue, by redirect) asks what to do next."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class LegStatusChanged:
    """A status callback: `status` is the carrier's CallStatus."""

    leg_id: str
    status: str
    sid: str = ""


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """A conference callback: the leg is in that generation of the room.

    `muted` is None where the carrier does not say.
    """

    leg_id: str
    room: int
    muted: bool | None = None


@dataclass(frozen=True, slots=True)
class SeenInRoom:
    """The carrier was asked, and has the leg in that generation of the room, and the legs `others`.

    `step` is the leg's when that was to be asked. Who is there has come, so one reading will do;
    that somebody is not there is never told: the carrier may be a moment behind (Law 1).
    """

    leg_id: str
    room: int
    step: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomDeparted:
    """A conference callback: the leg has left that generation of the room.

    `pushed_out` where the carrier says that the room ended around it: it did not press star.
    """

    leg_id: str
    room: int
    pushed_out: bool = False


@dataclass(frozen=True, slots=True)
class ControlsChanged:
    """A conference callback: whether the leg is on hold and muted in that generation of the room.

    `sequence` numbers the room's callbacks, which come in any order.
    """

    leg_id: str
    room: int
    held: bool
    muted: bool
    sequence: int


@dataclass(frozen=True, slots=True)
class CommandDone:
    """The carrier confirmed a command.

    `sid` is set when it placed a leg; `on` is what a command has set that switches something.
    """

    command: str
    leg_id: str
    sid: str = ""
    on: bool = False


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """The carrier refused a command, or could not be reached. `reason` is for the record.

    `permanent` says that it refused this command; otherwise it takes none of its kind now. `on` as
    in CommandDone.
    """

    command: str
    leg_id: str
    reason: str = ""
    permanent: bool = True
    on: bool = False


@dataclass(frozen=True, slots=True)
class CommandUnknown:
    """The carrier did not say whether it carries a command out; that is being looked up."""

    command: str
    leg_id: str
    reason: str = ""


class Found(StrEnum):
    """Where the carrier says a leg is."""

    OVER = "over"
    RINGING = "ringing"  # not answered yet
    FLOW = "flow"  # answered, and neither in a queue nor in a room nor dialling
    QUEUE = "queue"
    ROOM = "room"
    ALONE = "alone"  # in a room, and nobody else there
    DIAL = "dial"  # rings somebody by TwiML
    TALK = "talk"  # talks with somebody it rang by TwiML


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Two readings of the carrier, ten seconds apart, say that a leg is not where we think (Law 1).

    That a caller's own leg rings 911, or talks with them, counts after one: nobody is moved for it.
    `place` and `step` are the leg's as our record said both times. `status` is the carrier's word
    for a leg that is over, `room` the generation of the room that the leg is in.
    """

    leg_id: str
    found: Found
    place: str
    step: int
    status: str = ""
    room: int = 0


@dataclass(frozen=True, slots=True)
class FailsafeAnswered:
    """The leg asked, and was given a fail-safe document, which rings 911 and needs none of us."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline of the call may be due."""


@dataclass(frozen=True, slots=True)
class StaffFreed:
    """Somebody on the desk the call waits for became free."""


@dataclass(frozen=True, slots=True)
class CallBackBegun:
    """It is time to ring the caller of a call that was lost; this call is made for it."""


@dataclass(frozen=True, slots=True)
class CallBackCancelled:
    """The caller need not be rung any more: they called in, or a person decided so."""

    reason: str


@dataclass(frozen=True, slots=True)
class DispatchChanged:
    """A team asked for moved on; `status` as in DI4, or `unanswered` when no team took it."""

    dispatch_id: str
    status: str
    team: str = ""
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class ReturnRequested:
    """A person sends the caller back to 911 from a page or the API.

    `skip` None leaves it to the program whether the caller goes ahead of the held calls.
    """

    person_id: str
    reason: str
    skip: bool | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class ControlRequested:
    """A person does something about one party from a page or the API (TR3).

    `action` is hold, unhold, mute, unmute, remove or leave.
    """

    person_id: str
    leg_id: str
    action: str


@dataclass(frozen=True, slots=True)
class TransferRequested:
    """A person transfers the caller from a page or the API; `to` as `ivr_flows.targets` reads it.

    `consult` is private or together, "" for the program's own setting; `reason` is told the
    receiver.
    """

    person_id: str
    to: str
    consult: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TransferIntroduced:
    """The giver has spoken with whoever receives the caller, and brings the caller in."""

    person_id: str


@dataclass(frozen=True, slots=True)
class TransferCancelled:
    """The giver keeps the caller after all."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person records how the call ended, from a page or the API."""

    person_id: str
    disposition: str


@dataclass(frozen=True, slots=True)
class ProtocolMoved:
    """A person works a triage protocol on a screen: `move` is start, answer, back or start_over."""

    person_id: str
    move: str
    protocol: str = ""  # to start
    question: str = ""  # that is answered
    value: str = ""


@dataclass(frozen=True, slots=True)
class AnswersChanged:
    """Something new is known of the call, from a page or the API; values as the policy has them."""

    person_id: str
    answers: Mapping[str, str]


Input = (
    CallArrived
    | LegAnswered
    | Keyed
    | WaitTicked
    | QueueLeft
    | RoomLeft
    | DialEnded
    | LineAnswered
    | LineKeyed
    | LegDetected
    | LegAsked
    | LegStatusChanged
    | RoomJoined
    | SeenInRoom
    | RoomDeparted
    | ControlsChanged
    | CommandDone
    | CommandFailed
    | CommandUnknown
    | Reconciled
    | FailsafeAnswered
    | TimePassed
    | StaffFreed
    | CallBackBegun
    | CallBackCancelled
    | DispatchChanged
    | ReturnRequested
    | ControlRequested
    | TransferRequested
    | TransferIntroduced
    | TransferCancelled
    | Resolved
    | ProtocolMoved
    | AnswersChanged
)

ASKING = (
    CallArrived,
    LegAnswered,
    Keyed,
    WaitTicked,
    QueueLeft,
    RoomLeft,
    DialEnded,
    LineAnswered,
    LineKeyed,
    LegAsked,
)
"""Inputs that are a leg's request for what to do next; of the others nobody waits for an answer."""
