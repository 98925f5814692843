"""Whether calls to our numbers reach us, and 911 when nothing of ours answers (RE5, OP2)."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from router.errors import NotFoundError
from router.programs.reading import from_stored
from router.services.publish_program import list_psap_lines
from router.storage.database import Sessions
from router.storage.programs import find_active_version, list_line_numbers, list_programs
from router.telephony import our_numbers
from router.telephony.line_reading import Asked
from router.telephony.rest import Done, Failed, Unknown
from router.telephony.static_fallback import (
    FallbackLine,
    address_for,
    fallback_document,
    names_lines,
    numbers_dialled,
    numbers_to_dial,
)
from router.telephony.urls import Urls

TIMEOUT_SECONDS = 5.0
MOST_BYTES = 64 * 1024  # Twilio takes no longer document (error 11750)
AS_TWIML = frozenset({"text/xml", "application/xml", "text/html"})

NO_ANSWER: Mapping[str, str] = {
    "not_our_number": "is not a number of this Twilio account",
    "20003": "cannot be read: Twilio refuses our account's SID or token",
}
CLAIM = "Run: switchback numbers claim"

Fetch = Callable[[str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what is wrong with it, and what to do; nothing for one that is right.

    `subject` is a number of ours (E.164) or a document's address.
    """

    program_id: str
    name: str
    subject: str
    problems: tuple[str, ...] = ()
    remedy: str = ""


def print_fallback(sessions: Sessions, program_id: str, line: str = "") -> str:
    """The document that connects a program's callers with 911 while everything of ours is down.

    With `line`, one of ours, the lines are of the 911 centre it belongs to. Raises NotFoundError
    for a program that is not in force, and for an unknown line.
    """
    with sessions() as session:
        known = list_line_numbers(session, program_id)
        if line and line not in known:
            raise NotFoundError(f"{program_id} has no line {line}; it has {', '.join(known)}.")
        lines, caller_id = _fallback_of(session, program_id, line)
    return fallback_document(lines, caller_id)


def claim_numbers(
    sessions: Sessions, carrier: Asked, urls: Urls, static_url: str, program_ids: Iterable[str]
) -> list[Check]:
    """Point every number of the programs at us; what could not be done is a problem."""
    with sessions() as session:
        numbers = _list_numbers(session, program_ids)
    done = []
    for program_id, name, number in numbers:
        wanted = our_numbers.wanted_settings(urls, program_id, name, static_url)
        result = our_numbers.claim_number(carrier, number, wanted)
        problems = () if isinstance(result, Done) else (_in_words(result),)
        done.append(Check(program_id, name, number, problems, remedy=_remedy(result)))
    return done


def check_numbers(
    sessions: Sessions,
    carrier: Asked,
    urls: Urls,
    static_url: str,
    program_ids: Iterable[str],
    fetch: Fetch | None = None,
) -> list[Check]:
    """Hold every number, and the document hosted elsewhere, against what is published now."""
    program_ids = list(program_ids)
    with sessions() as session:
        numbers = _list_numbers(session, program_ids)
        documents = _list_documents(session, static_url, program_ids, numbers)
    checks = []
    for program_id, name, number in numbers:
        wanted = our_numbers.wanted_settings(urls, program_id, name, static_url)
        found = our_numbers.read_settings(carrier, number)
        if isinstance(found, (Failed, Unknown)):
            checks.append(Check(program_id, name, number, (_in_words(found),), _remedy(found)))
        else:
            problems = tuple(our_numbers.differences(wanted, found))
            checks.append(Check(program_id, name, number, problems, CLAIM if problems else ""))
    return checks + [_check_document(one, fetch or fetch_document) for one in documents]


def fetch_document(address: str) -> tuple[str, str]:
    """The type and text of what is hosted at an address, by GET as the carrier asks for it.

    Raises OSError, and ValueError for what no carrier would take.
    """
    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - configured
        body = answer.read(MOST_BYTES + 1)
        kind = answer.headers.get_content_type()
    if len(body) > MOST_BYTES:
        raise ValueError("is longer than 64 kB")
    return kind, body.decode("utf-8")


def _fallback_of(session: Session, program_id: str, line: str) -> tuple[list[FallbackLine], str]:
    active = find_active_version(session, program_id)
    if active is None:
        raise NotFoundError(f"No version of {program_id} is in force.")
    outside = list_psap_lines(session, active, line)
    lines = [FallbackLine(number, seconds) for number, seconds in outside]
    numbers = list_line_numbers(session, program_id)
    return lines, numbers.get(from_stored(active.document).caller_id, "")


def _list_numbers(session: Session, program_ids: Iterable[str]) -> list[tuple[str, str, str]]:
    """Program, line and number of every line."""
    known = set(list_programs(session))
    return [
        (program_id, name, number)
        for program_id in program_ids
        if program_id in known
        for name, number in sorted(list_line_numbers(session, program_id).items())
    ]


@dataclass(frozen=True, slots=True)
class _Hosted:
    """A document that somebody else should host: where, and what it should dial."""

    program_id: str
    line: str
    address: str
    lines: tuple[FallbackLine, ...]

    @property
    def command(self) -> str:
        """What prints it."""
        of_line = f" --line {self.line}" if self.line else ""
        return f"switchback fallback-twiml --program {self.program_id}{of_line}"


def _list_documents(
    session: Session,
    static_url: str,
    program_ids: Iterable[str],
    numbers: Iterable[tuple[str, str, str]],
) -> list[_Hosted]:
    """One for each program; for each of its lines where the address names them."""
    if names_lines(static_url):
        wanted = [(program_id, name) for program_id, name, _ in numbers]
    else:
        wanted = [(program_id, "") for program_id in program_ids]
    return [
        _Hosted(
            program_id,
            line,
            address_for(static_url, program_id, line),
            tuple(_fallback_of(session, program_id, line)[0]),
        )
        for program_id, line in wanted
    ]


def _check_document(hosted: _Hosted, fetch: Fetch) -> Check:
    name = f"{hosted.line} document".strip()
    if not hosted.address:
        problem = "is hosted nowhere: with everything of ours down, new callers are hung up on"
        remedy = (
            f"Run: {hosted.command}, host what it prints elsewhere,"
            " set SWITCHBACK_STATIC_FALLBACK_URL to its address, then: switchback numbers claim"
        )
        return Check(hosted.program_id, name, "", (problem,), remedy)
    problem = _find_problem(hosted, fetch)
    if not problem:
        return Check(hosted.program_id, name, hosted.address)
    remedy = f"Run: {hosted.command}, and host what it prints at {hosted.address}"
    return Check(hosted.program_id, name, hosted.address, (problem,), remedy)


def _find_problem(hosted: _Hosted, fetch: Fetch) -> str:
    try:
        kind, document = fetch(hosted.address)
        if kind not in AS_TWIML:
            return f"is served as {kind}, which the carrier does not take; serve it as text/xml"
        dialled = numbers_dialled(document)
    except urllib.error.HTTPError as error:
        with error:
            return f"is answered with HTTP {error.code}"
    except OSError as error:
        return f"cannot be fetched ({type(error).__name__})"
    except ValueError as error:
        return "is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    if dialled != numbers_to_dial(hosted.lines):
        return "does not dial the lines of 911 that are published"
    return ""


def _in_words(result: Failed | Unknown) -> str:
    if isinstance(result, Failed):
        return NO_ANSWER.get(result.code, f"cannot be read: Twilio says {result.code}")
    return f"cannot be read: {result.reason.replace('_', ' ')}"


def _remedy(result: Done | Failed | Unknown) -> str:
    if isinstance(result, Done):
        return ""
    if isinstance(result, Failed) and result.code == "not_our_number":
        return "Give the line a number that the account has, and publish the program again"
    return "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, and that Twilio can be reached"
