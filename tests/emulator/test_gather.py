"""<Gather>, <Redirect>, <Say> and the life of a document: oracle cases O01 to O18."""

from __future__ import annotations

import pytest

from tests.emulator.conftest import Stage


def test_O01_gather_posts_digits_to_the_current_document_without_the_finish_key(
    stage: Stage,
) -> None:
    stage.line(lambda params: _answer(params, "<Gather/>"))
    caller = stage.caller()
    caller.presses("1#")
    stage.net.advance(1)
    second = stage.app.to("/voice")[1]
    assert second["Digits"] == "1"
    assert stage.app.requests[1].method == "POST"


def _answer(params: dict[str, str], first: str) -> str:
    return "<Response/>" if "Digits" in params else f"<Response>{first}</Response>"


def test_O02_finish_key_before_any_digit_goes_on_to_the_next_verb(stage: Stage) -> None:
    stage.line('<Gather action="/key"/><Say>Next</Say>')
    caller = stage.caller()
    caller.presses("#")
    caller.hears("Next")
    assert stage.app.to("/key") == []


def test_O03_a_key_stops_the_nested_say_and_collecting_goes_on(stage: Stage) -> None:
    stage.line('<Gather numDigits="2" action="/key"><Say>one two three four five</Say></Gather>')
    caller = stage.caller()
    caller.hears("one two")
    caller.presses("4")
    stage.net.advance(1)
    assert caller.state()["calls"][0]["hears"]["kind"] == "silence"
    caller.presses("2")
    stage.net.advance(0)
    assert stage.app.to("/key")[0]["Digits"] == "42"


def test_O04_without_action_the_same_document_is_fetched_again(stage: Stage) -> None:
    stage.line(lambda params: _answer(params, "<Gather><Say>Your number</Say></Gather>"))
    caller = stage.caller()
    caller.presses("12345#")
    stage.net.advance(1)
    assert [p.get("Digits") for p in stage.app.to("/voice")] == [None, "12345"]


def test_O05_num_digits_submits_on_the_last_digit(stage: Stage) -> None:
    stage.line('<Gather numDigits="5" action="/key"/>')
    caller = stage.caller()
    caller.presses("1234")
    stage.net.advance(0)
    assert stage.app.to("/key") == []
    caller.presses("5")
    stage.net.advance(0)
    assert stage.app.to("/key")[0]["Digits"] == "12345"


def test_O06_another_finish_key(stage: Stage) -> None:
    stage.line('<Gather finishOnKey="*" action="/key"/>')
    caller = stage.caller()
    caller.presses("12*")
    stage.net.advance(0)
    request = stage.app.to("/key")[0]
    assert (request["Digits"], request["FinishedOnKey"]) == ("12", "*")


def test_an_empty_finish_key_takes_every_key(stage: Stage) -> None:
    stage.line('<Gather finishOnKey="" numDigits="3" action="/key"/>')
    stage.caller().presses("1#*")
    stage.net.advance(0)
    assert stage.app.to("/key")[0]["Digits"] == "1#*"


def test_O07_action_on_empty_result(stage: Stage) -> None:
    stage.line('<Gather actionOnEmptyResult="true" action="/key"/><Say>Unreachable</Say>')
    caller = stage.caller()
    stage.net.advance(6)
    assert stage.app.to("/key")[0]["Digits"] == ""
    assert "say Unreachable" not in stage.transcript(caller)


@pytest.mark.parametrize(
    ("attributes", "path", "method"),
    [
        ('action="key"', "/deep/key", "POST"),
        ('action="{base}/other/key"', "/other/key", "POST"),
        ('action="/key?a=b"', "/key", "POST"),
        ('action="/key" method="GET"', "/key", "GET"),
    ],
)
def test_O08_relative_action_is_resolved_on_the_current_document(
    stage: Stage, attributes: str, path: str, method: str
) -> None:
    gather = f'<Gather numDigits="1" {attributes.format(base=stage.app.base)}/>'
    stage.app.on("/deep/voice", gather)
    stage.line(f"<Redirect>{stage.app.url('/deep/voice')}</Redirect>")
    stage.caller().presses("7")
    stage.net.advance(0)
    request = stage.app.requests[-1]
    assert (request.path, request.method, request.params["Digits"]) == (path, method, "7")
    if "?" in attributes:
        assert request.params["a"] == "b"
    assert ("Digits=7" in request.url) == (method == "GET")


@pytest.mark.parametrize(("attribute", "seconds"), [("", 5), ('timeout="10"', 10)])
def test_O09_timeout(stage: Stage, attribute: str, seconds: int) -> None:
    stage.line(f"<Gather {attribute}/><Say>Too late</Say>")
    caller = stage.caller()
    stage.net.advance(seconds - 0.1)
    assert "say Too late" not in stage.transcript(caller)
    stage.net.advance(0.2)
    assert "say Too late" in stage.transcript(caller)


def test_the_timeout_starts_again_with_every_key(stage: Stage) -> None:
    stage.line('<Gather action="/key"/>')
    caller = stage.caller()
    stage.net.advance(4)
    caller.presses("1")
    stage.net.advance(4)
    caller.presses("2")
    stage.net.advance(4.9)
    assert stage.app.to("/key") == []
    stage.net.advance(0.2)
    assert stage.app.to("/key")[0]["Digits"] == "12"


def test_O10_an_invalid_verb_inside_gather_is_a_schema_warning(stage: Stage) -> None:
    stage.line("<Gather><Dial>+15125550102</Dial><Say>Still here</Say></Gather>")
    caller = stage.caller()
    caller.hears("Still here")
    assert [e["code"] for e in stage.net.debugger()] == [12200]
    assert stage.net.unexpected_rings() == []


def test_O11_an_empty_answer_to_the_action_hangs_up(stage: Stage) -> None:
    stage.line('<Gather numDigits="1" action="/key"/>')
    caller = stage.caller()
    caller.presses("1")
    caller.is_hung_up()
    assert stage.client.calls.list()[0].status == "completed"


def test_O12_a_call_redirected_during_gather_requests_no_action(stage: Stage) -> None:
    stage.app.on("/elsewhere", "<Say>Elsewhere</Say>")
    stage.line('<Gather action="/key"><Say>A long question indeed</Say></Gather>')
    caller = stage.caller()
    caller.presses("1")
    sid = stage.client.calls.list()[0].sid
    stage.client.calls(sid).update(url=stage.app.url("/elsewhere"), method="POST")
    caller.hears("Elsewhere")
    stage.net.advance(30)
    assert stage.app.paths() == ["/voice", "/elsewhere"]


@pytest.mark.parametrize(
    ("redirect", "method"),
    [
        ("<Redirect>/next</Redirect>", "POST"),
        ("<Redirect>next</Redirect>", "POST"),
        ("<Redirect>{base}/next</Redirect>", "POST"),
        ('<Redirect method="GET">/next</Redirect>', "GET"),
    ],
)
def test_O13_redirect(stage: Stage, redirect: str, method: str) -> None:
    stage.line(f"{redirect.format(base=stage.app.base)}<Say>Unreachable</Say>")
    caller = stage.caller()
    stage.net.advance(5)
    assert [(r.path, r.method) for r in stage.app.requests][1:] == [("/next", method)]
    assert "say Unreachable" not in stage.transcript(caller)


def test_O14_an_empty_redirect_asks_for_the_same_document(stage: Stage) -> None:
    stage.line("<Say>Around</Say><Pause/><Redirect/>")
    caller = stage.caller()
    stage.net.advance(5)
    assert stage.transcript(caller, "say") == ["say Around"] * 4
    assert set(stage.app.paths()) == {"/voice"}


def test_a_circle_of_documents_does_not_stop_the_network(stage: Stage) -> None:
    stage.line("<Redirect/>")
    stage.caller()
    stage.net.advance(3)
    assert 50 <= len(stage.app.requests) <= 4 * 51


def test_O15_the_end_of_the_document_hangs_up(stage: Stage) -> None:
    stage.line("<Say>one two three four five</Say>")
    caller = stage.caller()
    assert stage.client.calls.list()[0].status == "in-progress"
    caller.is_hung_up(within=3)
    call = stage.client.calls.list()[0]
    assert (call.status, call.duration) == ("completed", "2")


def test_O16_comments_and_white_space_are_ignored(stage: Stage) -> None:
    stage.line("<Response>\n <!-- a comment -->\n <Say>\n  Hello\n  there </Say>\n</Response>")
    caller = stage.caller()
    caller.hears("Hello there")
    assert stage.net.debugger() == []


def test_O17_say_loop_zero_repeats_up_to_a_thousand_times(stage: Stage) -> None:
    stage.line('<Say loop="0">Stay with us please now</Say>')
    caller = stage.caller()
    stage.net.advance(9.9)
    assert len(stage.transcript(caller, "say")) == 5
    stage.net.advance(2_000)
    assert len(stage.transcript(caller, "say")) == 1_000
    caller.is_hung_up()


def test_O18_inline_twiml_runs_without_a_request(stage: Stage) -> None:
    stage.line()
    phone = stage.net.phone("+15125550102", "Ana", on_ring="answer")
    stage.client.calls.create(
        to=phone.number, from_="+15125550100", twiml="<Response><Say>Inline</Say></Response>"
    )
    phone.hears("Inline")
    assert stage.app.requests == []


ASK = "<Say>one two three four five six seven eight nine ten</Say>"


def test_speech_is_gathered_with_its_partial_results(stage: Stage) -> None:
    stage.line(
        '<Gather input="dtmf speech" action="/key" speechTimeout="2" language="en-US" '
        f'hints="police, fire" partialResultCallback="/partial">{ASK}</Gather>'
    )
    caller = stage.caller()
    caller.hears("one two")
    caller.says("I cannot")
    stage.net.advance(1)
    assert caller.state()["calls"][0]["hears"]["kind"] == "silence"  # speech stops the prompt
    caller.says("breathe")
    stage.net.advance(1.9)
    assert stage.app.to("/key") == []
    stage.net.advance(0.2)
    assert stage.app.to("/key")[0]["SpeechResult"] == "I cannot breathe"
    assert stage.app.to("/key")[0]["Confidence"] == "0.9"
    partial = stage.app.to("/partial")
    assert [p["UnstableSpeechResult"] for p in partial] == ["I cannot", "I cannot breathe"]
    assert [p["SequenceNumber"] for p in partial] == ["0", "1"]
    assert stage.net.debugger() == []


@pytest.mark.parametrize(
    ("attributes", "seconds"), [("", 5), ('timeout="3"', 3), ('speechTimeout="auto"', 0)]
)
def test_when_speech_is_over(stage: Stage, attributes: str, seconds: float) -> None:
    stage.line(f'<Gather input="speech" action="/key" {attributes}/>')
    stage.caller().says("Hello")
    if seconds:
        stage.net.advance(seconds - 0.1)
        assert stage.app.to("/key") == []
        stage.net.advance(0.2)
    assert stage.app.to("/key")[0]["SpeechResult"] == "Hello"


def test_speech_lasts_no_longer_than_max_speech_time(stage: Stage) -> None:
    stage.line('<Gather input="speech" speechTimeout="3" maxSpeechTime="5" action="/key"/>')
    caller = stage.caller()
    for word in ("one", "two", "three"):
        caller.says(word)
        stage.net.advance(2)
    assert stage.app.to("/key")[0]["SpeechResult"] == "one two three"


@pytest.mark.parametrize(
    ("attribute", "heard"),
    [("", "s*** happens"), ('profanityFilter="false"', "shit happens")],
)
def test_the_profanity_filter(stage: Stage, attribute: str, heard: str) -> None:
    stage.line(f'<Gather input="speech" speechTimeout="auto" action="/key" {attribute}/>')
    stage.caller().says("shit happens")
    assert stage.app.to("/key")[0]["SpeechResult"] == heard


def test_without_barge_in_the_prompt_is_heard_to_its_end(stage: Stage) -> None:
    stage.line(
        '<Gather input="dtmf speech" bargeIn="false" speechTimeout="auto" action="/key" '
        f'numDigits="2">{ASK}</Gather><Say>Next</Say>'
    )
    caller = stage.caller()
    caller.says("Not heard")
    caller.presses("4")
    stage.net.advance(3.9)
    assert caller.state()["calls"][0]["hears"]["kind"] == "say"
    assert stage.app.to("/key") == []
    stage.net.advance(5.2)  # the prompt, then the timeout
    assert stage.app.to("/key")[0]["Digits"] == "4"


def test_speech_where_only_keys_are_asked_for_is_not_heard(stage: Stage) -> None:
    stage.line('<Gather action="/key"/><Say>Next</Say>')
    caller = stage.caller()
    caller.says("Hello")
    caller.hears("Next", within=6)
    assert stage.app.to("/key") == []


def test_keys_outside_a_gather_are_lost_unless_the_switch_keeps_them(stage: Stage) -> None:
    stage.line('<Say>one two three</Say><Gather numDigits="1" action="/key"/>')
    stage.caller().presses("1")
    stage.net.advance(3)
    assert stage.app.to("/key") == []
    stage.net.switches(digit_typeahead=True)
    stage.caller("+15125550102").presses("2")
    stage.net.advance(3)
    assert stage.app.to("/key")[0]["Digits"] == "2"


def test_inline_twiml_needs_an_absolute_action(stage: Stage) -> None:
    stage.line()
    phone = stage.net.phone("+15125550102", "Ana", on_ring="answer")
    twiml = '<Response><Gather numDigits="1" action="/key"/></Response>'
    stage.client.calls.create(to=phone.number, from_="+15125550100", twiml=twiml)
    stage.net.advance(0)
    phone.presses("1")
    stage.net.advance(0)
    assert 15004 in [e["code"] for e in stage.net.debugger()]
