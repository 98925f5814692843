"""Everybody at a phone: what they do in the set-up of a call, and how they help afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from router.emulator.call import Call
from router.emulator.party import OnRing, Party
from tests.matrix.network import Network

PICK_UP_SECONDS = 2.0
KEY_SECONDS = 1.0  # from hearing which key to pressing it
WITHIN_SECONDS = 40.0
# What somebody who helps presses when they hear what; the first that fits.
REACTIONS = (
    ("press star, then 1", "*"),
    ("press 1 to bring your caller in", "1"),
    ("to bring your caller in, press 1", "1"),
    ("press 1 to accept", "1"),
    ("press 1 to take", "1"),
)

Entry = dict[str, Any]


@dataclass
class Someone:
    """Somebody at a phone; `id` is the person's in our roster, "" for the others."""

    name: str
    party: Party
    network: Network
    id: str = ""
    _seen: int = 0

    def transcript(self) -> list[Entry]:
        return self.party.transcript.after()

    def is_ringing(self) -> bool:
        return any(call.status == "ringing" for call in self.party.calls)

    def is_on_a_call(self) -> bool:
        return bool(self.party.calls)

    def partners(self) -> tuple[str, ...]:
        """Those whom this person hears and who hear them."""
        found: list[str] = []
        for call in self.party.calls:
            if call.hearing.kind == "talking_with":
                found += [one for one in call.hearing.people if one in call.hearing.heard_by]
        return tuple(found)

    # Deeds

    def dials(self, line: str) -> None:
        self.network.do(lambda: self.party.dial(self.network.seeded.lines[line]))

    def presses(self, digits: str) -> None:
        self.network.do(lambda: self.party.press(digits))

    def answers(self) -> None:
        self.waits(self.is_ringing, "to ring")
        self.network.do(self.party.answer)

    def hangs_up(self) -> None:
        self.network.do(self.party.hang_up)

    def loses_signal(self) -> None:
        self.party.profile.on_ring = OnRing("unreachable")
        self.network.do(self.party.lose_signal)

    def helps(self) -> None:
        """Pick up whatever rings, take it, and let the caller in after a word in private."""
        self.party.profile.on_ring = OnRing("answer", PICK_UP_SECONDS)
        self.party.watchers.append(self._react)

    def _react(self, entry: Entry, call: Call | None) -> None:
        heard = str(entry.get("text", "")).lower()
        keys = next((keys for words, keys in REACTIONS if words in heard), "")
        if keys and call is not None:
            call.later(KEY_SECONDS, lambda: self.party.press(keys, call.sid))

    # What is waited for

    def rings(self) -> None:
        self.waits(self.is_ringing, "to ring")

    def hears(self, text: str) -> None:
        """Wait for a sentence that is not older than what was last waited for."""

        def heard() -> bool:
            for entry in self.party.transcript.after(self._seen):
                if text.lower() in str(entry.get("text", "")).lower():
                    self._seen = entry["seq"]
                    return True
            return False

        self.waits(heard, f"to hear {text!r}")

    def talks_with(self, *names: str) -> None:
        self.waits(lambda: set(names) <= set(self.partners()), f"to talk with {names}")

    def accepts(self) -> None:
        """Be rung, pick up, and press 1 when asked to."""
        self.answers()
        self.hears("press 1")
        self.presses("1")

    def answers_question(self, question: str, key: str) -> None:
        self.hears(question)
        self.presses(key)

    def waits(self, holds: Callable[[], bool], what: str) -> None:
        if not self.network.pass_time(WITHIN_SECONDS, holds):
            raise AssertionError(f"expected {self.name} {what}; {self.tell()}")

    def tell(self) -> str:
        """The transcript, to be read."""
        lines = [
            f"  {one['at'] % 1000:7.2f} {one['kind']} {one.get('text', one.get('with', ''))}"
            for one in self.transcript()
        ]
        return "\n".join([f"{self.name} heard:", *lines])


class Cast:
    """The people of one call, everybody idle and on duty, one clinician after another."""

    def __init__(self, network: Network, language: str = "en") -> None:
        self.network, self.language = network, language
        seeded = network.seeded
        self.clinicians = [
            self._someone(person.name, person.number, person.id) for person in seeded.clinicians
        ]
        self.call_takers = [
            self._someone(person.name, person.number, person.id) for person in seeded.call_takers
        ]
        self.lines = [
            self._someone(f"911 {name} line", number)
            for name, number in seeded.outside_lines.items()
        ]
        for person in (*seeded.supervisors, *seeded.responders):
            self._someone(person.name, person.number, person.id)
        directory = {name: self._someone(name, number) for name, number in seeded.directory.items()}
        self.interpreter = directory["interpreter"]
        self.caller = self._someone("Jo", seeded.caller_number(1))

    def _someone(self, name: str, number: str, person_id: str = "") -> Someone:
        return Someone(name, self.network.phone(name, number), self.network, person_id)

    @property
    def clinician(self) -> Someone:
        return self.clinicians[0]

    @property
    def second_clinician(self) -> Someone:
        return self.clinicians[1]

    @property
    def call_taker(self) -> Someone:
        return self.call_takers[0]

    @property
    def line_911(self) -> Someone:
        return self.lines[0]

    @property
    def staff(self) -> tuple[Someone, ...]:
        return (*self.clinicians, *self.call_takers, *self.lines, self.interpreter)

    def tell(self) -> str:
        """What everybody heard."""
        everybody = (self.caller, *self.staff)
        return "\n".join(one.tell() for one in everybody if one.transcript())

    def everybody_helps(self, but: Someone) -> None:
        """Whoever is rung from here on picks up and takes the call, except for one."""
        for one in self.staff:
            if one is not but:
                one.helps()
