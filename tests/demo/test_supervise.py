"""The supervisor: start, wait, kill one, start it again, and leave nothing."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.demo.servers import free_port
from router.demo.supervise import ProcessError, Supervisor, read_procfile

ROOT = Path(__file__).resolve().parents[2]
WEB = "exec python -m http.server --bind 127.0.0.1 $PORT"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor whose processes end with the test."""
    with Supervisor(tmp_path / "logs") as supervisor:
        yield supervisor


def start_web(supervisor: Supervisor) -> str:
    """A web server by a Procfile's line; its address."""
    port = free_port()
    supervisor.start_line("web", WEB, PORT=str(port))
    return f"http://127.0.0.1:{port}/"


def test_a_line_is_started_with_its_environment_and_awaited(supervisor: Supervisor) -> None:
    supervisor.wait_ready(start_web(supervisor))
    assert supervisor.ended() == []
    supervisor.stop("web")
    assert supervisor.ended() == []
    with pytest.raises(ProcessError, match="web is not running"):
        supervisor.pid_of("web")


def test_a_line_is_run_to_its_end_or_quoted(supervisor: Supervisor) -> None:
    supervisor.run_line("release", "exec test -n $DONE", DONE="yes")
    assert supervisor.ended() == []
    with pytest.raises(ProcessError, match=r"(?s)release failed.*no such revision"):
        supervisor.run_line("release", "echo no such revision; exit 1")


def test_a_killed_process_is_noticed_and_started_again(supervisor: Supervisor) -> None:
    url = start_web(supervisor)
    supervisor.wait_ready(url)
    first = supervisor.pid_of("web")
    supervisor.kill("web")
    supervisor.restart("web")
    supervisor.wait_ready(url)
    assert supervisor.pid_of("web") != first


def test_a_process_that_ends_by_itself_is_quoted(supervisor: Supervisor) -> None:
    supervisor.start("broken", [sys.executable, "-c", "import sys; sys.exit('no dial tone')"])
    with pytest.raises(ProcessError, match=r"(?s)broken ended.*no dial tone"):
        supervisor.wait_ready(f"http://127.0.0.1:{free_port()}/")
    assert supervisor.ended() == ["broken"]


def test_a_frozen_process_can_be_stopped(supervisor: Supervisor) -> None:
    supervisor.wait_ready(start_web(supervisor))
    supervisor.send("web", signal.SIGSTOP)
    began = time.monotonic()
    supervisor.stop("web")
    assert time.monotonic() - began < 30


def test_children_of_a_process_end_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    supervisor.start_line("parent", f"sleep 60 & echo $! > {note}; wait")
    while not (note.exists() and note.read_text(encoding="utf-8").strip()):
        time.sleep(0.01)
    child = int(note.read_text(encoding="utf-8"))
    supervisor.kill("parent")
    deadline = time.monotonic() + 30
    status = Path(f"/proc/{child}/status")
    while status.exists() and "State:\tZ" not in status.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_only_this_machine_is_waited_for(supervisor: Supervisor) -> None:
    with pytest.raises(ValueError, match="only processes of this machine"):
        supervisor.wait_ready("http://psap.test/")


def test_every_line_of_the_procfile_gives_its_shell_away() -> None:
    lines = read_procfile(ROOT / "Procfile")
    assert lines.keys() == {"web", "live", "switchboard", "worker", "release"}
    for name, command in lines.items():
        assert command.startswith("exec "), name
        if "gunicorn" in command:
            assert "--no-control-socket" in command, name
