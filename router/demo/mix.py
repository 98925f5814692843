"""A random mix of calls, several at once, by phones that play their parts by themselves."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

from ivr_flows.call import Stage as CallStage
from router.demo.plays import call_direct_line, transfer
from router.demo.stage import Person, PlayError, Stage

AT_ONCE = 3
END_SECONDS = 120
ACCEPT_AND_RECORD = [
    {"hears": "press 1 to accept", "presses": "1"},
    {"hears": "how is the call resolved", "wait": 0.3, "presses": "1"},
]
TAKE = [{"hears": "press 1 to accept", "presses": "1"}]


def play_mix(stage: Stage, number: int, seed: int = 1) -> bool:
    """Play `number` calls; True when every caller ended with a person or by their own hang-up."""
    random = Random(seed)  # noqa: S311 - chances of a play
    _set_phones(stage, random)
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    callers = [(stage.caller(f"caller {n + 1}"), random.random()) for n in range(AT_ONCE)]
    free = list(callers)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = []
        for n in range(number):
            caller = free[n % AT_ONCE][0]
            jobs.append((n, caller, random.random(), random.uniform(1, 8)))
        for n in range(0, number, AT_ONCE):
            batch = [pool.submit(_one, stage, *job[1:]) for job in jobs[n : n + AT_ONCE]]
            for job, future in zip(jobs[n : n + AT_ONCE], batch, strict=False):
                try:
                    outcome = future.result()
                except (AssertionError, PlayError) as error:
                    wrong.append(f"call {job[0] + 1}: {error}")
                    outcome = "WRONG"
                outcomes[outcome] += 1
                print(f"  call {job[0] + 1:>3}  {outcome}", flush=True)
    print("\n" + ", ".join(f"{count} {name}" for name, count in outcomes.most_common()))
    for line in wrong:
        print(line)
    return not wrong


def _set_phones(stage: Stage, random: Random) -> None:
    habits = ["answer", "answer", "answer", "decline", "no_answer"]
    for person in stage.clinicians:
        ring = {"do": random.choice(habits), "after": random.uniform(0.5, 3)}
        person.phone.changes(on_ring=ring, script=ACCEPT_AND_RECORD)
    stage.clinicians[0].phone.changes(on_ring={"do": "answer", "after": 1.0})
    for person in stage.call_takers:
        person.phone.changes(on_ring={"do": "answer", "after": 1.0}, script=TAKE)
    for person in stage.responders:
        person.phone.changes(on_ring={"do": "answer", "after": 1.0})


def _one(stage: Stage, caller: Person, chance: float, stays: float) -> str:
    """One call of the kind that `chance` picks; the caller hangs up after `stays` seconds."""
    if chance < 0.3:  # noqa: PLR2004 - shares of the mix
        transfer(stage, caller, str(5000 + int(chance * 1000)), "1")
    elif chance < 0.85:  # noqa: PLR2004
        call_direct_line(stage, caller)
    else:
        caller.phone.dials(stage.stack.seeded.lines["direct"])  # and says nothing
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        call = stage.call_of(caller)
        with_person = call.stage is CallStage.CONNECTED and call.caller.place == "room"
        if with_person:
            time.sleep(stays)
            break
        if call.stage is CallStage.CLOSED:
            break
        time.sleep(0.3)
    else:
        raise PlayError(f"the caller was left waiting: {call}")
    if caller.phone.state()["calls"]:
        caller.phone.hangs_up()
    call = stage.until(caller, lambda call: call.stage is CallStage.CLOSED, "to be closed")
    return call.outcome
