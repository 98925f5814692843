"""What the tables of a program's file have in common: unknown settings are faults; usual values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?$"
E164 = r"^\+[1-9][0-9]{6,14}$"
ANSWER_NAME = r"^[a-z][a-z0-9_]*$"

Slug = Annotated[str, Field(pattern=SLUG)]
Number = Annotated[str, Field(pattern=E164)]
AnswerName = Annotated[str, Field(pattern=ANSWER_NAME)]
OptionalName = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*)?$")]
RingSeconds = Annotated[int, Field(ge=5, le=120)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class Shape(BaseModel):
    """A table of the file: settings it does not know are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Fault = tuple[tuple[str | int, ...], str]
"""Where something is wrong in the file, and a sentence."""
