"""Triage protocols: their versions from draft to published, and texts answered to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.tables import protocol_texts, protocol_versions

DRAFT, REVIEWED, PUBLISHED = "draft", "reviewed", "published"
_V = protocol_versions.c


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a protocol; who did each step of it, and when."""

    name: str
    version: int
    status: str
    author: str
    submitted_at: datetime
    reviewed_by: str | None
    published_by: str | None
    published_at: datetime | None
    document: Mapping[str, Any]


_ROW = (
    _V.name,
    _V.version,
    _V.status,
    _V.author,
    _V.submitted_at,
    _V.reviewed_by,
    _V.published_by,
    _V.published_at,
    _V.document,
)


def insert_draft(
    session: Session,
    program_id: str,
    name: str,
    document: Mapping[str, Any],
    author: str,
    now: datetime,
) -> int:
    """Write the next version as a draft and return its number.

    Raises IntegrityError when another draft takes the same number in this instant.
    """
    last = session.scalar(
        select(func.max(_V.version)).where(_V.program_id == program_id, _V.name == name)
    )
    version = (last or 0) + 1
    session.execute(
        insert(protocol_versions).values(
            program_id=program_id,
            name=name,
            version=version,
            document=dict(document),
            status=DRAFT,
            author=author,
            submitted_at=now,
        )
    )
    return version


def find_version(session: Session, program_id: str, name: str, version: int) -> VersionRow | None:
    """One version, or None."""
    row = session.execute(
        select(*_ROW).where(_V.program_id == program_id, _V.name == name, _V.version == version)
    ).first()
    return None if row is None else VersionRow(*row)


def list_versions(session: Session, program_id: str) -> list[VersionRow]:
    """All versions, newest first within a name."""
    rows = session.execute(
        select(*_ROW).where(_V.program_id == program_id).order_by(_V.name, _V.version.desc())
    )
    return [VersionRow(*row) for row in rows]


def list_in_force(session: Session, program_id: str) -> dict[str, int]:
    """The newest published version of each protocol, by name."""
    rows = session.execute(
        select(_V.name, func.max(_V.version))
        .where(_V.program_id == program_id, _V.status == PUBLISHED)
        .group_by(_V.name)
    )
    return {row[0]: row[1] for row in rows}


def mark_reviewed(
    session: Session, program_id: str, name: str, version: int, reviewer: str, now: datetime
) -> bool:
    """A draft becomes reviewed; False when it is none, or `reviewer` wrote it."""
    done = session.execute(
        update(protocol_versions)
        .where(
            _V.program_id == program_id,
            _V.name == name,
            _V.version == version,
            _V.status == DRAFT,
            _V.author != reviewer,
        )
        .values(status=REVIEWED, reviewed_by=reviewer, reviewed_at=now)
        .returning(_V.version)
    )
    return done.first() is not None


def mark_published(
    session: Session, program_id: str, name: str, version: int, published_by: str, now: datetime
) -> bool:
    """A reviewed version becomes the one that calls begin with; False when it is not reviewed."""
    done = session.execute(
        update(protocol_versions)
        .where(
            _V.program_id == program_id,
            _V.name == name,
            _V.version == version,
            _V.status == REVIEWED,
        )
        .values(status=PUBLISHED, published_by=published_by, published_at=now)
        .returning(_V.version)
    )
    return done.first() is not None


def save_text(
    session: Session, call_id: str, protocol: str, question: str, text: str, written_by: str
) -> None:
    """Keep what was answered in words; a later answer to the question replaces it."""
    values = {"text": text, "written_by": written_by}
    statement = insert(protocol_texts).values(
        call_id=call_id, protocol=protocol, question=question, **values
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["call_id", "protocol", "question"], set_=values
        )
    )


def list_texts(session: Session, call_id: str, protocol: str) -> dict[str, str]:
    """What was answered in words, by question."""
    rows = session.execute(
        select(protocol_texts.c.question, protocol_texts.c.text).where(
            protocol_texts.c.call_id == call_id, protocol_texts.c.protocol == protocol
        )
    )
    return {row[0]: row[1] for row in rows}
