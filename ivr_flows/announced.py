"""A transfer whose incident 911 has announced: found by number, trunk, code or time (IN3).

The incident is read back, and another key than silence undoes the match: answers of one incident
must never travel with the caller of another. What was not announced is asked.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from ivr_flows import dialogue, eligibility, history, protocol_flow
from ivr_flows.call import Announced
from ivr_flows.facts import Announcement
from ivr_flows.menus import CHANGE, CONFIRM, HELP_KEYS, REPEAT
from ivr_flows.outputs import Say
from ivr_flows.screening import to_person
from ivr_flows.turn import Turn

FLOW = "announced"
QUESTIONS = "call_taker"
FIRST = "incident_number"
BY_TIME = "time"
DANGERS = ("weapon", "violence", "crime")
STATED = ("danger", *DANGERS, "medical", "imminent_risk", "severe_intoxication")
# A question of the call taker's flow, and the answers that make it needless.
NEEDLESS = (
    ("call_type", ("call_type",)),
    ("caller_party", ("caller_party",)),
    ("danger", DANGERS),
    ("medical", ("medical",)),
    ("imminent_risk", ("imminent_risk",)),
    ("source", ("asked_police", "from_988")),
)


def start(turn: Turn) -> None:
    """Greet the call taker, and ask as little as what is announced allows."""
    welcome = turn.phrase("call_taker_welcome")
    live = turn.facts.announcements()
    found, how = _match(turn, live)
    turn.change_leg(turn.leg_id, trail=())
    if found is not None:
        _read_back(turn, found, how, welcome)
    elif live:
        dialogue.ask(turn, FLOW, "code", welcome)
    else:
        dialogue.ask(turn, QUESTIONS, FIRST, welcome)


def find_keyed(turn: Turn, number: str) -> bool:
    """Whether the incident number just keyed is announced; it is read back then."""
    live = turn.facts.announcements()
    found = next((one for one in live if number in (one.number, _keys(one.number))), None)
    if found is not None:
        _read_back(turn, found, "incident_number")
    return found is not None


def forget(turn: Turn) -> None:
    """The call is about another incident: what was announced no longer counts."""
    announced = turn.call.announced
    if announced is None:
        return
    kept = turn.call.answers
    if announced.is_taken:
        told = {"incident_number": announced.number, **announced.answers}
        kept = MappingProxyType({k: v for k, v in kept.items() if told.get(k) != v})
    turn.change(announced=None, answers=kept)
    turn.remember()


def next_question(turn: Turn) -> str:
    """The next question that the announcement leaves open, or "" when the policy can decide."""
    answers = turn.call.answers
    is_dangerous = any(answers.get(name) == "yes" for name in STATED)
    if is_dangerous and eligibility.is_ruled_out(turn):
        return ""
    return next(
        (
            question
            for question, names in NEEDLESS
            if question not in answers and not all(name in answers for name in names)
        ),
        "",
    )


def _keys(number: str) -> str:
    """An incident number as a phone can key it: its digits."""
    return "".join(char for char in number if char.isdigit())


def _match(turn: Turn, live: tuple[Announcement, ...]) -> tuple[Announcement | None, str]:
    """The one announcement that the leg itself points to, and how; None where two could be it."""
    young = [one for one in live if one.age_seconds <= turn.program.announced_match_seconds]
    for how, fitting in (
        ("number", [one for one in live if one.by_number]),
        ("trunk", [one for one in young if one.by_trunk]),
        (BY_TIME, [one for one in young if one.by_trunk is None]),
    ):
        if fitting:
            return (fitting[0], how) if len(fitting) == 1 else (None, "")
    return None, ""


def _read_back(turn: Turn, found: Announcement, how: str, *before: Say) -> None:
    history.recall(turn, found.number)
    turn.change(announced=Announced(found.id, found.number, found.answers, how))
    dialogue.ask(turn, FLOW, "by_time" if how == BY_TIME else "read_back", *before)


def _ask_questions(turn: Turn, *before: Say) -> None:
    forget(turn)
    dialogue.ask(turn, QUESTIONS, FIRST, *before)


def _take(turn: Turn) -> None:
    announced = turn.call.announced
    if announced is None or announced.id in turn.facts.taken_by_others:
        turn.note("announcement_over")
        _ask_questions(turn, turn.phrase("announcement_over"))
        return
    turn.change(announced=replace(announced, is_taken=True))
    turn.remember(incident_number=announced.number, **announced.answers)
    turn.note("announcement_taken", how=announced.how)
    following = next_question(turn)
    if following:
        dialogue.ask(turn, QUESTIONS, following)
    else:
        protocol_flow.ask_or_decide(turn)


def _hear(turn: Turn, digits: str, *, silence_takes: bool) -> bool:
    if digits in HELP_KEYS:
        to_person(turn, reason="caller_request")
    elif digits == CONFIRM or (not digits and silence_takes):
        _take(turn)
    elif digits == CHANGE or not digits:
        turn.note("announcement_refused" if digits else "announcement_unconfirmed")
        _ask_questions(turn)
    elif digits == REPEAT:
        dialogue.ask(turn, FLOW, turn.leg.node)
    else:
        return False
    return True


def _incident(turn: Turn) -> Say:
    number = turn.call.announced.number if turn.call.announced is not None else ""
    return turn.phrase("offer_incident", incident=f"#{number}")


def _hear_code(turn: Turn, digits: str, _speech: str) -> bool:
    if digits in HELP_KEYS:
        to_person(turn, reason="caller_request")
        return True
    if not digits:
        _ask_questions(turn)
        return True
    found = next((one for one in turn.facts.announcements() if one.code == digits), None)
    if found is not None:
        _read_back(turn, found, "code")
        return True
    tries = turn.leg.tries + 1
    turn.note("code_unknown", tries=str(tries))
    turn.change_leg(turn.leg_id, tries=tries)
    unknown = turn.phrase("code_unknown")
    if tries < dialogue.GENTLE_TRIES:
        dialogue.ask(turn, FLOW, "code", unknown)
    else:
        _ask_questions(turn, unknown)
    return True


dialogue.register(
    FLOW,
    "code",
    dialogue.Node(
        says=lambda turn: (turn.phrase("ask_transfer_code"),),
        hear=_hear_code,
        give_up=_ask_questions,
        digits=0,
        timeout_seconds=8,
        silence_is_an_answer=True,
    ),
)
dialogue.register(
    FLOW,
    "read_back",
    dialogue.Node(
        says=lambda turn: (_incident(turn), turn.phrase("announced_press_2")),
        hear=lambda turn, digits, _speech: _hear(turn, digits, silence_takes=True),
        give_up=_ask_questions,
        timeout_seconds=2,
        silence_is_an_answer=True,
    ),
)
dialogue.register(
    FLOW,
    "by_time",
    dialogue.Node(
        says=lambda turn: (_incident(turn), turn.phrase("announced_press_1")),
        hear=lambda turn, digits, _speech: _hear(turn, digits, silence_takes=False),
        give_up=_ask_questions,
        silence_is_an_answer=True,
    ),
)
