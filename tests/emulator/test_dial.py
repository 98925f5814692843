"""<Dial> to phones: oracle cases O19 to O30."""

from __future__ import annotations

import pytest

from router.emulator.client import Phone
from tests.emulator.conftest import LINE, Stage

ANA, LEE, KIM = "+15125550102", "+15125550103", "+15125550104"


def test_O19_without_action_the_next_verb_runs_when_the_callee_hangs_up(stage: Stage) -> None:
    stage.line(f"<Dial>{ANA}</Dial><Say>Goodbye</Say>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    ana.is_talking_with("Sam")
    ana.hangs_up()
    caller.hears("Goodbye")


def test_O20_a_caller_who_hangs_up_ends_the_session(stage: Stage) -> None:
    stage.line("<Say>one two three four five</Say><Redirect>/next</Redirect>")
    caller = stage.caller()
    caller.hears("one two")
    caller.hangs_up()
    stage.net.advance(30)
    assert stage.app.paths() == ["/voice"]


def test_O20_hanging_up_ends_the_callee_too(stage: Stage) -> None:
    stage.line(f"<Dial>{ANA}</Dial><Redirect>/next</Redirect>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    caller.hangs_up()
    ana.is_hung_up()
    assert "/next" not in stage.app.paths()


def test_O21_the_action_says_how_it_went(stage: Stage) -> None:
    stage.line(f'<Dial action="/after">{ANA}</Dial><Say>Unreachable</Say>')
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    stage.net.advance(7)
    ana.hangs_up()
    stage.net.advance(3)
    result = stage.app.to("/after")[0]
    child = stage.client.calls.list(to=ANA)[0]
    assert result["DialCallStatus"] == "completed"
    assert result["DialCallSid"] == child.sid
    assert result["DialCallDuration"] == "7"
    assert result["DialBridged"] == "true"
    assert result["CallStatus"] == "in-progress"
    assert child.parent_call_sid == result["CallSid"]
    assert "say Unreachable" not in stage.transcript(caller)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ("busy", "busy"),
        ("decline", "busy"),
        ("no_answer", "no-answer"),
        ("unreachable", "failed"),
    ],
)
def test_O22_who_does_not_answer(stage: Stage, behaviour: str, status: str) -> None:
    stage.line('<Dial action="/after">+1 512 555 0102</Dial>')
    stage.net.phone(ANA, "Ana", on_ring=behaviour)
    stage.caller()
    stage.net.advance(40)
    result = stage.app.to("/after")[0]
    assert (result["DialCallStatus"], result["DialBridged"]) == (status, "false")
    assert "DialCallDuration" not in result


def test_O22_an_invalid_number_fails(stage: Stage) -> None:
    stage.line('<Dial action="/after">not a number</Dial>')
    stage.caller()
    stage.net.advance(1)
    assert stage.app.to("/after")[0]["DialCallStatus"] == "failed"
    assert [e["code"] for e in stage.net.debugger()] == [13223]


def test_O23_of_two_numbers_the_first_to_answer_is_the_one(stage: Stage) -> None:
    stage.line(f'<Dial action="/after"><Number>{ANA}</Number><Number>{LEE}</Number></Dial>')
    ana = stage.net.phone(ANA, "Ana", on_ring={"answer_after": 5})
    lee = stage.net.phone(LEE, "Lee", on_ring={"answer_after": 2})
    caller = stage.caller()
    ana.rings()
    lee.rings()
    caller.is_talking_with("Lee")
    ana.is_hung_up()
    assert stage.client.calls.list(to=ANA)[0].status == "canceled"
    lee.hangs_up()
    stage.net.advance(1)
    assert stage.app.to("/after")[0]["DialCallSid"] == stage.client.calls.list(to=LEE)[0].sid


@pytest.mark.parametrize(
    ("behaviour", "status"), [("busy", "busy"), ("no_answer", "no-answer"), ("", "no-answer")]
)
def test_O24_when_nobody_answers_the_actions_document_runs(
    stage: Stage, behaviour: str, status: str
) -> None:
    stage.line(f'<Dial action="/after"><Number>{ANA}</Number><Number>{LEE}</Number></Dial>')
    stage.app.on("/after", "<Say>Nobody is there</Say>")
    for number in (ANA, LEE) if behaviour else ():
        stage.net.phone(number, on_ring=behaviour)
    stage.caller().hears("Nobody is there", within=40)
    assert stage.app.to("/after")[0]["DialCallStatus"] == status


@pytest.mark.parametrize(("attribute", "seconds"), [("", 35), ('timeout="10"', 15)])
def test_O25_timeout_with_twilios_buffer(stage: Stage, attribute: str, seconds: int) -> None:
    stage.line(f'<Dial action="/after" {attribute}>{ANA}</Dial>')
    stage.net.phone(ANA, "Ana")
    stage.caller()
    stage.net.advance(seconds - 1)
    assert stage.app.to("/after") == []
    stage.net.advance(2)
    assert stage.app.to("/after")[0]["DialCallStatus"] == "no-answer"


def _whispering(stage: Stage, whisper: str) -> tuple[Phone, Phone]:
    stage.line(f'<Dial action="/after"><Number url="/whisper">{ANA}</Number></Dial>')
    stage.app.on("/whisper", whisper)
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    return stage.caller(), ana


def test_O26_the_callee_hears_the_whisper_before_the_bridge(stage: Stage) -> None:
    caller, ana = _whispering(stage, "<Say>A call for you from crisis</Say>")
    ana.hears("A call for you")
    assert caller.state()["calls"][0]["hears"]["kind"] == "ringback"
    caller.is_talking_with("Ana")
    whisper = stage.app.to("/whisper")[0]
    assert (whisper["To"], whisper["Direction"]) == (ANA, "outbound-dial")


def test_O26_a_hangup_in_the_whisper_prevents_the_bridge(stage: Stage) -> None:
    _, ana = _whispering(stage, "<Hangup/>")
    ana.is_hung_up()
    stage.net.advance(0)
    assert stage.app.to("/after")[0]["DialCallStatus"] == "no-answer"


def test_O26_a_dial_in_the_whisper_is_error_13201(stage: Stage) -> None:
    _, ana = _whispering(stage, f"<Dial>{LEE}</Dial>")
    ana.is_hung_up()
    assert 13201 in [e["code"] for e in stage.net.debugger()]


def test_press_one_to_accept(stage: Stage) -> None:
    caller, ana = _whispering(
        stage, '<Gather numDigits="1" action="/accept"><Say>Press 1</Say></Gather><Hangup/>'
    )
    stage.app.on("/accept", "<Say>Connecting</Say>")
    ana.hears("Press 1")
    ana.presses("1")
    ana.hears("Connecting")
    caller.is_talking_with("Ana")


def test_O27_caller_id(stage: Stage) -> None:
    stage.line(f'<Dial callerId="{LINE}">{ANA}</Dial>')
    ana = stage.net.phone(ANA, "Ana")
    stage.caller()
    assert ana.rings()["from"] == LINE


def test_O28_status_callbacks_of_a_number(stage: Stage) -> None:
    events = 'statusCallbackEvent="initiated ringing answered completed"'
    stage.line(f'<Dial><Number statusCallback="/status" {events}>{ANA}</Number></Dial>')
    ana = stage.net.phone(ANA, "Ana", on_ring={"answer_after": 2})
    caller = stage.caller()
    caller.is_talking_with("Ana")
    ana.hangs_up()
    stage.net.advance(1)
    told = stage.app.to("/status")
    statuses = ["initiated", "ringing", "in-progress", "completed"]
    assert [p["CallStatus"] for p in told] == statuses
    assert [p["SequenceNumber"] for p in told] == ["0", "1", "2", "3"]
    assert {p["ParentCallSid"] for p in told} == {caller_sid(caller)}
    assert {p["CallbackSource"] for p in told} == {"call-progress-events"}
    assert told[3]["CallDuration"]


def caller_sid(phone: Phone) -> str:
    sid: str = phone.transcript()[0]["call"]
    return sid


def test_O29_sequential_rings_one_after_another(stage: Stage) -> None:
    numbers = "".join(f"<Number>{n}</Number>" for n in (ANA, LEE, KIM))
    stage.line(f'<Dial sequential="true" timeout="10" action="/after">{numbers}</Dial>')
    stage.net.phone(ANA, "Ana", on_ring="busy")
    lee = stage.net.phone(LEE, "Lee", on_ring="no_answer")
    kim = stage.net.phone(KIM, "Kim", on_ring="answer")
    caller = stage.caller()
    lee.rings()
    assert kim.transcript() == []
    caller.is_talking_with("Kim", within=20)
    assert lee.is_hung_up()["at"] == pytest.approx(kim.rings()["at"])
    calls = [stage.client.calls.list(to=number)[0] for number in (ANA, LEE, KIM)]
    assert [call.status for call in calls] == ["busy", "no-answer", "in-progress"]
    kim.hangs_up()
    assert stage.app.to("/after")[0]["DialCallSid"] == calls[2].sid


def test_O30_an_invalid_verb_in_dial_is_a_schema_warning(stage: Stage) -> None:
    stage.line(f"<Dial><Say>No</Say><Number>{ANA}</Number></Dial>")
    stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.caller().is_talking_with("Ana")
    assert [e["code"] for e in stage.net.debugger()] == [12200]


def test_answer_on_bridge_leaves_the_caller_ringing(stage: Stage) -> None:
    stage.line(f'<Dial answerOnBridge="true" action="/after">{ANA}</Dial>')
    ana = stage.net.phone(ANA, "Ana")
    caller = stage.caller()
    ana.rings()
    assert stage.client.calls.list(from_=caller.number)[-1].status == "ringing"
    ana.answers()
    caller.is_talking_with("Ana")
    assert [e["kind"] for e in caller.transcript()][:3] == ["dialled", "ringback", "answered"]


def test_hangup_on_star_ends_the_dial_of_that_leg(stage: Stage) -> None:
    stage.line(f'<Dial hangupOnStar="true" action="/after">{ANA}</Dial>')
    stage.app.on("/after", "<Say>The menu</Say>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    caller.presses("*")
    caller.hears("The menu")
    ana.is_hung_up()
    assert stage.app.to("/after")[0]["DialCallStatus"] == "completed"


def test_time_limit(stage: Stage) -> None:
    stage.line(f'<Dial timeLimit="20" action="/after">{ANA}</Dial>')
    stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.caller()
    stage.net.advance(19)
    assert stage.app.to("/after") == []
    stage.net.advance(2)
    assert stage.app.to("/after")[0]["DialCallDuration"] == "20"


def test_clients_and_sip_addresses(stage: Stage) -> None:
    stage.line("<Dial><Client>ana</Client><Sip>sip:lee@psap.example;transport=tls</Sip></Dial>")
    ana = stage.net.phone("client:ana", "Ana")
    lee = stage.net.phone("sip:lee@psap.example", "Lee", on_ring={"answer_after": 1})
    caller = stage.caller()
    ana.rings()
    lee.rings()
    caller.is_talking_with("Lee")


def test_nobody_at_the_number_is_an_unexpected_ring(stage: Stage) -> None:
    stage.line(f'<Dial action="/after" timeout="5">{KIM}</Dial>')
    stage.caller()
    stage.net.advance(11)
    assert stage.app.to("/after")[0]["DialCallStatus"] == "no-answer"
    assert [ring["number"] for ring in stage.net.unexpected_rings()] == [KIM]


def test_keys_and_speech_reach_the_other_side(stage: Stage) -> None:
    stage.line(f"<Dial>{ANA}</Dial>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller(people=["call taker Lee", "caller Sam"])
    caller.is_talking_with("Ana")
    caller.says("I am here", who="caller Sam")
    assert ana.hears("I am here")["who"] == "caller Sam"
    caller.presses("5")
    assert ana.transcript()[-1] | {"digits": "5", "kind": "tones"} == ana.transcript()[-1]


def test_redirecting_the_callee_takes_it_out_of_the_bridge(stage: Stage) -> None:
    stage.line(f'<Dial action="/after">{ANA}</Dial>')
    stage.app.on("/after", "<Say>She has gone</Say>")
    stage.app.on("/other", "<Say>Something else</Say>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    child = stage.client.calls.list(to=ANA)[0]
    child.update(url=stage.app.url("/other"))
    ana.hears("Something else")
    caller.hears("She has gone")
    assert "DialCallDuration" not in stage.app.to("/after")[0]


def test_redirecting_the_caller_hangs_up_the_callee(stage: Stage) -> None:
    stage.line(f'<Dial action="/after">{ANA}</Dial>')
    stage.app.on("/other", "<Say>Something else</Say>")
    ana = stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    stage.client.calls(caller_sid(caller)).update(url=stage.app.url("/other"))
    caller.hears("Something else")
    ana.is_hung_up()
    assert stage.app.to("/after") == []


@pytest.mark.parametrize("requested", [True, False])
def test_dial_action_after_the_caller_hung_up_is_a_switch(stage: Stage, requested: bool) -> None:
    stage.net.switches(dial_action_after_hangup=requested)
    stage.line(f'<Dial action="/after">{ANA}</Dial>')
    stage.net.phone(ANA, "Ana", on_ring="answer")
    caller = stage.caller()
    caller.is_talking_with("Ana")
    caller.hangs_up()
    stage.net.advance(1)
    statuses = [(p["CallStatus"], p["DialCallStatus"]) for p in stage.app.to("/after")]
    assert statuses == [("completed", "completed")] * requested
