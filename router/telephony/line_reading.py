"""How the carrier says that all lines stand: live calls, rooms and queues, in a few requests.

Twilio's lists lag behind what happens, so nothing is decided by one reading (Law 1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from twilio.rest import Client

from router.telephony.rest import Failed, Unknown
from router.telephony.webhook import CALL_STATUSES, Phase

PAGE = 1000  # Twilio's longest page
MOST_LIVE = 2 * PAGE  # live calls of one status that a reading goes through
MOST_ROOMS = 100  # rooms that a reading looks into: Twilio is asked for each
COMING = tuple(word for word, phase in CALL_STATUSES.items() if phase is Phase.COMING)
LIVE = tuple(word for word, phase in CALL_STATUSES.items() if phase is Phase.LIVE)
OPEN_ROOMS = ("init", "in-progress")

_T = TypeVar("_T")
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class Asked(Protocol):
    """What of `router.telephony.rest.Carrier` a reading uses."""

    def ask(self, question: Callable[[Client], _T]) -> _T | Failed | Unknown:
        """The answer to what is asked of Twilio's client, or why there is none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A call that the carrier says lives; `parent_sid` is the call whose document dialled it."""

    sid: str
    phase: Phase
    to_e164: str = ""
    from_e164: str = ""
    parent_sid: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything. `is_whole` is False where the carrier has more than was read.

    `rooms` holds who is in each room that was looked into, by its name; `unread` names the others.
    `queues` holds who waits in each queue, by its name.
    """

    lines: Mapping[str, Line] = field(default_factory=dict)
    rooms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    queues: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    is_whole: bool = True

    def find_room(self, sid: str) -> str:
        """The name of the room that the line is in, or ""."""
        return next((name for name, sids in self.rooms.items() if sid in sids), "")

    def find_queue(self, sid: str) -> str:
        """The name of the queue that the line waits in, or ""."""
        return next((name for name, sids in self.queues.items() if sid in sids), "")


def read_lines(
    carrier: Asked,
    choose_rooms: Callable[[Collection[str]], Sequence[str]],
    queues: Collection[str],
    each: Each = map,
) -> Reading | Failed | Unknown:
    """Read the account's live calls, the rooms chosen among its open ones, and those queues.

    `choose_rooms` is given the names of the open rooms and returns those that matter, the most
    urgent first; MOST_ROOMS of them are looked into. `each` is `map`, or that of a pool. One
    request that is not answered leaves no reading at all.
    """
    try:
        return _read(_Questions(carrier), choose_rooms, queues, each)
    except _Unanswered as error:
        return error.result


def _read(
    questions: _Questions,
    choose_rooms: Callable[[Collection[str]], Sequence[str]],
    queues: Collection[str],
    each: Each,
) -> Reading:
    lines, is_whole = _read_calls(questions)
    open_rooms: dict[str, str] = {}
    for status in OPEN_ROOMS:
        listed = questions.list_all("conferences", status)
        open_rooms |= {one.friendly_name: one.sid for one in listed if one.status in OPEN_ROOMS}
    chosen = choose_rooms(open_rooms)
    looked_into = chosen[:MOST_ROOMS]
    found = each(lambda name: questions.who_is_in(open_rooms[name]), looked_into)
    known_queues = questions.ask(lambda client: client.queues.list(page_size=PAGE))
    queue_sids = {one.friendly_name: one.sid for one in known_queues if one.friendly_name in queues}
    return Reading(
        lines,
        dict(zip(looked_into, found, strict=True)),
        {name: questions.who_waits_in(sid) for name, sid in queue_sids.items()},
        frozenset(chosen[MOST_ROOMS:]),
        is_whole,
    )


def _read_calls(questions: _Questions) -> tuple[dict[str, Line], bool]:
    lines: dict[str, Line] = {}
    is_whole = True
    # Who is answered while we read must not fall between two lists: the later phase comes last.
    for status in (*COMING, *LIVE):
        listed = questions.list_all("calls", status)
        is_whole = is_whole and len(listed) < MOST_LIVE
        for one in listed:
            phase = CALL_STATUSES.get(one.status, Phase.LIVE)
            if phase is not Phase.OVER:
                lines[one.sid] = Line(
                    one.sid,
                    phase,
                    one.to or "",
                    one._from or "",  # noqa: SLF001 - the client's only name for it
                    one.parent_call_sid or "",
                )
    return lines, is_whole


class _Unanswered(Exception):  # noqa: N818 - never leaves this file
    """The carrier gave no answer; there is no reading."""

    def __init__(self, result: Failed | Unknown) -> None:
        self.result = result


class _Questions:
    """What is asked of the carrier, each time for an answer or none at all."""

    def __init__(self, carrier: Asked) -> None:
        self._carrier = carrier

    def ask(self, question: Callable[[Client], Any]) -> Any:  # noqa: ANN401 - the client's own types
        answer = self._carrier.ask(question)
        if isinstance(answer, (Failed, Unknown)):
            raise _Unanswered(answer)
        return answer

    def list_all(self, resource: str, status: str) -> list[Any]:
        """The account's calls or conferences of one status, newest first."""

        def read(client: Client) -> list[Any]:
            listed: list[Any] = getattr(client, resource).list(
                status=status, page_size=PAGE, limit=MOST_LIVE
            )
            return listed

        found: list[Any] = self.ask(read)
        return found

    def who_is_in(self, room_sid: str) -> frozenset[str]:
        """Sids of the lines in a room; a room that has closed meanwhile has nobody."""
        answer = self._carrier.ask(
            lambda client: client.conferences(room_sid).participants.list(page_size=PAGE)
        )
        return self._sids(answer)

    def who_waits_in(self, queue_sid: str) -> frozenset[str]:
        """Sids of the lines in a queue; one that has been deleted meanwhile has nobody."""
        answer = self._carrier.ask(
            lambda client: client.queues(queue_sid).members.list(page_size=PAGE)
        )
        return self._sids(answer)

    def _sids(self, answer: Any) -> frozenset[str]:  # noqa: ANN401 - as above
        if isinstance(answer, Failed) and answer.code == "20404":
            return frozenset()
        if isinstance(answer, (Failed, Unknown)):
            raise _Unanswered(answer)
        return frozenset(one.call_sid for one in answer)
