"""The shape of a program's 911 centres: the default, further ones by jurisdiction, their lines.

What Twilio takes of a SIP address: under 255 characters, headers that begin with X- (but not
X-Twilio, error 32113) and User-to-User. Its pages do not say whether the headers count among the
255; here they do, which keeps them under their own 1024 (error 21227) as well.
https://www.twilio.com/docs/voice/twiml/sip
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from router.programs.area_shape import AreaShape
from router.programs.shape import AnswerName, Fault, Number, RingSeconds, Shape, Slug, Words

SIP = r"^sips?:[A-Za-z0-9_.!~*'()%+-]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?(;[A-Za-z0-9=_.;-]+)?$"
HEADER = r"^([Xx]-[A-Za-z0-9-]+|User-to-User)$"
RESERVED = "x-twilio"
HEADER_VALUE = r"^[ -~]+$"
MAX_SIP_ADDRESS = 254
PLACEHOLDERS = frozenset({"incident_number", "call_id"})  # what a header may name of the call
MAX_FILLED_IN = 40  # characters of each
Path = tuple[str | int, ...]


class ReturnLineShape(Shape):
    """A line of a 911 centre, outside our own account: a telephone `number` or a `sip` address.

    `headers` go with a call to the SIP address; {incident_number} and {call_id} are filled in.
    """

    id: Slug
    name: Words
    number: Number | None = None
    sip: Annotated[str, Field(pattern=SIP)] | None = None
    headers: dict[
        Annotated[str, Field(pattern=HEADER)], Annotated[str, Field(pattern=HEADER_VALUE)]
    ] = Field(default_factory=dict)
    ring_seconds: RingSeconds = 20


class CentreShape(Shape):
    """A 911 centre callers go back to; `desk` is its hosted desk, or "".

    It has the calls of its `areas` and of incidents whose number begins with one of
    `incident_prefixes`. `presence` says what proves a person on its lines: a key, or where answered
    is enough a key or speech of `presence_speech_seconds`.
    """

    name: Words
    desk: str = ""
    areas: tuple[AnswerName, ...] = ()
    incident_prefixes: tuple[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")], ...
    ] = ()
    presence: Literal["key", "answered"] = "key"
    presence_speech_seconds: float = Field(default=1.5, ge=0.4, le=30)
    lines: tuple[ReturnLineShape, ...] = Field(min_length=1)


class PsapShape(CentreShape):
    """The default 911 centre, which has every call that no other has."""

    id: Slug


def centres(
    default: PsapShape, further: Mapping[str, CentreShape]
) -> Iterator[tuple[Path, CentreShape]]:
    """Every centre with where it stands in the file, the default first."""
    yield ("psap",), default
    for psap_id, centre in further.items():
        yield ("psaps", psap_id), centre


def outside_lines(
    default: PsapShape, further: Mapping[str, CentreShape]
) -> Iterator[tuple[Path, ReturnLineShape]]:
    """Every line of every centre with where it stands in the file."""
    for path, centre in centres(default, further):
        for index, line in enumerate(centre.lines):
            yield (*path, "lines", index), line


def find_psap_faults(
    default: PsapShape, further: Mapping[str, CentreShape], areas: Mapping[str, AreaShape]
) -> Iterator[Fault]:
    """Centres that could not be told apart or reached."""
    if default.id in further:
        yield ("psaps", default.id), "has the id of the default centre (psap)"
    owners: dict[tuple[str, str], str] = {}
    for path, centre in centres(default, further):
        for area in centre.areas:
            if area not in areas:
                yield (*path, "areas"), f'names "{area}", which is not among the areas'
        for kind, names in (
            ("areas", centre.areas),
            ("incident_prefixes", centre.incident_prefixes),
        ):
            for name in names:
                owner = owners.setdefault((kind, name.upper()), centre.name)
                if owner != centre.name:
                    yield (*path, kind), f'has "{name}", which {owner} has too'
    for path, line in outside_lines(default, further):
        yield from ((path, fault) for fault in _line_faults(line))


def find_missing_numbers(default: PsapShape, further: Mapping[str, CentreShape]) -> Iterator[Fault]:
    """Lines that cannot be rung, and a default centre that the fail-safe could not dial."""
    for path, line in outside_lines(default, further):
        if line.number is None and line.sip is None:
            yield (*path, "number"), "is missing"
    if all(line.number is None and line.sip is not None for line in default.lines):
        yield ("psap", "lines"), "need one with a telephone number: the fail-safe dials no other"


def _line_faults(line: ReturnLineShape) -> Iterator[str]:
    if line.number is not None and line.sip is not None:
        yield "has a number and a sip address; give one of the two"
    if line.headers and line.sip is None and line.number is not None:
        yield "has headers, which only a sip address takes"
    longest = len(line.sip or "")
    for name, value in line.headers.items():
        if name.lower().startswith(RESERVED):
            yield f"has the header {name}; names with X-Twilio are Twilio's own"
        try:
            parts = list(Formatter().parse(value))
        except ValueError:
            yield f"has a brace without its other half in headers.{name}"
            continue
        fields = [field for _, field, _, _ in parts if field is not None]
        for field in sorted(set(fields) - PLACEHOLDERS):
            known = " and ".join(f"{{{one}}}" for one in sorted(PLACEHOLDERS))
            yield f'names "{{{field}}}" in headers.{name}; known are {known}'
        said = "".join(quote(text) for text, _, _, _ in parts)
        longest += len(f"?{name}={said}") + MAX_FILLED_IN * len(fields)
    if longest > MAX_SIP_ADDRESS:
        yield (
            f"has a sip address of {longest} characters with its headers filled in; "
            f"at most {MAX_SIP_ADDRESS} may be"
        )
