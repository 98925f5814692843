"""The console and its live process on real ports, and a signed-in person in front of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from pydantic import SecretStr
from werkzeug.serving import BaseWSGIServer, make_server

from router.config import Settings
from router.demo.servers import free_port
from router.storage.database import make_engine
from router.web.live import create_live
from tests.web.stage import PASSWORD, Room, make_app, open_room

WIDE = (1280, 800)
PHONE = (390, 844)


@dataclass
class House:
    """The room, with its `web` and `live` processes as threads. `stop_live` and `start_live`."""

    room: Room
    settings: Settings
    web_port: int
    live_port: int
    browser: Browser
    running: ExitStack
    servers: dict[str, BaseWSGIServer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return self.settings.public_url

    def serve(self, name: str, app: Flask, port: int) -> None:
        """Serve an application until the test ends."""
        server = make_server("127.0.0.1", port, app, threaded=True)
        server.daemon_threads = True  # type: ignore[attr-defined] # streams do not end by themselves
        server.block_on_close = False  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.servers[name] = server

    def start_live(self) -> None:
        """The event stream's process comes up."""
        self.serve("live", create_live(self.settings, self.room.sessions), self.live_port)

    def stop(self, name: str) -> None:
        """A process goes down."""
        server = self.servers.pop(name)
        server.shutdown()
        server.server_close()

    def visit(self, path: str, role: str = "supervisor", *, size: tuple[int, int] = WIDE) -> Page:
        """A fresh browser of somebody who signs in by the form and is led to `path`."""
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        self.running.callback(context.close)
        page = context.new_page()
        page.goto(f"{self.url}{path}")
        page.get_by_label("E-mail address").fill(f"{role}@austin.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        return page


@pytest.fixture
def house(
    settings: Settings, own_database_url: str, browser: Browser, tmp_path: Path
) -> Iterator[House]:
    """Both processes, up."""
    web_port, live_port = free_port(), free_port()
    own = settings.model_copy(
        update={
            "database_url": SecretStr(own_database_url),
            "public_url": f"http://127.0.0.1:{web_port}",
            "live_url": f"http://127.0.0.1:{live_port}",
        }
    )
    engine = make_engine(own, application_name="tests")
    with ExitStack() as running:
        running.callback(engine.dispose)
        room = open_room(engine, own, tmp_path)
        made = House(room, own, web_port, live_port, browser, running)
        made.serve("web", make_app(own, room.sessions), web_port)
        made.start_live()
        yield made
        for name in list(made.servers):
            made.stop(name)
