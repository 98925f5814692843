"""Which column of a file of calls says what, and which of its words mean which answers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from router.errors import InvalidInputError
from router.policy.eligibility import (
    INPUTS,
    PARTIES,
    SCALES,
    UNKNOWN,
    YES_OR_NO,
    Circumstances,
)
from router.policy.service_area import is_position
from router.studies.moments import Moments

# Besides the answers that rules ask about, what a file may say of a call.
PLACE_AND_TIME = ("id", "time", "date", "latitude", "longitude", "zip")
# Headings as exports of public dispatch systems have them, in lower case without other signs.
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("id", "incident", "incidentid", "incidentnumber", "inciid", "eventnumber", "caseid"),
        "time": (
            *("timestamp", "calltime", "datetime", "calldatetime", "received", "receivedtime"),
            *("callreceived", "createtime", "created", "time", "starttime", "entrytime"),
        ),
        "date": ("date", "calldate", "receiveddate", "createdate"),
        "call_type": (
            *("calltype", "nature", "naturecode", "incidenttype", "eventtype", "problem"),
            *("finaltype", "initialtype", "typedescription", "type", "title", "description"),
        ),
        "latitude": ("latitude", "lat", "ycoordinate"),
        "longitude": ("longitude", "lng", "lon", "long", "xcoordinate"),
        "zip": ("zip", "zipcode", "postalcode"),
        "caller_party": ("callerparty", "party", "callerrelation", "relationship"),
        "age": ("age", "patientage", "callerage"),
        "language": ("language", "callerlanguage"),
        "weapon": ("weapon", "weapons"),
    }
)
_YES = frozenset({"y", "yes", "true", "t", "1", "x"})
_NO = frozenset({"n", "no", "false", "f", "0"})
_SIGNS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """`columns` gives the heading for a name, `values` the answer for a word of the file.

    `always` are answers that hold for every call of the file.
    """

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    always: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call of the file; `said_type` is its type in the file's own words."""

    id: str
    said_type: str
    answers: Mapping[str, str]
    known: Circumstances


def guess(headings: Sequence[str]) -> ColumnMap:
    """What the headings look like; a heading that names an answer is taken for it."""
    plain = {_SIGNS.sub("", heading.lower()): heading for heading in reversed(headings)}
    columns = {
        name: plain[_SIGNS.sub("", name)] for name in INPUTS if _SIGNS.sub("", name) in plain
    }
    for name, known in HEADINGS.items():
        found = next((plain[one] for one in known if one in plain), None)
        if found is not None:
            columns.setdefault(name, found)
    return ColumnMap(columns)


def read_map(path: Path, headings: Sequence[str]) -> ColumnMap:
    """A map in TOML, over what the headings look like. Raises InvalidInputError.

    [columns] gives headings by name, "" for none; [values.NAME] answers by the file's words;
    [always] answers of every call.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError("map", f"{path} cannot be read: {why}") from error
    strange = sorted(content.keys() - {"columns", "values", "always"})
    if strange:
        raise InvalidInputError(
            "map", f"{path.name} has {', '.join(strange)}; it may hold columns, values, always"
        )
    columns = dict(guess(headings).columns) | _columns(path.name, content, headings)
    values = {
        name: {
            word.strip().lower(): answer
            for word, answer in _table(path, content, "values", name).items()
        }
        for name in content.get("values", {})
    }
    always = {name: str(answer) for name, answer in content.get("always", {}).items()}
    for name in (*values, *always):
        _check_name(path.name, name, INPUTS)
    return ColumnMap({name: one for name, one in columns.items() if one}, values, always)


def _columns(file: str, content: Mapping[str, Any], headings: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = content.get("columns", {})
    for name, heading in given.items():
        _check_name(file, name, [*INPUTS, *PLACE_AND_TIME])
        if heading and heading not in headings:
            known = ", ".join(headings)
            raise InvalidInputError(
                "map", f'{file}: {name} names the column "{heading}"; the file has {known}'
            )
    return given


def _table(path: Path, content: Mapping[str, Any], *names: str) -> dict[str, str]:
    found: Any = content
    for name in names:
        found = found.get(name)
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        where = ".".join(names)
        raise InvalidInputError("map", f"{path.name}: {where} should be a table of words")
    return found


def _check_name(file: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        near = get_close_matches(name, list(known), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else f" There are {', '.join(sorted(known))}."
        raise InvalidInputError("map", f'{file}: "{name}" is nothing that rules ask about.{hint}')


class CallReader:
    """Turns rows into calls. `call_types` are the types that any of the policies knows."""

    def __init__(
        self,
        columns: ColumnMap,
        headings: Sequence[str],
        call_types: Iterable[str],
        zone: tzinfo,
    ) -> None:
        places = {heading: index for index, heading in reversed(list(enumerate(headings)))}
        self._at = {name: places[heading] for name, heading in columns.columns.items()}
        self._moments = Moments(zone)
        self._always = dict(columns.always)
        self._readers = [
            (name, index, _reader(name, columns.values.get(name, {}), frozenset(call_types)))
            for name, index in self._at.items()
            if name in INPUTS
        ]
        self._read: dict[tuple[str, str], str] = {}

    def read(self, fields: Sequence[str]) -> PastCall:
        """The call of a row; what it does not say or cannot be understood is not known."""
        answers = dict(self._always)
        for name, index, reader in self._readers:
            said = fields[index]
            answer = self._read.get((name, said))
            if answer is None:
                if len(self._read) > MOST_WORDS:
                    self._read.clear()
                answer = self._read[name, said] = reader(said.strip())
            if answer:
                answers[name] = answer
        zip_code = self._field(fields, "zip")[:5]
        if zip_code.isdecimal():
            answers["zip"] = zip_code
        known = Circumstances(at=self._time(fields), position=self._position(fields))
        said_type = self._field(fields, "call_type")
        return PastCall(self._field(fields, "id"), said_type, answers, known)

    def _field(self, fields: Sequence[str], name: str) -> str:
        return fields[self._at[name]].strip() if name in self._at else ""

    def _time(self, fields: Sequence[str]) -> datetime | None:
        day, clock = self._field(fields, "date"), self._field(fields, "time")
        if day and (found := self._moments.read(f"{re.split('[T ]', day)[0]} {clock}")):
            return found
        return self._moments.read(clock)

    def _position(self, fields: Sequence[str]) -> tuple[float, float] | None:
        if "longitude" not in self._at or "latitude" not in self._at:
            return None
        try:
            longitude = float(fields[self._at["longitude"]])
            latitude = float(fields[self._at["latitude"]])
        except ValueError:
            return None
        return (longitude, latitude) if is_position(longitude, latitude) else None


MOST_WORDS = 20_000  # that are remembered, so that a column of free text does not fill the memory


def _reader(
    name: str, values: Mapping[str, str], call_types: frozenset[str]
) -> Callable[[str], str]:
    def read(said: str) -> str:
        word = said.lower()
        return values[word] if word in values else usual(word) if word else ""

    def usual(word: str) -> str:
        plain = _SIGNS.sub("_", word).strip("_")
        if name in YES_OR_NO and (word in _YES or word in _NO):
            return "yes" if word in _YES else "no"
        allowed = {"call_type": call_types, "caller_party": PARTIES}.get(name)
        if allowed is None and (name in SCALES or name in YES_OR_NO):
            allowed = frozenset(SCALES.get(name, ("yes", "no")))
        return plain if allowed is None or plain in allowed else UNKNOWN

    return read
