"""What the API takes to transfer a caller."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from router.programs.shape import SLUG
from router.services.transfer import Wish

SLUG_OR_NOTHING = f"^$|{SLUG}"


class TransferTo(BaseModel):
    """Exactly one of desk, directory, number and team; `program` names another program's desk."""

    model_config = ConfigDict(extra="forbid", strict=True)

    desk: str = Field(default="", pattern=SLUG_OR_NOTHING, max_length=60)
    program: str = Field(default="", pattern=SLUG_OR_NOTHING, max_length=60)
    directory: str = Field(default="", pattern=SLUG_OR_NOTHING, max_length=60)
    number: str = Field(default="", max_length=40)
    team: bool = False


class TransferBody(BaseModel):
    """Whom the caller goes to, how they are asked, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: TransferTo
    consult: Literal["private", "together", ""] = ""
    reason: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$", max_length=60)

    def to_wish(self) -> Wish:
        """The body as the service takes it."""
        return Wish(**self.to.model_dump(), consult=self.consult, reason=self.reason)
