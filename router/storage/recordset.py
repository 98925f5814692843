"""Many rows in one statement: a JSON array read back as a table, whose compiled form is reused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, FromClause, Table, bindparam, column, func
from sqlalchemy.dialects.postgresql import JSONB


def rows_of(table: Table, names: Sequence[str], alias: str) -> FromClause:
    """A table of columns `names`, typed as in `table`, read from the statement's parameter `alias`.

    Core's own multi-row VALUES is compiled anew for every number of rows.
    """
    columns: list[Column[Any]] = [table.c[name] for name in names]
    read = func.jsonb_to_recordset(bindparam(alias, type_=JSONB))
    typed = read.table_valued(*(column(one.name, one.type) for one in columns))
    return typed.render_derived(name=alias, with_types=True)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with instants as text, for JSON."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
