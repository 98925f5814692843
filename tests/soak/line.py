"""A crowd at the 911 desk through every process: returns go first, whatever happens at once (RE2).

Callers dial the 911 line and are held, or dial the direct line and ask for 911 at once. More of
them wait than call takers are free, all the time. Then the tables are asked whether a held call was
ever offered to somebody whom a return that waited could have had.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from router.demo.stack import Stack
from router.emulator.client import NetworkError, Phone
from router.policy.queueing import SKIP_PRIORITY
from router.policy.skip_cost import SkipCost, measure
from router.services.clock import DatabaseClock, read_now
from router.storage.queue import list_waiting
from router.storage.queue_visits import list_visits
from router.storage.tables import calls

CALLER, TAKER = "Caller", "Call taker"
RETURNS = 0.1
TALK_SECONDS = 0.3
AREA = "+1737555"  # not the phones of the demo's own callers
QUIET_SECONDS = 60.0
OFFERED_BEFORE_A_RETURN = """
SELECT held.call_id, held.person_id, back.call_id
FROM offers AS held
JOIN calls AS held_call ON held_call.id = held.call_id
JOIN queue_visits AS back
  ON back.program_id = held_call.program_id AND back.desk = held.desk
 AND back.priority >= :skip AND back.queued_at < held.offered_at
 AND back.left_at > held.offered_at
WHERE held.desk = :desk AND held.offered_at >= :since AND NOT EXISTS (
    SELECT FROM queue_visits AS own WHERE own.call_id = held.call_id AND own.desk = held.desk
       AND own.priority >= :skip AND own.queued_at <= held.offered_at
       AND own.left_at >= held.offered_at)
  AND NOT EXISTS (
    SELECT FROM offers AS passed WHERE passed.call_id = back.call_id
       AND passed.person_id = held.person_id AND passed.desk = held.desk
       AND passed.state IN ('declined', 'no_answer') AND passed.decided_at <= held.offered_at)
"""

UNTAKEN = (
    "SELECT count(*) FROM queue_visits WHERE desk = :desk AND left_at >= :since AND NOT is_served"
)


@dataclass(frozen=True, slots=True)
class LinePlayed:
    """How many called, what going ahead came to, and sentences about what went wrong.

    `unknown` are those whom the fail-safe took to 911 before they were on record.
    """

    calls: int
    seconds: float
    cost: SkipCost
    most_waiting: int
    unknown: int
    wrong: tuple[str, ...]


def play_line(stack: Stack, number: int, *, backlog: int, seed: int = 1) -> LinePlayed:
    """Let so many call, about `backlog` of whom wait at a time, and look back at all of them."""
    chance = random.Random(seed)
    began, started = _now(stack), time.monotonic()
    before = _count_calls(stack)
    for person in stack.seeded.call_takers:
        stack.network.phone(
            person.number,
            TAKER,
            on_ring={"do": "answer", "after": 0.05},
            script=[{"hears": "press 1", "presses": "1"}],
        )
    for number_outside in stack.seeded.outside_lines.values():
        # A webhook that comes too late on a busy machine is answered by the fail-safe, and so by
        # these lines; such a caller is never on our record.
        stack.network.phone(number_outside, TAKER, on_ring={"do": "answer", "after": 0.05})
    pool = _callers(stack, backlog + 2 * len(stack.seeded.call_takers))
    most, made = 0, 0
    while made < number:
        waiting = _waiting(stack)
        most = max(most, waiting)
        idle = _idle(stack, pool)
        for phone in idle[: min(max(0, backlog - waiting), number - made)]:
            _dial(stack, phone, goes_back=chance.random() < RETURNS)
            made += 1
        time.sleep(0.1)
    wrong = _until_quiet(stack, pool)
    unknown = number - (_count_calls(stack) - before)
    wrong += _look_back(stack, began)
    with stack.sessions() as session:
        visits = list_visits(session, stack.seeded.program, "911", began, _now(stack))
    seconds = time.monotonic() - started
    return LinePlayed(number, seconds, measure(visits), most, unknown, tuple(wrong))


def _callers(stack: Stack, number: int) -> list[Phone]:
    script = [{"talking_with": TAKER, "wait": TALK_SECONDS, "hang_up": True}]
    return [stack.network.phone(f"{AREA}{2000 + n}", CALLER, script=script) for n in range(number)]


def _dial(stack: Stack, phone: Phone, *, goes_back: bool) -> None:
    script: list[dict[str, Any]] = [{"talking_with": TAKER, "wait": TALK_SECONDS, "hang_up": True}]
    if goes_back:
        script.insert(0, {"hears": "press 1", "presses": "9"})
    phone.changes(script=script)
    phone.dials(stack.seeded.lines["direct" if goes_back else "emergency"])


def _idle(stack: Stack, pool: Sequence[Phone]) -> list[Phone]:
    busy = {one["number"] for one in stack.network.state()["parties"] if one["calls"]}
    return [phone for phone in pool if phone.number not in busy]


def _waiting(stack: Stack) -> int:
    with stack.sessions() as session:
        return len(list_waiting(session, stack.seeded.program, "911"))


def _count_calls(stack: Stack) -> int:
    with stack.sessions() as session:
        return session.scalar(select(func.count()).select_from(calls)) or 0


def _now(stack: Stack) -> datetime:
    with stack.sessions() as session:
        return read_now(session, DatabaseClock())


def _until_quiet(stack: Stack, pool: Sequence[Phone]) -> list[str]:
    """Wait until everybody has talked with a call taker and hung up."""
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        if len(_idle(stack, pool)) == len(pool):
            return []
        time.sleep(0.2)
    stuck = sorted({phone.number for phone in pool} - {one.number for one in _idle(stack, pool)})
    for phone in pool:
        if phone.number in stuck:
            try:
                phone.hangs_up()
            except NetworkError:  # it ended by itself meanwhile
                continue
    return [f"still on the phone after {QUIET_SECONDS:.0f} s: {', '.join(stuck)}"]


def list_offered_before_returns(session: Session, desk: str, since: datetime) -> list[str]:
    """Offers of held calls, a sentence each, to people whom a waiting return could have had."""
    parameters = {"skip": SKIP_PRIORITY, "desk": desk, "since": since}
    return [
        f"{person} was rung for the held call {held} while {back} waited to go ahead"
        for held, person, back in session.execute(text(OFFERED_BEFORE_A_RETURN), parameters)
    ]


def _look_back(stack: Stack, began: datetime) -> list[str]:
    with stack.sessions() as session:
        wrong = list_offered_before_returns(session, "911", began)
        untaken = session.scalar(text(UNTAKEN), {"desk": "911", "since": began})
    if untaken:
        wrong.append(f"{untaken} callers left the line before anybody took their call")
    return wrong


def report_line(played: LinePlayed) -> str:
    """What came of it, in a few lines."""
    cost = played.cost
    waits = (
        f"{cost.returns} returns waited {cost.mean_return_seconds:.2f} s on average, "
        f"{cost.held} held calls {cost.mean_held_seconds:.2f} s; {cost.overtaken} of them were "
        f"overtaken, and a held call waited {cost.added_per_held_seconds:.2f} s longer for it"
    )
    played_in = (
        f"{played.calls} calls in {played.seconds:.0f} s, up to {played.most_waiting} in line, "
        f"{played.unknown} of them by the fail-safe"
    )
    faults = f"{len(played.wrong)} faults; no held call may be offered before a waiting return"
    return "\n".join([played_in, waits, faults, *played.wrong])
