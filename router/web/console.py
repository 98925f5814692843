"""The pages people sign in to: a home by role, a call's record, sending a caller back to 911."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from ivr_flows.inputs import Input, Resolved, ReturnRequested
from router.config import Settings
from router.errors import ConflictError, NotFoundError, SwitchbackError
from router.services import accounts
from router.services.accounts import Role
from router.services.apply_input import Answer
from router.services.read_board import read_board
from router.services.read_record import check_part_in, list_own_calls, read_record
from router.services.sign_on import sign_off, sign_on
from router.storage.accounts import UserRow
from router.storage.database import Sessions
from router.web.api import make_api
from router.web.api_endpoint import refusal_of
from router.web.auth import (
    current_account,
    has_role,
    page,
    register_sign_in,
    session_limits,
    signed_in_account,
    wants_page,
)
from router.web.board import add_board, feed_of
from router.web.headers import add_headers
from router.web.words import register_words

ApplyToCall = Callable[[str, Input], Answer]

EVERYONE = (Role.CLINICIAN, Role.SUPERVISOR, Role.CALL_TAKER, Role.OPERATOR)
CARERS = (Role.CLINICIAN, Role.SUPERVISOR)
REASON_CHARACTERS = 60


def register(
    app: Flask,
    *,
    settings: Settings,
    sessions: Sessions,
    apply_to_call: ApplyToCall,
    own_checks: frozenset[str] = frozenset(),
) -> None:
    """Add sign-in, pages and the HTTP API, and close everything else.

    `own_checks` names blueprints that check their callers themselves: signed webhooks and links.
    """
    console = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/assets",
    )
    open_to_signatures = own_checks | {"api"}
    register_sign_in(app, settings, sessions, own_checks=open_to_signatures)
    register_words(app)
    _add_home(console, settings, sessions)
    _add_record(console, sessions, apply_to_call)
    add_board(app, console, lambda: read_board(sessions), settings.live_url)
    app.register_blueprint(console)
    app.register_blueprint(make_api(sessions, apply_to_call))
    add_headers(app, settings, own_checks=own_checks)
    _add_errors(app, own_checks)

    @app.context_processor
    def account() -> dict[str, object]:
        return {"account": signed_in_account()}


def _add_home(
    console: Blueprint,
    settings: Settings,
    sessions: Sessions,
) -> None:
    @page(console, "/", *EVERYONE)
    def home() -> ResponseReturnValue:
        user = current_account()
        if Role.SUPERVISOR in user.roles:
            return redirect(url_for("console.board"))
        if Role.OPERATOR in user.roles:
            return render_template(
                "home_operator.html",
                users=accounts.list_users(sessions),
                tokens=accounts.list_tokens(sessions),
                signed_in=accounts.list_signed_in(sessions, session_limits(settings)),
            )
        sections, now = _desk_sections(sessions, user)
        return render_template("home_desk.html", sections=sections, now=now)

    @page(console, "/home/sections", Role.CLINICIAN, Role.CALL_TAKER)
    def home_sections() -> ResponseReturnValue:
        sections, now = _desk_sections(sessions, current_account())
        return {"at": now.isoformat(), "sections": sections}

    @page(console, "/presence", Role.CLINICIAN, Role.CALL_TAKER, methods=("POST",))
    def presence() -> ResponseReturnValue:
        user = current_account()
        wanted = request.form.get("presence", "")
        if user.person_id is None:
            flash("Your account is not linked to a person on the roster. Ask an operator.", "warn")
        elif wanted in {"on", "off"}:
            try:
                (sign_on if wanted == "on" else sign_off)(sessions, user.person_id)
                flash(f"You are signed {wanted}.", "good")
            except SwitchbackError as error:
                flash(sentence_of(error), "error")
        return redirect(url_for("console.home"))


def _desk_sections(sessions: Sessions, user: UserRow) -> tuple[dict[str, str], datetime]:
    """The parts of a clinician's or call taker's home, and the database's clock."""
    shown = feed_of(current_app).latest()
    known = {
        "desks": [
            (desk, person)
            for desk in shown.board.desks
            for person in desk.people
            if person.person_id == user.person_id
        ],
        "calls": list_own_calls(sessions, user.person_id) if user.person_id else [],
        "now": shown.read_at,
    }
    names = ("presence", "calls")
    return {name: render_template(f"home/{name}.html", **known) for name in names}, shown.read_at


def _add_record(console: Blueprint, sessions: Sessions, apply_to_call: ApplyToCall) -> None:
    @page(console, "/calls/<call_id>", *CARERS, Role.CALL_TAKER)
    def call(call_id: str) -> ResponseReturnValue:
        record = read_record(sessions, call_id, current_account())
        return render_template("call.html", record=record, may_act=has_role(*CARERS))

    @page(console, "/calls/<call_id>/return", *CARERS, methods=("GET", "POST"))
    def return_call(call_id: str) -> ResponseReturnValue:
        if request.method == "GET":
            record = read_record(sessions, call_id, current_account())
            return render_template("return_call.html", record=record)
        check_part_in(sessions, call_id, current_account())
        reason = request.form.get("reason", "").strip()[:REASON_CHARACTERS]
        if not reason:
            flash("Choose a reason, then send the caller back.", "error")
            return redirect(url_for("console.return_call", call_id=call_id))
        skip = request.form.get("skip", "yes") == "yes"
        answer = apply_to_call(call_id, ReturnRequested(_actor(), reason, skip=skip))
        _tell(answer, "Sent back to 911. This page shows how it goes; reload it for the latest.")
        return redirect(url_for("console.call", call_id=call_id))

    @page(console, "/calls/<call_id>/resolve", *CARERS, methods=("GET", "POST"))
    def resolve_call(call_id: str) -> ResponseReturnValue:
        if request.method == "GET":
            record = read_record(sessions, call_id, current_account())
            return render_template("resolve_call.html", record=record)
        check_part_in(sessions, call_id, current_account())
        disposition = request.form.get("disposition", "").strip()[:REASON_CHARACTERS]
        if not disposition:
            flash("Choose how the call ended.", "error")
            return redirect(url_for("console.resolve_call", call_id=call_id))
        _tell(apply_to_call(call_id, Resolved(_actor(), disposition)), "Recorded.")
        return redirect(url_for("console.call", call_id=call_id))


def _tell(answer: Answer, done: str) -> None:
    """Say that it was done, or why it was not."""
    refused = refusal_of(answer)
    if refused:
        flash(f"Not done: {refused}.", "error")
    else:
        flash(done, "good")


def _actor() -> str:
    """Who acts, as timelines name them: the person, else the account."""
    user = current_account()
    return user.person_id or user.id


def _add_errors(app: Flask, own_checks: frozenset[str]) -> None:
    def show(code: int, title: str, sentence: str) -> ResponseReturnValue:
        if request.path.startswith("/api/") or not wants_page():
            return {"error": sentence}, code
        # Without context processors: they ask the database, which may be what failed.
        template = app.jinja_env.get_template("error.html")
        return template.render(title=title, sentence=sentence), code

    def explain(error: Exception) -> ResponseReturnValue | HTTPException:
        """Webhooks and links answer for themselves; everything else gets a page that says why."""
        if request.blueprint in own_checks:
            if isinstance(error, HTTPException):
                return error
            raise error
        if isinstance(error, HTTPException):
            return show(error.code, *PAGES[error.code]) if error.code in PAGES else error
        if isinstance(error, ConflictError):
            return show(HTTPStatus.CONFLICT, "That has changed", sentence_of(error))
        code = 404 if isinstance(error, NotFoundError) else 503
        return show(code, *PAGES[code])

    for kind in (HTTPException, NotFoundError, ConflictError, DBAPIError, PoolTimeoutError):
        app.register_error_handler(kind, explain)


PAGES = {
    400: (
        "That form is too old",
        "It was made for an earlier sign-in. Go back, reload the page and send it again.",
    ),
    403: (
        "Not for your role",
        "Your account may not open this page. If you need it, ask a supervisor.",
    ),
    404: (
        "Nothing is here",
        "There is no such page or call, or it is not one of yours.",
    ),
    405: ("Not that way", "This address does not take that kind of request."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: (
        "That did not work",
        "The fault is ours and has been logged. Calls are not affected. Try again.",
    ),
    503: (
        "The database does not answer",
        "Calls go on and end at 911 if they must. This page works again once it answers.",
    ),
}


def sentence_of(error: SwitchbackError) -> str:
    """What a page says of an error of ours."""
    words = str(error) or HTTPStatus(409).phrase
    return words[0].upper() + words[1:].rstrip(".") + "."
