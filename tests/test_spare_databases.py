"""A database that tests have one after another is for each as if it were new."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from router.demo.servers import libpq_url
from router.storage.tables import metadata
from tests.conftest import a_database
from tests.spare_databases import SpareDatabases

PUBLISHES = """
INSERT INTO programs (id, title) VALUES ('reno', 'Reno');
INSERT INTO program_versions (program_id, version, document, published_by, effective_at)
VALUES ('reno', 1, '{}', 'tests', now())
"""


@pytest.fixture
def spare(servers: dict[str, str]) -> Iterator[SpareDatabases]:
    """Databases of this test's own."""
    spare = SpareDatabases(lambda: a_database(servers))
    yield spare
    spare.close()


def ask(url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq_url(url)) as connection:
        return connection.execute(question.encode()).fetchall()


def test_the_next_has_the_same_without_a_row_and_counts_from_one(spare: SpareDatabases) -> None:
    for _ in range(2):
        with spare.borrowed() as url:
            migrated = ask(url, "SELECT version_num FROM alembic_version")
            for table in metadata.sorted_tables:
                assert ask(url, f"SELECT count(*) FROM {table.name}") == [(0,)]  # noqa: S608 - ours
            with psycopg.connect(libpq_url(url)) as connection:
                connection.execute(PUBLISHES.encode())
            assert ask(url, "SELECT id FROM program_versions") == [(1,)]
    with spare.borrowed() as again:
        assert again == url
        assert ask(again, "SELECT version_num FROM alembic_version") == migrated


def test_one_that_somebody_is_still_connected_to_is_not_given_out(
    spare: SpareDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.spare_databases.LEAVE_SECONDS", 0)
    with spare.borrowed() as url:
        connection = psycopg.connect(libpq_url(url))
    with spare.borrowed() as another:
        assert another != url
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
