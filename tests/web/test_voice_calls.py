"""Webhooks all the way down: a signed request, the call it moves, the database it is kept in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from router.app import create_app
from router.config import Settings
from router.demo.seed import Seeded, seed
from router.storage.database import make_sessions

SID = "CA" + "0a" * 16
CALLER = "+15125550160"


@dataclass
class Wire:
    """The web process on a seeded database, and a Twilio that signs."""

    engine: Engine
    settings: Settings
    seeded: Seeded
    client: FlaskClient
    failsafe_news: list[str]

    def post(self, path: str, token: str | None = None, **form: str) -> str:
        """Send a form of the caller's leg; what is answered."""
        sent = {"CallSid": SID, "To": self.line, "From": CALLER, "CallStatus": "in-progress"} | form
        secret = token or self.settings.twilio_auth_token.get_secret_value()
        url = f"{self.settings.public_url}{path}"
        headers = {"X-Twilio-Signature": RequestValidator(secret).compute_signature(url, sent)}
        response = self.client.post(path, data=sent, headers=headers)
        assert response.status_code in ({403} if token else {200, 204})
        return response.text

    @property
    def line(self) -> str:
        """The number the public dials."""
        return self.seeded.lines["direct"]

    def count(self, table: str) -> int:
        """Rows of a table."""
        with self.engine.connect() as connection:
            found = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - ours
            return int(found or 0)


@pytest.fixture
def wire(own_engine: Engine, settings: Settings, tmp_path: Path, failsafe_news: list[str]) -> Wire:
    """Austin's program and people, and the whole web process."""
    sessions = make_sessions(own_engine)
    changes = {"state_dir": tmp_path, "webhook_deadline_seconds": 1.0}
    aimed = settings.model_copy(update=changes)
    with sessions.begin() as session:
        seeded = seed(session, aimed)
    client = create_app(aimed, sessions).test_client()
    return Wire(own_engine, aimed, seeded, client, failsafe_news)


def next_path(document: str, point: str) -> str:
    """The path of the action that leads to `point`."""
    found = re.search(rf'action="https://switchback\.test(/voice/[^"#]*{point}[^"#]*)', document)
    assert found is not None, document
    return found.group(1)


def test_in1_a_caller_is_asked_and_each_answer_leads_on(wire: Wire) -> None:
    first = wire.post("/voice/inbound", CallStatus="ringing")
    assert "<Gather" in first
    second = wire.post(next_path(first, "keyed"), Digits="1")
    assert "<Gather" in second
    assert next_path(second, "keyed") != next_path(first, "keyed")
    assert wire.count("calls") == 1


def test_law_5_a_repeated_request_gets_the_same_answer_and_does_nothing_twice(wire: Wire) -> None:
    first = wire.post("/voice/inbound")
    assert wire.post("/voice/inbound") == first
    keyed = next_path(first, "keyed")
    second = wire.post(keyed, Digits="1")
    written = wire.count("timeline")
    assert wire.post(keyed, Digits="1") == second
    assert wire.post(keyed, Digits="2") == second
    assert (wire.count("calls"), wire.count("timeline")) == (1, written)


def test_se1_an_unsigned_call_leaves_no_trace(wire: Wire) -> None:
    wire.post("/voice/inbound", token="f" * 32)
    assert [wire.count(table) for table in ("calls", "legs", "timeline", "receipts")] == [0] * 4


def test_a_number_nobody_publishes_is_put_through_to_911(wire: Wire) -> None:
    with capture_logs():
        said = wire.post("/voice/inbound", To="+15125550199")
    assert f"<Number>{next(iter(wire.seeded.outside_lines.values()))}</Number>" in said
    assert wire.count("calls") == 0


@pytest.mark.parametrize("point", ["keyed/1", "wait", "queue-left/1", "room-left/1/1", "ask"])
def test_law_5_a_leg_nobody_knows_ends_with_a_person(wire: Wire, point: str) -> None:
    with capture_logs():
        said = wire.post(f"/voice/caller/bcdfghjkmnpq-1/{point}")
    assert "<Dial" in said or "?hold=" in said


def test_a_caller_who_hangs_up_is_known_to_be_gone(wire: Wire) -> None:
    wire.post("/voice/inbound")
    assert wire.post("/voice/inbound/status", CallStatus="completed") == ""
    with wire.engine.connect() as connection:
        assert connection.scalar(text("SELECT place FROM legs")) == "ended"


def test_law_3_a_call_that_somebody_else_holds_is_not_waited_for(wire: Wire) -> None:
    first = wire.post("/voice/inbound")
    keyed = next_path(first, "keyed")
    with wire.engine.connect() as other, capture_logs():
        other.execute(text("SELECT id FROM calls FOR UPDATE"))
        said = wire.post(keyed, Digits="1")
    assert "<Dial" in said
    assert [f"/voice/caller/{leg}/" in keyed for leg in wire.failsafe_news] == [True]
    assert "<Gather" in wire.post(keyed, Digits="1")  # nothing was written: it counts as new


def test_a_page_nobody_knows_is_apologised_for(wire: Wire) -> None:
    with capture_logs():
        assert wire.post("/voice/team/0123456789abcdef/answered").endswith("<Hangup /></Response>")
        assert wire.post("/voice/team/0123456789abcdef/keyed/1", Digits="1").endswith("</Response>")
        assert wire.post("/voice/team/0123456789abcdef/status", CallStatus="completed") == ""


def test_a_text_from_a_stranger_is_not_answered(wire: Wire) -> None:
    answer = wire.post("/sms/inbound", MessageSid="SM1", Body="hello", From="+15125550190")
    assert answer == '<?xml version="1.0" encoding="UTF-8"?><Response />'
    assert wire.post("/sms/status/0123456789abcdef", MessageStatus="sent", MessageSid="SM1") == ""
    assert wire.post("/sms/status/0123456789abcdef", MessageStatus="odd") == ""


def test_di1_a_responders_text_is_answered_in_words(wire: Wire) -> None:
    responder = wire.seeded.responders[0].number
    answer = wire.post("/sms/inbound", MessageSid="SM2", Body="1", From=responder)
    assert "<Message>" in answer
