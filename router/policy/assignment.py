"""Decides in which order free people are offered a call (RO2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from router.policy.roster import Standing

_NEVER = datetime.min.replace(tzinfo=UTC)


def order(standings: Iterable[Standing], language: str) -> tuple[Standing, ...]:
    """Free people, those who speak the caller's language first, then the longest idle first."""
    free = sorted(
        (standing for standing in standings if standing.is_free),
        key=lambda one: (
            language not in one.languages,
            one.idle_since or _NEVER,
            one.person_id,
        ),
    )
    return tuple(free)
