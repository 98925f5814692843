"""The demo as a command: what it prints, its exit code, and that nothing outlives it (OP1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 60
MARK = "SWITCHBACK_TEST_MARK"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """What all processes of one demo carry in their environment."""
    return f"{MARK}={tmp_path.name}-{os.getpid()}"


@pytest.fixture
def demo(mark: str) -> Iterator[subprocess.Popen[str]]:
    """The demo with two random calls, as a process of its own."""
    name, _, value = mark.partition("=")
    process = subprocess.Popen(
        [sys.executable, "-m", "router.demo", "--calls", "2"],
        cwd=ROOT,
        env={**os.environ, name: value, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def marked(mark: str) -> list[str]:
    """Command lines of the processes that belong to the demo, itself included."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is another user's
            continue
    return found


def read_until(demo: subprocess.Popen[str], text: str) -> str:
    """What the demo prints, to the line with `text`."""
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"the demo ended without saying {text!r}:\n{said}")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_op1_an_interrupted_demo_leaves_nothing_running(
    demo: subprocess.Popen[str], mark: str, how: signal.Signals
) -> None:
    read_until(demo, "random calls")
    assert len(marked(mark)) > 5, "web, live, switchboard, worker, emulator and servers run"
    demo.send_signal(how)
    assert demo.stdout is not None
    assert "nothing is left running" in demo.stdout.read()
    assert demo.wait(STOP_SECONDS) == 130
    deadline = time.monotonic() + 10
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def test_op1_a_killed_demo_leaves_nothing_running(demo: subprocess.Popen[str], mark: str) -> None:
    read_until(demo, "random calls")
    demo.kill()
    deadline = time.monotonic() + STOP_SECONDS
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left


def test_op1_random_calls_end_with_a_person(demo: subprocess.Popen[str], mark: str) -> None:
    assert demo.stdout is not None
    said = demo.stdout.read()
    assert demo.wait(STOP_SECONDS) == 0, said
    assert "call   2" in said
    assert "WRONG" not in said
    assert not marked(mark)
