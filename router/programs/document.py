"""The shape of a program: what its file may say, and what a published version holds.

A published version is the same without telephone numbers, which are kept encrypted in their tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?$"
E164 = r"^\+[1-9][0-9]{6,14}$"
LANGUAGE = r"^[a-z]{2,3}$"
MENU_KEY = r"^[1-7]$"  # 0 and 9 are 911, 8 starts over
ANSWER_NAME = r"^[a-z][a-z0-9_]*$"


def _know_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder, a path
        raise ValueError("should be a time zone, for instance America/Chicago") from None
    return name


Slug = Annotated[str, Field(pattern=SLUG)]
Number = Annotated[str, Field(pattern=E164)]
Menu = dict[Annotated[str, Field(pattern=MENU_KEY)], Annotated[str, Field(pattern=ANSWER_NAME)]]
RingSeconds = Annotated[int, Field(ge=5, le=120)]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class Shape(BaseModel):
    """A table of the file: settings it does not know are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LineShape(Shape):
    """A number of ours."""

    kind: Literal["direct", "transfer", "psap", "front_door_911"]
    number: Number | None = None


class ReturnLineShape(Shape):
    """A line of the 911 centre, outside our own account."""

    id: Slug
    name: Words
    number: Number | None = None
    ring_seconds: RingSeconds = 20


class PsapShape(Shape):
    """The 911 centre callers go back to; `desk` is its hosted desk, or ""."""

    id: Slug
    name: Words
    desk: str = ""
    lines: tuple[ReturnLineShape, ...] = Field(min_length=1)


class DeskShape(Shape):
    """People who are offered calls."""

    role: Literal["clinician", "call_taker"]
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


class TeamsShape(Shape):
    """In-person teams: whether there are any, and how long each wait of a request may last."""

    enabled: bool = True
    size: int = Field(default=2, ge=1, le=6)
    approval_needed: bool = False
    approve_seconds: Seconds = 120
    choose_seconds: Seconds = 15
    acknowledge_seconds: Seconds = 90
    supervisor_seconds: Seconds = 60


class MenusShape(Shape):
    """Keys of the phone and what they stand for."""

    call_types: Menu = Field(default_factory=dict)
    reasons: Menu = Field(default_factory=dict)
    dispositions: Menu = Field(min_length=1)
    return_reasons: Menu = Field(default_factory=dict)


class TimingsShape(Shape):
    """Limits of the flows, in seconds; `no_answer_pause` counts offers."""

    screening_seconds: Seconds = 300
    waiting_seconds: Seconds = 180
    decide_seconds: int = Field(default=25, ge=5, le=120)
    menu_seconds: int = Field(default=90, ge=10, le=600)
    reoffer_seconds: int = Field(default=25, ge=1, le=120)
    check_seconds: int = Field(default=60, ge=10, le=600)
    presence_seconds: int = Field(default=25, ge=5, le=120)
    no_answer_pause: int = Field(default=3, ge=1, le=20)
    no_loop_seconds: int = Field(default=14400, ge=0, le=604800)
    announced_match_seconds: int = Field(default=120, ge=0, le=3600)
    announced_code_seconds: int = Field(default=1800, ge=60, le=86400)


class RuleShape(Shape):
    """One rule of eligibility; `sentence` names a prompt, "" for the usual one."""

    name: Annotated[str, Field(pattern=ANSWER_NAME)]
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    outcome: Literal["clinician", "return_to_911"]
    request: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    sentence: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    why: Words


class PolicyShape(Shape):
    """Rules in order, and what applies when none holds."""

    rules: tuple[RuleShape, ...] = Field(min_length=1)
    otherwise: RuleShape


class ProtocolUseShape(Shape):
    """A triage protocol asked on the phone before the policy decides, once it is published (EL4).

    `when` names answers and the values that call for it; without one it is asked of everybody.
    """

    name: Annotated[str, Field(pattern=ANSWER_NAME)]
    asked_of: Literal["caller", "call_taker"]
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class ProgramDocument(Shape):
    """A whole program."""

    name: Slug
    title: Words
    time_zone: Annotated[str, AfterValidator(_know_zone)]
    languages: tuple[Annotated[str, Field(pattern=LANGUAGE)], ...] = Field(min_length=1)
    clinician_desk: str
    caller_id: str
    lines: dict[Slug, LineShape] = Field(min_length=1)
    psap: PsapShape
    desks: dict[Slug, DeskShape] = Field(min_length=1)
    overflow: OverflowShape = OverflowShape()
    teams: TeamsShape = TeamsShape()
    menus: MenusShape
    # Call types as the 911 centre's system writes them, in lower case with _, and ours (IN3).
    announced_call_types: dict[
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")],
        Annotated[str, Field(pattern=ANSWER_NAME)],
    ] = Field(default_factory=dict)
    timings: TimingsShape = TimingsShape()
    protocols: tuple[ProtocolUseShape, ...] = ()
    policy: PolicyShape


Fault = tuple[tuple[str | int, ...], str]


def find_contradictions(document: ProgramDocument) -> Iterator[Fault]:
    """What is wrong between one setting and another: where, and a sentence."""
    yield from _desk_faults(document)
    yield from _number_faults(document)
    yield from _menu_faults(document)
    if document.caller_id not in document.lines:
        yield ("caller_id",), f'names the line "{document.caller_id}", which is not among the lines'
    if not any(line.kind != "psap" for line in document.lines.values()):
        yield (
            ("lines",),
            'need one of kind "direct", "transfer" or "front_door_911": no caller could come',
        )


def _desk_faults(document: ProgramDocument) -> Iterator[Fault]:
    desk = document.desks.get(document.clinician_desk)
    if desk is None:
        yield (
            ("clinician_desk",),
            f'names "{document.clinician_desk}", which is not among the desks',
        )
    elif desk.role != "clinician":
        yield ("clinician_desk",), 'names a desk whose role is not "clinician"'
    hosted = document.psap.desk
    if hosted and hosted not in document.desks:
        yield ("psap", "desk"), f'names "{hosted}", which is not among the desks'
    elif hosted and document.desks[hosted].role != "call_taker":
        yield ("psap", "desk"), 'names a desk whose role is not "call_taker"'
    for name, line in document.lines.items():
        if line.kind == "psap" and not hosted:
            yield ("lines", name), "is a hosted 911 line, but the 911 centre (psap) has no desk"


def _number_faults(document: ProgramDocument) -> Iterator[Fault]:
    ours: dict[str, str] = {}
    for name, line in document.lines.items():
        if line.number is None:
            continue
        if line.number in ours:
            yield ("lines", name, "number"), f'is also the number of the line "{ours[line.number]}"'
        ours[line.number] = name
    ids: set[str] = set()
    for index, outside in enumerate(document.psap.lines):
        if outside.id in ids:
            yield ("psap", "lines", index, "id"), f'is used twice: "{outside.id}"'
        ids.add(outside.id)
        if outside.number in ours:
            own = ours[outside.number]
            yield (
                ("psap", "lines", index, "number"),
                f'is our own line "{own}"; a caller sent there would come back to us',
            )


def _menu_faults(document: ProgramDocument) -> Iterator[Fault]:
    menus = document.menus
    for name, menu in menus:
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
    offered = {"call_type": set(menus.call_types.values()), "reason": set(menus.reasons.values())}
    waiting: list[tuple[tuple[str | int, ...], str, dict[str, tuple[str, ...]]]] = [
        (("policy", "rules", index), f'(rule "{rule.name}")', rule.when)
        for index, rule in enumerate(document.policy.rules)
    ]
    waiting += [
        (("protocols", index), f'(protocol "{use.name}")', use.when)
        for index, use in enumerate(document.protocols)
    ]
    for path, what, when in waiting:
        for name, values in offered.items():
            for value in sorted(set(when.get(name, ())) - values):
                sentence = f'waits for {name} "{value}", which no key of menus.{name}s gives'
                yield path, f"{what} {sentence}"
