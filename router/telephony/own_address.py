"""Whether the address that carriers ask for documents answers, as far as this process can tell.

A leg that is moved to an address that does not answer hears the carrier's error and is hung up on.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from router.telephony.urls import Urls

TIMEOUT_SECONDS = 1.0
FRESH_SECONDS = 1.0  # an answer is good for so long


class OwnAddress:
    """Asks our own public address whether it lives. Safe to share between threads.

    A process that has never had an answer says nothing: it may sit behind a wall that lets
    carriers in and not itself out.
    """

    def __init__(self, urls: Urls) -> None:
        self._url = urls.health()
        self._answered_at: float | None = None

    def is_dead(self) -> bool:
        """Whether it has answered this process before and does not any more."""
        now = time.monotonic()
        if self._answered_at is not None and now - self._answered_at < FRESH_SECONDS:
            return False
        if self._answers():
            self._answered_at = time.monotonic()
            return False
        return self._answered_at is not None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT_SECONDS):  # noqa: S310 - configured
                return True
        except urllib.error.HTTPError as error:
            with error:
                return error.code < 500  # noqa: PLR2004 - a server's own failure
        except OSError:
            return False
