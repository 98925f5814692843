"""Lists by REST: pages that hold while new items arrive, filters, and reads that are stale."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage
from tests.emulator.test_rest import place, refused

ANA, LEE = "+15125550102", "+15125550103"
TWIML = "<Response><Pause length='600'/></Response>"


def get(stage: Stage, path: str) -> dict[str, Any]:
    url = stage.world.base_url + (
        path if path.startswith("/2010") else f"/2010-04-01/Accounts/{ACCOUNT}{path}"
    )
    body: dict[str, Any] = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=10).json()
    return body


def sids(body: dict[str, Any]) -> list[str]:
    return [call["sid"] for call in body["calls"]]


@pytest.fixture
def quick(stage: Stage) -> Stage:
    """Calls that are placed at once and ring at numbers nobody has."""
    stage.line()
    stage.world.switches.calls_per_second = 0
    return stage


def test_pages_neither_repeat_nor_leave_out_when_calls_arrive(quick: Stage) -> None:
    placed = [place(quick, ANA, twiml=TWIML).sid for _ in range(5)]
    first = get(quick, "/Calls.json?PageSize=2")
    assert sids(first) == [placed[4], placed[3]]
    place(quick, LEE, twiml=TWIML)
    second = get(quick, first["next_page_uri"])
    assert sids(second) == [placed[2], placed[1]]
    assert (second["page"], second["start"], second["end"]) == (1, 2, 3)
    assert sids(get(quick, second["previous_page_uri"])) == [placed[4], placed[3]]
    third = get(quick, second["next_page_uri"])
    assert (sids(third), third["next_page_uri"]) == ([placed[0]], None)
    # From the end back to the newest, who has come meanwhile.
    back = get(quick, get(quick, third["previous_page_uri"])["previous_page_uri"])
    assert sids(back) == [placed[4], placed[3]]
    assert back["previous_page_uri"] is not None


def test_filters_stay_in_the_links(quick: Stage) -> None:
    for _ in range(2):
        place(quick, ANA, twiml=TWIML)
        place(quick, LEE, twiml=TWIML)
    first = get(quick, "/Calls.json?PageSize=1&To=%2B15125550102&Status=ringing")
    assert first["calls"] == []
    quick.net.advance(0)
    first = get(quick, "/Calls.json?PageSize=1&To=%2B15125550102&Status=ringing")
    second = get(quick, first["next_page_uri"])
    assert {call["to"] for call in first["calls"] + second["calls"]} == {ANA}
    assert second["next_page_uri"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=0", 20001),
        ("PageSize=-5", 20001),
        ("PageSize=1001", 20007),
        ("PageSize=many", 20001),
        ("Page=some", 20001),
        ("PageToken=nonsense", 20001),
        ("StartTime=yesterday", 20001),
        ("StartTime>=9999-99-99", 20001),
    ],
)
def test_absurd_pages_and_dates(quick: Stage, query: str, code: int) -> None:
    assert get(quick, f"/Calls.json?{query}")["code"] == code


@pytest.mark.parametrize("query", ["Page=" + "9" * 20, "Page=-3", "PageSize=1000", "Page="])
def test_pages_beyond_the_end_are_empty(quick: Stage, query: str) -> None:
    assert get(quick, f"/Calls.json?{query}")["calls"] == []


def test_calls_by_when_they_began_and_ended(quick: Stage) -> None:
    quick.net.phone(ANA, "Ana", on_ring="answer")
    call = place(quick, twiml="<Response><Pause length='60'/></Response>")
    quick.net.advance(100)
    began, ended = call.fetch().start_time, call.fetch().end_time
    assert (ended - began).total_seconds() == 60
    calls = quick.client.calls
    for options in (
        {"start_time": began},
        {"start_time_before": began, "start_time_after": began},
        {"end_time_after": ended},
    ):
        assert [c.sid for c in calls.list(**options)] == [call.sid], options
    on_that_day = get(quick, f"/Calls.json?StartTime={began.date()}&From=%2B15125550100")
    assert sids(on_that_day) == [call.sid]
    assert calls.list(end_time_before=began) == []
    assert calls.list(start_time_after=ended) == []


def test_conferences_and_participants_by_their_facts(quick: Stage) -> None:
    quick.net.phone(ANA, "Ana", on_ring="answer")
    people = quick.client.conferences("room").participants
    added = people.create(from_=LINE, to=ANA, label="ana", muted=True)
    quick.net.advance(1)
    conferences = quick.client.conferences
    today = added.date_created.date()
    assert len(conferences.list(friendly_name="room", date_created=today)) == 1
    assert conferences.list(friendly_name="other") == conferences.list(status="completed") == []
    assert conferences.list(date_updated_before="2020-01-01") == []
    people = conferences(added.conference_sid).participants
    assert [p.label for p in people.list(muted=True, hold=False)] == ["ana"]
    assert people.list(muted=False) == people.list(coaching=True) == []


def test_numbers_by_pattern_name_and_origin(quick: Stage) -> None:
    numbers = quick.client.incoming_phone_numbers
    numbers.create(phone_number="+16025550123", friendly_name="Phoenix")
    for pattern in ("+1602*", "602555", "+16025550123", "*5550123"):
        assert [n.friendly_name for n in numbers.list(phone_number=pattern)] == ["Phoenix"]
    assert [n.phone_number for n in numbers.list(friendly_name="Phoenix")] == ["+16025550123"]
    assert len(numbers.list(origin="twilio", beta=False)) == 2
    assert numbers.list(origin="hosted") == numbers.list(beta=True) == []


def stale(stage: Stage, seconds: float = 5) -> None:
    stage.net.faults(stale_seconds=seconds)


def test_a_new_call_is_not_listed_at_once(quick: Stage) -> None:
    stale(quick)
    call = place(quick, twiml=TWIML)
    assert quick.client.calls.list() == []
    assert quick.client.calls(call.sid).fetch().status == "queued"
    quick.net.advance(6)
    assert [c.sid for c in quick.client.calls.list()] == [call.sid]


def test_a_call_is_still_listed_by_its_former_status(quick: Stage) -> None:
    quick.net.phone(ANA, "Ana", on_ring="answer")
    call = place(quick, twiml=TWIML)
    quick.net.advance(0)
    stale(quick)
    call.update(status="completed")
    quick.net.advance(6)
    call = place(quick, twiml=TWIML)
    quick.net.advance(6)
    call.update(status="completed")
    assert [c.sid for c in quick.client.calls.list(status="in-progress")] == [call.sid]
    quick.net.advance(6)
    assert quick.client.calls.list(status="in-progress") == []


def test_stale_queues_and_members(quick: Stage) -> None:
    stale(quick)
    queue = quick.client.queues.create(friendly_name="support")
    assert quick.client.queues.list() == []
    quick.net.advance(6)
    quick.app.on("/voice", "<Enqueue>support</Enqueue>")
    call = quick.caller().transcript()[0]["call"]
    members = quick.client.queues(queue.sid).members
    assert quick.client.queues(queue.sid).fetch().current_size == 0
    assert members.list() == []
    assert refused(members("Front").fetch) == (404, 20404)
    quick.net.advance(6)
    assert [m.call_sid for m in members.list()] == [call]
    members("Front").update(url=quick.app.url("/x"))
    quick.net.advance(1)
    assert members("Front").fetch().call_sid == call
    quick.net.advance(6)
    assert members.list() == []


def test_stale_conferences_and_participants(quick: Stage) -> None:
    stale(quick)
    quick.app.on("/voice", "<Dial><Conference>room</Conference></Dial>")
    call = quick.caller().transcript()[0]["call"]
    assert quick.client.conferences.list() == []
    quick.net.advance(6)
    conference = quick.client.conferences.list()[0]
    people = quick.client.conferences(conference.sid).participants
    assert people(call).update(muted=True).muted is True
    assert people(call).fetch().muted is False
    quick.net.advance(6)
    assert people(call).fetch().muted is True
    conference.update(status="completed")
    assert conference.fetch().status == "init"
    quick.net.advance(6)
    assert conference.fetch().status == "completed"


def test_stale_recordings_and_messages(quick: Stage) -> None:
    stale(quick)
    quick.net.phone(ANA, "Ana", on_ring="answer")
    call = place(quick, twiml=TWIML, record=True)
    message = quick.client.messages.create(to=ANA, from_=LINE, body="Hello")
    quick.net.advance(1)
    assert quick.client.recordings.list() == quick.client.messages.list() == []
    assert quick.client.messages(message.sid).fetch().status == "queued"
    quick.net.advance(6)
    assert quick.client.messages(message.sid).fetch().status == "delivered"
    call.update(status="completed")
    assert [r.status for r in quick.client.recordings.list()] == ["in-progress"]
    quick.net.advance(6)
    assert [r.status for r in quick.client.recordings.list()] == ["completed"]
