"""EL5: a year of calls with known answers, through the policy in force and a draft."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from router.cli import main
from router.policy.outcomes import Outcome
from router.programs.reading import EXAMPLES, from_stored, read_draft, read_file, to_stored
from router.studies import charts
from router.studies.what_if import Findings, study
from router.studies.what_if_report import render

PHOENIX = EXAMPLES / "phoenix.toml"
PROFILES = Path(__file__).parents[3] / "shared" / "data" / "profiles.json"
HEADINGS = ("id", "call_time", "nature", "party", "lat", "lng", "weapon", "crime", "medical")
DAY_AND_NIGHT = '[coverage.dispatcher]\nevery_day = ["00:00-24:00"]\n'
MAP = """
[columns]
caller_party = "party"
[values.call_type]
"MENTAL HEALTH CASE" = "mental_health"
"SUICIDE DELAY" = "suicidal"
"CHECK WELFARE" = "welfare_check"
"""


def draft(folder: Path) -> Path:
    """Phoenix's own policy with a dispatcher day and night."""
    text = PHOENIX.read_text(encoding="utf-8")
    path = folder / "draft.toml"
    path.write_text(DAY_AND_NIGHT + text[text.index("[[policy.rules]]") :], encoding="utf-8")
    return path


def year(weights: list[int], calls: int) -> Iterator[tuple[list[str], str, str]]:
    """So many calls spread over a year by the hour's weight: row, outcome, outcome in the draft."""
    random = Random(4)
    for number in range(calls):
        hour = random.choices(range(24), weights)[0]
        at = datetime(2025, 1, 1, hour, random.randrange(60)) + timedelta(random.randrange(365))  # noqa: DTZ001
        kind = random.choices(
            ("third", "first", "armed", "elsewhere", "untyped"), (10, 4, 2, 2, 982)
        )[0]
        nature = random.choice(("MENTAL HEALTH CASE", "SUICIDE DELAY", "CHECK WELFARE"))
        latitude, longitude = ("33.45", "-112.07") if kind != "elsewhere" else ("32.2", "-110.9")
        row = [
            str(number),
            f"{at:%m/%d/%Y %H:%M}",
            "TRAFFIC STOP" if kind == "untyped" else nature,
            "first" if kind == "first" else "third",
            latitude,
            longitude,
            "Y" if kind == "armed" else "N",
            "N",
            "N",
        ]
        closed = 2 <= hour < 6
        now, then = {
            "third": (Outcome.RETURN_TO_911 if closed else Outcome.TEAM, Outcome.TEAM),
            "first": (Outcome.CRISIS_LINE, Outcome.CRISIS_LINE),
            "armed": (Outcome.POLICE, Outcome.POLICE),
            "elsewhere": (Outcome.RETURN_TO_911, Outcome.RETURN_TO_911),
            "untyped": (Outcome.RETURN_TO_911, Outcome.RETURN_TO_911),
        }[kind]
        yield row, now, then


def played(tmp_path: Path, calls: list[tuple[list[str], str, str]]) -> tuple[Findings, Path]:
    file, columns = tmp_path / "year.csv", tmp_path / "columns.toml"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEADINGS, *(row for row, _now, _then in calls), ["cut", "off"]])
    columns.write_text(MAP, encoding="utf-8")
    program = read_file(PHOENIX)
    told: list[tuple[int, int, int]] = []
    findings = study(
        file,
        program,
        draft=read_draft(draft(tmp_path), program),
        map_file=columns,
        folder=tmp_path / "out",
        progress=lambda *far: told.append(far),
    )
    assert told[-1] == (len(calls), file.stat().st_size, file.stat().st_size)
    return findings, tmp_path / "out"


def test_el5_a_year_with_known_answers_is_counted_right(tmp_path: Path) -> None:
    if not PROFILES.exists():
        pytest.skip("needs ../shared/data/profiles.json, whose hours the year is shaped by")
    profile = json.loads(PROFILES.read_text(encoding="utf-8"))["decc"]
    weights = [profile["calls911_by_hour"][str(hour)] for hour in range(24)]
    calls = list(year(weights, 8000))
    findings, folder = played(tmp_path, calls)
    assert (findings.calls, findings.bad_rows) == (len(calls), 1)
    assert findings.outcomes == Counter(now for _row, now, _then in calls)
    assert findings.draft_outcomes == Counter(then for _row, _now, then in calls)
    changed = [row[0] for row, now, then in calls if now != then]
    assert changed
    assert findings.changes == {("return_to_911", "team"): len(changed)}
    assert findings.unknown_types == {
        "TRAFFIC STOP": sum(row[2] == "TRAFFIC STOP" for row, *_ in calls)
    }
    with (folder / "calls.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["id"] for row in written if row["changed"] == "yes"] == changed
    assert [row["outcome"] for row in written] == [now for _row, now, _then in calls]
    with (folder / "bad_rows.csv").open(encoding="utf-8", newline="") as file:
        (bad,) = csv.DictReader(file)
    assert (bad["line"], bad["id"]) == (str(len(calls) + 2), "cut")


def test_el5_the_report_shows_its_numbers_and_needs_no_network(tmp_path: Path) -> None:
    calls = list(year([1] * 24, 1500))
    findings, _folder = played(tmp_path, calls)
    page = render(findings, datetime(2026, 6, 1, tzinfo=UTC))
    assert page.count("<svg") == 2
    assert f'<td class="number">{findings.outcomes["team"]:,}</td>' in page
    assert f"decides {findings.changed:,} calls otherwise" in page
    assert "TRAFFIC STOP" in page
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)


def test_el5_text_of_the_file_cannot_become_part_of_the_page(tmp_path: Path) -> None:
    row = ["=1+1", "01/01/2025 10:00", "<script>alert(1)</script>", "third", "", "", "", "", ""]
    findings, folder = played(tmp_path, [(row, "", "")])
    page = render(findings, datetime(2026, 6, 1, tzinfo=UTC))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "'=1+1" in (folder / "calls.csv").read_text(encoding="utf-8")


def test_el5_the_command_prints_counts_by_outcome_and_reason_and_what_changes(
    tmp_path: Path,
) -> None:
    file, columns = tmp_path / "year.csv", tmp_path / "columns.toml"
    rows = [row for row, _now, _then in year([0, 0, 0, 5] + [1] * 20, 600)]
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEADINGS, *rows])
    columns.write_text(MAP, encoding="utf-8")
    options = ["--policy", draft(tmp_path), "--map", columns, "--out", tmp_path / "out"]
    done = CliRunner().invoke(
        main, ["what-if", str(file), "--program", str(PHOENIX), *map(str, options)]
    )
    assert done.exit_code == 0, done.output
    assert "600 calls, 0 rows that could not be read." in done.output
    assert re.search(r"outcome +in force +draft", done.output)
    assert "A weapon is present" in done.output
    assert re.search(r"return_to_911 +team", done.output)
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[policy]\n", "rules is missing"),
        ('title = "x"\n[policy]\n', "draft.toml, line 1: title is not part of a draft"),
        ("", "policy is missing"),
        ("[policy\n", "not valid TOML"),
    ],
)
def test_el5_a_draft_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "draft.toml").write_text(text, encoding="utf-8")
    (tmp_path / "calls.csv").write_text("type\nx\n", encoding="utf-8")
    arguments = [str(tmp_path / "calls.csv"), "--program", str(PHOENIX)]
    done = CliRunner().invoke(
        main, ["what-if", *arguments, "--policy", str(tmp_path / "draft.toml")]
    )
    assert done.exit_code == 1
    assert sentence in done.output


def test_el5_a_draft_goes_with_a_published_version_which_holds_no_numbers(tmp_path: Path) -> None:
    published = from_stored(to_stored(read_file(PHOENIX)))
    drafted = read_draft(draft(tmp_path), published)
    assert drafted.coverage["dispatcher"].every_day == ("00:00-24:00",)
    assert drafted.policy == published.policy
    whole = read_draft(PHOENIX, published)
    assert whole.coverage == published.coverage


def test_el5_a_report_without_a_diverted_call_says_so_instead_of_an_empty_chart(
    tmp_path: Path,
) -> None:
    (tmp_path / "calls.csv").write_text("type,time\nbaffling,2026-03-02 12:00\n", encoding="utf-8")
    options = ["--program", str(PHOENIX), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, ["what-if", str(tmp_path / "calls.csv"), *options])
    assert done.exit_code == 0, done.output
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "There are none by the policy in force." in report


def test_el5_a_program_that_nobody_knows_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["what-if", "x.csv", "--program", "atlantis"])
    assert done.exit_code == 1
    assert "Shipped are austin, durham, phoenix" in done.output


@pytest.mark.parametrize("most", [0, 1, 3, 7, 10, 99, 101, 12345])
def test_el5_a_chart_has_round_grid_lines(most: int) -> None:
    drawn = charts.hours("calls", {3: most}, "hour")
    labels = [int(label.replace(",", "")) for label in re.findall(r'"end" [^>]*>([\d,]+)<', drawn)]
    assert labels[0] == 0
    assert 2 <= len(labels) <= 7
    assert labels[-1] >= most
