"""`switchback user` and `switchback token`: who may sign in, and which programs may use the API."""

from __future__ import annotations

import click

from router.cli.opening import opened, several, table, whoami
from router.services import accounts
from router.services.accounts import PASSWORD_CHARACTERS, Role, Scope


@click.group
def user() -> None:
    """People who sign in to the pages."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As colleagues know them.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    callback=several,
    help=f"One or more of {', '.join(Role)}.",
)
@click.option("--person", default=None, help="Their id on the roster, if they take calls.")
@click.password_option(help=f"At least {PASSWORD_CHARACTERS} characters; asked for when left out.")
def add_user(
    email: str, name: str, roles: tuple[str, ...], person: str | None, password: str
) -> None:
    """Let EMAIL sign in."""
    with opened() as office:
        accounts.add_user(
            office.sessions,
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
    with opened() as office:
        known = accounts.list_users(office.sessions)
    rows = [
        (row.email, row.name, " ".join(row.roles), "" if row.is_active else "disabled")
        for row in known
    ]
    table(("address", "name", "roles", ""), rows)


@user.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Sign EMAIL out everywhere and let them in no more."""
    with opened() as office:
        accounts.disable_user(office.sessions, email)
    click.echo(f"{email} is signed out and can no longer sign in.")


@user.command("enable")
@click.argument("email")
def enable_user(email: str) -> None:
    """Let EMAIL sign in again."""
    with opened() as office:
        accounts.enable_user(office.sessions, email)
    click.echo(f"{email} can sign in again.")


@user.command("password")
@click.argument("email")
@click.password_option(help=f"At least {PASSWORD_CHARACTERS} characters; asked for when left out.")
def change_password(email: str, password: str) -> None:
    """Set a new password for EMAIL and sign them out everywhere."""
    with opened() as office:
        accounts.change_password(office.sessions, email, password)
    click.echo(f"{email} has a new password and is signed out everywhere.")


@user.command("sign-out")
@click.argument("email")
def sign_out(email: str) -> None:
    """Sign EMAIL out everywhere."""
    with opened() as office:
        ended = accounts.sign_out_everywhere(office.sessions, email)
    click.echo(f"{ended} sign-ins of {email} ended.")


@click.group
def token() -> None:
    """Programs that use the HTTP API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    callback=several,
    help=f"One or more of {', '.join(Scope)}.",
)
def add_token(name: str, scopes: tuple[str, ...]) -> None:
    """Make a token for the program NAME and show it, once."""
    with opened() as office:
        made = accounts.add_token(office.sessions, name=name, scopes=scopes, created_by=whoami())
    click.echo("This token is shown once; keep it where the program reads its secrets:", err=True)
    click.echo(made.token)


@token.command("list")
def list_tokens() -> None:
    """Show tokens by their id, scopes and last use."""
    with opened() as office:
        known = accounts.list_tokens(office.sessions)
    rows = [
        (
            row.id,
            row.name,
            " ".join(sorted(row.scopes)),
            f"{row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "never",
            "revoked" if row.revoked_at else "",
        )
        for row in known
    ]
    table(("token", "for", "scopes", "last used", ""), rows)


@token.command("revoke")
@click.argument("token_id")
def revoke_token(token_id: str) -> None:
    """Let the token TOKEN_ID open nothing any more."""
    with opened() as office:
        accounts.revoke_token(office.sessions, token_id)
    click.echo(f"Token {token_id} is revoked.")
