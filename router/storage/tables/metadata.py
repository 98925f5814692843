"""The one MetaData, with names for constraints so that migrations can speak of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def moment(name: str, **options: Any) -> Column[datetime]:  # noqa: ANN401 - Column's own options
    """A timestamp with time zone; nullable unless told."""
    return Column(name, DateTime(timezone=True), **options)


def created_at() -> Column[datetime]:
    """When the row was written, by the database's clock."""
    return moment("created_at", nullable=False, server_default=func.clock_timestamp())
