"""The numbers of 911 on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from router.errors import InvalidInputError
from router.telephony.failsafe_file import FILE_NAME, FailsafeNumbers, write_failsafe_file

OURS, OTHER = "+15125550100", "+15125550101"
PRIORITY, GENERAL, STATE = "+15125550142", "+15125550143", "+15125550149"


def test_the_lines_of_a_number_of_ours_come_in_their_order(tmp_path: Path) -> None:
    write_failsafe_file(tmp_path, {OURS: [PRIORITY, GENERAL]}, [STATE])
    numbers = FailsafeNumbers(tmp_path)
    assert numbers.numbers(OURS) == (PRIORITY, GENERAL)
    assert numbers.numbers(OTHER, OURS) == (PRIORITY, GENERAL)
    assert numbers.numbers(OTHER) == numbers.numbers() == (STATE,)


def test_a_published_change_is_read_without_a_restart(tmp_path: Path) -> None:
    write_failsafe_file(tmp_path / "deep", {}, [STATE])
    numbers = FailsafeNumbers(tmp_path / "deep")
    write_failsafe_file(tmp_path / "deep", {}, [GENERAL])
    assert numbers.numbers() == (GENERAL,)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == [FILE_NAME]


def test_it_is_read_once_while_it_stays_the_same(tmp_path: Path) -> None:
    path = write_failsafe_file(tmp_path, {}, [STATE])
    numbers = FailsafeNumbers(tmp_path)
    seen = path.stat()
    path.write_text(path.read_text().replace(STATE, GENERAL))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert numbers.numbers() == (STATE,)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"lines": {}}',
        '{"lines": {}, "default": []}',
        '{"lines": 3, "default": 4}',
        json.dumps({"lines": {}, "default": ["911"]}),
    ],
)
def test_a_broken_file_leaves_the_last_good_one_in_use(tmp_path: Path, content: str) -> None:
    path = write_failsafe_file(tmp_path, {OURS: [PRIORITY]}, [STATE])
    numbers = FailsafeNumbers(tmp_path)
    path.write_text(content)
    with capture_logs() as logs:
        assert numbers.numbers(OURS) == (PRIORITY,)
    assert [line["event"] for line in logs] == ["failsafe_file_unreadable"]
    path.unlink()
    assert numbers.numbers(OURS) == (PRIORITY,)


def test_a_start_without_the_file_is_an_error_in_the_log(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert FailsafeNumbers(tmp_path).numbers(OURS) == ()
    assert {"event": "failsafe_without_numbers", "log_level": "error"}.items() <= logs[1].items()


@pytest.mark.parametrize(
    ("lines", "default"),
    [({}, []), ({}, ["911"]), ({OURS: ["none"]}, [STATE]), ({"5125550100": [STATE]}, [STATE])],
)
def test_what_cannot_be_dialled_is_not_written(
    tmp_path: Path, lines: dict[str, list[str]], default: list[str]
) -> None:
    with pytest.raises(InvalidInputError):
        write_failsafe_file(tmp_path, lines, default)
    assert not (tmp_path / FILE_NAME).exists()
