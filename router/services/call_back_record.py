"""What a lost call's record says of its call-back, and how a call-back ends (IN6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ivr_flows.outputs import Event
from router.storage import call_backs, timeline
from router.storage.call_backs import CLOSED, CallBackRow


def close(
    session: Session, row: CallBackRow, outcome: str, now: datetime, reason: str = "", **more: str
) -> None:
    """Nobody is rung for it any more; `reason` says why it was cancelled, where it was."""
    values = {"state": CLOSED, "outcome": outcome, "reason": reason}
    call_backs.change_call_back(session, row.id, due_at=None, closed_at=now, **values)
    note(session, row.call_id, "call_back_over", now, outcome=outcome, reason=reason, **more)


def note(session: Session, call_id: str, kind: str, now: datetime, **details: str) -> None:
    """Write a line of the call's timeline, without details that are empty."""
    told = {name: value for name, value in details.items() if value}
    timeline.append_events(session, call_id, now, [Event(kind, details=told)])
