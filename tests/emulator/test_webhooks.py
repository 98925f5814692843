"""Documents that cannot be had, retries, signatures, callbacks: oracle cases O46 to O50."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from router.emulator.client import NetworkError
from router.emulator.signature import sign
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Answer, Stage

ANA = "+15125550102"
SORRY = "application error has occurred"


@pytest.mark.parametrize(
    "body", ["not xml", "<Responses/>", "<Response><Say></Response>", "<Say>no root</Say>", ""]
)
def test_O46_a_document_that_is_not_twiml_is_12100(stage: Stage, body: str) -> None:
    stage.line((200, body))
    caller = stage.caller()
    caller.hears(SORRY)
    caller.is_hung_up()
    assert [e["code"] for e in stage.net.debugger()] == [12100]


def test_O46_the_fallback_is_told_what_failed(stage: Stage) -> None:
    stage.app.on("/fallback", "<Say>The fallback</Say>")
    stage.line((200, "nonsense"), voice_fallback_url=stage.app.url("/fallback"))
    stage.caller().hears("The fallback")
    told = stage.app.to("/fallback")[0]
    assert (told["ErrorCode"], told["ErrorUrl"]) == ("12100", stage.app.url("/voice"))


def test_a_fallback_that_fails_too_is_the_end(stage: Stage) -> None:
    stage.line((500, ""), voice_fallback_url="http://127.0.0.1:1/")
    caller = stage.caller()
    caller.hears(SORRY)
    caller.is_hung_up()
    assert [e["code"] for e in stage.net.debugger()] == [11200, 11205]


def test_O47_an_unknown_verb_is_a_warning(stage: Stage) -> None:
    stage.line("<Speak>no</Speak><Say mood='glad'>Yes</Say>")
    stage.caller().hears("Yes")
    log = stage.net.debugger()
    assert [(e["kind"], e["code"]) for e in log] == [("warning", 12200)] * 2


def test_O47_after_the_warning_is_a_switch(stage: Stage) -> None:
    stage.net.switches(unknown_verb="stop")
    stage.line("<Speak>no</Speak><Say>Yes</Say>")
    caller = stage.caller()
    caller.is_hung_up()
    assert "say Yes" not in stage.transcript(caller)


def test_O48_a_server_error_is_not_tried_again_by_default(stage: Stage) -> None:
    stage.line((503, ""))
    stage.caller().hears(SORRY)
    assert stage.app.paths() == ["/voice"]


def test_O48_unless_the_fragment_asks_for_it(stage: Stage) -> None:
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE, voice_url=stage.app.url("/voice?a=b#rp=5xx&rc=2")
    )
    stage.app.on("/voice", (503, ""))
    stage.caller().hears(SORRY)
    assert stage.app.paths() == ["/voice"] * 3
    tokens = {r.headers["I-Twilio-Idempotency-Token"] for r in stage.app.requests}
    assert len(tokens) == 1
    attempts = [hook["attempt"] for hook in stage.net.webhooks()]
    assert attempts == [0, 1, 2]
    for request in stage.app.requests:
        form = {k: v for k, v in request.params.items() if k != "a"}
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator(TOKEN).validate(request.url, form, signature)


def test_a_refused_connection_is_tried_twice_by_default(stage: Stage) -> None:
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url="http://127.0.0.1:1/")
    stage.caller().hears(SORRY)
    assert [hook["error"] for hook in stage.net.webhooks()] == [11205, 11205]


def test_a_hanging_application_is_given_up_after_its_read_timeout(stage: Stage) -> None:
    stage.app.on("/fallback", "<Say>The fallback</Say>")
    stage.app.delays["/voice"] = 5
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE,
        voice_url=stage.app.url("/voice#rt=100"),
        voice_fallback_url=stage.app.url("/fallback"),
    )
    stage.caller().hears("The fallback")
    assert stage.app.to("/fallback")[0]["ErrorCode"] == "11200"


def test_nothing_is_sent_beyond_the_loopback(stage: Stage) -> None:
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE, voice_url="http://app.example.com/voice"
    )
    stage.caller().hears(SORRY)
    assert [e["code"] for e in stage.net.debugger()] == [11210]


def test_O49_a_finished_call_cannot_be_changed(stage: Stage) -> None:
    stage.line()
    caller = stage.caller()
    caller.is_hung_up()
    sid = caller.transcript()[0]["call"]
    for change in ({"url": stage.app.url("/x")}, {"status": "completed"}):
        with pytest.raises(TwilioRestException) as refused:
            stage.client.calls(sid).update(**change)
        assert (refused.value.status, refused.value.code) == (400, 21220)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_webhook_is_signed(stage: Stage, method: str) -> None:
    stage.line("<Say>Grüße</Say>", voice_method=method)
    stage.caller()
    request = stage.app.requests[0]
    assert request.method == method
    form = request.params if method == "POST" else {}
    signature = request.headers["X-Twilio-Signature"]
    assert RequestValidator(TOKEN).validate(request.url, form, signature)
    assert request.params["AccountSid"] == ACCOUNT
    assert request.params["CallStatus"] == "ringing"
    assert request.params["Direction"] == "inbound"
    assert request.params["FromState"] == "TX"
    assert request.headers["User-Agent"] == "TwilioProxy/1.1"


PUBLISHED = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "Caller": "+14158675309",
    "To": "+18005551212",
}


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_published_signature_vectors(url: str, signature: str) -> None:
    assert sign("12345", url, PUBLISHED) == signature


def test_cookies_are_kept_for_the_call(stage: Stage) -> None:
    def first(params: dict[str, str]) -> web.Response:
        body = "<Response><Redirect>/second</Redirect></Response>"
        response = web.Response(text=body, content_type="text/xml")
        response.set_cookie("session", "abc")
        return response

    stage.line(first)
    stage.caller()
    stage.caller("+15125550105")
    assert [r.headers.get("Cookie") for r in stage.app.requests] == [
        None,
        "session=abc",
    ] * 2


def test_redirects_are_followed(stage: Stage) -> None:
    moved = web.Response(status=307, headers={"Location": "/moved"})
    stage.line(lambda params: moved)
    stage.app.on("/moved", '<Gather numDigits="1" action="key"><Say>Here</Say></Gather>')
    stage.caller().hears("Here")
    assert stage.app.requests[-1].method == "POST"


def test_endless_redirects_are_11215(stage: Stage) -> None:
    stage.line(lambda params: web.Response(status=302, headers={"Location": "/voice"}))
    stage.caller().hears(SORRY)
    assert [e["code"] for e in stage.net.debugger()] == [11215]


@pytest.mark.parametrize(
    ("kind", "body", "heard", "codes"),
    [
        ("text/html", "<Response><Say>Fine</Say></Response>", "Fine", []),
        ("text/plain", "just words", "just words", []),
        ("audio/mpeg", "noise", "/voice", []),
        ("application/json", "{}", SORRY, [12300]),
    ],
)
def test_content_types(stage: Stage, kind: str, body: str, heard: str, codes: list[int]) -> None:
    stage.line(lambda params: web.Response(text=body, content_type=kind))
    caller = stage.caller()
    caller.hears(heard)
    assert [e["code"] for e in stage.net.debugger()] == codes
    caller.is_hung_up(within=10)


def test_a_document_over_64_kb_is_11750(stage: Stage) -> None:
    stage.line("<Say>" + "long " * 14_000 + "</Say>")
    stage.caller().hears(SORRY)
    assert [e["code"] for e in stage.net.debugger()] == [11750]


def test_a_document_in_many_pieces_is_read_whole(stage: Stage) -> None:
    stage.line("<Pause length='0'/>" * 3_000 + "<Say>end</Say>")
    stage.caller().hears("end")


def test_a_bad_answer_to_a_callback_is_15003(stage: Stage) -> None:
    stage.app.on("/status", (500, ""))
    stage.line(status_callback=stage.app.url("/status"))
    stage.caller().is_hung_up()
    stage.net.advance(0)
    told = stage.app.to("/status")[0]
    assert (told["CallStatus"], told["SequenceNumber"]) == ("completed", "0")
    assert [(e["kind"], e["code"]) for e in stage.net.debugger()] == [("warning", 15003)]


def test_a_number_without_a_voice_url_fails_the_call_silently(stage: Stage) -> None:
    stage.client.incoming_phone_numbers.create(phone_number=LINE)
    stage.caller().is_hung_up()
    call = stage.client.calls.list()[0]
    assert (call.status, call.duration) == ("failed", "0")
    assert stage.net.debugger() == []


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_reject_does_not_answer(stage: Stage, reason: str, status: str) -> None:
    stage.line(f'<Reject reason="{reason}"/>')
    caller = stage.caller()
    caller.is_hung_up()
    assert "answered" not in [e["kind"] for e in caller.transcript()]
    assert stage.client.calls.list()[0].status == status


def _callbacks(stage: Stage) -> list[str]:
    """One REST call from start to end, and the callbacks that arrived for it."""
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring={"answer_after": 2})
    stage.client.calls.create(
        to=ANA,
        from_=LINE,
        twiml="<Response><Say>Hello there</Say></Response>",
        status_callback=stage.app.url("/status"),
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    stage.net.advance(20)
    return [p["CallStatus"] for p in stage.app.to("/status")]


ALL = ["initiated", "ringing", "in-progress", "completed"]


def test_call_progress_callbacks(stage: Stage) -> None:
    assert _callbacks(stage) == ALL


@pytest.mark.parametrize(
    ("rule", "arrived"),
    [
        ({"do": "drop", "next": 1}, ALL[1:]),
        ({"do": "repeat", "next": 1}, [ALL[0], *ALL]),
        ({"do": "delay", "seconds": 9}, ALL),
        ({"do": "reorder", "next": 1, "seconds": 3}, [*ALL[1:3], ALL[0], ALL[3]]),
        ({"do": "drop", "kind": "conference"}, ALL),
    ],
)
def test_callbacks_in_trouble(stage: Stage, rule: dict[str, object], arrived: list[str]) -> None:
    stage.net.faults(callbacks=[{"kind": "status", **rule}])
    if rule.get("do") == "reorder":
        stage.net.switches(speech_rate=0.5)
    assert _callbacks(stage) == arrived


def test_call_progress_of_who_does_not_answer(stage: Stage) -> None:
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring="no_answer")
    stage.client.calls.create(
        to=ANA,
        from_=LINE,
        timeout=10,
        url=stage.app.url("/x"),
        status_callback=stage.app.url("/status"),
    )
    stage.net.advance(16)
    told = stage.app.to("/status")
    assert [(p["CallStatus"], p["SipResponseCode"]) for p in told] == [("no-answer", "487")]
    assert told[0]["CallDuration"] == "0"


REFER = '<Refer action="/referred"><Sip>sip:psap@psap.example</Sip></Refer><Say>On</Say>'


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, ("in-progress", "202", "200")),
        ({"NotifySipResponseCode": "486"}, ("busy", "202", "486")),
        ({"ReferSipResponseCode": "405"}, ("failed", "405", None)),
        ({"NotifySipResponseCode": ""}, (None, "202", None)),
    ],
)
def test_O50_what_a_sip_phone_makes_of_a_refer(
    stage: Stage, facts: dict[str, str], told: tuple[str | None, ...]
) -> None:
    stage.line(REFER)
    stage.app.on("/referred", "<Say>Referred</Say>")
    stage.caller("sip:lee@psap.example", facts=facts).hears("Referred")
    params = stage.app.to("/referred")[0]
    names = ("ReferCallStatus", "ReferSipResponseCode", "NotifySipResponseCode")
    assert tuple(params.get(name) for name in names) == told
    assert not set(facts) & set(stage.app.to("/voice")[0])


def test_O50_hanging_up_before_the_transfer_is_done(stage: Stage) -> None:
    stage.line(REFER)
    stage.caller("sip:lee@psap.example").hangs_up()
    params = stage.app.to("/referred")[0]
    assert (params["ReferCallStatus"], params["ReferSipResponseCode"]) == ("canceled", "202")
    assert params["NotifySipResponseCode"] == "180"


def test_O50_refer_is_for_sip_legs_only(stage: Stage) -> None:
    stage.line(REFER)
    stage.caller().hears("On")
    assert [e["code"] for e in stage.net.debugger()] == [13801]
    stage.app.on("/voice", "<Refer><Sip>sip:psap@psap.example</Sip></Refer><Say>No action</Say>")
    stage.caller("sip:lee@psap.example").hears("No action")


def test_record(stage: Stage) -> None:
    stage.line('<Record action="/recorded" recordingStatusCallback="/recording"/>')
    caller = stage.caller()
    caller.says("Please call me back")
    stage.net.advance(2)
    caller.presses("#")
    stage.net.advance(1)
    told = stage.app.to("/recorded")[0]
    assert told["RecordingDuration"] == "2"
    assert told["Digits"] == "#"
    assert stage.app.to("/recording")[0]["RecordingStatus"] == "completed"
    assert stage.client.recordings.list()[0].sid == told["RecordingSid"]


CALL = {
    "CallSid",
    "AccountSid",
    "From",
    "To",
    "Caller",
    "Called",
    "CallStatus",
    "ApiVersion",
    "Direction",
    "FromCity",
    "FromState",
    "FromZip",
    "FromCountry",
    "CallerCity",
    "CallerState",
    "CallerZip",
    "CallerCountry",
    "ToCity",
    "ToState",
    "ToZip",
    "ToCountry",
    "CalledCity",
    "CalledState",
    "CalledZip",
    "CalledCountry",
}
QUEUED = {"QueueSid", "QueueTime"}
PROGRESS = {"Timestamp", "CallbackSource", "SequenceNumber"}
ROOM_EVENT = {
    "ConferenceSid",
    "FriendlyName",
    "AccountSid",
    "SequenceNumber",
    "Timestamp",
    "StatusCallbackEvent",
}
PARTICIPANT = {
    "CallSid",
    "Muted",
    "Hold",
    "Coaching",
    "EndConferenceOnExit",
    "StartConferenceOnEnter",
    "ParticipantLabel",
}
RECORDED = {
    "AccountSid",
    "CallSid",
    "RecordingSid",
    "RecordingUrl",
    "RecordingStatus",
    "RecordingChannels",
    "RecordingStartTime",
    "RecordingSource",
    "RecordingTrack",
    "ErrorCode",
}
DIALLED = {"DialCallStatus", "DialCallSid", "DialCallDuration", "DialBridged"}
LEFT = {"ParticipantCallStatus", "ReasonParticipantLeft"}
ENDED = {
    *("CallSidEndingConference", "ParticipantLabelEndingConference"),
    *("ReasonConferenceEnded", "Reason"),
}
RECORD_RESULT = {"RecordingUrl", "RecordingSid", "RecordingDuration", "Digits"}
OVER = {"CallDuration", "Duration", "SipResponseCode"}
# What each kind of webhook carries, no more and no less (twilio.md 1.1): path, which request to it.
PARAMETERS = {
    ("/voice", 0): CALL,
    ("/key", 0): CALL | {"Digits", "FinishedOnKey"},
    ("/said", 0): CALL | {"SpeechResult", "Confidence"},
    ("/partial", 0): CALL | {"UnstableSpeechResult", "Stability", "SequenceNumber"},
    ("/wait", 0): CALL
    | QUEUED
    | {"QueuePosition", "AvgQueueTime", "CurrentQueueSize", "MaxQueueSize"},
    ("/connect", 0): CALL | QUEUED | {"DequeingCallSid"},
    ("/queue_left", 0): CALL | QUEUED | {"QueueResult"},
    ("/dialled", 0): CALL | DIALLED | {"RecordingUrl"},
    ("/whisper", 0): CALL | {"ParentCallSid"},
    ("/progress", 0): CALL | PROGRESS | {"ParentCallSid"},
    ("/progress", 1): CALL | PROGRESS | {"ParentCallSid", "StirStatus"},
    ("/progress", 3): CALL | PROGRESS | {"ParentCallSid"} | OVER,
    ("/recording", 0): RECORDED,
    ("/recording", 1): RECORDED | {"RecordingDuration"},
    ("/room", 0): ROOM_EVENT | PARTICIPANT,
    ("/room", 1): ROOM_EVENT | PARTICIPANT | LEFT,
    ("/room", 2): ROOM_EVENT | ENDED,
    ("/room_left", 0): CALL | {"DialCallStatus", "DialBridged"},
    ("/recorded", 0): CALL | RECORD_RESULT,
    ("/amd", 0): {"CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"},
    ("/status", 0): CALL | PROGRESS | OVER,
    ("/fallback", 0): CALL | RECORD_RESULT | {"ErrorCode", "ErrorUrl"},
}
DIAL = (
    '<Dial action="/dialled" record="record-from-answer" recordingStatusCallback="/recording" '
    'recordingStatusCallbackEvent="in-progress completed"><Number url="/whisper" '
    'machineDetection="Enable" amdStatusCallback="/amd" statusCallback="/progress" '
    'statusCallbackEvent="initiated ringing answered completed">+15125550102</Number></Dial>'
)
STORY = {
    "/voice": '<Gather action="/key"/>',
    "/key": (
        '<Gather input="speech" speechTimeout="auto" action="/said" '
        'partialResultCallback="/partial"/>'
    ),
    "/said": '<Enqueue waitUrl="/wait" action="/queue_left">support</Enqueue>',
    "/wait": "<Pause length='60'/>",
    "/connect": "<Pause/>",
    "/queue_left": DIAL,
    "/whisper": "<Pause/>",
    "/dialled": (
        '<Dial action="/room_left" hangupOnStar="true"><Conference statusCallback="/room" '
        'statusCallbackEvent="join leave end" participantLabel="sam">room</Conference></Dial>'
    ),
    "/room_left": '<Record action="/recorded"/>',
    "/recorded": "not TwiML",
    "/fallback": "<Hangup/>",
    "/agent": '<Dial><Queue url="/connect">support</Queue></Dial>',
}


def test_the_parameters_of_every_kind_of_webhook(stage: Stage) -> None:
    """One call through all of them."""
    for path, document in STORY.items():
        stage.app.on(path, document)
    url = stage.app.url
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE,
        voice_url=url("/voice"),
        voice_fallback_url=url("/fallback"),
        status_callback=url("/status"),
    )
    ana = stage.net.phone(ANA, "Ana", on_ring="answer", facts={"StirStatus": "B"})
    caller = stage.caller()
    caller.presses("1#")
    caller.says("Help")
    stage.net.advance(1)
    stage.client.calls.create(to=ANA, from_=LINE, url=url("/agent"))
    caller.is_talking_with("Ana")
    ana.hangs_up()
    caller.is_talking_with("Ana")
    stage.net.advance(5)
    ana.hangs_up()
    stage.net.advance(1)
    caller.presses("*")
    caller.says("Call me back")
    stage.net.advance(2)
    caller.presses("#")
    stage.net.advance(1)
    found = {}
    for path, number in PARAMETERS:
        requests = stage.app.to(path)
        found[path, number] = set(requests[number]) if len(requests) > number else set()
    off = {what: found[what] ^ names for what, names in PARAMETERS.items() if found[what] != names}
    assert off == {}
    told = [p["SequenceNumber"] for p in stage.app.to("/room")]
    assert told == ["1", "2", "3"]
    for kind in ("/room", "/status", "/progress"):
        assert parsedate_to_datetime(stage.app.to(kind)[0]["Timestamp"]).utcoffset() is not None


def test_json_is_signed_by_its_hash(stage: Stage) -> None:
    stage.app.on("/hook", (201, "<Response/>"))
    answer = stage.net.send_webhook(stage.app.url("/hook?a=b"), json={"any": ["thing"]})
    assert (answer["status"], answer["body"]) == (201, "<Response/>")
    request = stage.app.requests[0]
    assert request.headers["Content-Type"] == "application/json"
    signature, body = request.headers["X-Twilio-Signature"], '{"any": ["thing"]}'
    assert RequestValidator(TOKEN).validate(request.url, body, signature)
    assert not RequestValidator(TOKEN).validate(request.url, body + " ", signature)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_webhook_of_ones_own_choosing(stage: Stage, method: str) -> None:
    params = {"CallSid": "CA1", "Digits": "1"}
    url = stage.app.url("/hook")
    answer = stage.net.send_webhook(url, method=method, params=params, call_sid="CA1")
    assert answer["status"] == 200
    request = stage.app.requests[0]
    form = request.params if method == "POST" else {}
    assert request.params == params
    signature = request.headers["X-Twilio-Signature"]
    assert RequestValidator(TOKEN).validate(request.url, form, signature)
    assert stage.net.webhooks()[-1]["call_sid"] == "CA1"
    assert stage.net.send_webhook("http://127.0.0.1:1/")["error"] == 11205


def _validated(stage: Stage, body: str, kind: str = "text/xml") -> None:
    """An application that answers with validators, and 304 when they come back."""

    def answer(_: dict[str, str]) -> web.Response:
        asked = stage.app.requests[-1].headers
        if asked.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.Response(text=body, content_type=kind, headers={"ETag": '"v1"'})

    stage.app.on("/kept", answer)


@pytest.mark.parametrize(("method", "conditional"), [("GET", True), ("POST", False)])
def test_a_document_had_by_get_is_cached(stage: Stage, method: str, conditional: bool) -> None:
    _validated(stage, "<Response><Say>Kept</Say></Response>")
    stage.line("<Redirect/>")
    url = stage.app.url("/kept")
    stage.app.on("/voice", f'<Redirect method="{method}">{url}</Redirect>')
    caller = stage.caller()
    sid = caller.hears("Kept")["call"]
    stage.client.calls(sid).update(url=url, method=method)
    caller.hears("Kept")
    headers = [r.headers.get("If-None-Match") for r in stage.app.requests if r.path == "/kept"]
    assert headers == [None, '"v1"' if conditional else None]


def test_a_sound_is_fetched_once_and_validated(stage: Stage) -> None:
    _validated(stage, "noise", "audio/mpeg")
    stage.line("<Play>/kept</Play><Play>/kept</Play><Say>Next</Say>")
    stage.caller().hears("Next", within=11)
    asked = [r for r in stage.app.requests if r.path == "/kept"]
    assert [(r.method, r.headers.get("If-None-Match")) for r in asked] == [
        ("GET", None),
        ("GET", '"v1"'),
    ]
    assert stage.net.debugger() == []


@pytest.mark.parametrize(
    ("answer", "code"), [((404, "no"), 11200), ("<Response/>", 13420), (None, 0)]
)
def test_a_sound_that_cannot_be_played(stage: Stage, answer: Answer | None, code: int) -> None:
    stage.net.switches(fetch_media=answer is not None)
    if answer is not None:
        stage.app.on("/sound", answer)
    stage.line("<Play>/sound</Play><Say>Next</Say>")
    caller = stage.caller()
    caller.hears("Next", within=6)
    assert [e["code"] for e in stage.net.debugger()] == [code] * bool(code)
    assert ("play" in [e["kind"] for e in caller.transcript()]) is not bool(code)


def test_overrides_that_cannot_be_meant(stage: Stage) -> None:
    url = stage.app.url("/voice#rp=sometimes&e=atlantis&rc=99")
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url=url)
    stage.app.on("/voice", "<Say>All the same</Say>")
    stage.caller().hears("All the same")
    assert [e["code"] for e in stage.net.debugger()] == [11243, 11240]


def test_a_retry_leaves_through_the_next_edge(stage: Stage) -> None:
    url = stage.app.url("/voice#rp=all&rc=2&e=ashburn,dublin&sni=n&ct=500&rt=500&tt=9000")
    stage.client.incoming_phone_numbers.create(phone_number=LINE, voice_url=url)
    stage.app.on("/voice", (404, ""))
    stage.caller()
    assert [hook["edge"] for hook in stage.net.webhooks()] == ["ashburn", "dublin", "ashburn"]
    assert [e["code"] for e in stage.net.debugger()] == [11200]


def test_ten_redirects_are_followed(stage: Stage) -> None:
    def answer(_: dict[str, str]) -> web.Response:
        if len(stage.app.requests) > 10:
            return web.Response(
                text="<Response><Say>There</Say></Response>", content_type="text/xml"
            )
        return web.Response(status=302, headers={"Location": "/voice"})

    stage.line(answer)
    stage.caller().hears("There")
    assert len(stage.app.requests) == 11


def test_the_debugger_can_be_asked(stage: Stage) -> None:
    stage.line("<Speak/><Say>Hello</Say>")
    stage.caller()
    stage.net.advance(10)
    later = stage.net.now()
    stage.app.on("/voice", (500, ""))
    sid = stage.caller("+15125550104").transcript()[0]["call"]
    ask = stage.net.debugger
    assert [e["code"] for e in ask()] == [12200, 11200]
    assert [e["code"] for e in ask(level="error")] == [11200]
    assert [e["kind"] for e in ask(code=12200)] == ["warning"]
    assert [e["code"] for e in ask(call_sid=sid)] == [11200]
    assert [e["code"] for e in ask(since=later - 1)] == [11200]
    assert [e["code"] for e in ask(until=later - 1)] == [12200]
    assert [e["code"] for e in ask(after=1)] == [11200]


@pytest.mark.parametrize(
    ("query", "field"), [("level=loud", "level"), ("code=x", "code"), ("since=x", "since")]
)
def test_the_debugger_refuses_nonsense(stage: Stage, query: str, field: str) -> None:
    with pytest.raises(NetworkError) as error:
        stage.net.request("GET", f"debugger?{query}")
    assert error.value.field == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "/relative"}, "url"),
        ({"url": "http://127.0.0.1:1/", "method": "PUT"}, "method"),
        ({"url": "http://127.0.0.1:1/", "params": {"a": 1}}, "params"),
        ({"url": "http://127.0.0.1:1/", "json": {}, "method": "GET"}, "json"),
    ],
)
def test_a_webhook_that_cannot_be_sent(stage: Stage, body: dict[str, Any], field: str) -> None:
    with pytest.raises(NetworkError) as error:
        stage.net.request("POST", "webhooks", body)
    assert error.value.field == field
