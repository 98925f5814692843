"""Every table of the router, as SQLAlchemy Core tables on one `metadata`."""

from router.storage.tables.accounts import api_tokens, user_sessions, users
from router.storage.tables.call_backs import call_back_tries, call_backs, welfare_pages
from router.storage.tables.calls import (
    calls,
    dispositions,
    incidents,
    legs,
    offers,
    outbox,
    outside_numbers,
    queue_visits,
    rate_limits,
    receipts,
    repair_claims,
    timeline,
)
from router.storage.tables.dispatches import (
    dispatch_pages,
    dispatch_requests,
    messages,
    team_members,
    teams,
)
from router.storage.tables.intake import announcements, blocked_numbers
from router.storage.tables.metadata import metadata
from router.storage.tables.people import desk_members, people, presence, shifts
from router.storage.tables.programs import (
    desks,
    lines,
    program_versions,
    programs,
    psaps,
    return_lines,
)
from router.storage.tables.protocols import protocol_texts, protocol_versions

__all__ = [
    "announcements",
    "api_tokens",
    "blocked_numbers",
    "call_back_tries",
    "call_backs",
    "calls",
    "desk_members",
    "desks",
    "dispatch_pages",
    "dispatch_requests",
    "dispositions",
    "incidents",
    "legs",
    "lines",
    "messages",
    "metadata",
    "offers",
    "outbox",
    "outside_numbers",
    "people",
    "presence",
    "program_versions",
    "programs",
    "protocol_texts",
    "protocol_versions",
    "psaps",
    "queue_visits",
    "rate_limits",
    "receipts",
    "repair_claims",
    "return_lines",
    "shifts",
    "team_members",
    "teams",
    "timeline",
    "user_sessions",
    "users",
    "welfare_pages",
]
