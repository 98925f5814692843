"""Signing in, and who may open what: nothing opens that does not say for whom.

Flask-Security checks passwords and keeps its user in a signed cookie; the session itself is a row
of ours, so that it ends when we say. Webhooks never come near any of this.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import user_logged_out  # type: ignore[import-untyped]
from flask_security import (
    LoginForm,
    RoleMixin,
    Security,
    UserDatastore,
    UserMixin,
    user_authenticated,
)
from flask_security import current_user as flask_user
from flask_wtf.csrf import CSRFProtect

from router.config import Settings
from router.services import accounts
from router.services.accounts import Role
from router.storage.accounts import SessionLimits, UserRow
from router.storage.database import Sessions
from router.web.sign_in_limit import SignInLimit

SESSION = "sid"
SIGN_IN = "security.login"
OPEN_ENDPOINTS = frozenset({SIGN_IN, "console.static"})
ROLES: dict[str, frozenset[Role]] = {}
"""Who may open each page, by endpoint. `page` is the only way to make one."""

STRANGER = ({"error": "Sign in first."}, 401)

_View = TypeVar("_View", bound=Callable[..., Any])


class SignInForm(LoginForm):
    """Address and password; no cookie outlives the session."""

    remember = None  # type: ignore[assignment] # how WTForms drops an inherited field


class AccountRole(RoleMixin):
    """A role as Flask-Security knows it."""

    def __init__(self, name: str) -> None:
        self.name = name


class Account(UserMixin):
    """A user as Flask-Security knows them."""

    fs_uniquifier = ""  # looked for on the class

    def __init__(self, row: UserRow) -> None:
        self.row = row
        self.id = row.id  # type: ignore[assignment] # its models number their rows
        self.email = row.email
        self.name = row.name
        self.password = row.password_hash
        self.active = row.is_active
        self.fs_uniquifier = row.session_key
        self.person_id = row.person_id
        self.roles = [AccountRole(name) for name in row.roles]


class AccountsDatastore(UserDatastore):
    """What Flask-Security asks of a store, on our services."""

    def __init__(self, sessions: Sessions, limits: SessionLimits) -> None:
        super().__init__(Account, AccountRole)
        self._sessions = sessions
        self._limits = limits

    def find_user(self, case_insensitive: bool = False, **by: Any) -> Account | None:  # noqa: ANN401, ARG002, FBT001, FBT002 - its signature
        """A user by `email` at sign-in, else by the `fs_uniquifier` of the request's session."""
        if "email" in by:
            row = accounts.find_user_by_email(self._sessions, by["email"])
        else:
            row = accounts.resume_session(
                self._sessions, session.get(SESSION, ""), by["fs_uniquifier"], self._limits
            )
        return None if row is None else Account(row)

    def put(self, model: Account) -> Account:
        """Keep a password's hash that sign-in has renewed."""
        old, new = model.row.password_hash, model.password
        if new is not None and new != old:
            accounts.renew_password_hash(self._sessions, model.row.id, old=old, new=new)
        return model

    def commit(self) -> None:
        """Nothing is left to write: services commit."""


def register_sign_in(
    app: Flask,
    settings: Settings,
    sessions: Sessions,
    *,
    own_checks: frozenset[str] = frozenset(),
    has_form: bool = True,
) -> None:
    """Close the application: only `own_checks`, blueprints that know their callers, stay open.

    Without a form it knows the sessions that another application of ours began.
    """
    sign_in_limit = SignInLimit(settings.redis_url.get_secret_value())
    csrf = CSRFProtect()

    def guard() -> ResponseReturnValue | None:
        if request.blueprint in own_checks or request.endpoint is None:
            return None
        if not has_form:
            return _admit(request.endpoint) if flask_user.is_authenticated else STRANGER
        if request.endpoint == SIGN_IN and request.method == "POST":
            return _slow_down(sign_in_limit)
        if request.endpoint in OPEN_ENDPOINTS:
            return None
        refusal = _admit(request.endpoint)
        if refusal is None:
            csrf.protect()
        return refusal

    _configure(app, settings)
    app.before_request(guard)
    csrf.init_app(app)
    Security(app, AccountsDatastore(sessions, session_limits(settings)), login_form=SignInForm)
    app.login_manager.request_loader(None)  # type: ignore[attr-defined] # sessions alone sign in

    def begin(_app: Flask, *, user: Account, **_more: object) -> None:
        session[SESSION] = accounts.sign_in(sessions, user.row.id)
        sign_in_limit.forgive(request.remote_addr or "", user.row.email)

    def end(_app: Flask, **_more: object) -> None:
        accounts.sign_out(sessions, session.pop(SESSION, ""))

    user_authenticated.connect(begin, app, weak=False)
    user_logged_out.connect(end, app, weak=False)


def session_limits(settings: Settings) -> SessionLimits:
    """How long a sign-in lasts."""
    return SessionLimits(settings.session_seconds, settings.session_idle_seconds)


def current_account() -> UserRow:
    """The signed-in user of the request; only for pages, which have one."""
    account: Account = flask_user._get_current_object()  # noqa: SLF001 - a proxy's own way
    return account.row


def signed_in_account() -> UserRow | None:
    """The user of the request as far as it has been looked up; asks no database."""
    account = g.get("_login_user")
    return account.row if isinstance(account, Account) else None


def has_role(*roles: Role) -> bool:
    """Whether the signed-in user has one of the roles."""
    return not set(roles).isdisjoint(current_account().roles)


def wants_page() -> bool:
    """Whether the request is a person's for a page, and not a script's for data."""
    return not request.accept_mimetypes or request.accept_mimetypes.accept_html


def page(
    blueprint: Blueprint, rule: str, *roles: Role, methods: tuple[str, ...] = ("GET",)
) -> Callable[[_View], _View]:
    """Route `rule` to the view, for users of one of `roles` alone."""
    if not roles:
        raise ValueError(f"{rule}: say who may open it")

    def decorate(view: _View) -> _View:
        endpoint = view.__name__
        blueprint.add_url_rule(rule, endpoint, view, methods=list(methods))
        ROLES[f"{blueprint.name}.{endpoint}"] = frozenset(roles)
        return view

    return decorate


def _admit(endpoint: str) -> ResponseReturnValue | None:
    """None to go on; strangers are shown where to sign in. Raises Forbidden for the wrong role."""
    if not flask_user.is_authenticated:
        if request.method != "GET" or not wants_page():
            return STRANGER
        back = request.full_path.rstrip("?")
        return redirect(url_for(SIGN_IN, next=back if back != "/" else None))
    if endpoint != "security.logout" and not has_role(*ROLES.get(endpoint, ())):
        abort(403)
    return None


def _slow_down(sign_in_limit: SignInLimit) -> ResponseReturnValue | None:
    wait = sign_in_limit.seconds_to_wait(
        request.remote_addr or "", request.form.get("email", "").strip().lower()
    )
    if not wait:
        return None
    shown = render_template("sign_in.html", login_user_form=SignInForm(formdata=None), wait=wait)
    return Response(shown, 429, {"Retry-After": str(wait)})


def _configure(app: Flask, settings: Settings) -> None:
    origin = urlsplit(settings.public_url)
    secure = origin.scheme == "https"
    key = settings.secret_key.get_secret_value()
    app.config.update(
        SECRET_KEY=key,
        # Cookies do not tell ports apart: two demos on one machine must not sign each other out.
        SESSION_COOKIE_NAME=f"switchback-{origin.port}" if origin.port else "switchback",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard asks for it, after it knows who is there
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a page may stay open for a shift
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a hash
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__rounds": accounts.ARGON2_ROUNDS,
            "argon2__memory_cost": accounts.ARGON2_MEMORY_KIB,
            "argon2__parallelism": accounts.ARGON2_LANES,
        },
        SECURITY_PASSWORD_SALT=secrets.token_hex(16),  # asked for, and without use for argon2
        SECURITY_PASSWORD_LENGTH_MIN=accounts.PASSWORD_CHARACTERS,
        SECURITY_LOGIN_USER_TEMPLATE="sign_in.html",
        SECURITY_LOGOUT_CSRF=True,
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_STATIC_FOLDER=None,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_FRESHNESS=timedelta(minutes=-1),  # no page asks for the password again
        SECURITY_REGISTERABLE=False,
        SECURITY_DEFAULT_REMEMBER_ME=False,
    )
