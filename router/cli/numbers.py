"""switchback numbers and fallback-twiml: calls reach us, and 911 when nothing of ours answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import click

from router.cli.opening import Office, mask, opened, program_option, table
from router.errors import UnavailableError
from router.services.check_numbers import Check, check_numbers, claim_numbers, print_fallback
from router.storage.programs import list_programs
from router.telephony.rest import Carrier
from router.telephony.urls import Urls


@click.group
def numbers() -> None:
    """Our numbers at the carrier: where their calls go, and where when we do not answer."""


@numbers.command()
@program_option
def check(program_id: str | None) -> None:
    """Hold every number, and the document hosted elsewhere, against what is published now.

    Each number should have our voice address, a fallback and our status callback. With
    SWITCHBACK_STATIC_FALLBACK_URL set, the fallback should be the document there, which is fetched
    and should dial 911's lines as they are published. Ends with 1 when anything is not as it
    should be, and says what to do. Changes nothing.
    """
    with opened() as office, closing(_carrier(office)) as carrier:
        checks = check_numbers(
            office.sessions, carrier, _urls(office), _static(office), _programs(office, program_id)
        )
    _tell(checks, "as it should be")


@numbers.command()
@program_option
def claim(program_id: str | None) -> None:
    """Point every number of the published programs at this installation.

    Its fallback becomes the document at SWITCHBACK_STATIC_FALLBACK_URL, where that is set: it
    answers when nothing of ours does.
    """
    with opened() as office, closing(_carrier(office)) as carrier:
        checks = claim_numbers(
            office.sessions, carrier, _urls(office), _static(office), _programs(office, program_id)
        )
    _tell(checks, "points here")


@click.command("fallback-twiml")
@program_option
@click.option("--line", default="", help="A line of ours that has a 911 center of its own.")
def fallback_twiml(program_id: str | None, line: str) -> None:
    """Print the document that connects callers with 911 when everything of ours is down.

    Host it elsewhere: a file in a bucket of another provider, served as text/xml, or a TwiML Bin.
    Set SWITCHBACK_STATIC_FALLBACK_URL to its address, then run: switchback numbers claim. It dials
    911's lines as they are published now; print it anew when they change, and check it with:
    switchback numbers check.
    """
    with opened() as office:
        click.echo(print_fallback(office.sessions, office.which_program(program_id), line))


def _programs(office: Office, given: str | None) -> list[str]:
    if given is not None:
        return [office.which_program(given)]
    with office.sessions() as session:
        known = list_programs(session)
    if not known:
        raise UnavailableError("No program is published. Run: switchback program publish FILE")
    return known


def _carrier(office: Office) -> Carrier:
    settings = office.settings
    return Carrier(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        _urls(office),
        base_url=settings.twilio_api_base_url,
    )


def _urls(office: Office) -> Urls:
    return Urls(office.settings.public_url)


def _static(office: Office) -> str:
    return office.settings.static_fallback_url


def _tell(checks: Sequence[Check], right: str) -> None:
    table(("program", "line", "", ""), list(_rows(checks, right)))
    remedies = list(dict.fromkeys(one.remedy for one in checks if one.remedy))
    if remedies:
        raise click.ClickException("Not all is as it should be.\n" + ".\n".join(remedies) + ".")


def _rows(checks: Sequence[Check], right: str) -> Iterator[tuple[str, str, str, str]]:
    for one in checks:
        subject = mask(one.subject) if one.subject.startswith("+") else one.subject
        for problem in one.problems or (right,):
            yield one.program_id, one.name, subject, problem
