"""A what-if study as one page of HTML that needs no network: charts, and their numbers beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from router.policy.outcomes import EMERGENCY, URGENCY
from router.studies import charts
from router.studies.what_if import SHOWN_TYPES, Findings

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.2rem}
table{border-collapse:collapse;margin:.8rem 0}
th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid #ccc;vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td{white-space:nowrap}td.text{white-space:normal}
svg{width:100%;height:auto;display:block}.grid{stroke:#ddd}
.lead{color:#444;margin-top:0}.scroll{overflow-x:auto}
"""
LONG_TEXT = 30  # letters, from which a cell may be broken into lines
NAMES = {
    "call_type": "the call's type",
    "caller_party": "who the caller is to the person",
    "time": "the time",
    "location": "the location",
}


def render(findings: Findings, made_at: datetime) -> str:
    """The report; `made_at` is when, for its heading."""
    title = f"What if: {findings.source}, {findings.program}"
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="lead">Made on {made_at:%B %d, %Y at %H:%M %Z}. {_lead(findings)}</p>',
            _outcomes(findings),
            _changes(findings),
            _reasons(findings),
            _hours(findings),
            _unknowns(findings),
            _bad_rows(findings),
            _method(findings),
            "</body></html>",
        )
    )


def _lead(findings: Findings) -> str:
    diverted = sum(
        number for outcome, number in findings.outcomes.items() if outcome not in EMERGENCY
    )
    text = (
        f"{findings.calls:,} calls were decided. The policy in force would send "
        f"{diverted:,} ({_share(diverted, findings.calls)}) to somebody other than 911."
    )
    if not findings.has_draft:
        return text
    drafted = sum(
        number for outcome, number in findings.draft_outcomes.items() if outcome not in EMERGENCY
    )
    return (
        f"{text} The draft would send {drafted:,} ({_share(drafted, findings.calls)}), "
        f"and decides {findings.changed:,} calls otherwise."
    )


def _outcomes(findings: Findings) -> str:
    names = sorted(
        {*findings.outcomes, *findings.draft_outcomes},
        key=lambda outcome: (URGENCY[outcome], outcome),
    )
    series = ("in force", "draft") if findings.has_draft else ("in force",)
    rows = [
        (_words(name), _numbers(findings, findings.outcomes[name], findings.draft_outcomes[name]))
        for name in names
    ]
    chart = charts.bars("Calls by outcome", rows, series)
    table = _table(
        ("outcome", *(f"calls, {one}" for one in series), "share, in force"),
        [(label, *numbers, _share(numbers[0], findings.calls)) for label, numbers in rows],
    )
    return f"<h2>By outcome</h2>{chart}{table}"


def _changes(findings: Findings) -> str:
    if not findings.has_draft:
        return ""
    if not findings.changed:
        return "<h2>What changes</h2><p>No call changes its outcome.</p>"
    kinds = _table(
        ("in force", "draft", "calls"),
        [(*map(_words, kind), number) for kind, number in findings.changes.most_common()],
    )
    shown = _table(
        ("line", "type in the file", "in force", "draft", "why, in the draft"),
        [
            (
                str(one.line),
                one.call.said_type,
                _words(one.published.outcome),
                _words(one.draft.outcome),
                one.draft.why,
            )
            for one in findings.shown_changes
        ],
    )
    note = (
        f"The first {len(findings.shown_changes)} of {findings.changed:,}; "
        "every call stands in calls.csv."
    )
    listed = f"<details><summary>Call by call</summary><p>{note}</p>{shown}</details>"
    return f"<h2>What changes</h2>{kinds}{listed}"


def _reasons(findings: Findings) -> str:
    out = "<h2>By reason</h2>"
    out += _reason_table("The policy in force", findings.reasons, findings.calls)
    if findings.has_draft:
        out += _reason_table("The draft", findings.draft_reasons, findings.calls)
    return out


def _reason_table(caption: str, reasons: Counter[tuple[str, str, str]], calls: int) -> str:
    rows = [
        (why, _words(outcome), number, _share(number, calls))
        for (_rule, outcome, why), number in reasons.most_common()
    ]
    table = _table(("reason", "outcome", "calls", "share"), rows)
    return f"<h3>{escape(caption)}</h3>{table}"


def _hours(findings: Findings) -> str:
    diverted: Counter[int] = Counter()
    everything: Counter[int] = Counter()
    for (hour, outcome), number in findings.by_hour.items():
        everything[hour] += number
        if outcome not in EMERGENCY:
            diverted[hour] += number
    if not everything:
        return ""
    title = "Calls that would not go to 911, by hour of the day"
    if not diverted:
        return f"<h2>{title}</h2><p>There are none by the policy in force.</p>"
    note = "hour of the day, local time; the policy in force"
    chart = charts.hours(title, diverted, note)
    table = _table(
        ("hour", "not to 911", "all calls"),
        [(f"{hour}:00", diverted[hour], everything[hour]) for hour in range(24)],
    )
    details = f"<details><summary>The numbers</summary>{table}</details>"
    return f"<h2>{title}</h2>{chart}{details}"


def _unknowns(findings: Findings) -> str:
    rows = [
        (NAMES[name], findings.unknown[name], _share(findings.unknown[name], findings.calls))
        for name in NAMES
        if findings.unknown[name]
    ]
    if not rows:
        return ""
    out = (
        "<h2>What is not known</h2><p>What the file does not say is not known, and never counts as "
        "no: the rule that then applied is among the reasons above.</p>"
        + _table(("not known", "calls", "share"), rows)
    )
    if findings.unknown_types:
        types = [
            (said or "(empty)", number)
            for said, number in findings.unknown_types.most_common(SHOWN_TYPES)
        ]
        out += (
            "<h3>Types that the policy does not know</h3><p>A map file may say what they mean.</p>"
            + _table(("type in the file", "calls"), types)
        )
    return out


def _bad_rows(findings: Findings) -> str:
    if not findings.bad_rows:
        return ""
    rows = [(str(one.line), one.why) for one in findings.first_bad[:SHOWN_TYPES]]
    return (
        f"<h2>Rows that could not be read</h2><p>{findings.bad_rows:,}, kept aside in "
        "bad_rows.csv. The first are:</p>" + _table(("line", "why"), rows)
    )


def _method(findings: Findings) -> str:
    columns = "; ".join(
        f'{escape(name)} from "{escape(heading)}"'
        for name, heading in sorted(findings.columns.items())
    )
    return (
        "<h2>How this was made</h2><p>Each row of the file is taken for one call and decided by "
        "the policy alone; whether a clinician was free is not known. "
        f"Columns: {columns or 'none'}. The file is {escape(findings.encoding)}.</p>"
    )


def _numbers(findings: Findings, published: int, draft: int) -> tuple[int, ...]:
    return (published, draft) if findings.has_draft else (published,)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    listed = list(rows)
    numeric = [
        all(isinstance(row[index], int) or str(row[index]).endswith("%") for row in listed)
        for index in range(len(headings))
    ]

    def cell(tag: str, text: str | int, index: int) -> str:
        shown = f"{text:,}" if isinstance(text, int) else escape(text)
        is_long = tag == "td" and not isinstance(text, int) and len(text) > LONG_TEXT
        kind = ' class="number"' if numeric[index] else ' class="text"' if is_long else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{kind}>{shown}</{tag}>"

    head = "".join(cell("th", text, index) for index, text in enumerate(headings))
    body = "".join(
        f"<tr>{''.join(cell('td', text, index) for index, text in enumerate(row))}</tr>"
        for row in listed
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _words(outcome: str) -> str:
    return outcome.replace("_", " ").replace("ems", "EMS")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"
