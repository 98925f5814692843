"""switchback roster: who is on, who is free, and who is left out and why."""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.opening import opened, program_option, several, table
from router.errors import InvalidInputError
from router.policy.roster import Standing
from router.policy.shift import EVERY_DAY, Shift
from router.services import edit_roster, sign_on
from router.services.edit_roster import Hours, PersonEntry
from router.services.import_roster import WEEKDAYS, import_roster, parse_clock, parse_days


@click.group
def roster() -> None:
    """Rosters: people, their desks and shifts, and whether they are offered calls."""


@roster.command(name="list")
@program_option
@click.option("--desk", help="Only this desk.")
def list_(program_id: str | None, desk: str | None) -> None:
    """Show who is on each desk: free, or left out and why."""
    with opened() as office:
        program = office.which_program(program_id)
        standings = edit_roster.list_standings(office.sessions, program)
    if desk is not None and desk not in standings:
        known = ", ".join(sorted(standings))
        raise click.ClickException(f'There is no desk "{desk}"; there are {known}.')
    for name in [desk] if desk is not None else list(standings):
        people = standings[name]
        free = sum(one.is_free for one in people)
        click.echo(f"{program}, desk {name}: {free} of {len(people)} free")
        rows = [(one.person_id, one.name, _languages(one), one.reason) for one in people]
        if rows:
            table(("  person", "name", "speaks", "standing"), [("  " + a, *b) for a, *b in rows])


def _languages(standing: Standing) -> str:
    return " ".join(sorted(standing.languages))


@roster.command()
@click.argument("person")
@click.option("--name", required=True, help="What colleagues call them; it is said aloud.")
@click.option("--phone", default="", help="Their telephone; needed to serve a desk.")
@click.option("--role", "roles", multiple=True, required=True, callback=several)
@click.option("--language", "languages", multiple=True, callback=several, help="Default: en.")
@click.option("--desk", "desks", multiple=True, callback=several)
@click.option("--credential", "credentials", multiple=True, callback=several)
@click.option("--days", help="Of a shift on those desks: daily, mon-fri, sat sun.")
@click.option("--from", "starts", help="When it starts, like 07:30.")
@click.option("--to", "ends", help="When it ends; at or before the start means the next day.")
@program_option
def add(  # noqa: PLR0913 - one argument an option
    *,
    person: str,
    name: str,
    phone: str,
    roles: tuple[str, ...],
    languages: tuple[str, ...],
    desks: tuple[str, ...],
    credentials: tuple[str, ...],
    days: str | None,
    starts: str | None,
    ends: str | None,
    program_id: str | None,
) -> None:
    """Put PERSON (a short id) on the roster, or change what is known of them."""
    entry = PersonEntry(person, name, phone, roles, languages or ("en",), desks, credentials)
    hours = None
    if days or starts or ends:
        if not desks:
            raise InvalidInputError("desk", "is missing; a shift is on a desk")
        hours = _hours(days, starts, ends)
    with opened() as office:
        program = office.which_program(program_id)
        edit_roster.add_person(office.sessions, program, entry, hours)
    where = ", ".join(desks) or "no desk"
    click.echo(f"{person} is on the roster of {program}: {where}.")


@roster.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@program_option
def import_(file: Path, program_id: str | None) -> None:
    """Take everyone in FILE.csv, or nobody: then each bad row is listed with its line.

    Columns: id, name, phone, roles, languages, desks, credentials, days, from, to. Several values
    in a cell are set apart by spaces; a person with several shifts has a row for each.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not text in UTF-8.") from None
    with opened() as office:
        program = office.which_program(program_id)
        people = import_roster(office.sessions, program, text)
    who = "1 person" if len(people) == 1 else f"{len(people)} people"
    click.echo(f"On the roster of {program}: {who} of {file.name}.")


@roster.command()
@click.argument("person")
def on(person: str) -> None:
    """Sign PERSON on, and end a pause."""
    with opened() as office:
        standings = sign_on.sign_on(office.sessions, person)
    _tell(person, "signed on", standings)


@roster.command()
@click.argument("person")
def off(person: str) -> None:
    """Sign PERSON off; a call they are on is theirs to finish."""
    with opened() as office:
        is_busy = sign_on.sign_off(office.sessions, person)
    click.echo(f"{person} is signed off" + (", and on a call to its end." if is_busy else "."))


@roster.command()
@click.argument("person")
@click.option("--reason", default="break", show_default=True, help="Shown to supervisors.")
def pause(person: str, reason: str) -> None:
    """Offer PERSON nothing for a while."""
    with opened() as office:
        sign_on.pause(office.sessions, person, reason)
    click.echo(f"{person} is paused: {reason}.")


@roster.command()
@click.argument("person")
def resume(person: str) -> None:
    """End PERSON's pause."""
    with opened() as office:
        standings = sign_on.resume(office.sessions, person)
    _tell(person, "no longer paused", standings)


@roster.command()
@click.argument("person")
@click.argument("desk")
@click.option("--days", required=True, help="daily, mon-fri, sat sun")
@click.option("--from", "starts", required=True, help="When it starts, like 07:30.")
@click.option("--to", "ends", required=True, help="When it ends, like 15:30.")
def shift(person: str, desk: str, days: str, starts: str, ends: str) -> None:
    """Give PERSON one more shift on DESK."""
    with opened() as office:
        shift_id = edit_roster.add_shift(office.sessions, person, desk, _hours(days, starts, ends))
    click.echo(f"{person} has shift {shift_id} on {desk}.")


@roster.command()
@click.argument("person")
def shifts(person: str) -> None:
    """Show PERSON's shifts with their numbers."""
    with opened() as office:
        known = edit_roster.list_shifts(office.sessions, person)
    if not known:
        click.echo(f"{person} has no shifts.")
        return
    rows = [(str(shift_id), desk, *_words(hours)) for shift_id, desk, hours in known]
    table(("shift", "desk", "days", "hours", "zone"), rows)


@roster.command()
@click.argument("shift_id", metavar="SHIFT", type=int)
def unshift(shift_id: int) -> None:
    """Take the shift numbered SHIFT off the roster."""
    with opened() as office:
        edit_roster.remove_shift(office.sessions, shift_id)
    click.echo(f"Shift {shift_id} is off the roster.")


def _hours(days: str | None, starts: str | None, ends: str | None) -> Hours:
    for name, given in (("--days", days), ("--from", starts), ("--to", ends)):
        if not given:
            raise InvalidInputError(name, "is missing; a shift has --days, --from and --to")
    return Hours(
        parse_days(days or ""), parse_clock("--from", starts or ""), parse_clock("--to", ends or "")
    )


def _words(hours: Shift) -> tuple[str, str, str]:
    daily = hours.weekdays == EVERY_DAY
    days = "daily" if daily else " ".join(WEEKDAYS[day] for day in sorted(hours.weekdays))
    return days, f"{hours.starts:%H:%M} to {hours.ends:%H:%M}", hours.zone


def _tell(person: str, what: str, standings: dict[str, Standing]) -> None:
    if not standings:
        click.echo(f"{person} is {what}, but a member of no desk, and is offered no calls.")
    for desk, standing in standings.items():
        click.echo(f"{person} is {what}; desk {desk}: {standing.reason}.")
