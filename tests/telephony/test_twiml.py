"""Instructions as whole documents: what stands here is what Twilio gets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from ivr_flows.call import Call, Leg, Place, Role, Stage
from ivr_flows.outputs import (
    Ask,
    AskLine,
    Dial911,
    Hangup,
    Instruction,
    JoinRoom,
    LeaveQueue,
    Nothing,
    Say,
    Wait,
    WaitPiece,
)
from router.telephony.twiml import (
    UnspeakableError,
    announcement,
    empty,
    queue_name,
    render,
    render_page,
    text_answer,
)
from router.telephony.urls import Urls

URLS = Urls("https://switchback.test")
NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
ANY = "#ct=1000&amp;rt=4000&amp;tt=8000&amp;rc=1&amp;rp=all"
HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'


class Numbers:
    """One known 911 line."""

    def find_line_number(self, call: Call, line_id: str) -> str | None:
        """Only the program's own."""
        known = {
            ("austin", "priority"): "+15125550142",
            ("austin", "sip"): "sip:desk@east.example?X-Call=abc&X-A=1",
        }
        return known.get((call.program, line_id))

    def find_caller_id(self, call: Call) -> str | None:
        """Austin's."""
        return {"austin": "+15125550100"}.get(call.program)


class Prompts:
    """Says a prompt's name."""

    def text(self, say: Say) -> str:
        """With its parameters behind it."""
        return " ".join([say.prompt, *say.parameters.values()])

    def voice(self, language: str) -> tuple[str, str]:
        """One voice a language."""
        return ("Ana", "es-US") if language == "es" else ("Joe", "en-US")


CALLER = Leg("abc-1", Role.CALLER, Place.FLOW)
CLINICIAN = Leg("abc-2", Role.CLINICIAN, Place.JOINING)


def document(*instructions: Instruction, leg: Leg = CALLER) -> str:
    call = Call("abc", "austin", 1, "direct", Stage.SCREENING, NOW, NOW, legs=(leg,))
    return render(instructions, call, leg, URLS, Numbers(), Prompts())


def test_a_question_is_asked_in_its_language_and_silence_comes_back_too() -> None:
    said = document(Ask((Say("danger", "es"),), step=3, timeout_seconds=7))
    action = f"https://switchback.test/voice/caller/abc-1/keyed/3{ANY}"
    assert said == (
        f'{HEAD}<Gather action="{action}" actionOnEmptyResult="true" finishOnKey="" input="dtmf"'
        ' method="POST" numDigits="1" timeout="7"><Say language="es-US" voice="Ana">danger</Say>'
        f'</Gather><Redirect method="POST">{action}</Redirect></Response>'
    )


def test_a_number_of_unknown_length_ends_with_the_pound_key() -> None:
    said = document(Say("hello"), Ask((Say("incident"),), step=1, digits=0))
    action = f"https://switchback.test/voice/caller/abc-1/keyed/1{ANY}"
    assert said == (
        f'{HEAD}<Say language="en-US" voice="Joe">hello</Say>'
        f'<Gather action="{action}" actionOnEmptyResult="true" finishOnKey="#" input="dtmf"'
        ' method="POST" timeout="6"><Say language="en-US" voice="Joe">incident</Say></Gather>'
        f'<Redirect method="POST">{action}</Redirect></Response>'
    )


def test_a_question_may_be_answered_by_speech() -> None:
    said = document(Ask((Say("why", "es"),), step=1, digits=5, speech=True))
    action = f"https://switchback.test/voice/caller/abc-1/keyed/1{ANY}"
    assert said == (
        f'{HEAD}<Gather action="{action}" actionOnEmptyResult="true" finishOnKey="#"'
        ' input="dtmf speech" language="es-US" method="POST" numDigits="5" speechTimeout="auto"'
        ' timeout="6"><Say language="es-US" voice="Ana">why</Say></Gather>'
        f'<Redirect method="POST">{action}</Redirect></Response>'
    )


def test_ro5_a_waiting_caller_is_put_into_the_queue_of_the_program() -> None:
    base = "https://switchback.test/voice/caller/abc-1"
    assert document(Say("wait"), Wait(4)) == (
        f'{HEAD}<Say language="en-US" voice="Joe">wait</Say>'
        f'<Enqueue action="{base}/queue-left/4{ANY}" maxQueueSize="5000" method="POST"'
        f' waitUrl="{base}/wait{ANY}" waitUrlMethod="POST">switchboard.austin</Enqueue></Response>'
    )


@pytest.mark.parametrize(("asked", "pause"), [(4, 3), (60, 7), (2, 1)])
def test_ro5_a_piece_of_the_wait_hears_keys_and_is_silent_for_at_most_8_seconds(
    asked: int, pause: int
) -> None:
    action = f"https://switchback.test/voice/caller/abc-1/wait{ANY}"
    assert document(WaitPiece((Say("place"),), seconds=asked)) == (
        f'{HEAD}<Gather action="{action}" actionOnEmptyResult="true" finishOnKey="" input="dtmf"'
        ' method="POST" numDigits="1" timeout="1"><Say language="en-US" voice="Joe">place</Say>'
        f'<Pause length="{pause}" /></Gather><Redirect method="POST">{action}</Redirect></Response>'
    )


def test_a_piece_of_no_length_still_hears_a_key() -> None:
    assert "<Gather" in document(WaitPiece((), seconds=0))
    assert "<Pause" not in document(WaitPiece((), seconds=0))


def test_the_queue_is_left() -> None:
    assert document(LeaveQueue()) == f"{HEAD}<Leave /></Response>"


@pytest.mark.parametrize(("star", "ends"), [(True, False), (False, True)])
def test_tr3_a_room_is_entered_with_all_its_settings(star: bool, ends: bool) -> None:
    left = f"https://switchback.test/voice/clinician/abc-2/room-left/7/2{ANY}"
    said = document(Say("joining"), JoinRoom(2, 7, star=star, ends_room=ends), leg=CLINICIAN)
    assert said == (
        f'{HEAD}<Say language="en-US" voice="Joe">joining</Say>'
        f'<Dial action="{left}" hangupOnStar="{str(star).lower()}" method="POST">'
        f'<Conference beep="false" endConferenceOnExit="{str(ends).lower()}" maxParticipants="20"'
        ' participantLabel="abc-2" startConferenceOnEnter="true"'
        f' statusCallback="https://switchback.test/voice/room/abc/2{ANY}"'
        ' statusCallbackEvent="join leave start end mute hold" statusCallbackMethod="POST"'
        ' waitUrl="">abc.2'
        "</Conference></Dial></Response>"
    )


def test_re3_a_911_line_is_dialled_by_the_callers_own_leg() -> None:
    base = "https://switchback.test/voice/caller/abc-1"
    assert document(Say("to_911"), Dial911("priority", 20, 9)) == (
        f'{HEAD}<Say language="en-US" voice="Joe">to_911</Say>'
        f'<Dial action="{base}/dial-ended/9{ANY}" answerOnBridge="false" callerId="+15125550100"'
        f' method="POST" timeout="20"><Number method="POST" url="{base}/whisper/9{ANY}">'
        "+15125550142</Number></Dial></Response>"
    )


def test_re3_a_sip_line_is_dialled_with_its_headers_after_the_pause_between_rounds() -> None:
    said = document(Say("to_911"), Dial911("sip", 20, 9, pause_seconds=2))
    assert '<Pause length="2" /><Dial ' in said
    assert "/whisper/9" in said
    assert ">sip:desk@east.example?X-Call=abc&amp;X-A=1</Sip></Dial>" in said


@pytest.mark.parametrize("speech", [True, False])
def test_re4_a_line_that_the_callers_leg_dials_is_asked_by_gather_alone(*, speech: bool) -> None:
    dialling = Leg("abc-1", Role.CALLER, Place.DIAL, line_id="priority")
    said = document(AskLine((Say("press_1"),), 9, 1, speech=speech), leg=dialling)
    assert f"/voice/caller/abc-1/line-keyed/9/1{ANY}" in said
    assert f'input="dtmf{" speech" if speech else ""}"' in said
    assert said.endswith("</Gather><Hangup /></Response>"), "no key: the next line is tried"
    assert "<Redirect" not in said


def test_law4_a_callers_addresses_name_the_chosen_centre_for_the_fail_safe() -> None:
    call = Call(
        "abc", "austin", 1, "direct", Stage.RETURNING, NOW, NOW, legs=(CALLER,), psap="east"
    )
    told = render((Wait(3),), call, CALLER, URLS, Numbers(), Prompts())
    assert "/voice/caller/abc-1/queue-left/3?psap=austin.east#" in told.replace("&amp;", "&")
    assert "/voice/caller/abc-1/wait?psap=austin.east#" in told


def test_what_a_911_line_is_told_lets_the_caller_in_at_its_end() -> None:
    dialling = Leg("abc-1", Role.CALLER, Place.DIAL, line_id="priority")
    said = document(Say("psap_context"), leg=dialling)
    assert said == f'{HEAD}<Say language="en-US" voice="Joe">psap_context</Say></Response>'


def test_a_leg_is_ended() -> None:
    said = document(Say("goodbye"), Hangup())
    assert said == f'{HEAD}<Say language="en-US" voice="Joe">goodbye</Say><Hangup /></Response>'


def test_a_notice_is_answered_with_nothing() -> None:
    nothing = '<?xml version="1.0" encoding="UTF-8"?><Response />'
    assert document(Nothing()) == empty() == nothing


def test_what_is_said_is_escaped() -> None:
    assert ">a &lt;b&gt; &amp; c<" in announcement(Say("a", "en", {"x": "<b> & c"}), Prompts())


@pytest.mark.parametrize(
    "instructions",
    [
        (),
        (Say("hello"),),
        (Hangup(), Say("goodbye")),
        (Ask((), step=1), Ask((), step=2)),
        (Nothing(), Hangup()),
        (Dial911("unknown", 20, 1),),
    ],
    ids=[
        "nothing at all",
        "ends in a hang-up nobody asked for",
        "speaks after the end",
        "asks twice",
        "does something after nothing",
        "dials a line without a number",
    ],
)
def test_the_first_duty_what_would_leave_the_caller_alone_is_no_document(
    instructions: Sequence[Instruction],
) -> None:
    with pytest.raises(UnspeakableError):
        document(*instructions)


def test_all_calls_of_a_program_wait_in_one_queue() -> None:
    calls = [
        Call(name, "austin", 1, "direct", Stage.WAITING, NOW, NOW, desk=desk)
        for name, desk in [("abc", "clinicians"), ("def", "911")]
    ]
    assert {queue_name(call) for call in calls} == {"switchboard.austin"}


def test_di3_a_responder_is_asked_and_told() -> None:
    asked = render_page((Ask((Say("request"),), step=2),), "0a1b", URLS, Prompts())
    action = f"https://switchback.test/voice/team/0a1b/keyed/2{ANY}"
    assert asked == (
        f'{HEAD}<Gather action="{action}" actionOnEmptyResult="true" finishOnKey="" input="dtmf"'
        ' method="POST" numDigits="1" timeout="6"><Say language="en-US" voice="Joe">request</Say>'
        f'</Gather><Redirect method="POST">{action}</Redirect></Response>'
    )
    told = render_page((Say("thanks"), Hangup()), "0a1b", URLS, Prompts())
    assert told == f'{HEAD}<Say language="en-US" voice="Joe">thanks</Say><Hangup /></Response>'
    with pytest.raises(UnspeakableError):
        render_page((Wait(1),), "0a1b", URLS, Prompts())


def test_a_text_is_answered_with_a_text_or_with_nothing() -> None:
    assert text_answer("On <scene>") == (f"{HEAD}<Message>On &lt;scene&gt;</Message></Response>")
    assert text_answer("") == empty()
