"""Signing in, sessions, roles: nothing opens that should not."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.routing import Rule

from ivr_flows.call import Stage
from router import app as app_module
from router.config import Settings
from router.errors import ConflictError, InvalidInputError
from router.services import accounts
from router.storage.database import make_engine, make_sessions
from router.storage.tables import user_sessions, users
from router.web.auth import ROLES
from router.web.sign_in_limit import PER_BOTH, SignInLimit
from tests.web.stage import PASSWORD, Room, add_call, csrf_of, sign_in

TEMPLATES = Path(__file__).parents[2] / "router" / "web" / "templates"
SAMPLES = {"call_id": "abc", "person_id": "maria", "filename": "switchback.css"}
# What a stranger may open, and why.
OPEN = {
    "/login": "where one signs in",
    "/assets/<path:filename>": "the sign-in page's style and mark",
    "/healthz": "whether the process lives, for what restarts it",
    "/readyz": "whether it can serve, for what sends it requests",
}


def addresses(app: Flask) -> Iterator[tuple[str, str, Rule]]:
    """Every method and address of an application, filled in with something."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<any\((\w[\w-]*)[^<>]*>", r"\1", rule.rule)
        path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda found: SAMPLES.get(found[1], "1"), path)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, path, rule


def test_se2_nothing_opens_without_sign_in(room: Room) -> None:
    app = app_module.create_app(room.settings, room.sessions)
    seen = set()
    for method, path, rule in addresses(app):
        if rule.rule in OPEN:
            continue
        seen.add(rule.rule)
        answer = app.test_client().open(path, method=method)
        if rule.rule.startswith("/t/"):  # a team's link: its signature is the key
            assert answer.status_code in {403, 404}, f"{method} {rule.rule} is open"
            continue
        to_sign_in = answer.status_code == 302 and answer.location.startswith("/login")
        assert to_sign_in or answer.status_code == 401, f"{method} {rule.rule} is open"
    assert {"/", "/board", "/calls/<call_id>", "/api/v1/board"} <= seen


def test_se1_no_webhook_answers_without_twilios_signature(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Flask] = []
    create = app_module.create_webhooks

    def keep(*parts: Any) -> Flask:  # noqa: ANN401 - whatever it takes
        made.append(create(*parts))
        return made[-1]

    monkeypatch.setattr(app_module, "create_webhooks", keep)
    app_module.create_app(room.settings, room.sessions)
    listed = list(addresses(made[0]))
    assert len(listed) > 5
    for method, path, rule in listed:
        answer = made[0].test_client().open(path, method=method)
        assert answer.status_code == 403, f"{method} {rule.rule} answers anybody"


def test_se2_a_page_that_names_no_role_is_closed_to_everyone(room: Room) -> None:
    room.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert room.client().get("/forgotten").status_code == 302
    assert room.client("supervisor").get("/forgotten").status_code == 403


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/board", {"supervisor"}),
        ("/board/sections", {"supervisor"}),
        ("/home/sections", {"clinician", "call_taker"}),
        ("/calls/c1/return", {"supervisor", "clinician"}),
        ("/calls/c1/resolve", {"supervisor", "clinician"}),
        ("/calls/c1", {"supervisor", "clinician"}),
    ],
)
def test_se2_each_role_opens_its_own_pages_only(room: Room, path: str, allowed: set[str]) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    opened = {
        role.value for role in accounts.Role if room.client(role.value).get(path).status_code == 200
    }
    assert opened == allowed


def test_se2_every_page_has_roles_and_every_role_a_home(room: Room) -> None:
    assert all(ROLES.values())
    for role in accounts.Role:
        assert room.client(role.value).get("/", follow_redirects=True).status_code == 200


def test_se2_a_wrong_password_and_an_unknown_address_are_told_alike(room: Room) -> None:
    client = room.client()
    wrong = sign_in(client, "supervisor@austin.example", "not-the-password")
    unknown = sign_in(client, "nobody@austin.example", "not-the-password")
    assert wrong.status_code == unknown.status_code == 200
    notice = "This address and password do not fit together."
    assert notice in wrong.text
    assert notice in unknown.text
    assert client.get("/board").status_code == 302


def test_se2_sign_in_leads_back_but_never_to_another_site(room: Room) -> None:
    asked = room.client().get("/calls/c1")
    assert asked.location == "/login?next=/calls/c1"
    for target, lands in (("/calls/c1", "/calls/c1"), ("//evil.example", "/")):
        client = room.client()
        form = {"csrf_token": csrf_of(client, "/login"), "password": PASSWORD}
        form["email"] = "supervisor@austin.example"
        answer = client.post(f"/login?next={target}", data=form)
        if answer.status_code == 302:
            assert answer.location == lands
        else:
            assert lands == "/"
            assert client.get("/board").status_code == 302


def test_se2_the_cookie_is_secure_http_only_and_same_site(room: Room) -> None:
    answer = sign_in(room.client(), "supervisor@austin.example")
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert cookies[0].startswith("switchback=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax"):
        assert flag in cookies[0]
    assert "Expires" not in cookies[0]
    assert "Max-Age" not in cookies[0]


def test_se2_remember_me_sets_no_cookie(room: Room) -> None:
    client = room.client()
    form = {"csrf_token": csrf_of(client, "/login"), "password": PASSWORD, "remember": "y"}
    answer = client.post("/login", data={**form, "email": "supervisor@austin.example"})
    assert answer.status_code == 302
    assert not client.get_cookie("remember_token")


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("switchback")
    assert cookie is not None
    return cookie.value


def sign_out(client: FlaskClient) -> None:
    token = client.get("/", follow_redirects=True).text.split('name="csrf_token" value="')[1]
    answer = client.post("/logout", data={"csrf_token": token.split('"')[0]})
    assert answer.location == "/login"


def test_se2_signing_out_kills_a_copied_cookie(room: Room) -> None:
    client = room.client("supervisor")
    thief = room.client()
    thief.set_cookie("switchback", cookie_of(client))
    assert thief.get("/board").status_code == 200
    sign_out(client)
    assert client.get("/board").status_code == 302
    assert thief.get("/board").status_code == 302


def test_se2_signing_out_leaves_the_users_other_session(room: Room) -> None:
    first, second = room.client("supervisor"), room.client("supervisor")
    sign_out(first)
    assert second.get("/board").status_code == 200


def test_se2_a_session_runs_out_unused_and_lives_on_in_use(room: Room) -> None:
    client, start = room.client("supervisor"), datetime.now(UTC)
    for minutes in (25, 50, 75):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get("/board").status_code == 200
    with time_machine.travel(start + timedelta(minutes=75 + 31), tick=False):
        assert client.get("/board").status_code == 302


def test_se2_a_session_ends_for_good_after_a_shift(room: Room) -> None:
    client, start = room.client("supervisor"), datetime.now(UTC)
    for minutes in range(0, 13 * 60, 25):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get("/board").status_code == 200, minutes
    with time_machine.travel(start + timedelta(hours=13, minutes=1), tick=False):
        assert client.get("/board").status_code == 302


@pytest.mark.parametrize("measure", ["password", "disable", "sign-out"])
def test_se2_an_operator_ends_every_session_of_a_user(room: Room, measure: str) -> None:
    clients = [room.client("supervisor"), room.client("supervisor")]
    email = "supervisor@austin.example"
    measures: dict[str, Callable[..., object]] = {
        "password": partial(accounts.change_password, password="another-long-password"),
        "disable": accounts.disable_user,
        "sign-out": accounts.sign_out_everywhere,
    }
    measures[measure](room.sessions, email)
    assert [client.get("/board").status_code for client in clients] == [302, 302]
    again = sign_in(room.client(), email)
    assert (again.status_code == 302) == (measure == "sign-out")


def test_se2_a_disabled_user_may_be_let_in_again(room: Room) -> None:
    accounts.disable_user(room.sessions, "supervisor@austin.example")
    accounts.enable_user(room.sessions, "supervisor@austin.example")
    assert room.client("supervisor").get("/board").status_code == 200


@pytest.mark.parametrize("path", ["/presence", "/calls/c1/return", "/calls/c1/resolve", "/logout"])
def test_se2_a_forged_form_is_refused(room: Room, path: str) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    client = room.client("clinician")
    answer = client.post(path, data={"presence": "off", "reason": "x", "disposition": "x"})
    assert "csrf" in answer.text.lower() or answer.status_code == 400
    assert client.get("/").status_code == 200


def test_se6_guessing_is_slowed_down_for_one_account_and_not_for_the_next(room: Room) -> None:
    client = room.client()
    for _ in range(PER_BOTH.amount):
        assert sign_in(client, "supervisor@austin.example", "wrong-password").status_code == 200
    slowed = sign_in(client, "supervisor@austin.example")
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["Retry-After"]) <= 300
    assert "Too many tries" in slowed.text
    assert sign_in(client, "clinician@austin.example").status_code == 302


def test_se6_getting_it_right_forgives_the_tries_before(room: Room) -> None:
    for _ in range(2):
        client = room.client()
        for _ in range(PER_BOTH.amount - 1):
            sign_in(client, "supervisor@austin.example", "wrong-password")
        assert sign_in(client, "supervisor@austin.example").status_code == 302


def test_se6_processes_count_tries_together_in_redis(redis_url: str) -> None:
    one, other = SignInLimit(redis_url), SignInLimit(redis_url)
    email = f"{datetime.now(UTC).timestamp()}@austin.example"
    for _ in range(PER_BOTH.amount):
        assert one.seconds_to_wait("203.0.113.5", email) == 0
    assert other.seconds_to_wait("203.0.113.5", email) > 0
    assert other.seconds_to_wait("203.0.113.6", email) == 0


def test_se2_pages_run_nothing_but_our_own_scripts(room: Room) -> None:
    client = room.client("supervisor")
    for path in ("/board", "/login", "/nothing-here", "/assets/live.js"):
        answer = client.get(path)
        headers = answer.headers
        answer.close()
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert client.get("/board").headers["Cache-Control"] == "no-store"


def test_se2_no_template_holds_a_script_or_a_style() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", text), path


def test_se3_passwords_are_kept_as_argon2id(own_engine: Engine) -> None:
    sessions = make_sessions(own_engine)
    accounts.add_user(
        sessions,
        email="otto@austin.example",
        name="Otto",
        password=PASSWORD,
        roles=["operator"],
    )
    with sessions() as session:
        kept = session.scalar(select(users.c.password_hash)) or ""
        begun = session.scalars(select(user_sessions.c.id)).all()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert begun == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not-an-address"),
        ("password", "short"),
        ("roles", ["chief"]),
        ("roles", []),
        ("name", " "),
        ("person_id", "nobody"),
    ],
)
def test_a_user_that_makes_no_sense_is_refused_by_field(
    room: Room, field: str, value: object
) -> None:
    given: dict[str, object] = {
        "email": "new@austin.example",
        "name": "New",
        "password": PASSWORD,
        "roles": ["clinician"],
        field: value,
    }
    with pytest.raises(InvalidInputError) as refused:
        accounts.add_user(room.sessions, **given)  # type: ignore[arg-type]
    assert refused.value.field == field.removesuffix("_id")


def test_an_address_has_one_account_whatever_its_case(room: Room) -> None:
    with pytest.raises(ConflictError):
        accounts.add_user(
            room.sessions,
            email="Supervisor@Austin.example",
            name="Twin",
            password=PASSWORD,
            roles=["operator"],
        )
    assert sign_in(room.client(), "SUPERVISOR@austin.example").status_code == 302


def test_the_demo_has_one_user_a_role_and_keeps_their_passwords(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with room.sessions.begin() as session:
        first = accounts.demo_users(session, folder)
    with room.sessions.begin() as session:
        again = accounts.demo_users(session, folder)
    assert again == first
    assert [user.role for user in first] == [role.value for role in accounts.Role]
    kept = folder / "demo-users.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert set(json.loads(kept.read_text())) == {user.email for user in first}
    for user in first:
        assert sign_in(room.client(), user.email, user.password).status_code == 302


def test_a_failing_database_is_told_and_not_a_traceback(settings: Settings, room: Room) -> None:
    client = room.client("supervisor")
    room.sessions.configure(bind=make_engine(settings, application_name="broken"))
    answer = client.get("/board")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
