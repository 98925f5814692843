"""The environment of a real process of ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from router.config import Settings


def environment_of(settings: Settings, redis_url: str) -> dict[str, str]:
    """Variables for a process on the test's own database, with no carrier behind its address."""
    return {
        **os.environ,
        "SWITCHBACK_ENV": "test",
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": redis_url,
        "SWITCHBACK_SECRET_KEY": settings.secret_key.get_secret_value(),
        "SWITCHBACK_FIELD_KEYS": settings.field_keys.get_secret_value(),
        "SWITCHBACK_SEARCH_KEY": settings.search_key.get_secret_value(),
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_token.get_secret_value(),
        "TWILIO_API_BASE_URL": "http://127.0.0.1:1",
        "SWITCHBACK_PUBLIC_URL": "https://switchback.test",
        "SWITCHBACK_LOG_FORMAT": "plain",
    }


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait for real processes and threads; the seconds until it held."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - began
