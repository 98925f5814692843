"""EL2: areas, hours, holidays and ages in a program file; each mistake a sentence with its line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from router.policy.eligibility import Circumstances, decide
from router.programs.reading import (
    EXAMPLES,
    ProgramFileError,
    from_stored,
    read_file,
    read_text,
    to_policy,
    to_stored,
)

PHOENIX = (EXAMPLES / "phoenix.toml").read_text(encoding="utf-8")
HOURS = 'every_day = ["06:00-02:00"]'
HOLIDAY = '[[holidays]]\nname = "Christmas"\nmonth = 12\n'
DOWNTOWN = (-112.07, 33.45)
THIRD = {"call_type": "mental_health", "caller_party": "third", "crime": "no", "medical": "no"}


def with_area(area: str) -> str:
    start = PHOENIX.index("[areas.city]")
    end = PHOENIX.index("# Seven days a week")
    return f"{PHOENIX[:start]}[areas.city]\n{area}\n\n{PHOENIX[end:]}"


def square(size: float = 1.0) -> list[list[float]]:
    west, south = -112.5, 33.0
    return [
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
        [west, south],
    ]


POLYGON: dict[str, Any] = {"type": "Polygon", "coordinates": [square()]}


@pytest.mark.parametrize(
    "geojson",
    [
        POLYGON,
        {"type": "MultiPolygon", "coordinates": [[square()], [square(0.1)]]},
        {"type": "Feature", "properties": {}, "geometry": POLYGON},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": POLYGON}]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
        {"type": "Polygon", "coordinates": [[[*position, 300.0] for position in square()]]},
    ],
    ids=lambda geojson: str(geojson["type"]),
)
def test_el2_an_area_in_geojson_beside_the_file_becomes_part_of_the_version(
    tmp_path: Path, geojson: dict[str, Any]
) -> None:
    (tmp_path / "city.geojson").write_text(json.dumps(geojson), encoding="utf-8")
    path = tmp_path / "phoenix.toml"
    path.write_text(with_area('file = "city.geojson"'), encoding="utf-8")
    document = read_file(path)
    (tmp_path / "city.geojson").unlink()
    policy = to_policy(from_stored(json.loads(json.dumps(to_stored(document)))), 1)
    at = datetime(2026, 6, 3, 20, tzinfo=UTC)
    inside = decide(policy, THIRD, Circumstances(at=at, position=DOWNTOWN))
    outside = decide(policy, THIRD, Circumstances(at=at, position=(-110.0, 33.0)))
    assert (inside.outcome, outside.rule) == ("team", "outside_area")


@pytest.mark.parametrize(
    ("area", "file", "sentence"),
    [
        ('file = "none.geojson"', "", '"none.geojson" cannot be read: No such file'),
        ('file = "a.geojson"', "{", "cannot be read: Expecting property name"),
        ('file = "a.geojson"', '{"type": "Point"}', "a Polygon or a MultiPolygon, not Point"),
        ('file = "a.geojson"', "[]", "a Polygon or a MultiPolygon, not None"),
        ('file = "a.geojson"', '{"type": "Feature"}', "the Feature has no geometry"),
        ('file = "a.geojson"', '{"type": "Polygon", "coordinates": 3}', "are not lists of"),
        ("file = 3", "", "should be the name of a GeoJSON file"),
        ('file = "a.geojson"\npolygons = []', "", "cannot be given together with polygons"),
        ("", "", "areas.city needs polygons, zips, or a file in GeoJSON"),
        ('zips = ["850x"]', "", "areas.city.zips[1]"),
        ("polygons = [[[[1, 2], [3, 4]]]]", "", "four positions at least"),
        ("polygons = [[[[1, 2], [3, 4], [5, 6], [7, 8]]]]", "", "must end where it begins"),
        ("polygons = [[[[33, -112], [33, -111], [34, -111], [33, -112]]]]", "", "longitude comes"),
        ("polygons = [[]]", "", "a polygon without a ring"),
    ],
)
def test_el2_an_area_that_is_none_is_refused_with_its_line(
    tmp_path: Path, area: str, file: str, sentence: str
) -> None:
    if file:
        (tmp_path / "a.geojson").write_text(file, encoding="utf-8")
    text = with_area(area)
    with pytest.raises(ProgramFileError) as caught:
        read_text(text, "phoenix.toml", tmp_path)
    fault = next((one for one in caught.value.faults if sentence in one), None)
    expected = text[: text.index("[areas.city]")].count("\n") + 1
    if sentence == "longitude comes" and fault is None:
        return  # -112 is no latitude, 33 may be a longitude: told as a place that is none
    assert fault is not None, caught.value.faults
    assert expected <= int(fault.split("line ")[1].split(":")[0]) <= expected + 2


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (HOURS, 'every_day = ["6-2"]', 'hours such as "06:00-02:00"'),
        (HOURS, 'every_day = ["06:00-25:00"]', 'hours such as "06:00-02:00"'),
        (HOURS, "every_day = []", "is never open"),
        (HOURS, "", "is never open"),
        (HOURS, f"{HOURS}\nmondays = []", 'did you mean "monday"'),
        (HOURS, f"{HOURS}\nexceptions = {{ 2026-02-30 = [] }}", "is no date of the calendar"),
        (HOURS, f"{HOURS}\nexceptions = {{ christmas = [] }}", "exceptions.christmas"),
        ("[[staffing]]", f"{HOLIDAY}\n[[staffing]]", "either a day, or a weekday"),
        ("[[staffing]]", f"{HOLIDAY}day = 32\n[[staffing]]", "should be at most 31"),
        ("[[staffing]]", f'{HOLIDAY}weekday = "monday"\n[[staffing]]', "weekday and nth together"),
        ("[[staffing]]", '[[holidays]]\nname = "x"\nmonth = 2\nday = 30\n[[staffing]]', "day 30"),
        ('during = "dispatcher"', 'during = "night"', '"night" is not among the coverage'),
        ('\ndesk = "dispatchers"', '\ndesk = "clinicians"', '"clinicians" is not among the desks'),
        ('team_desk = "dispatchers"', 'team_desk = "teams"', '"teams", which is not among'),
        ("[crisis_line]", "[crisis_lines]", 'did you mean "crisis_line"'),
        ('number = "+16025550118"', "", "crisis_line.number is missing"),
        ('number = "+16025550118"', 'number = "+16025550100"', 'is our own line "direct"'),
        ("enabled = true", "enabled = false", "needs teams, and teams.enabled is false"),
        ("area_city", "area_town", "areas has area_city"),
        ('crime = ["yes", "unknown"]', 'age = ["12-8"]', 'age cannot be "12-8"'),
        ('name = "phoenix"', 'name = "phoenix"\neffective_from = "soon"', "a date and a time"),
    ],
)
def test_el1_each_mistake_is_a_sentence_with_its_line(old: str, new: str, sentence: str) -> None:
    assert old in PHOENIX
    with pytest.raises(ProgramFileError) as caught:
        read_text(PHOENIX.replace(old, new, 1), "phoenix.toml")
    fault = next((one for one in caught.value.faults if sentence in one), None)
    assert fault is not None, caught.value.faults
    assert fault.startswith("phoenix.toml, line ")


def test_el2_ages_are_numbers_ranges_or_from_an_age_on() -> None:
    rule = (
        '[[policy.rules]]\nname = "age"\nwhen = { age = ["0-12", 15, "65+"] }\n'
        'outcome = "return_to_911"\nwhy = "Too young or too old."\n\n'
    )
    at = PHOENIX.index("[[policy.rules]]")
    policy = to_policy(read_text(PHOENIX[:at] + rule + PHOENIX[at:], "phoenix.toml"), 1)
    excluded = [age for age in range(131) if decide(policy, {"age": str(age)}).rule == "age"]
    assert excluded == [*range(13), 15, *range(65, 131)]


def test_el2_hours_of_a_day_beat_those_of_the_week_and_holidays_both() -> None:
    hours = (
        'every_day = ["08:00-12:00"]\nweekends = []\nfriday = ["13:00-24:00"]\nholidays = []\n'
        'exceptions = { 2026-06-06 = ["10:00-11:00"] }\n'
    )
    text = PHOENIX.replace(HOURS, hours).replace(
        "[[staffing]]", f"{HOLIDAY}day = 25\nobserved = true\n[[staffing]]", 1
    )
    (coverage,) = to_policy(read_text(text, "phoenix.toml"), 1).coverages
    phoenix = "-07:00"
    open_at = ("2026-06-04T08:30", "2026-06-05T23:59", "2026-06-06T10:30")
    closed_at = ("2026-06-05T08:30", "2026-06-07T10:30", "2026-12-25T14:00", "2027-12-24T14:00")
    assert all(coverage.is_open(datetime.fromisoformat(one + phoenix)) for one in open_at)
    assert not any(coverage.is_open(datetime.fromisoformat(one + phoenix)) for one in closed_at)
