"""RE5: the whole application dies, and callers reach 911 by a document hosted elsewhere.

The application is real, on a database of its own, and is shut down while people are on the phone;
the carrier is the emulator, by hand-driven time; the document stands on another server.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import Engine
from werkzeug.serving import BaseWSGIServer, make_server

from router.app import create_app
from router.config import Settings
from router.emulator.client import Phone
from router.programs.reading import read_file
from router.services.apply_input import Exchange
from router.services.carry_out import Outgoing, carry_out, claim_commands
from router.services.check_numbers import check_numbers, claim_numbers, print_fallback
from router.services.publish_program import publish_program
from router.storage import people, presence
from router.storage.database import Sessions, make_sessions
from router.storage.people import Person
from router.telephony.rest import Carrier
from router.telephony.static_fallback import FallbackLine, fallback_document
from router.telephony.urls import Urls
from tests.emulator.conftest import ACCOUNT, TOKEN, Stage, app, stage, thread
from tests.web.stage import ALL_DAY, AUSTIN

__all__ = ["app", "stage", "thread"]

DIRECT = "+15125550100"
PRIORITY, GENERAL = "+15125550110", "+15125550112"
HOSTED = "/austin.xml"
TROUBLE = "technical problem"
QUESTIONS = ("english", "danger", "about yourself", "overwhelmed", "zip")
GIVEN_UP_SECONDS = 30  # an address that refuses, tried twice, and a sentence in two languages


class Site:
    """The application on a port that it can be taken off."""

    def __init__(self) -> None:
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self, application: Flask) -> None:
        self._server.app = application
        self._thread.start()

    def dies(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(10)
        self._server.server_close()


@dataclass
class Town:
    """The network, the application, the document elsewhere, and who is on the phone."""

    net: Stage
    site: Site
    sessions: Sessions
    carrier: Carrier
    static_url: str
    last_line: Phone
    clinician: Phone

    @property
    def urls(self) -> Urls:
        return Urls(self.site.url)

    def dials(self, number: str, name: str) -> Phone:
        caller = self.net.net.phone(number, name)
        caller.dials(DIRECT)
        self.net.net.advance(0)
        return caller

    def carries_out(self, outgoing: Outgoing | None = None) -> None:
        """What the switchboard would, once."""
        exchange = Exchange(self.sessions, self.urls)
        outgoing = outgoing or Outgoing(exchange, self.carrier, "tests", ACCOUNT, 50.0)
        claimed = claim_commands(outgoing, 8, 8)
        for row in (*claimed.urgent, *claimed.others):
            carry_out(outgoing, row)
        self.net.net.advance(0)

    def problems(self) -> list[str]:
        checks = check_numbers(self.sessions, self.carrier, self.urls, self.static_url, ["austin"])
        return [problem for one in checks for problem in one.problems]


@pytest.fixture
def town(
    settings: Settings, own_engine: Engine, tmp_path: Path, stage: Stage, failsafe_news: list[str]
) -> Iterator[Town]:
    with a_town(settings, own_engine, tmp_path, stage) as town:
        yield town


@contextmanager
def a_town(settings: Settings, engine: Engine, state_dir: Path, net: Stage) -> Iterator[Town]:
    """Austin, in force and served, with its numbers claimed and its document hosted."""
    site = Site()
    settings = settings.model_copy(
        update={
            "public_url": site.url,
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": SecretStr(TOKEN),
            "state_dir": state_dir,
        }
    )
    sessions = make_sessions(engine)
    document = read_file(AUSTIN)
    publish_program(sessions, document, published_by="tests", state_dir=state_dir)
    site.start(create_app(settings, sessions))
    for line in document.lines.values():
        net.client.incoming_phone_numbers.create(phone_number=str(line.number))
    net.app.on(HOSTED, print_fallback(sessions, "austin"))
    static_url = net.app.url("/{program}.xml")
    carrier = Carrier(ACCOUNT, TOKEN, Urls(site.url), base_url=net.world.base_url)
    claimed = claim_numbers(sessions, carrier, Urls(site.url), static_url, ["austin"])
    assert [one.problems for one in claimed] == [()] * len(document.lines)
    net.net.phone(PRIORITY, "911 priority", on_ring={"answer_after": 1}, lines=9)
    net.net.phone("+15125550111", "911 second", on_ring="busy")
    last_line = net.net.phone(GENERAL, "911 general")
    ada = Person("ada", "austin", "Ada", "+15125550120", ("clinician",), ("en",))
    with sessions.begin() as session:
        people.save_person(session, ada)
        people.set_desks(session, "austin", "ada", ["clinicians"])
        people.add_shift(session, "austin", "clinicians", "ada", ALL_DAY)
        presence.sign_on(session, "ada", datetime.now(UTC))
    clinician = net.net.phone("+15125550120", "Ada")
    try:
        yield Town(net, site, sessions, carrier, static_url, last_line, clinician)
    finally:
        site.dies()
        carrier.close()


def screened(town: Town, number: str, name: str, *keys: str) -> Phone:
    """A caller who has answered the first questions, and then presses these."""
    caller = town.dials(number, name)
    for heard, key in zip(QUESTIONS, keys, strict=False):
        caller.hears(heard, within=30)
        caller.presses(key)
    return caller


def connected(town: Town) -> Phone:
    """A caller who talks with the clinician."""
    caller = screened(town, "+15125550180", "Connie", "1", "2", "1", "1", "78701#")
    town.carries_out()
    town.clinician.rings(within=30)
    town.clinician.answers()
    town.clinician.hears("press 1", within=30)
    town.clinician.presses("1")
    town.net.net.advance(5)
    town.carries_out()
    caller.is_talking_with("Ada", within=30)
    return caller


def test_re5_with_everything_down_callers_reach_911_by_the_document_elsewhere(town: Town) -> None:
    talking = connected(town)
    waiting = screened(town, "+15125550181", "Wanda", "1", "2", "0")
    waiting.hears("calling 9 1 1 for you", within=30)
    assert town.problems() == []

    town.site.dies()
    new = town.dials("+15125550182", "Nell")
    new.hears(TROUBLE, within=GIVEN_UP_SECONDS)
    waiting.hears(TROUBLE, within=GIVEN_UP_SECONDS)
    for caller in (new, waiting):
        caller.is_talking_with("911 priority", within=GIVEN_UP_SECONDS)
    talking.is_talking_with("Ada", within=1)
    town.clinician.hangs_up()
    talking.hears(TROUBLE, within=GIVEN_UP_SECONDS)
    talking.is_talking_with("911 priority", within=GIVEN_UP_SECONDS)


def test_re5_the_document_elsewhere_rings_on_until_somebody_answers(town: Town) -> None:
    town.site.dies()
    town.net.net.phone(PRIORITY, "911 priority", on_ring="busy")
    caller = town.dials("+15125550182", "Nell")
    for _ in range(2):  # the priority and second lines are busy, the general one is not heard
        town.last_line.rings(within=120)
        town.last_line.declines()
    caller.hears("call 9 1 1 again", within=60)
    town.last_line.rings(within=120)
    town.last_line.answers()
    caller.is_talking_with("911 general", within=5)
    town.last_line.hangs_up()  # 911 has closed the line, and the caller stays
    caller.hears("still need help", within=60)
    town.last_line.rings(within=120)
    assert not [one for one in caller.transcript() if one["kind"] == "hangup"]


def test_re5_the_check_tells_what_would_keep_callers_from_911(town: Town) -> None:
    number = next(
        one for one in town.net.client.incoming_phone_numbers.list() if one.phone_number == DIRECT
    )
    number.update(voice_fallback_url="http://elsewhere.test/", status_callback="")
    assert town.problems() == [
        "fallback address is http://elsewhere.test/",
        "status callback is empty",
    ]
    town.net.app.on(HOSTED, "<Response><Dial>+15125550112</Dial></Response>")
    assert town.problems()[2:] == ["does not begin anew at its end"]
    other = fallback_document([FallbackLine("+15125550177", 20)], DIRECT)
    town.net.app.on(HOSTED, other)
    assert town.problems()[2:] == ["does not dial the lines of 911 that are published"]
    town.net.app.on(HOSTED, (404, ""))
    assert town.problems()[2:] == ["is answered with HTTP 404"]
    town.net.app.on(HOSTED, lambda _: web.Response(text=other, content_type="text/plain"))
    assert town.problems()[2].startswith("is served as text/plain")
    town.static_url = "http://127.0.0.1:9/{program}.xml"
    assert town.problems()[-1].startswith("cannot be fetched")
    town.static_url = ""
    assert town.problems()[-1].startswith("is hosted nowhere")
