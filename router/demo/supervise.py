"""Runs the Procfile's processes on one machine, each with a log of its own.

The Procfile is production's, and any runner of Procfiles starts it there. The demo and the fault
tests also need what such runners do not do: kill one process and start it again, and leave nothing
behind when they are killed themselves.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from router.demo.tether import spawn
from router.errors import SwitchbackError

STOP_SECONDS = 12
POLL_SECONDS = 0.05
LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>.+)")


class ProcessError(SwitchbackError):
    """A process ended by itself or is not ready in time; the text ends with its last words."""


@dataclass
class _Entry:
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)


class Supervisor:
    """Processes by name. As a context manager it stops them all at the end."""

    def __init__(self, logs: Path, environment: Mapping[str, str] | None = None) -> None:
        """Write `logs/NAME.log`; `environment` goes over this process's own."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        self._environment = {**os.environ, "PATH": programs, **(environment or {})}
        self._entries: dict[str, _Entry] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def start(self, name: str, command: Sequence[str | Path], **environment: str) -> None:
        """Start a process; it ends with this one, even after kill -9."""
        self._entries[name] = _Entry(command, {**self._environment, **environment})
        self.restart(name)

    def start_line(self, name: str, line: str, **environment: str) -> None:
        """Start a line of a Procfile, which begins with exec so that the shell does not stay."""
        self.start(name, ["sh", "-c", line], **environment)

    def run_line(self, name: str, line: str, **environment: str) -> None:
        """Run a line of a Procfile to its end. Raises ProcessError when it fails."""
        self.start_line(name, line, **environment)
        process = self._entries.pop(name).process
        if process is not None and process.wait():
            raise ProcessError(f"{name} failed. Its log ends:\n{self.last_words(name)}")

    def restart(self, name: str) -> None:
        """Start a process that ended, or stop and start it, with what it was given at first."""
        self.stop(name)
        entry = self._entries[name]
        with self.log_of(name).open("ab") as log:
            entry.process = spawn(entry.command, output=log, environment=entry.environment)

    def stop(self, name: str) -> None:
        """End a process in order and its children with it; nothing happens when it has ended."""
        self._begin_to_stop(name)
        self._finish_stopping(name, time.monotonic() + STOP_SECONDS)

    def stop_all(self) -> None:
        """End all at once: they do not wait for one another."""
        deadline = time.monotonic() + STOP_SECONDS
        for name in self._entries:
            self._begin_to_stop(name)
        for name in self._entries:
            self._finish_stopping(name, deadline)

    def kill(self, name: str) -> None:
        """End a process and its children as a crash would."""
        self.send(name, signal.SIGKILL)
        self._finish_stopping(name, time.monotonic() + STOP_SECONDS)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and its children: SIGSTOP freezes, SIGCONT thaws."""
        process = self._entries[name].process
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def pid_of(self, name: str) -> int:
        """The process id. Raises ProcessError when it is not running."""
        process = self._entries[name].process
        if process is None or process.poll() is not None:
            raise ProcessError(f"{name} is not running")
        return process.pid

    def ended(self) -> list[str]:
        """Names of the processes that ended although nobody stopped them."""
        return [
            name
            for name, entry in self._entries.items()
            if entry.process is not None and entry.process.poll() is not None
        ]

    def wait_ready(self, url: str, *, seconds: float = 30) -> None:
        """Wait until `url` answers below 500. Raises ProcessError when a process ends before."""
        deadline = time.monotonic() + seconds
        while not _answers(url):
            if ended := self.ended():
                raise ProcessError(f"{ended[0]} ended. Its log ends:\n{self.last_words(ended[0])}")
            if time.monotonic() > deadline:
                raise ProcessError(f"{url} does not answer after {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def log_of(self, name: str) -> Path:
        """Where a process's output goes."""
        return self._logs / f"{name}.log"

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        text = self.log_of(name).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-12:])

    def _begin_to_stop(self, name: str) -> None:
        process = self._entries[name].process
        if process is not None and process.poll() is None:
            process.terminate()
            self.send(name, signal.SIGCONT)  # a frozen one would not hear

    def _finish_stopping(self, name: str, deadline: float) -> None:
        entry = self._entries[name]
        process, entry.process = entry.process, None
        if process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):  # what is left of its session
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def read_procfile(path: Path) -> dict[str, str]:
    """Commands by process name."""
    found = map(LINE.fullmatch, path.read_text(encoding="utf-8").splitlines())
    return {line["name"]: line["command"] for line in found if line}


def _answers(url: str) -> bool:
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError("only processes of this machine are waited for")
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an http address, see above
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code < 500  # noqa: PLR2004 - it speaks, if not to us
    except OSError:
        return False
