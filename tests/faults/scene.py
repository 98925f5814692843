"""People at phones on a Stack that is being broken, and what must hold for them all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from datetime import time as clock_time
from typing import Any

from redis import Redis
from sqlalchemy import func, select

from ivr_flows.call import Call, Place
from router.demo.plays import call_direct_line, connect, transfer
from router.demo.seed import PROGRAM
from router.demo.servers import PrivatePostgres, PrivateValkey
from router.demo.stack import Stack
from router.demo.stage import Person, Stage
from router.emulator.client import Network, NetworkError, Phone
from router.policy.shift import EVERY_DAY, Shift
from router.programs.reading import read_file
from router.services.edit_roster import PersonEntry, replace_shifts, save_person
from router.services.sign_on import sign_off
from router.storage import presence as presences
from router.storage.tables import dispatch_requests, outbox, presence
from tests.faults.pace import IS_ALONE, granted

POLL_SECONDS = 0.05
WATCH_SECONDS = 0.2
SILENCE_SECONDS = 12.0
"""The longest a caller may hear nothing new while nobody is with them; a Gather waits up to 8 s."""
ALONE_SECONDS = 1.0
AGAIN_SECONDS = 3.0
LINES = 40
REQUESTS = ("Reply 1 to accept", "Responda 1 para aceptar")
APPLICATION_ERROR = "application error"
OUTSIDE = "911 "  # how the names of 911's lines outside begin

TABLE: list[tuple[str, str, float, str]] = []
"""What was broken, who was there, seconds until a voice of a person, and whose."""


MORE = tuple(
    PersonEntry(f"more-{number}", f"{name} Clinician", f"+1512555018{number}", ("clinician",))
    for number, name in enumerate(("Ada", "Ben", "Cyd", "Dot"), 4)
)
"""Clinicians beside the demo's four, so that callers of every role can be in progress at once."""


def employ_more(stack: Stack) -> None:
    """Put MORE on the clinicians' desk, round the clock and signed on."""
    document = read_file(PROGRAM)
    desk = document.clinician_desk
    hours = Shift(document.time_zone, EVERY_DAY, clock_time(0), clock_time(0))
    with stack.sessions.begin() as session:
        for entry in MORE:
            save_person(session, document, replace(entry, desks=(desk,)))
            replace_shifts(session, document.name, entry.id, [(desk, hours)])
            presences.sign_on(session, entry.id, datetime.now(UTC))


def until(holds: Callable[[], Any], seconds: float = 10.0, what: str = "") -> float:
    """Wait until it holds; the seconds that took. Fails after the time granted for `seconds`."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > granted(seconds):
            raise AssertionError(f"not within {seconds:.0f} s: {what or holds}")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began


def no_caller_is_alone(network: Network, callers: set[str]) -> list[str]:
    """One line for each caller who is alone now: in a room without anybody, or long in silence."""
    now = network.now()
    found = []
    for leg in network.state()["legs"]:
        if leg["party"] not in callers or leg["ended"] is not None:
            continue
        hears = leg["hears"]
        seconds = now - hears["since"]
        with_people = hears["kind"] == "talking_with" and hears["with"]
        if leg["alone"] and seconds > granted(ALONE_SECONDS):
            found.append(f"{leg['party']} is alone in {leg['room']} for {seconds:.1f} s")
        elif not with_people and hears["kind"] != "ringback" and seconds > granted(SILENCE_SECONDS):
            found.append(f"{leg['party']} hears {hears['kind']} for {seconds:.1f} s")
    return found


@dataclass
class Scene:
    """A stage with a watch: callers are never alone, never hung up on, never told of an error."""

    stage: Stage
    callers: dict[str, Person] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    _mark: int = 0

    @classmethod
    def open(cls, stack: Stack) -> Scene:
        """A scene on a stack where nothing is in progress."""
        stack.network.reset()
        scene = cls(Stage(stack))
        with stack.sessions() as session:
            scene._mark = session.scalar(select(func.max(outbox.c.id))) or 0
        for entry in MORE:
            phone = stack.network.phone(entry.phone or "", name=entry.name)
            scene.stage.clinicians.append(Person(entry.name, phone, entry.id))
        for name, number in stack.seeded.outside_lines.items():
            stack.network.phone(
                number,
                name=_line_name(name),
                on_ring={"answer_after": 0.2},
                script=[{"hears": "press 1", "presses": "1"}],
                lines=LINES,
            )
        return scene

    @property
    def stack(self) -> Stack:
        return self.stage.stack

    @property
    def network(self) -> Network:
        return self.stage.network

    @property
    def postgres(self) -> PrivatePostgres:
        assert self.stack.postgres is not None
        return self.stack.postgres

    @property
    def valkey(self) -> PrivateValkey:
        assert self.stack.valkey is not None
        return self.stack.valkey

    # Callers

    def caller(self, name: str, people: list[str] | None = None) -> Person:
        """Somebody new, who is watched over."""
        person = self.stage.caller(name, people)
        self.callers[person.phone.number] = person
        return person

    def waiting(self, name: str = "Wanda") -> Person:
        """A caller who has answered everything and waits."""
        caller = self.caller(name)
        call_direct_line(self.stage, caller)
        until(lambda: self.call_of(caller).stage == "waiting", what=f"{name} waits")
        return caller

    def connected(self, name: str = "Connie") -> tuple[Person, Person]:
        """A caller and the clinician they talk with."""
        caller = self.caller(name)
        call_direct_line(self.stage, caller)
        return caller, self._connect(caller, caller)

    def trunk(self, name: str) -> tuple[Person, Person]:
        """A trunk leg that carries call taker and caller together, and their clinician."""
        trunk = self.caller(f"trunk of {name}", people=["Lee (911)", name])
        transfer(self.stage, trunk, "4711", "1")
        return trunk, self._connect(trunk, Person(name, trunk.phone))

    def _connect(self, leg: Person, caller: Person) -> Person:
        """A clinician accepts; returns them when we, too, have been told that the two talk.

        They hear each other before the carrier's callback is here. What is killed in that moment
        loses it, which is another fault than the test's.
        """
        clinician = connect(self.stage, caller)
        until(lambda: self.call_of(leg).caller.place is Place.ROOM, what=f"{caller.name} is in")
        return clinician

    def returning(self, name: str = "Rita") -> tuple[Person, Person]:
        """A caller for whom 911 rings, and the clinician who is back with them meanwhile."""
        caller, clinician = self.connected(name)
        clinician.phone.presses("*")
        clinician.phone.hears("to go back to 9 1 1")
        clinician.phone.presses("9")
        self.stage.first_to_ring(self.stage.call_takers)

        def are_together() -> bool:
            is_in = self.call_of(caller).caller.place is Place.ROOM
            return is_in and _talks_with(caller.phone, clinician.name)

        until(are_together, what=f"{name} is with the clinician again")
        return caller, clinician

    def presses_until(self, person: Person, digits: str, holds: Callable[[], Any]) -> None:
        """Press as people do: again, when nothing has come of it after a while.

        A key pressed between two documents is lost, and trouble on the wire makes such gaps longer.
        """

        def press_again() -> bool:
            if holds():
                return True
            with suppress(NetworkError):
                person.phone.presses(digits)
            began = time.monotonic()
            while time.monotonic() - began < AGAIN_SECONDS:
                if holds():
                    return True
                time.sleep(POLL_SECONDS)
            return False

        until(press_again, 60, f"{person.name} presses {digits}")

    def ends(self, caller: Person) -> None:
        """The caller puts the phone down, of their own will."""
        self.done.add(caller.phone.number)
        with suppress(NetworkError):
            caller.phone.hangs_up()

    def call_of(self, caller: Person) -> Call:
        return self.stage.call_of(caller)

    def reaches(
        self,
        caller: Person,
        who: str,
        within: float,
        note: tuple[str, str],
        since: float | None = None,
    ) -> float:
        """The caller talks with somebody whose name begins so, `within` seconds from `since`.

        More is granted beside other tests. Notes how long it took, with what was broken and the
        caller's role.
        """
        fault, role = note
        began = time.monotonic() if since is None else since
        left = max(1.0, began + within - time.monotonic())
        until(lambda: _talks_with(caller.phone, who), left, f"{role} talks with {who}")
        seconds = time.monotonic() - began
        TABLE.append((fault, role, seconds, f"talks with {_partners(caller.phone)}"))
        return seconds

    def reaches_911(
        self,
        caller: Person,
        within: float,
        note: tuple[str, str],
        since: float | None = None,
        *,
        also: tuple[Person, ...] = (),
    ) -> None:
        """A call taker (or one of `also`) who rings takes the caller, or a line outside does.

        Which of them depends on how busy the machine is: a desk whose phones do not ring within
        seconds is left for the lines outside, which answer by themselves.
        """
        takers = (*self.stage.call_takers, *also)
        self._reaches_who_rings(caller, takers, (OUTSIDE,), within, note, since)

    def reaches_clinician(
        self, caller: Person, within: float, note: tuple[str, str], since: float | None = None
    ) -> None:
        """A clinician who rings takes the caller.

        Beside other tests anybody is as right, by a call taker's phone or a line of 911 outside: a
        caller is held for 20 s without a database, and gives a desk up whose phones do not ring in
        time, and a busy machine may need as long.
        """
        clinicians, others = self.stage.clinicians, self.stage.call_takers
        takers, outside = (clinicians, ()) if IS_ALONE else ((*clinicians, *others), (OUTSIDE,))
        self._reaches_who_rings(caller, takers, outside, within, note, since)

    def _reaches_who_rings(
        self,
        caller: Person,
        takers: Sequence[Person],
        others: Sequence[str],
        within: float,
        note: tuple[str, str],
        since: float | None,
    ) -> None:
        """Each of `takers` who rings accepts, until the caller talks with one, or with `others`."""
        began = time.monotonic() if since is None else since
        names = (*others, *(one.name for one in takers))

        def is_with_taker() -> bool:
            return any(_talks_with(caller.phone, name) for name in names)

        def is_taken() -> bool:
            if is_with_taker():
                return True
            for one in filter(lambda one: self.is_ringing(one.phone), takers):
                with suppress(NetworkError, AssertionError):  # withdrawn in this very moment
                    one.phone.answers()
                    one.phone.hears("press 1")
                    one.phone.presses("1")
                    one.phone.is_talking_with(caller.name, within=10)
                return is_with_taker()
            return False

        left = max(1.0, began + within - time.monotonic())
        until(is_taken, left, f"{note[1]} is taken")
        seconds = time.monotonic() - began
        TABLE.append((*note, seconds, f"talks with {_partners(caller.phone)}"))

    def note(self, fault: str, who: str, seconds: float, what: str) -> None:
        """A line of the table at the end of the run."""
        TABLE.append((fault, who, seconds, what))

    def only_clinician(self) -> Person:
        """All clinicians but the first go off duty until the scene is over."""
        for one in self.stage.clinicians[1:]:
            sign_off(self.stack.sessions, one.id)
        return self.stage.clinicians[0]

    def is_talking(self, person: Person) -> bool:
        """Whether the person and somebody else hear each other."""
        return bool(_partners(person.phone))

    def is_ringing(self, phone: Phone) -> bool:
        return any(call["status"] == "ringing" for call in phone.state()["calls"])

    def is_at_911(self, caller: Person) -> bool:
        """Whether 911 has the caller, or is being rung for them."""
        return self.call_of(caller).stage == "returning"

    def is_free(self, clinician: Person) -> bool:
        """Whether no call holds the clinician and no record is left to finish."""
        with self.stack.sessions() as session:
            row = session.execute(
                select(presence.c.claimed_call_id, presence.c.wrap_up_until).where(
                    presence.c.person_id == clinician.id
                )
            ).one()
        return row == (None, None)

    def has_worker(self) -> None:
        """Wait until a Celery worker waits for tasks: it takes seconds to start."""
        with Redis.from_url(self.valkey.url) as broker:
            until(
                lambda: any(one["cmd"] == "brpop" for one in broker.client_list()),
                30,
                "a worker waits for tasks",
            )

    # What the carrier saw

    def rings(self, phone: Phone) -> int:
        """How often a phone has rung."""
        return sum(entry["kind"] in ("ringing", "missed") for entry in phone.transcript())

    def calls_to(self, phone: Phone) -> int:
        """How many calls the carrier was asked to place to a phone."""
        return len(self.stack.carrier.calls.list(to=phone.number))

    def texts(self, phone: Phone) -> int:
        """How many requests for a response have come, of all messages."""
        return sum(
            entry["kind"] == "sms" and any(word in entry["text"] for word in REQUESTS)
            for entry in phone.transcript()
        )

    def slowest_webhook(self, after: int = 0) -> float:
        """Seconds that the slowest webhook since `after` took."""
        return max((one["ms"] / 1000 for one in self.network.webhooks(after)), default=0.0)

    def last_webhook(self) -> int:
        return max((one["seq"] for one in self.network.webhooks()), default=0)

    # What is stored

    def count(self, name: str, *states: str) -> int:
        """Orders of a name in one of those states."""
        where = (outbox.c.id > self._mark) & (outbox.c.name == name) & outbox.c.state.in_(states)
        with self.stack.sessions() as session:
            return session.scalar(select(func.count()).select_from(outbox).where(where)) or 0

    def request_of(self, caller: Person) -> Any:  # noqa: ANN401 - a row
        """The dispatch request of a caller's call, or None."""
        call_id = self.call_of(caller).id
        with self.stack.sessions() as session:
            return session.execute(
                select(dispatch_requests).where(dispatch_requests.c.call_id == call_id)
            ).one_or_none()

    def _failed_webhooks(self) -> list[Any]:
        """Requests that were not answered as they should be."""
        return [one for one in self.network.webhooks() if not 200 <= (one["status"] or 0) < 300]

    # The watch

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at every caller five times a second while inside."""
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        assert not self.complaints, "\n".join(self.complaints)

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(WATCH_SECONDS):
            waiting_for = set(self.callers) - self.done
            for complaint in no_caller_is_alone(self.network, waiting_for):
                if len(self.complaints) < 20:
                    self.complaints.append(f"{time.monotonic():.1f} {complaint}")

    def nobody_heard_an_error(self) -> None:
        """No application error was heard, nobody was hung up on, no phone rang that nobody has."""
        for number, person in self.callers.items():
            entries = person.phone.transcript()
            heard = [entry for entry in entries if APPLICATION_ERROR in str(entry.get("text", ""))]
            assert not heard, f"{person.name} heard {heard} {self._failed_webhooks()}"
            ended = [entry for entry in entries if entry["kind"] == "hangup"]
            assert number in self.done or not ended, f"{person.name} was hung up on: {entries[-6:]}"
        for person in (*self.stage.clinicians, *self.stage.call_takers):
            for entry in person.phone.transcript():
                assert APPLICATION_ERROR not in str(entry.get("text", "")), (
                    f"{person.name} heard it"
                )
        rings = self.network.unexpected_rings()
        assert not rings, f"phones rang that nobody has: {rings}"
        broken = [one for one in self.network.events() if one["kind"] == "emulator_error"]
        assert not broken, f"the emulator broke: {broken}"


def _line_name(name: str) -> str:
    return f"911 {name} line"


def _partners(phone: Phone) -> list[str]:
    return sorted(
        {
            name
            for call in phone.state()["calls"]
            if call["hears"]["kind"] == "talking_with"
            for name in call["hears"]["with"]
            if name in call["hears"]["heard_by"]
        }
    )


def _talks_with(phone: Phone, who: str) -> bool:
    return any(name.startswith(who) for name in _partners(phone))
