"""EL5, IO3: files of dispatch systems are read in any dialect, and bad rows set aside."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from router.errors import InvalidInputError
from router.studies.cad_export import BadRow, Row, open_export
from router.studies.columns import CallReader, ColumnMap, guess, read_map
from router.studies.moments import Moments

PHOENIX = ZoneInfo("America/Phoenix")
TEXT = "Call Time;Nature;City\n2026-01-05 10:00;Señora llorando;Peña\n2026-01-05 11:00;a;b\n"


def rows_of(path: Path) -> list[Row | BadRow]:
    with open_export(path) as export:
        return list(export)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("packed", [False, True])
def test_el5_encodings_delimiters_and_gzip(
    tmp_path: Path, encoding: str, delimiter: str, packed: bool
) -> None:
    content = TEXT.replace(";", delimiter).replace("\n", "\r\n").encode(encoding)
    path = tmp_path / "calls.csv"
    path.write_bytes(gzip.compress(content) if packed else content)
    with open_export(path) as export:
        assert export.headings == ["Call Time", "Nature", "City"]
        assert export.delimiter == delimiter
        first, second = export
    assert first == Row(2, ["2026-01-05 10:00", "Señora llorando", "Peña"])
    assert second == Row(3, ["2026-01-05 11:00", "a", "b"])


def test_el5_a_latin_letter_far_down_in_a_utf_8_file_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(b"type,city\n" + b"noise,x\n" * 20_000 + b"a,Pe\xf1a\nb,Pe\xc3\xb1a\n")
    *_, latin, utf_8 = rows_of(path)
    assert latin.fields == ["a", "Peña"]
    assert utf_8.fields == ["b", "Peña"]


def test_el5_bad_rows_have_their_line_and_do_not_end_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    lines = ["type,city", "a,b", "c", "", "d,e,f", 'g,"two', 'lines"', "h,\0", "i,j"]
    path.write_text("\n".join(lines), encoding="utf-8")
    rows = rows_of(path)
    bad = [(row.line, row.why) for row in rows if isinstance(row, BadRow)]
    assert bad == [
        (3, "has 1 fields, and the headings 2"),
        (5, "has 3 fields, and the headings 2"),
    ]
    good = [row.fields for row in rows if isinstance(row, Row)]
    assert good == [["a", "b"], ["g", "two\nlines"], ["h", "\0"], ["i", "j"]]


def test_el5_a_quote_that_never_closes_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text('type,city\n"a,b\n' + "c,d\n" * 60_000, encoding="utf-8")
    rows = rows_of(path)
    assert any(isinstance(row, BadRow) and "field larger" in row.why for row in rows)
    assert rows[-1].fields == ["c", "d"]


def test_el5_a_gzip_file_that_is_cut_short_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    numbers = "\n".join(f"{number * number},{number}" for number in range(50_000))
    path.write_bytes(gzip.compress(f"type,city\n{numbers}\n".encode())[:-20_000])
    rows = rows_of(path)
    assert isinstance(rows[-1], BadRow)
    assert "ends too early" in rows[-1].why
    assert len(rows) > 10_000


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_el5_a_file_without_columns_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="names of its columns"):
        rows_of(path)


def test_el5_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="No such file"):
        rows_of(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-01-31 17:40:00", "2026-01-31T17:40:00-07:00"),
        ("2026-01-31T17:40:00Z", "2026-01-31T17:40:00+00:00"),
        ("2026-01-31T17:40:00.123-05:00", "2026-01-31T17:40:00.123000-05:00"),
        ("01/31/2026 17:40", "2026-01-31T17:40:00-07:00"),
        ("1/31/2026 5:40:00 PM", "2026-01-31T17:40:00-07:00"),
        ("1/31/26 5:40 PM", "2026-01-31T17:40:00-07:00"),
        ("31.01.2026 17:40", "2026-01-31T17:40:00-07:00"),
        ("31-Jan-2026 17:40:00", "2026-01-31T17:40:00-07:00"),
        ("20260131174000", "2026-01-31T17:40:00-07:00"),
        ("1769906400", "2026-02-01T00:40:00+00:00"),
        ("1769906400000", "2026-02-01T00:40:00+00:00"),
        ("2026-01-31", None),
        ("2026-02-30 10:00", None),
        ("13/45/2026 10:00", None),
        ("0001-01-01 00:00:00", None),
        ("9999-12-31 23:59:59", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_el5_times_in_several_forms_and_impossible_ones(text: str, read: str | None) -> None:
    found = Moments(PHOENIX).read(text)
    assert found == (datetime.fromisoformat(read) if read else None)
    assert found is None or found.tzinfo is PHOENIX


def test_el5_the_form_that_fitted_last_is_tried_first_and_the_others_still() -> None:
    moments = Moments(PHOENIX)
    texts = ("1/31/2026 5:40 PM", "31.01.2026 17:40", "1/31/2026 5:40 PM", "01/31/2026 17:40")
    assert {moments.read(text) for text in texts} == {datetime(2026, 2, 1, 0, 40, tzinfo=UTC)}


def reader(columns: ColumnMap, headings: list[str]) -> CallReader:
    return CallReader(columns, headings, {"mental_health", "welfare_check"}, PHOENIX)


def test_el5_headings_are_guessed() -> None:
    headings = ["Incident ID", "timeStamp", "title", "twp", "lat", "lng", "Zip", "Weapon", "Age"]
    assert guess(headings).columns == {
        "id": "Incident ID",
        "time": "timeStamp",
        "call_type": "title",
        "latitude": "lat",
        "longitude": "lng",
        "zip": "Zip",
        "weapon": "Weapon",
        "age": "Age",
    }


def test_el5_what_a_row_says_and_what_it_leaves_unknown() -> None:
    headings = ["time", "type", "lat", "lng", "zip", "weapon", "medical"]
    calls = reader(guess(headings), headings)
    call = calls.read(["2026-01-05 10:00", "Welfare Check", "33.4", "-112", "85003-1", "Y", ""])
    assert dict(call.answers) == {"call_type": "welfare_check", "weapon": "yes", "zip": "85003"}
    assert call.known.position == (-112.0, 33.4)
    odd = calls.read(["2026-02-30 10:00", "10-91", "0", "0", "n/a", "maybe", "no"])
    assert dict(odd.answers) == {"call_type": "unknown", "weapon": "unknown", "medical": "no"}
    assert (odd.known.at, odd.known.position) == (None, None)
    assert odd.said_type == "10-91"


def test_el5_day_and_hour_in_columns_of_their_own() -> None:
    headings = ["call_date", "call_time", "type"]
    calls = reader(guess(headings), headings)
    read = datetime(2026, 1, 5, 10, 30, tzinfo=PHOENIX)
    assert calls.read(["2026-01-05", "10:30:00", ""]).known.at == read
    assert calls.read(["2026-01-05T00:00:00", "10:30:00", ""]).known.at == read
    assert calls.read(["2026-01-05", "", ""]).known.at is None


def test_el5_a_map_says_which_column_and_which_words_mean_what(tmp_path: Path) -> None:
    path = tmp_path / "columns.toml"
    path.write_text(
        '[columns]\ncall_type = "Code"\ntime = ""\n[values.call_type]\n"10-91 " = "mental_health"\n'
        '[values.weapon]\nK = "yes"\n[always]\ncaller_party = "third"\n',
        encoding="utf-8",
    )
    headings = ["Code", "title", "time", "weapon"]
    columns = read_map(path, headings)
    assert columns.columns == {"call_type": "Code", "weapon": "weapon"}
    call = reader(columns, headings).read(["10-91", "x", "2026-01-05 10:00", "k"])
    assert dict(call.answers) == {
        "call_type": "mental_health",
        "weapon": "yes",
        "caller_party": "third",
    }
    assert call.known.at is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[columns]\ncall_type = "Kode"\n', 'names the column "Kode"; the file has Code, title'),
        ('[columns]\ncall_typ = "Code"\n', 'Did you mean "call_type"'),
        ('[values.wepon]\nK = "yes"\n', 'Did you mean "weapon"'),
        ("[values]\nweapon = 3\n", "values.weapon should be a table of words"),
        ("[colums]\n", "has colums; it may hold columns, values, always"),
        ("[columns\n", "cannot be read"),
    ],
)
def test_el5_a_map_that_is_wrong_is_refused_in_words(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "columns.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=sentence):
        read_map(path, ["Code", "title"])
