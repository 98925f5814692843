"""The one command: what it asks of the machine, and what it does with pip's settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev

LOCK = dev.LOCK.read_text(encoding="utf-8")


def test_an_old_python_is_told_which_to_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert dev.main(["demo"]) == 2
    assert "needs Python 3.11 to 3.14" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["serve"], ["--help"]])
def test_an_unknown_command_shows_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main(arguments) == 2
    assert "demo | test | lint | bench | soak | lock" in capsys.readouterr().err


def test_tests_run_several_at_once_unless_told_otherwise() -> None:
    assert dev.pytest_arguments([]) == ["-m", "pytest", "-n", "3"]
    assert dev.pytest_arguments(["tests/web", "-n0"]) == ["-m", "pytest", "tests/web", "-n0"]


def test_an_unchanged_lock_installs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "_install", lambda: pytest.fail("installed again"))
    monkeypatch.setattr(dev, "fingerprint", lambda: dev.STAMP.read_text(encoding="utf-8"))
    dev.prepare()


def test_pips_settings_reach_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "global.index-url='https://index.test/simple'\n:env:.cert='/etc/ca.pem'\n"

    def answer(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, listing)

    monkeypatch.setattr(subprocess, "run", answer)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/own.pem")
    assert dev.uv_environment() == {"UV_DEFAULT_INDEX": "https://index.test/simple"}


def test_a_browser_is_taken_from_the_environment_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/chromium")
    assert dev.browser_environment(install=True) == {"CHROMIUM": "/opt/chromium"}


def test_no_browser_and_no_leave_to_install_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(dev, "BROWSERS", tmp_path)
    assert dev.browser_environment(install=False) == {}


@pytest.mark.parametrize("forbidden", ["1", ""])
def test_bytecode_is_kept_aside_only_where_it_may_not_stand_beside_the_sources(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forbidden: str
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", forbidden)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.setattr(dev, "BYTECODE", tmp_path / "bytecode")
    module = tmp_path / "module.py"
    module.touch()
    environment = {**os.environ, **dev.bytecode_environment()}
    subprocess.run(
        [sys.executable, "-c", "import module"], cwd=tmp_path, env=environment, check=True
    )
    written = [path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("module.*.pyc")]
    assert written == ["bytecode" if forbidden else "__pycache__"]


def test_the_lock_pins_every_package_by_hash_and_names_no_address() -> None:
    pins = re.findall(r"^[\w.-]+==\S+ \\$", LOCK, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[\w.-]+", LOCK, re.MULTILINE))
    assert LOCK.count("--hash=sha256:") >= len(pins)
    assert "://" not in LOCK
    assert "://" not in Path(dev.__file__).read_text(encoding="utf-8")
