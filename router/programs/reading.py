"""Reads a program's file and turns a published version into what the flows and policies follow.

A file that is not right is refused as a whole, with a sentence and a line for each fault.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivr_flows import prompts
from ivr_flows.outputs import Say
from ivr_flows.program import Desk, Line, Program, ProtocolUse, Psap, ReturnLine
from router.errors import SwitchbackError
from router.policy import eligibility
from router.policy.dispatch import Deadlines
from router.policy.eligibility import Policy, Rule
from router.programs.document import (
    ANSWER_NAME,
    E164,
    LANGUAGE,
    MENU_KEY,
    SLUG,
    Fault,
    ProgramDocument,
    RuleShape,
    Shape,
    find_contradictions,
)
from router.programs.location import find_line, line_of_error, locate

NOT_FOR_CLINICIAN = "not_for_clinician"  # the prompt for a rule without one of its own
EXAMPLES = Path(__file__).parent
_Shape = TypeVar("_Shape", bound=Shape)

_PATTERNS = {
    SLUG: "should be lower-case letters, digits, - and _",
    E164: "should be a telephone number in full, for instance +15125550100",
    LANGUAGE: 'should be a language code, for instance "en"',
    MENU_KEY: "should be a key from 1 to 7 (0 and 9 always mean 911, 8 starts over)",
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
    "value_error": "{error}",
}


class ProgramFileError(SwitchbackError):
    """A program's file cannot be published; `faults` are sentences that name file and line."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_file(path: Path) -> ProgramDocument:
    """The program in a file. Raises ProgramFileError."""
    return read_text(text_of(path), path.name)


def text_of(path: Path) -> str:
    """The text of a file. Raises ProgramFileError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProgramFileError((f"{path} cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError:
        raise ProgramFileError((f"{path} is not text in UTF-8",)) from None


def read_text(text: str, source: str) -> ProgramDocument:
    """The program that `text` describes; `source` names it in faults. Raises ProgramFileError."""
    return read_shape(text, source, ProgramDocument, _find_faults)


def read_shape(
    text: str, source: str, shape: type[_Shape], find_faults: Callable[[_Shape], Iterator[Fault]]
) -> _Shape:
    """The TOML `text` in a shape. Raises ProgramFileError with every fault and its line."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _at(source, line_of_error(error))
        raise ProgramFileError((f"{where}: is not valid TOML: {_first_words(error)}",)) from None
    lines = locate(text)
    try:
        document = shape.model_validate(content)
        faults = list(find_faults(document))
    except ValidationError as error:
        faults = [_explain(details) for details in error.errors(include_url=False)]
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
            "lines": {name: {"number"} for name in document.lines},
            "psap": {"lines": {"__all__": {"number"}}},
        },
    )


def from_stored(stored: Mapping[str, Any]) -> ProgramDocument:
    """A published version; settings that a newer release added are passed over."""
    return ProgramDocument.model_validate(dict(stored), extra="ignore")


def to_program(document: ProgramDocument, version: int) -> Program:
    """What the flows follow."""
    menus, psap = document.menus, document.psap
    return Program(
        name=document.name,
        title=document.title,
        version=version,
        psap=Psap(
            id=psap.id,
            name=psap.name,
            lines=tuple(ReturnLine(line.id, line.name, line.ring_seconds) for line in psap.lines),
            desk=psap.desk,
        ),
        lines={name: Line(name, line.kind) for name, line in document.lines.items()},
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
        overflow_request=document.overflow.request,
        protocols=tuple(
            ProtocolUse(
                use.name, use.asked_of, {name: frozenset(v) for name, v in use.when.items()}
            )
            for use in document.protocols
        ),
        has_teams=document.teams.enabled,
        approval_needed=document.teams.approval_needed,
        **document.timings.model_dump(),
    )


def to_policy(document: ProgramDocument, version: int) -> Policy:
    """What eligibility is decided by; its version is the program's."""
    return Policy(
        version=version,
        rules=tuple(_to_rule(rule) for rule in document.policy.rules),
        otherwise=_to_rule(document.policy.otherwise),
    )


def to_deadlines(document: ProgramDocument) -> Deadlines:
    """How long each wait of a dispatch request may last."""
    teams = document.teams
    return Deadlines(
        approve_seconds=teams.approve_seconds,
        choose_seconds=teams.choose_seconds,
        acknowledge_seconds=teams.acknowledge_seconds,
        supervisor_seconds=teams.supervisor_seconds,
    )


def _to_rule(rule: RuleShape) -> Rule:
    own = rule.sentence or f"decision_{rule.name}"
    usual = NOT_FOR_CLINICIAN if rule.outcome == eligibility.RETURN_TO_911 else ""
    return Rule(
        name=rule.name,
        when=MappingProxyType({name: frozenset(values) for name, values in rule.when.items()}),
        outcome=rule.outcome,
        sentence=own if _is_prompt(own) else usual,
        why=rule.why,
        request=rule.request,
    )


def _is_prompt(name: str) -> bool:
    try:
        prompts.text(Say(name))
    except (KeyError, IndexError):
        return False
    return True


def _find_faults(document: ProgramDocument) -> Iterator[Fault]:
    yield from find_contradictions(document)
    for name, line in document.lines.items():
        if line.number is None:
            yield ("lines", name, "number"), "is missing"
    for index, return_line in enumerate(document.psap.lines):
        if return_line.number is None:
            yield ("psap", "lines", index, "number"), "is missing"
    for index, language in enumerate(document.languages):
        if language not in prompts.languages():
            known = ", ".join(prompts.languages())
            yield ("languages", index), f'"{language}" has no prompts; there are {known}'
    for index, rule in enumerate((*document.policy.rules, document.policy.otherwise)):
        if rule.sentence and not _is_prompt(rule.sentence):
            path: tuple[str | int, ...] = ("policy", "rules", index, "sentence")
            yield path, f'(rule "{rule.name}") names no prompt: "{rule.sentence}"'
    for sentence in eligibility.list_faults(to_policy(document, 0)):
        yield _rule_path(document, sentence), f"would be unsafe: {sentence}"


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
