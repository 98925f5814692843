"""An announced incident as JSON: our own simple shape, or one shaped like an EIDO (IN3).

Of an EIDO (NENA-STA-021.1, Emergency Incident Data Object) only what is used here is read, and
everything else is passed over. The names inside the callback, location and notes components are our
reading of secondary sources, not of the standard's schema; this is not a conformant EIDO receiver.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from router.services.announce import Announcing

AnswerName = Literal[
    "danger",
    "weapon",
    "violence",
    "crime",
    "medical",
    "imminent_risk",
    "severe_intoxication",
    "from_988",
    "asked_police",
    "mental_health",
]
INCIDENT = "incidentComponent"
OURS = "switchback"  # what an EIDO has no place for: caller_party, answers, trunk, program, psap


def _yes_or_no(value: object) -> object:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


Answer = Annotated[Literal["yes", "no", "unknown"], BeforeValidator(_yes_or_no)]


class IncidentBody(BaseModel):
    """The simple shape; settings it does not know are passed over."""

    model_config = ConfigDict(extra="ignore")

    incident_number: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")
    program: str = Field(default="", max_length=40)
    call_type: str = Field(default="", max_length=60)
    caller_party: Literal["first", "second", "third", "unknown", ""] = ""
    callback_number: str = Field(default="", max_length=40)
    trunk: str = Field(default="", max_length=40)
    location: str = Field(default="", max_length=500)
    zip: str = Field(default="", pattern=r"^([0-9]{5})?$")
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    person: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=4000)
    answers: dict[AnswerName, Answer] = Field(default_factory=dict)
    new_code: bool = False
    psap: str = Field(default="", max_length=40)

    def to_announcing(self) -> Announcing:
        """The same for the service; a call type becomes a code like those of our menus."""
        return Announcing(
            number=self.incident_number,
            program_id=self.program,
            call_type=_code(self.call_type),
            caller_party=self.caller_party,
            callback_number=self.callback_number,
            trunk=self.trunk,
            location=self.location,
            zip=self.zip,
            position=self._position(),
            person=self.person,
            note=self.note,
            answers={str(name): value for name, value in self.answers.items()},
            wants_new_code=self.new_code,
            psap=self.psap,
        )

    def _position(self) -> tuple[float, float] | None:
        if self.latitude is None or self.longitude is None:
            return None
        return self.longitude, self.latitude

    @model_validator(mode="after")
    def _is_whole(self) -> IncidentBody:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        return self


def simplify(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The simple shape of either; what is no EIDO is returned as it is."""
    if INCIDENT not in given:
        return given
    own = given.get(OURS)
    simple: dict[str, Any] = dict(own) if isinstance(own, Mapping) else {}
    read = {
        "incident_number": _first(given, INCIDENT, "internalIncidentId"),
        "call_type": _first(
            given, INCIDENT, "incidentTypeInternalText", "incidentTypeCommonRegistryText"
        ),
        "callback_number": _first(
            given, "callbackComponent", "callbackNumber", "callbackUri"
        ).removeprefix("tel:"),
        "location": _first(given, "locationComponent", "locationText", "addressText"),
        "note": "\n".join(_texts(given, "notesComponent", "notesText", "noteText")),
    }
    return {**simple, **{name: text for name, text in read.items() if text}}


def _first(given: Mapping[str, Any], component: str, *names: str) -> str:
    return next(_texts(given, component, *names), "")


def _texts(given: Mapping[str, Any], component: str, *names: str) -> Iterator[str]:
    """Texts of the named fields in each part of a component, which may be one object or a list."""
    parts = given.get(component)
    for part in parts if isinstance(parts, list) else [parts]:
        fields = part if isinstance(part, Mapping) else {}
        for name in names:
            value = fields.get(name)
            if isinstance(value, str) and value.strip():
                yield value.strip()
                break


def _code(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
