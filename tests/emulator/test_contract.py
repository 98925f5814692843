"""Every operation by twilio-python, request and answer held against Twilio's description."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from router.emulator.client import Phone
from router.emulator.rest.refused import REFUSED
from tests.emulator.conftest import LINE, Stage
from tests.emulator.test_contract_coverage import OTHER_FOLDERS
from tests.emulator.twilio_descriptions import (
    Description,
    only,
    operations,
    voice_description,
    whole_description,
)

ANA, LEE = "+15125550102", "+15125550103"
HOST = "https://api.twilio.com"

# Where the description is wrong: parameters that are left out before a request is held against it.
DEFECTS = {
    "StartTime": "Twilio takes YYYY-MM-DD; the description demands a date and time",
    "EndTime": "as StartTime",
    "DateSent": "as StartTime",
}


class Checked:
    """Holds everything twilio-python sends and gets against a description."""

    def __init__(self, description: Description) -> None:
        self._description = OpenAPI.from_dict(description)
        self._names: dict[tuple[str, str], str] = {
            (verb.upper(), path): item[verb]["operationId"]
            for path, item in description["paths"].items()
            for verb in ("get", "post", "delete")
            if verb in item
        }
        self.driven: set[str] = set()
        self.refusals: set[int] = set()

    def __call__(self, response: requests.Response, **_: object) -> None:
        sent = response.request.copy()
        sent.url = self._in_twilios_terms(sent.url or "")
        request = RequestsOpenAPIRequest(sent)
        if response.status_code // 100 != 2:
            self._check_refusal(response)
            return
        path = self._path_of(urlsplit(sent.url).path, sent.method or "")
        self.driven.add(self._names[sent.method or "", path])
        self._description.validate_request(request)
        if response.status_code != 204:
            self._description.validate_response(request, RequestsOpenAPIResponse(response))

    @staticmethod
    def _in_twilios_terms(url: str) -> str:
        """The description names the real host, and is wrong about some parameters."""
        parts = urlsplit(url)
        query = [
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if key.rstrip("<>") not in DEFECTS
        ]
        return HOST + parts.path + (f"?{urlencode(query)}" if query else "")

    def _path_of(self, address: str, method: str) -> str:
        words = address.split("/")
        for verb, path in self._names:
            pattern = path.split("/")
            if verb == method and len(words) == len(pattern) and fits(words, pattern):
                return path
        raise AssertionError(f"not in the description: {method} {address}")

    def _check_refusal(self, response: requests.Response) -> None:
        """Twilio's shape of an error; the description has none."""
        body = response.json()
        assert set(body) == {"code", "message", "more_info", "status"}
        assert body["status"] == response.status_code
        assert body["more_info"] == f"https://www.twilio.com/docs/errors/{body['code']}"
        assert body["message"]
        self.refusals.add(body["code"])


def fits(words: list[str], pattern: list[str]) -> bool:
    return all(
        part == word or (part.startswith("{") and part.endswith(".json") == word.endswith(".json"))
        for word, part in zip(words, pattern, strict=True)
    )


@pytest.fixture
def checked(stage: Stage) -> Callable[[Description], Checked]:
    """Hold the stage's client against a description."""

    def hold(description: Description) -> Checked:
        found = Checked(description)
        session = stage.client.http_client.session
        session.hooks["response"].append(found)
        return found

    return hold


def test_every_voice_operation(stage: Stage, checked: Callable[[Description], Checked]) -> None:
    description = voice_description()
    check = checked(description)
    for drive in (
        drive_account,
        drive_addresses,
        drive_numbers,
        drive_applications,
        drive_caller_ids,
        drive_calls,
        drive_recordings,
        drive_conferences,
        drive_queues,
        drive_refusals,
    ):
        drive(stage)
        stage.net.advance(1)
    assert set(operations(description)) - check.driven == set()
    assert check.refusals >= {20001, 20404, 21220, 16022}


def test_every_operation_of_texts_and_keys(
    stage: Stage, checked: Callable[[Description], Checked]
) -> None:
    description = only(whole_description(), *OTHER_FOLDERS)
    stage.line()
    check = checked(description)
    drive_messages(stage)
    drive_keys(stage.client)
    assert set(operations(description)) - check.driven == set(REFUSED)


def drive_account(stage: Stage) -> None:
    account = stage.client.api.accounts(stage.world.account_sid)
    assert account.fetch().status == "active"
    assert account.update(friendly_name="The box").friendly_name == "The box"
    token = stage.client.tokens.create(ttl=600)
    assert (token.ttl, token.ice_servers) == ("600", [])


def new_address(stage: Stage) -> str:
    address = stage.client.addresses.create(
        customer_name="Acme",
        street="1 Main St",
        city="Austin",
        region="TX",
        postal_code="78701",
        iso_country="US",
        emergency_enabled=True,
    )
    assert address.emergency_enabled is True
    return str(address.sid)


def drive_addresses(stage: Stage) -> None:
    addresses = stage.client.addresses
    sid = new_address(stage)
    assert [a.sid for a in addresses.list(customer_name="Acme", iso_country="US")] == [sid]
    assert addresses(sid).fetch().city == "Austin"
    assert addresses(sid).update(city="Round Rock").city == "Round Rock"
    assert addresses(sid).delete()


def drive_numbers(stage: Stage) -> None:
    numbers, address = stage.client.incoming_phone_numbers, new_address(stage)
    stage.line("<Pause length='600'/>", status_callback=stage.app.url("/status"))
    second = numbers.create(area_code="512", emergency_address_sid=address)
    assert second.emergency_address_status == "registered"
    assert {n.phone_number for n in numbers.list(phone_number="512555*1*")} >= {LINE}
    assert numbers.list(friendly_name="nobody's") == numbers.list(origin="hosted") == []
    assert numbers(second.sid).fetch().capabilities["voice"] is True
    assert numbers(second.sid).update(friendly_name="Desk").friendly_name == "Desk"
    assert numbers(second.sid).delete()


def drive_applications(stage: Stage) -> None:
    applications, url = stage.client.applications, stage.app.url("/voice")
    sid = applications.create(friendly_name="console", voice_url=url).sid
    assert [a.sid for a in applications.list(friendly_name="console")] == [sid]
    assert applications(sid).fetch().voice_url == url
    assert applications(sid).update(voice_method="GET").voice_method == "GET"
    assert applications(sid).delete()


def drive_caller_ids(stage: Stage) -> None:
    caller_ids = stage.client.outgoing_caller_ids
    lee = stage.net.phone(LEE, "Lee", on_ring="answer")
    stage.world.switches.calls_per_second = 0
    asked = stage.client.validation_requests.create(phone_number=LEE, friendly_name="Lee")
    stage.net.advance(1)
    lee.presses(asked.validation_code)
    stage.net.advance(1)
    known = caller_ids.list(phone_number=LEE)[0]
    assert caller_ids(known.sid).fetch().phone_number == LEE
    assert caller_ids(known.sid).update(friendly_name="Lee's").friendly_name == "Lee's"
    assert caller_ids(known.sid).delete()


def drive_calls(stage: Stage) -> None:
    calls, events = stage.client.calls, ["initiated", "ringing", "answered", "completed"]
    stage.app.on("/broken", "no TwiML at all")
    stage.net.phone(ANA, "Ana", on_ring="answer")
    call = calls.create(
        to=ANA,
        from_=LINE,
        url=stage.app.url("/broken"),
        status_callback=stage.app.url("/status"),
        status_callback_event=events,
        timeout=20,
        machine_detection="Enable",
        async_amd="true",
    )
    stage.net.advance(0)
    assert calls(call.sid).update(fallback_url=stage.app.url("/x")).status == "in-progress"
    assert [c.sid for c in calls.list(to=ANA, status="in-progress")] == [call.sid]
    stage.net.advance(60)
    other = calls.create(to=LEE, from_=LINE, twiml="<Response><Pause length='60'/></Response>")
    stage.net.advance(1)
    assert len(calls.list(page_size=1)) == len(calls.list())
    assert [c.sid for c in calls.list(to=ANA, status="completed")] == [call.sid]
    assert calls.list(start_time_before="2020-01-01") == []
    notice = calls(call.sid).notifications.list(log=0)[0]
    assert notice.error_code == "12100"
    full = calls(call.sid).notifications(notice.sid).fetch()
    assert full.response_body == "no TwiML at all"
    asked = [event.request["url"] for event in calls(call.sid).events.list()]
    assert stage.app.url("/broken") in asked
    assert calls(other.sid).update(status="completed").status == "completed"
    assert calls(other.sid).fetch().status == "completed"
    assert calls(other.sid).delete()


def caller_in(stage: Stage, number: str, verbs: str) -> tuple[Phone, str]:
    """A caller whose call runs `verbs`, and its sid."""
    stage.app.on("/voice", verbs)
    caller = stage.caller(number)
    stage.net.advance(1)
    return caller, str(caller.transcript()[0]["call"])


def drive_recordings(stage: Stage) -> None:
    client = stage.client
    caller, sid = caller_in(stage, "+15125550111", "<Pause length='600'/>")
    recordings = client.calls(sid).recordings
    sid_of = recordings.create(recording_channels="dual", recording_track="inbound").sid
    stage.net.advance(10)
    assert recordings(sid_of).update(status="paused", pause_behavior="skip").status == "paused"
    stage.net.advance(5)
    assert recordings("Twilio.CURRENT").update(status="in-progress").status == "in-progress"
    stage.net.advance(2)
    assert recordings(sid_of).update(status="stopped").status == "stopped"
    assert recordings(sid_of).fetch().duration == "12"
    assert [r.sid for r in recordings.list()] == [sid_of]
    assert [r.sid for r in client.recordings.list(call_sid=sid)] == [sid_of]
    assert client.recordings(sid_of).fetch().media_url.endswith(sid_of)
    assert recordings(sid_of).delete()
    again = recordings.create().sid
    stage.net.advance(3)
    caller.hangs_up()
    assert client.recordings(again).fetch().status == "completed"
    assert client.recordings(again).delete()


def drive_conferences(stage: Stage) -> None:
    client = stage.client
    room = "<Dial><Conference participantLabel='caller'>room</Conference></Dial>"
    _, sid = caller_in(stage, "+15125550112", room)
    added = client.conferences("room").participants.create(
        from_=LINE,
        to=ANA,
        label="clinician",
        early_media=True,
        conference_record="record-from-start",
        conference_status_callback_event=["join", "leave"],
        conference_status_callback=stage.app.url("/conference"),
    )
    stage.net.advance(1)
    conference = client.conferences(added.conference_sid)
    assert conference.fetch().status == "in-progress"
    assert len(client.conferences.list(friendly_name="room", status="in-progress")) == 1
    people = conference.participants
    assert {p.label for p in people.list()} == {"caller", "clinician"}
    assert people("clinician").fetch().call_sid == added.call_sid
    held = people("caller").update(hold=True, muted=True)
    assert (held.hold, held.muted) == (True, True)
    assert [p.call_sid for p in people.list(hold=True, muted=True, coaching=False)] == [sid]
    coach = people(added.call_sid).update(coaching=True, call_sid_to_coach=sid)
    assert coach.coaching is True
    stage.net.advance(3)
    recording = conference.recordings.list()[0]
    assert conference.recordings(recording.sid).update(status="stopped").status == "stopped"
    assert conference.recordings(recording.sid).fetch().conference_sid == added.conference_sid
    assert conference.recordings(recording.sid).delete()
    assert people(sid).delete()
    assert conference.update(status="completed").status == "completed"
    assert conference.fetch().reason_conference_ended == "conference-ended-via-api"


def drive_queues(stage: Stage) -> None:
    queues = stage.client.queues
    sid = queues.create(friendly_name="support", max_size=20).sid
    _, call = caller_in(stage, "+15125550113", "<Enqueue>support</Enqueue>")
    assert [q.sid for q in queues.list()] == [sid]
    assert queues(sid).fetch().current_size == 1
    assert queues(sid).update(max_size=30).max_size == 30
    members = queues(sid).members
    assert [m.call_sid for m in members.list()] == [call]
    assert members("Front").fetch().call_sid == members(call).fetch().call_sid == call
    assert members("Front").update(url=stage.app.url("/x"), method="POST").call_sid == call
    stage.net.advance(1)
    assert queues(sid).delete()


def drive_refusals(stage: Stage) -> None:
    """Each is a TwilioRestException that says status, code and why."""
    client = stage.client
    over = client.calls.list(status="completed")[0]
    room = client.conferences.list(status="completed")[0]
    refusals: list[tuple[Callable[[], object], int, int]] = [
        (lambda: client.calls("CA" + "0" * 32).fetch(), 404, 20404),
        (lambda: client.calls(over.sid).update(status="completed"), 400, 21220),
        (lambda: client.conferences(room.sid).update(status="completed"), 404, 16022),
        (lambda: client.queues.create(friendly_name="q", max_size=0), 400, 20001),
        (lambda: client.calls.create(to=ANA, from_=LINE, url="nonsense"), 400, 21205),
    ]
    for work, status, code in refusals:
        with pytest.raises(TwilioRestException) as error:
            work()
        assert (error.value.status, error.value.code) == (status, code)
        assert error.value.msg


def drive_messages(stage: Stage) -> None:
    stage.net.phone(ANA, "Ana")
    messages = stage.client.messages
    sid = messages.create(to=ANA, from_=LINE, body="Please call").sid
    stage.net.advance(1)
    assert messages(sid).fetch().status == "delivered"
    assert [m.sid for m in messages.list(to=ANA, from_=LINE)] == [sid]
    assert messages(sid).update(body="").body == ""
    assert messages(sid).delete()


def drive_keys(client: Client) -> None:
    key = client.new_keys.create(friendly_name="worker")
    assert key.secret
    assert [k.sid for k in client.keys.list()] == [key.sid]
    assert client.keys(key.sid).update(friendly_name="old").friendly_name == "old"
    assert client.keys(key.sid).fetch().friendly_name == "old"
    assert client.keys(key.sid).delete()
    key = client.new_signing_keys.create()
    assert [k.sid for k in client.signing_keys.list()] == [key.sid]
    assert client.signing_keys(key.sid).update(friendly_name="s").friendly_name == "s"
    assert client.signing_keys(key.sid).fetch().friendly_name == "s"
    assert client.signing_keys(key.sid).delete()
