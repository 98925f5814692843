"""Time by hand is repeatable; time that runs gives the same transcripts; the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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


ROOM = (
    '<Dial action="/left" record="record-from-answer" recordingStatusCallback="/recording">'
    '<Conference statusCallback="/room" statusCallbackEvent="start end join leave hold mute '
    'modify speaker announcement" waitUrl="/music">room</Conference></Dial>'
)
DOCUMENTS = {
    "/voice": '<Gather numDigits="1" action="/key" timeout="3"><Say>Press a key</Say></Gather>',
    "/wait": "<Say>Please wait for us</Say><Pause length='3'/>",
    "/music": "<Say>The meeting begins soon</Say><Redirect/>",
    "/hold": "<Say>You are on hold</Say>",
    "/left": "<Say>That is all</Say>",
    "/agent": '<Dial><Queue url="/whisper">support</Queue></Dial><Say>Goodbye</Say>',
    "/whisper": "<Say>Here comes an agent</Say>",
}
KEYS = {
    "1": '<Enqueue waitUrl="/wait" action="/left">support</Enqueue>',
    "2": ROOM,
    "3": (
        '<Dial action="/left"><Number statusCallback="/status" statusCallbackEvent="initiated '
        'ringing answered completed">+15125550121</Number><Number url="/whisper">+15125550122'
        "</Number></Dial>"
    ),
}


def play_everything(stage: Stage, slowness: float) -> bytes:
    """Queues, conferences, parallel legs and callbacks at once: every transcript, as bytes."""
    for path, document in DOCUMENTS.items():
        stage.app.on(path, document)
    stage.app.delays = dict.fromkeys(("/key", "/room", "/status", "/whisper"), slowness)
    stage.app.on("/key", lambda params: f"<Response>{KEYS[params['Digits']]}</Response>")
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE,
        voice_url=stage.app.url("/voice"),
        status_callback=stage.app.url("/status"),
    )
    net = stage.net
    net.switches(calls_per_second=0, signal_loss_seconds=3)
    phones = [
        net.phone("+15125550121", "Ana", on_ring={"answer_after": 2}),
        net.phone("+15125550122", "Lee", on_ring={"answer_after": 2}),
        net.phone("+15125550123", "Kim", on_ring="voicemail"),
    ]
    for index in range(9):
        key = str(1 + index % 3)
        script: list[dict[str, Any]] = [
            {"hears": "press a key", "wait": 0.5, "presses": key},
            {"wait": 20 + index},
        ]
        phones.append(net.phone(f"+151255501{1 + index:02d}", f"P{index}", script=script))
        phones[-1].dials(LINE)
    net.advance(6)
    url = stage.app.url("/agent")
    stage.client.calls.create(to="+15125550121", from_=LINE, url=url)
    stage.client.calls.create(to="+15125550123", from_=LINE, url=url)
    phones[4].says("Is this the meeting")
    people = stage.client.conferences.list()[0].participants
    people.list()[0].update(hold=True, hold_url=stage.app.url("/hold"))
    net.advance(5)
    phones[7].loses_signal()
    phones[4].says("They cannot hear me")
    people.list()[0].update(hold=False)
    net.advance(9)
    for phone in phones[3:]:
        if phone.state()["calls"]:
            phone.hangs_up()
    net.advance(30)
    feeds = [net.request("GET", f"parties/{phone.number}/transcript") for phone in phones]
    asked = [(r.path, sorted(r.params.items())) for r in stage.app.requests]
    return json.dumps([feeds, asked]).replace(stage.app.base, "").encode()


def test_by_hand_everything_is_the_same_byte_for_byte(
    new_stage: Callable[[], AbstractContextManager[Stage]],
) -> None:
    """Times and SIDs too, though the second application takes its time over every answer."""
    runs = []
    for slowness in (0.0, 0.02):
        with new_stage() as stage:
            runs.append(
                play_everything(stage, slowness).replace(stage.world.base_url.encode(), b"")
            )
    assert b"Here comes an agent" in runs[0]
    assert b"conference-start" in runs[0]
    assert b"signal_lost" in runs[0]
    assert runs[0] == runs[1]


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
    running.send_signal(number)
    assert running.wait(10) == 0


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
