"""What an account may do at once: calls a second, calls, participants, and requests."""

from __future__ import annotations

import threading

import pytest
import requests

from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage
from tests.emulator.test_rest import place, refused

ANA, LEE = "+15125550102", "+15125550103"
DAY = 86_400
TWIML = "<Response><Pause length='600'/></Response>"


def test_a_canceled_call_gives_its_turn_away(stage: Stage) -> None:
    stage.line()
    first, second, third = (place(stage, twiml=TWIML) for _ in range(3))
    stage.net.advance(0)
    assert second.update(status="canceled").status == "canceled"
    stage.net.advance(1)
    assert third.fetch().queue_time == "1000"
    assert [first.fetch().status, third.fetch().status] == ["ringing", "ringing"]


def test_participants_wait_in_the_same_queue(stage: Stage) -> None:
    stage.line()
    place(stage, twiml=TWIML)
    people = stage.client.conferences("room").participants
    added = people.create(from_=LINE, to=ANA)
    waiting = stage.client.conferences(added.conference_sid).participants(added.call_sid)
    stage.net.advance(0.9)
    assert (added.status, waiting.fetch().status) == ("queued", "queued")
    stage.net.advance(0.2)
    assert waiting.fetch().status == "ringing"


def test_what_waited_a_day_is_canceled_without_a_word(stage: Stage) -> None:
    stage.line()
    stage.world.switches.calls_per_second = 1 / (2 * DAY)
    place(stage)
    late = place(stage, status_callback=stage.app.url("/status"))
    stage.net.advance(DAY - 10)
    assert late.fetch().status == "queued"
    stage.net.advance(20)
    assert late.fetch().status == "canceled"
    assert stage.app.to("/status") == []
    # The one after it is placed when its turn comes.
    stage.net.advance(DAY / 2)
    after = place(stage)
    stage.net.advance(DAY / 2 + 10)
    assert after.fetch().status != "queued"


def test_live_calls_of_every_kind_count(stage: Stage) -> None:
    stage.line(f"<Dial action='/after'><Number>{ANA}</Number></Dial>")
    stage.net.switches(concurrent_calls=1)
    stage.caller()
    stage.net.advance(1)
    assert stage.app.to("/after")[0]["DialCallStatus"] == "failed"
    assert 10004 in [entry["code"] for entry in stage.net.debugger()]
    stage.app.on("/after", "<Pause length='60'/>")
    stage.caller("+15125550107")
    second = stage.net.phone("+15125550108")
    second.dials(LINE)
    stage.net.advance(1)
    second.is_hung_up()


def test_participants_of_the_account_are_capped(stage: Stage) -> None:
    stage.line("<Dial action='/after'><Conference>one</Conference></Dial>")
    stage.net.switches(concurrent_participants=1)
    stage.caller()
    people = stage.client.conferences("two").participants
    assert refused(people.create, from_=LINE, to=ANA) == (429, 16021)
    stage.caller("+15125550107")
    assert stage.app.to("/after")[0]["DialCallStatus"] == "failed"
    assert 16021 in [entry["code"] for entry in stage.net.debugger()]


def test_too_many_requests_at_once(stage: Stage) -> None:
    stage.line()
    stage.net.switches(rest_concurrency=2, rest_latency_seconds=0.3)
    url = f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    answers: list[requests.Response] = []

    def ask() -> None:
        answers.append(requests.get(url, auth=(ACCOUNT, TOKEN), timeout=10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429]
    bodies = [answer.json() for answer in answers if answer.status_code == 429]
    assert {body["code"] for body in bodies} == {20429}
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=10).status_code == 200


def test_a_key_signs_in_until_it_is_revoked(stage: Stage) -> None:
    url = f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    key = stage.client.new_keys.create(friendly_name="worker")
    assert requests.get(url, auth=(key.sid, key.secret), timeout=5).status_code == 200
    assert requests.get(url, auth=(key.sid, "wrong"), timeout=5).json()["code"] == 20003
    stage.client.keys(key.sid).delete()
    assert requests.get(url, auth=(key.sid, key.secret), timeout=5).json()["code"] == 20003
    assert refused(stage.client.keys(key.sid).fetch) == (404, 20404)


def test_another_account_is_not_found(stage: Stage) -> None:
    other = "AC" + "9" * 32
    for path in (f"{other}/Calls.json", f"{other}.json"):
        url = f"{stage.world.base_url}/2010-04-01/Accounts/{path}"
        answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_methods_twilio_has_not(stage: Stage, method: str) -> None:
    url = f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    answer = requests.request(method, url, auth=(ACCOUNT, TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (405, 20004)
    assert "POST" in answer.headers["Allow"]
