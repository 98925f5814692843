"""Twilio's requests: signed or refused, read and handed on, answered in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from ivr_flows.inputs import (
    DialEnded,
    Input,
    Keyed,
    LegAnswered,
    LegAsked,
    LegDetected,
    LegStatusChanged,
    LineAnswered,
    LineKeyed,
    QueueLeft,
    RoomDeparted,
    RoomJoined,
    RoomLeft,
    WaitTicked,
)
from router.app import by_prefix, create_webhooks
from router.config import Settings
from router.errors import NotFoundError
from router.services.apply_input import Exchange
from router.services.dispatch_moves import Paging
from router.services.page_links import PageLinks
from router.storage.database import Deadline, make_engine, make_sessions
from router.storage.receipts import ReceiptKey
from router.telephony.failsafe_file import write_failsafe_file
from router.telephony.urls import Urls
from router.telephony.webhook import Arrival

SID = "CA" + "0a" * 16
OURS, CALLER, PRIORITY = "+15125550100", "+15125550111", "+15125550142"
FORM = {"CallSid": SID, "To": OURS, "From": CALLER, "CallStatus": "in-progress"}
LEG = "abc-1"
SAID = "<Response><Say>heard</Say></Response>"


@dataclass
class FakeAnswers:
    """Says one thing, remembers what it was given, and does what `deed` does first."""

    deed: Callable[[Deadline], None] = lambda _: None
    given: list[Any] = field(default_factory=list)
    failsafes: list[str] = field(default_factory=list)

    def _answer(self, *given: object, deadline: Deadline) -> str:
        self.deed(deadline)
        self.given.append(given if len(given) > 1 else given[0])
        return SAID

    def arrive(self, arrival: Arrival, deadline: Deadline) -> str | None:
        """A number of ours was rung."""
        return self._answer(arrival, deadline=deadline)

    def take(
        self, leg_id: str, given: Input, receipt: ReceiptKey | None, deadline: Deadline
    ) -> str | None:
        """Something happened on a leg."""
        said = self._answer(leg_id, given, receipt, deadline=deadline)
        notices = (LegDetected, LegStatusChanged, RoomJoined, RoomDeparted)
        return None if isinstance(given, notices) else said

    def change_status(self, sid: str, status: str, deadline: Deadline) -> str | None:
        """The caller's leg changed its status."""
        self._answer(sid, status, deadline=deadline)
        return None

    def announce(self, leg_id: str, token: str, deadline: Deadline) -> str | None:
        """The announcement that was ordered for a leg."""
        return self._answer(leg_id, token, deadline=deadline)

    def failsafe_answered(self, leg_id: str) -> None:
        """A fail-safe answered a caller's leg."""
        self.failsafes.append(leg_id)


def nowhere(settings: Settings) -> Paging:
    """Pages of a database that is not there."""
    sessions = make_sessions(make_engine(settings, application_name="tests"))
    return Paging(
        Exchange(sessions, Urls(settings.public_url)), PageLinks(settings.public_url, "s" * 32)
    )


@dataclass
class Twilio:
    """Sends requests as Twilio does."""

    settings: Settings
    answers: FakeAnswers

    def __post_init__(self) -> None:
        self.client = create_webhooks(
            self.settings, self.answers, nowhere(self.settings)
        ).test_client()

    def post(
        self,
        path: str,
        form: dict[str, str] | None = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        method: str = "POST",
    ) -> TestResponse:
        """Sign and send; `token` None is the account's own, "" signs nothing."""
        form = {**FORM, **(form or {})}
        token = self.settings.twilio_auth_token.get_secret_value() if token is None else token
        data = form if method == "POST" else None
        url = f"{self.settings.public_url}{path}"
        sent = dict(headers or {})
        if token:
            signature = RequestValidator(token).compute_signature(url, data or {})
            sent.setdefault("X-Twilio-Signature", signature)
        return self.client.open(path, method=method, data=data, headers=sent)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def answers() -> FakeAnswers:
    return FakeAnswers()


@pytest.fixture
def twilio(settings: Settings, tmp_path: Path, answers: FakeAnswers) -> Twilio:
    write_failsafe_file(tmp_path, {OURS: [PRIORITY]}, [PRIORITY])
    quick = {"state_dir": tmp_path, "web_threads": 1, "webhook_deadline_seconds": 0.3}
    return Twilio(settings.model_copy(update=quick), answers)


PATHS = [
    "/voice/inbound",
    "/voice/inbound/status",
    "/voice/inbound/fallback",
    f"/voice/caller/{LEG}/keyed/1",
    f"/voice/caller/{LEG}/wait",
    f"/voice/caller/{LEG}/status",
    f"/voice/psap/{LEG}/room-left/1/2",
    "/voice/room/abc/1",
    f"/voice/announce/{LEG}/7",
    "/voice/failsafe/1/0",
    "/voice",
    "/voice/nobody/knows",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "f" * 32], ids=["unsigned", "wrongly signed"])
def test_se1_what_twilio_did_not_sign_is_refused_and_changes_nothing(
    twilio: Twilio, path: str, token: str
) -> None:
    response = twilio.post(path, token=token)
    assert response.status_code == 403
    assert PRIORITY not in response.text
    assert twilio.answers.given == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_se1_no_other_method_opens_the_door(twilio: Twilio, method: str) -> None:
    for path in PATHS:
        assert twilio.post(path, token="", method=method).status_code == 403


def test_se1_a_signature_of_another_address_is_refused(twilio: Twilio) -> None:
    token = twilio.settings.twilio_auth_token.get_secret_value()
    other = RequestValidator(token).compute_signature("https://elsewhere.test/voice/inbound", FORM)
    headers = {"X-Twilio-Signature": other, "Host": "elsewhere.test"}
    assert twilio.post("/voice/inbound", headers=headers).status_code == 403


def test_se1_a_signature_over_other_parameters_is_refused(twilio: Twilio) -> None:
    token = twilio.settings.twilio_auth_token.get_secret_value()
    url = f"{twilio.settings.public_url}/voice/inbound"
    headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, FORM)}
    response = twilio.post("/voice/inbound", {"To": "+15125550199"}, headers=headers)
    assert response.status_code == 403


def test_se1_a_body_too_large_to_be_twilios_is_refused(twilio: Twilio) -> None:
    assert twilio.post("/voice/inbound", {"SpeechResult": "a" * 600_000}).status_code == 403


def test_the_previous_token_counts_while_it_is_configured(twilio: Twilio) -> None:
    rotated = {
        "twilio_auth_token": SecretStr("n" * 32),
        "twilio_auth_token_previous": twilio.settings.twilio_auth_token,
    }
    after = Twilio(twilio.settings.model_copy(update=rotated), twilio.answers)
    old = twilio.settings.twilio_auth_token.get_secret_value()
    assert after.post("/voice/inbound", token=old).status_code == 200
    assert after.post("/voice/inbound", token="n" * 32).status_code == 200
    assert after.post("/voice/inbound", token="o" * 32).status_code == 403


def test_in1_a_call_arrives(twilio: Twilio, answers: FakeAnswers) -> None:
    response = twilio.post("/voice/inbound")
    assert (response.status_code, response.text) == (200, SAID)
    assert answers.given == [Arrival(SID, OURS, CALLER)]


def test_an_answer_has_its_length_and_type_and_no_cookie(twilio: Twilio) -> None:
    headers = twilio.post("/voice/inbound").headers
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert headers["Content-Length"] == str(len(SAID))
    assert "Set-Cookie" not in headers
    assert "Transfer-Encoding" not in headers


@pytest.mark.parametrize(
    ("path", "form", "given", "receipt"),
    [
        ("caller/abc-1/keyed/3", {"Digits": "9"}, Keyed(LEG, 3, "9"), ("keyed", "3")),
        ("caller/abc-1/keyed/3", {}, Keyed(LEG, 3), ("keyed", "3")),
        ("caller/abc-1/keyed/0", {"Digits": "<script>"}, Keyed(LEG, 0), ("keyed", "0")),
        ("caller/abc-1/wait", {"Digits": "0"}, WaitTicked(LEG, "0"), None),
        ("caller/abc-1/wait?hold=x", {}, WaitTicked(LEG), None),
        (
            "caller/abc-1/queue-left/4",
            {"QueueResult": "redirected"},
            QueueLeft(LEG, 4, "redirected"),
            ("queue-left", "4"),
        ),
        (
            "psap/abc-1/room-left/5/2?tries=1",
            {"CallStatus": "completed"},
            RoomLeft(LEG, 5, hung_up=True),
            ("room-left", "5"),
        ),
        (
            "caller/abc-1/dial-ended/6",
            {"DialCallStatus": "busy"},
            DialEnded(LEG, 6, "busy"),
            ("dial-ended", "6"),
        ),
        ("clinician/abc-1/answered", {}, LegAnswered(LEG, SID), ("answered", "")),
        ("call_taker/abc-1/ask", {}, LegAsked(LEG), None),
        ("caller/abc-1/whisper", {}, LineAnswered(LEG), None),
        ("caller/abc-1/whisper/7", {}, LineAnswered(LEG, 7), ("whisper", "7")),
        (
            "caller/abc-1/line-keyed/7/1?psap=austin.east",
            {"Digits": "1"},
            LineKeyed(LEG, 7, 1, "1"),
            ("line-keyed", "7-1"),
        ),
        (
            "caller/abc-1/line-keyed/7/0",
            {"SpeechResult": "911, go ahead."},
            LineKeyed(LEG, 7, 0, "", "911, go ahead."),
            ("line-keyed", "7-0"),
        ),
        (
            "caller/abc-1/dial-ended/6",
            {"DialCallStatus": "no-answer", "DialSipResponseCode": "503"},
            DialEnded(LEG, 6, "failed"),
            ("dial-ended", "6"),
        ),
    ],
)
def test_what_a_leg_says_reaches_its_call(
    twilio: Twilio,
    path: str,
    form: dict[str, str],
    given: Input,
    receipt: tuple[str, str] | None,
) -> None:
    response = twilio.post(f"/voice/{path}", form)
    assert (response.status_code, response.text) == (200, SAID)
    key = None if receipt is None else ReceiptKey(LEG, *receipt)
    assert twilio.answers.given == [(LEG, given, key)]


def test_a_repeated_question_is_known_by_twilios_own_token(twilio: Twilio) -> None:
    twilio.post(f"/voice/caller/{LEG}/ask", headers={"I-Twilio-Idempotency-Token": "t-1"})
    assert twilio.answers.given == [(LEG, LegAsked(LEG), ReceiptKey(LEG, "ask", "t-1"))]


@pytest.mark.parametrize(
    ("path", "form", "given"),
    [
        (
            f"/voice/clinician/{LEG}/status",
            {"CallStatus": "ringing"},
            (LEG, LegStatusChanged(LEG, "ringing", SID), None),
        ),
        (
            "/voice/room/abc/2",
            {"StatusCallbackEvent": "participant-join", "ParticipantLabel": LEG},
            (LEG, RoomJoined(LEG, 2), None),
        ),
        (
            "/voice/room/abc/2",
            {"StatusCallbackEvent": "participant-leave", "ParticipantLabel": LEG},
            (LEG, RoomDeparted(LEG, 2), None),
        ),
        (
            f"/voice/psap/{LEG}/detected",
            {"AnsweredBy": "machine_start"},
            (LEG, LegDetected(LEG, "machine_start"), None),
        ),
        (
            f"/voice/psap/{LEG}/status",
            {"CallStatus": "no-answer", "SipResponseCode": "404"},
            (LEG, LegStatusChanged(LEG, "failed", SID), None),
        ),
        ("/voice/inbound/status", {"CallStatus": "completed"}, (SID, "completed")),
    ],
)
def test_a_notice_is_taken_and_answered_with_204(
    twilio: Twilio, path: str, form: dict[str, str], given: tuple[object, ...]
) -> None:
    response = twilio.post(path, form)
    assert (response.status_code, response.data) == (204, b"")
    assert twilio.answers.given == [given]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"/voice/clinician/{LEG}/status", {"CallStatus": "on fire"}),
        ("/voice/inbound/status", {"CallStatus": ""}),
        ("/voice/inbound/status", {"CallSid": "", "CallStatus": "completed"}),
        ("/voice/room/abc/2", {"StatusCallbackEvent": "conference-end"}),
        ("/voice/room/abc/2", {"StatusCallbackEvent": "participant-join"}),
        (
            "/voice/room/def/2",
            {"StatusCallbackEvent": "participant-join", "ParticipantLabel": LEG},
        ),
        ("/voice/room/abc/two", {"StatusCallbackEvent": "participant-join"}),
        (f"/voice/nobody/{LEG}/status", {"CallStatus": "completed"}),
        ("/voice/clinician/no leg/status", {"CallStatus": "completed"}),
    ],
)
def test_law_5_an_odd_notice_is_nothing_to_anybody(
    twilio: Twilio, path: str, form: dict[str, str]
) -> None:
    assert twilio.post(path, form).status_code == 204
    assert twilio.answers.given == []


@pytest.mark.parametrize(
    "path",
    [
        "/voice",
        "/voice/",
        "/voice//inbound",
        "/voice/inbound/more",
        "/voice/bystander/abc-1/wait",
        "/voice/caller/no-leg-at-all/keyed/1",
        "/voice/caller/abc-1/keyed/one",
        "/voice/caller/abc-1/keyed/-1",
        "/voice/caller/abc-1/keyed",
        "/voice/caller/abc-1/sing",
        "/voice/caller/%C3%A4-1/answered",
    ],
)
def test_the_first_duty_an_address_nobody_knows_dials_911(twilio: Twilio, path: str) -> None:
    response = twilio.post(path)
    assert response.status_code == 200
    assert f"<Number>{PRIORITY}</Number>" in response.text
    assert twilio.answers.given == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_the_first_duty_an_odd_method_dials_911(twilio: Twilio, method: str) -> None:
    response = twilio.post("/voice/inbound", method=method)
    assert response.status_code == 200
    assert f"<Number>{PRIORITY}</Number>" in response.text
    assert twilio.answers.given == []


def test_the_first_duty_a_call_without_a_sid_dials_911(twilio: Twilio) -> None:
    assert PRIORITY in twilio.post("/voice/inbound", {"CallSid": ""}).text


def test_se1_json_counts_only_with_its_hash_in_the_signed_address(twilio: Twilio) -> None:
    body = '{"CallSid": "x"}'
    hashed = f"/voice/inbound?bodySHA256={RequestValidator('').compute_hash(body)}"
    token = twilio.settings.twilio_auth_token.get_secret_value()

    def post(path: str, body: str) -> TestResponse:
        url = f"{twilio.settings.public_url}{path}"
        headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, {})}
        json = "application/json"
        return twilio.client.post(path, data=body, headers=headers, content_type=json)

    assert PRIORITY in post(hashed, body).text  # Twilio's, but no call: a fail-safe
    assert post(hashed, body + " ").status_code == 403
    assert post("/voice/inbound", body).status_code == 403
    assert twilio.answers.given == []


def test_an_announcement_is_played(twilio: Twilio) -> None:
    response = twilio.post(f"/voice/announce/{LEG}/17")
    assert (response.status_code, response.text) == (200, SAID)
    assert twilio.answers.given == [(LEG, "17")]


@pytest.fixture
def stuck(answers: FakeAnswers) -> Iterator[threading.Event]:
    """Work that does not end before the event is set."""
    released = threading.Event()
    answers.deed = lambda _: (released.wait(10), None)[1]
    yield released
    released.set()


def test_law_3_stuck_work_is_given_up_at_the_deadline(
    twilio: Twilio, stuck: threading.Event
) -> None:
    began = time.monotonic()
    response = twilio.post("/voice/inbound")
    took = time.monotonic() - began
    assert f"<Number>{PRIORITY}</Number>" in response.text
    assert 0.25 < took < 5  # the work takes ten
    stuck.set()


def test_law_3_with_all_hands_stuck_the_answer_is_immediate(
    twilio: Twilio, stuck: threading.Event
) -> None:
    for _ in range(2):  # web_threads 1: two hands
        twilio.post("/voice/inbound")
    took = []
    for _ in range(5):
        began = time.monotonic()
        assert PRIORITY in twilio.post("/voice/inbound").text
        took.append(time.monotonic() - began)
    assert min(took) < 0.15  # the deadline is 0.3
    stuck.set()
    deadline = time.monotonic() + 30
    while twilio.post("/voice/inbound").text != SAID:
        assert time.monotonic() < deadline, "freed hands do not come back to work"


def test_law_3_work_is_told_to_end_before_we_stop_waiting(twilio: Twilio) -> None:
    left: list[float] = []
    twilio.answers.deed = lambda deadline: left.append(deadline.remaining_seconds())
    twilio.post("/voice/inbound")
    assert 0 < left[0] < 0.3


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyError("x"), NotFoundError("x")])
def test_an_error_never_becomes_a_500(twilio: Twilio, error: Exception) -> None:
    def fail(_: Deadline) -> None:
        raise error

    twilio.answers.deed = fail
    for path in PATHS:
        assert twilio.post(path).status_code in {200, 204}


def test_re5_the_call_is_told_whose_caller_the_failsafe_connects_with_911(
    twilio: Twilio, answers: FakeAnswers
) -> None:
    answers.deed = fails
    for path in (f"/voice/caller/{LEG}/ask", f"/voice/caller/{LEG}/fallback"):
        assert f"<Number>{PRIORITY}</Number>" in twilio.post(path).text
    wait_until(lambda: answers.failsafes == [LEG, LEG])


@pytest.mark.parametrize(
    "path",
    [
        f"/voice/caller/{LEG}/wait",  # held, without a ring
        f"/voice/caller/{LEG}/whisper",  # 911's line is spoken to
        f"/voice/caller/{LEG}/status",
        f"/voice/clinician/{LEG}/ask",
        "/voice/inbound",  # of no call yet
        "/voice/failsafe/1/0",
    ],
)
def test_re5_where_the_failsafe_does_not_begin_to_ring_911_no_call_is_told(
    twilio: Twilio, answers: FakeAnswers, path: str
) -> None:
    answers.deed = fails
    twilio.post(path)
    twilio.post(f"/voice/caller/{LEG}/ask")
    wait_until(lambda: bool(answers.failsafes))
    assert answers.failsafes == [LEG]


def test_re5_what_is_answered_in_time_is_no_failsafe(twilio: Twilio, answers: FakeAnswers) -> None:
    twilio.post(f"/voice/caller/{LEG}/ask")
    answers.deed = fails
    twilio.post(f"/voice/caller/{LEG}/ask")
    wait_until(lambda: bool(answers.failsafes))
    assert answers.failsafes == [LEG]


def fails(_: Deadline) -> None:
    raise RuntimeError("x")


def wait_until(holds: Callable[[], bool]) -> None:
    """Another thread tells the calls."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "the call is not told"
        time.sleep(0.01)


def test_only_paths_below_a_prefix_go_to_the_webhooks() -> None:
    app = by_prefix(["/voice", "/sms"], lambda *_: [b"inner"], lambda *_: [b"outer"])
    paths = [
        "/voice",
        "/voice/inbound",
        "/sms/inbound",
        "/voices",
        "/",
        "",
        "/api/voice",
        "//voice",
    ]
    inner = [path for path in paths if app({"PATH_INFO": path}, None) == [b"inner"]]  # type: ignore[arg-type]
    assert inner == ["/voice", "/voice/inbound", "/sms/inbound"]
