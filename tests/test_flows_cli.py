"""switchback flows: what it prints, how it ends, and what it draws."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr_flows import waiting
from ivr_flows.safety.explore import Limits
from router.programs.reading import EXAMPLES

command = import_module("router.cli.flows")  # the name in router.cli is the command's
DURHAM = str(EXAMPLES / "durham.toml")


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short exploration in place of the usual ones, and another of the wide ones."""
    limits = Limits(parties=1, faults=0, dialogues=False, states=60)
    monkeypatch.setattr(command, "PASSES", {"a few": limits})
    monkeypatch.setattr(command, "WIDE", {"a wide few": limits})


def test_verify_says_what_it_has_explored_and_that_it_is_not_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch)

    result = CliRunner().invoke(command.flows, ["verify", "--file", DURHAM])

    assert result.exit_code == 2
    extent = "1 a desk, 0 faults a story, no side dialogues, all lines"
    assert f"durham, a few ({extent}): " in result.stdout
    assert "states" in result.stdout
    assert "not finished" in result.stdout
    assert "a person or 911 within 660 s from every state" in result.stdout


def test_verify_explores_more_when_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch)

    result = CliRunner().invoke(command.flows, ["verify", "--wide", "--file", DURHAM])

    assert "durham, a wide few (" in result.stdout
    assert "durham, a few (" not in result.stdout


def test_verify_tells_the_story_of_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch)
    monkeypatch.setattr(waiting, "_wait_limit", lambda _turn: None)

    result = CliRunner().invoke(command.flows, ["verify", "--file", DURHAM])

    assert result.exit_code == 1
    assert "BROKEN: no cycle without a deadline" in result.stdout
    assert "0:00  a call comes in on the line emergency" in result.stdout
    assert "From here on everything works, and nobody answers:" in result.stdout


def test_draw_writes_the_same_pictures_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.drawing, "SURVEYED_STATES", 250)
    for name in ("once", "twice"):
        arguments = ["draw", "--program", DURHAM, "--out", str(tmp_path / name)]
        assert CliRunner().invoke(command.flows, arguments).exit_code == 0

    first = {path.name: path.read_text() for path in (tmp_path / "once").iterdir()}
    second = {path.name: path.read_text() for path in (tmp_path / "twice").iterdir()}

    assert first == second
    assert "stages.svg" in first
    assert "Front door: danger" in first["flows.md"]
    assert '-- "2" -->' in first["flows.md"]
    assert all(text.startswith("<svg ") for name, text in first.items() if name.endswith(".svg"))
