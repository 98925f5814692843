"""A whole Switchback on one machine: servers, processes, the emulator, and its numbers.

The demo, the fault tests and the bench run on it. Everything stands in one state folder and ends
with the process that made it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from sqlalchemy import select
from twilio.rest import Client

from ivr_flows.inputs import LegStatusChanged
from router.config import Settings, load_settings
from router.demo.seed import PROGRAM, Seeded, seed
from router.demo.servers import (
    PrivatePostgres,
    PrivateValkey,
    create_database,
    free_port,
    list_databases,
)
from router.demo.supervise import Supervisor, read_procfile
from router.emulator.client import Network
from router.services.apply_input import Exchange, apply_input
from router.services.dispatch_moves import Paging
from router.services.page_links import PageLinks
from router.services.request_dispatch import cancel_dispatch
from router.storage.database import Sessions, make_engine, make_sessions
from router.storage.tables import dispatch_requests, legs
from router.telephony.urls import Urls

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "switchback_demo"
SECRETS_FILE = "secrets.json"
READY_SECONDS = 120  # a busy machine starts five processes slowly


class Stack:
    """Starts everything on entry, stops it on exit. `network` is the telephone company."""

    def __init__(
        self,
        state: Path,
        *,
        durable: bool = True,
        program: Path = PROGRAM,
        calls_per_second: float = 1.0,
        emulator_options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        without: Collection[str] = (),
    ) -> None:
        """Take a state folder, a program's file, and the calls a second of both us and the carrier.

        DATABASE_URL and REDIS_URL are those of `environment`, else of this process's own, else of
        private servers. All processes see `environment`; those in `without` are not started.
        """
        self.state = state
        self._durable = durable
        self.program = program
        self._calls_per_second = calls_per_second
        self._emulator_options = emulator_options
        self._extra = dict(environment or {})
        self._without = {"release", *without}  # the release has run by the time processes start
        self._running = ExitStack()
        self.postgres: PrivatePostgres | None = None
        self.valkey: PrivateValkey | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._running.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _start(self) -> None:
        database_url, redis_url = self._start_servers()
        self.ports = {name: free_port() for name in ("web", "live", "emulator")}
        self.environment = self._make_environment(database_url, redis_url)
        self.settings: Settings = load_settings(self.environment)
        self.processes = self._running.enter_context(
            Supervisor(self.state / "logs", self.environment)
        )
        self._release()
        engine = make_engine(self.settings, application_name="switchback-demo")
        self._running.callback(engine.dispose)
        self.sessions: Sessions = make_sessions(engine)
        with self.sessions.begin() as session:
            self.seeded: Seeded = seed(session, self.settings, self.program)
        self._settle_leftovers()
        self._start_processes()
        self.network = Network(self.emulator_url)
        self.carrier = Client(
            self.settings.twilio_account_sid, self.settings.twilio_auth_token.get_secret_value()
        )
        self.carrier.api.base_url = self.emulator_url
        self._connect_numbers()

    @property
    def web_url(self) -> str:
        """Where pages and webhooks are."""
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def emulator_url(self) -> str:
        """Where the telephone company is."""
        return f"http://127.0.0.1:{self.ports['emulator']}"

    def _start_servers(self) -> tuple[str, str]:
        database_url = self._given("DATABASE_URL")
        if not database_url:
            self.postgres = self._running.enter_context(
                PrivatePostgres(self.state, durable=self._durable)
            )
            if DATABASE not in list_databases(self.postgres.url("postgres")):
                create_database(self.postgres.url("postgres"), DATABASE)
            database_url = self.postgres.url(DATABASE)
        redis_url = self._given("REDIS_URL")
        if not redis_url:
            self.valkey = self._running.enter_context(PrivateValkey(self.state))
            redis_url = self.valkey.url
        return database_url, redis_url

    def _given(self, name: str) -> str:
        return self._extra.get(name) or os.environ.get(name, "")

    def _make_environment(self, database_url: str, redis_url: str) -> dict[str, str]:
        return {
            **_secrets(self.state / SECRETS_FILE),
            "SWITCHBACK_ENV": "development",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "TWILIO_API_BASE_URL": self.emulator_url,
            "SWITCHBACK_PUBLIC_URL": self.web_url,
            "SWITCHBACK_LIVE_URL": f"http://127.0.0.1:{self.ports['live']}",
            "SWITCHBACK_STATE_DIR": str(self.state),
            "SWITCHBACK_CALLS_PER_SECOND": str(self._calls_per_second),
            "SWITCHBACK_LOG_FORMAT": "plain",
            "HOST": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            **self._extra,
        }

    def _release(self) -> None:
        line = read_procfile(ROOT / "Procfile")["release"]
        self.processes.run_line("release", line)

    def _settle_leftovers(self) -> None:
        """End what an earlier run left open: its calls went with its carrier."""
        self.end_legs()
        self.cancel_dispatches()

    def end_legs(self) -> None:
        """Tell every call that its legs are over, callers first, so that nobody is rung for them.

        For legs that the carrier no longer knows.
        """
        exchange = Exchange(self.sessions, Urls(self.web_url))
        callers_first = (legs.c.role != "caller", legs.c.id)
        with self.sessions() as session:
            is_open = legs.c.place != "ended"
            open_legs = select(legs.c.id).where(is_open).order_by(*callers_first)
            leg_ids = session.scalars(open_legs).all()
        for leg_id in leg_ids:
            apply_input(exchange, leg_id, LegStatusChanged(leg_id, "completed"))

    def cancel_dispatches(self) -> None:
        """Cancel every request for a team that is open, so that all teams are free."""
        with self.sessions() as session:
            is_open = dispatch_requests.c.closed_at.is_(None)
            requests = session.scalars(select(dispatch_requests.c.id).where(is_open)).all()
        secret = self.settings.secret_key.get_secret_value()
        exchange = Exchange(self.sessions, Urls(self.web_url))
        for request_id in requests:
            cancel_dispatch(Paging(exchange, PageLinks(self.web_url, secret)), request_id)

    def _start_processes(self) -> None:
        self.processes.start(
            "emulator",
            [
                *(sys.executable, "-m", "router.emulator"),
                *("--port", str(self.ports["emulator"])),
                *("--calls-per-second", str(self._calls_per_second)),
                *self._emulator_options,
            ],
        )
        lines = read_procfile(ROOT / "Procfile")
        for name, line in lines.items():
            if name not in self._without:
                port = {"PORT": str(self.ports[name])} if name in self.ports else {}
                self.processes.start_line(name, line, **port)
        for url in (f"{self.emulator_url}/control/state", f"{self.web_url}/readyz"):
            self.processes.wait_ready(url, seconds=READY_SECONDS)

    def _connect_numbers(self) -> None:
        """Buy our numbers at the carrier and point them at us."""
        urls = Urls(self.web_url)
        known = {number.phone_number for number in self.carrier.incoming_phone_numbers.list()}
        for number in self.seeded.lines.values():
            if number not in known:
                self.carrier.incoming_phone_numbers.create(
                    phone_number=number,
                    voice_url=urls.inbound(),
                    voice_fallback_url=urls.inbound_fallback(),
                    status_callback=urls.inbound_status(),
                    sms_url=urls.at("/sms/inbound"),
                )


def _secrets(path: Path) -> dict[str, str]:
    """Made-up secrets of this state folder, kept so that its database stays readable."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        made = {
            "SWITCHBACK_SECRET_KEY": secrets.token_urlsafe(48),
            "SWITCHBACK_FIELD_KEYS": f"1:{_key()}",
            "SWITCHBACK_SEARCH_KEY": _key(),
            "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        }
        path.write_text(json.dumps(made), encoding="utf-8")
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
