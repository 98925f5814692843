"""What people wait for, over the real wire: every process, with the carrier's own delays at zero.

The emulator stamps what is pressed, heard and rung, so nothing that asks for it is in the figures.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import text

from router.demo.plays import call_direct_line
from router.demo.stack import Stack
from router.demo.stage import Person, PlayError, Stage
from router.emulator.client import Entry, NetworkError
from tests.bench.held import held_calls
from tests.bench.site import STATE

ACCEPT_TO_TALK = "acceptance key to caller and clinician hearing each other"
NINE_TO_RING = "`back to 911` to a 911 line ringing"
MENU = "To go back to 9 1 1"
WARM_UP = 3
# Held calls are made without a phone: only they are on the 911 line.
PLAYED = "SELECT count(*) FROM calls WHERE stage <> 'closed' AND line <> 'emergency'"
WAIT_SECONDS = 20.0
CALLS_PER_SECOND = 100.0  # an account that is allowed to; a rate of one is a delay of Twilio's
INSTANT = {
    "speech_rate": 0.0,
    "dial_setup_seconds": 0.0,
    "callback_latency_seconds": 0.0,
    "wait_loop_floor_seconds": 1.0,
}


@dataclass
class Heard:
    """Milliseconds of each call's two waits, under what circumstances, and what went wrong."""

    when: str
    accepts: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def measure_latency(number: int, held: int) -> Iterator[Heard]:
    """`number` calls, each accepted and returned to 911: alone, then beside held calls."""
    with Stack(STATE / "calls", calls_per_second=CALLS_PER_SECOND) as stack:
        stack.network.switches(**INSTANT)
        stage = Stage(stack)
        yield play(stage, number, "nobody held")
        if held:
            with held_calls(stage.stack, held):
                yield play(stage, number, f"{held} held calls")


def play(stage: Stage, number: int, when: str) -> Heard:
    """`number` calls one after another, after a few that warm up; `when` names circumstances."""
    heard = Heard(when)
    for count in range(number + WARM_UP):
        try:
            accept, back = _one_call(stage, count + 1)
        except (PlayError, AssertionError, NetworkError) as error:
            heard.wrong.append(f"{when}, call {count + 1}: {error}")
            stage.print_records()
        else:
            if count >= WARM_UP:
                heard.accepts.append(accept)
                heard.returns.append(back)
        _clear(stage)
    return heard


def _one_call(stage: Stage, count: int) -> tuple[float, float]:
    before = _last(stage)
    caller = stage.caller(f"Caller {count}")
    call_direct_line(stage, caller)
    clinician = stage.first_to_ring(stage.clinicians, within=WAIT_SECONDS)
    stage.answers_and_accepts(clinician, "crisis call")
    clinician.phone.is_talking_with(caller.name, within=WAIT_SECONDS)
    caller.phone.is_talking_with(clinician.name, within=WAIT_SECONDS)
    star = _last(stage)
    clinician.phone.presses("*")
    _wait_for_menu(stage, clinician, star)
    clinician.phone.presses("9")
    names = {one.name for one in stage.call_takers}
    told = _until_rung(stage, before, clinician, names)
    accepted = _pressed(told, clinician, "1")
    talking = max(
        _first(told, accepted, one, "talking_with") for one in (caller.name, clinician.name)
    )
    nine = _pressed(told, clinician, "9")
    ringing = min(_rings(told, nine, names))
    return (talking - accepted["at"]) * 1000, (ringing - float(nine["at"])) * 1000


def _rings(told: Iterable[Entry], after: Entry, names: set[str]) -> list[float]:
    """When a phone of theirs rang."""
    return [
        float(entry["at"])
        for entry in _after(told, after)
        if entry["what"] == "ringing" and entry["name"] in names
    ]


def _until_rung(stage: Stage, before: int, clinician: Person, names: set[str]) -> list[Entry]:
    """What was heard up to the first ring after 9: of an earlier call's rings some may linger."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        told = [entry for entry in stage.network.events(before) if entry["kind"] == "heard"]
        if _rings(told, _pressed(told, clinician, "9"), names):
            return told
        time.sleep(0.1)
    raise PlayError(f"no call taker rang within {WAIT_SECONDS:.0f} s")


def _pressed(told: Iterable[Entry], person: Person, digits: str) -> Entry:
    found = [
        entry
        for entry in told
        if entry["what"] == "pressed" and entry["name"] == person.name and entry["digits"] == digits
    ]
    if len(found) != 1:
        raise PlayError(f"{person.name} pressed {digits} {len(found)} times, not once")
    return found[0]


def _first(told: Iterable[Entry], after: Entry, name: str, what: str) -> float:
    return next(
        float(entry["at"])
        for entry in _after(told, after)
        if entry["name"] == name and entry["what"] == what and entry["with"]
    )


def _after(told: Iterable[Entry], after: Entry) -> list[Entry]:
    return [entry for entry in told if entry["seq"] > after["seq"]]


def _last(stage: Stage) -> int:
    return max((int(entry["seq"]) for entry in stage.network.events()), default=0)


def _wait_for_menu(stage: Stage, person: Person, after: int) -> None:
    """Wait until the menu is spoken: what this phone heard of earlier calls does not count."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for entry in stage.network.events(after, wait=0.5):
            if entry.get("name") == person.name and MENU in str(entry.get("text", "")):
                return
    raise PlayError(f"{person.name} pressed star and heard no menu")


def _clear(stage: Stage) -> None:
    """Let the call close, and everyone be free again without their wrap-up time."""
    stage.clear_lines()
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with stage.stack.sessions() as session:
            if not session.scalar(text(PLAYED)):
                break
        time.sleep(0.05)
    with stage.stack.sessions.begin() as session:
        session.execute(text("UPDATE presence SET claimed_call_id = NULL, wrap_up_until = NULL"))
