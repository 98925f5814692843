"""Draws the flows for people, from what an exploration shows: questions, keys, where they lead.

Markdown with Mermaid for whoever reads the repository, and SVG for everybody else. The same program
gives the same pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from textwrap import wrap

from ivr_flows import outputs, prompts
from ivr_flows.call import Stage
from ivr_flows.program import Program
from ivr_flows.safety.acts import Act
from ivr_flows.safety.carrier import Carrier
from ivr_flows.safety.explore import Explorer, Limits
from ivr_flows.safety.world import World

SURVEYED_STATES = 1500  # by then every question has been asked
FAMILIES = {
    "direct_line": ("front_door", "closing"),
    "call_taker_transfer": ("call_taker", "not_eligible"),
    "offer": ("offer",),
    "star_menu": ("staff_menu", "dispatching", "new_danger", "resolve", "return_choice"),
    "transfer": ("transfer",),
    "return_to_911": ("psap",),
    "wrap_up": ("wrap_up",),
}
TRANSFERS = ("desk:supervisors",)  # one target stands for all
SILENCE = "silence"
Edges = dict[tuple[str, str], list[str]]  # from, to: the keys or causes
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 190, 74, 110, 26
MOST_LINES = 4


@dataclass(slots=True)
class Survey:
    """What was seen: each question's words, where its keys lead, and how stages follow."""

    words: dict[str, str] = field(default_factory=dict)
    keys: Edges = field(default_factory=dict)
    stages: Edges = field(default_factory=dict)

    def saw(self, before: World, act: Act, after: World, document: Iterable[object]) -> None:
        """Remember one act and what it led to."""
        if act.kind == "key":
            leg = before.call.find_leg(act.leg_id)
            if leg is not None and leg.node:
                ends = (f"{leg.flow}.{leg.node}", self._end_of(act, after, tuple(document)))
                _add(self.keys, ends, act.detail or SILENCE)
        old, new = before.call.stage, after.call.stage
        if old is not new:
            _add(self.stages, (str(old), str(new)), _CAUSES.get(act.kind, act.kind))

    def _end_of(self, act: Act, after: World, document: tuple[object, ...]) -> str:
        last = document[-1] if document else None
        leg = after.call.find_leg(act.leg_id)
        if isinstance(last, outputs.Ask) and leg is not None:
            name = f"{leg.flow}.{leg.node}"
            spoken = " ".join(prompts.text(say) for say in last.says)
            self.words[name] = min(self.words.get(name, spoken), spoken, key=len)
            return name
        if isinstance(last, outputs.Wait):
            is_returning = after.call.stage is Stage.RETURNING
            return "waits; 911 is rung" if is_returning else "waits for a person"
        if isinstance(last, outputs.JoinRoom):
            return "in the room with the caller"
        if isinstance(last, outputs.Dial911):
            return "the leg itself rings the line outside"
        return "the line ends"


def _add(edges: Edges, ends: tuple[str, str], label: str) -> None:
    labels = edges.setdefault(ends, [])
    if label not in labels:
        labels.append(label)


_CAUSES = {
    "key": "a key, or silence",
    "due": "a deadline",
    "run": "a leg arrives or is over",
    "hang_up": "somebody hangs up",
    "transfer": "a transfer, by the API",
    "introduce": "the introduction, by the API",
    "cancel_transfer": "the transfer is cancelled, by the API",
    "tick": "key 9 in the wait",
    "line_silent": "a line does not answer",
    "line_hangs_up": "911 hangs up",
    "no_answer": "no answer",
    "staff_freed": "somebody is free",
}


class _Surveyor(Explorer):
    """An explorer that remembers what it sees and proves nothing."""

    def __init__(self, program: Program) -> None:
        limits = Limits(parties=1, faults=0, targets=TRANSFERS, states=SURVEYED_STATES)
        super().__init__(program, limits)
        self.survey = Survey()

    def _perform(self, world: World, act: Act) -> World:
        self.carrier.last_step = None
        after = super()._perform(world, act)
        self.survey.saw(world, act, after, _document(self.carrier))
        return after

    def _check(self, world: World) -> None:
        """Only looks."""


def _document(carrier: Carrier) -> tuple[object, ...]:
    return () if carrier.last_step is None else carrier.last_step.instructions


def survey(program: Program) -> Survey:
    """What can be seen of a program's flows."""
    surveyor = _Surveyor(program)
    surveyor.run()
    return surveyor.survey


def draw(program: Program) -> dict[str, str]:
    """Pictures by file name: `flows.md` and one SVG for each flow and for the stages."""
    seen = survey(program)
    parts = [f"# The flows of {program.title}", "", _INTRODUCTION, ""]
    pictures: dict[str, str] = {}
    titled: dict[str, tuple[dict[str, str], Edges]] = {"stages": ({}, seen.stages)}
    for title, flows in FAMILIES.items():
        edges = {ends: keys for ends, keys in seen.keys.items() if ends[0].split(".")[0] in flows}
        titled[title] = (seen.words, edges)
    for title, (words, edges) in titled.items():
        if edges:
            parts += [f"## {_plain(title)}", "", "```mermaid", *_mermaid(words, edges), "```", ""]
            pictures[f"{title}.svg"] = _svg(_plain(title), words, edges)
    return {"flows.md": "\n".join(parts), **pictures}


_INTRODUCTION = (
    "Made by `switchback flows draw` from the flows as they run. A box is a question as it is "
    "spoken, an arrow a key; silence is silence three times."
)


def _plain(name: str) -> str:
    return name.replace("_", " ").replace(".", ": ").capitalize()


def _label(name: str, words: dict[str, str], width: int, lines: int) -> list[str]:
    text = words.get(name, "")
    spoken = wrap(text, width)
    if len(spoken) > lines:
        spoken = [*spoken[: lines - 1], spoken[lines - 1][: width - 4] + " ..."]
    return [_plain(name), *spoken]


def _mermaid(words: dict[str, str], edges: Edges) -> list[str]:
    names = list(dict.fromkeys(name for ends in edges for name in ends))
    number = {name: f"n{index}" for index, name in enumerate(names)}
    lines = ["flowchart LR"]
    for name in names:
        label = "<br/>".join(_label(name, words, 40, MOST_LINES)).replace('"', "'")
        lines.append(f'  {number[name]}["{label}"]')
    for (start, end), labels in edges.items():
        lines.append(f'  {number[start]} -- "{", ".join(labels)}" --> {number[end]}')
    return lines


def _svg(title: str, words: dict[str, str], edges: Edges) -> str:
    """Boxes in columns by the number of keys that lead there; arrows back run below."""
    places = _places(edges)
    width = (max(x for x, _ in places.values()) + 1) * (BOX_WIDTH + GAP_X) + GAP_X
    height = (max(y for _, y in places.values()) + 1) * (BOX_HEIGHT + GAP_Y) + 2 * GAP_Y + 40
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
        ),
        f"<title>{escape(title)}</title>",
        (
            '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="3" '
            'orient="auto"><path d="M0,0 L7,3 L0,6 z"/></marker></defs>'
        ),
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="20" y="26" font-size="16">{escape(title)}</text>',
    ]
    corner = {name: _corner(*place) for name, place in places.items()}
    for number, ((start, end), labels) in enumerate(edges.items()):
        lines += _arrow(corner[start], corner[end], ", ".join(labels), number)
    for name, (x, y) in corner.items():
        lines.append(
            f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" '
            'fill="#f4f6fa" stroke="#345"/>'
        )
        for row, text in enumerate(_label(name, words, 32, MOST_LINES)):
            weight = ' font-weight="bold"' if row == 0 else ""
            lines.append(f'<text x="{x + 8}" y="{y + 15 + 13 * row}"{weight}>{escape(text)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _places(edges: Edges) -> dict[str, tuple[int, int]]:
    """Column and row of each box: as many arrows from a beginning as it takes, then as seen."""
    names = list(dict.fromkeys(name for ends in edges for name in ends))
    column = {names[0]: 0}
    reached = [names[0]]
    for name in reached:
        for start, end in edges:
            if start == name and end not in column:
                column[end] = column[name] + 1
                reached.append(end)
    rows: dict[int, int] = {}
    places = {}
    for name in names:
        x = column.get(name, 0)
        places[name] = (x, rows.get(x, 0))
        rows[x] = rows.get(x, 0) + 1
    return places


def _corner(x: int, y: int) -> tuple[int, int]:
    return GAP_X // 2 + x * (BOX_WIDTH + GAP_X), 50 + y * (BOX_HEIGHT + GAP_Y)


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str, number: int) -> list[str]:
    shift = 8 + number % 7 * 9  # arrows of one box leave it at different heights
    x1, y1 = start[0] + BOX_WIDTH, start[1] + shift
    x2, y2 = end[0], end[1] + shift
    if start[0] >= end[0]:  # back, or down in its column: round the outside
        x2 = end[0] + BOX_WIDTH
        bend = max(x1, x2) + 24 + number % 5 * 8
        path = f"M{x1},{y1} C{bend},{y1} {bend},{y2} {x2},{y2}"
        at = (bend - 18, (y1 + y2) // 2)
    else:
        middle = (x1 + x2) // 2
        path = f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"
        at = (x1 + 6, y1 - 3)
    return [
        f'<path d="{path}" fill="none" stroke="#789" marker-end="url(#tip)"/>',
        f'<text x="{at[0]}" y="{at[1]}" fill="#234" font-size="10">{escape(label)}</text>',
    ]
