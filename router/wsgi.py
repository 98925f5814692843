"""What gunicorn serves: `router.wsgi:app` for web, `router.wsgi:live` for the event stream.

Each is made when it is asked for, so that importing this starts nothing.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from router.app import create_app
from router.config import Settings, load_settings_or_exit
from router.errors import SwitchbackError
from router.logs import configure_logging, get_logger
from router.services.publish_program import refresh_failsafe
from router.storage.database import Sessions, make_engine, make_sessions

if TYPE_CHECKING:
    from flask import Flask

log = get_logger(__name__)

REFRESH_SECONDS = 60.0


def make_web() -> Flask:
    """The web process, with a thread that keeps 911's numbers on this machine's disk."""
    settings, sessions = _begin("web")
    keeper = threading.Thread(
        target=keep_failsafe_fresh, args=(settings, sessions), name="failsafe", daemon=True
    )
    keeper.start()
    return create_app(settings, sessions)


def make_live() -> Flask:
    """The process of open screens."""
    from router.web.live import create_live  # noqa: PLC0415 - the web process does without

    return create_live(*_begin("live"))


def keep_failsafe_fresh(settings: Settings, sessions: Sessions) -> None:
    """Write 911's numbers to disk at the start and whenever they change, for ever.

    A program is published on one machine; the others hear of it here.
    """
    while True:
        try:
            refresh_failsafe(sessions, settings.state_dir)
        except SwitchbackError as error:
            log.error("failsafe_not_refreshed", error=str(error))  # noqa: TRY400
        except Exception as error:  # noqa: BLE001 - the file that is there stays in use
            log.warning("failsafe_not_refreshed", error=type(error).__name__)
        time.sleep(REFRESH_SECONDS)


def _begin(name: str) -> tuple[Settings, Sessions]:
    settings = load_settings_or_exit()
    configure_logging(settings.log_level, settings.log_format)
    return settings, make_sessions(make_engine(settings, application_name=f"switchback-{name}"))


_MAKERS = {"app": make_web, "live": make_live}
_made: dict[str, Flask] = {}


def __getattr__(name: str) -> Flask:
    if name not in _MAKERS:
        raise AttributeError(name)
    if name not in _made:
        _made[name] = _MAKERS[name]()
    return _made[name]
