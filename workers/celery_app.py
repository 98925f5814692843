"""The Celery app: short, idempotent tasks that carry ids. Their truth is rows.

The broker may lose all of them. Every time-out is set: with the library's defaults a publisher
waits for ever on a frozen broker, and the tasks of a killed worker come back after an hour.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Protocol

from celery import Celery
from celery.signals import setup_logging
from kombu import Queue

from router.config import Settings, load_settings_or_exit
from router.logs import configure_logging
from workers import dispatches, notifications
from workers.wiring import Tools, make_tools

QUEUES = ("dispatch", "notify")
SOFT_LIMIT_SECONDS = 10  # a task is a few statements and at most one request of 5 s
HARD_LIMIT_SECONDS = (
    15  # below the visibility time-out: a task is never given out twice while it runs
)
VISIBILITY_SECONDS = 30
SOCKET_SECONDS = 1
EXPIRY_SECONDS = 120  # a lost worker leaves no heap of tasks: their rows hand them over anew


class Publisher(Protocol):
    """Hands a task to a broker."""

    def publish(self, queue: str, name: str, subject_id: str, task_id: str) -> None:
        """Give `name` the id it is about. Raises within 2 s when the broker is gone."""


def make_app(settings: Settings) -> Celery:
    """The app of one process, without tasks. Connects to nothing yet."""
    app = Celery("switchback", broker=settings.redis_url.get_secret_value())
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_soft_time_limit=SOFT_LIMIT_SECONDS,
        task_time_limit=HARD_LIMIT_SECONDS,
        task_queues=[Queue(name) for name in QUEUES],
        task_default_queue="notify",
        task_create_missing_queues=False,
        broker_connection_timeout=SOCKET_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker waits for its broker as long as it takes
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS,
            # kombu looks for unacknowledged tasks each interval x throttle: 100 s by default.
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": SOCKET_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_soft_shutdown_timeout=HARD_LIMIT_SECONDS,
        worker_hijack_root_logger=False,
        enable_utc=True,
    )
    return app


class CeleryPublisher:
    """Publishes to the broker without a retry: the row stays and is handed over again."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, queue: str, name: str, subject_id: str, task_id: str) -> None:
        """Give the task to its queue. Raises kombu's OperationalError when the broker is gone."""
        self._app.send_task(
            name,
            args=[subject_id],
            queue=queue,
            task_id=task_id,
            retry=False,
            expires=EXPIRY_SECONDS,
        )


def make_worker_app(settings: Settings) -> Celery:
    """The app of a worker, with every task. Its pool's processes connect on their own."""

    @cache
    def tools_of(_process_id: int) -> Tools:
        return make_tools(settings, "worker")

    app = make_app(settings)
    for module in (dispatches, notifications):
        module.register(app, lambda: tools_of(os.getpid()))

    @setup_logging.connect(weak=False)
    def _configure(**_: object) -> None:
        configure_logging(settings.log_level, settings.log_format)

    return app


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any attribute may be asked for
    """`app`, for Celery's command; importing the module reads no environment."""
    if name != "app":
        raise AttributeError(name)
    return _worker_app()


@cache
def _worker_app() -> Celery:
    return make_worker_app(load_settings_or_exit())
