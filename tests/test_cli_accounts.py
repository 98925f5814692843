"""`switchback user` and `switchback token` at a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from router.config import Settings
from tests.test_cli import Run, runner

PASSWORD = ("--password", "correct-horse-battery")


@pytest.fixture
def switchback(settings: Settings, own_database_url: str, tmp_path: Path) -> Run:
    return runner(settings, own_database_url, tmp_path / "state")


def test_se2_an_operator_lets_people_in_and_out(switchback: Run) -> None:
    sam = ("sam@austin.example", "--name", "Sam Example", "--role", "supervisor,operator")
    added = switchback("user", "add", *sam, *PASSWORD)
    assert added.output == "Sam Example can sign in as sam@austin.example.\n"
    listed = switchback("user", "list").output
    assert re.search(r"sam@austin.example +Sam Example +operator supervisor", listed)
    assert "correct-horse" not in listed
    assert switchback("user", "password", "sam@austin.example", *PASSWORD).exit_code == 0
    assert switchback("user", "sign-out", "sam@austin.example").output.startswith("0 sign-ins")
    assert switchback("user", "disable", "sam@austin.example").exit_code == 0
    assert "disabled" in switchback("user", "list").output
    assert switchback("user", "enable", "sam@austin.example").exit_code == 0
    assert "disabled" not in switchback("user", "list").output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "sam", "--name", "S", "--role", "operator", *PASSWORD), "e-mail address"),
        (("add", "s@a.example", "--name", "S", "--role", "chief", *PASSWORD), "one or more of"),
        (("password", "nobody@a.example", *PASSWORD), "nobody has an account"),
        (("disable", "nobody@a.example"), "nobody has an account"),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    switchback: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    result = switchback("user", *arguments)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_se2_a_token_is_shown_once_and_revoked(switchback: Run) -> None:
    made = switchback("token", "add", "CAD", "--scope", "read_board,calls")
    found = re.search(r"sb_([0-9a-f]{8})_\S+", made.output)
    assert found is not None
    listed = switchback("token", "list").output
    assert re.search(rf"{found[1]} +CAD +calls read_board +never", listed)
    assert found[0] not in listed
    assert switchback("token", "revoke", found[1]).exit_code == 0
    assert "revoked" in switchback("token", "list").output
    assert switchback("token", "revoke", found[1]).exit_code == 1
