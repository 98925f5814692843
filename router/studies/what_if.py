"""Replays past calls through a published policy and a draft, and counts what would change (EL5)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from router.policy.eligibility import UNKNOWN, Policy, complete_answers, decide
from router.programs.document import ProgramDocument
from router.programs.reading import to_policy
from router.studies.cad_export import BadRow, open_export
from router.studies.columns import CallReader, PastCall, guess, read_map

PROGRESS_EVERY = 2000  # rows
MOST_KINDS = 5000  # of decisions remembered, and of type names counted
SHOWN_CHANGES = 100
SHOWN_TYPES = 20
OTHER_TYPES = "(all others)"

CALLS_FILE, BAD_ROWS_FILE = "calls.csv", "bad_rows.csv"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of a call."""

    outcome: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """A call that the draft decides otherwise."""

    line: int
    call: PastCall
    published: Verdict
    draft: Verdict


@dataclass
class Findings:
    """What came of a file; `draft` counters are empty without a draft."""

    program: str
    source: str
    encoding: str = ""
    delimiter: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    has_draft: bool = False
    calls: int = 0
    bad_rows: int = 0
    first_bad: list[BadRow] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    draft_outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # rule, outcome, why
    draft_reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)  # outcome to outcome
    shown_changes: list[Change] = field(default_factory=list)
    by_hour: Counter[tuple[int, str]] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    unknown_types: Counter[str] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """How many calls the draft decides otherwise."""
        return sum(self.changes.values())


class Judge:
    """One policy, with its decisions remembered: many calls are alike in all that it asks."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._inputs = tuple(sorted(policy.inputs))
        self._kept: dict[tuple[str | None, ...], Verdict] = {}

    def judge(self, call: PastCall) -> Verdict:
        """What the policy says of the call."""
        complete = complete_answers(self._policy, call.answers, call.known)
        key = tuple([complete.get(name) for name in self._inputs])
        verdict = self._kept.get(key)
        if verdict is None:
            decision = decide(self._policy, call.answers, call.known)
            verdict = Verdict(decision.outcome, decision.rule, decision.why)
            if len(self._kept) < MOST_KINDS:
                self._kept[key] = verdict
        return verdict


Progress = Callable[[int, int, int], None]
"""Told now and then: calls so far, bytes read, bytes in all."""


def study(
    file: Path,
    program: ProgramDocument,
    *,
    draft: ProgramDocument | None,
    map_file: Path | None,
    folder: Path,
    progress: Progress = lambda _calls, _read, _size: None,
) -> Findings:
    """Decide every call of `file`, and write each to `calls.csv` and rows aside in `folder`.

    Raises InvalidInputError for a file or a map that cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    judges = [Judge(to_policy(one, 0)) for one in (program, draft) if one is not None]
    with ExitStack() as opened:
        export = opened.enter_context(open_export(file))
        headings = export.headings
        columns = guess(headings) if map_file is None else read_map(map_file, headings)
        types = known_types(program) | (known_types(draft) if draft else set())
        reader = CallReader(columns, headings, types, ZoneInfo(program.time_zone))
        findings = Findings(
            program=program.title,
            source=file.name,
            encoding=export.encoding,
            delimiter=export.delimiter,
            columns=columns.columns,
            has_draft=draft is not None,
        )
        out = _Written(opened, folder, headings, has_draft=draft is not None)
        for number, row in enumerate(export, start=1):
            if isinstance(row, BadRow):
                _set_aside(findings, row, out)
            else:
                call = reader.read(row.fields)
                verdicts = [judge.judge(call) for judge in judges]
                _count(findings, row.line, call, verdicts)
                out.call(row.line, call, verdicts)
            if number % PROGRESS_EVERY == 0:
                progress(findings.calls, export.position, export.size)
        progress(findings.calls, export.size, export.size)
    return findings


def known_types(program: ProgramDocument) -> set[str]:
    """Call types that the program knows by a key, by its list or by a rule."""
    menus = program.menus
    found = {*menus.call_types.values(), *menus.more_call_types}
    for rule in program.policy.rules:
        found.update(rule.when.get("call_type", ()))
    return found - {UNKNOWN}


def _set_aside(findings: Findings, row: BadRow, out: _Written) -> None:
    findings.bad_rows += 1
    if len(findings.first_bad) < SHOWN_CHANGES:
        findings.first_bad.append(row)
    out.bad(row)


def _count(findings: Findings, line: int, call: PastCall, verdicts: list[Verdict]) -> None:
    published, *drafts = verdicts
    findings.calls += 1
    findings.outcomes[published.outcome] += 1
    findings.reasons[published.rule, published.outcome, published.why] += 1
    at = call.known.at
    if at is None:
        findings.unknown["time"] += 1
    else:
        findings.by_hour[at.hour, published.outcome] += 1
    if call.known.position is None and "zip" not in call.answers:
        findings.unknown["location"] += 1
    for name in ("call_type", "caller_party"):
        if call.answers.get(name, UNKNOWN) == UNKNOWN:
            findings.unknown[name] += 1
    if call.answers.get("call_type", UNKNOWN) == UNKNOWN:
        known = call.said_type in findings.unknown_types
        has_room = known or len(findings.unknown_types) < MOST_KINDS
        findings.unknown_types[call.said_type if has_room else OTHER_TYPES] += 1
    for draft in drafts:
        findings.draft_outcomes[draft.outcome] += 1
        findings.draft_reasons[draft.rule, draft.outcome, draft.why] += 1
        if draft.outcome != published.outcome:
            findings.changes[published.outcome, draft.outcome] += 1
            if len(findings.shown_changes) < SHOWN_CHANGES:
                findings.shown_changes.append(Change(line, call, published, draft))


class _Written:
    """The files that a study writes row by row."""

    def __init__(
        self, opened: ExitStack, folder: Path, headings: list[str], *, has_draft: bool
    ) -> None:
        self._has_draft = has_draft
        self._calls = self._open(opened, folder / CALLS_FILE)
        draft = ("draft_outcome", "draft_rule", "changed") if has_draft else ()
        self._calls.writerow(("line", "id", "time", "type", "outcome", "rule", *draft))
        self._bad = self._open(opened, folder / BAD_ROWS_FILE)
        self._bad.writerow(("line", "why", *headings))

    def _open(self, opened: ExitStack, path: Path) -> Any:  # noqa: ANN401 - csv's writer has no name
        file: TextIO = opened.enter_context(path.open("w", encoding="utf-8", newline=""))
        return csv.writer(file)

    def call(self, line: int, call: PastCall, verdicts: list[Verdict]) -> None:
        at = call.known.at
        row = [line, _safe(call.id), at.isoformat() if at else "", _safe(call.said_type)]
        for verdict in verdicts:
            row += [verdict.outcome, verdict.rule]
        if self._has_draft:
            row.append("yes" if verdicts[0].outcome != verdicts[1].outcome else "no")
        self._calls.writerow(row)

    def bad(self, row: BadRow) -> None:
        self._bad.writerow((row.line, row.why, *map(_safe, row.fields)))


def _safe(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
