"""A whole Switchback whose processes are killed and frozen, and a fresh scene on it for each test.

One Stack serves this worker's run: it takes ten seconds to start. After a test nobody may have
heard what nobody may ever hear, everything that was stopped runs again, and nothing is under way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.demo.seed import PROGRAM
from router.demo.servers import ServerError
from router.demo.stack import Stack
from tests.conftest import go_without
from tests.faults.mending import bring_back, come_to_rest
from tests.faults.pace import IS_ALONE
from tests.faults.scene import TABLE, Scene, employ_more
from tests.quick_program import write_quick

CALLS_PER_SECOND = 50.0
SPEECH = ("--switch", "speech_rate=50", "--switch", "dial_setup_seconds=0.05")
QUICK = {"choose_seconds = 15": "choose_seconds = 3"}  # until a lost order for a team is missed


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything the Procfile names, on servers of its own: these are stopped, so none is lent."""
    lent = {
        name: os.environ.pop(name) for name in ("DATABASE_URL", "REDIS_URL") if name in os.environ
    }
    state: Path = tmp_path_factory.mktemp("faults")
    program = PROGRAM if IS_ALONE else write_quick(state / "quick.toml", QUICK)
    try:
        with Stack(
            state,
            durable=False,
            program=program,
            calls_per_second=CALLS_PER_SECOND,
            emulator_options=SPEECH,
            without=("live",),
        ) as stack:
            employ_more(stack)
            yield stack
    except ServerError as error:
        go_without(f"NO SERVERS TO STOP, so faults are untested: {error}")
    finally:
        os.environ.update(lent)


@pytest.fixture
def scene(stack: Stack) -> Iterator[Scene]:
    """People at phones, everybody free, nothing in progress; afterwards all is mended."""
    scene = Scene.open(stack)
    try:
        with scene.watched():
            yield scene
        scene.nobody_heard_an_error()
    finally:
        scene.network.faults()
        bring_back(stack)
        come_to_rest(stack)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Who heard what, and how long until a voice."""
    if TABLE:
        terminalreporter.section("who heard what while something was gone")
        for fault, who, seconds, what in TABLE:
            terminalreporter.write_line(f"{fault:<28} {who:<34} {seconds:6.1f} s  {what}")
