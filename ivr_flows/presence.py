"""Whether who picked up a 911 line is a person who takes the call (RE4).

A key proves a person. Where the centre's policy says that answered is enough, so does speech past a
set time, unless the words are a menu's or the carrier takes the speaker for a machine. Until then
nobody is let in to the caller, and the clinician beside them stays.

The carrier's detection runs beside our sentence and not before it, because a call taker who hears
seconds of silence hangs up. Its word for a machine ends the leg and the next line is tried; without
its word a key is needed, and a person who has spoken waits a moment for it. By TwiML alone there is
no detection, so speech is judged by its words.
"""

from __future__ import annotations

from ivr_flows import dialogue, return_to_911
from ivr_flows.call import Leg, Place
from ivr_flows.context import for_the_line, returned_call
from ivr_flows.menus import ACCEPT
from ivr_flows.outputs import AskLine, EndLeg, Hangup, RedirectLeg, Say, Urgency
from ivr_flows.program import Psap
from ivr_flows.prompts import WORDS_PER_SECOND
from ivr_flows.psap_choice import psap_of
from ivr_flows.speech import words
from ivr_flows.turn import Turn

ANSWERED_IS_ENOUGH = "answered"
HUMAN = "human"
MACHINES = frozenset(
    {"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"}
)
RECORDED = frozenset(
    words(
        "press dial option options menu extension mailbox voicemail message tone beep recording "
        "recorded closed presione oprima marque opción menú extensión buzón mensaje tono grabación"
    )
)
LINE_TRIES = 2  # times a line rung by TwiML is asked for a key
LAST_RESORT_ROUND = 2
"""From this round on a line rung by TwiML gets the caller without proof: every line has been asked
by then, the last one twice, and our question must not keep a caller from a person at 911."""

_SPOKE = "spoke"  # in a leg's trail: speech past the set time, whose speaker is not known yet


def speaks(speech: str, seconds: float) -> bool:
    """Whether the words heard are a person's and take longer than `seconds` to say.

    The carrier tells words and no duration; the usual 150 words a minute stand for it.
    """
    heard = words(speech)
    return len(heard) / WORDS_PER_SECOND >= seconds and not RECORDED.intersection(heard)


def is_proven(psap: Psap, *, digits: str, speech: str, answered_by: str) -> bool:
    """Whether a person is there. `answered_by` is the carrier's word, or "" where there is none."""
    if digits == ACCEPT:
        return True
    may_speak = psap.presence == ANSWERED_IS_ENOUGH and answered_by == HUMAN
    return may_speak and speaks(speech, psap.presence_speech_seconds)


def psap_answered(turn: Turn, answered_by: str = "") -> None:
    """A 911 line picked up: tell it in one breath what comes, and ask for proof of a person."""
    if not return_to_911.is_sought(turn):
        _send_away(turn)
        return
    return_to_911.line_under_way(turn, turn.leg)
    turn.note("line_answered", line=turn.leg.line_id or "")
    turn.change_leg(turn.leg_id, answered_by=answered_by)
    if answered_by in MACHINES:
        turn.note("line_not_a_person", answered_by=answered_by)
        _give_up(turn)
        return
    name = "whisper_or_speech" if _may_speak(turn) else "whisper"
    dialogue.ask(turn, "psap", name, due_at=turn.after(turn.program.presence_seconds))


def detected(turn: Turn, leg: Leg, answered_by: str) -> str:
    """The carrier says who picked up. Returns why nothing follows, or ""."""
    if leg.present or not leg.is_live:
        return "a person is there" if leg.present else "already over"
    turn.change_leg(leg.id, answered_by=answered_by)
    if answered_by in MACHINES:
        turn.note("line_not_a_person", leg.id, answered_by=answered_by)
        turn.do(EndLeg(leg.id, Urgency.RETURN_TO_911))
        return_to_911.line_over(turn, leg)
    elif _is_proven_by_speech(turn, leg.id):
        turn.do(RedirectLeg(leg.id, leg.step, urgency=Urgency.RETURN_TO_911))
    return ""


def asked(turn: Turn) -> bool:
    """A 911 line asks what to do. Whether its person is taken to the caller: they have spoken."""
    if turn.leg.place is not Place.FLOW or not _is_proven_by_speech(turn, turn.leg_id):
        return False
    _take(turn)
    return True


def line_answered(turn: Turn) -> None:
    """A line that the caller's own leg dials picked up: ask for proof, or let the caller in."""
    if return_to_911.taker_is_coming(turn):
        _send_away(turn)
        return
    turn.note("line_answered", line=turn.leg.line_id or "")
    returning = turn.call.returning
    if returning is None or returning.rounds >= LAST_RESORT_ROUND:
        turn.note("let_in_without_proof", line=turn.leg.line_id or "")
        return_to_911.let_in(turn)
        turn.answer(*for_the_line(turn, "psap_context"))
    else:
        _ask_line(turn, 0, *for_the_line(turn, "psap_context"))


def line_keyed(turn: Turn, tries: int, digits: str, speech: str) -> None:
    """The answer of a line rung by TwiML: let the caller in, ask again, or try the next line."""
    if return_to_911.taker_is_coming(turn):
        _send_away(turn)
    elif is_proven(
        psap_of(turn.call, turn.program), digits=digits, speech=speech, answered_by=HUMAN
    ):
        return_to_911.let_in(turn)
        turn.note("psap_present", line=turn.leg.line_id or "")
        turn.answer(Say("caller_is_here"))
    elif tries + 1 < LINE_TRIES:
        _ask_line(turn, tries + 1)
    else:
        turn.note("line_not_a_person", line=turn.leg.line_id or "")
        turn.answer(Hangup())


def _ask_line(turn: Turn, tries: int, *before: Say) -> None:
    says = (*before, _question(turn))
    turn.answer(AskLine(says, turn.leg.step, tries, speech=_may_speak(turn)))


def _may_speak(turn: Turn) -> bool:
    return psap_of(turn.call, turn.program).presence == ANSWERED_IS_ENOUGH


def _question(turn: Turn) -> Say:
    return Say("press_1_or_speak" if _may_speak(turn) else "press_1_to_take_the_call")


def _send_away(turn: Turn) -> None:
    turn.answer(Say("no_longer_needed"), Hangup())


def _give_up(turn: Turn) -> None:
    turn.answer(Hangup())
    return_to_911.line_over(turn, turn.leg)


def _hear(turn: Turn, digits: str, speech: str) -> bool:
    psap, leg = psap_of(turn.call, turn.program), turn.leg
    if speaks(speech, psap.presence_speech_seconds):
        leg = turn.change_leg(leg.id, trail=(_SPOKE,))
    if digits == ACCEPT or _is_proven_by_speech(turn, leg.id):
        _take(turn)
    elif _may_speak(turn) and speech and _SPOKE in leg.trail and not leg.answered_by:
        dialogue.ask(turn, "psap", "who_speaks", due_at=leg.due_at)
    else:
        return False
    return True


def _is_proven_by_speech(turn: Turn, leg_id: str) -> bool:
    leg = turn.get_leg(leg_id)
    return _may_speak(turn) and _SPOKE in leg.trail and leg.answered_by == HUMAN


def _take(turn: Turn) -> None:
    if return_to_911.is_sought(turn):
        return_to_911.take(turn)
    else:
        _send_away(turn)


for _name in ("whisper", "whisper_or_speech"):
    dialogue.register(
        "psap",
        _name,
        dialogue.Node(
            says=lambda turn: (*returned_call(turn, "psap_context"), _question(turn)),
            hear=_hear,
            give_up=_give_up,
            timeout_seconds=5,
            speech=_name == "whisper_or_speech",
            silence_is_an_answer=True,
        ),
    )
dialogue.register(
    "psap",
    "who_speaks",
    dialogue.Node(
        says=lambda turn: (turn.phrase("psap_one_moment"),),
        hear=_hear,
        give_up=_give_up,
        timeout_seconds=3,
        speech=True,
        silence_is_an_answer=True,
    ),
)
