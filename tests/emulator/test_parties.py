"""People with phones: behaviours, scripts, transcripts, and the control API's refusals."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import requests

import router.emulator.client as client_module
from router.emulator.client import NetworkError
from router.emulator.control import network
from router.emulator.control.parties import _DEEDS
from tests.emulator.conftest import LINE, Stage

ANA = "+15125550102"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "parties", {}, 400, "number"),
        ("POST", "parties", {"number": "abc"}, 400, "number"),
        ("POST", "parties", {"number": 7}, 400, "number"),
        ("POST", "parties", {"number": LINE}, 409, "number"),
        ("POST", "parties", {"number": ANA, "nmae": "Ana"}, 400, "nmae"),
        ("POST", "parties", {"number": ANA, "people": []}, 400, "people"),
        ("POST", "parties", {"number": ANA, "on_ring": "sing"}, 400, "on_ring"),
        ("POST", "parties", {"number": ANA, "on_ring": {"answer_after": -1}}, 400, "on_ring.after"),
        ("POST", "parties", {"number": ANA, "script": [{"hear": "x"}]}, 400, "script[0].hear"),
        ("POST", "parties", {"number": ANA, "script": [{"wait": "x"}]}, 400, "script[0].wait"),
        ("GET", "parties/%2B15125550199", None, 404, "number"),
        ("POST", "parties/client:sam/dial", {}, 400, "to"),
        ("POST", "parties/client:sam/dial", {"to": "+15125550198"}, 404, "to"),
        ("POST", "parties/client:sam/answer", {}, 409, "number"),
        ("POST", "parties/client:sam/press", {"digits": "1"}, 409, "number"),
        ("POST", "parties/client:sam/press", {"digits": "x"}, 400, "digits"),
        ("POST", "parties/client:sam/sing", {}, 404, "deed"),
        ("POST", "parties/client:sam/leave", {"who": "Nobody"}, 400, "who"),
        ("POST", "parties/client:sam/text", {"to": ANA, "text": "x"}, 404, "to"),
        ("POST", "time", {"mode": "slow"}, 400, "mode"),
        ("POST", "time", {"mode": "fast", "speed": 0}, 400, "speed"),
        ("POST", "time/advance", {"seconds": "1"}, 400, "seconds"),
        ("POST", "api_keys", {"sid": "SK1", "secret": "x"}, 400, "sid"),
        ("POST", "softphones/drop", {}, 400, "identity"),
        ("PUT", "faults", {"callbacks": [{"do": "sing"}]}, 400, "callbacks[0].do"),
        ("PUT", "faults", {"stale": 1}, 400, "stale"),
        ("PUT", "switches", {"colour": "red"}, 400, "colour"),
        ("PUT", "switches", {"unknown_verb": "sing"}, 400, "unknown_verb"),
        ("GET", "events?after=x", None, 400, "after"),
        ("GET", "nowhere", None, 404, "path"),
        ("DELETE", "state", None, 405, "method"),
    ],
)
def test_mistakes_name_the_field(
    stage: Stage, method: str, path: str, body: dict[str, Any] | None, status: int, field: str
) -> None:
    stage.line()
    stage.net.phone("client:sam", "Sam")
    with pytest.raises(NetworkError) as error:
        stage.net.request(method, path, body)
    assert (error.value.status, error.value.field) == (status, field)


def test_a_body_that_is_not_json(stage: Stage) -> None:
    url = f"{stage.world.base_url}/control/parties"
    answer = requests.post(url, data="not json", timeout=5)
    assert (answer.status_code, answer.json()["field"]) == (400, "body")


@pytest.mark.parametrize(
    ("header", "value"),
    [("Host", "evil.example"), ("Origin", "http://evil.example"), ("Origin", "null")],
)
def test_a_page_of_another_site_cannot_steer_the_network(
    stage: Stage, header: str, value: str
) -> None:
    answer = requests.post(
        f"{stage.world.base_url}/control/reset", headers={header: value}, timeout=5
    )
    assert (answer.status_code, answer.json()["field"]) == (403, "host")


def test_a_party_is_busy_while_all_its_lines_are_taken(stage: Stage) -> None:
    stage.line("<Pause length='60'/>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.net.switches(calls_per_second=0)
    twiml = "<Response><Pause length='60'/></Response>"
    create = stage.client.calls.create
    create(to=ANA, from_=LINE, twiml=twiml)
    second = create(to=ANA, from_=LINE, twiml=twiml)
    stage.net.advance(1)
    assert stage.client.calls(second.sid).fetch().status == "busy"
    with pytest.raises(NetworkError) as error:
        ana.dials(LINE)
    assert error.value.status == 409
    ana.changes(lines=3)
    ana.dials(LINE)
    stage.net.advance(0)
    assert len(ana.state()["calls"]) == 2


def test_a_script_plays_its_part(stage: Stage) -> None:
    stage.line('<Gather numDigits="1" action="/key"><Say>Press 1 to accept</Say></Gather>')
    ask = "<Say>What is your name</Say>"
    gather = f'<Gather input="speech" speechTimeout="auto" action="/said">{ask}</Gather>'
    stage.app.on("/key", gather)
    stage.app.on("/said", "<Pause length='60'/>")
    sam = stage.net.phone(
        "+15125550101",
        "Sam",
        script=[
            {"hears": "press 1", "presses": "1"},
            {"hears": "your name", "wait": 2, "says": "Sam"},
            {"wait": 5, "hang_up": True},
        ],
    )
    sam.dials(LINE)
    sam.is_hung_up(within=20)
    assert [p.get("Digits") or p.get("SpeechResult") for p in stage.app.requests_params()] == [
        None,
        "1",
        "Sam",
    ]


def test_a_lost_signal_is_noticed_late(stage: Stage) -> None:
    stage.net.switches(signal_loss_seconds=5)
    stage.line("<Pause length='60'/>")
    caller = stage.caller()
    caller.loses_signal()
    stage.net.advance(4)
    assert stage.client.calls.list()[0].status == "in-progress"
    caller.is_hung_up(within=2)


def test_expectations_that_fail_print_the_transcript(stage: Stage) -> None:
    stage.line("<Say>Hello there</Say>")
    caller = stage.caller()
    caller.hears("hello")
    with pytest.raises(AssertionError, match="Hello there"):
        caller.hears("goodbye", within=1)
    caller.does_not_hear("goodbye")
    with pytest.raises(AssertionError):
        caller.hears("hello", within=1)


def test_what_a_leg_hears_and_since_when(stage: Stage) -> None:
    stage.line(
        '<Say>one two three four five</Say><Dial><Conference waitUrl="">room</Conference></Dial>'
    )
    stage.caller()
    start = stage.net.now()
    stage.net.advance(1)
    leg = stage.net.state()["legs"][0]
    assert (leg["hears"]["kind"], leg["alone"]) == ("say", False)
    assert leg["hears"]["since"] == pytest.approx(start, abs=0.01)
    stage.net.advance(9)
    leg = stage.net.state()["legs"][0]
    assert (leg["hears"]["kind"], leg["alone"], leg["room"]) == ("wait", True, "room")
    assert leg["hears"]["since"] == pytest.approx(start + 2, abs=0.01)


def test_facts_of_a_party_are_sent(stage: Stage) -> None:
    stage.line()
    facts = {"FromCity": "BUDA", "StirVerstat": "TN-Validation-Passed-A", "CallerName": "SAM"}
    stage.caller(facts=facts)
    assert stage.app.to("/voice")[0] | facts == stage.app.to("/voice")[0]


def test_the_feed_tells_everything_in_order(stage: Stage) -> None:
    stage.line("<Say>Hello</Say>")
    stage.caller().is_hung_up()
    events = stage.net.events()
    assert [e["seq"] for e in events] == sorted(e["seq"] for e in events)
    kinds = [e["kind"] for e in events]
    assert kinds.index("webhook") < kinds.index("heard", kinds.index("webhook"))
    assert stage.net.events(after=events[-1]["seq"]) == []


def test_reset_forgets_calls_and_parties_but_not_numbers(stage: Stage) -> None:
    stage.line('<Enqueue waitUrl="/wait">support</Enqueue>')
    stage.caller()
    stage.net.reset()
    state = stage.net.state()
    assert (state["calls"], state["parties"], state["queues"]) == ([], [], [])
    assert [n["number"] for n in state["numbers"]] == [LINE]
    before = len(stage.app.requests)
    stage.net.advance(60)
    assert len(stage.app.requests) == before
    stage.caller()
    assert len(stage.app.requests) == before + 2


def test_a_reset_network_delivers_no_text_that_was_on_its_way(stage: Stage) -> None:
    stage.line("<Hangup/>")
    stage.client.messages.create(to="+15125550187", from_=LINE, body="Hello")
    stage.net.reset()
    stage.net.advance(60)
    assert stage.net.unexpected_rings() == []


def test_a_lost_signal_is_silence_both_ways_first(stage: Stage) -> None:
    stage.net.switches(signal_loss_seconds=5)
    stage.line(f"<Dial>{ANA}</Dial>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    caller.loses_signal()
    ana.says("Are you still there")
    caller.says("Can you hear me")
    caller.presses("1")
    stage.net.advance(4)
    assert "speech Are you still there" not in stage.transcript(caller)
    assert "speech Can you hear me" not in stage.transcript(ana)
    assert "tones" not in [e["kind"] for e in ana.transcript()]
    hears = ana.state()["calls"][0]["hears"]
    assert (hears["with"], hears["heard_by"]) == ([], [])
    ana.is_hung_up(within=2)


def test_a_script_may_lose_its_signal(stage: Stage) -> None:
    stage.net.switches(signal_loss_seconds=5)
    stage.line("<Pause length='60'/>")
    sam = stage.net.phone("+15125550101", "Sam", script=[{"wait": 2, "lose_signal": True}])
    sam.dials(LINE)
    stage.net.advance(3)
    assert "signal_lost" in [entry["kind"] for entry in sam.transcript()]
    sam.is_hung_up(within=5)


def test_a_voicemail_greets_and_beeps(stage: Stage) -> None:
    stage.line(f"<Dial>{ANA}</Dial>")
    greeting = "This is Ana leave word"
    ana = stage.net.phone(ANA, "Ana", on_ring={"voicemail_after": 3}, greeting=greeting)
    caller = stage.caller()
    assert caller.hears(greeting)["who"] == "voicemail"
    stage.net.advance(1.7)
    assert "beep" not in [e["kind"] for e in caller.transcript()]
    stage.net.advance(0.2)
    assert caller.transcript()[-1]["kind"] == "beep"
    caller.says("Please call back")
    ana.hears("Please call back")
    ana.changes(greeting="Gone fishing")
    assert ana.state()["greeting"] == "Gone fishing"


def test_call_waiting(stage: Stage) -> None:
    stage.line(f"<Dial>{ANA}</Dial>")
    ana = stage.net.phone(ANA, "Ana", lines=2)
    sam = stage.caller()
    ana.answers()
    kim = stage.caller("+15125550104", "Kim")
    first, second = (call["sid"] for call in ana.state()["calls"])
    ana.answers(call=second)
    ana.says("Hello Kim", call=second)
    kim.hears("Hello Kim")
    assert "speech Hello Kim" not in stage.transcript(sam)
    ana.hangs_up(call=first)
    sam.is_hung_up()
    kim.is_talking_with("Ana")


def test_python_can_do_what_http_can(stage: Stage) -> None:
    """Every deed and every address of the control API has its method, with a docstring."""
    deeds = {"dial", "answer", "decline", "press", "speak", "hang_up", "lose_signal", "refer"}
    assert deeds | {"leave", "text"} <= set(_DEEDS)
    source = inspect.getsource(client_module)
    assert [deed for deed in _DEEDS if f'_do("{deed}"' not in source] == []
    paths = {route.path.removeprefix("/control/") for route in network.routes()}
    assert [path for path in paths if f'"{path}"' not in source] == []
    for kind in (client_module.Network, client_module.Phone):
        methods = [m for name, m in vars(kind).items() if callable(m) and not name.startswith("_")]
        assert all(method.__doc__ for method in methods)
    assert stage.net.parties() == []
    assert stage.net.read_faults()["callbacks"] == []
    assert stage.net.switches()["speech_rate"]["value"] == 2.5
