"""API keys: what is known of each besides its secret, which `World.api_keys` holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ApiKey:
    """A key that may sign in to REST in place of the account."""

    sid: str
    friendly_name: str
    created: float
    updated: float
