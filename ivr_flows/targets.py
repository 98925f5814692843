"""Where a caller can be transferred (TR2, TR4).

`desk:clinicians`, `desk:durham/clinicians` in another program, `directory:interpreter`, `number:17`
(a number given by the API, named by its row) and `team`, the one out on the call's request.
"""

from __future__ import annotations

from ivr_flows.call import Call, DispatchNote
from ivr_flows.outputs import Say
from ivr_flows.program import Outside
from ivr_flows.turn import Turn

DESK, DIRECTORY, NUMBER, TEAM = "desk", "directory", "number", "team"
ON_THE_WAY = frozenset({"acknowledged", "en_route", "on_scene"})


def kind_of(to: str) -> str:
    """What the target is: desk, directory, number or team."""
    return to.partition(":")[0]


def name_of(to: str) -> str:
    """Which one of its kind."""
    return to.partition(":")[2]


def find_outside(turn: Turn, to: str) -> Outside | None:
    """The party outside that a target names; None where there is none, and for a desk."""
    kind, name = kind_of(to), name_of(to)
    if kind == DIRECTORY:
        return turn.program.directory.get(name)
    if kind == NUMBER and name:
        return Outside(to, "", turn.program.transfers.ring_seconds)
    note = find_team(turn.call) if kind == TEAM else None
    if note is None:
        return None
    return Outside(f"{TEAM}:{note.id}", note.team, turn.program.transfers.ring_seconds)


def find_team(call: Call) -> DispatchNote | None:
    """The request that a team has acknowledged and is out on, the newest first."""
    return next((one for one in reversed(call.dispatches) if one.status in ON_THE_WAY), None)


def line_of(to: str, outside: Outside) -> str:
    """How the leg that rings a party outside names its number."""
    return to if kind_of(to) == DIRECTORY else outside.id


def phrase(turn: Turn, to: str, key: str) -> Say:
    """The target's line of the menu."""
    kind, name = kind_of(to), name_of(to)
    program, _, desk = name.rpartition("/")
    if kind == DESK and program:
        return turn.phrase("for_desk_elsewhere", desk=f"@desk_{desk}", program=program, key=key)
    outside = find_outside(turn, to)
    spoken = f"@desk_{desk}" if kind == DESK else (outside.name if outside else "")
    return turn.phrase("for_choice_press", choice=spoken or "@the_team", key=key)
