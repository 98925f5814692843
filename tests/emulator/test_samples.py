"""Applications written from Twilio's documentation alone run here as they would there.

They know nothing of this emulator; only the address of the REST API is theirs to be told. Each test
ends with an empty debugger log: nothing of theirs was misunderstood.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from twilio.rest import Client

from router.emulator.client import Network, Phone
from router.emulator.clock import Clock
from router.emulator.server import Server
from router.emulator.world import World
from tests.emulator.conftest import ACCOUNT, TOKEN, Thread

SAMPLES = Path(__file__).with_name("samples")
TREE, TRANSFER, QUEUE, AGENTS = (f"+1512555010{n}" for n in range(4))
START_SECONDS = 90  # on a busy machine
DEADLINE = "a sample application did not start"


@dataclass
class Samples:
    """The network, and the three applications behind its numbers."""

    net: Network
    urls: dict[str, str]

    def phone(self, number: str, name: str, on_ring: str = "answer") -> Phone:
        return self.net.phone(number, name, on_ring=on_ring)

    def caller(self, to: str, name: str = "Sam", number: str = "+15125550120") -> Phone:
        phone = self.phone(number, name)
        phone.dials(to)
        self.net.advance(0)
        return phone

    def asked(self, phone: Phone | None = None) -> list[str]:
        """The paths of the webhooks in order, all of them or those about one phone's calls."""
        calls = {entry["call"] for entry in phone.transcript()} if phone else set()
        return [
            _short(hook["url"])
            for hook in self.net.webhooks()
            if phone is None or hook["call_sid"] in calls
        ]

    def told(self, phone: Phone) -> list[str]:
        """What happened at a phone, in short."""
        return [
            f"{e['kind']} {e.get('text') or e.get('digits') or ' '.join(e.get('with', []))}".strip()
            for e in phone.transcript()
            if e["kind"] not in ("ringing", "answered", "dialled", "ringback", "silence")
        ]


def _short(url: str) -> str:
    """A path without the SIDs in it."""
    return "/".join(p if not p.startswith("CA") else "*" for p in urlsplit(url).path.split("/"))


@pytest.fixture(scope="module")
def running(thread: Thread) -> Iterator[Samples]:
    async def start() -> Server:
        world = World(ACCOUNT, TOKEN, Clock("manual"), seed=1)
        world.switches.calls_per_second = 0
        server = Server(world)
        await server.start()
        return server

    server = thread.run(start())
    base = server.world.base_url
    environment = os.environ | {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_NUMBER": TRANSFER,
        "TWILIO_API_BASE_URL": base,
    }
    ports = {name: _free_port() for name in ("phone_tree", "warm_transfer", "call_queue")}
    with ExitStack() as processes:
        for name, port in ports.items():
            command = [sys.executable, "-m", "gunicorn", f"{name}:app", f"--bind=127.0.0.1:{port}"]
            command += ["--threads=4", f"--chdir={SAMPLES}", "--log-level=error"]
            if name == "phone_tree":  # some only ever use Flask's own server
                command = [sys.executable, "-m", "flask", f"--app={SAMPLES / name}", "run"]
                command.append(f"--port={port}")
            silent = subprocess.DEVNULL
            process = subprocess.Popen(command, env=environment, stdout=silent, stderr=silent)
            processes.enter_context(process)
            processes.callback(process.terminate)
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        for port in ports.values():
            _await_port(port)
        _point_numbers(base, urls)
        yield Samples(Network(base, steps_time=True), urls)
    thread.run(server.stop())


def _free_port() -> int:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


def _await_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, DEADLINE
            time.sleep(0.05)
        else:
            return


def _point_numbers(base: str, urls: dict[str, str]) -> None:
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = base
    for number, url in (
        (TREE, urls["phone_tree"] + "/welcome"),
        (TRANSFER, urls["warm_transfer"] + "/calls"),
        (QUEUE, urls["call_queue"] + "/voice"),
        (AGENTS, urls["call_queue"] + "/agent"),
    ):
        client.incoming_phone_numbers.create(phone_number=number, voice_url=url)
    client.http_client.session.close()


@pytest.fixture
def samples(running: Samples) -> Iterator[Samples]:
    yield running
    entries = running.net.debugger()
    problems = [e for e in running.net.events() if e["kind"] == "emulator_error"]
    running.net.reset()
    assert (entries, problems) == ([], [])


def test_phone_tree_to_an_extension_and_back(samples: Samples) -> None:
    kim = samples.phone("+15125550141", "Kim")
    sam = samples.caller(TREE)
    sam.hears("press 2")
    sam.presses("7")  # not a choice
    sam.hears("not one of the choices")
    sam.hears("opening hours, press 1")
    sam.presses("2")  # while it is still speaking
    sam.hears("extension")
    sam.presses("999")
    sam.hears("no such extension")
    sam.hears("Enter the three digits")
    sam.presses("*#")
    sam.hears("Thank you for calling Blue Kettle")
    sam.presses("2")
    sam.hears("Enter the three digits")
    sam.presses("101")
    sam.hears("Calling extension 101")
    kim.rings()
    sam.is_talking_with("Kim")
    sam.says("Is the kettle ready")
    kim.hears("Is the kettle ready")
    kim.hangs_up()
    sam.hears("Thank you for calling. Goodbye.", within=10)
    sam.is_hung_up()
    lost = "/welcome /menu /welcome /menu /people /extension /people /extension /welcome"
    assert samples.asked(sam) == [*lost.split(), "/menu", "/people", "/extension", "/dialed"]
    assert samples.told(kim) == ["talking_with Sam", "speech Is the kettle ready", "hangup"]


def test_phone_tree_for_somebody_who_does_nothing_and_then_asks_for_the_hours(
    samples: Samples,
) -> None:
    sam = samples.caller(TREE)
    sam.hears("We did not get a key", within=20)
    sam.hears("press 1")
    sam.presses("1")
    sam.hears("nine to five")
    sam.is_hung_up(within=10)
    assert samples.asked() == ["/welcome", "/welcome", "/menu"]
    assert samples.told(sam) == [
        "say Thank you for calling Blue Kettle. For our opening hours, press 1.",
        "say To speak to somebody, press 2.",
        "say We did not get a key.",
        "say Thank you for calling Blue Kettle. For our opening hours, press 1.",
        "pressed 1",
        "say We are open from nine to five on working days. Goodbye.",
        "hangup",
    ]


@pytest.mark.parametrize("on_ring", ["busy", "decline", "no_answer"])
def test_phone_tree_when_nobody_is_at_the_extension(samples: Samples, on_ring: str) -> None:
    samples.phone("+15125550142", "Lee", on_ring)
    sam = samples.caller(TREE)
    sam.presses("2")
    sam.hears("Enter the three digits")
    sam.presses("102")
    sam.hears("Nobody is there just now", within=30)
    sam.hears("Enter the three digits")
    sam.hangs_up()
    samples.net.advance(0)
    assert samples.asked(sam)[-2:] == ["/dialed", "/people"]


def test_a_warm_transfer_between_two_clients(samples: Samples) -> None:
    ana = samples.phone("client:agent1", "Ana")
    ben = samples.phone("client:agent2", "Ben", "manual")
    sam = samples.caller(TRANSFER)
    sam.hears("An agent will be with you shortly")
    sam.is_talking_with("Ana")
    answer = requests.post(samples.urls["warm_transfer"] + "/agents/agent1/transfer", timeout=10)
    assert answer.status_code == 204
    ben.rings()
    ben.answers()
    ben.is_talking_with("Ana")
    ana.says("This is Sam about a kettle")
    ben.hears("about a kettle")
    sam.hears("about a kettle")
    ana.hangs_up()
    samples.net.advance(2)
    sam.is_talking_with("Ben")
    ben.hangs_up()
    sam.hears("The conversation is over", within=10)
    sam.is_hung_up()
    events = [
        (hook["params"]["StatusCallbackEvent"], hook["params"].get("ParticipantLabel", ""))
        for hook in samples.net.webhooks()
        if hook["kind"] == "conference"
    ]
    assert events == [
        ("participant-join", "customer"),
        ("participant-join", "agent1"),
        ("conference-start", ""),
        ("participant-join", "agent2"),
        ("participant-leave", "agent1"),
        ("participant-leave", "agent2"),
        ("participant-leave", "customer"),
        ("conference-end", ""),
    ]
    # The first agent left at their own key; what they heard is the whole of the introduction.
    assert samples.told(ana) == [
        "talking_with Sam",
        "talking_with Sam Ben",
        "said This is Sam about a kettle",
        "hangup",
    ]


def test_the_first_agent_hanging_up_alone_ends_it_for_the_customer(samples: Samples) -> None:
    ana = samples.phone("client:agent1", "Ana")
    sam = samples.caller(TRANSFER)
    sam.is_talking_with("Ana")
    ana.hangs_up()
    sam.hears("The conversation is over", within=10)
    sam.is_hung_up()


def test_a_customer_who_gives_up_before_the_agent_answers(samples: Samples) -> None:
    ana = samples.phone("client:agent1", "Ana", "manual")
    sam = samples.caller(TRANSFER)
    sam.hears("An agent will be with you shortly")
    ana.rings()
    sam.hangs_up()
    samples.net.advance(1)
    ana.answers()  # into a new conference of that name, alone, hearing its wait document
    ana.hears("An agent will be with you shortly")
    ana.hangs_up()


def test_the_queue_tells_the_place_and_connects_in_order(samples: Samples) -> None:
    sam = samples.caller(QUEUE)
    sam.hears("Welcome to support")
    sam.hears("You are number 1 in line")
    kim = samples.caller(QUEUE, "Kim", "+15125550121")
    kim.hears("You are number 2 in line")
    kim.presses("5")
    kim.hears("Please stay on the line")
    ana = samples.caller(AGENTS, "Ana", "+15125550130")
    sam.hears("You will now be connected")
    sam.is_talking_with("Ana")
    kim.hears("You are number 1 in line", within=20)
    ana.presses("*")  # done with this one
    sam.is_hung_up()
    ana.hears("One moment for the next one")
    kim.is_talking_with("Ana", within=20)
    kim.hangs_up()
    ana.hears("One moment for the next one")
    ana.hangs_up()
    samples.net.advance(1)
    assert samples.asked(sam)[:2] == ["/voice", "/wait"]
    assert samples.asked(sam)[-2:] == ["/connecting", "/left"]
    results = [
        hook["params"]["QueueResult"]
        for hook in samples.net.webhooks()
        if _short(hook["url"]) == "/left"
    ]
    assert results == ["bridged", "bridged"]


def test_leaving_the_queue_for_a_message(samples: Samples) -> None:
    sam = samples.caller(QUEUE)
    sam.hears("Press 1 to leave a message")
    sam.presses("1")
    sam.hears("Leave a message after the beep")
    samples.net.advance(8)
    sam.says("My kettle does not boil")
    samples.net.advance(2)
    sam.presses("#")
    sam.hears("Your message of")
    sam.is_hung_up(within=10)
    assert samples.asked(sam) == ["/voice", "/wait", "/key", "/left", "/recorded"]
    assert samples.told(sam)[-6:] == [
        "say Leave a message after the beep, and press pound when you are done.",
        "beep",
        "said My kettle does not boil",
        "pressed #",
        "say Thank you. Your message of 5 seconds is kept.",
        "hangup",
    ]


def test_a_message_that_nobody_speaks(samples: Samples) -> None:
    sam = samples.caller(QUEUE)
    sam.hears("Press 1")
    sam.presses("1")
    sam.hears("We did not hear a message", within=20)
    sam.is_hung_up()
    assert samples.asked(sam) == ["/voice", "/wait", "/key", "/left"]
