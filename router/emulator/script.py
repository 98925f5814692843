"""A party that plays its part by itself: hears something, then presses, speaks, waits, leaves."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .call import Call
    from .party import Party
    from .world import World


@dataclass
class Step:
    """Conditions first (hears, talking_with), then the deeds, in the order of these fields."""

    hears: str = ""
    talking_with: str = ""
    wait: float = 0.0
    presses: str = ""
    says: str = ""
    who: str = ""
    leaves: str = ""
    hang_up: bool = False
    lose_signal: bool = False

    def describe(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value}

    def matches(self, entry: dict[str, Any]) -> bool:
        if self.hears:
            return self.hears.lower() in str(entry.get("text", "")).lower()
        return self.talking_with in entry.get("with", [])


class ScriptRunner:
    """Runs the steps once for one call, beginning when it is answered."""

    def __init__(self, world: World, party: Party, call: Call, steps: list[Step]) -> None:
        self._world, self._party, self._call = world, party, call
        self._steps = steps
        entries = party.transcript.after(0)
        self._seen = entries[-1]["seq"] if entries else 0

    def start(self) -> None:
        task = asyncio.get_running_loop().create_task(self._run())
        self._world.keep(task)

    async def _run(self) -> None:
        for step in self._steps:
            if (step.hears or step.talking_with) and not await self._until(step):
                return
            await self._world.clock.sleep(step.wait)
            if self._call.over:
                return
            self._perform(step)

    async def _until(self, step: Step) -> bool:
        while not self._call.over:
            for entry in await self._party.transcript.wait(self._seen, 3600):
                self._seen = entry["seq"]
                if entry.get("call") == self._call.sid and step.matches(entry):
                    return True
        return False

    def _perform(self, step: Step) -> None:
        sid = self._call.sid
        if step.presses:
            self._party.press(step.presses, sid)
        if step.says and not self._call.over:
            self._party.speak(step.says, step.who, sid)
        if step.leaves:
            self._party.leave(step.leaves)
        if step.lose_signal and not self._call.over:
            self._party.lose_signal(sid)
        if step.hang_up and not self._call.over:
            self._party.hang_up(sid)
