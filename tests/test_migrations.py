"""Migrations go up, down and up again, and leave exactly the tables that the code knows (OP4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from router.storage.tables import metadata
from tests.conftest import a_database

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def own_database_url(servers: dict[str, str]) -> Iterator[str]:
    """A database that no other test has: its tables come and go."""
    with a_database(servers) as url:
        yield url


def alembic(connection: Connection) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_op4_down_to_nothing_and_up_again(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        config = alembic(connection)
        assert differences(connection) == []
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        inspect(connection).clear_cache()
        assert differences(connection) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_op4_each_step_can_be_taken_back_alone(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        config = alembic(connection)
        for revision in ScriptDirectory.from_config(config).walk_revisions():
            before = str(revision.down_revision or "base")
            command.downgrade(config, before)
            command.upgrade(config, revision.revision)
            command.downgrade(config, before)
        command.upgrade(config, "head")
        assert differences(connection) == []


def test_op4_a_migration_does_not_wait_long_for_a_lock(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        command.upgrade(alembic(connection), "head")
        assert connection.scalar(text("SHOW lock_timeout")) == "4s"
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"


def test_op4_there_is_one_line_of_migrations(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        assert len(ScriptDirectory.from_config(alembic(connection)).get_heads()) == 1


def test_op4_without_a_database_the_sentence_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with pytest.raises(SystemExit, match="DATABASE_URL is not set"):
        command.upgrade(config, "head")
