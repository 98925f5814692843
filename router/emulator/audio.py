"""Who hears what: sounds, rooms with hold, mute and coaching, and what reaches each leg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .call import Call


@dataclass(frozen=True)
class Hearing:
    """What one leg hears right now.

    kind: say, play, ringback, hold, wait, talking_with, silence. `people` are those heard,
    `heard_by` those who hear this leg, `where` the queue or conference; `voice` and `language`
    are those of a <Say> that names them.
    """

    kind: str
    text: str = ""
    people: tuple[str, ...] = ()
    heard_by: tuple[str, ...] = ()
    where: str = ""
    loop: int = 1
    voice: str = ""
    language: str = ""


SILENCE = Hearing("silence")


class Seat:
    """A leg's place in a room."""

    def __init__(
        self, call: Call, room: Room, *, muted: bool = False, coaches: Call | None = None
    ) -> None:
        self.call = call
        self.room = room
        self.muted = muted
        self.hold = False
        self.coaches = coaches
        self.coaching = coaches is not None

    def reaches(self, other: Seat) -> bool:
        """Whether what this leg says is heard by `other`."""
        silent = self.muted or self.call.microphone_off or self.call.out_of_reach
        deaf = other.hold or other.call.out_of_reach
        if self is other or silent or self.hold or deaf:
            return False
        if self.coaching and self.coaches is not None:
            return other.call is self.coaches
        return True


class Room:
    """Legs that may hear one another: a bridge of two, or a conference."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.live = False
        self.seats: list[Seat] = []

    def hearing(self, seat: Seat) -> Hearing:
        if seat.hold:
            return Hearing("hold", where=self.name)
        if not self.live:
            return Hearing("wait", where=self.name)
        heard = tuple(p for s in self.seats if s.reaches(seat) for p in s.call.people())
        heard_by = tuple(p for s in self.seats if seat.reaches(s) for p in s.call.people())
        kind = "talking_with" if heard or heard_by else "silence"
        return Hearing(kind, people=heard, heard_by=heard_by, where=self.name)

    def listeners(self, speaker: Call) -> list[Call]:
        seat = next((s for s in self.seats if s.call is speaker), None)
        if seat is None or not self.live:
            return []
        return [s.call for s in self.seats if seat.reaches(s)]

    def spoke(self, seat: Seat, text: str) -> None:
        """Somebody in the room has begun to say something."""

    def refresh(self) -> None:
        for seat in list(self.seats):
            seat.call.update_hearing()

    def add(self, seat: Seat) -> None:
        self.seats.append(seat)
        seat.call.seat = seat

    def remove(self, seat: Seat) -> None:
        if seat in self.seats:
            self.seats.remove(seat)
        if seat.call.seat is seat:
            seat.call.seat = None
