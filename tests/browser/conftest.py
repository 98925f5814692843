"""The console and its live process on real ports, and a signed-in person in front of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pydantic import SecretStr
from sqlalchemy import Engine
from werkzeug.serving import BaseWSGIServer, make_server

from router.config import Settings
from router.demo.servers import free_port
from router.storage.database import make_engine
from router.storage.tables import metadata
from tests.conftest import a_database
from tests.test_cli import environment
from tests.web.stage import PASSWORD, Room, cheapen_passwords, make_app, open_room

WIDE = (1280, 800)
PHONE = (390, 844)


@dataclass
class House:
    """The room, with its `web` and `live` processes as threads."""

    engine: Engine
    settings: Settings
    web_port: int
    live_port: int
    browser: Browser
    room: Room = field(init=False)
    running: ExitStack = field(init=False)
    web: BaseWSGIServer | None = None
    live: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the pages are."""
        return self.settings.public_url

    def start_web(self) -> None:
        """The console comes up, in a thread."""
        app = make_app(self.settings, self.room.sessions)
        self.web = make_server("127.0.0.1", self.web_port, app, threaded=True)
        threading.Thread(target=self.web.serve_forever, args=(0.05,), daemon=True).start()

    def stop_web(self) -> None:
        """The console goes down."""
        if self.web is not None:
            self.web.shutdown()
            self.web.server_close()
            self.web = None

    def start_live(self) -> None:
        """The event stream's own process comes up, as the Procfile starts it."""
        options = ("--no-control-socket", "--worker-class", "gthread", "--threads", "16")
        bind = f"127.0.0.1:{self.live_port}"
        self.live = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "--bind", bind, "router.wsgi:live"],
            env={**os.environ, **environment(self.settings)},
            start_new_session=True,
        )
        for _ in range(300):
            with contextlib.suppress(OSError):
                probe = HTTPConnection("127.0.0.1", self.live_port)
                probe.request("GET", "/live/board")
                assert probe.getresponse().status == 401
                probe.close()
                return
            time.sleep(0.1)
        raise TimeoutError("the live process does not come up")

    def stop_live(self) -> None:
        """It is killed, its streams with it."""
        if self.live is not None:
            os.killpg(self.live.pid, signal.SIGKILL)
            self.live.wait()
            self.live = None

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


@pytest.fixture(scope="module")
def standing_house(
    settings: Settings, servers: dict[str, str], browser: Browser
) -> Iterator[House]:
    """A database and ports for a module's tests; starting the live process takes seconds."""
    web_port, live_port = free_port(), free_port()
    with ExitStack() as running:
        own = settings.model_copy(
            update={
                "database_url": SecretStr(running.enter_context(a_database(servers))),
                "public_url": f"http://127.0.0.1:{web_port}",
                "log_level": "ERROR",
                "live_url": f"http://127.0.0.1:{live_port}",
            }
        )
        engine = make_engine(own, application_name="tests")
        running.callback(engine.dispose)
        made = House(engine, own, web_port, live_port, browser)
        running.callback(made.stop_live)
        yield made


@pytest.fixture
def house(
    standing_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """Both processes, up, and nothing in the database but Austin and its people."""
    cheapen_passwords(monkeypatch)
    made = standing_house
    empty(made.engine)
    with ExitStack() as made.running:
        made.room = open_room(made.engine, made.settings, tmp_path)
        made.running.callback(made.stop_web)
        made.start_web()
        if made.live is None:
            made.start_live()
        yield made


def empty(engine: Engine) -> None:
    """Forget every row. TRUNCATE would quarrel over locks with the live process, which may read."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
