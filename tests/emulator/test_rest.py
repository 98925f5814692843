"""The REST API by twilio-python: refusals, filters, pages, limits and texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage

ANA, LEE = "+15125550102", "+15125550103"


def refused(work: Callable[..., object], *args: object, **options: object) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as error:
        work(*args, **options)
    return error.value.status, error.value.code


def test_authentication(stage: Stage) -> None:
    stranger = Client(ACCOUNT, "wrong")
    stranger.api.base_url = stage.world.base_url
    assert refused(stranger.calls("CA0").fetch) == (401, 20003)
    other = Client("AC" + "9" * 32, TOKEN)
    other.api.base_url = stage.world.base_url
    assert refused(other.calls("CA0").fetch) == (401, 20003)
    for client in (stranger, other):
        client.http_client.session.close()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": "", "from_": LINE}, 21201),
        ({"to": ANA, "from_": ""}, 21213),
        ({"to": "abc", "from_": LINE}, 21211),
        ({"to": ANA, "from_": LEE}, 21212),
        ({"to": ANA, "from_": LINE, "url": "nonsense"}, 21205),
        ({"to": ANA, "from_": LINE, "url": ""}, 21205),
        ({"to": ANA, "from_": LINE, "timeout": 999}, 21208),
        ({"to": ANA, "from_": LINE, "machine_detection": "Perhaps"}, 21234),
        ({"to": ANA, "from_": LINE, "send_digits": "hello"}, 21206),
        ({"to": ANA, "from_": LINE, "method": "PUT"}, 21209),
        ({"to": ANA, "from_": LINE, "status_callback": "nonsense"}, 21609),
        (
            {
                "to": ANA,
                "from_": LINE,
                "status_callback": "http://127.0.0.1:1/x",
                "status_callback_event": ["answered", "in-progress"],
            },
            21626,
        ),
    ],
)
def test_calls_twilio_refuses(stage: Stage, options: dict[str, Any], code: int) -> None:
    stage.line()
    assert refused(stage.client.calls.create, **{"url": stage.app.url("/x"), **options}) == (
        400,
        code,
    )
    assert stage.client.calls.list() == []


def test_errors_have_twilios_shape(stage: Stage) -> None:
    url = f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Calls/CA{'0' * 32}.json"
    answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5)
    assert answer.status_code == 404
    body = answer.json()
    assert body["code"] == 20404
    assert body["status"] == 404
    assert body["more_info"] == "https://www.twilio.com/docs/errors/20404"
    nothing = requests.get(url.replace("Calls", "Nonsense"), auth=(ACCOUNT, TOKEN), timeout=5)
    assert nothing.json()["code"] == 20404


def place(stage: Stage, to: str = ANA, **options: object) -> CallInstance:
    options.setdefault("twiml", "<Response><Say>Hello</Say></Response>")
    return stage.client.calls.create(to=to, from_=LINE, **options)


def test_rest_calls_are_released_in_order_one_a_second(stage: Stage) -> None:
    stage.line()
    numbers = [f"+1512555012{n}" for n in range(4)]
    phones = [stage.net.phone(number) for number in numbers]
    for number in numbers:
        place(stage, number)
    stage.net.advance(0)
    assert [bool(phone.transcript()) for phone in phones] == [True, False, False, False]
    stage.net.advance(1)
    assert [bool(phone.transcript()) for phone in phones] == [True, True, False, False]
    stage.net.advance(2)
    rung = [phone.transcript()[0]["at"] for phone in phones]
    assert [round(at - rung[0]) for at in rung] == [0, 1, 2, 3]
    assert stage.client.calls.list(to=numbers[3])[0].queue_time == "3000"


def test_a_call_canceled_while_queued_says_nothing(stage: Stage) -> None:
    stage.line()
    place(stage)
    events = ["initiated", "ringing", "answered", "completed"]
    url = stage.app.url("/status")
    second = place(stage, LEE, status_callback=url, status_callback_event=events)
    second.update(status="canceled")
    stage.net.advance(5)
    assert stage.client.calls(second.sid).fetch().status == "canceled"
    assert stage.app.to("/status") == []
    assert [ring["number"] for ring in stage.net.unexpected_rings()] == [ANA]


def test_canceling_and_completing(stage: Stage) -> None:
    stage.line()
    ana = stage.net.phone(ANA, "Ana")
    call = place(stage, twiml="<Response><Pause length='60'/></Response>")
    stage.net.advance(0)
    ana.answers()
    assert refused(stage.client.calls(call.sid).update, status="canceled") == (400, 21220)
    assert stage.client.calls(call.sid).update(status="completed").status == "completed"
    ana.is_hung_up()


def test_a_ringing_call_takes_its_new_document_when_answered(stage: Stage) -> None:
    stage.line()
    stage.app.on("/new", "<Say>The new document</Say>")
    ana = stage.net.phone(ANA, "Ana")
    call = place(stage)
    stage.net.advance(0)
    stage.client.calls(call.sid).update(url=stage.app.url("/new"))
    ana.answers()
    ana.hears("The new document")
    assert "say Hello" not in stage.transcript(ana)


def test_filters(stage: Stage) -> None:
    stage.line("<Dial>+15125550102</Dial>")
    stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    calls = stage.client.calls
    parent = calls.list(to=LINE)[0]
    child = calls.list(parent_call_sid=parent.sid)[0]
    assert child.to == ANA
    assert {c.sid for c in calls.list(status="in-progress")} == {parent.sid, child.sid}
    assert calls.list(from_="+15125550199") == []
    today, tomorrow = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    assert len(calls.list(start_time_after=today.date())) == 2
    assert calls.list(start_time_after=tomorrow.date()) == []


def test_pages(stage: Stage) -> None:
    for number in range(7):
        stage.client.queues.create(friendly_name=f"queue {number}")
    assert len(stage.client.queues.list(page_size=3)) == 7
    page = stage.client.queues.page(page_size=3)
    assert [q.friendly_name for q in page] == ["queue 0", "queue 1", "queue 2"]
    second = page.next_page()
    assert [q.friendly_name for q in second] == ["queue 3", "queue 4", "queue 5"]
    third = second.next_page()
    assert [q.friendly_name for q in third] == ["queue 6"]
    assert third.next_page() is None
    url = f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Queues.json?PageSize=2000"
    answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, 20007)


def test_another_own_number_runs_its_own_document(stage: Stage) -> None:
    stage.line()
    stage.app.on("/desk", '<Gather numDigits="1" action="/pressed"><Say>The desk</Say></Gather>')
    stage.client.incoming_phone_numbers.create(
        phone_number="+15125550190", voice_url=stage.app.url("/desk")
    )
    place(stage, "+15125550190", twiml="<Response><Play digits='5'/><Pause length='9'/></Response>")
    stage.net.advance(3)
    assert stage.app.to("/pressed")[0]["Digits"] == "5"
    assert len(stage.client.calls.list(to="+15125550190")) == 2
    stage.net.advance(20)
    assert {c.status for c in stage.client.calls.list()} == {"completed"}


def test_incoming_phone_numbers(stage: Stage) -> None:
    stage.line(friendly_name="The line")
    number = stage.client.incoming_phone_numbers.list(phone_number=LINE)[0]
    assert (number.friendly_name, number.voice_method) == ("The line", "POST")
    changed = number.update(voice_url=stage.app.url("/new"), voice_method="GET")
    assert (changed.voice_url, changed.voice_method) == (stage.app.url("/new"), "GET")
    assert refused(stage.client.incoming_phone_numbers.create, phone_number=LINE) == (400, 21422)
    assert refused(stage.client.incoming_phone_numbers.create, phone_number="x") == (400, 21421)
    assert number.delete()
    assert stage.client.incoming_phone_numbers.list() == []


def test_a_client_calls_through_its_application(stage: Stage) -> None:
    stage.app.on("/app", "<Say>Hello clinician</Say>")
    stage.client.applications.create(friendly_name="console", voice_url=stage.app.url("/app"))
    ana = stage.net.phone("client:ana", "Ana")
    ana.dials("desk", params={"offer": "7"})
    ana.hears("Hello clinician")
    assert stage.app.to("/app")[0] | {"offer": "7", "From": "client:ana"} == stage.app.to("/app")[0]


@pytest.mark.parametrize(("behaviour", "by"), [("answer", "human"), ("voicemail", "machine_start")])
def test_answering_machine_detection(stage: Stage, behaviour: str, by: str) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring=behaviour)
    call = place(stage, url=stage.app.url("/x"), machine_detection="Enable")
    stage.net.advance(1)
    assert stage.app.to("/x") == []
    stage.net.advance(2)
    assert stage.app.to("/x")[0]["AnsweredBy"] == by
    assert stage.client.calls(call.sid).fetch().answered_by == by


def test_texts_both_ways(stage: Stage) -> None:
    stage.line(sms_url=stage.app.url("/sms"))
    stage.app.on("/sms", "<Response><Message>Thank you</Message></Response>")
    ana = stage.net.phone(ANA, "Ana")
    message = stage.client.messages.create(
        to=ANA, from_=LINE, body="Please call", status_callback=stage.app.url("/status")
    )
    assert (message.status, message.direction) == ("queued", "outbound-api")
    ana.texted("Please call")
    assert [p["MessageStatus"] for p in stage.app.to("/status")] == ["sent", "delivered"]
    assert stage.client.messages(message.sid).fetch().status == "delivered"
    ana.texts(LINE, "On my way")
    ana.texted("Thank you")
    assert stage.app.to("/sms")[0]["Body"] == "On my way"
    assert stage.app.to("/sms")[0]["NumSegments"] == "1"


def test_texts_that_do_not_arrive(stage: Stage) -> None:
    stage.line()
    url = stage.app.url("/status")
    stage.client.messages.create(to=LEE, from_=LINE, body="Hello", status_callback=url)
    stage.net.advance(1)
    last = stage.app.to("/status")[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")
    ana = stage.net.phone(ANA, "Ana")
    ana.texts(LINE, "STOP")
    create = stage.client.messages.create
    assert refused(create, to=ANA, from_=LINE, body="Hello") == (400, 21610)
    ana.texts(LINE, "START")
    assert create(to=ANA, from_=LINE, body="Hello").status == "queued"
    assert refused(create, to=ANA, from_=LINE, body="") == (400, 21602)
    assert refused(create, to=ANA, from_=LINE, body="x" * 1601) == (400, 21617)
    assert refused(create, to=ANA, from_=LEE, body="x") == (400, 21606)


def test_concurrency_cap(stage: Stage) -> None:
    stage.line("<Pause length='60'/>")
    stage.net.switches(concurrent_calls=1)
    stage.caller()
    assert refused(place, stage) == (429, 10004)


def test_rest_faults(stage: Stage) -> None:
    stage.line()
    stage.net.faults(rest=[{"do": "503", "next": 1, "method": "POST", "path": "/Calls"}])
    assert refused(place, stage) == (503, 20503)
    assert stage.client.calls.list() == []
    stage.net.faults(rest=[{"do": "reset", "next": 1, "method": "POST"}])
    with pytest.raises(requests.ConnectionError):
        place(stage)
    assert stage.client.calls.list() == []
    stage.net.faults(rest=[{"do": "reset_after", "next": 1, "method": "POST"}])
    with pytest.raises(requests.ConnectionError):
        place(stage)
    assert len(stage.client.calls.list()) == 1


def test_stale_reads(stage: Stage) -> None:
    stage.line()
    stage.net.faults(stale_seconds=5)
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    call = place(stage, twiml="<Response><Pause length='60'/></Response>")
    stage.net.advance(1)
    ana.rings()
    assert stage.client.calls(call.sid).fetch().status == "queued"
    stage.net.advance(6)
    assert stage.client.calls(call.sid).fetch().status == "in-progress"
