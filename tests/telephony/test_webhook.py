"""Forms as inputs: every word that Twilio documents, and every odd one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.inputs import (
    ControlsChanged,
    DialEnded,
    Keyed,
    LegAnswered,
    LegAsked,
    LegStatusChanged,
    QueueLeft,
    RoomDeparted,
    RoomJoined,
    RoomLeft,
    WaitTicked,
)
from router.telephony import webhook
from router.telephony.webhook import Arrival, Phase, Text, TextStatus

LEG = "abc-1"
SID = "CA" + "0a" * 16


def test_every_documented_call_status_is_known() -> None:
    assert {status: phase.value for status, phase in webhook.CALL_STATUSES.items()} == {
        "queued": "coming",
        "initiated": "coming",
        "ringing": "coming",
        "in-progress": "live",
        "completed": "over",
        "busy": "over",
        "failed": "over",
        "no-answer": "over",
        "canceled": "over",
    }


@pytest.mark.parametrize("status", webhook.CALL_STATUSES)
def test_a_status_callback_is_told_as_it_is(status: str) -> None:
    form = {"CallStatus": status, "CallSid": SID}
    assert webhook.read_status(LEG, form) == LegStatusChanged(LEG, status, SID)


@pytest.mark.parametrize("form", [{}, {"CallStatus": "exploded"}, {"CallStatus": "COMPLETED"}])
def test_a_status_nobody_knows_is_nothing_to_tell(form: dict[str, str]) -> None:
    assert webhook.read_status(LEG, form) is None


@pytest.mark.parametrize("status", webhook.CALL_STATUSES)
def test_a_leg_has_left_its_room_hung_up_only_when_it_is_over(status: str) -> None:
    over = webhook.CALL_STATUSES[status] is Phase.OVER
    form = {"CallStatus": status, "DialCallStatus": "answered"}
    assert webhook.read_room_left(LEG, 4, form) == RoomLeft(LEG, 4, hung_up=over)


@pytest.mark.parametrize(
    ("status", "read"),
    [
        ("completed", "completed"),
        ("answered", "answered"),
        ("busy", "busy"),
        ("no-answer", "no-answer"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("odd", ""),
        ("", ""),
    ],
)
def test_re3_how_a_dialled_911_line_ended(status: str, read: str) -> None:
    form = {"DialCallStatus": status, "CallStatus": "in-progress"}
    assert webhook.read_dial_ended(LEG, 2, form) == DialEnded(LEG, 2, read, hung_up=False)


@pytest.mark.parametrize(
    ("form", "result"),
    [
        ({"QueueResult": "leave"}, "leave"),
        ({"QueueResult": "redirected", "CallStatus": "in-progress"}, "redirected"),
        ({"QueueResult": "hangup", "CallStatus": "completed"}, "hangup"),
        ({"QueueResult": "leave", "CallStatus": "completed"}, "hangup"),
        ({"QueueResult": "odd"}, ""),
        ({}, ""),
    ],
)
def test_how_a_leg_left_the_queue(form: dict[str, str], result: str) -> None:
    assert webhook.read_queue_left(LEG, 3, form) == QueueLeft(LEG, 3, result)


@pytest.mark.parametrize(
    ("digits", "read"),
    [("1", "1"), ("*", "*"), ("#", "#"), ("12*#", "12*#"), ("", ""), ("x", ""), ("1" * 65, "")],
)
def test_keys_are_keys_or_silence(digits: str, read: str) -> None:
    assert webhook.read_keyed(LEG, 5, {"Digits": digits}) == Keyed(LEG, 5, read)
    assert webhook.read_wait(LEG, {"Digits": digits}) == WaitTicked(LEG, read)


def test_speech_is_cut_and_trimmed() -> None:
    heard = webhook.read_keyed(LEG, 5, {"SpeechResult": " panic " + "a" * 900})
    assert heard.speech.startswith("panic")
    assert len(heard.speech) <= 500


def test_a_placed_leg_is_answered_by_whom_twilio_thinks() -> None:
    form = {"CallSid": SID, "AnsweredBy": "machine_start"}
    assert webhook.read_answered(LEG, form) == LegAnswered(LEG, SID, "machine_start")
    assert webhook.read_answered(LEG, {"AnsweredBy": "robot"}) == LegAnswered(LEG)
    assert webhook.read_ask(LEG, form) == LegAsked(LEG)


@pytest.mark.parametrize(
    ("event", "label", "read"),
    [
        ("participant-join", "abc-2", RoomJoined("abc-2", 3)),
        ("participant-leave", "abc-2", RoomDeparted("abc-2", 3)),
        ("participant-mute", "abc-2", None),
        ("conference-start", "abc-2", None),
        ("participant-join", "", None),
        ("participant-join", "somebody", None),
        ("", "abc-2", None),
    ],
)
def test_who_joins_and_leaves_a_room(
    event: str, label: str, read: RoomJoined | RoomDeparted | None
) -> None:
    form = {"StatusCallbackEvent": event, "ParticipantLabel": label}
    assert webhook.read_room_event(3, form) == read


@pytest.mark.parametrize(
    ("reason", "pushed_out"),
    [
        ("moderator_ended_conference", True),
        ("conference_ended_via_api", True),
        ("participant_hung_up", False),
        ("participant_updated_via_api", False),
        ("of another kind", False),
    ],
)
def test_tr3_who_is_out_because_the_room_ended_did_not_press_star(
    reason: str, pushed_out: bool
) -> None:
    form = {"StatusCallbackEvent": "participant-leave", "ParticipantLabel": LEG}
    told = webhook.read_room_event(3, {**form, "ReasonParticipantLeft": reason})
    assert told == RoomDeparted(LEG, 3, pushed_out)


@pytest.mark.parametrize("event", ["hold", "unhold", "mute", "unmute"])
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({}, ControlsChanged(LEG, 3, held=True, muted=False, sequence=12)),
        ({"Hold": "false", "Muted": "true"}, ControlsChanged(LEG, 3, False, True, 12)),
        ({"SequenceNumber": "x"}, None),
        ({"SequenceNumber": ""}, None),
        ({"Hold": "maybe"}, None),
        ({"Muted": ""}, None),
        ({"ParticipantLabel": "someone else"}, None),
    ],
)
def test_tr3_hold_and_mute_are_read_as_they_are_and_not_by_the_event(
    event: str, sent: dict[str, str], read: ControlsChanged | None
) -> None:
    form = {
        "StatusCallbackEvent": f"participant-{event}",
        "ParticipantLabel": LEG,
        "SequenceNumber": "12",
        "Hold": "true",
        "Muted": "false",
    }
    assert webhook.read_room_event(3, form | sent) == read


@pytest.mark.parametrize(("sent", "read"), [("true", True), ("false", False), ("", None)])
def test_tr3_whoever_joins_is_muted_or_not(sent: str, read: bool | None) -> None:
    form = {"StatusCallbackEvent": "participant-join", "ParticipantLabel": LEG, "Muted": sent}
    assert webhook.read_room_event(3, form) == RoomJoined(LEG, 3, read)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("+15125550111", "+15125550111"),
        ("anonymous", ""),
        ("", ""),
        ("sip:a@b", ""),
        ("+1 512", ""),
    ],
)
def test_in1_a_withheld_number_is_no_number(sent: str, read: str) -> None:
    form = {"CallSid": SID, "To": "+15125550100", "From": sent}
    arrival = webhook.read_arrival(form)
    assert arrival is not None
    assert arrival.from_e164 == read


@pytest.mark.parametrize("sid", ["", "MZ123", "CA", "CA-1", "CA" + "1" * 41])
def test_a_call_without_its_sid_cannot_arrive(sid: str) -> None:
    assert webhook.read_arrival({"CallSid": sid, "To": "+15125550100"}) is None


def test_a_text_that_came_in() -> None:
    form = {"MessageSid": "SM1a", "To": "+15125550100", "From": "+15125550111"}
    body = " Yes\0! " + "a" * 2000
    read = webhook.read_text({**form, "Body": body})
    assert read == Text("SM1a", "+15125550100", "+15125550111", ("Yes! " + "a" * 1593))
    assert webhook.read_text({**form, "From": "SHORTCODE"}) is None


@pytest.mark.parametrize("status", sorted(webhook.TEXT_STATUSES))
def test_what_became_of_a_text(status: str) -> None:
    form = {"MessageSid": "SM1a", "MessageStatus": status, "ErrorCode": "30003"}
    assert webhook.read_text_status(form) == TextStatus("SM1a", status, "30003")
    odd = {**form, "MessageSid": "x", "ErrorCode": "none"}
    assert webhook.read_text_status(odd) == TextStatus("", status, "")
    assert webhook.read_text_status({"MessageStatus": f"{status}!"}) is None


FIELDS = (
    "CallSid CallStatus Digits SpeechResult QueueResult DialCallStatus To From ParticipantLabel"
    " StatusCallbackEvent AnsweredBy"
)
FORMS = st.dictionaries(st.sampled_from(FIELDS.split()), st.text(max_size=80))


@given(FORMS)
def test_law_5_no_form_is_too_odd_to_read(form: dict[str, str]) -> None:
    webhook.read_arrival(form)
    webhook.read_answered(LEG, form)
    keyed = webhook.read_keyed(LEG, 1, form)
    assert set(keyed.digits) <= set("0123456789ABCD*#w")
    webhook.read_queue_left(LEG, 1, form)
    webhook.read_room_left(LEG, 1, form)
    webhook.read_dial_ended(LEG, 1, form)
    webhook.read_status(LEG, form)
    webhook.read_room_event(1, form)
    webhook.read_text(form)
    webhook.read_text_status(form)


@pytest.mark.parametrize(
    ("sent", "stir", "number", "worth"),
    [
        ("anonymous", "", "", "withheld"),
        ("sip:a@b", "", "", "unreadable"),
        ("Restricted", "No-TN-Validation", "", "withheld"),
        ("+266696687", "", "", "withheld"),
        ("+7378742833", "", "", "withheld"),
        ("+15125550100", "TN-Validation-Passed-A", "+15125550100", "passed_a"),
        ("+15125550100", "TN-Validation-Failed-C", "+15125550100", "failed"),
        ("+15125550100", "TN-Validation-Failed", "+15125550100", "failed"),
        ("+15125550100", "No-TN-Validation", "+15125550100", "not_signed"),
        ("+15125550100", "something new", "+15125550100", ""),
    ],
)
def test_in8_what_a_number_is_worth_is_read(sent: str, stir: str, number: str, worth: str) -> None:
    form = {"CallSid": SID, "To": "+15125550101", "From": sent, "StirVerstat": stir}
    assert webhook.read_arrival(form) == Arrival(SID, "+15125550101", number, worth)
