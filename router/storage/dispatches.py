"""Requests for response teams and the pages that carry them to people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.tables import dispatch_pages, dispatch_requests, people


@dataclass(frozen=True, slots=True)
class Request:
    """A dispatch request as stored. `details` is what was answered about hazards and the place."""

    id: str
    program_id: str
    call_id: str | None
    status: str
    version: int
    details: Mapping[str, str]
    requested_by: str | None
    approval_needed: bool
    team_id: str | None
    passed_over: tuple[str, ...]
    minutes: int | None
    status_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one member by one channel (`voice` or `sms`)."""

    id: str
    dispatch_id: str
    team_id: str
    person_id: str
    channel: str
    state: str
    sid: str | None
    step: int


def insert_request(session: Session, **values: Any) -> bool:  # noqa: ANN401 - the table's columns
    """Write a request; False when one of its id is there already."""
    written = session.execute(
        insert(dispatch_requests)
        .values(**values)
        .on_conflict_do_nothing()
        .returning(dispatch_requests.c.id)
    )
    return written.first() is not None


def lock_request(session: Session, dispatch_id: str) -> Request | None:
    """The request, its row held until the transaction ends; None when there is none."""
    row = session.execute(
        select(dispatch_requests).where(dispatch_requests.c.id == dispatch_id).with_for_update()
    ).one_or_none()
    return None if row is None else _request(row)


def find_request(session: Session, dispatch_id: str) -> Request | None:
    """The request, or None."""
    row = session.execute(
        select(dispatch_requests).where(dispatch_requests.c.id == dispatch_id)
    ).one_or_none()
    return None if row is None else _request(row)


def list_due_request_ids(session: Session, now: datetime, limit: int) -> list[str]:
    """Requests whose deadline has passed, the longest overdue first."""
    due_at = dispatch_requests.c.due_at
    return list(
        session.scalars(
            select(dispatch_requests.c.id).where(due_at <= now).order_by(due_at).limit(limit)
        )
    )


def change_request(
    session: Session,
    dispatch_id: str,
    sources: Collection[str],
    **values: Any,  # noqa: ANN401 - the table's columns
) -> bool:
    """Set columns if the status is one of `sources`; the row count decides (Law 6)."""
    changed = session.execute(
        update(dispatch_requests)
        .where(dispatch_requests.c.id == dispatch_id, dispatch_requests.c.status.in_(sources))
        .values(version=dispatch_requests.c.version + 1, **values)
        .returning(dispatch_requests.c.id)
    )
    return changed.first() is not None


def insert_pages(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write pages before any of them is sent."""
    if rows:
        session.execute(insert(dispatch_pages), rows)


def find_page(session: Session, page_id: str) -> Page | None:
    """The page, or None."""
    row = session.execute(
        select(dispatch_pages).where(dispatch_pages.c.id == page_id)
    ).one_or_none()
    return None if row is None else _page(row)


def list_pages(session: Session, dispatch_id: str, team_id: str | None = None) -> list[Page]:
    """The pages of a request, of one team if given, oldest first."""
    wanted = select(dispatch_pages).where(dispatch_pages.c.dispatch_id == dispatch_id)
    if team_id is not None:
        wanted = wanted.where(dispatch_pages.c.team_id == team_id)
    rows = session.execute(wanted.order_by(dispatch_pages.c.created_at, dispatch_pages.c.id))
    return [_page(row) for row in rows]


def find_team_phone(session: Session, dispatch_id: str) -> str | None:
    """The number (E.164) of the member who took the request for their team, or None."""
    return session.scalar(
        select(people.c.phone)
        .join_from(dispatch_pages, people, people.c.id == dispatch_pages.c.person_id)
        .where(
            dispatch_pages.c.dispatch_id == dispatch_id, dispatch_pages.c.state == "acknowledged"
        )
        .order_by(dispatch_pages.c.acknowledged_at)
        .limit(1)
    )


def list_text_pages(session: Session, person_id: str, limit: int = 1) -> list[str]:
    """A person's pages by text message, those of open requests first, then newest first."""
    wanted = (
        select(dispatch_pages.c.id)
        .join(dispatch_requests, dispatch_requests.c.id == dispatch_pages.c.dispatch_id)
        .where(dispatch_pages.c.person_id == person_id, dispatch_pages.c.channel == "sms")
        .order_by(dispatch_requests.c.closed_at.is_not(None), dispatch_pages.c.created_at.desc())
        .limit(limit)
    )
    return list(session.scalars(wanted))


def change_page(
    session: Session,
    page_id: str,
    sources: Collection[str],
    **values: Any,  # noqa: ANN401 - the table's columns
) -> bool:
    """Set columns of a page if its state is one of `sources`; the row count decides."""
    changed = session.execute(
        update(dispatch_pages)
        .where(dispatch_pages.c.id == page_id, dispatch_pages.c.state.in_(sources))
        .values(**values)
        .returning(dispatch_pages.c.id)
    )
    return changed.first() is not None


def withdraw_pages(
    session: Session, dispatch_id: str, states: Collection[str], *, but: str = ""
) -> list[Page]:
    """Withdraw a request's pages that are in `states`, except `but`; returns them as they were."""
    held = session.execute(
        select(dispatch_pages)
        .where(dispatch_pages.c.dispatch_id == dispatch_id, dispatch_pages.c.id != but)
        .where(dispatch_pages.c.state.in_(states))
        .with_for_update()
    ).all()
    if held:
        session.execute(
            update(dispatch_pages)
            .where(dispatch_pages.c.id.in_([row.id for row in held]))
            .values(state="withdrawn")
        )
    return [_page(row) for row in held]


def _request(row: Row[*tuple[Any, ...]]) -> Request:
    return Request(
        id=row.id,
        program_id=row.program_id,
        call_id=row.call_id,
        status=row.status,
        version=row.version,
        details=row.details,
        requested_by=row.requested_by,
        approval_needed=row.approval_needed,
        team_id=row.team_id,
        passed_over=tuple(row.passed_over),
        minutes=row.minutes,
        status_at=row.status_at,
        due_at=row.due_at,
    )


def _page(row: Row[*tuple[Any, ...]]) -> Page:
    return Page(
        id=row.id,
        dispatch_id=row.dispatch_id,
        team_id=row.team_id,
        person_id=row.person_id,
        channel=row.channel,
        state=row.state,
        sid=row.sid,
        step=row.step,
    )
