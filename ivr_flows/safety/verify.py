"""What `switchback flows verify` explores of a program, and how it says what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ivr_flows.program import Program
from ivr_flows.safety.explore import Explorer, Findings, Limits, carrier_for
from ivr_flows.safety.telling import tell

SHORT_WAYS = ("direct", "psap")  # kinds of line on which a caller is soon with a person
PASSES: dict[str, Limits] = {
    "what goes wrong": Limits(
        parties=1, faults=1, after=1, acts=11, lines=SHORT_WAYS, dialogues=False
    ),
    "every stage": Limits(parties=1, faults=0, dialogues=False),
    "transfers": Limits(
        parties=1,
        faults=0,
        acts=10,
        lines=SHORT_WAYS,
        dialogues=False,
        targets=("desk:supervisors",),
    ),
    "transfers to parties outside": Limits(
        parties=1,
        faults=0,
        acts=9,
        lines=("psap",),
        dialogues=False,
        targets=("directory:interpreter", "directory:warm_line"),
    ),
    "transfers to another program and the team": Limits(
        parties=1,
        faults=0,
        acts=9,
        lines=("psap",),
        dialogues=False,
        targets=("desk:nextville/clinicians", "team"),
    ),
    "call-backs": Limits(parties=1, faults=0, acts=9, call_backs=True, dialogues=False),
    "two of everybody": Limits(parties=2, faults=0, acts=11, lines=SHORT_WAYS, dialogues=False),
    "protocols and announced incidents": Limits(
        parties=1,
        faults=1,
        after=0,
        acts=8,
        lines=("direct", "transfer"),
        dialogues=False,
        entry=True,
    ),
    "the fail-safe": Limits(
        parties=1, faults=1, after=3, acts=10, lines=SHORT_WAYS, dialogues=False, failsafe=True
    ),
    "every dialogue": Limits(parties=1, faults=0, acts=13, lines=("direct",), dialogues=True),
}
"""Explorations whose product would be too large: each is wide in one direction, longest first."""
_ONE_FAULT = Limits(parties=1, faults=1, after=1, acts=8, lines=("psap",), dialogues=False)
WIDE: dict[str, Limits] = {
    "faults in transfers": replace(_ONE_FAULT, acts=9, targets=("desk:supervisors",)),
    "faults in transfers to parties outside": replace(
        _ONE_FAULT, targets=("directory:interpreter", "team")
    ),
    "faults in transfers to another program": replace(
        _ONE_FAULT, targets=("desk:nextville/clinicians", "directory:warm_line")
    ),
    "faults in call-backs": replace(_ONE_FAULT, lines=(), call_backs=True),
    "faults in dialogues": replace(_ONE_FAULT, acts=10, lines=("direct",), dialogues=True),
    "faults on the other lines": replace(_ONE_FAULT, acts=9, lines=("front_door_911", "transfer")),
    "the fail-safe in transfers": replace(
        _ONE_FAULT,
        after=2,
        acts=9,
        failsafe=True,
        targets=("desk:supervisors", "directory:interpreter"),
    ),
}
"""Faults where `PASSES` has none: a minute or two each, for a soak."""
NOT_EXPLORED = (
    "earlier calls, speech, an announced incident that another call takes; without --wide, faults "
    "in a call that we make, in a transfer or a dialogue, and on lines that begin with many "
    "questions; protocols and announced incidents beyond their questions; stories longer than "
    "each part says"
)


def explore(
    program: Program, limits: Limits, progress: Callable[[Findings], None] | None = None
) -> Findings:
    """Explore the flows of a program and put the story of what was found in words."""
    explorer = Explorer(program, limits, progress)
    findings = explorer.run()
    if findings.found is not None:
        carrier = carrier_for(program, limits)
        findings.found = replace(findings.found, told=tuple(tell(carrier, findings.found)))
    return findings


def report(name: str, findings: Findings) -> Iterator[str]:
    """What was explored and proven, or the story of what is wrong, as lines of text."""
    yield (
        f"{findings.program}, {name} ({_extent(findings.limits)}): {findings.states:,} states, "
        f"{findings.transitions:,} transitions, depth {findings.depth}, {findings.seconds:.0f} s"
    )
    if findings.found is not None:
        found = findings.found
        yield f"  BROKEN: {found.promise}: {found.what}."
        yield from (f"  {line}" for line in found.told)
        return
    if findings.unfinished:
        yield "  not finished: what lies beyond is not explored; give it more --minutes"
    yield (
        f"  a person or 911 within {findings.bound_seconds:.0f} s from every state "
        f"(longest seen {findings.longest_seconds:.0f} s); "
        f"alone in a room at most {findings.longest_alone_seconds:.0f} s; "
        f"records end within {findings.longest_record_seconds:.0f} s"
    )


def _extent(limits: Limits) -> str:
    """How far an exploration goes, in words: what it leaves out is not proven."""
    kind = "answer by the fail-safe" if limits.failsafe else _plural("fault", limits.faults)
    words = [
        f"{limits.parties} a desk",
        f"{limits.faults} {kind} a story",
        f"{'all' if limits.dialogues else 'no'} side dialogues",
        _begins(limits),
    ]
    if limits.targets:
        words.append(f"transfers to {' and '.join(limits.targets)}")
    if limits.entry:
        words.append("until the questions are over")
    if limits.acts is not None:
        words.append(f"at most {limits.acts} acts")
    if limits.faults and limits.after is not None:
        words.append(f"{limits.after} {_plural('act', limits.after)} after the last fault")
    return ", ".join(words)


def _begins(limits: Limits) -> str:
    if limits.call_backs:
        return "calls that we make"
    return f"lines {' and '.join(limits.lines)}" if limits.lines else "all lines"


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else f"{noun}s"
