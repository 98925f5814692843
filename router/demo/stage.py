"""The people of the demo at their phones, and how to find out what became of their calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from sqlalchemy import select

from ivr_flows.call import Call, from_document
from ivr_flows.call import Stage as CallStage
from router.demo.cast import Script, script_of
from router.demo.stack import Stack
from router.emulator.client import Network, NetworkError, Phone
from router.policy.roster import examine
from router.services.clock import DatabaseClock, read_now
from router.services.sign_on import sign_off, sign_on
from router.storage.calls import list_live_calls
from router.storage.roster import list_on_desk
from router.storage.tables import calls
from router.storage.timeline import list_timeline

POLL_SECONDS = 0.1
SETTLE_SECONDS = 20


class PlayError(Exception):
    """A play did not end as it should; the text says what was seen instead."""


@dataclass
class Person:
    """Somebody with a phone, and the name the narrator gives them; staff have an `id`."""

    name: str
    phone: Phone
    id: str = ""


@dataclass
class Stage:
    """Everything a play needs: the stack, its phones, and how to find out what became of a call."""

    stack: Stack
    clinicians: list[Person] = field(default_factory=list)
    call_takers: list[Person] = field(default_factory=list)
    responders: list[Person] = field(default_factory=list)
    supervisors: list[Person] = field(default_factory=list)
    outside: list[Person] = field(default_factory=list)
    crisis_line: Person | None = None
    directory: dict[str, Person] = field(default_factory=dict)
    _callers: int = 0
    _callers_phones: list[Phone] = field(default_factory=list)

    def __post_init__(self) -> None:
        seeded = self.stack.seeded
        for group, members in (
            (self.clinicians, seeded.clinicians),
            (self.call_takers, seeded.call_takers),
            (self.responders, seeded.responders),
            (self.supervisors, seeded.supervisors),
        ):
            group.extend(
                Person(member.name, self._phone(member.name, member.number), member.id)
                for member in members
            )
        for name, number in seeded.outside_lines.items():
            phone = f"911 {name} line"
            self.outside.append(Person(phone, self._phone(phone, number)))

        self.directory = {
            name: Person(name, self._phone(name.replace("_", " "), number))
            for name, number in seeded.directory.items()
        }
        if seeded.crisis_line:
            name = "county crisis line"
            self.crisis_line = Person(name, self._phone(name, seeded.crisis_line))

    @property
    def script(self) -> Script:
        """How the program's callers answer, and where their calls end."""
        return script_of(self.stack.seeded.program)

    @property
    def network(self) -> Network:
        """The telephone company."""
        return self.stack.network

    def _phone(self, name: str, number: str, people: list[str] | None = None) -> Phone:
        return self.network.phone(number, name=name, people=people)

    def caller(self, name: str, people: list[str] | None = None) -> Person:
        """Somebody new with a number of their own."""
        self._callers += 1
        number = self.stack.seeded.caller_number(self._callers)
        # The numbers come around again, and with them what their phones were and heard.
        phone = self._phone(name, number, people or [name])
        phone.listens_from_now()
        self._callers_phones.append(phone)
        return Person(name, phone)

    def person(self, phone: Phone) -> Person:
        """Whoever has the phone."""
        return Person(phone.number, phone)

    @property
    def is_hosted(self) -> bool:
        """Whether 911's call takers are on a desk of the program's own."""
        with self.stack.sessions() as session:
            now = read_now(session, DatabaseClock())
            return bool(list_on_desk(session, self.stack.seeded.program, "911", now))

    @property
    def callers(self) -> tuple[Phone, ...]:
        """Phones of the callers since the lines were last cleared."""
        return tuple(self._callers_phones)

    @property
    def everyone(self) -> tuple[Person, ...]:
        """All but the callers."""
        staff = (*self.clinicians, *self.call_takers, *self.responders)
        crisis_line = [self.crisis_line] if self.crisis_line else []
        return (
            *staff,
            *self.supervisors,
            *self.outside,
            *self.directory.values(),
            *crisis_line,
        )

    def everyone_idle(self) -> None:
        """Make every phone but the callers' wait for its owner's hand again."""
        for person in self.everyone:
            person.phone.changes(on_ring="manual", script=[])

    def clear_lines(self) -> None:
        """Put down every phone that is still in a call, so that the next play starts afresh."""
        for phone in self._callers_phones:
            self.put_down(phone)
        self._callers_phones.clear()
        for person in self.everyone:
            self.put_down(person.phone)

    def put_down(self, phone: Phone) -> None:
        """Hang up, if there is a call."""
        for _ in phone.state()["calls"]:
            with suppress(NetworkError):  # it ended by itself meanwhile
                phone.hangs_up()

    def print_records(self) -> None:
        """Print the timelines of the calls that are still open."""
        with self.stack.sessions() as session:
            for row in list_live_calls(session):
                print(f"  call {row.call.id} is {row.call.stage}")
                for line in list_timeline(session, row.call.id):
                    details = " ".join(f"{name}={value}" for name, value in line.details.items())
                    print(f"    {line.at:%H:%M:%S.%f} {line.leg_id:<16} {line.kind} {details}")

    def sign_off(self, *people: Person) -> None:
        """They are offered nothing any more."""
        for person in people:
            sign_off(self.stack.sessions, person.id)

    def sign_on(self, *people: Person) -> None:
        """They are on duty again."""
        for person in people:
            sign_on(self.stack.sessions, person.id)

    @contextmanager
    def only_on_duty(self, number: int) -> Iterator[None]:
        """Sign off all but `number` of the call takers, and sign them on again at the end."""
        off = self.call_takers[number:]
        self.sign_off(*off)
        try:
            yield
        finally:
            self.sign_on(*off)

    def wait_for_clinicians(self, number: int, within: float = 90) -> None:
        """Wait until so many clinicians have finished their records. Raises PlayError."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with self.stack.sessions() as session:
                now = read_now(session, DatabaseClock())
                desk = self.stack.seeded.clinician_desk
                people = list_on_desk(session, self.stack.seeded.program, desk, now)
                if sum(one.is_free for one in examine(people, now)) >= number:
                    return
            time.sleep(POLL_SECONDS)
        raise PlayError(f"no {number} clinicians became free within {within:.0f} s")

    def first_to_ring(self, people: Iterable[Person], within: float = 20) -> Person:
        """Whoever of them rings now. Raises PlayError when nobody does in time."""
        group = list(people)
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for person in group:
                calls_there = person.phone.state()["calls"]
                if any(call["status"] == "ringing" for call in calls_there):
                    return person
            time.sleep(POLL_SECONDS)
        names = ", ".join(person.name for person in group)
        raise PlayError(f"none of {names} rang within {within:.0f} s")

    def nobody_rings(self, people: Iterable[Person], within: float = SETTLE_SECONDS) -> None:
        """Wait until none of them is rung or in a call. Raises PlayError when one is for longer."""
        deadline = time.monotonic() + within
        for person in people:
            while person.phone.state()["calls"]:
                if time.monotonic() > deadline:
                    raise PlayError(f"{person.name} was still in a call after {within:.0f} s")
                time.sleep(POLL_SECONDS)

    def answers_and_accepts(self, person: Person, heard: str) -> None:
        """Pick up, hear the summary, press 1."""
        person.phone.rings()
        person.phone.answers()
        person.phone.hears(heard)
        person.phone.presses("1")

    def report(self, responder: Person, *steps: str) -> None:
        """Press buttons of the page behind the link in the responder's newest message."""
        link = self._newest_link(responder)
        for step in steps:
            body = urlencode({"do": step}).encode()
            with urlopen(Request(link, body), timeout=10):  # noqa: S310 - an address of ours
                pass

    def _newest_link(self, responder: Person) -> str:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            for entry in reversed(responder.phone.transcript()):
                for word in str(entry.get("text", "")).split():
                    if entry["kind"] == "sms" and "/t/" in word:
                        return word
            time.sleep(POLL_SECONDS)
        raise PlayError(f"{responder.name} got no link")

    def call_of(self, caller: Person) -> Call:
        """The newest call from that phone, as the database has it. Raises PlayError."""
        number = caller.phone.number
        with self.stack.sessions() as session:
            statement = select(calls.c.state, calls.c.caller_number).order_by(
                calls.c.opened_at.desc()
            )
            for state, caller_number in session.execute(statement.limit(200)):
                if caller_number == number:
                    return from_document(state)
        raise PlayError(f"no call from {caller.name} is on record")

    def ends(self, caller: Person, outcome: str) -> Call:
        """Wait until the call is closed. Raises PlayError unless it ended with `outcome`."""
        call = self.until(caller, lambda call: call.stage is CallStage.CLOSED, "to be closed")
        if call.outcome != outcome:
            raise PlayError(f"{caller.name}'s call ended as {call.outcome!r}, not {outcome!r}")
        return call

    def until(self, caller: Person, holds: Callable[[Call], bool], what: str) -> Call:
        """Wait until the caller's call is as it should be. Raises PlayError."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            call = self.call_of(caller)
            if holds(call):
                return call
            time.sleep(POLL_SECONDS)
        raise PlayError(f"{caller.name}'s call was expected {what}; it is {call.stage}: {call}")
