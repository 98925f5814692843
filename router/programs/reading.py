"""Reads a program's file and turns a published version into what the flows and policies follow.

A file that is not right is refused as a whole, with a sentence and a line for each fault.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivr_flows import prompts
from ivr_flows.program import (
    CallBackPolicy,
    Desk,
    Line,
    Outside,
    Program,
    ProtocolUse,
    Psap,
    ReturnLine,
    Returns,
    Transfers,
    WaitingPolicy,
)
from router.errors import SwitchbackError
from router.policy import soundness
from router.policy.dispatch import Deadlines
from router.policy.eligibility import Policy
from router.programs.area_shape import embed_files, to_area
from router.programs.coverage_shape import HOURS, to_coverage
from router.programs.document import (
    LANGUAGE,
    MENU_KEY,
    TARGET,
    CallBackShape,
    ProgramDocument,
    find_contradictions,
)
from router.programs.inheritance import inherit
from router.programs.location import find_line, line_of_error, locate
from router.programs.policy_shape import to_policy_rules
from router.programs.psap_shape import (
    HEADER,
    HEADER_VALUE,
    SIP,
    CentreShape,
    find_missing_numbers,
)
from router.programs.shape import ANSWER_NAME, E164, SLUG, Fault, Shape

EXAMPLES = Path(__file__).parent
_Shape = TypeVar("_Shape", bound=Shape)

_PATTERNS = {
    SIP: "should be a SIP address, for instance sip:911@psap.example.org",
    HEADER: "should be a header named X-... or User-to-User",
    HEADER_VALUE: "should be a header's value: letters, digits and signs of ASCII on one line",
    SLUG: "should be lower-case letters, digits, - and _",
    E164: "should be a telephone number in full, for instance +15125550100",
    TARGET: 'should be "desk:NAME", "desk:PROGRAM/NAME", "directory:NAME" or "team"',
    LANGUAGE: 'should be a language code, for instance "en"',
    MENU_KEY: "should be a key from 1 to 7 (0 and 9 always mean 911, 8 starts over)",
    HOURS: 'should be hours such as "06:00-02:00", "00:00-24:00" being the whole day',
    ANSWER_NAME: "should be lower-case letters, digits and _, beginning with a letter",
}
_SENTENCES = {
    "missing": "is missing",
    "string_type": "should be text in quotes",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "tuple_type": "should be a list in [ ]",
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "model_attributes_type": "should be a table",
    "too_short": "should not be empty",
    "string_too_short": "should not be empty",
    "string_too_long": "should be at most {max_length} letters",
    "greater_than_equal": "should be at least {ge}",
    "less_than_equal": "should be at most {le}",
    "literal_error": "should be {expected}",
    "enum": "should be {expected}",
    "datetime_parsing": "should be a date and a time, for instance 2027-01-01T08:00:00",
    "datetime_from_date_parsing": "should be a date and a time, for instance 2027-01-01T08:00:00",
    "datetime_type": "should be a date and a time, for instance 2027-01-01T08:00:00",
    "value_error": "{error}",
}


class ProgramFileError(SwitchbackError):
    """A program's file cannot be published; `faults` are sentences that name file and line."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_file(path: Path) -> ProgramDocument:
    """The program in a file. Raises ProgramFileError."""
    return read_text(text_of(path), path.name, path.parent)


def text_of(path: Path) -> str:
    """The text of a file. Raises ProgramFileError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProgramFileError((f"{path} cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError:
        raise ProgramFileError((f"{path} is not text in UTF-8",)) from None


def read_text(text: str, source: str, folder: Path | None = None) -> ProgramDocument:
    """The program that `text` describes; `source` names it in faults.

    Files it names lie in `folder`. Raises ProgramFileError.
    """
    return _check_program(_parse(text, source), text, source, folder)


def read_shape(
    text: str, source: str, shape: type[_Shape], find_faults: Callable[[_Shape], Iterator[Fault]]
) -> _Shape:
    """The TOML `text` in a shape. Raises ProgramFileError with every fault and its line."""
    return _check(_parse(text, source), text, source, shape, find_faults)


def read_draft(path: Path, program: ProgramDocument) -> ProgramDocument:
    """A program with the policy of a draft in place of its own; a whole program's file will do.

    A draft of a policy alone holds [policy], and [areas], [coverage] and [[holidays]] where they
    differ from the program's. Raises ProgramFileError.
    """
    text = text_of(path)
    content = _parse(text, path.name)
    if "name" not in content:
        strange = sorted(content.keys() - _OF_A_DRAFT)
        if strange or "policy" not in content:
            lines = locate(text)
            faults = [
                f"{_at(path.name, find_line(lines, (name,)))}: {name} is not part of a draft; "
                f"it may hold {', '.join(sorted(_OF_A_DRAFT))}"
                for name in strange
            ]
            missing = f"{path.name}: policy is missing"
            raise ProgramFileError(tuple(faults) or (missing,))
        content = program.model_dump(mode="json", exclude_none=True) | content
    return _check_program(content, text, path.name, path.parent, needs_numbers=False)


_OF_A_DRAFT = frozenset({"policy", "areas", "coverage", "holidays", "effective_from"})


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _at(source, line_of_error(error))
        raise ProgramFileError((f"{where}: is not valid TOML: {_first_words(error)}",)) from None


def _check_program(
    content: dict[str, Any],
    text: str,
    source: str,
    folder: Path | None,
    *,
    needs_numbers: bool = True,
) -> ProgramDocument:
    """The program, complete but for its telephone numbers where they are not needed."""

    def find_faults(document: ProgramDocument) -> Iterator[Fault]:
        yield from _find_faults(document)
        if needs_numbers:
            yield from _missing_numbers(document)

    faults = [*embed_files(content, folder), *inherit(content)]
    return _check(content, text, source, ProgramDocument, find_faults, faults)


def _check(
    content: dict[str, Any],
    text: str,
    source: str,
    shape: type[_Shape],
    find_faults: Callable[[_Shape], Iterator[Fault]],
    before: Iterable[Fault] = (),
) -> _Shape:
    """The content in a shape; `before` are faults found already."""
    lines = locate(text)
    faults = list(before)
    try:
        document = shape.model_validate(content)
        faults += find_faults(document)
    except ValidationError as error:
        faults += [_explain(details) for details in error.errors(include_url=False)]
    if faults:
        ordered = sorted(faults, key=lambda fault: find_line(lines, fault[0]) or inf)
        raise ProgramFileError(
            tuple(
                f"{_at(source, find_line(lines, path))}: {_name(path)} {sentence}"
                for path, sentence in ordered
            )
        )
    return document


def to_stored(document: ProgramDocument) -> dict[str, Any]:
    """The program as JSON values without telephone numbers; `from_stored` reads it back."""
    return document.model_dump(
        mode="json",
        exclude={
            "effective_from": True,  # a column of its own
            "crisis_line": {"number"},
            "directory": {name: {"number"} for name in document.directory},
            "lines": {name: {"number"} for name in document.lines},
            "psap": _ADDRESSES,
            "psaps": dict.fromkeys(document.psaps, _ADDRESSES),
        },
    )


_ADDRESSES = {"lines": {"__all__": {"number", "sip", "headers"}}}


def _to_psap(psap_id: str, centre: CentreShape) -> Psap:
    return Psap(
        id=psap_id,
        name=centre.name,
        lines=tuple(ReturnLine(line.id, line.name, line.ring_seconds) for line in centre.lines),
        desk=centre.desk,
        areas=centre.areas,
        incident_prefixes=centre.incident_prefixes,
        presence=centre.presence,
        presence_speech_seconds=centre.presence_speech_seconds,
    )


def from_stored(stored: Mapping[str, Any]) -> ProgramDocument:
    """A published version; settings that a newer release added are passed over."""
    return ProgramDocument.model_validate(dict(stored), extra="ignore")


def to_program(document: ProgramDocument, version: int) -> Program:
    """What the flows follow."""
    menus, psap, outside = document.menus, document.psap, document.crisis_line
    return Program(
        name=document.name,
        title=document.title,
        version=version,
        psap=_to_psap(psap.id, psap),
        psaps={name: _to_psap(name, centre) for name, centre in document.psaps.items()},
        lines={name: Line(name, line.kind, line.psap) for name, line in document.lines.items()},
        crisis_line=None
        if outside is None
        else ReturnLine(outside.id, outside.name, outside.ring_seconds),
        directory={
            name: Outside(name, party.name, party.ring_seconds, party.is_helper)
            for name, party in document.directory.items()
        },
        transfers=Transfers(
            consult=document.transfer.consult,
            consult_seconds=document.transfer.consult_seconds,
            ring_seconds=document.transfer.ring_seconds,
            targets=dict(sorted(document.transfer.targets.items())),
        ),
        team_desk=document.team_desk,
        care_desk=document.care_desk,
        desks={
            name: Desk(name=name, **desk.model_dump(exclude={"required_credentials"}))
            for name, desk in document.desks.items()
        },
        clinician_desk=document.clinician_desk,
        languages=document.languages,
        call_types=dict(sorted(menus.call_types.items())),
        reasons=dict(sorted(menus.reasons.items())),
        dispositions=dict(sorted(menus.dispositions.items())),
        return_reasons=dict(sorted(menus.return_reasons.items())),
        returns=Returns(**document.returns.model_dump()),
        overflow_request=document.overflow.request,
        protocols=tuple(
            ProtocolUse(
                use.name, use.asked_of, {name: frozenset(v) for name, v in use.when.items()}
            )
            for use in document.protocols
        ),
        call_back=_to_call_back(document.call_back),
        waiting=WaitingPolicy(**document.waiting.model_dump()),
        has_teams=document.teams.enabled,
        approval_needed=document.teams.approval_needed,
        **document.timings.model_dump(),
    )


def _to_call_back(shape: CallBackShape) -> CallBackPolicy:
    settings = shape.model_dump(exclude={"moments", "tries", "welfare_when"})
    return CallBackPolicy(
        moments=frozenset(shape.moments),
        tries=tuple(0 if one == "at_once" else one for one in shape.tries),
        welfare_when={name: frozenset(values) for name, values in shape.welfare_when.items()},
        **settings,
    )


def to_policy(document: ProgramDocument, version: int) -> Policy:
    """What eligibility is decided by; its version is the program's."""
    areas = (to_area(name, area) for name, area in document.areas.items())
    coverages = (
        to_coverage(name, document.time_zone, hours, document.holidays)
        for name, hours in document.coverage.items()
    )
    return to_policy_rules(document.policy, version, areas, coverages)


def to_deadlines(document: ProgramDocument) -> Deadlines:
    """How long each wait of a dispatch request may last."""
    teams = document.teams
    return Deadlines(
        approve_seconds=teams.approve_seconds,
        choose_seconds=teams.choose_seconds,
        acknowledge_seconds=teams.acknowledge_seconds,
        supervisor_seconds=teams.supervisor_seconds,
    )


def _find_faults(document: ProgramDocument) -> Iterator[Fault]:
    yield from find_contradictions(document)
    for index, language in enumerate(document.languages):
        if language not in prompts.languages():
            known = ", ".join(prompts.languages())
            yield ("languages", index), f'"{language}" has no prompts; there are {known}'
    for sentence in soundness.list_faults(to_policy(document, 0)):
        yield _rule_path(document, sentence), f"would be unsafe: {sentence}"


def _missing_numbers(document: ProgramDocument) -> Iterator[Fault]:
    for name, line in document.lines.items():
        if line.number is None:
            yield ("lines", name, "number"), "is missing"
    yield from find_missing_numbers(document.psap, document.psaps)
    for name, party in document.directory.items():
        if party.number is None:
            yield ("directory", name, "number"), "is missing"
    if document.crisis_line is not None and document.crisis_line.number is None:
        yield ("crisis_line", "number"), "is missing"


def _rule_path(document: ProgramDocument, sentence: str) -> tuple[str | int, ...]:
    named = (
        index
        for index, rule in enumerate(document.policy.rules)
        if f'rule "{rule.name}"' in sentence
    )
    index = next(named, None)
    return ("policy", "rules") if index is None else ("policy", "rules", index)


def _explain(details: ErrorDetails) -> Fault:
    path = tuple(part for part in details["loc"] if part != "[key]")
    context = {name: str(value) for name, value in details.get("ctx", {}).items()}
    kind = details["type"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(path[-1]), _known_settings(), n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        return path, f"is not a setting known here{hint}"
    if kind == "string_pattern_mismatch":
        pattern = context.get("pattern", "")
        return path, _PATTERNS.get(pattern, _PATTERNS[ANSWER_NAME])
    if kind in _SENTENCES:
        return path, _SENTENCES[kind].format(**context)
    return path, details["msg"].lower()


def _known_settings() -> list[str]:
    return sorted({name for shape in Shape.__subclasses__() for name in shape.model_fields})


def _name(path: tuple[str | int, ...]) -> str:
    return "".join(
        f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path
    ).lstrip(".")


def _at(source: str, line: int | None) -> str:
    return f"{source}, line {line}" if line else source


def _first_words(error: tomllib.TOMLDecodeError) -> str:
    return str(error).split(" (at ", maxsplit=1)[0].lower()
