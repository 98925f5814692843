"""Publishing: a version for good, lines that find their program, and the fail-safe's file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from router.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from router.policy.eligibility import CLINICIAN
from router.programs.document import ProgramDocument
from router.programs.reading import (
    EXAMPLES,
    ProgramFileError,
    read_file,
    read_text,
    to_stored,
)
from router.services.load_program import PublishedPrograms
from router.services.publish_program import Publication, publish_program, refresh_failsafe
from router.storage import programs
from router.storage.database import Sessions, make_sessions
from tests.programs.test_psaps import EAST

AUSTIN = (EXAMPLES / "austin.toml").read_text(encoding="utf-8")
NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)


@pytest.fixture
def sessions(own_engine: Engine) -> Sessions:
    return make_sessions(own_engine)


def austin(*changes: tuple[str, str]) -> ProgramDocument:
    text = AUSTIN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_text(text, "austin.toml")


def publish(sessions: Sessions, state_dir: Path, *changes: tuple[str, str]) -> Publication:
    return publish_program(
        sessions, austin(*changes), published_by="otto", state_dir=state_dir, now=NOW
    )


def failsafe(state_dir: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((state_dir / "failsafe.json").read_text(encoding="utf-8"))
    return content


def test_a_published_program_answers_its_numbers(sessions: Sessions, tmp_path: Path) -> None:
    assert publish(sessions, tmp_path).version == 1
    with sessions() as session:
        line = programs.find_line(session, "+15125550101")
        assert line is not None
        found = (line.program_id, line.program_version, line.name, line.kind)
        assert found == ("austin", 1, "transfer", "transfer")
        assert programs.find_line(session, "+15125550199") is None
        number = programs.find_return_number(session, "austin", "austin-second")
        assert number == "+15125550111"


def test_law4_the_fail_safes_file_knows_every_line_of_ours(
    sessions: Sessions, tmp_path: Path
) -> None:
    publish(sessions, tmp_path)
    outside = ["+15125550110", "+15125550111", "+15125550112"]
    ours = ["+15125550100", "+15125550101", "+15125550102", "+15125550103"]
    assert failsafe(tmp_path) == {"lines": dict.fromkeys(ours, outside), "default": outside}


def test_el1_a_call_keeps_the_version_it_began_with(sessions: Sessions, tmp_path: Path) -> None:
    publish(sessions, tmp_path)
    second = publish(
        sessions,
        tmp_path,
        ("waiting_seconds = 180", "waiting_seconds = 60"),
    )
    assert (second.version, second.is_new) == (2, True)
    published = PublishedPrograms()
    with sessions() as session:
        assert published.get(session, "austin", 1).program.waiting_seconds == 180
        assert published.get(session, "austin", 2).program.waiting_seconds == 60
        line = programs.find_line(session, "+15125550100")
        assert line is not None
        assert line.program_version == 2
        with pytest.raises(NotFoundError, match="austin has no version 3"):
            published.get(session, "austin", 3)


def test_el1_flows_ask_the_policy_of_the_calls_version(sessions: Sessions, tmp_path: Path) -> None:
    publish(sessions, tmp_path)
    with sessions() as session:
        decide = PublishedPrograms().get(session, "austin", 1).decide
    assert decide({"call_type": "suicidal", "caller_party": "first"}).outcome == CLINICIAN
    returned = decide({"asked_police": "yes"})
    assert (returned.outcome, returned.rule) == ("police", "asked_police")
    assert returned.request == "police"
    assert returned.sentence


LATER = ('name = "austin"', 'name = "austin"\neffective_from = 2126-01-01T08:00:00')
IN_FORCE_THEN = datetime(2126, 1, 1, 14, tzinfo=UTC)  # 8:00 in Chicago


def test_el1_a_version_that_starts_later_takes_effect_then(
    sessions: Sessions, tmp_path: Path
) -> None:
    publish(sessions, tmp_path)
    changed = (LATER, ("waiting_seconds = 180", "waiting_seconds = 60"))
    later = publish(sessions, tmp_path, *changed)
    assert (later.version, later.is_new, later.effective_at) == (2, True, IN_FORCE_THEN)
    assert not publish(sessions, tmp_path, *changed).is_new
    third = publish(sessions, tmp_path, ("waiting_seconds = 180", "waiting_seconds = 90"))
    assert (third.version, third.is_new) == (3, True)
    with sessions() as session:
        for at, version in (
            (None, 3),
            (IN_FORCE_THEN - timedelta(seconds=1), 3),
            (IN_FORCE_THEN, 2),
        ):
            line = programs.find_line(session, "+15125550101", at)
            assert line is not None
            assert line.program_version == version
            active = programs.find_active_version(session, "austin", at)
            assert active is not None
            assert active.version == version
        assert [one.version for one in programs.list_later_versions(session, "austin")] == [2]
        assert programs.find_line(session, "+15125550101", NOW - timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (("+15125550110", "+15125550117"), "telephone numbers"),
        (("wrap_up_seconds = 60", "wrap_up_seconds = 30"), "desks"),
        (('name = "second"', 'name = "other"'), "psap"),
    ],
)
def test_el1_what_holds_for_every_version_cannot_change_later(
    sessions: Sessions, tmp_path: Path, change: tuple[str, str], names: str
) -> None:
    publish(sessions, tmp_path)
    with pytest.raises(ConflictError, match=f"cannot change {names}: "):
        publish(sessions, tmp_path, LATER, change)


def test_el1_a_first_version_cannot_start_later(sessions: Sessions, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="not published yet"):
        publish(sessions, tmp_path, LATER)
    with sessions() as session:
        assert programs.list_programs(session) == []


@pytest.mark.parametrize("city", ["phoenix", "durham"])
def test_every_program_that_is_shipped_can_be_published(
    sessions: Sessions, tmp_path: Path, city: str
) -> None:
    document = read_file(EXAMPLES / f"{city}.toml")
    done = publish_program(sessions, document, published_by="otto", state_dir=tmp_path, now=NOW)
    assert done.version == 1
    with sessions() as session:
        found = PublishedPrograms().get(session, city, 1)
        assert found.program.name == city
        if document.crisis_line is not None:
            number = programs.find_return_number(session, city, document.crisis_line.id)
            assert number == document.crisis_line.number
            assert number not in failsafe(tmp_path)["default"]  # it is not 911
    again = publish_program(sessions, document, published_by="otto", state_dir=tmp_path, now=NOW)
    assert not again.is_new


def test_a_broken_file_never_replaces_a_good_one(sessions: Sessions, tmp_path: Path) -> None:
    publish(sessions, tmp_path)
    before = failsafe(tmp_path)
    with pytest.raises(ProgramFileError):
        publish(sessions, tmp_path, ('danger = ["yes", "unknown"]', 'danger = ["unknown"]'))
    assert failsafe(tmp_path) == before
    with sessions() as session:
        active = programs.find_active_version(session, "austin")
    assert active is not None
    assert active.version == 1


def test_publishing_the_same_again_is_no_new_version(sessions: Sessions, tmp_path: Path) -> None:
    publish(sessions, tmp_path)
    again = publish(sessions, tmp_path)
    assert (again.version, again.is_new) == (1, False)


def test_a_changed_number_is_a_new_version_and_reaches_the_file(
    sessions: Sessions, tmp_path: Path
) -> None:
    publish(sessions, tmp_path)
    changed = publish(
        sessions, tmp_path, ("+15125550110", "+15125550115"), ("+15125550100", "+15125550105")
    )
    assert changed.is_new
    content = failsafe(tmp_path)
    assert content["default"][0] == "+15125550115"
    assert set(content["lines"]) == {
        "+15125550105",
        "+15125550101",
        "+15125550102",
        "+15125550103",
    }


def test_two_programs_keep_their_own_911_lines_in_one_file(
    sessions: Sessions, tmp_path: Path
) -> None:
    publish(sessions, tmp_path)
    publish(sessions, tmp_path, ('name = "austin"', 'name = "dallas"'), ("+1512555", "+1214555"))
    content = failsafe(tmp_path)
    assert content["lines"]["+15125550100"][0] == "+15125550110"
    assert content["lines"]["+12145550100"][0] == "+12145550110"
    assert content["default"][0] == "+15125550110"


def test_a_number_of_another_program_is_refused_and_nothing_changes(
    sessions: Sessions, tmp_path: Path
) -> None:
    publish(sessions, tmp_path)
    before = failsafe(tmp_path)
    with pytest.raises(ConflictError, match="belongs to another line already"):
        publish(
            sessions,
            tmp_path,
            ('name = "austin"', 'name = "dallas"'),
            ("+15125550110", "+15125550117"),
        )
    assert failsafe(tmp_path) == before
    with sessions() as session:
        assert programs.list_programs(session) == ["austin"]


def test_law4_a_file_that_cannot_be_written_stops_the_publishing(
    sessions: Sessions, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    with pytest.raises(UnavailableError, match="Nothing was published"):
        publish(sessions, blocked)
    with sessions() as session:
        assert programs.list_programs(session) == []


def test_law4_another_machine_writes_the_file_from_what_is_published(
    sessions: Sessions, tmp_path: Path
) -> None:
    assert refresh_failsafe(sessions, tmp_path / "b") is None
    publish(sessions, tmp_path / "a")
    path = refresh_failsafe(sessions, tmp_path / "b")
    assert path == tmp_path / "b" / "failsafe.json"
    assert failsafe(tmp_path / "b") == failsafe(tmp_path / "a")


def test_a_new_911_centre_takes_the_place_of_the_old_in_the_file(
    sessions: Sessions, tmp_path: Path
) -> None:
    publish(sessions, tmp_path)
    publish(
        sessions,
        tmp_path,
        ('id = "austin"', 'id = "travis"'),
        ('id = "austin-', 'id = "travis-'),
        ("+15125550110", "+15125550118"),
    )
    assert failsafe(tmp_path)["default"][0] == "+15125550118"
    assert len(failsafe(tmp_path)["default"]) == 3


def test_what_is_stored_holds_no_number(sessions: Sessions, tmp_path: Path) -> None:
    publish(sessions, tmp_path)
    with sessions() as session:
        active = programs.find_active_version(session, "austin")
    assert active is not None
    assert active.document == to_stored(austin())
    assert "555" not in json.dumps(dict(active.document))
    assert active.effective_at == NOW


def test_a_number_that_is_none_never_reaches_the_file(sessions: Sessions, tmp_path: Path) -> None:
    broken = austin().model_copy(
        update={"lines": {"direct": austin().lines["direct"].model_copy(update={"number": "911"})}}
    )
    with pytest.raises(InvalidInputError):
        publish_program(sessions, broken, published_by="otto", state_dir=tmp_path)
    assert not (tmp_path / "failsafe.json").exists()


def test_re3_a_centre_s_lines_are_kept_with_their_addresses_and_the_fail_safe_dials_its_numbers(
    sessions: Sessions, tmp_path: Path
) -> None:
    at_east = ('kind = "transfer"', 'kind = "transfer"\npsap = "east"')
    document = read_text(AUSTIN.replace(*at_east, 1) + EAST, "austin.toml")

    def publish_it() -> Publication:
        return publish_program(sessions, document, published_by="otto", state_dir=tmp_path, now=NOW)

    assert publish_it().is_new
    assert not publish_it().is_new
    with sessions() as session:
        address = programs.find_return_number(session, "austin", "east-sip")
    assert address == (
        "sip:desk@east.example:5061"
        "?X-Incident=%7Bincident_number%7D&User-to-User=id%20%7Bcall_id%7D"
    )
    usual = ["+15125550110", "+15125550111", "+15125550112"]
    written = failsafe(tmp_path)
    assert written["psaps"] == {"austin.austin": usual, "austin.east": ["+15125550170"]}
    assert written["lines"]["+15125550101"] == ["+15125550170"]
    assert written["lines"]["+15125550100"] == written["default"] == usual


def test_re3_a_line_may_move_to_another_centre(sessions: Sessions, tmp_path: Path) -> None:
    publish(sessions, tmp_path)
    text = AUSTIN.replace('"austin-second"', '"austin-other"') + EAST
    moved = read_text(text.replace('"east-general"', '"austin-second"'), "austin.toml")
    publish_program(sessions, moved, published_by="otto", state_dir=tmp_path, now=NOW)
    with sessions() as session:
        assert programs.find_return_number(session, "austin", "austin-second") == "+15125550170"
