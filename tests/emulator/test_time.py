"""Time by hand is repeatable; time that runs gives the same transcripts; the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from router.emulator.client import Network, Phone
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage

MENU = '<Gather numDigits="1" action="/key" timeout="3"><Say>Press a key</Say></Gather><Redirect/>'


def play(stage: Stage, calls: int) -> list[str]:
    """Independent callers who all press a key and wait in a queue until they hang up."""
    stage.line(MENU)
    stage.app.on("/key", '<Enqueue waitUrl="/wait" action="/after">support</Enqueue>')
    stage.app.on("/wait", "<Say>Please wait for us</Say><Pause length='3'/>")
    phones = []
    for index in range(calls):
        script: list[dict[str, Any]] = [
            {"hears": "press a key", "presses": str(index % 10)},
            {"hears": "wait for us", "wait": 0.2, "hang_up": True},
        ]
        phones.append(stage.net.phone(f"+151255501{1 + index:02d}", f"P{index}", script=script))
    for phone in phones:
        phone.dials(LINE)
    for phone in phones:
        phone.is_hung_up(within=30)
    return [_told(phone) for phone in phones]


def _told(phone: Phone) -> str:
    lines = []
    for entry in phone.transcript():
        facts = {k: v for k, v in entry.items() if k not in ("at", "call", "seq")}
        lines.append(json.dumps(facts, sort_keys=True))
    return "\n".join(lines)


def test_by_hand_two_runs_are_the_same_byte_for_byte(stage: Stage) -> None:
    first = play(stage, 20)
    events = [e["kind"] for e in stage.net.events()]
    stage.client.incoming_phone_numbers.list()[0].delete()
    stage.net.reset()
    assert play(stage, 20) == first
    assert [e["kind"] for e in stage.net.events()][-40:] == events[-40:]


def test_running_time_gives_the_same_transcripts(stage: Stage) -> None:
    # How long an answer takes, and so whether silence is heard, depends on the machine's load.
    stage.net.switches(silence_seconds=3600)
    by_hand = play(stage, 20)
    stage.client.incoming_phone_numbers.list()[0].delete()
    stage.net.reset()
    stage.net.time("real")
    assert play(stage, 20) == by_hand


def test_running_time_can_be_stopped_and_moved(stage: Stage) -> None:
    stage.line("<Say>one two three four five</Say><Say>Goodbye</Say>")
    caller = stage.caller()
    stage.net.time("fast", 100)
    caller.hears("Goodbye")
    stage.net.time("manual")
    now = stage.net.now()
    time.sleep(0.05)
    assert stage.net.now() == now


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = os.environ | {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-m", "router.emulator", "--port", "0", "--time", "manual"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        assert ACCOUNT in line
        yield running, found.group()
        running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_with_one_command_and_stops_at_once(
    process: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    running, url = process
    net = Network(url)
    assert net.state()["account_sid"] == ACCOUNT
    assert "Phones" in requests.get(f"{url}/phones", timeout=5).text
    began = time.monotonic()
    running.send_signal(number)
    assert running.wait(5) == 0
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--host", "0.0.0.0"], "loopback"),
        (["--account-sid", "AC1"], "hexadecimal"),
        (["--time", "backwards"], "manual"),
        (["--switch", "colour=red"], "no switch named"),
    ],
)
def test_wrong_options_are_explained(arguments: list[str], complaint: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "router.emulator", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert complaint in done.stderr
