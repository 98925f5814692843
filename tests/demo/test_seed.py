"""The demo's people: the same after a second time, all on shift, none of them in production."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from router.config import Settings
from router.demo.seed import Seeded, seed, write_external
from router.errors import ForbiddenError
from router.policy.assignment import order
from router.policy.roster import examine
from router.services.edit_roster import list_standings
from router.storage import programs, roster, teams
from router.storage.database import Sessions, make_sessions
from router.storage.tables import metadata


@pytest.fixture
def sessions(own_engine: Engine) -> Sessions:
    return make_sessions(own_engine)


@pytest.fixture
def demo_settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"state_dir": tmp_path})


def sow(sessions: Sessions, settings: Settings) -> Seeded:
    with sessions.begin() as session:
        return seed(session, settings)


def counts(sessions: Sessions) -> dict[str, int]:
    with sessions() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def test_seeding_twice_changes_nothing(sessions: Sessions, demo_settings: Settings) -> None:
    first = sow(sessions, demo_settings)
    after_one = counts(sessions)
    assert sow(sessions, demo_settings) == first
    assert counts(sessions) == after_one
    assert after_one["program_versions"] == 1
    assert (after_one["people"], after_one["teams"]) == (17, 2)


def test_ro1_everyone_of_a_desk_is_free_at_any_hour(
    sessions: Sessions, demo_settings: Settings
) -> None:
    seeded = sow(sessions, demo_settings)
    standings = list_standings(sessions, "austin")
    assert {one.person_id for one in standings["clinicians"]} == {p.id for p in seeded.clinicians}
    assert len(standings["911"]) == 6
    assert {one.reason for desk in standings.values() for one in desk} == {"free"}
    for at in (datetime(2031, 3, 9, 8, 30, tzinfo=UTC), datetime(2031, 11, 2, 6, 30, tzinfo=UTC)):
        with sessions() as session:
            rows = roster.list_on_desk(session, "austin", "clinicians", at)
            assert all(one.is_free for one in examine(rows, at))
            on_duty = teams.list_teams(session, "austin", "none", at)
        assert [(team.id, team.on_shift, team.members) for team in on_duty] == [
            ("emcot-1", True, 2),
            ("emcot-2", True, 2),
        ]


def test_ro2_spanish_callers_find_spanish_speakers_first(
    sessions: Sessions, demo_settings: Settings
) -> None:
    sow(sessions, demo_settings)
    first_two = order(list_standings(sessions, "austin")["clinicians"], "es")[:2]
    assert {one.person_id for one in first_two} == {"carla", "cruz"}


def test_every_number_is_fictional_and_nobodys_twice(
    sessions: Sessions, demo_settings: Settings
) -> None:
    seeded = sow(sessions, demo_settings)
    staff = (*seeded.clinicians, *seeded.supervisors, *seeded.call_takers, *seeded.responders)
    numbers = [
        *seeded.lines.values(),
        *seeded.outside_lines.values(),
        *(person.number for person in staff),
        *(seeded.caller_number(count) for count in range(1, 81)),
    ]
    assert all(re.fullmatch(r"\+1(512|737)55501\d\d", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert seeded.caller_number(81) == seeded.caller_number(1) == "+15125550160"
    assert set(seeded.lines) == {"direct", "transfer", "emergency", "front_door"}


def test_law4_the_fail_safe_knows_the_demos_lines(
    sessions: Sessions, demo_settings: Settings
) -> None:
    seeded = sow(sessions, demo_settings)
    content = json.loads((demo_settings.state_dir / "failsafe.json").read_text(encoding="utf-8"))
    assert set(content["lines"]) == set(seeded.lines.values())
    assert content["default"] == list(seeded.outside_lines.values())
    with sessions() as session:
        assert programs.find_line(session, seeded.lines["transfer"]) is not None


def test_an_installation_in_production_is_left_alone(
    sessions: Sessions, demo_settings: Settings
) -> None:
    production = demo_settings.model_copy(update={"env": "production"})
    with pytest.raises(ForbiddenError, match="production"):
        sow(sessions, production)
    assert counts(sessions)["people"] == 0


def test_re3_the_demo_runs_with_an_external_911_centre_too(
    sessions: Sessions, demo_settings: Settings, tmp_path: Path
) -> None:
    file = write_external(tmp_path / "external.toml")
    with sessions.begin() as session:
        seeded = seed(session, demo_settings, file)
    standings = list_standings(sessions, "austin")
    assert standings["911"] == []
    assert len(standings["clinicians"]) == 4
    assert list(seeded.outside_lines) == ["priority", "second", "general"]
