"""The tasks of the queue `dispatch`: the next step of one request, however often it is run."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from router.errors import NotFoundError
from router.logs import bound, get_logger
from router.services import dispatch_moves as moves
from router.services.advance_dispatch import advance_dispatch
from workers.wiring import Tools

log = get_logger(__name__)


def register(app: Celery, tools: Callable[[], Tools]) -> None:
    """Make the tasks known to `app`; `tools` gives those of the process a task runs in."""

    @app.task(name=moves.ADVANCE)
    def advance(dispatch_id: str) -> None:
        with bound(dispatch_id=dispatch_id):
            try:
                status = advance_dispatch(tools().paging, dispatch_id)
            except NotFoundError:
                log.warning("dispatch_unknown")
                return
            log.info("dispatch_advanced", status=status)
