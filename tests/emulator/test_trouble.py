"""An application that hangs, crashes or talks nonsense never stops the network."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from tests.emulator.conftest import LINE, Stage, Thread

SORRY = "application error has occurred"
ANA = "+15125550102"


class RawApp:
    """Answers every connection with the same bytes and closes it."""

    def __init__(self) -> None:
        self.answer = b""
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
def raw(thread: Thread) -> Iterator[RawApp]:
    app = RawApp()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(app.handle, "127.0.0.1", 0)

    server = thread.run(start())
    app.port = server.sockets[0].getsockname()[1]
    yield app

    async def stop() -> None:
        server.close()

    thread.run(stop())


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (b"", {11200, 11205, 11206}),
        (b"nonsense\r\n\r\n", {11206}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<Resp", {11200, 11206}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n<Response/>", {12300}),
        (
            (
                b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\n"
                b"Content-Length: 5\r\n\r\nplain"
            ),
            {11200, 11206},
        ),
    ],
)
def test_nonsense_on_the_wire(stage: Stage, raw: RawApp, answer: bytes, codes: set[int]) -> None:
    raw.answer = answer
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE, voice_url=f"http://127.0.0.1:{raw.port}/"
    )
    caller = stage.caller()
    caller.hears(SORRY)
    caller.is_hung_up()
    assert {e["code"] for e in stage.net.debugger()} <= codes


@pytest.mark.parametrize("charset", ["iso-8859-1", "nonsense"])
def test_charsets(stage: Stage, raw: RawApp, charset: str) -> None:
    body = '<?xml version="1.0"?><Response><Say>Grüße</Say></Response>'
    data = body.encode("iso-8859-1" if charset == "iso-8859-1" else "utf-8")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset={charset}\r\n"
    raw.answer = head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE, voice_url=f"http://127.0.0.1:{raw.port}/"
    )
    stage.caller().hears("Grüße")


def test_one_call_that_hangs_does_not_hold_up_another(stage: Stage) -> None:
    stage.net.time("real")
    stage.line("<Say>Hello</Say>")
    stage.app.on("/slow", "<Say>At last</Say>")
    stage.app.delays["/slow"] = 20
    slow = "+15125550190"
    url = stage.app.url("/slow#rt=3000")
    stage.client.incoming_phone_numbers.create(phone_number=slow, voice_url=url)
    kim = stage.net.phone("+15125550105", "Kim")
    kim.dials(slow)
    stage.net.phone("+15125550101", "Sam")
    sam = stage.net.phone("+15125550106", "Sam")
    sam.dials(LINE)
    sam.hears("Hello", within=5)
    kim.hears(SORRY, within=15)


def test_a_slow_callback_does_not_hold_up_the_next(stage: Stage) -> None:
    stage.net.time("real")
    stage.line()
    stage.app.delays["/status"] = 20
    stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.client.calls.create(
        to=ANA,
        from_=LINE,
        twiml="<Response><Hangup/></Response>",
        status_callback=stage.app.url("/status"),
        status_callback_event=["ringing", "completed"],
    )
    deadline = stage.net.events(wait=0)[-1]["at"] + 10
    while len(stage.app.to("/status")) < 2 and stage.net.now() < deadline:
        stage.net.events(after=10**6, wait=0.1)
    assert [p["CallStatus"] for p in stage.app.to("/status")] == ["ringing", "completed"]


def test_a_caller_who_gives_up_while_the_application_thinks(stage: Stage) -> None:
    stage.net.time("real")
    stage.line("<Say>Too late</Say>")
    stage.app.delays["/voice"] = 0.5
    caller = stage.caller_of_running_time()
    caller.hangs_up()
    caller.does_not_hear("Too late", within=1)
    assert stage.client.calls.list()[0].status == "no-answer"


def test_a_hosted_911_desk_is_dialled_like_any_number(stage: Stage) -> None:
    """A <Dial> to one of the account's own numbers runs that number's document."""
    desk = "+15125550191"
    stage.line(f"<Dial>{desk}</Dial><Say>Afterwards</Say>")
    stage.app.on("/desk", "<Dial><Conference>desk</Conference></Dial>")
    stage.client.incoming_phone_numbers.create(phone_number=desk, voice_url=stage.app.url("/desk"))
    lee = stage.net.phone(ANA, "Lee", on_ring="answer")
    twiml = (
        "<Response><Dial><Conference endConferenceOnExit='true'>desk</Conference></Dial></Response>"
    )
    stage.client.calls.create(to=ANA, from_=LINE, twiml=twiml)
    caller = stage.caller()
    caller.is_talking_with("Lee")
    lee.is_talking_with("Sam")
    caller.says("Can you hear me")
    lee.hears("Can you hear me")
    lee.says("Yes I can")
    caller.hears("Yes I can")
    lee.hangs_up()
    caller.hears("Afterwards")


def test_a_withheld_number(stage: Stage) -> None:
    stage.line()
    stage.net.phone("+15125550101", "Sam").dials(LINE, caller_id="anonymous")
    stage.net.advance(0)
    assert stage.app.to("/voice")[0]["From"] == "anonymous"


def test_participants_and_conferences_are_read_stale_too(stage: Stage) -> None:
    stage.net.faults(stale_seconds=5)
    stage.line("<Dial><Conference>room</Conference></Dial>")
    caller = stage.caller()
    stage.net.advance(6)
    conference = stage.client.conferences.list()[0]
    people = stage.client.conferences(conference.sid).participants
    assert len(people.list()) == 1
    caller.hangs_up()
    stage.net.advance(1)
    assert len(people.list()) == 1
    assert stage.client.conferences(conference.sid).fetch().status == "init"
    stage.net.advance(5)
    assert people.list() == []
    assert stage.client.conferences(conference.sid).fetch().status == "completed"


@pytest.mark.parametrize(
    ("head", "body", "codes"),
    [
        ("Content-Type: text/xml", b"\xef\xbb\xbf<Response><Say>Fine</Say></Response>", []),
        (
            "Content-Type: text/xml",
            b'<?xml version="1.0" encoding="latin-1"?><Response><Say>Fine</Say></Response>',
            [],
        ),
        (
            "Content-Type: text/xml; charset=utf-16",
            "<Response><Say>Fine</Say></Response>".encode("utf-16"),
            [],
        ),
        ("Content-Type: text/xml", b'<Response version="1999-01-01"/>', [12101]),
        ("Content-Type: text/xml", b"<!DOCTYPE a><Response/>", [12100]),
    ],
)
def test_how_a_body_may_be_written(
    stage: Stage, raw: RawApp, head: str, body: bytes, codes: list[int]
) -> None:
    raw.answer = f"HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    raw.answer += body
    url = f"http://127.0.0.1:{raw.port}/"
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url=url)
    caller = stage.caller()
    caller.hears(SORRY if codes else "Fine")
    assert [e["code"] for e in stage.net.debugger()] == codes


def test_an_empty_body_in_chunks_is_11770(stage: Stage, raw: RawApp) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw.answer = head.encode() + b"0\r\n\r\n"
    url = f"http://127.0.0.1:{raw.port}/"
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url=url)
    stage.caller().hears(SORRY)
    assert [e["code"] for e in stage.net.debugger()] == [11770]


def test_an_application_that_talks_for_ever_is_cut_off(stage: Stage, raw: RawApp) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n"
    raw.answer = head.encode() + b"<Response>" + b"<Pause/>" * 100_000
    url = f"http://127.0.0.1:{raw.port}/"
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url=url)
    stage.caller().hears(SORRY)
    assert [e["code"] for e in stage.net.debugger()] == [11750]


def test_what_a_leg_is_taken_from_before_it_began_leaves_nothing(
    stage: Stage, thread: Thread
) -> None:
    stage.line("<Pause length='60'/>")
    caller = stage.caller()
    call = stage.world.calls[caller.transcript()[0]["call"]]

    async def work() -> None:
        """Python warns of a coroutine that nobody awaits or closes; pytest makes it an error."""

    async def move() -> None:
        call.take_over(work())
        call.hang_up()

    thread.run(move())
    caller.is_hung_up()
    gc.collect()


def test_a_fault_of_the_emulator_ends_one_call_and_is_told(stage: Stage, thread: Thread) -> None:
    stage.line("<Pause length='60'/>")
    caller = stage.caller()
    other = stage.caller("+15125550105", "Kim")
    call = stage.world.calls[caller.transcript()[0]["call"]]

    async def work() -> None:
        raise ValueError("a bug")

    async def move() -> None:
        call.take_over(work())

    thread.run(move())
    assert caller.is_hung_up()["status"] == "failed"
    assert len(other.state()["calls"]) == 1
    told = [e for e in stage.net.events() if e["kind"] == "emulator_error"]
    assert [(e["error"], e["call"]) for e in told] == [("ValueError('a bug')", call.sid)]
    stage.net.reset()
