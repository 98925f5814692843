"""Runs migrations on PostgreSQL: one at a time, and never waiting long for a lock that calls need.

The address comes from the caller's `attributes["connection"]` or from DATABASE_URL.
"""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from router.storage.tables import metadata

ADVISORY_LOCK = 7_282_470_911  # arbitrary; every release process of ours asks for this one


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        # Held to the end of the transaction: a second release waits, then finds nothing to do.
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SET statement_timeout = '5s'"))
        context.run_migrations()


def _run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    address = os.environ.get("DATABASE_URL")
    if not address:
        raise SystemExit(
            "DATABASE_URL is not set. Example: postgresql://switchback@localhost/switchback"
        )
    url = make_url(address).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        _migrate(connection)
        connection.commit()


_run()
