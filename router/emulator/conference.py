"""Conferences: who is in the room, when it starts and ends, and what is told about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .audio import Hearing, Room, Seat
from .call import HUNG_UP, UPDATED, Call, Callback, Source
from .formats import boolean, rfc2822
from .rest.representations import represent_conference, represent_participant
from .twiml.session import ANNOUNCE, CONFERENCE_WAIT, HOLD, Ending, Session
from .webhooks import Webhook

if TYPE_CHECKING:
    from .world import World

MAX_PARTICIPANTS = 250  # Twilio's limit
MINIMUM = 2  # a conference starts with two
MAX_LABEL = 128
MAX_CONFERENCES = 10_000  # kept to be read; the oldest that are over are forgotten

KICKED = "participant_updated_via_api"
ENDED_BY_API = "conference_ended_via_api"
ENDED_BY_MODERATOR = "moderator_ended_conference"
ADD_FAILED = "participant_add_failed"

# Which word of statusCallbackEvent subscribes to which StatusCallbackEvent.
_SUBSCRIPTION = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-modify": "modify",
    "participant-speech-start": "speaker",
    "participant-speech-stop": "speaker",
    "announcement-end": "announcement",
    "announcement-fail": "announcement",
}


@dataclass
class Terms:
    """On what terms somebody joins; the defaults are Twilio's.

    `wait` is the document heard before the start: None is Twilio's music, an empty one silence.
    """

    label: str = ""
    start_on_enter: bool = True
    end_on_exit: bool = False
    muted: bool = False
    coaches: Call | None = None
    beep: str = "true"
    wait: Source | None = None


class Participant(Seat):
    """A leg in a conference, or one that is being called into it."""

    def __init__(self, call: Call, room: Conference, terms: Terms) -> None:
        super().__init__(call, room, muted=terms.muted, coaches=terms.coaches)
        self.conference = room
        self.label = terms.label
        self.start_on_enter = terms.start_on_enter
        self.end_on_exit = terms.end_on_exit
        self.beep = terms.beep
        self.wait = terms.wait
        self.connected = False
        self.created = self.updated = call.world.clock.now()
        self.on_left: Callable[[str], None] = lambda _: None
        self._aside: asyncio.Task[None] | None = None

    @property
    def status(self) -> str:
        if self.connected:
            return "connected"
        words = {"queued": "queued", "initiated": "connecting", "ringing": "ringing"}
        return words.get(self.call.status, "connecting")

    def facts(self) -> dict[str, str]:
        facts = {
            "CallSid": self.call.sid,
            "Muted": boolean(self.muted),
            "Hold": boolean(self.hold),
            "Coaching": boolean(self.coaching),
            "EndConferenceOnExit": boolean(self.end_on_exit),
            "StartConferenceOnEnter": boolean(self.start_on_enter),
        }
        if self.label:
            facts["ParticipantLabel"] = self.label
        if self.coaching and self.coaches is not None:
            facts["CallSidToCoach"] = self.coaches.sid
        return facts

    def aside(self, source: Source | None, where: str) -> None:
        """Play a document to this leg alone while it waits or is held; music without one."""
        self.stop_aside()
        work = self._play_aside(source, where)
        self._aside = asyncio.get_running_loop().create_task(work)
        self.call.world.keep(self._aside)

    async def _play_aside(self, source: Source | None, where: str) -> None:
        if source is None:
            with self.call.sounding(Hearing("play", "hold music", where=where)):
                await asyncio.get_running_loop().create_future()
            return
        context = HOLD if where == "hold" else CONFERENCE_WAIT
        session = Session(self.call, context, where)
        ending = await session.run(source)
        while where == "hold" and ending is Ending.END and self.call.world.switches.hold_url_loops:
            ending = await session.run(source)
        if (
            ending is Ending.FAILED
            and where == "wait"
            and session.failed_code != CONFERENCE_WAIT.refusal
            and self.call.world.switches.wait_url_failure == "leaves"
        ):
            # Twilio: a waitUrl that cannot be had means no conference; the call goes on.
            self.conference.remove_participant(self, ADD_FAILED)

    def stop_aside(self) -> None:
        if self._aside is not None and self._aside is not asyncio.current_task():
            self._aside.cancel()
        self._aside = None
        self.call.sounds = [s for s in self.call.sounds if s.where not in ("wait", "hold")]
        self.call.update_hearing()


class Conference(Room):
    """A room of a name, from its first participant to its end."""

    def __init__(self, world: World, name: str, limit: int = MAX_PARTICIPANTS) -> None:
        super().__init__(name)
        self.world = world
        self.sid = world.sids.new("CF")
        self.status = "init"
        self.created = self.updated = world.clock.now()
        self.callback: Callback | None = None
        self.sequence = 0
        self.limit = limit
        self.reason_ended: str | None = None
        self.ended_by: str | None = None
        self.pending: list[Participant] = []
        self.on_start: list[Callable[[], object]] = []
        self.on_end: list[Callable[[], None]] = []
        self._ever_joined = False
        self.changed()

    @property
    def participants(self) -> list[Participant]:
        return [seat for seat in self.seats if isinstance(seat, Participant)]

    def find(self, key: str) -> Participant | None:
        """A present or pending participant, by CallSid or label."""
        for seat in self.participants + self.pending:
            if key in (seat.call.sid, seat.label):
                return seat
        return None

    def changed(self) -> None:
        self.updated = self.world.clock.now()
        self.world.history.keep(self.sid, lambda: represent_conference(self.world, self))
        self.world.history.keep(f"{self.sid}/people", self.represent_people)

    def represent_people(self) -> dict[str, Any]:
        """All participants as REST shows them, by CallSid."""
        everybody = self.participants + self.pending
        return {p.call.sid: represent_participant(self.world, p) for p in everybody}

    def subscribe(self, callback: Callback | None) -> None:
        """The first participant's status callback holds; later ones are ignored."""
        if not self._ever_joined and self.callback is None and callback and callback.url:
            self.callback = callback

    def tell(self, event: str, facts: dict[str, str] | None = None) -> None:
        facts = facts or {}
        self.changed()
        self.world.events.add(
            "conference", conference=self.sid, name=self.name, event=event, **facts
        )
        if self.callback is None or _SUBSCRIPTION[event] not in self.callback.events:
            return
        self.sequence += 1
        params = {
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "AccountSid": self.world.account_sid,
            "SequenceNumber": str(self.sequence),
            "Timestamp": rfc2822(self.world.clock.now()),
            "StatusCallbackEvent": event,
        } | facts
        hook = Webhook("conference", self.callback.url, params, self.callback.method)
        hook.call_sid = facts.get("CallSid", "")
        self.world.webhooks.tell(self.sid, hook)

    # Coming

    def join(self, participant: Participant) -> None:
        if participant in self.pending:
            self.pending.remove(participant)
        self._ever_joined = True
        participant.connected = True
        self.add(participant)
        self.tell("participant-join", participant.facts())
        self._start_if_due()
        if self.live and participant.beep in ("true", "onEnter"):
            self._beep(participant)
        self._play_wait(participant)
        self.refresh()

    def _play_wait(self, participant: Participant) -> None:
        """What somebody hears alone until the conference starts."""
        source = participant.wait
        if self.live or participant not in self.seats or participant.hold:
            return
        if source is None or source.url:
            participant.aside(source, "wait")

    def _start_if_due(self) -> None:
        """Twilio: two participants, one of whom starts the conference on entering."""
        people = self.participants
        if self.live or len(people) < MINIMUM or not any(p.start_on_enter for p in people):
            return
        self.live = True
        self.status = "in-progress"
        for participant in people:
            if not participant.hold:  # what one on hold hears goes on
                participant.stop_aside()
        self.tell("conference-start")
        for act in self.on_start:
            act()

    def _beep(self, cause: Participant) -> None:
        for other in self.participants:
            deaf = other.hold or other.call.out_of_reach
            if other is not cause and not deaf and other.call.endpoint is not None:
                other.call.endpoint.hears_beep(other.call)

    # Going

    def remove_participant(
        self, participant: Participant, reason: str, *, kick: bool = False
    ) -> None:
        if participant in self.pending:
            self.pending.remove(participant)
            self._leave_event(participant, reason)
            self._end_if_empty("last-participant-left", participant)
            return
        if participant not in self.seats:
            return
        self._take_out(participant, reason)
        moved = reason == UPDATED and not kick
        if participant.end_on_exit and (not moved or self.world.switches.redirect_ends_conference):
            word = "kicked" if kick else "left"
            cause = f"participant-with-end-conference-on-exit-{word}"
            self.end(cause, ENDED_BY_MODERATOR, participant)
            return
        if self.live and participant.beep in ("true", "onExit"):
            self._beep(participant)
        word = "last-participant-kicked" if kick else "last-participant-left"
        self._end_if_empty(word, participant)
        self.refresh()

    def _end_if_empty(self, why: str, participant: Participant) -> None:
        if not self.seats and not self.pending:
            self.end(why, HUNG_UP, participant)

    def _take_out(self, participant: Participant, reason: str) -> None:
        participant.stop_aside()
        participant.connected = False
        self.remove(participant)
        self._leave_event(participant, reason)
        participant.on_left(reason)
        participant.call.update_hearing()

    def _leave_event(self, participant: Participant, reason: str) -> None:
        facts = participant.facts()
        facts["ParticipantCallStatus"] = participant.call.status
        facts["ReasonParticipantLeft"] = reason
        self.tell("participant-leave", facts)

    def end(self, why: str, reason: str, by: Participant | None = None) -> None:
        """End for everyone; each leg goes on with its Dial's action or next verb."""
        if self.status == "completed":
            return
        started = self.live
        self.status = "completed"
        self.reason_ended = why
        self.ended_by = by.call.sid if by else None
        self.world.conferences.forget_active(self)
        for participant in self.participants:
            self._take_out(participant, reason)
        self.live = False
        for act in self.on_end:
            act()
        for participant in self.pending[:]:
            participant.call.finish("canceled")
        facts = {"ReasonConferenceEnded": why, "Reason": why.replace("-", " ")}
        if by is not None:
            facts["CallSidEndingConference"] = by.call.sid
            if by.label:
                facts["ParticipantLabelEndingConference"] = by.label
        if started or self.world.switches.conference_end_when_never_started:
            self.tell("conference-end", facts)

    # While it lasts

    def set_muted(self, participant: Participant, *, muted: bool) -> None:
        if participant.muted != muted:
            participant.muted = muted
            self._modified(participant, "participant-mute" if muted else "participant-unmute")

    def set_hold(self, participant: Participant, source: Source | None, *, hold: bool) -> None:
        if participant.hold == hold:
            if hold and source is not None:
                participant.aside(source, "hold")
            return
        participant.hold = hold
        self.refresh()
        if hold:
            participant.aside(source, "hold")
        else:
            participant.stop_aside()
            self._play_wait(participant)
        self._modified(participant, "participant-hold" if hold else "participant-unhold")

    def set_coaching(self, participant: Participant, coaches: Call | None, *, on: bool) -> None:
        participant.coaching, participant.coaches = on, coaches
        self._modified(participant, "participant-modify")

    def set_end_on_exit(self, participant: Participant, *, value: bool) -> None:
        if participant.hold and self.world.switches.held_participant_keeps_flag:
            return  # as users of the API report: it says nothing, and does nothing
        participant.end_on_exit = value
        self._modified(participant, "participant-modify")

    def set_wait(self, participant: Participant, source: Source) -> None:
        """What somebody hears until the conference starts; changed while it waits, at once."""
        participant.wait = source
        if not self.live and not participant.hold:
            participant.stop_aside()
            self._play_wait(participant)
        self._modified(participant, "participant-modify")

    def set_beep(self, participant: Participant, *, on_exit: bool) -> None:
        enters = participant.beep in ("true", "onEnter")
        words = {(True, True): "true", (True, False): "onEnter", (False, True): "onExit"}
        participant.beep = words.get((enters, on_exit), "false")
        self._modified(participant, "participant-modify")

    def _modified(self, participant: Participant, event: str) -> None:
        participant.updated = self.world.clock.now()
        self.tell(event, participant.facts())
        self.refresh()

    def spoke(self, seat: Seat, text: str) -> None:
        """Tell whoever asked for it that somebody speaks, and that they have finished."""
        wanted = self.callback is not None and "speaker" in self.callback.events
        if not wanted or not isinstance(seat, Participant) or seat.muted or seat.hold:
            return
        self.tell("participant-speech-start", seat.facts())
        rate = self.world.switches.speech_rate
        seconds = len(text.split()) / rate if rate > 0 else 0.0
        seat.call.later(seconds, lambda: self._fell_silent(seat))

    def _fell_silent(self, participant: Participant) -> None:
        if participant in self.seats:
            self.tell("participant-speech-stop", participant.facts())

    def announce(self, participants: list[Participant], source: Source) -> None:
        async def play(to: Participant) -> None:
            session = Session(to.call, ANNOUNCE, "announcement")
            ending = await session.run(source)
            facts = {"AnnounceUrl": source.url, "CallSid": to.call.sid}
            if ending is Ending.FAILED:
                facts["ReasonAnnouncementFailed"] = f"error {session.failed_code}"
            self.tell("announcement-fail" if ending is Ending.FAILED else "announcement-end", facts)

        for participant in participants:
            self.world.keep(asyncio.get_running_loop().create_task(play(participant)))


class Conferences:
    """All conferences there were, and the active one of each name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_sid: dict[str, Conference] = {}
        self._active: dict[str, Conference] = {}

    def active(self, name: str) -> Conference | None:
        return self._active.get(name)

    def open(self, name: str, limit: int = MAX_PARTICIPANTS) -> Conference:
        conference = self._active.get(name)
        if conference is None:
            conference = Conference(self._world, name, limit)
            self.by_sid[conference.sid] = self._active[name] = conference
            self._prune()
        return conference

    def at_limit(self) -> bool:
        """Whether the account has as many participants as it may (Twilio's 16021)."""
        limit = self._world.switches.concurrent_participants
        people = (len(c.seats) + len(c.pending) for c in self._active.values())
        return bool(limit) and sum(people) >= limit

    def _prune(self) -> None:
        if len(self.by_sid) > MAX_CONFERENCES:
            over = [sid for sid, c in self.by_sid.items() if c.status == "completed"]
            for sid in over[: MAX_CONFERENCES // 10]:
                del self.by_sid[sid]

    def forget_active(self, conference: Conference) -> None:
        if self._active.get(conference.name) is conference:
            del self._active[conference.name]
