"""`switchback user` and `switchback token`: who may sign in, and which programs may use the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import click

from router.config import load_settings_or_exit
from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.services import accounts
from router.services.accounts import PASSWORD_CHARACTERS, Role, Scope
from router.storage.database import Sessions, make_engine, make_sessions

_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def open_sessions() -> Iterator[Sessions]:
    """Sessions on the database that the environment names."""
    engine = make_engine(load_settings_or_exit(), application_name="switchback", pool_size=1)
    try:
        yield make_sessions(engine)
    finally:
        engine.dispose()


def tell(work: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> _T:
    """What `work` returns; an error of ours ends the command with its sentence."""
    try:
        return work(*args, **options)
    except InvalidInputError as error:
        raise click.ClickException(f"{error.field}: {error.message}.") from None
    except (ConflictError, NotFoundError) as error:
        raise click.ClickException(f"{error}.") from None


@click.group()
def user() -> None:
    """People who sign in to the pages."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As colleagues know them.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([*Role]), help="Repeatable."
)
@click.option("--person", default=None, help="Their id on the roster, if they take calls.")
@click.password_option(help=f"At least {PASSWORD_CHARACTERS} characters; asked for when left out.")
def add_user(
    email: str, name: str, roles: tuple[str, ...], person: str | None, password: str
) -> None:
    """Let EMAIL sign in."""
    with open_sessions() as sessions:
        tell(
            accounts.add_user,
            sessions,
            email=email,
            name=name,
            password=password,
            roles=roles,
            person_id=person,
        )
    click.echo(f"{name} can sign in as {email}.")


@user.command("list")
def list_users() -> None:
    """Show who may sign in."""
    with open_sessions() as sessions:
        for row in accounts.list_users(sessions):
            state = "" if row.is_active else "  (disabled)"
            click.echo(f"{row.email}  {row.name}  {', '.join(row.roles)}{state}")


@user.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Sign EMAIL out everywhere and let them in no more."""
    with open_sessions() as sessions:
        tell(accounts.disable_user, sessions, email)
    click.echo(f"{email} is signed out and can no longer sign in.")


@user.command("enable")
@click.argument("email")
def enable_user(email: str) -> None:
    """Let EMAIL sign in again."""
    with open_sessions() as sessions:
        tell(accounts.enable_user, sessions, email)
    click.echo(f"{email} can sign in again.")


@user.command("password")
@click.argument("email")
@click.password_option(help=f"At least {PASSWORD_CHARACTERS} characters; asked for when left out.")
def change_password(email: str, password: str) -> None:
    """Set a new password for EMAIL and sign them out everywhere."""
    with open_sessions() as sessions:
        tell(accounts.change_password, sessions, email, password)
    click.echo(f"{email} has a new password and is signed out everywhere.")


@user.command("sign-out")
@click.argument("email")
def sign_out(email: str) -> None:
    """Sign EMAIL out everywhere."""
    with open_sessions() as sessions:
        ended = tell(accounts.sign_out_everywhere, sessions, email)
    click.echo(f"{ended} sign-ins of {email} ended.")


@click.group()
def token() -> None:
    """Programs that use the HTTP API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([*Scope]),
    help="Repeatable.",
)
def add_token(name: str, scopes: tuple[str, ...]) -> None:
    """Make a token for the program NAME and show it, once."""
    with open_sessions() as sessions:
        made = tell(
            accounts.add_token, sessions, name=name, scopes=scopes, created_by="switchback token"
        )
    click.echo("This token is shown once; keep it where the program reads its secrets:", err=True)
    click.echo(made.token)


@token.command("list")
def list_tokens() -> None:
    """Show tokens by their id, scopes and last use."""
    with open_sessions() as sessions:
        for row in accounts.list_tokens(sessions):
            used = f"{row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "never used"
            state = "  (revoked)" if row.revoked_at else ""
            click.echo(f"{row.id}  {row.name}  {', '.join(sorted(row.scopes))}  {used}{state}")


@token.command("revoke")
@click.argument("token_id")
def revoke_token(token_id: str) -> None:
    """Let the token TOKEN_ID open nothing any more."""
    with open_sessions() as sessions:
        tell(accounts.revoke_token, sessions, token_id)
    click.echo(f"Token {token_id} is revoked.")
