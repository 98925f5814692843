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
    addresses_dialled,
    addresses_to_dial,
    fallback_document,
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
HOST = "Run: switchback fallback-twiml --program {program}, and host what it prints at that address"

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


def print_fallback(sessions: Sessions, program_id: str) -> str:
    """The document that connects a program's callers with 911 while everything of ours is down.

    Raises NotFoundError for a program that is not in force.
    """
    with sessions() as session:
        lines, caller_id = _fallback_of(session, program_id)
    return fallback_document(lines, caller_id)


def claim_numbers(
    sessions: Sessions, carrier: Asked, urls: Urls, static_url: str, program_ids: Iterable[str]
) -> list[Check]:
    """Point every number of the programs at us; what could not be done is a problem."""
    with sessions() as session:
        numbers = _list_numbers(session, program_ids)
    done = []
    for program_id, name, number in numbers:
        wanted = our_numbers.wanted_settings(urls, program_id, static_url)
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
        fallbacks = {one: _fallback_of(session, one)[0] for one in program_ids}
    checks = []
    for program_id, name, number in numbers:
        wanted = our_numbers.wanted_settings(urls, program_id, static_url)
        found = our_numbers.read_settings(carrier, number)
        if isinstance(found, (Failed, Unknown)):
            checks.append(Check(program_id, name, number, (_in_words(found),), _remedy(found)))
        else:
            problems = tuple(our_numbers.differences(wanted, found))
            checks.append(Check(program_id, name, number, problems, CLAIM if problems else ""))
    return checks + [
        _check_document(program_id, lines, static_url, fetch or fetch_document)
        for program_id, lines in fallbacks.items()
    ]


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


def _fallback_of(session: Session, program_id: str) -> tuple[list[FallbackLine], str]:
    active = find_active_version(session, program_id)
    if active is None:
        raise NotFoundError(f"No version of {program_id} is in force.")
    lines = [FallbackLine(number, seconds) for number, seconds in list_psap_lines(session, active)]
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


def _check_document(
    program_id: str, lines: list[FallbackLine], static_url: str, fetch: Fetch
) -> Check:
    if not static_url:
        problem = "is hosted nowhere: with everything of ours down, new callers are hung up on"
        remedy = (
            f"Run: switchback fallback-twiml --program {program_id}, host what it prints elsewhere,"
            " set SWITCHBACK_STATIC_FALLBACK_URL to its address, then: switchback numbers claim"
        )
        return Check(program_id, "document", "", (problem,), remedy)
    address = address_for(static_url, program_id)
    problem = _find_problem(address, lines, fetch)
    if not problem:
        return Check(program_id, "document", address)
    return Check(program_id, "document", address, (problem,), HOST.format(program=program_id))


def _find_problem(address: str, lines: list[FallbackLine], fetch: Fetch) -> str:
    try:
        kind, document = fetch(address)
        if kind not in AS_TWIML:
            return f"is served as {kind}, which the carrier does not take; serve it as text/xml"
        dialled = addresses_dialled(document)
    except urllib.error.HTTPError as error:
        with error:
            return f"is answered with HTTP {error.code}"
    except OSError as error:
        return f"cannot be fetched ({type(error).__name__})"
    except ValueError as error:
        return "is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    if dialled != addresses_to_dial(lines):
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
