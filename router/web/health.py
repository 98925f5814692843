"""Whether this process lives, and whether it can do its work: for whoever starts and watches it."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from router.logs import get_logger
from router.storage.database import Deadline, DeadlineExceededError, Sessions, within

log = get_logger(__name__)

READY_SECONDS = 2.0


def make_health(sessions: Sessions) -> Blueprint:
    """/healthz says that the process answers, /readyz that it reaches its database."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "alive\n", {"Content-Type": "text/plain; charset=utf-8"}

    @health.get("/readyz")
    def readyz() -> ResponseReturnValue:
        try:
            with within(Deadline.after(READY_SECONDS)), sessions() as session:
                session.execute(text("SELECT version_num FROM alembic_version"))
        except (SQLAlchemyError, DeadlineExceededError) as error:
            log.warning("not_ready", error=type(error).__name__)
            return "the database does not answer\n", 503
        return "ready\n", {"Content-Type": "text/plain; charset=utf-8"}

    return health
