"""The call as the flows have recorded it, beside what the carrier's phones really do.

Time does not pass in a `World`: every deadline keeps the distance from now it was set with, and
which one passes next is left open. `key` is what makes two worlds one state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ivr_flows.announced import STATED
from ivr_flows.call import STAFF, Call, Leg, OfferState, Place, Role, Stage
from ivr_flows.callback import is_awaited, is_unreached
from ivr_flows.inputs import Input, Reconciled
from ivr_flows.moving import STAR
from ivr_flows.outputs import Command, Instruction
from ivr_flows.presence import LAST_RESORT_ROUND
from ivr_flows.return_to_911 import TAKERS_LOST

NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)

# Counters that grow without end, and where they no longer change what follows.
MOST_TRIES = 3
MOST_DROPS = 3
MOST_UNRUNG = 2
MOST_TRAIL = 8

# Answers that flows look at after the question is over; the others are only spoken or recorded.
ANSWERS_THAT_MATTER = ("return_reason",)


SEEKING = frozenset({Stage.WAITING, Stage.CONSULTING, Stage.RETURNING})
UNANSWERED = frozenset({Place.PLANNED, Place.RINGING})

LOOKED_AT: dict[type, frozenset[str]] = {
    Call: frozenset(
        {
            *("line", "stage", "legs", "offers", "answers", "room", "desk", "next_ring_at"),
            *("passed_over", "unrung", "returned_from", "is_blocked", "returning", "dispatches"),
            *("outcome", "disposition", "drops", "dropped", "stage_due_at", "hold_until_at"),
            *("transfer", "call_back", "announced", "protocol"),
        }
    ),
    Leg: frozenset(
        {
            *("id", "role", "place", "flow", "node", "tries", "step", "sid", "person_id"),
            *("line_id", "shared", "room", "ends_room", "present", "trail", "ticks", "due_at"),
            *("sought", "vouched", "held", "muted", "hold_wanted", "mute_wanted"),
        }
    ),
}
"""Fields of the record of which `key` takes what matters. One that is named neither here nor in
`LEFT_OUT` makes a state with every value it has."""
LEFT_OUT: dict[type, dict[str, str]] = {
    Call: {
        "id": "one call at a time",
        "program": "one program at a time",
        "program_version": "the same",
        "opened_at": "time stands still",
        "stage_at": "time stands still",
        "queued_at": "time stands still",
        "closed_at": "time stands still",
        "version": "counts steps",
        "language": "changes what is said, not what happens",
        "priority": "the place in the queue is not the call's",
        "dangers": "the policy's decision is chosen freely",
        "given_back": "for the record",
        "calls_this_week": "for the record",
        "caller_id": "changes what is said",
        "decision": "chosen freely each time",
        "reason": "for the record",
        "psap_because": "for the record",
        "is_texted": "changes what is offered in the wait, not what happens",
        "told": "changes what is said",
        "was_lost": "earlier calls are not explored",
    },
    Leg: {
        "news": "changes what is said; a waiting caller may be fetched for it at any time",
        "answered_by": "a machine's leg ends at once; without speech it decides nothing",
        "controls_seen": "numbers callbacks that are not explored",
        "ticked_at": "time stands still",
        "silent_at": "a sentence is over when anything happens",
        "moved_to": "the call it goes on in begins with it on the line",
    },
}
"""Fields of the record that do not make a state, and why."""

OTHERS = {
    kind: tuple(
        field.name
        for field in fields(kind)
        if field.name not in LOOKED_AT[kind] and field.name not in LEFT_OUT[kind]
    )
    for kind in (Call, Leg)
}
CALL_DEADLINES = {"ring": "next_ring_at", "stage": "stage_due_at", "hold": "hold_until_at"}
"""Deadlines of the call itself, by the name that stories give them."""


BY_TWIML = ("dial", "asked", "talk", "failsafe")
"""Where a phone is that rings 911 by a document of its own, or talks with whom it rang."""


class Phone(NamedTuple):
    """Where a leg really is, at the carrier.

    `where` is ringing, ivr, queue, room, dial (rings 911), asked (911's line picked up and hears
    our question), talk (with whom it dialled), failsafe (a document that needs nobody of us rings
    911), moving (on its way to ask us) or over. `told` is the document it follows, as of `step`.
    """

    where: str
    step: int = 0
    room: int = 0
    ends_room: bool = False
    star: bool = False
    held: bool = False
    muted: bool = False
    stop_ordered: bool = False
    is_counselor: bool = False  # it is the crisis line that it talks with, and not 911
    told: tuple[Instruction, ...] = ()


NOT_RUNG = Phone("unrung")


class Report(NamedTuple):
    """An input under way to us. `is_heard` when the leg follows the answer."""

    given: Input
    is_heard: bool = False
    may_be_lost: bool = True


Item = Command | Report


class World(NamedTuple):
    """One state: the record, the phones, what is under way in order, and what comes late.

    `late` holds items with the number of other things that have happened meanwhile.
    """

    call: Call
    phones: dict[str, Phone]
    queue: tuple[Item, ...] = ()
    late: tuple[tuple[Item, int], ...] = ()

    def phone(self, leg_id: str) -> Phone | None:
        """The phone of a leg, or None before it is rung."""
        return self.phones.get(leg_id)

    def with_phone(self, leg_id: str, phone: Phone) -> World:
        """The world with one phone changed."""
        return self._replace(phones={**self.phones, leg_id: phone})

    @property
    def caller_phone(self) -> Phone:
        """The caller's phone; of a call that we make, also before it rings."""
        return self.phones.get(self.call.legs[0].id, NOT_RUNG)

    @property
    def caller_is_on_the_line(self) -> bool:
        """Whether the caller has not hung up, and nobody has hung up on them.

        Whom we call counts once they have said to be the caller.
        """
        return self.caller_phone.where != "over" and not is_unreached(self.call)

    def company(self) -> tuple[str, ...]:
        """Legs in the caller's room at the carrier that are heard, and answer for the caller."""
        mine = self.caller_phone
        if mine.where != "room":
            return ()
        answering = {leg.id for leg in self.call.legs if leg.role in STAFF or leg.vouched}
        return tuple(
            leg_id
            for leg_id, phone in self.phones.items()
            if leg_id in answering
            and (phone.where, phone.room) == ("room", mine.room)
            and not (phone.held or phone.muted)
        )

    @property
    def is_with_a_person(self) -> bool:
        """Whether the caller shares a room with staff, talks, or 911's lines outside ring for them.

        The lines are rung until one answers and a person is there, and how long that takes is not
        ours to bound.
        """
        if self.caller_phone.where in BY_TWIML or self.company():
            return True
        phones = ((leg, self.phones.get(leg.id)) for leg in self.call.legs if leg.is_live)
        return (
            any(
                leg.role is Role.PSAP and phone is not None and phone.where == "ringing"
                for leg, phone in phones
            )
            and not self.is_alone_in_a_room
        )

    @property
    def is_alone_in_a_room(self) -> bool:
        """Whether the caller is in a room where nobody else is."""
        return self.caller_phone.where == "room" and not self.company()


def key(world: World) -> Hashable:
    """What makes this state: ids, steps and generations by their order, counters saturated.

    People of a desk who are in the same situation are one another's equals, and so are legs.
    """
    call, phones = world.call, world.phones
    items = [*world.queue, *(item for item, _ in world.late)]
    named = {_leg_of(item) for item in items}
    rooms = {0, call.room, *(_room_of(item) for item in items)}
    live: list[tuple[Leg, Phone | None]] = []
    gone: list[Leg] = []
    last: Leg | None = None
    for leg in call.legs:
        phone = phones.get(leg.id)
        answers = leg.role in STAFF or leg.vouched
        if answers and leg.room and (last is None or leg.room > last.room):
            last = leg
        if leg.is_live or leg.id in named or (phone is not None and phone.where != "over"):
            live.append((leg, phone))
            rooms.add(leg.room)
            if phone is not None and phone.where == "room":
                rooms.add(phone.room)
        else:
            gone.append(leg)
    rank = {room: number for number, room in enumerate(sorted(rooms))}
    offers = {offer.leg_id: offer for offer in call.offers}
    legs = [(_leg(call, leg, offers.get(leg.id), phone, rank), leg) for leg, phone in live]
    legs.sort(key=lambda one: hash(one[0]))
    places = {leg.id: number for number, (_, leg) in enumerate(legs)}
    answering = None
    if last is not None and call.stage is not Stage.CLOSED:
        is_passed = last.person_id in call.passed_over
        answering = (last.role, places.get(last.id), is_passed, last.vouched)
    return (
        tuple(one for one, _ in legs),
        _gone(call, gone, rank),
        answering,
        _people(call, legs),
        _of_the_call(call, rank, places),
        tuple(_item(item, places, rank, call) for item in world.queue),
        tuple((_item(item, places, rank, call), age) for item, age in world.late),
    )


def _people(call: Call, legs: list[tuple[Hashable, Leg]]) -> Hashable:
    """Of those on legs and of the others, who has been passed over and who has declined."""
    if call.stage not in SEEKING or not call.desk:
        return ()  # every search begins with nobody passed over
    passed = set(call.passed_over)
    declined = {o.person_id for o in call.offers if o.state is OfferState.DECLINED} & passed
    on_legs = [leg.person_id for _, leg in legs]
    others = sorted(one in declined for one in passed if one not in on_legs)
    here = tuple((one in passed, one in declined, on_legs.index(one)) for one in on_legs if one)
    return here, tuple(others)


def _leg(
    call: Call,
    leg: Leg,
    offer: Any,  # noqa: ANN401
    phone: Phone | None,
    rank: dict[int, int],
) -> Hashable:
    in_flow = leg.place is Place.FLOW
    return (
        leg.role,
        leg.place,
        leg.flow,
        leg.node,
        0 if in_flow and leg.node else min(leg.tries, MOST_TRIES),
        leg.step > 0,
        leg.sid is not None and leg.place in UNANSWERED,
        leg.line_id if leg.place is Place.DIAL or leg.role is Role.OUTSIDE else None,
        leg.shared,
        rank[leg.room],
        leg.ends_room,
        leg.present,
        _trail(call, leg) if in_flow else (),
        leg.ticks > 0 and (_is_first_piece_told_apart(call, leg) or is_awaited(call)),
        leg.due_at is not None,
        leg.sought and leg.place is Place.JOINING,
        (leg.vouched, leg.held, leg.muted, leg.hold_wanted, leg.mute_wanted),
        *(_as_it_is(getattr(leg, name)) for name in OTHERS[Leg]),
        None if offer is None else (offer.state, offer.desk, offer.due_at is not None),
        None
        if phone is None
        else (
            phone.where,
            phone.step == leg.step,
            rank.get(phone.room, 0) if phone.where == "room" else 0,
            phone.ends_room and phone.where == "room",
            phone.star and phone.where == "room",
            (phone.held, phone.muted) if phone.where == "room" else (),
            phone.stop_ordered and phone.where == "ringing",
        ),
    )


def _is_first_piece_told_apart(call: Call, leg: Leg) -> bool:
    """Whether what follows depends on a piece of the wait having been served."""
    is_sought = call.stage in (Stage.WAITING, Stage.RETURNING) and leg.place is Place.QUEUE
    return leg.flow == STAR or is_sought


def _trail(call: Call, leg: Leg) -> Hashable:
    """Questions answered; of a party that was chosen, who it is and where."""
    legs = [call.find_leg(one) for one in leg.trail]
    return tuple(
        name if one is None else (one.role, one.place, one.hold_wanted, one.mute_wanted)
        for name, one in zip(leg.trail, legs, strict=True)
    )[-MOST_TRAIL:]


def _transfer(call: Call, places: dict[str, int]) -> Hashable:
    transfer = call.transfer
    if transfer is None:
        return None
    before = frozenset(places[one] for one in transfer.before if one in places)
    return (
        places.get(transfer.giver),
        places.get(transfer.receiver, -1 if transfer.receiver else None),
        before,
        transfer.to,
        transfer.private,
        transfer.state,
        transfer.desk_before,
        transfer.met,
    )


def _asked(call: Call) -> Hashable:
    """Of a triage protocol, where it stands; of an announced incident, what it leaves open."""
    run, known = call.protocol, call.announced
    if run is None and known is None:
        return None
    where = None if run is None else (run.at, run.trail)
    named = any(call.answers.get(name) == "yes" for name in STATED)
    return where, None if known is None else (
        known.how,
        known.is_taken,
        frozenset(call.answers),
        named,
    )


def _gone(call: Call, gone: list[Leg], rank: dict[int, int]) -> Hashable:
    """Of legs that are over: who has spoken with the caller, and whose leaving ended which room."""
    if call.stage is Stage.CLOSED:
        return ()
    spoke = frozenset(leg.role for leg in gone if leg.room) if not call.outcome else ()
    return spoke, frozenset(rank.get(leg.room, 0) for leg in gone if leg.ends_room)


def _of_the_call(call: Call, rank: dict[int, int], places: dict[str, int]) -> Hashable:
    returning = call.returning
    answers = tuple(name in call.answers for name in ANSWERS_THAT_MATTER)
    back = call.call_back
    record = (
        None if back is None else (back.outcome, back.to_911),
        *(call.stage, call.outcome, bool(call.disposition), answers, returning is not None),
        call.dropped,
    )
    if call.stage is Stage.CLOSED:
        return record
    unrung = [places[one] for one in call.unrung if one in places]
    way_back: Hashable = None
    if returning is not None and (call.stage is Stage.RETURNING or call.caller.place is Place.DIAL):
        way_back = (
            returning.skip,
            returning.line,
            min(returning.rounds, LAST_RESORT_ROUND),
            frozenset(returning.tried),
            frozenset(returning.out_of_service),
            returning.has_rung,
            min(returning.takers_lost, TAKERS_LOST),
            returning.under_way,
            returning.by_twiml,
            returning.taken,
            returning.crisis_line,
        )
    return (
        *record,
        call.line if call.stage is Stage.SCREENING else "",
        rank[call.room],
        call.desk,
        call.next_ring_at is not None,
        call.stage_due_at is not None,
        call.hold_until_at is not None,
        _transfer(call, places),
        _asked(call),
        (tuple(unrung), min(len(call.unrung), MOST_UNRUNG)),
        frozenset(call.returned_from),
        call.is_blocked,
        way_back,
        tuple(note.status for note in call.dispatches[-1:]),
        min(call.drops, MOST_DROPS),
        *(_as_it_is(getattr(call, name)) for name in OTHERS[Call]),
    )


def _as_it_is(value: Any) -> Hashable:  # noqa: ANN401 - any field
    """A value of a field that the key knows nothing of; of an instant, that there is one."""
    if type(value) is str:  # nearly all of them, so first
        return value
    if isinstance(value, datetime):
        return True
    if is_dataclass(value):
        return tuple(_as_it_is(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return tuple(sorted((name, _as_it_is(one)) for name, one in value.items()))
    return value  # type: ignore[no-any-return]


def _leg_of(item: Item) -> str:
    about = item.given if isinstance(item, Report) else item
    return getattr(about, "leg_id", "")


def _room_of(item: Item) -> int:
    about = item.given if isinstance(item, Report) else item
    return getattr(about, "room", 0)


def _item(item: Item, places: dict[str, int], rank: dict[int, int], call: Call) -> Hashable:
    about: Any = item.given if isinstance(item, Report) else item
    leg = call.find_leg(getattr(about, "leg_id", ""))
    step = getattr(about, "step", None)
    return (
        type(about).__name__,
        -1 if leg is None else places[leg.id],
        step is None or leg is None or step == leg.step,
        rank[getattr(about, "room", 0)],
        getattr(about, "status", ""),
        getattr(about, "result", ""),
        getattr(about, "command", ""),
        getattr(about, "permanent", None),
        getattr(about, "digits", ""),
        frozenset(places[one] for one in getattr(about, "others", ()) if one in places),
        _finding(about, leg),
        isinstance(item, Report) and item.is_heard,
    )


def _finding(about: Any, leg: Leg | None) -> Hashable:  # noqa: ANN401 - any input or command
    if not isinstance(about, Reconciled):
        return None
    return about.found, leg is not None and about.place == leg.place


def deadlines_of(call: Call) -> Iterable[tuple[str, str, datetime]]:
    """Deadlines that are set: of what, of which leg, when."""
    for offer in call.offers:
        if offer.due_at is not None and offer.is_live:
            yield "offer", offer.leg_id, offer.due_at
    for leg in call.legs:
        if leg.due_at is not None and leg.is_live:
            yield "leg", leg.id, leg.due_at
    if call.stage is not Stage.CLOSED:
        for what, field in CALL_DEADLINES.items():
            due_at = getattr(call, field)
            if due_at is not None:
                yield what, "", due_at
