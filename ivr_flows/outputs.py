"""What follows: instructions for the leg that asked, commands carried out after the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from ivr_flows.call import Call


def no_parameters() -> Mapping[str, str]:
    """An empty mapping that nobody can fill."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a prompt of the catalogue (`prompts/`), in `language`, with its parameters."""

    prompt: str
    language: str = "en"
    parameters: Mapping[str, str] = field(default_factory=no_parameters)


@dataclass(frozen=True, slots=True)
class Ask:
    """Speak and collect keys, and speech where `speech`.

    The answer, silence included, comes back as `Keyed` of `step`.

    `digits` is the number of keys that ends the answer at once; 0 means the pound key ends it.
    """

    says: tuple[Say, ...]
    step: int
    digits: int = 1
    timeout_seconds: int = 6
    speech: bool = False


@dataclass(frozen=True, slots=True)
class AskLine:
    """Speak to the 911 line that the leg rings by TwiML, and collect keys, and speech if `speech`.

    The answer, silence included, comes back as `LineKeyed` of `step` and `tries`.
    """

    says: tuple[Say, ...]
    step: int
    tries: int
    speech: bool = False
    timeout_seconds: int = 5


@dataclass(frozen=True, slots=True)
class Wait:
    """Put the leg into the queue; its end comes back as `QueueLeft` of `step`."""

    step: int


@dataclass(frozen=True, slots=True)
class WaitPiece:
    """One piece of the wait, at most 8 s: speech, then silence, with keys heard all through.

    `seconds` is the length of the silence.
    """

    says: tuple[Say, ...]
    seconds: int = 4


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Leave the queue by TwiML; the queue's action then asks what to do."""


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Enter a generation of the call's room; leaving comes back as `RoomLeft` of `step`.

    `star` lets the star key leave the room for a menu. `ends_room` ends the room when this leg
    leaves it. `muted` lets it hear without being heard.
    """

    room: int
    step: int
    star: bool
    ends_room: bool
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Dial911:
    """Ring a 911 line by TwiML alone; its end comes back as `DialEnded` of `step`.

    The caller hears `pause_seconds` of silence first.
    """

    line_id: str
    ring_seconds: int
    step: int
    pause_seconds: int = 0


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Go on as the leg `leg_id` of another call, of the same role."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the leg. Given only to staff, and to a caller whose call a person has ended."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty answer: the request was a notice, or its body will not be played."""


Instruction = (
    Say
    | Ask
    | AskLine
    | Wait
    | WaitPiece
    | LeaveQueue
    | JoinRoom
    | Dial911
    | MoveTo
    | Hangup
    | Nothing
)


class Urgency(IntEnum):
    """The order in which commands leave (Law 8)."""

    RETURN_TO_911 = 0
    TRANSFER = 1
    OFFER = 2
    CALL_BACK = 3
    PAGE = 4


@dataclass(frozen=True, slots=True)
class PlaceLeg:
    """Ring a person or a 911 line on a new leg."""

    leg_id: str
    ring_seconds: int
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class EndLeg:
    """Stop a leg that rings, or end a staff leg. Of a caller, only one that has not picked up."""

    leg_id: str
    urgency: Urgency = Urgency.OFFER


@dataclass(frozen=True, slots=True)
class ReleaseFromQueue:
    """Take a waiting leg out of the queue by its sid; it then asks what to do.

    Fails if it is not queued.
    """

    leg_id: str
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class RedirectLeg:
    """Make a leg ask what to do. Void if the leg has moved on from `step` since."""

    leg_id: str
    step: int
    after_seconds: float = 0.0
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class SetEndsRoom:
    """Change whether the room ends when this leg leaves it.

    Void unless the leg is in generation `room`.
    """

    leg_id: str
    room: int
    ends_room: bool
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class HoldLeg:
    """Put a leg in the room on hold, where it hears our hold document alone; or bring it back.

    Void unless the leg is in generation `room`, and never for a caller.
    """

    leg_id: str
    room: int
    on: bool
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class MuteLeg:
    """Let a leg in the room hear without being heard, or let it be heard again.

    Void as HoldLeg is.
    """

    leg_id: str
    room: int
    on: bool
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class RemoveLeg:
    """Take a leg out of the room; it then asks what to do, or is over.

    Void as HoldLeg is, and for a leg that answers for the caller.
    """

    leg_id: str
    room: int
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class Announce:
    """Speak to one leg in the room, unheard by the others.

    Void unless the leg is in generation `room`.
    """

    leg_id: str
    room: int
    say: Say
    urgency: Urgency = Urgency.OFFER


@dataclass(frozen=True, slots=True)
class CheckLeg:
    """Ask the carrier whether a leg still lives.

    Two readings of its end count as one `LegStatusChanged`.
    """

    leg_id: str
    urgency: Urgency = Urgency.OFFER


@dataclass(frozen=True, slots=True)
class LookInRoom:
    """Ask the carrier who is in the room that a leg was told to enter: `SeenInRoom` if the leg is.

    Void once the leg is in it, or has moved on from `step`.
    """

    leg_id: str
    room: int
    step: int
    urgency: Urgency = Urgency.TRANSFER


@dataclass(frozen=True, slots=True)
class RescueCaller:
    """Send a caller, whose leg lives although we took it for over, to 911 by the fail-safe."""

    leg_id: str
    urgency: Urgency = Urgency.RETURN_TO_911


@dataclass(frozen=True, slots=True)
class RequestDispatch:
    """Ask for an in-person team.

    `details` holds hazard and location as answered (no names, no numbers).
    """

    details: Mapping[str, str] = field(default_factory=no_parameters)
    urgency: Urgency = Urgency.PAGE


@dataclass(frozen=True, slots=True)
class NotifySupervisor:
    """Tell the program's supervisors, by message.

    `subject` names the text; `person_id` whom it is about.
    """

    subject: str
    person_id: str = ""
    urgency: Urgency = Urgency.PAGE


@dataclass(frozen=True, slots=True)
class PlanCallBack:
    """Call the caller back, who was lost at `moment` or keeps their place.

    `by_choice`: only if the clinician who was with them chooses it within `after_seconds`.
    """

    moment: str
    after_seconds: int
    is_risky: bool = False
    by_choice: bool = False
    to_911: bool = False
    urgency: Urgency = Urgency.CALL_BACK


@dataclass(frozen=True, slots=True)
class CallBackNow:
    """The clinician on `leg_id`, who was with the caller, wants them called back at once."""

    leg_id: str
    urgency: Urgency = Urgency.CALL_BACK


@dataclass(frozen=True, slots=True)
class CancelCallBack:
    """Nobody needs to be called back; `call_back_id` is "" for this call's own."""

    reason: str
    call_back_id: str = ""
    urgency: Urgency = Urgency.CALL_BACK


@dataclass(frozen=True, slots=True)
class CallBackTried:
    """What one try to call back came to."""

    outcome: str
    urgency: Urgency = Urgency.CALL_BACK


@dataclass(frozen=True, slots=True)
class TextCaller:
    """Send the caller the text message `name`, for which they have asked."""

    name: str
    urgency: Urgency = Urgency.PAGE


RoomCommand = SetEndsRoom | HoldLeg | MuteLeg | RemoveLeg | Announce
CarrierCommand = (
    PlaceLeg
    | EndLeg
    | ReleaseFromQueue
    | RedirectLeg
    | RescueCaller
    | RoomCommand
    | CheckLeg
    | LookInRoom
)
"""Commands about one leg, which the carrier carries out."""

Command = (
    PlaceLeg
    | EndLeg
    | ReleaseFromQueue
    | RedirectLeg
    | SetEndsRoom
    | HoldLeg
    | MuteLeg
    | RemoveLeg
    | Announce
    | CheckLeg
    | LookInRoom
    | RescueCaller
    | RequestDispatch
    | NotifySupervisor
    | PlanCallBack
    | CallBackNow
    | CancelCallBack
    | CallBackTried
    | TextCaller
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the call's timeline: what happened and on which leg; no personal data."""

    kind: str
    leg_id: str = ""
    details: Mapping[str, str] = field(default_factory=no_parameters)


@dataclass(frozen=True, slots=True)
class Step:
    """All that follows from one input. `ignored` says why the input changed nothing, or is ""."""

    call: Call
    instructions: tuple[Instruction, ...] = ()
    commands: tuple[Command, ...] = ()
    events: tuple[Event, ...] = ()
    ignored: str = ""
