"""A random mix of calls, several at once, by phones that play their parts by themselves."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from ivr_flows.call import Call, Place
from ivr_flows.call import Stage as CallStage
from router.demo.plays import call_direct_line, transfer
from router.demo.stage import Person, PlayError, Stage
from router.emulator.client import NetworkError

AT_ONCE = 3
END_SECONDS = 180  # a caller is with a person long before, whatever the habits of the staff
POLL_SECONDS = 0.3
GOOD = {
    "resolved": "resolved by a clinician",
    "dispatched": "a team was sent",
    "returned_to_911": "back at 911",
    "handled_by_911": "talked with 911",
    "crisis_line": "talked with the crisis line",
    "ended_with_clinician": "talked with a clinician",
}
KINDS = ("transfer", "direct", "direct", "impatient", "danger", "silent")
ANSWERS = {
    "impatient": (("for english", "1"), ("danger", "2"), ("about yourself", "9")),
    "danger": (("for english", "1"), ("danger", "1")),
    "silent": (("for english", ""),),
}
HABITS = ("answer", "answer", "answer", "decline", "no_answer")
ACCEPT = {"hears": "press 1", "wait": 0.3, "presses": "1"}
RECORD = {"hears": "how is the call resolved", "wait": 0.3, "presses": "1"}


class Mix:
    """So many calls of random kinds, to staff of random habits; `seed` repeats them."""

    def __init__(self, stage: Stage, number: int, seed: int) -> None:
        self._stage = stage
        self._random = Random(seed)  # noqa: S311 - chances of a play
        self._calls: Iterator[int] = iter(range(1, number + 1))
        self._turn = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._wrong = 0

    def play(self) -> bool:
        """Play them all; True when every caller ended with a person or by their own hang-up."""
        self._set_habits()
        # Daemons, so that Ctrl-C need not wait for calls under way.
        players = [threading.Thread(target=self._play_calls, daemon=True) for _ in range(AT_ONCE)]
        for player in players:
            player.start()
        for player in players:
            player.join()
        print("\n" + ", ".join(f"{count} {how}" for how, count in self._outcomes.most_common()))
        return not self._wrong

    def _set_habits(self) -> None:
        stage = self._stage
        for person in stage.everyone:
            habit = self._random.choice(HABITS)
            if person in (stage.clinicians[0], *stage.call_takers, stage.outside[-1]):
                habit = "answer"  # somebody has to be there
            on_ring = {"do": habit, "after": self._random.uniform(0.5, 2.5)}
            script = [ACCEPT, RECORD] if person in stage.clinicians else [ACCEPT]
            person.phone.changes(on_ring=on_ring, script=script)

    def _play_calls(self) -> None:
        while True:
            with self._turn:
                number = next(self._calls, None)
                if number is None:
                    return
                kind, stays = self._random.choice(KINDS), self._random.uniform(1, 6)
                name = f"Caller {number}"
                people = ["Lee (911)", name] if kind == "transfer" else None
                caller = self._stage.caller(name, people)
            began = time.monotonic()
            try:
                outcome = self._stay_on(caller, kind, stays).outcome
                how = GOOD.get(outcome, f"WENT WRONG: ended as {outcome!r}")
            except (AssertionError, NetworkError, PlayError) as error:
                outcome, how = "", f"WENT WRONG: {error}"
            with self._turn:
                self._outcomes[how if outcome in GOOD else "went wrong"] += 1
                self._wrong += outcome not in GOOD
                seconds = time.monotonic() - began
                print(f"  call {number:>3}  {kind:<10} {seconds:4.0f} s  {how}", flush=True)

    def _stay_on(self, caller: Person, kind: str, stays: float) -> Call:
        """One call, on which the caller stays until they have talked with a person."""
        self._dial(caller, kind)
        deadline = time.monotonic() + END_SECONDS
        while not _is_with_person(call := self._stage.call_of(caller)):
            if call.stage is CallStage.CLOSED:
                return call
            if not caller.phone.state()["calls"]:
                raise PlayError(f"the line ended before a person was there: {call}")
            if time.monotonic() > deadline:
                raise PlayError(f"the caller was left waiting: {call}")
            time.sleep(POLL_SECONDS)
        time.sleep(stays)
        self._stage.put_down(caller.phone)
        return self._stage.until(caller, lambda call: call.stage is CallStage.CLOSED, "to be over")

    def _dial(self, caller: Person, kind: str) -> None:
        if kind == "transfer":
            transfer(self._stage, caller, str(5000 + self._random.randrange(1000)), "1")
        elif kind == "direct":
            call_direct_line(self._stage, caller)
        else:
            caller.phone.dials(self._stage.stack.seeded.lines["direct"])
            for question, key in ANSWERS[kind]:
                caller.phone.hears(question, within=10)
                if key:
                    caller.phone.presses(key)


def _is_with_person(call: Call) -> bool:
    """Whether the caller talks with staff in a room, or with 911 on a line they dialled."""
    dialled = call.caller.place is Place.DIAL and call.caller.present
    return dialled or (call.caller.place is Place.ROOM and bool(call.staff()))
