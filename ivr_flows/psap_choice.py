"""Which 911 centre has the caller: the incident's, the line's, the area's, or the default.

Chosen when a return begins, and again with what is known by the time its first line rings (RE3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr_flows.call import Call
from ivr_flows.program import Program, Psap
from ivr_flows.turn import Turn

AREA = "area_"  # before the name of an area, the answer whether the caller is in it
NAMED = "psap"  # the answer with which an announcement names the centre (IN3)


@dataclass(frozen=True, slots=True)
class Choice:
    """A centre and why it is this one: incident, line, area or default.

    `by` names the prefix or the area that decided, where one did.
    """

    psap: Psap
    because: str
    by: str = ""


def choose(turn: Turn) -> Choice:
    """The caller's centre by what is known now. There always is one."""
    return choose_for(turn.call, turn.program, turn.facts.areas_of)


def choose_for(
    call: Call, program: Program, areas_of: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> Choice:
    """As `choose`, outside a turn.

    `areas_of` tells of answers, as in Facts, in which areas the place lies.
    """
    answers = call.answers
    named = program.find_psap(answers.get(NAMED, ""))
    if named is not None:
        return Choice(named, "incident")
    by_number = _by_incident_number(program, answers.get("incident_number", ""))
    if by_number is not None:
        return by_number
    line = program.lines.get(call.line)
    of_line = program.find_psap(line.psap) if line is not None else None
    if of_line is not None:
        return Choice(of_line, "line")
    places = areas_of(answers)
    for psap in _centres(program):
        for area in psap.areas:
            if places.get(AREA + area) == "yes":
                return Choice(psap, "area", area)
    return Choice(program.psap, "default")


def settle(turn: Turn) -> None:
    """Choose the centre by what is known now, and write down which it is and why."""
    choice = choose(turn)
    if (turn.call.psap, turn.call.psap_because) == (choice.psap.id, choice.because):
        return
    turn.change(psap=choice.psap.id, psap_because=choice.because)
    details = {"by": choice.by} if choice.by else {}
    turn.note("psap_chosen", psap=choice.psap.id, because=choice.because, **details)


def psap_of(call: Call, program: Program) -> Psap:
    """The centre chosen for the call; before that, or when it is gone, the default."""
    return program.find_psap(call.psap) or program.psap


def _by_incident_number(program: Program, number: str) -> Choice | None:
    """The centre with the longest prefix that the incident's number begins with."""
    fitting = [
        (prefix, psap)
        for psap in _centres(program)
        for prefix in psap.incident_prefixes
        if number.upper().startswith(prefix.upper())
    ]
    if not fitting:
        return None
    prefix, psap = max(fitting, key=lambda one: len(one[0]))
    return Choice(psap, "incident", prefix)


def _centres(program: Program) -> tuple[Psap, ...]:
    """All centres in the order in which they are asked: by id, the default one last."""
    return (*(program.psaps[psap_id] for psap_id in sorted(program.psaps)), program.psap)
