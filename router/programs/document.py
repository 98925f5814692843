"""The shape of a program: what its file may say, and what a published version holds.

A published version is the same without telephone numbers, which are kept encrypted in their tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from router.policy.outcomes import Outcome
from router.programs.area_shape import AreaShape, find_area_faults
from router.programs.coverage_shape import CoverageShape, HolidayShape, find_coverage_faults
from router.programs.policy_shape import PolicyShape, find_unspoken
from router.programs.psap_shape import (
    CentreShape,
    PsapShape,
    centres,
    find_psap_faults,
    outside_lines,
)
from router.programs.shape import AnswerName, Fault, Number, RingSeconds, Shape, Slug, Words

LANGUAGE = r"^[a-z]{2,3}$"
MENU_KEY = r"^[1-7]$"  # 0 and 9 are 911, 8 starts over
TARGET = r"^(desk:[a-z0-9_-]+(/[a-z0-9_-]+)?|directory:[a-z0-9_-]+|team)$"


def _know_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder, a path
        raise ValueError("should be a time zone, for instance America/Chicago") from None
    return name


Menu = dict[Annotated[str, Field(pattern=MENU_KEY)], AnswerName]
Seconds = Annotated[int, Field(ge=1, le=3600)]


class LineShape(Shape):
    """A number of ours."""

    kind: Literal["direct", "transfer", "psap", "front_door_911"]
    number: Number | None = None
    psap: str = ""  # the 911 centre whose callers it brings; "" where others tell


class ReturnsShape(Shape):
    """How callers go back to 911: what a clinician's return is, and when a held call is next."""

    choice: Literal["skip", "join", "ask"] = "skip"
    guard_wait_seconds: Seconds = 600
    guard_overtaken: int = Field(default=5, ge=0, le=100)


class CrisisLineShape(Shape):
    """A crisis line outside, for calls whose outcome it is; 911 stands behind it."""

    id: Slug = "crisis-line"
    name: Words
    number: Number | None = None
    ring_seconds: RingSeconds = 30


class OutsideShape(Shape):
    """Somebody outside: an interpreter, a crisis line. A helper never takes a caller over."""

    name: Words
    number: Number | None = None
    ring_seconds: RingSeconds = 30
    is_helper: bool = False


class TransferShape(Shape):
    """How callers are transferred (TR2); `targets` are keys of the star menu."""

    consult: Literal["private", "together"] = "private"
    consult_seconds: Seconds = 180
    ring_seconds: RingSeconds = 40
    targets: dict[
        Annotated[str, Field(pattern=MENU_KEY)], Annotated[str, Field(pattern=TARGET)]
    ] = Field(default_factory=dict)


class DeskShape(Shape):
    """People who are offered calls."""

    role: Literal["clinician", "call_taker", "supervisor"]
    strategy: Literal["sequential", "overlapping", "all_at_once"] = "overlapping"
    ring_seconds: RingSeconds = 20
    overlap_seconds: float = Field(default=8.0, ge=1, le=60)
    when_none_free: Literal["return_to_911", "hold"] = "return_to_911"
    hold_seconds: Seconds = 120
    wrap_up_seconds: int = Field(default=60, ge=0, le=3600)
    required_credentials: tuple[Slug, ...] = ()


class OverflowShape(Shape):
    """What 911 is asked for when nobody on the clinicians' desk is free or accepts (RO6)."""

    request: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")


class CallBackShape(Shape):
    """What is done about callers whose line dropped (IN6); without `moments` nothing.

    `tries` are the seconds before each try, from the drop and then from the try before; `at_once`
    is 0. An answer of `welfare_when` makes an unreached caller a welfare request to 911.
    """

    moments: tuple[Literal["screening", "waiting", "connected", "returning"], ...] = ()
    first: Literal["same_clinician", "clinician", "system"] = "same_clinician"
    choose_seconds: int = Field(default=60, ge=10, le=600)
    seek_seconds: int = Field(default=20, ge=0, le=300)
    tries: tuple[Literal["at_once"] | Annotated[int, Field(ge=5, le=86400)], ...] = Field(
        default=("at_once",), min_length=1, max_length=10
    )
    ring_seconds: RingSeconds = 30
    leaves_message: bool = False
    welfare_when: dict[AnswerName, tuple[str, ...]] = Field(default_factory=dict)


class WaitingShape(Shape):
    """What callers may choose while they wait for a clinician (RO5)."""

    call_back_offer: bool = False
    call_back_within_seconds: int = Field(default=1800, ge=60, le=14400)
    text: bool = False


class TeamsShape(Shape):
    """In-person teams: whether there are any, and how long each wait of a request may last."""

    enabled: bool = True
    size: int = Field(default=2, ge=1, le=6)
    approval_needed: bool = False
    approve_seconds: Seconds = 120
    choose_seconds: Seconds = 15
    acknowledge_seconds: Seconds = 90
    supervisor_seconds: Seconds = 60


class StaffingShape(Shape):
    """How many people of a desk have to be on, within named hours (`during`), or always."""

    desk: str
    at_least: int = Field(ge=1, le=500)
    during: str = ""
    credentials: tuple[Slug, ...] = ()


class MenusShape(Shape):
    """Keys of the phone and what they stand for."""

    call_types: Menu = Field(default_factory=dict)
    more_call_types: tuple[AnswerName, ...] = ()  # without a key: they come by the API or a file
    reasons: Menu = Field(default_factory=dict)
    dispositions: Menu = Field(min_length=1)
    return_reasons: Menu = Field(default_factory=dict)


class TimingsShape(Shape):
    """Limits of the flows, in seconds; `no_answer_pause` counts offers."""

    screening_seconds: Seconds = 300
    waiting_seconds: Seconds = 180
    decide_seconds: int = Field(default=25, ge=5, le=120)
    menu_seconds: int = Field(default=90, ge=10, le=600)
    hold_seconds: int = Field(default=120, ge=5, le=600)
    reoffer_seconds: int = Field(default=25, ge=1, le=120)
    check_seconds: int = Field(default=60, ge=10, le=600)
    presence_seconds: int = Field(default=25, ge=5, le=120)
    no_answer_pause: int = Field(default=3, ge=1, le=20)
    no_loop_seconds: int = Field(default=14400, ge=0, le=604800)
    announced_match_seconds: int = Field(default=120, ge=0, le=3600)
    announced_code_seconds: int = Field(default=1800, ge=60, le=86400)


class ProtocolUseShape(Shape):
    """A triage protocol asked on the phone before the policy decides, once it is published (EL4).

    `when` names answers and the values that call for it; without one it is asked of everybody.
    """

    name: AnswerName
    asked_of: Literal["caller", "call_taker"]
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class ProgramDocument(Shape):
    """A whole program."""

    name: Slug
    title: Words
    effective_from: datetime | None = None  # by the wall clock of time_zone, if it names no other
    time_zone: Annotated[str, AfterValidator(_know_zone)]
    languages: tuple[Annotated[str, Field(pattern=LANGUAGE)], ...] = Field(min_length=1)
    clinician_desk: str
    team_desk: str = ""  # who is offered calls for a team; "" is the clinicians' desk
    care_desk: str = ""  # who is offered calls for care navigation; likewise
    caller_id: str
    lines: dict[Slug, LineShape] = Field(min_length=1)
    psap: PsapShape  # the default centre
    psaps: dict[Slug, CentreShape] = Field(default_factory=dict)  # further ones, by id (RE3)
    returns: ReturnsShape = ReturnsShape()
    desks: dict[Slug, DeskShape] = Field(min_length=1)
    crisis_line: CrisisLineShape | None = None
    directory: dict[Slug, OutsideShape] = Field(default_factory=dict)
    transfer: TransferShape = TransferShape()
    overflow: OverflowShape = OverflowShape()
    call_back: CallBackShape = CallBackShape()
    waiting: WaitingShape = WaitingShape()
    areas: dict[AnswerName, AreaShape] = Field(default_factory=dict)
    coverage: dict[AnswerName, CoverageShape] = Field(default_factory=dict)
    holidays: tuple[HolidayShape, ...] = ()
    staffing: tuple[StaffingShape, ...] = ()
    teams: TeamsShape = TeamsShape()
    menus: MenusShape
    # Call types as the 911 centre's system writes them, in lower case with _, and ours (IN3).
    announced_call_types: dict[
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")],
        AnswerName,
    ] = Field(default_factory=dict)
    timings: TimingsShape = TimingsShape()
    protocols: tuple[ProtocolUseShape, ...] = ()
    policy: PolicyShape


def find_contradictions(document: ProgramDocument) -> Iterator[Fault]:
    """What is wrong between one setting and another: where, and a sentence."""
    yield from _desk_faults(document)
    yield from _transfer_faults(document)
    yield from _number_faults(document)
    yield from _menu_faults(document)
    yield from _outcome_faults(document)
    yield from _staffing_faults(document)
    yield from find_area_faults(document.areas)
    yield from find_psap_faults(document.psap, document.psaps, document.areas)
    yield from find_coverage_faults(document.coverage, document.holidays)
    yield from find_unspoken(document.policy)
    if document.caller_id not in document.lines:
        yield ("caller_id",), f'names the line "{document.caller_id}", which is not among the lines'
    if not any(line.kind != "psap" for line in document.lines.values()):
        yield (
            ("lines",),
            'need one of kind "direct", "transfer" or "front_door_911": no caller could come',
        )


def _desk_faults(document: ProgramDocument) -> Iterator[Fault]:
    for setting in ("clinician_desk", "team_desk", "care_desk"):
        name = getattr(document, setting)
        desk = document.desks.get(name)
        if desk is None and (name or setting == "clinician_desk"):
            yield (setting,), f'names "{name}", which is not among the desks'
        elif desk is not None and desk.role != "clinician":
            yield (setting,), 'names a desk whose role is not "clinician"'
    known = dict(centres(document.psap, document.psaps))
    for path, centre in known.items():
        if centre.desk and centre.desk not in document.desks:
            yield (*path, "desk"), f'names "{centre.desk}", which is not among the desks'
        elif centre.desk and document.desks[centre.desk].role != "call_taker":
            yield (*path, "desk"), 'names a desk whose role is not "call_taker"'
    for name, line in document.lines.items():
        of_line = known.get(("psaps", line.psap), document.psap)
        if line.psap not in ("", document.psap.id, *document.psaps):
            yield ("lines", name, "psap"), f'names "{line.psap}", which is no 911 centre here'
        elif line.kind == "psap" and not of_line.desk:
            yield ("lines", name), "is a hosted 911 line, but the 911 centre (psap) has no desk"


def _transfer_faults(document: ProgramDocument) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for key, target in document.transfer.targets.items():
        path = ("transfer", "targets", key)
        kind, _, name = target.partition(":")
        if target in seen:
            yield path, f'stands for "{target}", which key {seen[target]} stands for'
        seen.setdefault(target, key)
        if kind == "desk" and "/" not in name and name not in document.desks:
            yield path, f'names "{name}", which is not among the desks'
        elif kind == "directory" and name not in document.directory:
            yield path, f'names "{name}", which is not in the directory'
        elif target == "team" and not document.teams.enabled:
            yield path, "needs teams, and teams.enabled is false"
    ours = {line.number: name for name, line in document.lines.items() if line.number}
    for name, party in document.directory.items():
        if party.number in ours:
            own = ours[party.number]
            yield ("directory", name, "number"), f'is our own line "{own}"; name a desk instead'


def _number_faults(document: ProgramDocument) -> Iterator[Fault]:
    ours: dict[str, str] = {}
    for name, line in document.lines.items():
        if line.number is None:
            continue
        if line.number in ours:
            yield ("lines", name, "number"), f'is also the number of the line "{ours[line.number]}"'
        ours[line.number] = name
    if document.crisis_line is not None and document.crisis_line.number in ours:
        own = ours[document.crisis_line.number]
        yield ("crisis_line", "number"), f'is our own line "{own}"'
    ids: set[str] = set()
    for path, outside in outside_lines(document.psap, document.psaps):
        if outside.id in ids:
            yield (*path, "id"), f'is used twice: "{outside.id}"'
        ids.add(outside.id)
        if document.crisis_line is not None and outside.id == document.crisis_line.id:
            yield ("crisis_line",), f'has the id of a line of 911: "{outside.id}"'
        if outside.number in ours:
            own = ours[outside.number]
            yield (
                (*path, "number"),
                f'is our own line "{own}"; a caller sent there would come back to us',
            )


def _outcome_faults(document: ProgramDocument) -> Iterator[Fault]:
    """Rules that send a call where the program cannot."""
    for index, rule in enumerate(document.policy.rules):
        path = ("policy", "rules", index)
        if rule.outcome is Outcome.CRISIS_LINE and document.crisis_line is None:
            yield path, f'(rule "{rule.name}") needs a [crisis_line] with its number'
        needs_team = rule.outcome in (Outcome.TEAM, Outcome.CLINICIAN_THEN_TEAM)
        if needs_team and not document.teams.enabled:
            yield path, f'(rule "{rule.name}") needs teams, and teams.enabled is false'


def _staffing_faults(document: ProgramDocument) -> Iterator[Fault]:
    for index, rule in enumerate(document.staffing):
        if rule.desk not in document.desks:
            yield ("staffing", index, "desk"), f'"{rule.desk}" is not among the desks'
        if rule.during and rule.during not in document.coverage:
            yield ("staffing", index, "during"), f'"{rule.during}" is not among the coverage'


def _menu_faults(document: ProgramDocument) -> Iterator[Fault]:
    menus = document.menus
    for name, menu in menus:
        if not isinstance(menu, dict):
            continue
        seen: set[str] = set()
        for key, value in menu.items():
            if value in seen:
                yield ("menus", name, key), f'stands for "{value}", which another key stands for'
            seen.add(value)
    kinds = {line.kind for line in document.lines.values()}
    if "transfer" in kinds and not menus.call_types:
        yield ("menus",), "need call_types, because there is a line for transfers"
    if "direct" in kinds and not menus.reasons:
        yield ("menus",), "need reasons, because there is a direct line"
    offered = {
        "call_type": {*menus.call_types.values(), *menus.more_call_types},
        "reason": set(menus.reasons.values()),
    }
    waiting: list[tuple[tuple[str | int, ...], str, dict[str, tuple[str, ...]]]] = [
        (("policy", "rules", index), f'(rule "{rule.name}")', rule.when)
        for index, rule in enumerate(document.policy.rules)
    ]
    waiting.append((("call_back", "welfare_when"), "", document.call_back.welfare_when))
    waiting += [
        (("protocols", index), f'(protocol "{use.name}")', use.when)
        for index, use in enumerate(document.protocols)
    ]
    for path, what, when in waiting:
        for name, values in offered.items():
            for value in sorted(set(when.get(name, ())) - values):
                sentence = f'waits for {name} "{value}", which menus.{name}s does not give'
                yield path, f"{what} {sentence}".strip()
