"""Commands on the real wire, against the emulator: what happened, what did not, what is unknown."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ivr_flows.call import Call, Leg, Place, Role, Stage
from ivr_flows.outputs import (
    Announce,
    CarrierCommand,
    CheckLeg,
    EndLeg,
    HoldLeg,
    LookInRoom,
    MuteLeg,
    PlaceLeg,
    RedirectLeg,
    ReleaseFromQueue,
    RemoveLeg,
    Say,
    SetEndsRoom,
    Urgency,
)
from router.telephony.rest import Carrier, Done, Failed, Result, Unknown
from router.telephony.urls import Urls
from router.telephony.webhook import Phase
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN
from tests.emulator.conftest import Stage as Network

ANA, BEN = "+15125550102", "+15125550103"
NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
RING = PlaceLeg("abc-2", 20, Urgency.OFFER)
LEG = Leg("abc-2", Role.CLINICIAN, Place.RINGING)
CALL = Call("abc", "austin", 1, "direct", Stage.WAITING, NOW, NOW, legs=(LEG,))
HERE = "/voice/clinician/abc-2"


@pytest.fixture
def carrier(stage: Network) -> Iterator[Carrier]:
    """Ours, pointed at the emulator; our number is known there."""
    stage.line()
    base_url = stage.world.base_url
    carrier = Carrier(ACCOUNT, TOKEN, Urls(stage.app.base), base_url=base_url, timeout_seconds=1.0)
    yield carrier
    carrier.close()


def a_call(sid: str | None = None, place: Place = Place.RINGING) -> Call:
    return CALL.with_leg(replace(LEG, sid=sid, place=place))


def rung(stage: Network, carrier: Carrier, document: str = "<Pause length='60'/>") -> str:
    """Ana's phone rings; the sid of that leg."""
    stage.net.phone(ANA, "Ana")
    stage.app.on(f"{HERE}/answered", document)
    result = carrier.execute(RING, a_call(), to_e164=ANA, from_e164=LINE)
    assert isinstance(result, Done)
    stage.net.advance(0)
    return result.sid


def answered(stage: Network, carrier: Carrier, document: str) -> str:
    sid = rung(stage, carrier, document)
    stage.net.request("POST", f"parties/%2B{ANA[1:]}/answer", {})
    stage.net.advance(0)
    return sid


def test_a_placed_leg_asks_us_and_tells_us(stage: Network, carrier: Carrier) -> None:
    sid = answered(stage, carrier, "<Say>An offer</Say><Pause length='5'/>")
    assert sid.startswith("CA")
    asked = stage.app.to(f"{HERE}/answered")
    assert [(one["CallSid"], one["To"], one["From"]) for one in asked] == [(sid, ANA, LINE)]
    stage.net.advance(10)
    statuses = [one["CallStatus"] for one in stage.app.to(f"{HERE}/status")]
    assert statuses == ["initiated", "ringing", "in-progress", "completed"]


def test_a_leg_whose_document_fails_asks_its_own_fallback(stage: Network, carrier: Carrier) -> None:
    rung(stage, carrier)
    stage.app.on(f"{HERE}/answered", (500, ""))
    stage.net.request("POST", f"parties/%2B{ANA[1:]}/answer", {})
    stage.net.advance(10)
    (asked,) = stage.app.to(f"{HERE}/fallback")
    assert f"{HERE}/answered#" in asked["ErrorUrl"]


def test_what_was_placed_is_found_again(stage: Network, carrier: Carrier) -> None:
    first, second = rung(stage, carrier), rung(stage, carrier)
    since = datetime.fromtimestamp(stage.net.now(), UTC) - timedelta(seconds=5)
    found = carrier.list_placed(ANA, LINE, since)
    assert isinstance(found, list)
    assert {one.sid for one in found} == {first, second}
    rest = carrier.list_placed(ANA, LINE, since, exclude_sids={first})
    assert isinstance(rest, list)
    assert [one.sid for one in rest] == [second]
    assert carrier.list_placed(ANA, LINE, since + timedelta(seconds=60)) == []
    assert carrier.list_placed(LINE, ANA, since) == []


@pytest.mark.parametrize("place", [Place.RINGING, Place.FLOW])
def test_a_ringing_leg_is_ended_whatever_we_believe_of_it(
    stage: Network, carrier: Carrier, place: Place
) -> None:
    sid = rung(stage, carrier)
    assert isinstance(carrier.execute(EndLeg("abc-2"), a_call(sid, place)), Done)
    stage.net.advance(0)
    assert carrier.check(sid).status in {"canceled", "completed"}  # type: ignore[union-attr]


def test_a_leg_picked_up_in_the_moment_it_is_cancelled_is_ended(
    stage: Network, carrier: Carrier
) -> None:
    sid = answered(stage, carrier, "<Pause length='60'/>")
    assert isinstance(carrier.execute(EndLeg("abc-2"), a_call(sid)), Done)
    stage.net.advance(0)
    assert carrier.execute(CheckLeg("abc-2"), a_call(sid)) == Done(sid, "completed")


def test_a_leg_that_is_over_is_ended_already(stage: Network, carrier: Carrier) -> None:
    sid = answered(stage, carrier, "<Hangup/>")
    stage.net.advance(1)
    assert carrier.execute(EndLeg("abc-2"), a_call(sid)) == Done(sid, "completed")


def test_a_waiting_leg_is_released_once(stage: Network, carrier: Carrier) -> None:
    sid = answered(stage, carrier, "<Enqueue>switchboard.austin</Enqueue>")
    release = ReleaseFromQueue("abc-2")
    assert isinstance(carrier.execute(release, a_call(sid, Place.QUEUE)), Done)
    stage.net.advance(0)
    assert [one["CallSid"] for one in stage.app.to(f"{HERE}/ask")] == [sid]
    again = carrier.execute(release, a_call(sid, Place.QUEUE))
    assert isinstance(again, Failed)
    assert again.permanent


def test_a_queue_made_anew_is_found(stage: Network, carrier: Carrier) -> None:
    no_queue = carrier.release_from_queue("switchboard.austin", "CA" + "0" * 32, "http://x.test/")
    assert no_queue == Failed("no_queue", permanent=True)
    for _ in range(2):
        sid = answered(stage, carrier, "<Enqueue>switchboard.austin</Enqueue>")
        released = carrier.execute(ReleaseFromQueue("abc-2"), a_call(sid, Place.QUEUE))
        assert isinstance(released, Done)
        stage.net.advance(1)
        for queue in stage.client.queues.list():
            queue.delete()


def test_a_leg_is_redirected_to_ask_what_to_do(stage: Network, carrier: Carrier) -> None:
    sid = answered(stage, carrier, "<Pause length='60'/>")
    assert isinstance(carrier.execute(RedirectLeg("abc-2", 1), a_call(sid, Place.FLOW)), Done)
    stage.net.advance(0)
    assert len(stage.app.to(f"{HERE}/ask")) == 1


def test_a_leg_in_a_room_is_spoken_to_and_marked(stage: Network, carrier: Carrier) -> None:
    sid = answered(
        stage,
        carrier,
        "<Dial><Conference participantLabel='abc-2' waitUrl=''>abc.1</Conference></Dial>",
    )
    call = a_call(sid, Place.ROOM)
    stage.app.on("/voice/announce/abc-2/77", "<Say>The caller is back</Say>")
    spoken = carrier.execute(Announce("abc-2", 1, Say("x")), call, token="77")
    assert isinstance(spoken, Done)
    stage.net.advance(1)
    assert len(stage.app.to("/voice/announce/abc-2/77")) == 1
    assert isinstance(carrier.execute(SetEndsRoom("abc-2", 1, ends_room=True), call), Done)
    (participant,) = stage.net.state()["conferences"][0]["participants"]
    assert participant["end_on_exit"] is True
    other = carrier.execute(SetEndsRoom("abc-2", 2, ends_room=False), call)
    assert other == Failed("no_room", permanent=True)


ROOM = "<Dial><Conference participantLabel='abc-2' waitUrl=''>abc.1</Conference></Dial>"


def test_tr3_a_leg_in_a_room_is_held_muted_and_brought_back(
    stage: Network, carrier: Carrier
) -> None:
    call = a_call(answered(stage, carrier, ROOM), Place.ROOM)
    hold = f"{HERE}/hold"
    stage.app.on(hold, "<Say>You are on hold</Say><Pause length='4'/><Redirect/>")
    for command, name, value in (
        (HoldLeg("abc-2", 1, on=True), "hold", True),
        (MuteLeg("abc-2", 1, on=True), "muted", True),
        (HoldLeg("abc-2", 1, on=False), "hold", False),
        (MuteLeg("abc-2", 1, on=False), "muted", False),
    ):
        assert isinstance(carrier.execute(command, call), Done)
        (participant,) = stage.net.state()["conferences"][0]["participants"]
        assert participant[name] is value
        stage.net.advance(20)
    methods = {one.method for one in stage.app.requests if one.path == hold}
    assert methods == {"POST"}, "and not Twilio's default, GET"
    assert len(stage.app.to(hold)) > 3, "it speaks over and over"


@pytest.mark.parametrize("hangs_up", [True, False])
def test_tr4_a_leg_is_taken_out_of_a_room_and_no_other_is(
    stage: Network, carrier: Carrier, hangs_up: bool
) -> None:
    stage.net.switches(kick_hangs_up=hangs_up)
    call = a_call(answered(stage, carrier, ROOM), Place.ROOM)
    gone = Failed("no_room", permanent=True)
    assert carrier.execute(RemoveLeg("abc-2", 2), call) == gone
    assert isinstance(carrier.execute(RemoveLeg("abc-2", 1), call), Done)
    assert carrier.execute(RemoveLeg("abc-2", 1), call) == gone


def test_tr7_who_is_in_a_room_is_told(stage: Network, carrier: Carrier) -> None:
    look = LookInRoom("abc-2", 1, 1)
    sid = answered(stage, carrier, "<Pause length='5'/>" + ROOM)
    call = a_call(sid, Place.JOINING)
    assert carrier.execute(look, call) == Done(), "there is no such room yet"
    stage.net.advance(6)
    assert carrier.execute(look, call) == Done(there=frozenset({sid}))
    assert carrier.execute(LookInRoom("abc-2", 2, 1), call) == Done(), "that is another room"
    stage.net.faults(stale_seconds=10)
    assert carrier.execute(look, call) == Done(), "what is a moment old knows nothing of them yet"
    stage.net.faults()
    assert isinstance(carrier.end_call(sid, is_answered=True), Done)
    stage.net.advance(0)
    assert carrier.execute(look, call) == Done(), "the room is over"


@pytest.mark.parametrize("path", ["/Conferences", "/Participants"])
def test_tr7_a_room_that_is_not_told_of_is_not_taken_for_empty(
    stage: Network, carrier: Carrier, path: str
) -> None:
    call = a_call(answered(stage, carrier, ROOM), Place.JOINING)
    for deed in ("429", "503", "timeout"):
        stage.net.faults(rest=[{"do": deed, "method": "GET", "path": path, "next": 1}])
        result = carrier.execute(LookInRoom("abc-2", 1, 1), call)
        assert isinstance(result, Failed)
        assert not result.permanent


def test_re5_how_far_the_line_is_that_a_document_rings_is_told(
    stage: Network, carrier: Carrier
) -> None:
    ben = stage.net.phone(BEN, "Ben")
    sid = answered(stage, carrier, f"<Dial>{BEN}</Dial><Pause length='9'/>")
    assert carrier.find_dialled(sid) is Phase.COMING
    ben.answers()
    assert carrier.find_dialled(sid) is Phase.LIVE
    ben.hangs_up()
    assert carrier.find_dialled(sid) is Phase.OVER
    stage.net.faults(rest=[{"do": "503", "method": "GET", "path": "/Calls", "next": 1}])
    assert isinstance(carrier.find_dialled(sid), Unknown)


def test_a_text_is_sent(stage: Network, carrier: Carrier) -> None:
    ana = stage.net.phone(ANA, "Ana")
    sent = carrier.send_message(ANA, LINE, "Hello", stage.app.url("/sms/status/7"))
    assert isinstance(sent, Done)
    assert sent.sid.startswith("SM")
    ana.texted("Hello")


@pytest.mark.parametrize(
    ("deed", "result"),
    [
        ("429", Failed("20429", permanent=False)),
        ("500", Unknown("http_500")),
        ("503", Unknown("http_503")),
        ("500_after", Unknown("http_500")),
        ("timeout", Unknown("ReadTimeout")),
        ("timeout_after", Unknown("ReadTimeout")),
        ("reset", Unknown("connection_lost")),
        ("reset_after", Unknown("connection_lost")),
    ],
)
def test_law_7_what_may_have_happened_is_unknown_and_looked_up(
    stage: Network, carrier: Carrier, deed: str, result: Result
) -> None:
    stage.net.phone(ANA, "Ana")
    stage.net.faults(rest=[{"do": deed, "method": "POST", "path": "/Calls", "next": 1}])
    assert carrier.execute(RING, a_call(), to_e164=ANA, from_e164=LINE) == result
    since = datetime.fromtimestamp(stage.net.now(), UTC) - timedelta(seconds=5)
    found = carrier.list_placed(ANA, LINE, since)
    assert isinstance(found, list)
    assert len(found) == deed.endswith("_after")


def test_a_refused_connection_is_known_not_to_have_happened() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    carrier = Carrier(ACCOUNT, TOKEN, Urls("http://x.test"), base_url=f"http://127.0.0.1:{port}")
    ringing = carrier.execute(RING, a_call(), to_e164=ANA, from_e164=LINE)
    assert ringing == Failed("unreachable", permanent=False)
    assert carrier.list_placed(ANA, LINE, NOW) == Failed("unreachable", permanent=False)
    carrier.close()


def test_a_refusal_gives_its_code_and_no_number(stage: Network, carrier: Carrier) -> None:
    refused = carrier.execute(RING, a_call(), to_e164="+1", from_e164=LINE)
    assert refused == Failed("21211", permanent=True)


def test_a_leg_nobody_knows_is_gone(carrier: Carrier) -> None:
    gone = "CA" + "0" * 32
    assert carrier.check(gone) == Failed("20404", permanent=True)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (EndLeg("abc-9"), "no_leg"),
        (EndLeg("abc-2"), "no_sid"),
        (ReleaseFromQueue("abc-2"), "no_sid"),
        (LookInRoom("abc-2", 1, 1), "no_sid"),
        (RING, "no_number"),
    ],
)
def test_what_cannot_be_carried_out_is_not_sent(
    carrier: Carrier, command: CarrierCommand, code: str
) -> None:
    assert carrier.execute(command, a_call()) == Failed(code, permanent=True)


def test_re4_a_911_leg_is_listened_to_beside_its_document(stage: Network, carrier: Carrier) -> None:
    stage.net.phone(ANA, "Machine", on_ring="voicemail", greeting="Leave a message " * 12)
    psap = Leg("abc-3", Role.PSAP, Place.PLANNED, line_id="priority")
    stage.app.on("/voice/psap/abc-3/answered", "<Pause length='60'/>")
    order = PlaceLeg("abc-3", 20, Urgency.RETURN_TO_911)
    result = carrier.execute(order, CALL.with_leg(psap), to_e164=ANA, from_e164=LINE)
    assert isinstance(result, Done)
    stage.net.advance(1)
    assert len(stage.app.to("/voice/psap/abc-3/answered")) == 1, "nobody waits for the carrier"
    assert not stage.app.to("/voice/psap/abc-3/detected")
    stage.net.advance(30)
    (told,) = stage.app.to("/voice/psap/abc-3/detected")
    assert told["AnsweredBy"] == "machine_start"
    assert int(told["MachineDetectionDuration"]) >= 6000, "a call taker's greeting is no machine's"
