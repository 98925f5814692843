"""What is measured: PostgreSQL as in production, the Procfile's web line, the floor beside it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Self

from router.config import Settings, load_settings
from router.demo.seed import Seeded, seed
from router.demo.servers import PrivatePostgres, create_database, drop_database, free_port
from router.demo.supervise import Supervisor, read_procfile
from router.storage.crypto import new_key
from router.storage.database import Sessions, make_engine, make_sessions
from tests.bench.load import Findings, Job

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".state" / "bench"
DATABASE = "switchback_bench"
OURS, FLOOR = "web", "floor"
START_SECONDS = 120  # on a busy machine
TICKS = os.sysconf("SC_CLK_TCK")


class Site:
    """Starts on entry, stops on exit; the applications when they are asked for."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._numbers = 1

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
        self.postgres = self._running.enter_context(PrivatePostgres(STATE, durable=True))
        drop_database(self.postgres.url("postgres"), DATABASE)
        create_database(self.postgres.url("postgres"), DATABASE)
        self.ports = {name: free_port() for name in (OURS, FLOOR)}
        self.environment = self._make_environment()
        self.settings: Settings = load_settings(self.environment)
        self.processes = self._running.enter_context(Supervisor(STATE / "logs", self.environment))
        self.processes.run_line("release", read_procfile(ROOT / "Procfile")["release"])
        engine = make_engine(self.settings, application_name="switchback-bench")
        self._running.callback(engine.dispose)
        self.sessions: Sessions = make_sessions(engine)
        with self.sessions.begin() as session:
            self.seeded: Seeded = seed(session, self.settings)

    def start_applications(self) -> None:
        """Start ours and the floor, alike but for what they serve."""
        line = read_procfile(ROOT / "Procfile")["web"]
        floor = line.replace("router.wsgi:app", "tests.bench.floor:app")
        for name, command in ((OURS, line), (FLOOR, floor)):
            port = self.ports[name]
            self.processes.start_line(name, command, PORT=str(port))
            self.processes.wait_ready(f"http://127.0.0.1:{port}/readyz", seconds=START_SECONDS)

    def _make_environment(self) -> dict[str, str]:
        return {
            "SWITCHBACK_ENV": "development",
            "SWITCHBACK_SECRET_KEY": secrets.token_urlsafe(48),
            "SWITCHBACK_FIELD_KEYS": f"1:{new_key()}",
            "SWITCHBACK_SEARCH_KEY": new_key(),
            "SWITCHBACK_PUBLIC_URL": "https://switchback.test",
            "SWITCHBACK_STATE_DIR": str(STATE),
            "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "DATABASE_URL": self.postgres.url(DATABASE),
            "REDIS_URL": "redis://127.0.0.1:1/0",  # a webhook never speaks to it
            "HOST": "127.0.0.1",
        }

    def load(self, name: str, job: Job) -> Findings:
        """Let a process of its own ask the application `name`."""
        self._numbers += 1_000_000
        token = self.settings.twilio_auth_token.get_secret_value()
        aimed = {
            **asdict(job),
            "port": self.ports[name],
            "public_url": self.settings.public_url,
            "token": token,
            "first_number": self._numbers,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"],
            input=json.dumps(aimed).encode(),
            stdout=subprocess.PIPE,
            check=True,
            cwd=ROOT,
        )
        return Findings(**json.loads(done.stdout))

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time so far of each application and of PostgreSQL, children included."""
        pids = {name: self.processes.pid_of(name) for name in (OURS, FLOOR)}
        return {
            name: cpu_seconds_of(pid)
            for name, pid in (*pids.items(), ("postgres", self.postgres.pid))
        }


def cpu_seconds_of(pid: int) -> float:
    """Processor time of a process and all below it."""
    spent: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        spent[int(folder.name)] = int(words[1]), (int(words[11]) + int(words[12])) / TICKS
    family = {pid}
    while grown := {child for child, (parent, _) in spent.items() if parent in family} - family:
        family |= grown
    return sum(spent[one][1] for one in family if one in spent)
