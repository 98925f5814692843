"""A night in the control room: the console on a real database, with calls in every stage."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, update
from werkzeug.test import TestResponse

from ivr_flows.call import Call, Leg, Offer, OfferState, Place, ReturnTo911, Role, Stage
from ivr_flows.outputs import Event
from router.config import Settings
from router.policy.shift import EVERY_DAY, Shift
from router.programs.reading import read_file
from router.services import accounts
from router.services.apply_input import Exchange, apply_input
from router.services.publish_program import publish_program
from router.storage import people, presence
from router.storage.accounts import UserRow, insert_user
from router.storage.calls import Caller
from router.storage.database import Sessions, make_sessions
from router.storage.people import Person
from router.storage.steps import Follows, open_call
from router.storage.tables import dispatch_requests, teams
from router.storage.tables import presence as presence_rows
from router.telephony.urls import Urls
from router.web import console

AUSTIN = Path(__file__).parents[2] / "router" / "programs" / "austin.toml"
PASSWORD = "correct-horse-battery"
# The program's own cost a fifth of a second of both cores, and tests sign in hundreds of times.
CHEAP = {"ARGON2_ROUNDS": 1, "ARGON2_MEMORY_KIB": 8, "ARGON2_LANES": 1}
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = CHEAP_HASHER.hash(PASSWORD)
CALLER_NUMBER = "+15125550187"
ALL_DAY = Shift("America/Chicago", EVERY_DAY, time(0), time(0))
STAFF = {
    "maria": ("Maria Alvarez", "clinician", "clinicians"),
    "dev": ("Dev Patel", "clinician", "clinicians"),
    "ana": ("Ana Torres", "clinician", "clinicians"),
    "lee": ("Lee Novak", "clinician", "clinicians"),
    "kim": ("Kim Osei", "clinician", "clinicians"),
    "rosa": ("Rosa Dietz", "call_taker", "911"),
    "theo": ("Theo Banks", "call_taker", "911"),
}


@dataclass
class Room:
    """The console's application and what is behind it."""

    app: Flask
    sessions: Sessions
    settings: Settings

    def client(self, role: str = "") -> FlaskClient:
        """A browser; signed in as the user of that role, if one is given."""
        client = self.app.test_client()
        if role:
            answer = sign_in(client, f"{role}@austin.example")
            assert answer.status_code == 302, answer.text
        return client


def cheapen_passwords(patch: pytest.MonkeyPatch) -> None:
    """Let applications made from here on hash passwords at next to no cost."""
    for name, value in CHEAP.items():
        patch.setattr(accounts, name, value)
    patch.setattr(accounts, "_hasher", CHEAP_HASHER)


def open_room(engine: Engine, settings: Settings, state_dir: Path) -> Room:
    """The console with Austin's program, a roster, and one user a role. No calls yet."""
    sessions = make_sessions(engine)
    publish_program(sessions, read_file(AUSTIN), published_by="tests", state_dir=state_dir)
    now = datetime.now(UTC)
    with sessions.begin() as session:
        for number, (person_id, (name, role, desk)) in enumerate(STAFF.items()):
            phone = f"+1512555{140 + number:04}"
            person = Person(person_id, "austin", name, phone, (role,), ("en",))
            people.save_person(session, person)
            people.set_desks(session, "austin", person_id, [desk])
            if person_id != "kim":  # not on shift
                people.add_shift(session, "austin", desk, person_id, ALL_DAY)
            if person_id not in {"lee", "kim"}:
                presence.sign_on(session, person_id, now - timedelta(minutes=95))
    app = make_app(settings, sessions)
    room = Room(app, sessions, settings)
    linked = {"clinician": "maria", "call_taker": "rosa"}
    names = {"supervisor": "Sam Whitfield", "operator": "Otto Brandt"}
    with sessions.begin() as session:
        for role in accounts.Role:
            linked_id = linked.get(role.value)
            user = UserRow(
                id=f"u-{role.value}",
                email=f"{role.value}@austin.example",
                name=names.get(role.value) or STAFF[linked_id or ""][0],
                password_hash=PASSWORD_HASH,
                roles=(role.value,),
                person_id=linked_id,
                is_active=True,
                session_key=secrets.token_hex(16),
            )
            insert_user(session, user, now)
    return room


def make_app(settings: Settings, sessions: Sessions) -> Flask:
    """An application of the console alone."""
    app = Flask("tests.console", static_folder=None)
    app.testing = True
    exchange = Exchange(sessions, Urls(settings.public_url))
    console.register(
        app,
        settings=settings,
        sessions=sessions,
        apply_to_call=partial(apply_input, exchange),
    )
    return app


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    """Fill in the form that /login shows."""
    form = {"csrf_token": csrf_of(client, "/login"), "email": email, "password": password}
    return client.post("/login", data=form)


def csrf_of(client: FlaskClient, path: str) -> str:
    """The token in the form at `path`."""
    return client.get(path).text.partition('name="csrf_token"')[2].split('value="')[1].split('"')[0]


def add_call(
    room: Room,
    call_id: str,
    stage: Stage,
    *,
    age_seconds: int = 0,
    staff: Sequence[str] = (),
    ringing: Sequence[str] = (),
    **changes: object,
) -> Call:
    """A call that came to `stage` so long ago, with people on it and people it rings."""
    now = datetime.now(UTC)
    since = now - timedelta(seconds=age_seconds)
    place = {Stage.WAITING: Place.QUEUE, Stage.SCREENING: Place.FLOW, Stage.CLOSED: Place.ENDED}
    caller = Leg(f"{call_id}-1", Role.CALLER, place.get(stage, Place.ROOM), room=1)
    own = [
        Leg(f"{call_id}-{n}", Role.CLINICIAN, Place.ROOM, person_id=who, room=1)
        for n, who in enumerate(staff, 2)
    ]
    rung = [
        Leg(f"{call_id}-{n}", Role.CLINICIAN, Place.RINGING, person_id=who)
        for n, who in enumerate(ringing, 2 + len(own))
    ]
    made = [
        Offer(leg.id, leg.person_id or "", "clinicians", OfferState.RINGING, now, None)
        for leg in rung
    ]
    made += [
        Offer(leg.id, leg.person_id or "", "clinicians", OfferState.ACCEPTED, since, None)
        for leg in own
    ]
    values: dict[str, object] = {
        "desk": "clinicians",
        "queued_at": since if stage is Stage.WAITING else None,
        "stage_due_at": now + timedelta(minutes=5),
        "closed_at": since if stage is Stage.CLOSED else None,
        **changes,
    }
    call = Call(
        id=call_id,
        program="austin",
        program_version=1,
        line="direct",
        stage=stage,
        opened_at=since - timedelta(seconds=40),
        stage_at=since,
        legs=(caller, *own, *rung),
        offers=tuple(made),
        room=1,
        **values,  # type: ignore[arg-type]
    )
    with room.sessions.begin() as session:
        arrived = Follows([Event("call_arrived", caller.id)])
        assert open_call(
            session, call, Caller(f"CA{call_id:0>32}", CALLER_NUMBER), arrived, call.opened_at
        )
        for leg in (*own, *rung):
            session.execute(
                update(presence_rows)
                .where(presence_rows.c.person_id == leg.person_id)
                .values(claimed_call_id=call_id, claimed_at=since)
            )
    return call


def fill(room: Room) -> None:
    """Calls in every stage, teams, and something to worry about."""
    now = datetime.now(UTC)
    add_call(room, "wq4n7k2mrt8c", Stage.WAITING, age_seconds=142, priority=1)
    add_call(room, "p9x3vd6hzj5f", Stage.WAITING, age_seconds=23, ringing=["dev"], language="es")
    add_call(room, "c7t2mgb4yk9s", Stage.CONNECTED, age_seconds=431, staff=["maria"])
    add_call(room, "h5r8wzn3qd6v", Stage.SCREENING, age_seconds=12)
    add_call(
        room,
        "k3f6jxs9bt2p",
        Stage.RETURNING,
        age_seconds=14,
        staff=["ana"],
        returning=ReturnTo911(
            "weapon_or_violence", Role.CLINICIAN, skip=True, started_at=now - timedelta(seconds=14)
        ),
    )
    add_call(room, "z8d4qhv7nc3w", Stage.CLOSED, age_seconds=95, outcome="resolved")
    add_call(room, "t2b9ykm5fx6r", Stage.CLOSED, age_seconds=260, outcome="returned_to_911")
    with room.sessions.begin() as session:
        session.execute(insert(teams).values(id="emcot-1", program_id="austin", name="EMCOT 1"))
        for number, (status, call_id, minutes) in enumerate(
            (("en_route", "c7t2mgb4yk9s", 9), ("assigned", "z8d4qhv7nc3w", None))
        ):
            session.execute(
                insert(dispatch_requests).values(
                    id=f"d{number}",
                    program_id="austin",
                    call_id=call_id,
                    status=status,
                    details={"hazards": "none"},
                    team_id="emcot-1",
                    minutes=minutes,
                    requested_at=now - timedelta(seconds=300 - number * 250),
                    status_at=now - timedelta(seconds=120 - number * 90),
                )
            )
