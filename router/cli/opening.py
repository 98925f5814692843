"""What commands share: settings, the database, the program meant, and errors as sentences."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from router.config import Settings, load_settings
from router.errors import SwitchbackError
from router.storage.database import Sessions, make_engine, make_sessions
from router.storage.programs import list_programs

program_option = click.option(
    "--program", "program_id", help="The program meant; needed when there are several."
)


@dataclass(frozen=True, slots=True)
class Office:
    """What a command works with."""

    settings: Settings
    sessions: Sessions

    def which_program(self, given: str | None) -> str:
        """The program a command means: the one given, else the only one there is."""
        with self.sessions() as session:
            known = list_programs(session)
        if given is not None and given not in known:
            raise click.ClickException(f'There is no program "{given}".{_list_known(known)}')
        if given is None and len(known) != 1:
            hint = (
                _list_known(known) + " Say which with --program."
                if known
                else " Publish one first: switchback program publish FILE"
            )
            raise click.ClickException(f"It is not clear which program is meant.{hint}")
        return given or known[0]


def _list_known(known: Sequence[str]) -> str:
    return f" There {'is' if len(known) == 1 else 'are'} {', '.join(known) or 'none'}."


@contextmanager
def opened() -> Iterator[Office]:
    """Settings and database of this installation, closed at the end."""
    settings = load_settings()
    engine = make_engine(settings, application_name="switchback cli")
    try:
        yield Office(settings, make_sessions(engine))
    finally:
        engine.dispose()


class SentenceGroup(click.Group):
    """A group whose commands end in a sentence and exit code 1, not in a traceback.

    Errors of ours say what they mean; of the database only the kind is told, since its own words
    may hold personal data.
    """

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever a command returns
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SwitchbackError as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            raise click.ClickException(
                "The database cannot be reached. Check DATABASE_URL, and that it is running."
            ) from error
        except ProgrammingError as error:
            raise click.ClickException(
                "The database is not ready for this release. Run: alembic upgrade head"
            ) from error
        except SQLAlchemyError as error:
            raise click.ClickException(
                f"The database refused this ({type(error).__name__}); nothing was changed."
            ) from error


def whoami() -> str:
    """Who runs the command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for the user id, as in some containers
        return "unknown"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns."""
    cells = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(headings))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def mask(number: str | None) -> str:
    """A telephone number as a terminal may show it: its last two digits."""
    return f"…{number[-2:]}" if number else "none"


def several(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """Values of an option that may be repeated or hold several set apart by commas."""
    return tuple(part.strip() for value in given for part in value.split(",") if part.strip())
