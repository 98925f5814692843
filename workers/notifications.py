"""The tasks of the queue `notify`: they write and send text messages, each one once."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from router.errors import NotFoundError
from router.logs import bound, get_logger
from router.services import dispatch_moves as moves
from router.services.notify import send_message, tell_supervisors
from router.telephony.rest import Result
from workers.wiring import Tools

log = get_logger(__name__)


def register(app: Celery, tools: Callable[[], Tools]) -> None:
    """Make the tasks known to `app`; `tools` gives those of the process a task runs in."""

    @app.task(name=moves.SEND)
    def send(message_id: str) -> None:
        mine = tools()

        def post(to_e164: str, from_e164: str, body: str, its_id: str) -> Result:
            status_url = mine.urls.message_status(its_id)
            return mine.messenger.send_message(to_e164, from_e164, body, status_url)

        with bound(message_id=message_id):
            try:
                status = send_message(mine.paging, post, message_id)
            except NotFoundError:
                log.warning("message_unknown")
                return
            log.info("message_sent", status=status)

    @app.task(name=moves.TELL_SUPERVISORS)
    def tell(outbox_id: str) -> None:
        with bound(outbox_id=outbox_id):
            try:
                written = tell_supervisors(tools().paging, int(outbox_id))
            except NotFoundError:
                log.warning("notification_unknown")
                return
            log.info("supervisors_told", messages=written)
