"""The console on a database of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from router.config import Settings
from router.storage.database import make_engine
from tests.web.stage import Room, cheapen_passwords, open_room


@pytest.fixture
def console_settings(settings: Settings, own_database_url: str) -> Settings:
    """Settings that name the test's own database."""
    return settings.model_copy(update={"database_url": SecretStr(own_database_url)})


@pytest.fixture
def console_engine(console_settings: Settings) -> Iterator[Engine]:
    """Connections to it."""
    engine = make_engine(console_settings, application_name="tests")
    yield engine
    for thread in threading.enumerate():
        if thread.name == "board":  # ends by itself once its last viewer has gone
            thread.join(5)
    engine.dispose()


@pytest.fixture
def failsafe_news(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Legs whose calls are to hear of the fail-safe; no thread tells them after the test's end."""
    legs: list[str] = []
    monkeypatch.setattr("router.app.FailsafeNews", lambda _tell: SimpleNamespace(add=legs.append))
    return legs


@pytest.fixture
def room(
    console_engine: Engine,
    console_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Room:
    """The console with a roster and one user a role."""
    cheapen_passwords(monkeypatch)
    return open_room(console_engine, console_settings, tmp_path)
