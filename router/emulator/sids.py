"""Twilio's identifiers: two letters for the kind and 32 hexadecimal digits."""

from __future__ import annotations

import random
import re
import uuid

_SID = re.compile(r"^[A-Z]{2}[0-9a-f]{32}$")


class Sids:
    """A source of SIDs; a seed makes a run repeatable, no seed makes them unique across runs."""

    def __init__(self, seed: int | None = None) -> None:
        # A seeded source is for repeatable runs; SIDs are no secrets either way.
        seeded = seed is not None
        self._random = random.Random(seed) if seeded else random.SystemRandom()  # noqa: S311
        # Apart, so that a retry does not change the SIDs of what comes after it.
        self._tokens = random.Random(f"{seed}t") if seeded else random.SystemRandom()  # noqa: S311

    def new(self, prefix: str) -> str:
        return f"{prefix}{self._random.getrandbits(128):032x}"

    def token(self) -> str:
        """A unique text, as of I-Twilio-Idempotency-Token."""
        return str(uuid.UUID(int=self._tokens.getrandbits(128), version=4))


def is_sid(text: str, prefix: str = "") -> bool:
    return bool(_SID.match(text)) and text.startswith(prefix)
