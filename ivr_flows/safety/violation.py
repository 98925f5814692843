"""What is promised, and that it does not hold."""

from __future__ import annotations

from enum import StrEnum


class Promise(StrEnum):
    """What holds in every state and from every state on, by name."""

    REACHED = "a person or 911 is reached"
    DEADLINE = "no cycle without a deadline"
    RINGING = "no leg is left ringing"
    ONE_CLAIM = "nobody is claimed twice"
    NEVER_ALONE = "no caller is alone in a room"
    NOT_HUNG_UP = "nobody is hung up on"
    COMES_BACK = "a document comes back"


class Violation(Exception):  # noqa: N818 - what is looked for, not a mistake of the program's
    """A promise does not hold; the text says what is wrong."""

    def __init__(self, promise: Promise, what: str) -> None:
        super().__init__(what)
        self.promise = promise
        self.what = what
        self.mode = ""  # of the silence in which it broke
