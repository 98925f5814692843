"""Requests and answers against Twilio's own OpenAPI description, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from router.emulator.client import Phone
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage

DESCRIPTION = Path(__file__).parents[3] / "shared" / "spec" / "twilio_api_v2010.voice-subset.json"
ANA = "+15125550102"

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="Twilio's description lies beside the repository only"
)


@pytest.fixture(scope="module")
def description() -> OpenAPI:
    return OpenAPI.from_file_path(str(DESCRIPTION))


class Wire:
    """Sends a request and checks it and its answer against the description."""

    def __init__(self, stage: Stage, description: OpenAPI) -> None:
        self._base, self._description = stage.world.base_url, description

    def __call__(
        self, method: str, path: str, data: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        url = f"{self._base}/2010-04-01/Accounts/{ACCOUNT}{path}"
        request = requests.Request(method, url, data=data, auth=(ACCOUNT, TOKEN))
        with requests.Session() as session:
            prepared = session.prepare_request(request)
            response = session.send(prepared, timeout=10)
        assert response.status_code in (200, 201, 204), response.text
        # The description names the real host, so the address is put in its terms.
        prepared.url = url.replace(self._base, "https://api.twilio.com")
        sent = RequestsOpenAPIRequest(prepared)
        self._description.validate_request(sent)
        if response.status_code != 204:
            self._description.validate_response(sent, RequestsOpenAPIResponse(response))
        body: dict[str, Any] = response.json() if response.content else {}
        return body


@pytest.fixture
def wire(stage: Stage, description: OpenAPI) -> Wire:
    return Wire(stage, description)


def in_room(stage: Stage) -> tuple[Phone, str]:
    stage.line('<Dial><Conference participantLabel="caller">room</Conference></Dial>')
    caller = stage.caller()
    return caller, caller.transcript()[0]["call"]


def test_calls(stage: Stage, wire: Wire) -> None:
    stage.line("<Pause length='60'/>")
    stage.net.phone(ANA, "Ana", on_ring="answer")
    data = {
        "To": ANA,
        "From": LINE,
        "Url": stage.app.url("/x"),
        "StatusCallback": stage.app.url("/status"),
        "StatusCallbackEvent": ["initiated", "answered"],
        "Timeout": "20",
        "MachineDetection": "Enable",
    }
    sid = wire("POST", "/Calls.json", data)["sid"]
    stage.caller()
    stage.net.advance(1)
    wire("GET", f"/Calls/{sid}.json")
    wire("GET", f"/Calls.json?Status=in-progress&PageSize=1&To={ANA[1:]}")
    listed = wire("GET", "/Calls.json?PageSize=1")
    assert listed["next_page_uri"]
    wire("POST", f"/Calls/{sid}.json", {"Status": "completed"})
    wire("GET", "/Calls.json")
    wire("DELETE", f"/Calls/{sid}.json")


def test_conferences_and_participants(stage: Stage, wire: Wire) -> None:
    _, sid = in_room(stage)
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    data = {"From": LINE, "To": ANA, "Label": "clinician", "EarlyMedia": "true"}
    added = wire("POST", "/Conferences/room/Participants.json", data)
    stage.net.advance(1)
    room = added["conference_sid"]
    wire("GET", f"/Conferences/{room}.json")
    wire("GET", "/Conferences.json?FriendlyName=room&Status=in-progress")
    people = f"/Conferences/{room}/Participants"
    assert len(wire("GET", f"{people}.json")["participants"]) == 2
    wire("GET", f"{people}/{sid}.json")
    wire("POST", f"{people}/{sid}.json", {"Hold": "true", "Muted": "true"})
    coached = {"Coaching": "true", "CallSidToCoach": sid}
    wire("POST", f"{people}/{added['call_sid']}.json", coached)
    assert len(wire("GET", f"{people}.json?Hold=true")["participants"]) == 1
    wire("DELETE", f"{people}/{sid}.json")
    wire("POST", f"/Conferences/{room}.json", {"Status": "completed"})
    wire("GET", "/Conferences.json")
    ana.is_hung_up()


def test_queues_and_members(stage: Stage, wire: Wire) -> None:
    queue = wire("POST", "/Queues.json", {"FriendlyName": "support", "MaxSize": "20"})
    stage.line("<Enqueue>support</Enqueue>")
    call = stage.caller().transcript()[0]["call"]
    members = f"/Queues/{queue['sid']}/Members"
    wire("GET", "/Queues.json")
    wire("GET", f"/Queues/{queue['sid']}.json")
    wire("POST", f"/Queues/{queue['sid']}.json", {"MaxSize": "30"})
    wire("GET", f"{members}.json")
    wire("GET", f"{members}/{call}.json")
    wire("GET", f"{members}/Front.json")
    wire("POST", f"{members}/{call}.json", {"Url": stage.app.url("/x")})
    stage.net.advance(1)
    wire("DELETE", f"/Queues/{queue['sid']}.json")


def test_numbers_and_applications(stage: Stage, wire: Wire) -> None:
    numbers = "/IncomingPhoneNumbers"
    data = {"PhoneNumber": LINE, "VoiceUrl": stage.app.url("/voice"), "SmsMethod": "GET"}
    sid = wire("POST", f"{numbers}.json", data)["sid"]
    wire("GET", f"{numbers}.json")
    wire("GET", f"{numbers}/{sid}.json")
    wire("POST", f"{numbers}/{sid}.json", {"FriendlyName": "The line"})
    wire("DELETE", f"{numbers}/{sid}.json")
    data = {"FriendlyName": "console", "VoiceUrl": stage.app.url("/voice")}
    sid = wire("POST", "/Applications.json", data)["sid"]
    wire("GET", "/Applications.json")
    wire("GET", f"/Applications/{sid}.json")
    wire("POST", f"/Applications/{sid}.json", {"VoiceMethod": "GET"})
    wire("DELETE", f"/Applications/{sid}.json")


def test_recordings_and_the_account(stage: Stage, wire: Wire) -> None:
    stage.line("<Record maxLength='2'/>")
    caller = stage.caller()
    call = caller.transcript()[0]["call"]
    caller.says("Hello")
    stage.net.advance(3)
    sid = wire("GET", "/Recordings.json")["recordings"][0]["sid"]
    wire("GET", f"/Recordings/{sid}.json")
    wire("GET", f"/Calls/{call}/Recordings.json")
    wire("GET", ".json")
    sound = requests.get(
        f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav",
        auth=(ACCOUNT, TOKEN),
        timeout=5,
    )
    assert sound.content.startswith(b"RIFF")
    wire("DELETE", f"/Recordings/{sid}.json")
