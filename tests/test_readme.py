"""The README says what is so: variables, commands, options and paths (OP1)."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

import dev
from router.cli import main as switchback
from router.config import configuration_table
from router.demo.__main__ import _parse

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`\n]+)`")
BLOCKS = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"[\w./-]+/[\w./-]*|[\w-]+\.(?:py|toml|lock|json)|Procfile")
ELSEWHERE = re.compile(r"/(?!$)|.*\.\.|SWITCHBACK|python3|text/")


def commands(program: str) -> list[list[str]]:
    """Every use of a program, as words; `a | b` in the place of a word is one use each."""
    texts = [line for block in BLOCKS.findall(README) for line in block.splitlines()]
    texts += CODE.findall(README)
    uses = []
    for text in texts:
        for part in re.split(r"\s{3,}", text.partition("#")[0]):
            words = part.strip().split()
            if words[: len(program.split())] == program.split():
                uses += _alternatives(words[len(program.split()) :])
    return uses


def _alternatives(words: list[str]) -> list[list[str]]:
    """`user add | list` means `user add` and `user list`."""
    return [[*words[:1], *rest.split()] for rest in " ".join(words[1:]).split("|")]


def test_the_table_of_variables_is_the_programs_own() -> None:
    assert configuration_table() in README


@pytest.mark.parametrize("words", commands("switchback"), ids=" ".join)
def test_every_switchback_command_exists(words: list[str]) -> None:
    command: click.Command = switchback
    for word in words:
        if not isinstance(command, click.Group) or word == "--help":
            break
        assert word in command.commands, f"{command.name} has: {', '.join(command.commands)}"
        command = command.commands[word]


@pytest.mark.parametrize("words", commands("python3 dev.py"), ids=" ".join)
def test_every_command_of_dev_exists(words: list[str]) -> None:
    assert words[0] in {*dev.MODULES, "test", "lint", "lock"}


@pytest.mark.parametrize("words", commands("demo"), ids=" ".join)
def test_every_option_of_the_demo_exists(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    _parse(shlex.split(" ".join(words)))


def paths() -> list[str]:
    """Paths of ours that stand in code marks."""
    found = {match for text in CODE.findall(README) for match in PATH.findall(text)}
    return sorted(path for path in found if not ELSEWHERE.match(path))


@pytest.mark.parametrize("path", paths())
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_there_is_something_to_check() -> None:
    assert len(commands("switchback")) >= 10
    assert {"--once", "--calls", "--fresh", "--external"} <= {w[0] for w in commands("demo") if w}
    assert {"ivr_flows/", "router/programs/austin.toml", "Procfile"} <= set(paths())
