"""The telephone company in a box under load: many calls that stand, and many that come.

The emulator, the application it asks and the one who dials are processes of their own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import aiohttp
from twilio.rest import Client

from router.demo.servers import free_port
from router.demo.supervise import Supervisor
from router.emulator.client import Entry, Network
from tests.bench.site import STATE, TICKS
from tests.bench.telephone_application import FIRST, LAST, SECOND

ACCOUNT, TOKEN = "AC" + "0" * 32, "bench"
QUEUE_LINE, ROOM_LINE, MENU_LINE = "+15125550100", "+15125550101", "+15125550102"
LINES = {QUEUE_LINE: "/queue", ROOM_LINE: "/room", MENU_LINE: FIRST}
WAITING, TALKING = 1_000, 500  # 500 people are 250 conferences of two
STEP = {FIRST: "dialled", SECOND: "1", LAST: "2"}  # what each webhook follows
KEY_SECONDS = 0.5  # from hearing the question to the key
START_SECONDS = 60.0
SETTLE_SECONDS = 3.0
DIALLERS = 32


class Telephone:
    """The emulator and the application, running."""

    def __init__(self) -> None:
        self._processes = Supervisor(STATE / "logs")

    def __enter__(self) -> Self:
        port, application = free_port(), free_port()
        self.url, self.application = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{application}"
        identity = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
        python = sys.executable
        try:
            self._processes.start(
                "telephone-application",
                [python, "-m", "tests.bench.telephone_application", str(application)],
            )
            self._processes.start(
                "telephone", [python, "-m", "router.emulator", "--port", str(port)], **identity
            )
            self._processes.wait_ready(f"{self.application}/times", seconds=START_SECONDS)
            self._processes.wait_ready(f"{self.url}/control/time", seconds=START_SECONDS)
            self._make_lines()
        except BaseException:
            self._processes.stop_all()
            raise
        self.network = Network(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.stop_all()

    def _make_lines(self) -> None:
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = self.url
        for number, path in LINES.items():
            client.incoming_phone_numbers.create(
                phone_number=number, voice_url=self.application + path
            )

    def cpu_seconds(self) -> float:
        """Processor time of the emulator so far."""
        stat = Path(f"/proc/{self._processes.pid_of('telephone')}/stat").read_text(encoding="utf-8")
        words = stat.rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICKS

    def resident_megabytes(self) -> float:
        """Memory of the emulator now."""
        path = Path(f"/proc/{self._processes.pid_of('telephone')}/status")
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the emulator has no memory")


@dataclass(frozen=True, slots=True)
class Standing:
    """1,000 calls in queues and 250 conferences of two, in place for a while."""

    waiting: int
    talking: int
    seconds: float
    megabytes: float
    cores: float


def measure_standing(seconds: float) -> Standing:
    """Put them all in place, then watch the emulator for `seconds`."""
    with Telephone() as telephone:
        waiting = [f"+1303{5550000 + n}" for n in range(WAITING)]
        talking = [f"+1404{5550000 + n}" for n in range(TALKING)]
        calls = [(number, QUEUE_LINE) for number in waiting]
        calls += [(number, ROOM_LINE) for number in talking]
        asyncio.run(_dial(telephone.url, calls))
        _until_in_place(telephone.network)
        began, spent = time.monotonic(), telephone.cpu_seconds()
        time.sleep(seconds)
        taken = time.monotonic() - began
        cores = (telephone.cpu_seconds() - spent) / taken
        megabytes = telephone.resident_megabytes()
        return Standing(*_in_place(telephone.network), taken, megabytes, cores)


def _until_in_place(network: Network) -> None:
    deadline = time.monotonic() + START_SECONDS
    while _in_place(network) != (WAITING, TALKING):
        if time.monotonic() > deadline:
            raise RuntimeError(f"in queues and conferences: {_in_place(network)}")
        time.sleep(1)
    time.sleep(SETTLE_SECONDS)


def _in_place(network: Network) -> tuple[int, int]:
    """How many wait, and how many hear one another."""
    state = network.state()
    waiting = sum(len(queue["members"]) for queue in state["queues"])
    return waiting, sum(leg["hears"]["kind"] == "talking_with" for leg in state["legs"])


@dataclass(frozen=True, slots=True)
class Coming:
    """New calls through two questions. Milliseconds of the emulator's own share of each webhook.

    `inside`: from what causes a webhook until it leaves, and from its answer until it is heard, by
    the emulator's own stamps. `outside`: from an answer of the application until the webhook that
    follows from it is there, less the time the caller took to press.
    """

    calls: int
    rate: float
    cores: float
    inside: Sequence[float]
    outside: Sequence[float]
    wrong: int


def measure_coming(rate: float, seconds: float) -> Coming:
    """Let `rate` calls a second come for `seconds`."""
    with Telephone() as telephone:
        count = int(rate * seconds)
        numbers = [f"+1512{5560000 + n}" for n in range(count)]
        script = [{"hears": "Press", "wait": KEY_SECONDS, "presses": key} for key in ("1", "2")]
        calls = [(number, MENU_LINE) for number in numbers]
        spent = telephone.cpu_seconds()
        taken = asyncio.run(_dial(telephone.url, calls, script, rate))
        cores = (telephone.cpu_seconds() - spent) / taken
        time.sleep(SETTLE_SECONDS + 3 * KEY_SECONDS)
        heard = [entry for one in numbers for entry in telephone.network.phone(one).transcript()]
        inside = _inside(telephone.network.webhooks(), heard)
        times = asyncio.run(_times(telephone.application))
        outside = _outside(times)
        wrong = 3 * count - len(inside) + 2 * count - len(outside)
        return Coming(count, count / taken, cores, inside, outside, wrong)


def _inside(webhooks: Iterable[Entry], heard: Iterable[Entry]) -> list[float]:
    told: dict[str, list[Entry]] = defaultdict(list)
    for entry in heard:
        told[entry["call"]].append(entry)
    shares = []
    for webhook in webhooks:
        entries = told[webhook["call_sid"]]
        cause = STEP.get("/" + webhook["url"].rpartition("/")[2], "")
        began = next((e["at"] for e in entries if cause in (e["kind"], e.get("digits"))), None)
        spoken = [e["at"] for e in entries if e["kind"] == "say"]
        effect = next((at for at in spoken if at >= round(webhook["answered_at"], 3)), None)
        if began is not None and effect is not None:
            share = webhook["sent_at"] - began + effect - webhook["answered_at"]
            shares.append(max(share, 0.0) * 1000)
    return shares


def _outside(times: dict[str, list[tuple[str, float, float]]]) -> list[float]:
    return [
        (following[1] - this[2] - KEY_SECONDS) * 1000
        for webhooks in times.values()
        for this, following in pairwise(webhooks)
    ]


async def _dial(
    url: str, calls: Sequence[tuple[str, str]], script: Sequence[Entry] = (), rate: float = 0
) -> float:
    """Dial each (from, to), `rate` a second or as fast as it goes; the seconds it took."""
    async with aiohttp.ClientSession(url) as http:
        gate = asyncio.Semaphore(DIALLERS)

        async def post(path: str, body: dict[str, Any]) -> None:
            async with gate, http.post(f"/control/parties{path}", json=body) as response:
                response.raise_for_status()

        await asyncio.gather(
            *(post("", {"number": one, "script": list(script)}) for one, _ in calls)
        )
        began, tasks = time.monotonic(), []
        for index, (one, to) in enumerate(calls):
            if rate:
                await asyncio.sleep(began + index / rate - time.monotonic())
            tasks.append(asyncio.create_task(post(f"/{one}/dial", {"to": to})))
        await asyncio.gather(*tasks)
        return time.monotonic() - began


async def _times(application: str) -> dict[str, list[tuple[str, float, float]]]:
    async with aiohttp.ClientSession(application) as http, http.get("/times") as response:
        times: dict[str, list[tuple[str, float, float]]] = await response.json()
        return times
