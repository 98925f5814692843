"""The live board: one page, rendered here, kept fresh by a stream or by polling (SU1)."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from router.services.accounts import Role
from router.services.read_board import Board
from router.web.auth import page

READ_EVERY_SECONDS = 0.5  # half of "within a second"
SECTIONS = ("alarms", "callers", "desks", "dispatches")

BoardReader = Callable[[], tuple[Board, datetime]]


@dataclass(frozen=True, slots=True)
class Shown:
    """The board as one process last read it; `number` rises when it looks different."""

    number: int
    board: Board
    sections: dict[str, str]
    tag: str
    read_at: datetime


class BoardFeed:
    """Reads the board for all viewers of a process together, at most twice a second."""

    def __init__(self, app: Flask, read: BoardReader) -> None:
        self._app = app
        self._read = read
        self._guard = threading.Lock()
        self._shown: Shown | None = None
        self._read_at = 0.0

    def latest(self) -> Shown:
        """The board, at most half a second old. Raises what the database raises."""
        with self._guard:
            if self._shown is None or time.monotonic() - self._read_at >= READ_EVERY_SECONDS:
                board, read_at = self._read()
                self._shown = self._next(board, read_at)
                self._read_at = time.monotonic()
            return self._shown

    def _next(self, board: Board, read_at: datetime) -> Shown:
        before = self._shown
        if before is not None and before.board == board:
            return Shown(before.number, board, before.sections, before.tag, read_at)
        sections = render_sections(self._app, board, read_at)
        # Over the board and not its rendering: every process gives the same board the same tag.
        tag = hashlib.sha256(to_json(board).encode()).hexdigest()[:20]
        return Shown(before.number + 1 if before else 1, board, sections, tag, read_at)


def render_sections(app: Flask, board: Board, now: datetime) -> dict[str, str]:
    """The parts of the page by the id of their place."""
    return {
        name: app.jinja_env.get_template(f"board/{name}.html").render(board=board, now=now)
        for name in SECTIONS
    }


def to_document(board: Board) -> dict[str, Any]:
    """The board as plain values for JSON."""
    return json.loads(to_json(board))  # type: ignore[no-any-return]


def to_json(board: Board) -> str:
    """The board as JSON, instants in ISO 8601."""
    return json.dumps(asdict(board), default=_plain, sort_keys=True)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place on the board")


def feed_of(app: Flask) -> BoardFeed:
    """The process's feed."""
    feed: BoardFeed = app.extensions["switchback_board"]
    return feed


def add_board(app: Flask, console: Blueprint, read: BoardReader, live_url: str) -> None:
    """The page at /board and the sections that it polls for."""
    app.extensions["switchback_board"] = BoardFeed(app, read)

    @page(console, "/board", Role.SUPERVISOR)
    def board() -> ResponseReturnValue:
        shown = feed_of(current_app).latest()
        return render_template(
            "board.html",
            board=shown.board,
            sections=shown.sections,
            now=shown.read_at,
            stream=f"{live_url}/live/board",
        )

    @page(console, "/board/sections", Role.SUPERVISOR)
    def board_sections() -> ResponseReturnValue:
        shown = feed_of(current_app).latest()
        if request.if_none_match.contains(shown.tag):
            answer = Response(status=304)
        else:
            answer = Response(message(shown, shown.sections), mimetype="application/json")
        answer.set_etag(shown.tag)
        return answer


def message(shown: Shown, sections: dict[str, str]) -> str:
    """What a screen is sent: when it was read, and the sections to show."""
    return json.dumps({"at": shown.read_at.isoformat(), "sections": sections})
