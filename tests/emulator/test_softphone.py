"""Softphones without a browser: access tokens, the WebSocket's protocol, and lost connections."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import jwt
import pytest

from router.emulator.__main__ import parse_arguments
from router.emulator.access_token import TokenError, read_token
from router.emulator.client import NetworkError
from tests.emulator.conftest import ACCOUNT, LINE, Stage, Thread
from tests.emulator.softphones import KEY, SECRET, make_application, make_token

Frame = dict[str, Any]


class Socket:
    """A page's WebSocket, as the driver uses it."""

    def __init__(self, stage: Stage, thread: Thread, **headers: str) -> None:
        self._thread = thread
        self._url = stage.world.base_url.replace("http", "ws") + "/softphone"
        self._http, self.ws = thread.run(self._open(headers))
        self.session = ""

    async def _open(
        self, headers: dict[str, str]
    ) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
        http = aiohttp.ClientSession()
        try:
            return http, await http.ws_connect(self._url, headers=headers)
        except aiohttp.ClientError:
            await http.close()
            raise

    def send(self, kind: str, **fields: object) -> None:
        self.raw(json.dumps({"type": kind, **fields}))

    def raw(self, text: str) -> None:
        self._thread.run(self.ws.send_str(text))

    def gets(self, kind: str) -> Frame:
        """The next frame of `kind`; those before it are passed over."""
        while True:
            frame: Frame = self._thread.run(self.ws.receive_json(timeout=5))
            if frame["type"] == kind:
                return frame

    def hello(self, token: str, session: str = "") -> Socket:
        self.send("hello", token=token, session=session)
        self.session = self.gets("connected")["session"]
        return self

    def register(self) -> Socket:
        self.send("register")
        self.gets("registered")
        return self

    def is_closed(self) -> int | None:
        """Wait for the close frame; its code."""
        message = self._thread.run(self.ws.receive(timeout=5))
        while message.type is aiohttp.WSMsgType.TEXT:
            message = self._thread.run(self.ws.receive(timeout=5))
        return self.ws.close_code

    def breaks(self) -> None:
        """The network is lost: no close frame."""

        async def cut() -> None:
            self.ws._writer.transport.abort()
            await asyncio.sleep(0.01)

        self._thread.run(cut())

    def close(self) -> None:
        self._thread.run(self.ws.close())
        self._thread.run(self._http.close())


Opener = Callable[..., Socket]


@pytest.fixture
def opened(stage: Stage, thread: Thread) -> Iterator[Opener]:
    stage.net.request("POST", "api_keys", {"sid": KEY, "secret": SECRET})
    sockets: list[Socket] = []

    def open_one(**headers: str) -> Socket:
        sockets.append(Socket(stage, thread, **headers))
        return sockets[-1]

    yield open_one
    for socket in sockets:
        socket.close()


def rings(stage: Stage, to: str = "client:ana") -> str:
    """A call to the client, from REST; its SID."""
    sid = stage.client.calls.create(
        to=to, from_=LINE, twiml="<Response><Say>Good evening</Say><Pause length='60'/></Response>"
    ).sid
    assert sid is not None
    stage.net.advance(1)  # at one REST call a second, a second one waits
    return str(sid)


# Tokens


def _encoded(claims: str) -> str:
    """A token that is well formed but for its claims."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode()
    body = base64.urlsafe_b64encode(claims.encode()).decode()
    return ".".join(part.rstrip("=") for part in (head, body, "c2lnbmVk"))


def test_a_token_of_twilios_library_is_read() -> None:
    grant = read_token(make_token(application="AP1"), ACCOUNT, {KEY: SECRET}, time.time())
    assert (grant.identity, grant.application_sid, grant.incoming) == ("ana", "AP1", True)


@pytest.mark.parametrize(
    ("token", "after", "code"),
    [
        ("", 0, 20101),
        ("nonsense", 0, 20101),
        ("a.b.c", 0, 20101),
        (_encoded("[" * 50_000), 0, 20101),
        (_encoded("[]"), 0, 20101),
        (make_token(secret="another secret of that same length"), 0, 20101),
        (make_token(key="SK" + "f" * 32), 0, 20101),
        (make_token(account="AC" + "f" * 32), 0, 20101),
        (make_token(identity=""), 0, 20101),
        (make_token(ttl=48 * 3600), 0, 20101),
        (make_token(ttl=60), 61, 20104),
    ],
)
def test_tokens_that_are_refused(token: str, after: float, code: int) -> None:
    with pytest.raises(TokenError) as error:
        read_token(token, ACCOUNT, {KEY: SECRET}, time.time() + after)
    assert error.value.code == code


def test_a_token_signed_with_nothing_is_refused() -> None:
    claims = jwt.decode(make_token(), options={"verify_signature": False})
    with pytest.raises(TokenError) as error:
        read_token(jwt.encode(claims, "", "none"), ACCOUNT, {KEY: SECRET}, time.time())
    assert error.value.code == 20101


@pytest.mark.parametrize(("ttl", "code"), [(-5, 20104), (3600, 20101)])
def test_a_refused_hello_says_why_and_ends(opened: Opener, ttl: int, code: int) -> None:
    secret = SECRET if ttl < 0 else SECRET[::-1]
    socket = opened()
    socket.send("hello", token=make_token(ttl=ttl, secret=secret))
    assert socket.gets("error")["code"] == code
    assert socket.is_closed() == 4401


def test_a_token_may_be_renewed_for_the_same_identity_only(opened: Opener) -> None:
    socket = opened().hello(make_token(ttl=60))
    socket.send("token", token=make_token(ttl=600))
    assert socket.gets("token")["ttl"] > 500
    socket.send("token", token=make_token("eve"))
    assert socket.gets("error")["code"] == 20101


def test_a_token_that_expires_ends_the_registration_and_not_the_call(
    stage: Stage, opened: Opener
) -> None:
    socket = opened().hello(make_token(ttl=2)).register()
    rings(stage)
    socket.send("accept", call=socket.gets("incoming")["call"])
    socket.gets("open")
    assert socket.gets("error")["code"] == 20104
    socket.gets("unregistered")
    assert stage.net.state()["legs"][0]["status"] == "in-progress"
    socket.send("connect", id="1", params={})
    assert socket.gets("error")["code"] == 20104


def test_api_keys_are_given_on_the_command_line_or_to_the_control_api(
    stage: Stage, opened: Opener
) -> None:
    assert parse_arguments(["--api-key", f"{KEY}=x=y"]).api_keys == {KEY: "x=y"}
    with pytest.raises(SystemExit):
        parse_arguments(["--api-key", "SK1=x"])
    assert stage.net.request("GET", "api_keys") == {"api_keys": [KEY]}
    with pytest.raises(NetworkError) as error:
        stage.net.request("POST", "api_keys", {"sid": "SK1", "secret": "x"})
    assert error.value.field == "sid"


# Frames


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not JSON", 31400),
        ("[]", 31400),
        ("[" * 50_000, 31400),
        ("{}", 31400),
        ('{"type": "sing"}', 31400),
        ('{"type": ["register"]}', 31400),
        ('{"type": "connect"}', 31400),
        ('{"type": "connect", "id": "1", "params": {"a": 1}}', 31400),
        ('{"type": "connect", "id": "1", "params": {}}', 31002),
        ('{"type": "accept"}', 31400),
        ('{"type": "hang_up", "call": "CA0"}', 31404),
        ('{"type": "press", "call": "CA0", "digits": "1"}', 31404),
        ('{"type": "token", "token": "x"}', 20101),
    ],
)
def test_a_frame_that_cannot_be_done_is_an_error_and_no_more(
    stage: Stage, opened: Opener, frame: str, code: int
) -> None:
    socket = opened().hello(make_token())
    socket.raw(frame)
    assert socket.gets("error")["code"] == code
    socket.register()
    assert stage.net.state()["parties"][0]["reachable"] is True


def test_frames_that_are_no_text_or_too_long(stage: Stage, thread: Thread, opened: Opener) -> None:
    socket = opened().hello(make_token())
    thread.run(socket.ws.send_bytes(b"\x00\xff"))
    assert socket.gets("error")["code"] == 31400
    socket.raw("x" * 70_000)
    # Who is still sending when the line is cut may not read the reason (RFC 6455, 7.1.7).
    assert socket.is_closed() in {1009, 1006}
    early = opened()
    early.send("register")
    assert early.gets("error")["code"] == 31400
    early.is_closed()
    opened().hello(make_token()).register()


@pytest.mark.parametrize("origin", ["https://example.com", "null"])
def test_pages_of_other_sites_are_refused(stage: Stage, thread: Thread, origin: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        Socket(stage, thread, Origin=origin)
    assert error.value.status == 403


# Calls


def test_an_outgoing_call_runs_the_grants_application(stage: Stage, opened: Opener) -> None:
    application = make_application(stage, "<Gather action='/key'><Say>Press</Say></Gather>")
    socket = opened().hello(make_token(application=application))
    params = {"To": "+15125550199", "room": "7", "From": "+1911", "CallSid": "CA1"}
    socket.send("connect", id="mine", params=params)
    sid = socket.gets("dialled")["call"]
    socket.gets("ringing")
    socket.gets("open")
    (asked,) = stage.app.to("/app")
    assert asked["From"] == asked["Caller"] == "client:ana"
    assert (asked["To"], asked["room"]) == ("+15125550199", "7")
    assert (asked["CallSid"], asked["ApplicationSid"]) == (sid, application)
    # The page's own name of the call serves as well as its SID.
    socket.send("press", call="mine", digits="4w2#")
    stage.net.advance(0)
    socket.gets("hears")
    assert stage.app.to("/key")[0]["Digits"] == "42"


@pytest.mark.parametrize(("application", "code"), [(None, 31002), ("AP" + "0" * 32, 31001)])
def test_an_outgoing_call_without_an_application(
    opened: Opener, application: str | None, code: int
) -> None:
    socket = opened().hello(make_token(application=application))
    socket.send("connect", id="mine", params={})
    error = socket.gets("error")
    assert (error["code"], error["call"]) == (code, "mine")


def test_a_client_nobody_is_registered_as_is_not_found(stage: Stage, opened: Opener) -> None:
    stage.line("<Dial action='/done'><Client>ana</Client></Dial>")
    socket = opened().hello(make_token())
    stage.caller()
    assert stage.app.to("/done")[0]["DialCallStatus"] == "no-answer"
    socket.send("register")
    socket.gets("registered")
    stage.caller("+15125550102")
    assert socket.gets("incoming")["parameters"]["From"] == "+15125550102"
    socket.send("unregister")
    socket.gets("unregistered")
    stage.caller("+15125550103")
    assert stage.app.to("/done")[1]["DialCallStatus"] == "no-answer"


def test_parameters_in_a_clients_address_reach_its_page(stage: Stage, opened: Opener) -> None:
    socket = opened().hello(make_token()).register()
    rings(stage, "client:ana?case=17&note=two%20words")
    assert socket.gets("incoming")["custom"] == {"case": "17", "note": "two words"}


def test_a_token_without_incoming_calls_cannot_register(opened: Opener) -> None:
    socket = opened().hello(make_token(incoming=False))
    socket.send("register")
    assert socket.gets("error")["code"] == 20151


def test_the_first_to_accept_has_the_call(stage: Stage, opened: Opener) -> None:
    first, second = (opened().hello(make_token()).register() for _ in "12")
    sid = rings(stage)
    assert first.gets("incoming")["call"] == second.gets("incoming")["call"] == sid
    second.send("accept", call=sid)
    second.gets("open")
    assert first.gets("cancel")["call"] == sid
    first.send("accept", call=sid)
    first.gets("cancel")
    first.send("hang_up", call=sid)
    assert first.gets("error")["code"] == 31404
    assert second.gets("hears")["entry"]["text"] == "Good evening"


def test_who_rejects_rejects_for_all_and_who_ignores_for_one(stage: Stage, opened: Opener) -> None:
    first, second = (opened().hello(make_token()).register() for _ in "12")
    sid = rings(stage)
    first.gets("incoming")
    second.gets("incoming")
    first.send("ignore", call=sid)
    second.send("reject", call=sid)
    stage.net.advance(0)
    assert stage.client.calls(sid).fetch().status == "busy"
    sid = rings(stage)
    first.gets("incoming")
    second.gets("incoming")
    first.send("reject", call=sid)
    assert second.gets("cancel")["call"] == sid


def test_a_scripted_client_answers_for_its_page(stage: Stage, opened: Opener) -> None:
    socket = opened().hello(make_token()).register()
    ana = stage.net.phone("client:ana", "Ana", on_ring="answer")
    sid = rings(stage)
    assert socket.gets("incoming")["call"] == sid
    stage.net.advance(0)
    assert socket.gets("cancel")["call"] == sid
    ana.hears("Good evening")


def test_a_muted_microphone_is_not_heard(stage: Stage, opened: Opener) -> None:
    stage.line("<Dial><Client>ana<Parameter name='case' value='17'/></Client></Dial>")
    socket = opened().hello(make_token()).register()
    sam = stage.caller()
    offer = socket.gets("incoming")
    assert offer["custom"] == {"case": "17"}
    socket.send("accept", call=offer["call"])
    socket.gets("open")
    sam.is_talking_with("ana")
    socket.send("mute", call=offer["call"], muted=True)
    socket.send("say", call=offer["call"], text="Unheard")
    socket.send("mute", call=offer["call"], muted=False)
    socket.send("say", call=offer["call"], text="Can you hear me")
    sam.hears("can you hear me")
    assert "speech Unheard" not in stage.transcript(sam)
    sam.is_talking_with("ana")


# Lost connections


def test_a_lost_connection_comes_back_to_its_call(stage: Stage, opened: Opener) -> None:
    socket = opened().hello(make_token()).register()
    sid = rings(stage)
    socket.send("accept", call=socket.gets("incoming")["call"])
    socket.gets("open")
    socket.breaks()
    stage.net.advance(4)
    back = opened()
    back.send("hello", token=make_token(), session=socket.session)
    assert back.gets("connected")["calls"] == [sid]
    stage.net.advance(10)
    assert stage.client.calls(sid).fetch().status == "in-progress"
    back.send("hang_up", call=sid)
    assert back.gets("ended")["status"] == "completed"
    kinds = [entry["kind"] for entry in stage.net.phone("client:ana").transcript()]
    assert [k for k in kinds if "signal" in k] == ["signal_lost", "signal_back"]


def test_a_connection_that_stays_away_ends_the_call(stage: Stage, opened: Opener) -> None:
    socket = opened().hello(make_token()).register()
    sid = rings(stage)
    socket.send("accept", call=socket.gets("incoming")["call"])
    socket.gets("open")
    dropped = stage.net.request("POST", "softphones/drop", {"identity": "ana", "refuse_seconds": 9})
    assert dropped == {"dropped": 1}
    again = opened()
    again.send("hello", token=make_token(), session=socket.session)
    again.gets("error")
    stage.net.advance(4.9)
    assert stage.client.calls(sid).fetch().status == "in-progress"
    stage.net.advance(0.2)
    assert stage.client.calls(sid).fetch().status == "completed"
    assert stage.net.state()["parties"][0]["reachable"] is False
    assert stage.net.request("GET", "softphones") == {"softphones": []}


def test_a_page_that_is_closed_ends_its_call_at_once(
    stage: Stage, thread: Thread, opened: Opener
) -> None:
    socket = opened().hello(make_token()).register()
    sid = rings(stage)
    socket.send("accept", call=socket.gets("incoming")["call"])
    socket.gets("open")
    thread.run(socket.ws.close())
    stage.net.advance(0)
    assert stage.client.calls(sid).fetch().status == "completed"


def test_a_reset_network_knows_no_softphone(stage: Stage, opened: Opener) -> None:
    socket = opened().hello(make_token()).register()
    rings(stage)
    stage.net.reset()
    socket.is_closed()
    assert stage.net.request("GET", "softphones") == {"softphones": []}
    assert stage.net.state()["parties"] == []
