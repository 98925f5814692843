"""Slows down guessing at sign-in. Never anywhere else: a caller waits for no limit of ours."""

from __future__ import annotations

import hashlib
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# A shift change signs in a whole room from one address; one person mistypes a few times.
PER_ADDRESS = RateLimitItemPerMinute(120, 5)
PER_ACCOUNT = RateLimitItemPerMinute(30, 5)
PER_BOTH = RateLimitItemPerMinute(10, 5)
REDIS_SECONDS = 0.25


class SignInLimit:
    """Tries per five minutes by address, by account and by both; counted in Redis, else in memory.

    Without Redis each process counts for itself: signing in stays possible, guessing stays slow.
    """

    def __init__(self, redis_url: str) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(_redis(redis_url))

    def seconds_to_wait(self, address: str, email: str) -> int:
        """Count one try; 0 when it may be made, else seconds until the next may."""
        keys = _keys(address, email)
        try:
            return _count(self._shared, keys)
        except (RedisError, OSError):
            return _count(self._own, keys)

    def forgive(self, address: str, email: str) -> None:
        """Forget the tries of someone who got it right."""
        item, name = _keys(address, email)[-1]
        self._own.clear(item, name)
        try:
            self._shared.clear(item, name)
        except (RedisError, OSError):
            return


def _redis(url: str) -> Storage:
    return RedisStorage(
        url,
        key_prefix="switchback-sign-in",
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type] # handed on to the client
    )


def _keys(address: str, email: str) -> list[tuple[RateLimitItem, str]]:
    account = hashlib.sha256(email.encode()).hexdigest()[:32]  # no address of a person in Redis
    return [
        (PER_ADDRESS, address),
        (PER_ACCOUNT, account),
        (PER_BOTH, f"{address} {account}"),
    ]


def _count(limiter: FixedWindowRateLimiter, keys: list[tuple[RateLimitItem, str]]) -> int:
    wait = 0
    for item, name in keys:
        if not limiter.hit(item, name):
            wait = max(
                wait, round(limiter.get_window_stats(item, name).reset_time - time.time()), 1
            )
    return wait
