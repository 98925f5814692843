"""Whatever REST is sent, it answers as Twilio does and never fails itself."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.emulator.clock import Clock
from router.emulator.rest.parameters import PARAMETERS
from router.emulator.server import Server, build_app
from router.emulator.sids import Sids
from router.emulator.world import World
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage, Thread
from tests.emulator.test_rest import place

FORM = "application/x-www-form-urlencoded"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
ANA = "+15125550102"


KINDS = [
    FORM,
    f"{FORM}; charset=utf-16",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=nonsense",
    ";",
]


@dataclass
class Box:
    """A network that many requests are sent to over one connection."""

    world: World
    connection: http.client.HTTPConnection
    seen: int = 0

    def send(
        self, method: str, path: str, body: bytes = b"", kind: str = FORM
    ) -> tuple[int, dict[str, Any]]:
        """The status and body of an answer. A path may be nonsense, but is on the wire as ASCII."""
        headers = {"Authorization": f"Basic {_basic()}", "Content-Type": kind}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(text) if is_json else {}

    def problems(self) -> list[dict[str, Any]]:
        """What the network itself failed at since this was last asked."""
        entries = self.world.events.after(self.seen)
        self.seen = entries[-1]["seq"] if entries else self.seen
        return [entry for entry in entries if entry["kind"] == "emulator_error"]


def _basic() -> str:
    return base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


@pytest.fixture(scope="module")
def box(thread: Thread) -> Iterator[Box]:
    async def start() -> Server:
        world = World(ACCOUNT, TOKEN, Clock("manual"), seed=1)
        world.switches.calls_per_second = 0
        server = Server(world)
        await server.start()
        return server

    server = thread.run(start())
    made = Box(server.world, http.client.HTTPConnection("127.0.0.1", server.port, timeout=10))
    status, _ = made.send(
        "POST", f"{ROOT}/IncomingPhoneNumbers.json", urlencode({"PhoneNumber": LINE}).encode()
    )
    assert status == 201
    yield made
    made.connection.close()
    thread.run(server.stop())


def addresses() -> list[tuple[str, str, str]]:
    """Every operation's method and address, and its name."""
    app = build_app(World(ACCOUNT, TOKEN, Clock("manual")))
    return [
        (route.method, resource.canonical, resource.name or "")
        for resource in app.router.resources()
        for route in resource
        if resource.canonical.startswith("/2010") and route.method != "HEAD"
    ]


ADDRESSES = addresses()
_SIDS = Sids(1)
WORDS = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.sampled_from(
        [
            "",
            "true",
            "-1",
            "9" * 400,
            "\u0663",
            "\u00b2",
            "http://[",
            "http://127.0.0.1:1/x",
            "http://\u00e9.example/#rc=\u0663",
            "+15125550102",
            LINE,
            "0001-01-01",
            "9999-12-31",
            "2026-W01-1",
            "completed",
            "Front",
            "Twilio.CURRENT",
            "paused",
            "<Response/>",
            "sip:",
            "client:",
            "\x00",
            "Enable",
            *(_SIDS.new(kind) for kind in ("CA", "CF", "QU", "AP", "AD", "SK", "PN", "RE")),
        ]
    ),
)


@st.composite
def requests_of_any_kind(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A request to some operation whose every field may be nonsense."""
    method, address, name = draw(st.sampled_from(ADDRESSES))
    path = address.replace("{account}", ACCOUNT)
    while "{" in path:
        before, _, rest = path.partition("{")
        word = draw(WORDS.filter(lambda w: w not in ("", ".", "..") and "/" not in w))
        path = before + quote(word[:60], safe="") + rest.partition("}")[2]
    known = sorted(PARAMETERS[name].known) if name in PARAMETERS else ["To"]
    names = st.one_of(st.sampled_from(known), st.text(max_size=10))
    fields = draw(st.lists(st.tuples(names, WORDS), max_size=6))
    if "To" in known and draw(st.booleans()):
        fields += [("To", ANA), ("From", LINE), ("Twiml", "<Response/>"), ("Body", "Hello")]
    encoded = urlencode(fields, errors="replace")
    if method == "POST":
        return method, path, encoded.encode()
    return method, f"{path}?{encoded}", b""


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests_of_any_kind())
def test_no_request_makes_it_fail(box: Box, request: tuple[str, str, bytes]) -> None:
    status, body = box.send(*request)
    assert box.problems() == []
    assert status in (200, 201, 204) or (status < 500 and body["status"] == status), (status, body)


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=200), kind=st.sampled_from(KINDS))
def test_no_body_makes_it_fail(box: Box, body: bytes, kind: str) -> None:
    status, answer = box.send("POST", f"{ROOT}/Calls.json", body, kind)
    assert status == 400
    assert answer["code"] in (20001, 21201)
    assert box.problems() == []


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"To=%2B15125550102&Body=" + b"x" * 1_100_000, FORM, 413, 20413),
        (b"To=\xff\xfe", FORM, 400, 20001),
        (b"&".join(b"a=1" for _ in range(2_000)), FORM, 400, 20001),
        (b'{"To": "+15125550102"}', "application/json", 400, 21201),
        (b"[", "application/json", 400, 21201),
        (b"", FORM, 400, 21201),
        (b"To=1&To=2&From=x", FORM, 400, 21211),
    ],
)
def test_bodies_that_are_no_form(box: Box, body: bytes, kind: str, status: int, code: int) -> None:
    answered, answer = box.send("POST", f"{ROOT}/Calls.json", body, kind)
    assert (answered, answer["code"]) == (status, code)


def test_a_multipart_form_is_read(box: Box) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("FriendlyName", "by parts") + part.format("MaxSize", "7") + "--x--\r\n"
    status, answer = box.send(
        "POST", f"{ROOT}/Queues.json", body.encode(), "multipart/form-data; boundary=x"
    )
    assert (status, answer["friendly_name"], answer["max_size"]) == (201, "by parts", 7)


def without_effect(stage: Stage) -> dict[str, str]:
    events = stage.net.events()
    return {e["name"]: e["why"] for e in events if e["kind"] == "parameter_without_effect"}


def test_parameters_without_effect_are_told_in_the_event_log(stage: Stage) -> None:
    stage.line()
    place(stage, call_reason="A test", sip_auth_username="me", sip_auth_password="secret")
    told = without_effect(stage)
    assert set(told) == {"CallReason", "SipAuthUsername", "SipAuthPassword"}
    assert told["CallReason"] == PARAMETERS["CreateCall"].idle["CallReason"]
    assert "secret" not in json.dumps(stage.net.events())


def test_every_parameter_without_effect_is_accepted(box: Box) -> None:
    """Each of the table's, with each operation that can be carried out without anything else."""
    given = {
        "CreateCall": ("Calls", {"To": ANA, "From": LINE, "Twiml": "<Response/>"}),
        "CreateMessage": ("Messages", {"To": ANA, "From": LINE, "Body": "Hello"}),
        "CreateApplication": ("Applications", {}),
        "CreateParticipant": ("Conferences/room/Participants", {"To": ANA, "From": LINE}),
        "CreateIncomingPhoneNumber": ("IncomingPhoneNumbers", {"AreaCode": "602"}),
    }
    values = {
        "PublicApplicationConnectEnabled": "true",
        "EarlyMedia": "false",
        "Trim": "trim-silence",
        "ConferenceTrim": "do-not-trim",
        "SipAuthPassword": "secret",
        "ValidityPeriod": "60",
        "SmsStatusCallback": "http://127.0.0.1:1/x",
    }
    for operation, (folder, fields) in given.items():
        idle = {name: values.get(name, "x") for name in PARAMETERS[operation].idle}
        before = box.world.events.after()[-1]["seq"]
        body = urlencode(fields | idle).encode()
        status, answer = box.send("POST", f"{ROOT}/{folder}.json", body)
        assert status == 201, answer
        told = {
            entry["name"]
            for entry in box.world.events.after(before)
            if entry["kind"] == "parameter_without_effect"
        }
        assert told == set(idle), operation


@pytest.mark.parametrize(
    ("folder", "fields", "code"),
    [
        ("Calls", {"Byoc": "BY1", "To": ANA, "From": LINE, "Twiml": "<Response/>"}, 21300),
        ("Conferences/a/Participants", {"Byoc": "BY1", "To": ANA, "From": LINE}, 21300),
        ("Conferences/a/Participants", {"AsyncAmd": "true", "To": ANA, "From": LINE}, 21263),
        ("IncomingPhoneNumbers", {"AreaCode": "713", "TrunkSid": "TK1"}, 20422),
        ("IncomingPhoneNumbers", {"AreaCode": "713", "VoiceReceiveMode": "fax"}, 20422),
        ("IncomingPhoneNumbers", {"AreaCode": "713", "VoiceApplicationSid": "AP1"}, 21420),
        ("IncomingPhoneNumbers", {"AreaCode": "713", "EmergencyAddressSid": "AD1"}, 20422),
        ("IncomingPhoneNumbers", {"AreaCode": "013"}, 21451),
        ("IncomingPhoneNumbers", {"AreaCode": "713", "VoiceUrl": "x"}, 21402),
        ("IncomingPhoneNumbers", {"AreaCode": "713", "VoiceMethod": "PUT"}, 21403),
        ("Messages", {"To": ANA, "From": LINE, "ContentSid": "HX1"}, 20404),
        ("Messages", {"To": LINE, "From": LINE, "Body": "x"}, 21266),
        ("Queues", {"FriendlyName": "q" * 65}, 20002),
        ("Queues", {"FriendlyName": "q", "MaxSize": "5001"}, 20001),
        ("Tokens", {"Ttl": "-1"}, 20001),
        ("Addresses", {"CustomerName": "Acme"}, 20001),
        ("OutgoingCallerIds", {"PhoneNumber": "x"}, 21401),
        ("OutgoingCallerIds", {"PhoneNumber": ANA, "CallDelay": "61"}, 21454),
    ],
)
def test_values_twilio_refuses(box: Box, folder: str, fields: dict[str, str], code: int) -> None:
    numbers = dict(box.world.numbers)
    _, answer = box.send("POST", f"{ROOT}/{folder}.json", urlencode(fields).encode())
    assert answer["code"] == code
    assert box.world.numbers == numbers
