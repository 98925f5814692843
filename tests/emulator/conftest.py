"""A network in manual time and an application under test, each on its own port, in one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from aiohttp import web
from twilio.rest import Client

from router.emulator.client import Network, Phone
from router.emulator.clock import Clock
from router.emulator.server import Server
from router.emulator.world import World

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "12345"
LINE = "+15125550100"

T = TypeVar("T")
Answer = str | tuple[int, str] | web.StreamResponse
Answerer = Callable[[dict[str, str]], Answer]


class Thread:
    """An event loop in a thread, for servers beside a synchronous test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def close(self) -> None:
        self.run(self._end_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    async def _end_all(self) -> None:
        """End what still runs, as asyncio.run does: answers to clients that gave up waiting."""
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


@dataclass
class Request:
    """What the application was asked."""

    path: str
    method: str
    params: dict[str, str]
    headers: dict[str, str]
    url: str


@dataclass
class App:
    """The application under test: what it answers, and what it was asked."""

    base: str = ""
    answers: dict[str, Answer | Answerer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return self.base + path

    def on(self, path: str, answer: Answer | Answerer) -> None:
        self.answers[path] = f"<Response>{answer}</Response>" if _is_verbs(answer) else answer

    def to(self, path: str) -> list[dict[str, str]]:
        """The parameters of every request to `path`."""
        return [request.params for request in self.requests if request.path == path]

    def requests_params(self) -> list[dict[str, str]]:
        return [request.params for request in self.requests]

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = {k: str(v) for k, v in (await request.post()).items()}
        params = {**request.query, **form}
        headers = dict(request.headers)
        self.requests.append(
            Request(request.path, request.method, params, headers, self.base + request.path_qs)
        )
        await asyncio.sleep(self.delays.get(request.path, 0))
        answer = self.answers.get(request.path, "<Response/>")
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, web.StreamResponse):
            return answer
        if isinstance(answer, tuple):
            return web.Response(status=answer[0], text=answer[1], content_type="text/xml")
        return web.Response(text=answer, content_type="text/xml")


def _is_verbs(answer: object) -> bool:
    return isinstance(answer, str) and answer.startswith("<") and "<Response" not in answer


@dataclass
class Stage:
    """Everything a test plays on."""

    net: Network
    app: App
    client: Client
    world: World

    def line(self, answer: Answer | Answerer = "<Say>Hello</Say>", **options: str) -> None:
        """Give the line a voice URL that answers so."""
        self.app.on("/voice", answer)
        self.client.incoming_phone_numbers.create(
            phone_number=LINE, voice_url=self.app.url("/voice"), **options
        )

    def caller(
        self,
        number: str = "+15125550101",
        name: str = "Sam",
        people: list[str] | None = None,
        facts: dict[str, str] | None = None,
    ) -> Phone:
        """A phone that has dialled the line."""
        phone = self.net.phone(number, name, people, facts=facts or {})
        phone.dials(LINE)
        self.net.advance(0)
        return phone

    def caller_of_running_time(self) -> Phone:
        """The same, where time need not be moved."""
        phone = self.net.phone("+15125550101", "Sam")
        phone.dials(LINE)
        return phone

    def transcript(self, phone: Phone, *kinds: str) -> list[str]:
        """What was heard, in short: `say Hello`, `talking_with Ana`."""
        lines = []
        for entry in phone.transcript():
            if not kinds or entry["kind"] in kinds:
                detail = entry.get("text") or " ".join(entry.get("with", []))
                lines.append(f"{entry['kind']} {detail}".strip())
        return lines


@pytest.fixture(scope="session")
def thread() -> Iterator[Thread]:
    runner = Thread()
    yield runner
    runner.close()


@contextmanager
def an_app(thread: Thread) -> Iterator[App]:
    """An application on a port of its own."""
    app = App()
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", app.handle)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

    thread.run(start())
    app.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield app
    thread.run(runner.cleanup())


@contextmanager
def a_stage(thread: Thread, app: App, start: float | None = None) -> Iterator[Stage]:
    """A network for `app`, its clock beginning at `start`; it must not break down."""

    async def begin() -> Server:
        world = World(ACCOUNT, TOKEN, Clock("manual", start=start), seed=1)
        world.switches.dial_setup_seconds = 0
        server = Server(world)
        await server.start()
        return server

    server = thread.run(begin())
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = server.world.base_url
    net = Network(server.world.base_url, steps_time=True)
    yield Stage(net, app, client, server.world)
    problems = [e for e in net.events() if e["kind"] == "emulator_error"]
    thread.run(server.stop())
    client.http_client.session.close()
    assert problems == []


@pytest.fixture
def app(thread: Thread) -> Iterator[App]:
    with an_app(thread) as app:
        yield app


@pytest.fixture
def stage(thread: Thread, app: App) -> Iterator[Stage]:
    with a_stage(thread, app) as stage:
        yield stage


@pytest.fixture
def new_stage(thread: Thread) -> Callable[[], AbstractContextManager[Stage]]:
    """A network and an application from the beginning, as often as it is called."""

    @contextmanager
    def begin() -> Iterator[Stage]:
        with an_app(thread) as app, a_stage(thread, app, start=1_800_000_000.0) as stage:
            yield stage

    return begin
