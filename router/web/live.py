"""The event stream, served by its own process so that open screens take no webhook's thread.

One thread reads the board for every stream. A stream begins with the whole board and goes on with
the sections that changed; a beat in between says that nothing did.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Blueprint, Flask, Response, request, session
from flask.typing import ResponseReturnValue

from router.config import Settings
from router.logs import get_logger
from router.services.accounts import Role, keep_sessions
from router.services.read_board import read_board
from router.storage.database import Sessions
from router.web.auth import SESSION, page, register_sign_in, session_limits
from router.web.board import READ_EVERY_SECONDS, BoardFeed, Shown, message
from router.web.headers import add_headers
from router.web.words import register_words

log = get_logger(__name__)

BEAT_SECONDS = 2.0  # screens call themselves out of date after six
SESSIONS_EVERY_SECONDS = 10.0  # how soon a stream ends after its session did


@dataclass(eq=False, slots=True)
class Viewer:
    """One open stream."""

    session_id: str
    signed_out: bool = field(default=False)


class Hub:
    """Hands what one reader sees to all streams of the process."""

    def __init__(self, feed: BoardFeed, sessions: Sessions, settings: Settings) -> None:
        self._feed = feed
        self._sessions = sessions
        self._limits = session_limits(settings)
        self._most = settings.live_streams
        self._news = threading.Condition()
        self._viewers: set[Viewer] = set()
        self._shown: Shown | None = None
        self._reads = 0
        self._reader: threading.Thread | None = None
        self._is_failing = False

    def enter(self, session_id: str) -> Viewer | None:
        """A place for one more stream; None when all are taken."""
        with self._news:
            if len(self._viewers) >= self._most:
                return None
            viewer = Viewer(session_id)
            self._viewers.add(viewer)
            if self._reader is None:  # here, because gunicorn forks after the app is made
                self._reader = threading.Thread(target=self._run, name="board", daemon=True)
                self._reader.start()
            return viewer

    def leave(self, viewer: Viewer) -> None:
        """Give the place back."""
        with self._news:
            self._viewers.discard(viewer)

    def wait(self, number: int, reads: int) -> tuple[Shown | None, int]:
        """The board when it differs from `number`, or after a beat; with the count of readings."""
        with self._news:
            self._news.wait_for(
                lambda: self._shown is not None and self._shown.number != number, BEAT_SECONDS
            )
            return (self._shown if self._reads != reads else None), self._reads

    def _run(self) -> None:
        checked_at = time.monotonic()
        while True:
            started_at = time.monotonic()
            try:
                if started_at - checked_at >= SESSIONS_EVERY_SECONDS:
                    checked_at = started_at
                    self._check_sessions()
                self._publish(self._feed.latest())
            except Exception as error:  # noqa: BLE001 - the next reading may do better
                self._fail(error)
            time.sleep(max(0.0, READ_EVERY_SECONDS - (time.monotonic() - started_at)))
            with self._news:
                if not self._viewers:
                    self._reader = self._shown = None
                    return

    def _publish(self, shown: Shown) -> None:
        with self._news:
            self._shown = shown
            self._reads += 1
            self._news.notify_all()
        if self._is_failing:
            self._is_failing = False
            log.info("board_read_again")

    def _fail(self, error: Exception) -> None:
        """Streams fall silent, and screens say how old they are. Logged once an outage."""
        if not self._is_failing:
            self._is_failing = True
            log.error("board_not_read", error=type(error).__name__)

    def _check_sessions(self) -> None:
        with self._news:
            viewers = list(self._viewers)
        alive = keep_sessions(self._sessions, {one.session_id for one in viewers}, self._limits)
        for viewer in viewers:
            viewer.signed_out = viewer.session_id not in alive


def create_live(settings: Settings, sessions: Sessions) -> Flask:
    """The application of the `live` process: /live/board and nothing else."""
    app = Flask("router.web.live", static_folder=None, template_folder="templates")
    app.root_path = __file__.rpartition("/")[0]
    register_words(app)
    hub = Hub(BoardFeed(app, lambda: read_board(sessions)), sessions, settings)
    live = Blueprint("live", __name__)

    @page(live, "/live/board", Role.SUPERVISOR)
    def board() -> ResponseReturnValue:
        viewer = hub.enter(session[SESSION])
        if viewer is None:
            return Response("All streams are taken.\n", 503, {"Retry-After": "10"})
        stream = Response(events(hub, viewer), mimetype="text/event-stream")
        stream.headers["X-Accel-Buffering"] = "no"  # a proxy must not collect events
        stream.call_on_close(lambda: hub.leave(viewer))
        return stream

    register_sign_in(app, settings, sessions, has_form=False)
    app.register_blueprint(live)
    add_headers(app, settings)

    @app.after_request
    def allow_the_console(answer: Response) -> Response:
        if request.headers.get("Origin") == settings.public_url:
            answer.headers["Access-Control-Allow-Origin"] = settings.public_url
            answer.headers["Access-Control-Allow-Credentials"] = "true"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-site"
        answer.vary.add("Origin")
        return answer

    return app


def events(hub: Hub, viewer: Viewer) -> Iterator[str]:
    """The stream of one viewer: the whole board, then what changes, a beat at least every 2 s."""
    name = secrets.token_hex(4)  # event ids of two processes must not be taken for one another's
    number, reads = 0, -1
    sent: dict[str, str] = {}
    yield "retry: 2000\n\n"
    while not viewer.signed_out:
        shown, reads = hub.wait(number, reads)
        if shown is None:
            yield ": nothing was read\n\n"  # finds out whether the screen is still there
        elif shown.number == number:
            yield f"event: beat\ndata: {shown.read_at.isoformat()}\n\n"
        else:
            changed = {key: html for key, html in shown.sections.items() if sent.get(key) != html}
            number, sent = shown.number, shown.sections
            yield f"id: {name}-{number}\nevent: board\ndata: {message(shown, changed)}\n\n"
    yield f"event: signed-out\ndata: {json.dumps('sign in again')}\n\n"
