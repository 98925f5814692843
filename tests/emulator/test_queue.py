"""<Enqueue>, <Dial><Queue>, <Leave> and the queue's REST resources: O42 to O45."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException

from router.emulator.client import Phone
from tests.emulator.conftest import LINE, Stage

ANA = "+15125550102"
WAIT = '<Gather numDigits="1" action="/waitkey"><Say>You are waiting</Say></Gather>'


def waiting(stage: Stage, wait: str = "<Say>You are waiting</Say><Pause length='8'/>") -> Phone:
    stage.line('<Enqueue action="/after" waitUrl="/wait">support</Enqueue>')
    stage.app.on("/wait", wait)
    return stage.caller()


def agent(stage: Stage, document: str) -> Phone:
    phone = stage.net.phone(ANA, "Ana", on_ring="answer")
    stage.app.on("/agent", document)
    stage.client.calls.create(to=ANA, from_=LINE, url=stage.app.url("/agent"))
    stage.net.advance(0)
    return phone


def test_O42_the_wait_document_is_asked_for_again_and_again(stage: Stage) -> None:
    caller = waiting(stage)
    caller.hears("You are waiting")
    caller.hears("You are waiting", within=10)
    stage.net.advance(15)
    told = stage.app.to("/wait")
    assert len(told) >= 3
    assert told[0]["QueuePosition"] == "1"
    assert told[0]["CurrentQueueSize"] == "1"
    assert told[0]["MaxQueueSize"] == "1000"
    assert int(told[2]["QueueTime"]) > 15
    assert told[0]["QueueSid"].startswith("QU")


def test_O43_the_front_of_the_queue_is_connected_first(stage: Stage) -> None:
    caller = waiting(stage)
    second = stage.caller("+15125550105", "Kim")
    stage.app.on("/connect", "<Say>You will be connected</Say>")
    ana = agent(stage, '<Dial action="/dialled"><Queue url="/connect">support</Queue></Dial>')
    caller.hears("You will be connected")
    caller.is_talking_with("Ana")
    whisper = stage.app.to("/connect")[0]
    assert whisper["DequeingCallSid"] == ana.transcript()[0]["call"]
    assert whisper["CallSid"] == caller.transcript()[0]["call"]
    assert stage.app.to("/after") == []
    assert second.state()["calls"][0]["hears"]["kind"] == "wait"
    ana.hangs_up()
    stage.net.advance(1)
    assert [p["QueueResult"] for p in stage.app.to("/after")] == ["bridged"]


def test_the_dialer_goes_on_when_the_queued_caller_hangs_up(stage: Stage) -> None:
    caller = waiting(stage)
    stage.app.on("/dialled", "<Say>They hung up</Say>")
    ana = agent(stage, '<Dial action="/dialled"><Queue>support</Queue></Dial>')
    ana.is_talking_with("Sam")
    caller.hangs_up()
    ana.hears("They hung up")
    assert stage.app.to("/dialled")[0]["DialCallStatus"] == "completed"
    assert [p["QueueResult"] for p in stage.app.to("/after")] == ["bridged"]


def test_O44_hanging_up_in_the_queue(stage: Stage) -> None:
    caller = waiting(stage)
    stage.net.advance(4)
    caller.hangs_up()
    stage.net.advance(0)
    result = stage.app.to("/after")[0]
    assert (result["QueueResult"], result["QueueTime"]) == ("hangup", "4")
    assert stage.client.queues.list()[0].current_size == 0


def test_O45_dialling_an_empty_queue_waits_for_somebody(stage: Stage) -> None:
    caller = waiting(stage)
    caller.hangs_up()
    ana = agent(stage, '<Dial timeout="20" action="/dialled"><Queue>support</Queue></Dial>')
    stage.net.advance(10)
    assert stage.app.to("/dialled") == []
    caller.dials(LINE)
    ana.is_talking_with("Sam")


def test_O45_an_empty_queue_times_out_and_an_unknown_one_fails(stage: Stage) -> None:
    waiting(stage).hangs_up()
    agent(stage, '<Dial timeout="20" action="/dialled"><Queue>support</Queue></Dial>')
    stage.net.advance(21)
    assert stage.app.to("/dialled")[0]["DialCallStatus"] == "no-answer"
    stage.app.on("/agent", '<Dial action="/other"><Queue>nowhere</Queue></Dial>')
    stage.client.calls.create(to=ANA, from_=LINE, url=stage.app.url("/agent"))
    stage.net.advance(2)
    assert stage.app.to("/other")[0]["DialCallStatus"] == "failed"


def test_a_key_in_the_wait_document_may_leave_the_queue(stage: Stage) -> None:
    caller = waiting(stage, WAIT)
    stage.app.on("/waitkey", "<Leave/>")
    stage.app.on("/after", "<Say>You left the queue</Say>")
    caller.hears("You are waiting")
    caller.presses("9")
    caller.hears("You left the queue")
    assert stage.app.to("/waitkey")[0]["Digits"] == "9"
    assert stage.app.to("/after")[0]["QueueResult"] == "leave"


def test_a_key_may_lead_to_another_wait_document(stage: Stage) -> None:
    caller = waiting(stage, WAIT)
    stage.app.on("/waitkey", "<Say>You pressed a key</Say>")
    caller.hears("You are waiting")
    caller.presses("5")
    caller.hears("You pressed a key")
    caller.hears("You are waiting", within=10)
    assert stage.app.to("/after") == []


def test_leave_without_action_goes_on_with_the_next_verb(stage: Stage) -> None:
    stage.line('<Enqueue waitUrl="/wait">support</Enqueue><Say>After the queue</Say>')
    stage.app.on("/wait", "<Leave/>")
    stage.caller().hears("After the queue")


def test_hangup_in_the_wait_document(stage: Stage) -> None:
    caller = waiting(stage, "<Hangup/>")
    caller.is_hung_up()
    assert [p["QueueResult"] for p in stage.app.to("/after")] == ["hangup"]


def test_a_failing_wait_document_is_an_error_of_the_queue(stage: Stage) -> None:
    waiting(stage)
    stage.app.on("/wait", (500, "no"))
    stage.net.advance(20)
    assert stage.app.to("/after")[0]["QueueResult"] == "error"


def test_members_over_rest(stage: Stage) -> None:
    caller = waiting(stage)
    second = stage.caller("+15125550105", "Kim")
    stage.app.on("/go", "<Say>Your turn</Say>")
    queue = stage.client.queues.list()[0]
    assert (queue.current_size, queue.friendly_name) == (2, "support")
    sids = [phone.transcript()[0]["call"] for phone in (caller, second)]
    assert [(m.call_sid, m.position) for m in queue.members.list()] == [(sids[0], 1), (sids[1], 2)]
    members = stage.client.queues(queue.sid).members
    members(sids[1]).update(url=stage.app.url("/go"))
    second.hears("Your turn")
    with pytest.raises(TwilioRestException) as refused:
        members(sids[1]).update(url=stage.app.url("/go"))
    assert refused.value.status == 400
    assert members("Front").fetch().call_sid == sids[0]
    members("Front").update(url=stage.app.url("/go"))
    caller.hears("Your turn")
    assert [p["QueueResult"] for p in stage.app.to("/after")] == ["redirected"] * 2


def test_a_full_queue(stage: Stage) -> None:
    stage.client.queues.create(friendly_name="support", max_size=1)
    waiting(stage)
    stage.app.on("/after", "<Say>All lines are taken</Say>")
    stage.caller("+15125550105", "Kim").hears("All lines are taken")
    assert stage.app.to("/after")[0]["QueueResult"] == "queue-full"


def test_moving_a_queued_call_by_rest(stage: Stage) -> None:
    caller = waiting(stage)
    stage.app.on("/go", "<Say>Elsewhere</Say>")
    stage.client.calls(caller.transcript()[0]["call"]).update(url=stage.app.url("/go"))
    caller.hears("Elsewhere")
    assert stage.client.queues.list()[0].current_size == 0
    assert [p["QueueResult"] for p in stage.app.to("/after")] == ["redirected"]


def test_queue_resource(stage: Stage) -> None:
    queue = stage.client.queues.create(friendly_name="crisis", max_size=10)
    assert stage.client.queues(queue.sid).update(max_size=20).max_size == 20
    with pytest.raises(TwilioRestException) as refused:
        stage.client.queues.create(friendly_name="crisis")
    assert refused.value.status == 409
    assert stage.client.queues(queue.sid).delete()
    assert stage.client.queues.list() == []
