"""Law 4: who hears what when nothing else works, by whole documents and by role."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient
from pydantic import SecretStr
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from router.app import create_app
from router.config import Settings
from router.storage.database import make_engine, make_sessions
from router.telephony.failsafe_file import FailsafeNumbers, write_failsafe_file
from router.telephony.urls import Urls
from router.web.failsafe import LAST_WORDS, Failsafe, Target, read_path

OURS, CALLER = "+15125550100", "+15125550111"
PRIORITY, GENERAL = "+15125550142", "+15125550143"
FORM = {"CallSid": "CA" + "1" * 32, "To": OURS, "From": CALLER, "CallStatus": "in-progress"}
HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
ANY = "#ct=1000&amp;rt=4000&amp;tt=8000&amp;rc=1&amp;rp=all"
HERE = "https://switchback.test/voice"
NOON = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("failsafe_news")


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def failsafe(tmp_path: Path) -> Failsafe:
    write_failsafe_file(tmp_path, {OURS: [PRIORITY, GENERAL]}, [GENERAL])
    return Failsafe(Urls("https://switchback.test"), FailsafeNumbers(tmp_path), "s" * 32)


def say(english: str, spanish: str) -> str:
    return f'<Say language="en-US">{english}</Say><Say language="es-US">{spanish}</Say>'


CONNECTING = say(
    "We have a technical problem. Stay on the line. We are connecting you to 9 1 1.",
    "Tenemos un problema técnico. No cuelgue. Le comunicamos con el 9 1 1.",
)
NEXT = say(
    "That line did not answer. Stay on the line. We are trying again.",
    "Esa línea no contestó. No cuelgue. Lo intentamos de nuevo.",
)


def dial(number: str, action: str, *, caller_id: str = "") -> str:
    shown = f' callerId="{caller_id}"' if caller_id else ""
    return (
        f'<Dial action="{HERE}/failsafe/{action}{ANY}"{shown} method="POST" timeout="30">'
        f"<Number>{number}</Number></Dial></Response>"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/voice/inbound",
        "/voice/inbound/fallback",
        "/voice/caller/abc-1/keyed/3",
        "/voice/caller/abc-1/queue-left/3",
        "/voice/caller/abc-1/room-left/3/1",
        "/voice/caller/abc-1/dial-ended/3",
        "/voice/caller/abc-1/ask",
        "/voice/caller/abc-1/fallback",
        "/voice/of/nothing/known",
        "/voice",
    ],
)
def test_the_first_duty_a_callers_leg_dials_911(failsafe: Failsafe, path: str) -> None:
    assert failsafe.answer(path, {}, FORM) == HEAD + CONNECTING + dial(PRIORITY, "1/0")


EAST = "+15125550170"


@pytest.fixture
def with_east(tmp_path: Path) -> Failsafe:
    psaps = {"austin.east": [EAST, GENERAL]}
    write_failsafe_file(tmp_path, {OURS: [PRIORITY, GENERAL]}, [GENERAL], psaps)
    return Failsafe(Urls("https://switchback.test"), FailsafeNumbers(tmp_path), "s" * 32)


def test_re5_the_centre_that_was_chosen_is_dialled_and_the_next_line_of_it(
    with_east: Failsafe,
) -> None:
    chosen = {"psap": "austin.east"}
    first = with_east.answer("/voice/caller/abc-1/queue-left/3", chosen, FORM) or ""
    assert f"/failsafe/1/0?psap=austin.east{ANY}" in first
    assert f"<Number>{EAST}</Number>" in first
    again = with_east.dial_911(FORM, tries=1, talks=0, psap="austin.east")
    assert f"<Number>{GENERAL}</Number>" in again
    held = with_east.answer("/voice/caller/abc-1/wait", chosen, {}) or ""
    assert "&amp;psap=austin.east#" in held


@pytest.mark.parametrize("psap", ["", "austin.west", "../etc", '"><Hangup/>', "A" * 200])
def test_re5_a_centre_that_nobody_knows_is_the_numbers_own(with_east: Failsafe, psap: str) -> None:
    said = with_east.answer("/voice/caller/abc-1/ask", {"psap": psap}, FORM) or ""
    assert f"<Number>{PRIORITY}</Number>" in said
    assert "Hangup" not in said


def test_re5_a_file_of_an_older_release_has_no_centres(tmp_path: Path) -> None:
    path = write_failsafe_file(tmp_path, {OURS: [PRIORITY]}, [GENERAL])
    assert "psaps" not in path.read_text()
    numbers = FailsafeNumbers(tmp_path)
    assert numbers.numbers(OURS, psap="austin.east") == (PRIORITY,)


@pytest.mark.parametrize("point", ["whisper", "whisper/3", "line-keyed/3/1"])
def test_re5_no_proof_is_asked_of_a_line_when_nothing_else_answers(
    failsafe: Failsafe, point: str
) -> None:
    said = failsafe.answer(f"/voice/caller/abc-1/{point}", {}, FORM) or ""
    assert "Here is the caller." in said
    assert "<Hangup" not in said
    assert failsafe.answer("/voice/psap/abc-2/detected", {}, FORM) is None


def test_re3_the_lines_are_rung_in_order_and_over_again(failsafe: Failsafe) -> None:
    busy = {**FORM, "DialCallStatus": "busy"}
    pause = '<Pause length="1" />'
    rung = [failsafe.dial_911(busy, tries=tries, talks=0) for tries in (1, 2, 3)]
    assert rung == [
        HEAD + NEXT + pause + dial(GENERAL, "2/0"),
        HEAD + NEXT + pause + dial(PRIORITY, "3/0"),
        HEAD + NEXT + pause + dial(GENERAL, "4/0"),
    ]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "odd", ""])
def test_the_first_duty_whatever_a_line_does_the_next_is_rung(
    failsafe: Failsafe, status: str
) -> None:
    said = failsafe.dial_911({**FORM, "DialCallStatus": status}, tries=1, talks=0)
    assert f"<Number>{GENERAL}</Number>" in said


def test_a_line_that_drops_the_caller_at_once_was_not_reached(failsafe: Failsafe) -> None:
    form = {**FORM, "DialCallStatus": "completed", "DialCallDuration": "4"}
    assert NEXT in failsafe.dial_911(form, tries=1, talks=0)


def test_a_caller_who_stays_after_911_has_left_is_connected_again(failsafe: Failsafe) -> None:
    form = {**FORM, "DialCallStatus": "completed", "DialCallDuration": "95"}
    said = failsafe.dial_911(form, tries=1, talks=0)
    closed = say(
        "The line to 9 1 1 has closed. If you still need help, stay on the line.",
        "La línea con el 9 1 1 se cerró. Si aún necesita ayuda, no cuelgue.",
    )
    assert said == HEAD + closed + '<Pause length="5" />' + dial(GENERAL, "2/1")


def test_a_phone_left_off_the_hook_does_not_ring_911_for_ever(failsafe: Failsafe) -> None:
    form = {**FORM, "DialCallStatus": "completed", "DialCallDuration": "95"}
    key = say(
        "The line to 9 1 1 has closed. If you still need help, press any key.",
        "La línea con el 9 1 1 se cerró. Si aún necesita ayuda, oprima cualquier tecla.",
    )
    assert failsafe.dial_911(form, tries=2, talks=1) == (
        f'{HEAD}<Gather action="{HERE}/failsafe/0/2{ANY}" finishOnKey="" input="dtmf"'
        f' method="POST" numDigits="1" timeout="10">{key}</Gather><Hangup /></Response>'
    )
    pressed = failsafe.dial_911({**FORM, "Digits": "1"}, tries=0, talks=2)
    assert pressed == HEAD + CONNECTING + dial(PRIORITY, "1/2")


def test_a_withheld_number_is_shown_to_911_as_ours(failsafe: Failsafe) -> None:
    said = failsafe.answer("/voice/inbound", {}, {**FORM, "From": "anonymous"})
    assert said == HEAD + CONNECTING + dial(PRIORITY, "1/0", caller_id=OURS)


def test_a_number_nobody_knows_goes_to_the_default(failsafe: Failsafe) -> None:
    said = failsafe.answer("/voice/inbound", {}, {**FORM, "To": "+15125550199"})
    assert said is not None
    assert f"<Number>{GENERAL}</Number>" in said


def test_the_first_duty_without_numbers_the_caller_is_told_to_dial_and_told_again(
    tmp_path: Path,
) -> None:
    nowhere = Failsafe(Urls("https://switchback.test"), FailsafeNumbers(tmp_path), "s" * 32)
    yourself = say(
        "We have a technical problem. Please hang up and dial 9 1 1 now.",
        "Tenemos un problema técnico. Por favor cuelgue y marque 9 1 1 ahora.",
    )
    assert nowhere.answer("/voice/inbound", {}, FORM) == (
        f'{HEAD}{yourself}<Pause length="5" />'
        f'<Redirect method="POST">{HERE}/failsafe/1/0{ANY}</Redirect></Response>'
    )


def waits(failsafe: Failsafe, url: str, **form: str) -> str:
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
    said = failsafe.answer(parts.path, query, {**FORM, **form})
    assert said is not None
    return said


def action_of(document: str) -> str:
    found = re.search(r'action="([^"]+)"', document)
    assert found is not None
    return found.group(1)


def test_a_waiting_caller_is_held_at_most_20_seconds_and_then_leaves(failsafe: Failsafe) -> None:
    url = f"{HERE}/caller/abc-1/wait"
    with time_machine.travel(NOON, tick=False) as clock:
        first = waits(failsafe, url)
        held = action_of(first)
        assert held.startswith(f"{HERE}/caller/abc-1/wait?hold=abc-1.")
        assert first == (
            f'{HEAD}<Gather action="{held}" actionOnEmptyResult="true" finishOnKey=""'
            ' input="dtmf" method="POST" numDigits="1" timeout="1">'
            + say(
                "Please stay on the line. Press 9 for 9 1 1.",
                "Por favor no cuelgue. Oprima 9 para el 9 1 1.",
            )
            + f'</Gather><Redirect method="POST">{held}</Redirect></Response>'
        )
        clock.shift(timedelta(seconds=8))
        assert action_of(waits(failsafe, held)) == held
        clock.shift(timedelta(seconds=5))  # another piece would end after 20 s
        assert waits(failsafe, held) == f"{HEAD}<Leave /></Response>"


@pytest.mark.parametrize("key", ["9", "0", "5"])
def test_ro5_a_key_ends_the_hold_at_once(failsafe: Failsafe, key: str) -> None:
    said = waits(failsafe, f"{HERE}/caller/abc-1/wait", Digits=key)
    assert said == f"{HEAD}<Leave /></Response>"


@pytest.mark.parametrize("hold", ["", "abc-1", "abc-1.x.y", "abc-1.aaaaaa.forged", "%00"])
def test_a_forged_hold_is_over(failsafe: Failsafe, hold: str) -> None:
    said = waits(failsafe, f"{HERE}/caller/abc-1/wait?hold={hold}")
    assert ("<Leave />" in said) == bool(hold)


ONE_MOMENT = '<Say language="en-US">One moment please.</Say>'
SORRY = '<Say language="en-US">We are sorry, there is a technical problem. Goodbye.</Say>'


@pytest.mark.parametrize("role", ["clinician", "call_taker", "supervisor", "psap", "outside"])
def test_tr3_a_party_on_hold_hears_a_voice_over_and_over(failsafe: Failsafe, role: str) -> None:
    here = f"/voice/{role}/abc-2/hold"
    has_menu = role not in ("psap", "outside")
    more = "For your menu, press star." if has_menu else "Please stay on the line."
    assert failsafe.answer(here, {}, FORM) == (
        f'{HEAD}<Say language="en-US">You are on hold. {more}</Say><Pause length="4" />'
        f'<Redirect method="POST">https://switchback.test{here}{ANY}</Redirect></Response>'
    )


def test_tr4_a_party_outside_goes_back_to_its_room_and_does_not_end_it(failsafe: Failsafe) -> None:
    answer = failsafe.answer("/voice/outside/abc-2/room-left/3/1", {}, FORM) or ""
    assert 'endConferenceOnExit="false"' in answer
    assert "<Number>" not in answer, "911 is not rung for them"


@pytest.mark.parametrize("role", ["clinician", "call_taker", "psap"])
def test_a_staff_leg_goes_back_to_its_room_and_not_for_ever(failsafe: Failsafe, role: str) -> None:
    path = f"/voice/{role}/abc-2/room-left/7/3"
    said = failsafe.answer(path, {"tries": "1"}, FORM)
    assert said == (
        f"{HEAD}{ONE_MOMENT}"
        f'<Dial action="https://switchback.test{path}?tries=2{ANY}" hangupOnStar="false"'
        ' method="POST"><Conference beep="false" endConferenceOnExit="true" maxParticipants="20"'
        f' participantLabel="abc-2" startConferenceOnEnter="true" statusCallback="{HERE}/room/abc/3'
        f'{ANY}" statusCallbackEvent="join leave start end mute hold" statusCallbackMethod="POST"'
        ' waitUrl="">'
        "abc.3</Conference></Dial></Response>"
    )
    last = failsafe.answer(path, {"tries": "3"}, FORM)
    assert last is not None
    assert last.endswith("<Hangup /></Response>")


def test_a_failed_room_address_leads_back_to_the_room_it_named(failsafe: Failsafe) -> None:
    form = {**FORM, "ErrorUrl": f"{HERE}/clinician/abc-2/room-left/7/3#ct=1000"}
    said = failsafe.answer("/voice/clinician/abc-2/fallback", {}, form)
    assert said == failsafe.answer("/voice/clinician/abc-2/room-left/7/3", {}, FORM)
    other = {**FORM, "ErrorUrl": f"{HERE}/clinician/xyz-2/room-left/7/3"}
    assert failsafe.answer("/voice/clinician/abc-2/fallback", {}, other) == (
        f"{HEAD}{SORRY}<Hangup /></Response>"
    )


def test_an_offer_is_let_go_with_an_apology(failsafe: Failsafe) -> None:
    said = failsafe.answer("/voice/clinician/abc-2/answered", {}, FORM)
    assert said == f"{HEAD}{SORRY}<Hangup /></Response>"


@pytest.mark.parametrize(
    "path",
    [
        "/voice/clinician/abc-2/keyed/4",
        "/voice/call_taker/abc-2/ask",
        "/voice/psap/abc-2/answered",
        "/voice/psap/abc-2/keyed/1",
    ],
)
def test_staff_at_a_question_are_asked_again_a_few_times(failsafe: Failsafe, path: str) -> None:
    role = path.split("/")[2]
    said = failsafe.answer(path, {}, FORM)
    assert said == (
        f'{HEAD}{ONE_MOMENT}<Pause length="2" />'
        f'<Redirect method="POST">{HERE}/{role}/abc-2/ask?tries=1{ANY}</Redirect></Response>'
    )
    last = failsafe.answer(path, {"tries": "3"}, FORM)
    assert last is not None
    assert last.endswith("<Hangup /></Response>")


def test_a_paged_responder_hears_an_apology(failsafe: Failsafe) -> None:
    for point in ("answered", "keyed/1", "fallback"):
        said = failsafe.answer(f"/voice/team/17/{point}", {}, FORM)
        assert said == f"{HEAD}{SORRY}<Hangup /></Response>"


@pytest.mark.parametrize(
    "path",
    [
        "/voice/inbound/status",
        "/voice/clinician/abc-2/status",
        "/voice/room/abc/1",
        "/voice/team/17/status",
        "/sms/inbound",
        "/sms/status/17",
    ],
)
def test_a_notice_is_answered_with_nothing(failsafe: Failsafe, path: str) -> None:
    assert failsafe.answer(path, {}, FORM) is None


def test_a_911_line_and_a_room_hear_no_apology(failsafe: Failsafe) -> None:
    assert failsafe.answer("/voice/announce/abc-2/17", {}, FORM) == f"{HEAD[:-1]} />"
    said = failsafe.answer("/voice/caller/abc-1/whisper", {}, FORM)
    assert said is not None
    assert "Here is the caller." in said
    assert "<Hangup" not in said


def test_the_first_duty_a_fault_in_the_fail_safe_itself_still_speaks(
    failsafe: Failsafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailsafeNumbers, "numbers", lambda *_: 1 / 0)
    assert failsafe.answer("/voice/inbound", {}, FORM) == LAST_WORDS
    assert re.findall(r"<(\w+)", LAST_WORDS) == ["Response", "Say", "Say", "Pause", "Redirect"]


def test_what_a_path_is_for() -> None:
    assert read_path("/voice/psap/abc-2/room-left/7/3") == Target(
        "psap", "abc-2", "room-left", 7, 3
    )
    assert read_path("/voice/caller/abc-1/keyed/9/9/9").room == 9
    assert read_path("/voice/caller/ABC/keyed/²").leg_id == ""
    assert read_path("/voice/stranger/abc-1/wait") == Target("caller")


# Through the whole web process, with a database that is not there.

BROKEN = [
    ("/voice/inbound", lambda said: f"<Number>{PRIORITY}</Number>" in said),
    ("/voice/caller/abc-1/keyed/3", lambda said: f"<Number>{PRIORITY}</Number>" in said),
    ("/voice/caller/abc-1/wait", lambda said: "?hold=" in said),
    ("/voice/caller/abc-1/whisper", lambda said: "Here is the caller" in said),
    ("/voice/psap/abc-2/room-left/7/3", lambda said: ">abc.3</Conference>" in said),
    ("/voice/clinician/abc-2/room-left/7/3", lambda said: ">abc.3</Conference>" in said),
    ("/voice/clinician/abc-2/answered", lambda said: said.endswith("<Hangup /></Response>")),
    ("/voice/announce/abc-2/17", lambda said: said.endswith("<Response />")),
    ("/voice/inbound/status", lambda said: said == ""),
    ("/voice/clinician/abc-2/status", lambda said: said == ""),
]


def post(client: FlaskClient, settings: Settings, path: str) -> str:
    token = settings.twilio_auth_token.get_secret_value()
    signature = RequestValidator(token).compute_signature(f"{settings.public_url}{path}", FORM)
    response = client.post(path, data=FORM, headers={"X-Twilio-Signature": signature})
    assert response.status_code == (204 if path.endswith("/status") else 200)
    return response.text


def a_client(settings: Settings, tmp_path: Path, port: int, deadline: float) -> FlaskClient:
    write_failsafe_file(tmp_path, {OURS: [PRIORITY]}, [GENERAL])
    url = SecretStr(f"postgresql+psycopg://nobody@127.0.0.1:{port}/none")
    changes = {"database_url": url, "state_dir": tmp_path, "webhook_deadline_seconds": deadline}
    aimed = settings.model_copy(update=changes)
    engine = make_engine(aimed, application_name="tests")
    return create_app(aimed, make_sessions(engine)).test_client()


@pytest.mark.parametrize(("path", "is_right"), BROKEN)
def test_law_4_without_a_database_every_role_ends_with_a_person(
    settings: Settings, tmp_path: Path, path: str, is_right: Callable[[str], bool]
) -> None:
    client = a_client(settings, tmp_path, port=1, deadline=1.5)
    assert is_right(post(client, settings, path))


def test_law_3_a_frozen_database_does_not_keep_a_caller_waiting(
    settings: Settings, tmp_path: Path
) -> None:
    """A server that takes connections and says nothing, as one does that is stopped."""
    with closing(socket.create_server(("127.0.0.1", 0))) as frozen:
        client = a_client(settings, tmp_path, frozen.getsockname()[1], deadline=0.4)
        started = datetime.now(UTC)
        said = post(client, settings, "/voice/inbound")
        took = (datetime.now(UTC) - started).total_seconds()
    assert f"<Number>{PRIORITY}</Number>" in said
    assert took < 5  # the server never answers


def test_health_says_whether_the_database_answers(settings: Settings, tmp_path: Path) -> None:
    client = a_client(settings, tmp_path, port=1, deadline=1.5)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
