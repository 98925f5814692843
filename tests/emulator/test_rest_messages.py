"""Texts by REST: schedules, redaction, segments, filters, and where those to a number go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from router.emulator.messages import count_segments
from tests.emulator.conftest import LINE, Stage
from tests.emulator.test_rest import refused

ANA, LEE = "+15125550102", "+15125550103"
SERVICE = "MG" + "0" * 32


def ahead(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def schedule(stage: Stage, send_at: datetime | None, **options: Any) -> Any:  # noqa: ANN401 - of an untyped client
    options = {"messaging_service_sid": SERVICE, "schedule_type": "fixed"} | options
    url = stage.app.url("/status")
    return stage.client.messages.create(
        to=ANA, body="Later", send_at=send_at, status_callback=url, **options
    )


def test_a_scheduled_text_is_sent_when_it_is_due(stage: Stage) -> None:
    stage.line()
    ana = stage.net.phone(ANA, "Ana")
    message = schedule(stage, ahead(600))
    assert (message.status, message.messaging_service_sid) == ("scheduled", SERVICE)
    stage.net.advance(500)
    assert stage.client.messages(message.sid).fetch().date_sent is None
    stage.net.advance(200)
    ana.texted("Later")
    told = stage.app.to("/status")
    assert [p["MessageStatus"] for p in told] == ["queued", "sent", "delivered"]
    assert {p["MessagingServiceSid"] for p in told} == {SERVICE}


def test_a_scheduled_text_can_be_called_off(stage: Stage) -> None:
    stage.line()
    ana = stage.net.phone(ANA, "Ana")
    message = schedule(stage, ahead(600))
    assert message.update(status="canceled").status == "canceled"
    stage.net.advance(700)
    assert [entry for entry in ana.transcript() if entry["kind"] == "sms"] == []
    assert refused(message.update, status="canceled") == (409, 20409)


@pytest.mark.parametrize(
    ("seconds", "options", "code"),
    [
        (299, {}, 35114),
        (36 * 86_400, {}, 35114),
        (None, {}, 35111),
        (600, {"messaging_service_sid": "", "from_": LINE}, 35118),
        (600, {"schedule_type": "soon"}, 35126),
        (600, {"messaging_service_sid": "MG1"}, 21701),
    ],
)
def test_schedules_twilio_does_not_take(
    stage: Stage, seconds: float | None, options: dict[str, str], code: int
) -> None:
    stage.line()
    moment = None if seconds is None else ahead(seconds)
    assert refused(schedule, stage, moment, **options) == (400, code)
    assert stage.client.messages.list() == []


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),  # of the extended alphabet: two places each
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("\N{GRINNING FACE}" * 35, 1),
        ("\N{GRINNING FACE}" * 36, 2),
    ],
)
def test_segments(body: str, segments: int) -> None:
    assert count_segments(body) == segments


def test_a_text_is_redacted_and_deleted(stage: Stage) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana")
    message = stage.client.messages.create(to=ANA, from_=LINE, body="A secret")
    assert refused(message.delete) == (409, 20009)
    stage.net.advance(1)
    assert refused(message.update, body="Another") == (400, 20001)
    assert message.update(body="").body == ""
    assert message.fetch().body == ""
    assert message.delete()
    assert refused(message.fetch) == (404, 20404)


def test_filters(stage: Stage) -> None:
    stage.line()
    for number in (ANA, LEE):
        stage.net.phone(number)
        stage.client.messages.create(to=number, from_=LINE, body="Hello")
    stage.net.advance(1)
    messages = stage.client.messages
    sent = messages.list(to=ANA)[0].date_sent
    assert [m.to for m in messages.list(to=ANA, from_=LINE)] == [ANA]
    assert len(messages.list(date_sent_after=sent, date_sent_before=sent)) == 2
    assert messages.list(date_sent_before=sent - timedelta(hours=1)) == []
    assert [m.error_message for m in messages.list()] == [None, None]


def test_attachments_are_counted(stage: Stage) -> None:
    stage.line()
    create, picture = stage.client.messages.create, "http://127.0.0.1:1/a.png"
    message = create(to=ANA, from_=LINE, media_url=[picture, picture])
    assert (message.num_media, message.body) == ("2", "")
    assert refused(create, to=ANA, from_=LINE, media_url=[picture] * 11) == (400, 21623)


def test_an_application_answers_texts_of_its_numbers(stage: Stage) -> None:
    stage.app.on("/texts", "<Response><Message>Of the application</Message></Response>")
    application = stage.client.applications.create(
        friendly_name="texts",
        sms_url=stage.app.url("/texts"),
        message_status_callback=stage.app.url("/status"),
    )
    stage.line(sms_url=stage.app.url("/own"), sms_application_sid=application.sid)
    ana = stage.net.phone(ANA, "Ana")
    ana.texts(LINE, "Hello")
    ana.texted("Of the application")
    assert stage.app.to("/own") == []
    reply = stage.client.messages.list(to=ANA)[0]
    assert reply.direction == "outbound-reply"
    stage.client.messages.create(to=ANA, from_=LINE, body="Hello", application_sid=application.sid)
    stage.net.advance(1)
    assert [p["MessageStatus"] for p in stage.app.to("/status")] == ["sent", "delivered"]
