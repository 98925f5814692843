"""A roster from a spreadsheet is taken whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from router.errors import InvalidInputError
from router.policy.shift import EVERY_DAY, Shift
from router.programs.reading import EXAMPLES, read_file
from router.services.edit_roster import ROLES, list_standings
from router.services.import_roster import (
    RosterFileError,
    import_roster,
    parse_clock,
    parse_days,
)
from router.services.publish_program import publish_program
from router.storage import people
from router.storage.database import Sessions, make_sessions

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)
HEADER = "id,name,phone,roles,languages,desks,credentials,days,from,to"
GOOD = f"""{HEADER}
ana,Ana Example,512-555-0120,clinician,en es,clinicians,,mon-fri,08:00,16:00
ana,Ana Example,512-555-0120,clinician,en es,clinicians,,sat sun,22:00,06:00

bo,Bo Example,512-555-0121,clinician supervisor,en,clinicians,state_license,daily,00:00,24:00
cy,Cy Example,,supervisor,,,,,,
"""


@pytest.fixture
def sessions(own_engine: Engine, tmp_path: Path) -> Sessions:
    sessions = make_sessions(own_engine)
    document = read_file(EXAMPLES / "austin.toml")
    publish_program(sessions, document, published_by="otto", state_dir=tmp_path, now=NOW)
    return sessions


def faults_of(sessions: Sessions, text: str) -> tuple[str, ...]:
    with pytest.raises(RosterFileError) as caught:
        import_roster(sessions, "austin", text)
    with sessions() as session:
        assert people.list_people(session, "austin") == []
    return caught.value.faults


def test_everyone_in_the_file_is_on_the_roster_with_their_shifts(sessions: Sessions) -> None:
    assert import_roster(sessions, "austin", GOOD) == ["ana", "bo", "cy"]
    with sessions() as session:
        shifts = [(desk, shift) for _id, desk, shift in people.list_shifts(session, "ana")]
        bo = people.find_person(session, "bo")
    zone = "America/Chicago"
    assert shifts == [
        ("clinicians", Shift(zone, frozenset(range(5)), time(8), time(16))),
        ("clinicians", Shift(zone, frozenset({5, 6}), time(22), time(6))),
    ]
    assert bo is not None
    assert (bo.roles, bo.credentials) == (("clinician", "supervisor"), ("state_license",))
    desk = list_standings(sessions, "austin", now=NOW)["clinicians"]
    assert [one.reason for one in desk] == ["on shift, but not signed on"] * 2


def test_the_same_file_again_changes_nothing_and_another_replaces_shifts(
    sessions: Sessions,
) -> None:
    import_roster(sessions, "austin", GOOD)
    with sessions() as session:
        before = people.list_shifts(session, "ana")
    import_roster(sessions, "austin", GOOD)
    with sessions() as session:
        assert people.list_shifts(session, "ana") == before
    import_roster(sessions, "austin", GOOD.replace("08:00,16:00", "09:00,17:00"))
    with sessions() as session:
        after = people.list_shifts(session, "ana")
        assert len(people.list_shifts(session, "bo")) == 1
    assert after[0] == before[1]
    assert after[1][2].starts == time(9)


def test_a_spreadsheets_marks_and_capitals_in_the_header_do_no_harm(sessions: Sessions) -> None:
    text = "\ufeff" + GOOD.replace(HEADER, HEADER.title()).replace("\n", "\r\n")
    assert import_roster(sessions, "austin", text) == ["ana", "bo", "cy"]


def test_every_bad_row_is_listed_with_its_line_and_none_is_kept(sessions: Sessions) -> None:
    text = f"""{HEADER}
ana,Ana Example,512-555-0120,clinician,en,clinicians,,mon-fri,08:00,16:00
bo,Bo Example,12,clinician,en,clinicians,,,,
cy,Cy Example,512-555-0122,boss,en,,,,,
di,Di Example,512-555-0123,clinician,en,clinicians,,mon-fri,8 am,16:00
ed,Ed Example,512-555-0124,clinician,en,clinicians,,mon-fri,,16:00
flo,Flo Example,512-555-0120,clinician,en,clinicians,,,,
ana,Ana Other,512-555-0120,clinician,en,clinicians,,,,
gil,Gil Example,512-555-0125,supervisor,en,,,daily,08:00,16:00
hal,Hal Example,512-555-0126,clinician,en,clinicians,,someday,08:00,16:00
"""
    assert faults_of(sessions, text) == (
        "line 3: phone is no telephone number; write one like +15125550120",
        f"line 4: roles should be one or more of {', '.join(sorted(ROLES))}",
        'line 5: from "8 am" should be a time like 07:30',
        "line 6: from is missing; a shift has days, from and to",
        "line 7: phone is the one on line 2 too",
        "line 8: says something else of ana than line 2",
        "line 9: desks is missing; a shift is on a desk",
        'line 10: days "someday" should be like daily, mon-fri or sat sun',
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'the column "id" is missing'),
        ("id,name,roles,shoes\n", 'the column "shoes" is unknown'),
        (f"{HEADER}\n", "names nobody"),
        (f"{HEADER}\nana,b,c,d,e,f,g,h,i,j,k\n", "more cells than"),
        (f"{HEADER}\n{'x' * 200_000}\n", "is not CSV"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(
    sessions: Sessions, text: str, sentence: str
) -> None:
    assert any(sentence in fault for fault in faults_of(sessions, text))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily", EVERY_DAY),
        ("mon-fri", frozenset(range(5))),
        ("Fri-Mon", frozenset({4, 5, 6, 0})),
        ("mon;wed sunday", frozenset({0, 2, 6})),
        ("tue", frozenset({1})),
    ],
)
def test_days_are_understood(text: str, days: frozenset[int]) -> None:
    assert parse_days(text) == days


def test_midnight_may_be_written_as_the_end_of_the_day() -> None:
    assert parse_clock("to", "24:00") == time(0)
    assert parse_clock("to", "7:05") == time(7, 5)
    for wrong in ("25:00", "12", "12:60", ""):
        with pytest.raises(InvalidInputError):
            parse_clock("to", wrong)
