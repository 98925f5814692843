"""Codes and instants as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask

# Timeline lines as sentences; what is not here shows its own words.
EVENTS: Mapping[str, str] = {
    "announcement_taken": "The incident was known from 911",
    "answers_changed": "Answers changed",
    "asked_for_911": "Asked for 911",
    "asked_for_911_again": "Asked for 911 again",
    "call_arrived": "The call arrived",
    "caller_known": "The caller has called before",
    "caller_alone": "The caller was alone on the line",
    "clinician_lost": "The clinician's phone was lost",
    "closed": "The call ended",
    "command_failed": "The carrier refused a command",
    "connected": "Connected",
    "crisis_line_left": "The crisis line left the call",
    "crisis_line_not_reached": "The crisis line was not reached",
    "did_not_join": "Did not come onto the line",
    "danger_reported": "Reported a new danger",
    "dispatch_changed": "The team's status changed",
    "dispatch_requested": "A team was asked for",
    "disposition_chosen": "Chose how the call ended",
    "eligibility_decided": "Eligibility was decided",
    "giver_left_early": "Left before the other had the call",
    "held": "The caller was put back into the wait",
    "hosted_desk_did_not_answer": "The 911 desk did not answer",
    "ignored": "Something came late or twice and was ignored",
    "leg_ended": "Left the call",
    "leg_overdue": "A deadline passed",
    "line_answered": "A 911 line answered",
    "line_dialled": "A 911 line was dialled",
    "leaving_before_911": "Wants to leave before 911 is there",
    "left_before_911": "Left before 911 was there",
    "let_in_without_proof": "The line got the caller without proof of a person",
    "line_failed": "A 911 line failed",
    "line_not_a_person": "No person was proven on a 911 line",
    "line_not_reached": "A 911 line was not reached",
    "line_rung": "A 911 line rings",
    "line_rung_again": "A 911 line is rung again",
    "nobody_available": "Nobody was available",
    "not_understood": "An answer was not understood",
    "number_blocked": "The number is on the blocked list",
    "offer_accepted": "Accepted the call",
    "offer_answered": "Picked up and hears the summary",
    "offer_declined": "Declined",
    "offer_no_answer": "Did not answer",
    "offer_withdrawn": "The offer was withdrawn",
    "offered": "Was rung",
    "protocol_answered": "Answered a protocol's question",
    "protocol_ended": "The protocol came to its end",
    "protocol_started": "A protocol was begun",
    "psap_chosen": "The 911 centre was chosen",
    "psap_left": "911 left the call",
    "psap_lost": "The line to 911 was lost",
    "psap_present": "A person at 911 is on the line",
    "record_left_open": "The record was left unfinished",
    "record_read": "This record was read",
    "resolved": "The call was resolved",
    "return_reason": "Gave the reason for the return",
    "return_requested": "Asked for the return to 911",
    "return_started": "The return to 911 began",
    "seen_in_room": "Was found on the line, unannounced",
    "sent_to_crisis_line": "The crisis line was dialled",
    "returned": "911 has the caller",
    "ring_ended": "Ringing ended",
    "room_joined": "Came onto the line",
    "room_left": "Left the line",
    "silence": "No answer to a question",
    "stage_overdue": "A deadline passed",
    "staff_did_not_come_back": "Did not come back to the line",
    "waiting": "The caller waits",
}
OUTCOMES: Mapping[str, str] = {
    "resolved": "Resolved",
    "dispatched": "Team sent",
    "returned_to_911": "Back at 911",
    "crisis_line": "With the crisis line",
    "abandoned": "Caller left",
}
CALLER_IDS: Mapping[str, str] = {
    "withheld": "number withheld",
    "unreadable": "no usable number",
    "failed": "number not verified: its signature failed",
    "passed_a": "number verified",
    "passed_b": "number partly verified",
    "passed_c": "number barely verified",
    "not_signed": "number not signed",
}
LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Spanish"}
STAGES: Mapping[str, str] = {
    "screening": "Screening",
    "waiting": "Waiting",
    "consulting": "Consulting",
    "connected": "Connected",
    "returning": "Back to 911",
    "closed": "Over",
}
PERSON_STATES: Mapping[str, str] = {
    "free": "Free",
    "ringing": "Ringing",
    "busy": "On a call",
    "wrap_up": "Wrap-up",
    "paused": "Paused",
    "out": "Left out",
}


def register_words(app: Flask) -> None:
    """Filters for templates."""
    app.jinja_env.filters.update(
        words=words,
        event=lambda kind: EVENTS.get(kind, words(kind)),
        outcome=lambda code: OUTCOMES.get(code, words(code)) if code else "Over",
        caller_id=lambda code: CALLER_IDS.get(code, words(code)),
        language=lambda code: LANGUAGES.get(code, code),
        stage=lambda code: STAGES.get(code, words(code)),
        person_state=lambda code: PERSON_STATES.get(code, words(code)),
        elapsed=elapsed,
        moment=lambda at, zone: at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S"),
        day=lambda at, zone: at.astimezone(ZoneInfo(zone)).strftime("%-d %B %Y, %H:%M %Z"),
    )


def words(code: str) -> str:
    """A code as words: `asked_police` is `Asked police`."""
    text = code.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def elapsed(since_at: datetime, now: datetime) -> str:
    """Time gone by: `0:42`, `1:02:07`."""
    seconds = max(0, int((now - since_at).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
