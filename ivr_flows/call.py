"""The call as the flows see it: frozen snapshots of a call, its legs and its offers.

Nothing here knows Twilio, the database or a telephone number: people and lines are named by our
own ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ivr_flows.copies import changed
from ivr_flows.protocols import Run


class Stage(StrEnum):
    """Where the caller is. Every stage but `closed` has a deadline whose last step is 911."""

    SCREENING = "screening"
    WAITING = "waiting"
    CONSULTING = "consulting"
    CALLING_BACK = "calling_back"  # we ring the caller, or ask who has picked up
    CONNECTED = "connected"
    RETURNING = "returning"
    CLOSED = "closed"


class Role(StrEnum):
    """Whose leg it is; the role in a webhook's URL chooses its fail-safe (Law 4)."""

    CALLER = "caller"
    CALL_TAKER = "call_taker"
    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"
    PSAP = "psap"
    OUTSIDE = "outside"  # an interpreter, a crisis line, a team: answers for nobody unless vouched


class Place(StrEnum):
    """Where a leg is, as far as we have been told."""

    PLANNED = "planned"  # the order to ring is written, nothing is known of it yet
    RINGING = "ringing"
    FLOW = "flow"  # hears our questions
    QUEUE = "queue"  # waits in <Enqueue>
    JOINING = "joining"  # has been told to enter the room
    ROOM = "room"  # the carrier says it is in the room
    DIAL = "dial"  # rings 911 by TwiML alone
    ENDED = "ended"


class TransferState(StrEnum):
    """How far a transfer is. Once the caller is introduced it is over."""

    RINGING = "ringing"
    CONSULTING = "consulting"  # somebody has taken it, and speaks with the giver or is on the way


class OfferState(StrEnum):
    """What became of one offer of a call to one person."""

    RINGING = "ringing"
    ANSWERED = "answered"  # hears the summary, has not pressed a key
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    WITHDRAWN = "withdrawn"  # another person won, or the caller left


LIVE_OFFERS = frozenset({OfferState.RINGING, OfferState.ANSWERED})
FOR_911 = frozenset({Role.CALL_TAKER, Role.PSAP})
HELD_STAGES = (Stage.CONNECTED, Stage.CONSULTING)
"""Stages in which somebody answers for the caller, who may be held."""
STAFF = frozenset({Role.CLINICIAN, Role.CALL_TAKER, Role.SUPERVISOR, Role.PSAP})
CARERS = frozenset({Role.CLINICIAN, Role.SUPERVISOR})
WITHOUT_MENU = frozenset({Role.PSAP, Role.OUTSIDE})
UNANSWERED = frozenset({Place.PLANNED, Place.RINGING, Place.ENDED})
"""Places of a leg on which nobody is: not picked up yet, or over."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One telephone leg.

    `id` is the call's id, a dash and a number. `step` counts the answers given to the leg, so that
    a late or repeated request is known as such. `room` is the generation of the room it is in or
    on its way to. `node` and `tries` are its position in the dialogue `flow`.
    """

    id: str
    role: Role
    place: Place
    flow: str = ""
    node: str = ""
    tries: int = 0
    step: int = 0
    sid: str | None = None
    person_id: str | None = None
    line_id: str | None = None  # a 911 return line, by the program's name for it
    shared: bool = (
        False  # call taker and caller share this trunk leg: nobody's departure can be inferred
    )
    room: int = 0
    ends_room: bool = False  # carries endConferenceOnExit
    present: bool = False  # a person has proven to be there (RE4)
    vouched: bool = False  # an outside party that took the caller over: the giver spoke with them
    news: str = ""  # what the leg is to hear: in the room this prompt, in the wait `waiting_news`
    answered_by: str = ""  # the carrier's guess at who picked up: human, machine_start, fax, ...
    held: bool = False  # on hold in its room, as far as the carrier has told us
    muted: bool = False  # the same: hears, and is not heard
    hold_wanted: bool = False  # what we want; differs from `held` while an order is on its way
    mute_wanted: bool = False
    sought: bool = False  # the carrier was asked whether it is in the room it was told to enter
    controls_seen: int = 0  # number of the newest callback on hold and mute in its room
    trail: tuple[str, ...] = ()  # questions answered so far, for "go back"
    ticks: int = 0  # wait documents served since the wait began
    ticked_at: datetime | None = None  # the last of them
    silent_at: datetime | None = None  # when its sentence is over; what follows is silence
    moved_to: str = ""  # the leg of another call as which it goes on
    due_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether the leg may still have someone on it."""
        return self.place is not Place.ENDED

    @property
    def has_menu(self) -> bool:
        """Whether the star key leaves the room: on a leg of one person who has a menu."""
        return not self.shared and self.role not in WITHOUT_MENU

    @property
    def is_with_failsafe(self) -> bool:
        """Whether a fail-safe document rings 911 from the leg, and no line of the call's."""
        return self.place is Place.DIAL and self.line_id is None

    @property
    def seeks_911(self) -> bool:
        """Whether a fail-safe document does so that is not known to have reached 911."""
        return self.is_with_failsafe and not self.present

    @property
    def is_answered(self) -> bool:
        """Whether somebody picked up and has not left."""
        return self.place not in UNANSWERED

    @property
    def is_heard(self) -> bool:
        """Whether others in its room hear it, as far as we have been told."""
        return not self.held and not self.muted

    @property
    def is_silenced(self) -> bool:
        """Whether it is, or is about to be, on hold or muted."""
        return self.held or self.muted or self.hold_wanted or self.mute_wanted


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer of the call to one person; `leg_id` is the leg that rings them."""

    leg_id: str
    person_id: str
    desk: str
    state: OfferState
    offered_at: datetime
    due_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether the person may still accept."""
        return self.state in LIVE_OFFERS


@dataclass(frozen=True, slots=True)
class ReturnTo911:
    """A return to 911 under way: why, by whom, and which line is being tried."""

    reason: str
    requested_by: Role
    skip: bool
    started_at: datetime
    request: str = ""  # what 911 is asked for, e.g. `crisis_intervention_officer`
    line: int = 0  # index of the line being tried
    rounds: int = 0  # rounds of lines tried to their end
    tried: tuple[str, ...] = ()  # lines tried in this round before the present one
    out_of_service: tuple[str, ...] = ()  # lines that failed at once when they were last tried
    has_rung: bool = False  # a line has been ordered or dialled: the centre stays as it is
    under_way: bool = False  # the carrier has confirmed that a 911 leg rings
    by_twiml: bool = False  # REST did not work: the caller's own leg dials
    taken: bool = False  # a 911 person has proven present
    takers_lost: int = 0  # of those, how many were lost on the way to the caller
    crisis_line: bool = False  # it is the program's crisis line that is dialled; 911 comes after it


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer under way: who gives the caller, to whom, and how far it is (TR2).

    `to` is the target as `ivr_flows.targets` reads it. With `private` the caller waits while giver
    and receiver speak. `desk_before` gets the call back when nothing comes of it.
    """

    giver: str  # leg
    to: str
    private: bool
    state: TransferState
    started_at: datetime
    desk_before: str
    receiver: str = ""  # leg; of a desk, once somebody has accepted
    met: bool = False  # giver and receiver have been told that they are together
    before: tuple[str, ...] = ()  # legs that answered for the caller when it began
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DispatchNote:
    """What the call knows of a team it asked for (the dispatch itself lives in its own table)."""

    id: str
    status: str
    team: str = ""
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """The incident that 911 announced for this call, or seems to have (IN3).

    `how` is number, trunk, time, code or incident_number; its answers count once `is_taken`.
    """

    id: str
    number: str
    answers: Mapping[str, str]
    how: str
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class ToldWait:
    """The place and the wait that a caller was told, and when (RO5)."""

    position: int
    minutes: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class CallBack:
    """That the call is one we make: of which call, and how far it has come (IN6, RO5).

    `outcome` is "" until somebody has said to be the caller (`reached`) or the try is over.
    """

    of: str
    seek_seconds: int = 0  # for so long a clinician is sought before the caller is rung
    kept_place: bool = False  # the caller chose to be called back; their line was not lost
    to_911: bool = False  # whoever is reached goes on to 911
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One caller's call from ring to close. `version` counts the steps taken."""

    id: str
    program: str
    program_version: int
    line: str
    stage: Stage
    opened_at: datetime
    stage_at: datetime
    version: int = 0
    language: str = "en"
    legs: tuple[Leg, ...] = ()
    offers: tuple[Offer, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    room: int = 0  # newest generation of the room; 0 before there is one
    desk: str = ""  # the desk whose people are offered the call
    priority: int = 0  # higher is served first
    queued_at: datetime | None = None
    next_ring_at: datetime | None = None
    passed_over: tuple[str, ...] = ()  # people who declined or did not answer this time
    unrung: tuple[str, ...] = ()  # legs in a row that the carrier did not say it rings
    returned_from: tuple[str, ...] = ()  # desks that gave the call back: never offered again (EL7)
    dangers: tuple[str, ...] = ()  # told during the call: no later answer unsays them (EL6)
    given_back: tuple[str, ...] = ()  # those of them whose clinician did so in this very call
    calls_this_week: int = 0  # earlier ones, from the number or about the incident (IN7)
    caller_id: str = ""  # what the number is worth: withheld, failed, passed_a, ... (IN8)
    is_blocked: bool = False  # the number is on the program's list: slowed, never refused (IN8)
    decision: str = ""  # outcome of eligibility
    reason: str = ""  # its rule, by name
    psap: str = ""  # the 911 centre chosen for the caller; "" before a return, for the default
    psap_because: str = ""  # incident, line, area or default
    returning: ReturnTo911 | None = None
    transfer: Transfer | None = None
    dispatches: tuple[DispatchNote, ...] = ()
    announced: Announced | None = None
    protocol: Run | None = None  # the triage protocol asked last, finished or not (EL4)
    outcome: str = ""  # resolved, dispatched, returned_to_911, abandoned
    disposition: str = ""
    drops: int = 0  # staff legs lost in mid-call
    dropped: str = ""  # the moment in which the caller's line was lost, if policy minds it
    kept_desk: str = ""  # the desk in whose line the caller keeps their place, to be called back
    choosing: str = ""  # what the waiting caller is asked: `call_back`, or "" for nothing
    is_texted: bool = False  # a text message was asked for
    told: ToldWait | None = None  # the wait that the caller was told last
    was_lost: bool = False  # the caller calls in while their own call-back is planned
    call_back: CallBack | None = None
    hold_until_at: datetime | None = None  # the caller waits so long while staff confer (TR3)
    stage_due_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def caller(self) -> Leg:
        """The leg that carries the caller."""
        return next(leg for leg in self.legs if leg.role is Role.CALLER)

    @property
    def due_at(self) -> datetime | None:
        """The next deadline of the call, a leg or an offer; None once nothing is open."""
        dues = [leg.due_at for leg in self.legs if leg.due_at is not None and leg.is_live]
        dues += [one.due_at for one in self.offers if one.due_at is not None and one.is_live]
        if self.stage is not Stage.CLOSED:
            open_until = (self.stage_due_at, self.next_ring_at, self.hold_until_at)
            dues += [due for due in open_until if due is not None]
        return min(dues, default=None)

    def find_leg(self, leg_id: str) -> Leg | None:
        """The leg of that id, or None."""
        for leg in self.legs:  # asked for many times in every step: a loop is the quickest
            if leg.id == leg_id:
                return leg
        return None

    def find_offer(self, leg_id: str) -> Offer | None:
        """The offer that the leg carries, or None."""
        return next((offer for offer in self.offers if offer.leg_id == leg_id), None)

    def live_offers(self) -> tuple[Offer, ...]:
        """Offers that may still be accepted."""
        return tuple(offer for offer in self.offers if offer.is_live)

    def staff(self) -> tuple[Leg, ...]:
        """Live legs of people who answer for the caller: in the room, coming, or in a menu."""
        there = [
            leg
            for leg in self.legs
            if (leg.role in STAFF or leg.vouched)
            and leg.place not in UNANSWERED
            and (leg.role is not Role.PSAP or leg.present)
        ]
        if not there:
            return ()
        offered = {offer.leg_id for offer in self.offers if offer.state is not OfferState.ACCEPTED}
        return tuple(leg for leg in there if leg.id not in offered)

    def engaged_people(self) -> frozenset[str]:
        """People whom this call claims: offered, or on a live leg.

        A claim belongs to the person (Law 6).
        """
        people = {offer.person_id for offer in self.offers if offer.is_live}
        people |= {leg.person_id for leg in self.legs if leg.person_id and leg.is_live}
        return frozenset(people)

    def with_leg(self, leg: Leg) -> Call:
        """The call with `leg` added or put in place of the one with its id."""
        if self.find_leg(leg.id) is None:
            return changed(self, legs=(*self.legs, leg))
        return changed(self, legs=tuple(leg if old.id == leg.id else old for old in self.legs))

    def with_offer(self, offer: Offer) -> Call:
        """The call with `offer` added or put in place of the one on its leg."""
        if self.find_offer(offer.leg_id) is None:
            return changed(self, offers=(*self.offers, offer))
        offers = tuple(offer if old.leg_id == offer.leg_id else old for old in self.offers)
        return changed(self, offers=offers)

    def next_leg_id(self) -> str:
        """The id a new leg of this call takes."""
        return f"{self.id}-{len(self.legs) + 1}"


def call_id_of(leg_id: str) -> str:
    """The id of the call a leg id belongs to."""
    return leg_id.rpartition("-")[0]


def room_name(call_id: str, generation: int) -> str:
    """The conference's name for one generation of a call's room."""
    return f"{call_id}.{generation}"


def to_document(call: Call) -> dict[str, Any]:
    """The call as plain JSON values; `from_document` reads it back unchanged."""
    return _plain(call)  # type: ignore[no-any-return]


def from_document(document: Mapping[str, Any]) -> Call:
    """A call from what `to_document` wrote.

    Fields it does not know are dropped, missing ones take their default: old and new versions of
    the program share rows while one replaces the other.
    """
    return _load(Call, document)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:  # noqa: ANN401 - walks any snapshot
    kind = type(value)
    if kind in _AS_THEY_ARE:  # nearly all of them, so first
        return value
    if kind is datetime:
        return value.isoformat()
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind in _READERS:
        return {name: _plain(getattr(value, name)) for name in _READERS[kind]}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _load(kind: type, document: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    readers = _READERS[kind]
    return kind(**{name: readers[name](document[name]) for name in readers if name in document})


def _all(kind: type) -> Callable[[Any], Any]:
    return lambda documents: tuple([_load(kind, one) for one in documents])


def _maybe(kind: type) -> Callable[[Any], Any]:
    return lambda document: None if document is None else _load(kind, document)


def _frozen(value: Any) -> Any:  # noqa: ANN401 - as above
    kind = type(value)
    if kind is list:
        return tuple(value)
    return MappingProxyType(dict(value)) if kind is dict else value


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _readers_of(kind: type, **special: Callable[[Any], Any]) -> dict[str, Callable[[Any], Any]]:
    """How each field of `kind` is read back from JSON."""
    names: Mapping[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined]
    usual = {name: _instant if name.endswith("_at") else _frozen for name in names}
    return {**usual, **special}


_AS_THEY_ARE = frozenset(
    {str, int, bool, type(None), Stage, Role, Place, OfferState, TransferState}
)
_READERS: dict[type, dict[str, Callable[[Any], Any]]] = {
    Leg: _readers_of(Leg, role=Role, place=Place),
    Offer: _readers_of(Offer, state=OfferState),
    DispatchNote: _readers_of(DispatchNote),
    Announced: _readers_of(Announced),
    Run: _readers_of(Run, at=str),
    CallBack: _readers_of(CallBack),
    ToldWait: _readers_of(ToldWait),
    ReturnTo911: _readers_of(ReturnTo911, requested_by=Role),
    Transfer: _readers_of(Transfer, state=TransferState),
    Call: _readers_of(
        Call,
        stage=Stage,
        legs=_all(Leg),
        offers=_all(Offer),
        dispatches=_all(DispatchNote),
        returning=_maybe(ReturnTo911),
        transfer=_maybe(Transfer),
        announced=_maybe(Announced),
        call_back=_maybe(CallBack),
        told=_maybe(ToldWait),
        protocol=_maybe(Run),
    ),
}
