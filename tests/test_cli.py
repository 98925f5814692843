"""The switchback command: what it prints, and a sentence instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import Engine, text

from router.cli import main
from router.config import Settings, variable_of
from router.programs.reading import EXAMPLES
from router.storage import presence
from router.storage.database import make_sessions

AUSTIN = EXAMPLES / "austin.toml"
Run = Callable[..., Result]


def environment(settings: Settings) -> dict[str, str]:
    """Variables that say what the settings say."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return {
        variable_of(name): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }


def runner(settings: Settings, database_url: str, state_dir: Path) -> Run:
    update = {"database_url": SecretStr(database_url), "state_dir": state_dir}
    variables = environment(settings.model_copy(update=update))

    def run(*arguments: str) -> Result:
        return CliRunner(env=variables).invoke(main, list(arguments))

    return run


@pytest.fixture
def switchback(settings: Settings, own_database_url: str, tmp_path: Path) -> Run:
    return runner(settings, own_database_url, tmp_path / "state")


@pytest.fixture
def staffed(switchback: Run) -> Run:
    """A roster of one clinician around the clock, not signed on."""
    assert switchback("program", "publish", str(AUSTIN)).exit_code == 0
    result = switchback(
        *("roster", "add", "ana", "--name", "Ana Example", "--phone", "512-555-0120"),
        *("--role", "clinician", "--language", "en,es", "--desk", "clinicians"),
        *("--days", "daily", "--from", "00:00", "--to", "24:00"),
    )
    assert result.output == "ana is on the roster of austin: clinicians.\n"
    return switchback


def test_a_file_is_checked_without_a_database(settings: Settings, tmp_path: Path) -> None:
    switchback = runner(settings, "postgresql://nobody@127.0.0.1:1/none", tmp_path)
    result = switchback("program", "validate", str(AUSTIN))
    assert result.exit_code == 0
    assert result.output == (
        "austin.toml is right: Austin Crisis Call Diversion, 4 lines, 3 desks, "
        "3 lines of 911 outside.\n"
    )


def test_a_broken_file_is_refused_line_by_line_and_nothing_is_published(
    switchback: Run, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(
        AUSTIN.read_text(encoding="utf-8")
        .replace('kind = "direct"', 'kind = "x"')
        .replace("decide_seconds = 25", "decide_seconds = 1"),
        encoding="utf-8",
    )
    for verb in ("validate", "publish"):
        result = switchback("program", verb, str(broken))
        assert result.exit_code == 1
        assert "broken.toml, line 22: lines.direct.kind should be" in result.output
        assert "timings.decide_seconds should be at least 5" in result.output
        assert "Traceback" not in result.output
    assert "No program is published" in switchback("program", "list").output
    assert not (tmp_path / "state" / "failsafe.json").exists()


def test_a_broken_file_never_replaces_a_good_one(switchback: Run, tmp_path: Path) -> None:
    switchback("program", "publish", str(AUSTIN))
    before = (tmp_path / "state" / "failsafe.json").read_text(encoding="utf-8")
    broken = tmp_path / "broken.toml"
    broken.write_text(
        AUSTIN.read_text(encoding="utf-8").replace("+15125550110", "911"), encoding="utf-8"
    )
    assert switchback("program", "publish", str(broken)).exit_code == 1
    assert (tmp_path / "state" / "failsafe.json").read_text(encoding="utf-8") == before
    assert "austin   1 " in switchback("program", "list").output


def test_publishing_says_which_version_is_in_force(switchback: Run, tmp_path: Path) -> None:
    result = switchback("program", "publish", str(AUSTIN), "--by", "otto")
    assert "austin: version 1 is in force for new calls." in result.output
    result = switchback("program", "publish", str(AUSTIN))
    assert "version 1 says the same; nothing to publish" in result.output
    (tmp_path / "state" / "failsafe.json").unlink()
    assert switchback("program", "failsafe").exit_code == 0
    assert (tmp_path / "state" / "failsafe.json").exists()


def test_ro1_the_roster_shows_who_is_free_and_why_others_are_not(staffed: Run) -> None:
    assert "on shift, but not signed on" in staffed("roster", "list").output
    result = staffed("roster", "on", "ana")
    assert result.output == "ana is signed on; desk clinicians: free.\n"
    listed = staffed("roster", "list", "--desk", "clinicians").output
    assert "austin, desk clinicians: 1 of 1 free" in listed
    assert "ana" in listed
    assert "en es" in listed
    assert staffed("roster", "pause", "ana", "--reason", "lunch").exit_code == 0
    assert "paused: lunch" in staffed("roster", "list").output
    assert "desk clinicians: free" in staffed("roster", "resume", "ana").output
    assert staffed("roster", "off", "ana").output == "ana is signed off.\n"


def test_ro7_signing_off_on_a_call_says_so(staffed: Run, own_engine: Engine) -> None:
    staffed("roster", "on", "ana")
    with make_sessions(own_engine).begin() as session:
        row = presence.find_presence(session, "ana")
        assert row is not None
        assert row.signed_on_at is not None
        presence.claim_people(session, ["ana"], "call1", row.signed_on_at)
    assert "on a call" in staffed("roster", "list").output
    assert "on a call to its end" in staffed("roster", "off", "ana").output


def test_shifts_are_shown_added_and_taken_off(staffed: Run) -> None:
    result = staffed(
        *("roster", "shift", "ana", "clinicians", "--days", "fri sat"),
        *("--from", "22:00", "--to", "06:00"),
    )
    assert result.exit_code == 0
    listed = staffed("roster", "shifts", "ana").output
    assert "daily    00:00 to 00:00  America/Chicago" in listed
    assert "fri sat  22:00 to 06:00  America/Chicago" in listed
    for number in [line.split()[0] for line in listed.splitlines()[1:]]:
        assert staffed("roster", "unshift", number).exit_code == 0
    assert staffed("roster", "shifts", "ana").output == "ana has no shifts.\n"
    assert "not on shift" in staffed("roster", "list").output


def test_a_spreadsheet_is_taken_whole_or_not_at_all(staffed: Run, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    header = "id,name,phone,roles,desks,days,from,to\n"
    good = "bo,Bo Example,512-555-0121,clinician,clinicians,mon-fri,08:00,16:00\n"
    bad = "cy,Cy Example,12,boss,clinicians,,,\n"
    file.write_text(header + good + bad, encoding="utf-8")
    result = staffed("roster", "import", str(file))
    assert result.exit_code == 1
    assert "line 3: phone is no telephone number" in result.output
    assert "bo " not in staffed("people", "list").output
    file.write_text(header + good, encoding="utf-8")
    assert "1 person of roster.csv" in staffed("roster", "import", str(file)).output
    assert "bo " in staffed("people", "list").output


def test_people_are_listed_without_their_numbers_and_may_be_removed(staffed: Run) -> None:
    listed = staffed("people", "list").output
    assert "…20" in listed
    assert "555" not in listed
    assert staffed("people", "remove", "ana").output == "ana is off every roster.\n"
    assert "removed" in staffed("people", "list").output
    assert "taken off the roster" in staffed("roster", "on", "ana").output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("roster", "on", "zed"), 'nobody with the id "zed"'),
        (("roster", "list", "--program", "dallas"), 'no program "dallas". There is austin.'),
        (("roster", "list", "--desk", "night"), 'no desk "night"; there are 911, clinicians'),
        (("roster", "import", "/no/such.csv"), "cannot be read: No such file"),
        (("program", "publish", "/no/such.toml"), "cannot be read: No such file"),
        (("roster", "add", "B!", "--name", "B", "--role", "clinician"), "lower-case letters"),
        (
            ("roster", "add", "b", "--name", "B", "--role", "supervisor", "--days", "daily"),
            "desk: is missing; a shift is on a desk",
        ),
        (
            (
                *("roster", "add", "b", "--name", "B", "--role", "clinician"),
                *("--desk", "clinicians", "--phone", "5125550121", "--days", "daily"),
            ),
            "--from: is missing",
        ),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    staffed: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    result = staffed(*arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert sentence in result.output


def test_an_installation_without_a_program_says_what_to_do(switchback: Run) -> None:
    assert "switchback program publish FILE" in switchback("roster", "list").output
    result = switchback("program", "failsafe")
    assert (result.exit_code, "No program is published" in result.output) == (1, True)


def test_a_file_in_another_encoding_is_a_sentence(staffed: Run, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes(b"id,name\n\xff\xfe")
    assert "not text in UTF-8" in staffed("roster", "import", str(tmp_path / "roster.csv")).output


def test_a_database_that_is_away_is_a_sentence_and_no_secret(
    settings: Settings, tmp_path: Path
) -> None:
    switchback = runner(settings, "postgresql://nobody:hush@127.0.0.1:1/none", tmp_path)
    result = switchback("roster", "list")
    assert result.exit_code == 1
    assert "The database cannot be reached" in result.output
    assert "hush" not in result.output


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    result = CliRunner(env={"DATABASE_URL": ""}).invoke(main, ["roster", "list"])
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.output


def test_el4_a_protocol_is_checked_submitted_reviewed_by_another_and_published(
    staffed: Run,
) -> None:
    file = str(EXAMPLES / "protocols" / "austin_suicidal_thoughts.toml")
    assert "5 questions, 4 outcomes, in en, es" in staffed("protocol", "check", file).output
    assert "There is no protocol" in staffed("protocol", "list").output
    assert "draft 1" in staffed("protocol", "submit", file, "--by", "maria").output
    name = ("suicidal_thoughts", "1", "--by")
    refused = staffed("protocol", "review", *name, "maria")
    assert refused.exit_code == 1
    assert "somebody else has to review it" in refused.output
    assert staffed("protocol", "review", *name, "dev").exit_code == 0
    assert "in force" in staffed("protocol", "publish", *name, "maria").output
    assert "in force" in staffed("protocol", "list").output


def test_in8_a_number_is_blocked_listed_and_removed(staffed: Run) -> None:
    added = staffed("block", "add", "512-555-0199", "--reason", "Pranks", "--by", "otto")
    assert added.output.startswith("…99 is on the list until ")
    assert "otto  Pranks" in staffed("block", "list").output
    assert "+15125550199" not in staffed("block", "list").output
    assert "off the list" in staffed("block", "remove", "512-555-0199").output
    assert staffed("block", "list").output == "No number is on the list.\n"
    assert staffed("block", "add", "nobody", "--reason", "x").exit_code == 1


def test_re2_the_report_of_queue_skip_shows_each_day_and_all(
    switchback: Run, own_engine: Engine
) -> None:
    assert switchback("program", "publish", str(AUSTIN)).exit_code == 0
    empty = switchback("report", "queue-skip", "--since", "2026-06-01")
    assert empty.output == "Nobody has waited for the desk 911 since 2026-06-01.\n"
    waits = [("r", 100, 90, 100), ("a", 0, 0, 160), ("b", 0, 10, 250), ("c", 0, 86400, 86430)]
    with own_engine.begin() as connection:
        for name, priority, came, left in waits:
            connection.execute(
                text(
                    "WITH one AS (INSERT INTO calls (id, program_id, program_version, line, "
                    "caller_sid, version, stage, opened_at, stage_at, state) VALUES (:id, "
                    "'austin', 1, 'direct', :id, 1, 'closed', now(), now(), '{}')) "
                    "INSERT INTO queue_visits VALUES (:id, '911', :zero + :came * interval '1 s', "
                    "'austin', :priority, :zero + :left * interval '1 s', true, 0)"
                ),
                {
                    "id": name,
                    "zero": datetime(2026, 6, 1, 18, tzinfo=UTC),
                    "came": came,
                    "left": left,
                    "priority": priority,
                },
            )
    shown = switchback("report", "queue-skip", "--program", "austin", "--since", "2026-06-01")
    lines = shown.output.splitlines()
    assert lines[1].split() == [
        *("2026-06-01", "1", "10.0", "s", "2", "200.0", "s", "2", "0", "75.00")
    ]
    assert lines[2].split()[:3] == ["2026-06-02", "0", "0.0"]
    assert lines[3].split() == ["overall", "1", "10.0", "s", "3", "143.3", "s", "2", "0", "50.00"]
    wrong = switchback("report", "queue-skip", "--since", "yesterday")
    assert wrong.exit_code == 2
    assert "does not match the format" in wrong.output


def test_re2_a_program_whose_911_is_outside_has_no_line_to_report(
    switchback: Run, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.toml"
    outside.write_text(
        AUSTIN.read_text(encoding="utf-8")
        .replace('desk = "911"\n', "")
        .replace('kind = "psap"', 'kind = "direct"'),
        encoding="utf-8",
    )
    assert switchback("program", "publish", str(outside)).exit_code == 0
    shown = switchback("report", "queue-skip")
    assert shown.exit_code == 1
    assert "has no 911 desk of its own" in shown.output
