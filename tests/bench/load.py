"""The load generator: a process of its own that rings a loopback address a bounded number of times.

Reads one job as JSON from standard input and writes its findings as JSON to standard output. It
speaks HTTP by itself, because a client library would cost as much as the floor it measures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from typing import Any, Literal

from tests.bench.wire import Signer, action_path, arrival

KEYS = ("1", "2", "1")  # English, no danger, about myself: a keypad step each
MOST_REQUESTS = 60_000
MOST_SECONDS = 60.0
MOST_CONNECTIONS = 128
OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Job:
    """What to ask, for how long and how hard. `rate` 0 asks as fast as answers come."""

    port: int
    public_url: str
    token: str
    kind: Literal["first", "step"]
    seconds: float
    connections: int
    rate: float = 0.0
    is_kept_alive: bool = True
    first_number: int = 1
    calls: int = 0  # opened beforehand, for steps


@dataclass
class Findings:
    """Milliseconds of every right answer, what went wrong, and the time taken in all."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    wrong: dict[str, int] = field(default_factory=dict)


class Line:
    """One connection to the application."""

    def __init__(self, port: int, *, is_kept_alive: bool) -> None:
        self._port = port
        self._is_kept_alive = is_kept_alive
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[bool, str]:
        """Whether the answer was 200, and its body. A connection that was closed is reopened."""
        was_open = self._streams is not None
        try:
            return await self._ask(request)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            if not was_open:
                return False, "no connection"
        with suppress(OSError, asyncio.IncompleteReadError):
            return await self._ask(request)
        return False, "no connection"

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, request: bytes) -> tuple[bool, str]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line[:15].lower() == b"content-length:"
        )
        body = await reader.readexactly(length)
        if not self._is_kept_alive or b"onnection: close" in head:
            self.close()
        return head.startswith(OK), body.decode()


class Crowd:
    """Callers who all ring at once, or one after another at a rate."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.findings = Findings()
        self._signer = Signer(job.public_url, job.token)
        self._numbers = count(job.first_number)
        self._questions: list[tuple[str, int]] = []  # where a caller's next key goes, and which

    async def run(self) -> Findings:
        """Open what the steps need, then measure."""
        if self.job.kind == "step":
            await self._open_calls()
        begun = time.perf_counter()
        if self.job.rate:
            await self._ask_at_rate(begun)
        else:
            await asyncio.gather(*(self._ask_on(self._line(), begun) for _ in self._connections()))
        self.findings.seconds = time.perf_counter() - begun
        return self.findings

    def _connections(self) -> Iterator[int]:
        return iter(range(min(self.job.connections, MOST_CONNECTIONS)))

    def _line(self) -> Line:
        return Line(self.job.port, is_kept_alive=self.job.is_kept_alive)

    async def _open_calls(self) -> None:
        """Callers at their first question, for the keys that are measured."""
        lines = [self._line() for _ in self._connections()]
        left = iter(range(self.job.calls))

        async def open_some(line: Line) -> None:
            for _ in left:
                await self._open_call(line)
            line.close()

        await asyncio.gather(*map(open_some, lines))
        self._questions.reverse()

    async def _open_call(self, line: Line) -> None:
        request = self._signer.request("/voice/inbound", arrival(next(self._numbers)))
        good, body = await line.ask(request)
        path = action_path(body)
        if not good or not path:
            self._note("a call could not be opened")
        else:
            self._questions.append((path, 0))

    def _note(self, what: str) -> None:
        self.findings.wrong[what] = self.findings.wrong.get(what, 0) + 1

    async def _ask_on(self, line: Line, begun: float) -> None:
        end = begun + min(self.job.seconds, MOST_SECONDS)
        while time.perf_counter() < end and len(self.findings.milliseconds) < MOST_REQUESTS:
            if self.job.kind == "step" and not self._questions:
                break
            await self._ask(line, None)
        line.close()

    async def _ask_at_rate(self, begun: float) -> None:
        """Ask at even intervals whatever the answers do: a slow one does not spare the next."""
        idle = [self._line() for _ in self._connections()]
        total = min(int(self.job.rate * min(self.job.seconds, MOST_SECONDS)), MOST_REQUESTS)
        asked: set[asyncio.Task[None]] = set()
        for number in range(total):
            due = begun + number / self.job.rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if not idle:
                self._note("all connections busy")
                continue
            line = idle.pop()
            task = asyncio.create_task(self._ask(line, due))
            asked.add(task)
            task.add_done_callback(asked.discard)
            task.add_done_callback(partial(_give_back, idle, line))
        await asyncio.gather(*asked)
        for line in idle:
            line.close()

    async def _ask(self, line: Line, due: float | None) -> None:
        if self.job.kind == "first":
            path, values, key = "/voice/inbound", arrival(next(self._numbers)), 0
        elif self._questions:
            path, key = self._questions.pop()
            values = {**arrival(1), "CallStatus": "in-progress", "Digits": KEYS[key]}
        else:
            self._note("no caller left to press a key")
            return
        request = self._signer.request(path, values)
        begun = time.perf_counter() if due is None else due
        good, body = await line.ask(request)
        taken = time.perf_counter() - begun
        then = action_path(body)
        if not good or not then or "technical problem" in body:
            self._note(f"answered {body[:60]!r}")
            return
        self.findings.milliseconds.append(taken * 1000)
        if self.job.kind == "step" and key + 1 < len(KEYS):
            self._questions.append((then, key + 1))


def _give_back(idle: list[Line], line: Line, _: object) -> None:
    idle.append(line)


def parse(document: Mapping[str, Any]) -> Job:
    """The job; only a loopback port can be asked."""
    return Job(**document)


if __name__ == "__main__":
    found = asyncio.run(
        asyncio.wait_for(Crowd(parse(json.load(sys.stdin))).run(), MOST_SECONDS * 3)
    )
    json.dump(asdict(found), sys.stdout)
