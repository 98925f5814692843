"""Twilio's forms as inputs of a call. Every word of Twilio's that we understand is here.

A missing or odd field never raises: it reads as silence, or as nothing to tell (None), and the
call's own state answers (Law 5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivr_flows.inputs import (
    ControlsChanged,
    DialEnded,
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

Form = Mapping[str, str]


class Phase(StrEnum):
    """What a provider's status says of a leg."""

    COMING = "coming"  # not answered yet
    LIVE = "live"
    OVER = "over"


# CallStatus, as Twilio documents it for webhooks and status callbacks.
CALL_STATUSES: Mapping[str, Phase] = {
    "queued": Phase.COMING,
    "initiated": Phase.COMING,
    "ringing": Phase.COMING,
    "in-progress": Phase.LIVE,
    "completed": Phase.OVER,
    "busy": Phase.OVER,
    "failed": Phase.OVER,
    "no-answer": Phase.OVER,
    "canceled": Phase.OVER,
}
# DialCallStatus, and whether somebody was reached.
DIAL_STATUSES: Mapping[str, bool] = {
    "completed": True,
    "answered": True,  # of a conference
    "busy": False,
    "no-answer": False,
    "failed": False,
    "canceled": False,
}
# What a line that was not reached answered in SIP (RFC 3261, 21.4 to 21.6), as a CallStatus: it is
# more exact than Twilio's own word. What is not here is left to that.
SIP_STATUSES: Mapping[str, str] = {
    **dict.fromkeys(("404", "410", "484", "502", "503", "504", "604"), "failed"),
    **dict.fromkeys(("486", "600"), "busy"),
    **dict.fromkeys(("408", "480", "487"), "no-answer"),
}
NOT_REACHED = frozenset({"busy", "no-answer", "failed"})
QUEUE_RESULTS = frozenset(
    {
        "bridged",
        "bridging-in-process",
        "error",
        "hangup",
        "leave",
        "redirected",
        "redirected-from-bridged",
        "queue-full",
        "system-error",
    }
)
# Each tells both whether the participant is on hold and whether it is muted.
CONTROL_EVENTS = frozenset(
    {"participant-hold", "participant-unhold", "participant-mute", "participant-unmute"}
)
RoomEvent = RoomJoined | RoomDeparted | ControlsChanged
ANSWERED_BY = frozenset(
    {
        "human",
        "machine_start",
        "machine_end_beep",
        "machine_end_silence",
        "machine_end_other",
        "fax",
        "unknown",
    }
)

# MessageStatus of a text we sent; `received` and the like are of texts to us.
TEXT_STATUSES = frozenset(
    {
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
    }
)

# A withheld number comes as a word, or as that word on a telephone's keys: +266696687 is ANONYMOUS.
# The second form is unconfirmed; there are no such numbers, so that it does no harm.
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_WORDS = ("ANONYMOUS", "RESTRICTED", "BLOCKED", "UNKNOWN", "UNAVAILABLE", "PRIVATE")
WITHHELD = frozenset({"", *_WORDS, *("+" + word.translate(_KEYS) for word in _WORDS)})
# StirVerstat: whether the carrier knows the caller (A), the customer (B) or only the gateway (C).
STIR_VERDICTS: Mapping[str, str] = {
    "TN-Validation-Passed-A": "passed_a",
    "TN-Validation-Passed-B": "passed_b",
    "TN-Validation-Passed-C": "passed_c",
    "No-TN-Validation": "not_signed",
}

_SID = re.compile(r"CA[0-9A-Za-z]{1,40}")
_TEXT_SID = re.compile(r"(SM|MM)[0-9A-Za-z]{1,40}")
_ERROR_CODE = re.compile(r"[0-9]{1,6}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9A-D*#w]{1,64}")
_SEQUENCE = re.compile(r"[0-9]{1,9}", re.ASCII)
_FLAGS = {"true": True, "false": False}
# Twilio's words, in ReasonParticipantLeft, for those around whom the conference ended.
_PUSHED_OUT = frozenset({"moderator_ended_conference", "conference_ended_via_api"})
_LEG_ID = re.compile(r"[0-9a-z]{1,40}-[0-9]{1,4}")
MAX_SPEECH = 500
MAX_TEXT = 1600  # Twilio's own limit


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call to one of our numbers. `from_e164` is "" when the caller withholds the number.

    `caller_id` says what the number is worth: withheld, unreadable, failed (its signature does not
    hold), passed_a to passed_c, not_signed, or "" when the carrier says nothing (IN8).
    """

    sid: str
    to_e164: str
    from_e164: str
    caller_id: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text message to one of our numbers."""

    sid: str
    to_e164: str
    from_e164: str
    body: str


@dataclass(frozen=True, slots=True)
class TextStatus:
    """What became of a text that we sent; `error_code` is Twilio's, or ""."""

    sid: str
    status: str
    error_code: str


def is_leg_id(text: str) -> bool:
    """Whether the text has the shape of a leg's id."""
    return _LEG_ID.fullmatch(text) is not None


def read_arrival(form: Form) -> Arrival | None:
    """The call that arrives; None without a CallSid, for such a call could never be found again."""
    sid = read_sid(form)
    if not sid:
        return None
    given, number = form.get("From", "").strip().upper(), _number(form, "From")
    if given in WITHHELD or not number:
        worth = "withheld" if given in WITHHELD else "unreadable"
        return Arrival(sid, _number(form, "To"), "", worth)
    return Arrival(sid, _number(form, "To"), number, _verdict(form.get("StirVerstat", "")))


def _verdict(stir_verstat: str) -> str:
    """What STIR/SHAKEN says of a number. Words that we do not know count as saying nothing."""
    if stir_verstat.startswith("TN-Validation-Failed"):
        return "failed"
    return STIR_VERDICTS.get(stir_verstat, "")


def read_sid(form: Form) -> str:
    """The CallSid, or ""."""
    return _matching(_SID, form.get("CallSid", ""))


def is_over(form: Form) -> bool:
    """Whether the leg that asks is already gone, so that nothing we answer is played."""
    return CALL_STATUSES.get(form.get("CallStatus", "")) is Phase.OVER


def read_answered(leg_id: str, form: Form) -> LegAnswered:
    """A placed leg was picked up."""
    return LegAnswered(leg_id, read_sid(form), _known(ANSWERED_BY, form.get("AnsweredBy", "")))


def read_detected(leg_id: str, form: Form) -> LegDetected | None:
    """The carrier says who picked up; None where it says nothing that we know."""
    answered_by = _known(ANSWERED_BY, form.get("AnsweredBy", ""))
    return LegDetected(leg_id, answered_by) if answered_by else None


def read_whisper(leg_id: str, step: int, _: Form) -> LineAnswered:
    """A 911 line rung by TwiML was picked up."""
    return LineAnswered(leg_id, step)


def read_line_keyed(leg_id: str, step: int, tries: int, form: Form) -> LineKeyed:
    """A 911 line rung by TwiML answered our question, or was silent."""
    return LineKeyed(leg_id, step, tries, read_digits(form), _speech(form))


def read_keyed(leg_id: str, step: int, form: Form) -> Keyed:
    """A question was answered; what is no key and no speech reads as silence."""
    return Keyed(leg_id, step, read_digits(form), _speech(form))


def _speech(form: Form) -> str:
    """What was heard, without the one character that PostgreSQL cannot keep."""
    return form.get("SpeechResult", "")[:MAX_SPEECH].replace("\0", "").strip()


def read_digits(form: Form) -> str:
    """The keys pressed, or ""."""
    return _matching(_DIGITS, form.get("Digits", ""))


def read_wait(leg_id: str, form: Form) -> WaitTicked:
    """A piece of the wait ran out, or a key was pressed in it."""
    return WaitTicked(leg_id, read_digits(form))


def read_queue_left(leg_id: str, step: int, form: Form) -> QueueLeft:
    """The leg is out of the queue. A leg that is gone has hung up, whatever the result says."""
    result = "hangup" if is_over(form) else _known(QUEUE_RESULTS, form.get("QueueResult", ""))
    return QueueLeft(leg_id, step, result)


def read_room_left(leg_id: str, step: int, form: Form) -> RoomLeft:
    """The leg is out of its room."""
    return RoomLeft(leg_id, step, hung_up=is_over(form))


def read_dial_ended(leg_id: str, step: int, form: Form) -> DialEnded:
    """The 911 line rung by TwiML is over. An unknown status reads as "": nobody was reached."""
    status = _exact(form.get("DialCallStatus", ""), form.get("DialSipResponseCode", ""))
    return DialEnded(leg_id, step, status if status in DIAL_STATUSES else "", hung_up=is_over(form))


def _exact(status: str, sip_code: str) -> str:
    """A status, made more exact by what a line that was not reached answered in SIP."""
    return SIP_STATUSES.get(sip_code, status) if status in NOT_REACHED else status


def read_ask(leg_id: str, _: Form) -> LegAsked:
    """A leg that we moved asks what to do."""
    return LegAsked(leg_id)


def read_status(leg_id: str, form: Form) -> LegStatusChanged | None:
    """A status callback; None when it names no status we know."""
    status = _exact(form.get("CallStatus", ""), form.get("SipResponseCode", ""))
    return LegStatusChanged(leg_id, status, read_sid(form)) if status in CALL_STATUSES else None


def read_room_event(room: int, form: Form) -> RoomEvent | None:
    """A conference callback; None for events of the room itself and for unknown participants."""
    event, leg_id = form.get("StatusCallbackEvent", ""), form.get("ParticipantLabel", "")
    if not is_leg_id(leg_id):
        return None
    held, muted = _FLAGS.get(form.get("Hold", "")), _FLAGS.get(form.get("Muted", ""))
    if event == "participant-join":
        return RoomJoined(leg_id, room, muted)
    if event == "participant-leave":
        return RoomDeparted(leg_id, room, form.get("ReasonParticipantLeft", "") in _PUSHED_OUT)
    number = _matching(_SEQUENCE, form.get("SequenceNumber", ""))
    if event not in CONTROL_EVENTS or held is None or muted is None or not number:
        return None
    return ControlsChanged(leg_id, room, held, muted, int(number))


def read_text(form: Form) -> Text | None:
    """A text that came in; None without the number of who sent it."""
    sender = _number(form, "From")
    sid = _matching(_TEXT_SID, form.get("MessageSid", ""))
    body = form.get("Body", "")[:MAX_TEXT].replace("\0", "").strip()
    return Text(sid, _number(form, "To"), sender, body) if sender else None


def read_text_status(form: Form) -> TextStatus | None:
    """A text's status callback; None when it names no status we know."""
    status = form.get("MessageStatus", "")
    if status not in TEXT_STATUSES:
        return None
    sid = _matching(_TEXT_SID, form.get("MessageSid", ""))
    return TextStatus(sid, status, _matching(_ERROR_CODE, form.get("ErrorCode", "")))


def _number(form: Form, name: str) -> str:
    return _matching(_E164, form.get(name, "").strip())


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _known(words: frozenset[str], word: str) -> str:
    return word if word in words else ""
