"""The emulator for long: random calls, random trouble; nothing may fail inside it or pile up."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from aiohttp import web
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from router.emulator import world as network
from router.emulator.call import Call
from router.emulator.client import Network, NetworkError
from router.emulator.clock import Clock
from router.emulator.conference import Conference
from router.emulator.server import Server
from router.emulator.world import World
from tests.emulator import crowd
from tests.emulator.conftest import ACCOUNT, TOKEN, App, Thread

SPEED = 10.0
CALLS_A_ROUND, DEEDS_A_ROUND, ROUNDS_A_RESET = 40, 120, 5
KEPT_CALLS = 300  # so few that forgetting them is part of the play
SETTLE_SECONDS = 20.0
MORE_MEGABYTES = 30.0  # of what is left after everything is forgotten, first to last
FAULTS: tuple[dict[str, Any], ...] = (
    {"callbacks": []},
    {"callbacks": [{"do": "delay", "probability": 0.3, "seconds": 2}]},
    {"callbacks": [{"do": "drop", "probability": 0.1}]},
    {"callbacks": [{"do": "repeat", "probability": 0.3}]},
    {"callbacks": [{"do": "reorder", "probability": 0.3, "seconds": 3}]},
    {"rest": [{"do": "500", "probability": 0.2}, {"do": "reset_after", "probability": 0.2}]},
    {"stale_seconds": 5},
)


class Soak:
    """One emulator and one application in a thread, and everything that is done to them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.thread, self.app = Thread(), App()
        self.world = self.thread.run(self._start())
        self.net = Network(self.world.base_url)
        self.client = Client(ACCOUNT, TOKEN)
        self.client.api.base_url = self.world.base_url
        crowd.open_lines(self.app, self.client)
        self.net.switches(**crowd.SWITCHES, calls_per_second=0)
        self.wrong: list[str] = []
        self.calls = 0
        self.tasks = self._count_tasks()

    async def _start(self) -> World:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.app.handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.app.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        world = World(ACCOUNT, TOKEN, Clock("fast", SPEED))
        server = Server(world)
        await server.start()

        async def stop() -> None:
            await server.stop()
            await runner.cleanup()

        self._stop = stop
        return world

    def close(self) -> None:
        self.thread.run(self._stop())
        self.thread.close()

    def play_round(self, seed: int) -> None:
        """A crowd with some trouble, everybody hung up in the end, and a look at what is left."""
        self.net.faults(**self.chance.choice(FAULTS), seed=seed)
        scenes = [crowd.Scene(index, seed) for index in range(CALLS_A_ROUND)]
        crowd.come(self.net, scenes)
        callers = [person for scene in scenes for person in scene.people if person.dials]
        for person in callers:
            with contextlib.suppress(NetworkError):  # it may be on the phone already
                self.net.request("POST", f"parties/{person.number}/dial", {"to": person.dials})
                self.calls += 1
            time.sleep(0.01)
        for _ in range(DEEDS_A_ROUND):
            with contextlib.suppress(NetworkError, TwilioException, requests.RequestException):
                self.chance.choice(_DEEDS)(self)
            time.sleep(0.02)
        self.net.faults()
        self._everybody_hangs_up()
        self._look(f"round {seed}")
        self.app.requests.clear()

    def party(self) -> dict[str, Any]:
        parties: list[dict[str, Any]] = self.net.state()["parties"]
        busy = [one for one in parties if one["calls"]]
        return self.chance.choice(busy or parties)

    def act(self, deed: str, **body: str) -> None:
        self.net.request("POST", f"parties/{self.party()['number']}/{deed}", body)

    def live_sid(self) -> str:
        legs = self.net.state()["legs"] or [{"sid": "CA" + "0" * 32}]
        return str(self.chance.choice(legs)["sid"])

    def participant(self) -> Any:  # noqa: ANN401 - twilio's types are unknown
        rooms = [room for room in self.net.state()["conferences"] if room["participants"]]
        room = self.chance.choice(rooms or [{"sid": "CF" + "0" * 32, "participants": []}])
        people = room["participants"] or [{"call_sid": "CA" + "0" * 32}]
        sid = self.chance.choice(people)["call_sid"]
        return self.client.conferences(room["sid"]).participants(sid)

    def dequeue(self) -> None:
        for queue in self.net.state()["queues"]:
            if queue["members"]:
                members = self.client.queues(queue["sid"]).members
                members("Front").update(url=self.app.url("/menu"))
                return

    def _everybody_hangs_up(self) -> None:
        """Also those whose phone rings or who are rung just then."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            state = self.net.state()
            for party in state["parties"]:
                for call in party["calls"]:
                    with contextlib.suppress(NetworkError):
                        path = f"parties/{party['number']}/hang_up"
                        self.net.request("POST", path, {"call": call["sid"]})
            if all(call["ended"] is not None for call in state["calls"]):
                return
            time.sleep(0.1)

    def _look(self, when: str) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._count_tasks() > self.tasks and time.monotonic() < deadline:
            time.sleep(0.1)
        state = self.net.state()
        left = [call for call in state["calls"] if call["ended"] is None]
        self._expect(not left, when, f"legs left: {left}")
        self._expect(self._count_tasks() <= self.tasks, when, f"tasks left: {self._tasks()}")
        members = [queue for queue in state["queues"] if queue["members"]]
        self._expect(not members, when, f"queues not empty: {members}")
        failures = [e for e in self.net.events() if e["kind"] == "emulator_error"]
        self._expect(not failures, when, f"emulator errors: {failures[:3]}")
        most = KEPT_CALLS + 2 * CALLS_A_ROUND
        self._expect(count(Call) <= most, when, f"{count(Call)} calls are kept, not {KEPT_CALLS}")

    def forget(self) -> float:
        """Reset; the megabytes that are left. Nothing of any call may be."""
        self.net.reset()
        time.sleep(0.5)
        left = {kind.__name__: count(kind) for kind in (Call, Conference)}
        self._expect(not any(left.values()), "reset", f"kept in spite of it: {left}")
        return resident_megabytes()

    def _expect(self, is_so: bool, when: str, sentence: str) -> None:
        if not is_so:
            self.wrong.append(f"{when}: {sentence}")
            print(self.wrong[-1], flush=True)

    def _tasks(self) -> list[str]:
        return [repr(task.get_coro()) for task in asyncio.all_tasks(self.thread.loop)]

    def _count_tasks(self) -> int:
        """Tasks of the loop but for the servers' own, one a connection."""
        return sum("RequestHandler" not in name for name in self._tasks())


_DEEDS: tuple[Callable[[Soak], object], ...] = (
    lambda soak: soak.act("press", digits=soak.chance.choice("0123456789*#")),
    lambda soak: soak.act("speak", text="Is anybody there"),
    lambda soak: soak.act("hang_up"),
    lambda soak: soak.act("lose_signal"),
    lambda soak: soak.act("answer"),
    lambda soak: soak.client.calls(soak.live_sid()).update(status="completed"),
    lambda soak: soak.client.calls(soak.live_sid()).update(url=soak.app.url("/menu")),
    lambda soak: soak.client.calls(soak.live_sid()).update(url=soak.app.url("/queue")),
    lambda soak: soak.client.calls.create(
        to=soak.party()["number"], from_=crowd.NUMBERS["menu"], url=soak.app.url("/room")
    ),
    lambda soak: soak.participant().update(hold=soak.chance.random() < 0.5),
    lambda soak: soak.participant().update(muted=soak.chance.random() < 0.5),
    lambda soak: soak.participant().delete(),
    lambda soak: soak.dequeue(),
    lambda soak: soak.client.calls.list(limit=20),
)


def soak_telephone(minutes: float) -> bool:
    """Rounds until the minutes are over; whether everything held."""
    with _few_calls_kept():
        soak, seed = Soak(seed=1), 0
        left: list[float] = []
        end = time.monotonic() + minutes * 60
        try:
            while time.monotonic() < end or len(left) < 2:
                for _ in range(ROUNDS_A_RESET):
                    seed += 1
                    soak.play_round(seed)
                left.append(soak.forget())
                print(f"{soak.calls} calls, {left[-1]:.0f} MB left after reset", flush=True)
        finally:
            soak.close()
    # The first reset comes before every path has been taken once.
    grown = left[-1] - left[min(1, len(left) - 2)]
    soak._expect(grown < MORE_MEGABYTES, "in the end", f"{grown:.0f} MB more than at first")
    return not soak.wrong


@contextlib.contextmanager
def _few_calls_kept() -> Iterator[None]:
    before = network.MAX_CALLS
    network.MAX_CALLS = KEPT_CALLS
    try:
        yield
    finally:
        network.MAX_CALLS = before


def count(kind: type) -> int:
    """How many of a kind are alive."""
    gc.collect()
    return sum(isinstance(one, kind) for one in gc.get_objects())


def resident_megabytes() -> float:
    """Memory of this process now."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this process has no memory")
