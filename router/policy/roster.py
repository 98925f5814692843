"""Decides who of a desk may be offered a call now, and says why everyone else is left out (RO1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil

from router.policy.shift import Shift, is_on_shift


class Claim(StrEnum):
    """What the call that claims a person wants of them."""

    NONE = ""
    OFFERED = "offered"
    ON_CALL = "on_call"


class Bar(StrEnum):
    """Why a person is not offered a call, in the order in which it is looked for."""

    MISSING_ROLE = "missing_role"
    MISSING_CREDENTIAL = "missing_credential"
    NOT_ON_SHIFT = "not_on_shift"
    NOT_SIGNED_ON = "not_signed_on"
    PAUSED = "paused"
    ON_CALL = "on_call"
    OFFERED_ANOTHER_CALL = "offered_another_call"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class RosterRow:
    """What storage knows of one member of a desk.

    `required_role` and `required_credentials` are the desk's; `idle_since` is when the person was
    last free to take a call. `claimed_call_id` is the call that has claimed them, `claim` what for.
    """

    person_id: str
    name: str
    roles: frozenset[str]
    required_role: str
    languages: frozenset[str] = frozenset({"en"})
    credentials: frozenset[str] = frozenset()
    required_credentials: frozenset[str] = frozenset()
    shifts: tuple[Shift, ...] = ()
    signed_on_at: datetime | None = None
    paused_at: datetime | None = None
    pause_reason: str = ""
    claimed_call_id: str | None = None
    claim: Claim = Claim.NONE
    wrap_up_until: datetime | None = None
    idle_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's place on the roster: free when `bar` is None; `reason` says why not."""

    person_id: str
    name: str
    languages: frozenset[str]
    bar: Bar | None
    reason: str
    idle_since: datetime | None = None
    free_at: datetime | None = None

    @property
    def is_free(self) -> bool:
        """Whether the person may be offered a call."""
        return self.bar is None


def examine(rows: Iterable[RosterRow], at: datetime) -> list[Standing]:
    """Each person's standing at `at`, in the order of `rows`; everyone left out has a reason."""
    return [_stand(row, at) for row in rows]


def _stand(row: RosterRow, at: datetime) -> Standing:
    bar, reason = _find_bar(row, at) or (None, "free")
    return Standing(
        person_id=row.person_id,
        name=row.name,
        languages=row.languages,
        bar=bar,
        reason=reason,
        idle_since=row.idle_since or row.signed_on_at,
        free_at=row.wrap_up_until if bar is Bar.WRAP_UP else None,
    )


def _find_bar(row: RosterRow, at: datetime) -> tuple[Bar, str] | None:
    missing = sorted(row.required_credentials - row.credentials)
    if row.required_role not in row.roles:
        return Bar.MISSING_ROLE, f"does not have the role {_words(row.required_role)}"
    if missing:
        return Bar.MISSING_CREDENTIAL, "lacks " + " and ".join(_words(name) for name in missing)
    if not any(is_on_shift(shift, at) for shift in row.shifts):
        return Bar.NOT_ON_SHIFT, "not on shift"
    return _presence_bar(row, at)


def _presence_bar(row: RosterRow, at: datetime) -> tuple[Bar, str] | None:
    if row.signed_on_at is None or row.signed_on_at > at:
        return Bar.NOT_SIGNED_ON, "on shift, but not signed on"
    if row.paused_at is not None and row.paused_at <= at:
        return Bar.PAUSED, f"paused: {_words(row.pause_reason or 'no reason given')}"
    if row.claimed_call_id is not None:
        if row.claim is Claim.OFFERED:
            return Bar.OFFERED_ANOTHER_CALL, "is being offered another call"
        return Bar.ON_CALL, "on a call"
    if row.wrap_up_until is not None and row.wrap_up_until > at:
        left = row.wrap_up_until - at
        return Bar.WRAP_UP, f"in wrap-up for another {ceil(left.total_seconds())} s"
    return None


def _words(name: str) -> str:
    return name.replace("_", " ")
