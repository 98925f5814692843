"""People with phones: how they react when it rings, what they do, and what they hear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .audio import Hearing
from .call import Call
from .clock import Timer
from .feed import Entry, Feed
from .formats import is_address, is_number
from .script import ScriptRunner, Step

if TYPE_CHECKING:
    from .world import World

# Who answers besides people: a voicemail whose greeting ends with a beep, one that ends in silence,
# one that ends otherwise, a fax, a line on which nobody speaks.
MACHINES = {
    "voicemail": "machine",
    "voicemail_silence": "machine_silence",
    "voicemail_other": "machine_other",
    "fax": "fax",
    "silent": "nobody",
}
BEHAVIOURS = ("manual", "answer", "busy", "decline", "no_answer", "unreachable", *MACHINES)
GREETING = "Nobody can take your call right now. Leave a message."
GREETING_AFTER = 0.1  # the caller has to be put through first
GREETING_SECONDS = 4.0  # where words take no time
WITHHELD = "withheld"  # as caller_id: whatever the network sends for it


class PartyError(Exception):
    """Something a phone cannot do now; `name` is the field of the request that is at fault."""

    def __init__(self, name: str, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


@dataclass
class OnRing:
    """What a phone does when it rings, and after how many seconds."""

    do: str = "manual"
    after: float = 0.0


@dataclass
class Person:
    """Somebody at a phone."""

    name: str
    present: bool = True


@dataclass
class Profile:
    """What is known of a party besides its number; all of it may change while it lives."""

    name: str
    people: list[Person]
    on_ring: OnRing = field(default_factory=OnRing)
    script: list[Step] = field(default_factory=list)
    lines: int = 1
    facts: dict[str, str] = field(default_factory=dict)
    greeting: str = GREETING


class Party:
    """A number, whoever is at it, and everything that was heard there."""

    def __init__(self, world: World, number: str, profile: Profile) -> None:
        self._world = world
        self.number = number
        self.profile = profile
        self.transcript = Feed(world.clock, limit=5_000)
        self.calls: list[Call] = []
        # A softphone's party is found only while a page is registered for it.
        self.is_softphone = False
        self.reachable = True
        self.watchers: list[Callable[[Entry, Call | None], None]] = []
        self._silences: dict[str, Timer] = {}

    # What happens to it (the Endpoint of its legs)

    def record(self, kind: str, call: Call | None, **data: object) -> Entry:
        sid = call.sid if call else ""
        self._world.events.add(
            "heard", party=self.number, name=self.profile.name, call=sid, what=kind, **data
        )
        entry = self.transcript.add(kind, call=sid, **data)
        for watcher in self.watchers:
            watcher(entry, call)
        return entry

    def ring(self, call: Call) -> None:
        behaviour = self.profile.on_ring
        if len(self.calls) >= self.profile.lines or behaviour.do == "busy":
            self.record("missed", call, **{"from": call.from_}, why="busy")
            call.finish("busy", "486")
            return
        if behaviour.do == "unreachable":
            call.finish("failed", "404")
            return
        self.calls.append(call)
        call.set_status("ringing", "ringing")
        about = {"headers": call.sip_headers, "parameters": call.client_parameters}
        given = {name: value for name, value in about.items() if value}
        self.record("ringing", call, **{"from": call.from_}, **given)
        if behaviour.do == "answer":
            call.later(behaviour.after, lambda: self._answer(call))
        elif behaviour.do == "decline":
            call.later(behaviour.after, lambda: self._decline(call))
        elif behaviour.do in MACHINES:
            machine = MACHINES[behaviour.do]
            call.later(behaviour.after, lambda: self._picked_up(call, machine))

    def answered(self, call: Call) -> None:
        self.record("answered", call)
        if self.profile.script:
            ScriptRunner(self._world, self, call, self.profile.script).start()

    def hears(self, call: Call, hearing: Hearing) -> None:
        timer = self._silences.pop(call.sid, None)
        if timer is not None:
            timer.cancel()
        if hearing.kind != "silence":
            self._write(call, hearing)
            return
        wait = self._world.switches.silence_seconds
        self._silences[call.sid] = self._world.clock.call_later(
            wait, lambda: self._write(call, hearing)
        )

    def _write(self, call: Call, hearing: Hearing) -> None:
        data: dict[str, Any] = {}
        if hearing.text:
            data["text"] = hearing.text
        if hearing.kind == "talking_with":
            data["with"] = list(hearing.people)
            data["heard_by"] = list(hearing.heard_by)
        if hearing.where:
            data["where"] = hearing.where
        if hearing.loop != 1:
            data["loop"] = hearing.loop
        if hearing.language:
            data["language"] = hearing.language
        if hearing.voice:
            data["voice"] = hearing.voice
        self.record(hearing.kind, call, **data)

    def hears_speech(self, call: Call, who: str, text: str) -> None:
        self.record("speech", call, who=who, text=text)

    def hears_tones(self, call: Call, digits: str) -> None:
        self.record("tones", call, digits=digits)

    def hears_beep(self, call: Call) -> None:
        self.record("beep", call)

    def over(self, call: Call, status: str) -> None:
        timer = self._silences.pop(call.sid, None)
        if timer is not None:
            timer.cancel()
        if call in self.calls:
            self.calls.remove(call)
            self.record("hangup", call, status=status)

    def people(self, _call: Call) -> tuple[str, ...]:
        return tuple(p.name for p in self.profile.people if p.present)

    def facts(self) -> dict[str, str]:
        return self.profile.facts

    # What it does

    def dial(
        self,
        to: str,
        application: str = "",
        params: dict[str, str] | None = None,
        caller_id: str = "",
    ) -> Call:
        """Call one of the account's numbers; a client may call through an application instead."""
        if len(self.calls) >= self.profile.lines:
            raise PartyError("number", f"{self.number} is on another call")
        number = self._world.numbers.get(to)
        app = None if is_number(self.number) else self._world.application(application)
        if number is None and app is None:
            raise PartyError("to", f"there is no number {to!r} on this network to call", 404)
        if caller_id == WITHHELD:
            caller_id = self._world.switches.withheld_caller_id
        call = Call(self._world, caller_id or self.number, to, "inbound")
        call.endpoint = self
        call.extra.update(params or {})
        self.calls.append(call)
        self.record("dialled", call, to=to)
        if app is not None and (number is None or application):
            self._world.carrier.incoming_by_client(call, app)
        elif number is not None:
            self._world.carrier.incoming(call, number)
        return call

    def ringing_call(self, sid: str = "") -> Call:
        for call in self.calls:
            if sid in ("", call.sid) and call.direction != "inbound" and not call.live:
                return call
        raise PartyError("number", f"{self.number} is not ringing")

    def current_call(self, sid: str = "") -> Call:
        """The call it is on; with several lines, the one named or the newest."""
        for call in reversed(self.calls):
            if sid in ("", call.sid):
                return call
        raise PartyError("number", f"{self.number} is not on a call")

    def answer(self, sid: str = "") -> None:
        self._answer(self.ringing_call(sid))

    def _answer(self, call: Call) -> None:
        self._picked_up(call, "human")

    def _picked_up(self, call: Call, by: str) -> None:
        call.answered_by = by
        if by.startswith("machine"):
            rate = self._world.switches.speech_rate
            words = len(self.profile.greeting.split())
            call.greeting_seconds = words / rate if rate > 0 else GREETING_SECONDS
        call.answer()
        if by.startswith("machine"):
            self._greet(call)

    def _greet(self, call: Call) -> None:
        """A voicemail speaks, and with most of them a beep says when to begin."""
        call.later(GREETING_AFTER, lambda: self._speak_greeting(call))
        if call.answered_by == "machine":
            call.later(call.greeting_seconds, call.beep)

    def _speak_greeting(self, call: Call) -> None:
        self.record("said", call, who="voicemail", text=self.profile.greeting)
        call.speak("voicemail", self.profile.greeting)

    def decline(self, sid: str = "") -> None:
        self._decline(self.ringing_call(sid))

    def _decline(self, call: Call) -> None:
        call.finish(self._world.switches.decline_status, "603")

    def press(self, digits: str, sid: str = "") -> None:
        call = self.current_call(sid)
        self.record("pressed", call, digits=digits)
        call.press(digits)

    def speak(self, text: str, who: str = "", sid: str = "") -> None:
        call = self.current_call(sid)
        speaker = who or next((p.name for p in self.profile.people if p.present), "")
        self._person(speaker)
        self.record("said", call, who=speaker, text=text)
        call.speak(speaker, text)

    def mute(self, muted: bool, sid: str = "") -> None:  # noqa: FBT001 - as the SDK's mute()
        """Switch the phone's own microphone off or on: nobody on the wire is told."""
        call = self.current_call(sid)
        if call.microphone_off == muted:
            return
        call.microphone_off = muted
        self.record("muted" if muted else "unmuted", call)
        if call.seat is not None:
            call.seat.room.refresh()

    def hang_up(self, sid: str = "") -> None:
        call = self.current_call(sid)
        if call.direction != "inbound" and not call.live:
            self._decline(call)
        else:
            call.hang_up()

    def lose_signal(self, sid: str = "") -> None:
        """The call drops as a cell call does: nothing is heard either way, until it is noticed."""
        call = self.current_call(sid)
        self.record("signal_lost", call)
        call.lose_signal()
        call.later(self._world.switches.signal_loss_seconds, call.hang_up)

    def leave(self, who: str) -> None:
        """A person walks away from the phone: nobody on the wire is told."""
        self._person(who).present = False
        for call in self.calls:
            self.record("left", call, who=who)
            if call.seat is not None:
                call.seat.room.refresh()

    def _person(self, name: str) -> Person:
        for person in self.profile.people:
            if person.name == name and person.present:
                return person
        raise PartyError("who", f"nobody named {name!r} is at {self.number}", 400)

    def text(self, to: str, body: str) -> str:
        number = self._world.numbers.get(to)
        if number is None:
            raise PartyError("to", f"there is no number {to!r} on this network to text", 404)
        self.record("sent_sms", None, to=to, text=body)
        return self._world.messages.incoming(self.number, number, body)

    def receives(self, from_: str, body: str) -> None:
        self.record("sms", None, **{"from": from_}, text=body)

    def refer(self, to: str, sid: str = "") -> None:
        """A SIP phone asks the carrier to put somebody else in its place (SIP REFER)."""
        call = self.current_call(sid)
        if not self.number.startswith(("sip:", "sips:")):
            raise PartyError("number", f"{self.number} is no SIP phone")
        if not is_address(to):
            raise PartyError("to", "must be a number or a sip: address", 400)
        self.record("referred", call, to=to)
        if call.on_refer is None or not call.on_refer(to):
            raise PartyError("number", "the carrier refuses: this call is in no <Dial referUrl>")

    def describe(self) -> dict[str, Any]:
        profile = self.profile
        return {
            "number": self.number,
            "name": profile.name,
            "people": [asdict(p) for p in profile.people],
            "on_ring": asdict(profile.on_ring),
            "script": [step.describe() for step in profile.script],
            "lines": profile.lines,
            "facts": profile.facts,
            "greeting": profile.greeting,
            "softphone": self.is_softphone,
            "reachable": self.reachable,
            "calls": [self._world.describe_leg(call) for call in self.calls],
        }
