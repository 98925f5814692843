"""The HTTP API: tokens, scopes, and errors that name the field."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from ivr_flows.call import Stage
from router.errors import InvalidInputError, NotFoundError
from router.programs.protocol_shape import read_protocol
from router.programs.reading import EXAMPLES
from router.services import accounts, protocols
from router.storage.calls import find_call
from router.storage.tables import api_tokens, presence
from router.storage.timeline import list_timeline
from tests.web.stage import CALLER_NUMBER, Room, add_call, fill

EVERYTHING = ("read_board", "calls", "roster", "incidents")


def bearer(room: Room, *scopes: str) -> dict[str, str]:
    made = accounts.add_token(room.sessions, name="CAD", scopes=scopes, created_by="tests")
    return {"Authorization": f"Bearer {made.token}"}


def test_io1_the_board_as_json(room: Room) -> None:
    fill(room)
    answer = room.client().get("/api/v1/board", headers=bearer(room, "read_board"))
    assert answer.status_code == 200
    board: dict[str, Any] = answer.get_json()
    assert {caller["stage"] for caller in board["callers"]} >= {"waiting", "connected"}
    assert {desk["name"] for desk in board["desks"]} == {"911", "clinicians", "supervisors"}
    assert board["at"].endswith("+00:00")
    assert CALLER_NUMBER[2:-2] not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sb_nothing", "Basic c2I6c2I="])
def test_se2_the_api_takes_tokens_only(room: Room, header: str) -> None:
    client = room.client("supervisor")
    answer = client.get("/api/v1/board", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/board", "read_board"),
        ("POST", "/api/v1/calls/c1/return_to_911", "calls"),
        ("POST", "/api/v1/calls/c1/resolve", "calls"),
        ("GET", "/api/v1/calls/c1", "calls"),
        ("POST", "/api/v1/calls/c1/transfer", "calls"),
        ("POST", "/api/v1/calls/c1/transfer/introduce", "calls"),
        ("POST", "/api/v1/calls/c1/transfer/cancel", "calls"),
        ("GET", "/api/v1/calls/c1/legs", "calls"),
        ("POST", "/api/v1/calls/c1/legs/c1-2/hold", "calls"),
        ("POST", "/api/v1/incidents", "incidents"),
        ("POST", "/api/v1/calls/c1/protocol", "calls"),
        ("GET", "/api/v1/calls/c1/protocol", "calls"),
        ("POST", "/api/v1/calls/c1/answers", "calls"),
        ("GET", "/api/v1/calls/c1/call-backs", "calls"),
        ("POST", "/api/v1/calls/c1/call-back", "calls"),
        ("POST", "/api/v1/calls/c1/call-back/cancel", "calls"),
        ("POST", "/api/v1/roster/maria/sign_on", "roster"),
        ("POST", "/api/v1/roster/maria/sign_off", "roster"),
    ],
)
def test_se2_a_token_opens_what_its_scope_says(
    room: Room, method: str, path: str, scope: str
) -> None:
    others = [name for name in EVERYTHING if name != scope]
    refused = room.client().open(path, method=method, headers=bearer(room, *others), json={})
    assert refused.status_code == 403
    assert scope in refused.get_json()["error"]
    allowed = room.client().open(path, method=method, headers=bearer(room, scope), json={})
    assert allowed.status_code not in {401, 403}


def test_se2_a_revoked_token_opens_nothing(room: Room) -> None:
    made = accounts.add_token(room.sessions, name="CAD", scopes=["read_board"], created_by="tests")
    headers = {"Authorization": f"Bearer {made.token}"}
    assert room.client().get("/api/v1/board", headers=headers).status_code == 200
    accounts.revoke_token(room.sessions, made.id)
    assert room.client().get("/api/v1/board", headers=headers).status_code == 401
    with pytest.raises(NotFoundError):
        accounts.revoke_token(room.sessions, made.id)


def test_se3_a_token_is_kept_as_a_keyed_hash_with_its_last_use(room: Room) -> None:
    made = accounts.add_token(room.sessions, name="CAD", scopes=["read_board"], created_by="tests")
    assert accounts.list_tokens(room.sessions)[0].last_used_at is None
    accounts.use_token(room.sessions, made.token)
    assert accounts.list_tokens(room.sessions)[0].last_used_at is not None
    with room.sessions() as session:
        row = session.execute(select(api_tokens)).mappings().one()
    assert len(row["token_hash"]) == 32
    assert made.token not in str(dict(row))


@pytest.mark.parametrize(("name", "scopes"), [("", ["calls"]), ("CAD", []), ("CAD", ["all"])])
def test_a_token_that_makes_no_sense_is_refused(room: Room, name: str, scopes: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        accounts.add_token(room.sessions, name=name, scopes=scopes, created_by="tests")


def test_re1_the_api_returns_a_caller_to_911(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = room.client().post(
        "/api/v1/calls/c1/return_to_911",
        headers=bearer(room, "calls"),
        json={"reason": "asked_police", "skip": False},
    )
    assert (answer.status_code, answer.get_json()) == (202, {"call_id": "c1", "accepted": True})
    with room.sessions() as session:
        found = find_call(session, "c1")
    assert found is not None
    assert found.call.stage is Stage.RETURNING
    assert found.call.returning is not None
    assert (found.call.returning.reason, found.call.returning.skip) == ("asked_police", False)


def test_in6_the_api_orders_shows_and_cancels_a_call_back(room: Room) -> None:
    add_call(room, "c1", Stage.CLOSED)
    add_call(room, "c2", Stage.WAITING)
    client, headers = room.client(), bearer(room, "calls")
    ordered = client.post("/api/v1/calls/c1/call-back", headers=headers, json={})
    assert ordered.status_code == 202
    shown = client.get("/api/v1/calls/c1/call-backs", headers=headers)
    (one,) = shown.get_json()["call_backs"]
    assert one["id"] == ordered.get_json()["call_back_id"]
    assert (one["moment"], one["state"], one["tries"]) == ("requested", "planned", [])
    assert one["requested_by"].startswith("token-")
    assert CALLER_NUMBER[2:] not in shown.text, "whom it rings is not told"
    board = client.get("/api/v1/board", headers=bearer(room, "read_board")).get_json()
    assert "A lost caller is to be called back" in [alarm["sentence"] for alarm in board["alarms"]]
    bad = client.post("/api/v1/calls/c1/call-back/cancel", headers=headers, json={"reason": "No"})
    assert (bad.status_code, bad.get_json()["field"]) == (422, "reason")
    body = {"reason": "reached_otherwise"}
    cancelled = client.post("/api/v1/calls/c1/call-back/cancel", headers=headers, json=body)
    assert cancelled.status_code == 200
    again = client.post("/api/v1/calls/c1/call-back/cancel", headers=headers, json=body)
    assert (again.status_code, again.get_json()) == (
        409,
        {"error": "no call-back is planned or under way"},
    )
    live = client.post("/api/v1/calls/c2/call-back", headers=headers, json={})
    assert live.status_code == 409
    assert client.get("/api/v1/calls/nothing/call-backs", headers=headers).status_code == 404


def test_tr3_the_api_lists_parties_and_what_may_be_done_about_each(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"], ringing=["bob"])
    answer = room.client().get("/api/v1/calls/c1/legs", headers=bearer(room, "calls"))
    caller, maria = answer.get_json()["legs"]
    assert (caller["role"], caller["held"], caller["actions"]) == (
        "caller",
        False,
        ["hold", "unhold"],
    )
    assert (maria["person_id"], maria["answers_for_caller"]) == ("maria", True)
    assert maria["actions"] == ["unhold", "unmute"], "nobody else is heard"
    assert CALLER_NUMBER[2:-2] not in answer.text


def test_tr3_the_api_holds_the_caller_and_brings_them_back_with_a_line_for_each(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    seen = []
    for action in ("hold", "hold", "unhold", "unhold"):
        answer = room.client().post(
            f"/api/v1/calls/c1/legs/c1-1/{action}", headers=bearer(room, "calls")
        )
        seen.append((answer.status_code, answer.get_json()["held"]))
    assert seen == [(202, True), (202, True), (202, False), (202, False)]
    with room.sessions() as session:
        lines = [line for line in list_timeline(session, "c1") if line.kind.endswith("_requested")]
    assert [line.kind for line in lines] == ["hold_requested"] * 2 + ["unhold_requested"] * 2
    assert all(line.details["person"].startswith("token-") for line in lines)


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("c1/legs/c1-2/hold", 409, "bring another party back first"),
        ("c1/legs/c1-2/remove", 409, "they leave by themselves"),
        ("c1/legs/c1-2/leave", 409, "resolve the call, or return it to 911"),
        ("c1/legs/c1-1/remove", 409, "resolve the call, or return them to 911"),
        ("c1/legs/c1-9/hold", 404, "list its legs"),
        ("c1/legs/c2-1/hold", 404, "list its legs"),
        ("c9/legs/c9-1/hold", 404, "no such call"),
    ],
)
def test_tr3_the_api_says_why_not_and_what_to_do(
    room: Room, path: str, status: int, why: str
) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = room.client().post(f"/api/v1/calls/{path}", headers=bearer(room, "calls"))
    assert answer.status_code == status
    assert why in answer.get_json()["error"]


def test_the_api_resolves_a_call_whose_caller_has_gone(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    add_call(room, "c2", Stage.CLOSED, staff=["ana"])
    headers, body = bearer(room, "calls"), {"disposition": "referred"}
    early = room.client().post("/api/v1/calls/c1/resolve", headers=headers, json=body)
    assert early.status_code == 409
    assert early.get_json() == {"error": "Not done: the caller is still on the line."}
    answer = room.client().post("/api/v1/calls/c2/resolve", headers=headers, json=body)
    assert answer.status_code == 202
    with room.sessions() as session:
        found = find_call(session, "c2")
    assert found is not None
    assert found.call.disposition == "referred"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("return_to_911", {}, "reason"),
        ("return_to_911", {"reason": "Not a code"}, "reason"),
        ("return_to_911", {"reason": 7}, "reason"),
        ("return_to_911", {"reason": "medical", "skip": "yes"}, "skip"),
        ("return_to_911", {"reason": "medical", "urgent": True}, "urgent"),
        ("return_to_911", ["medical"], "body"),
        ("resolve", {}, "disposition"),
        ("resolve", {"disposition": ""}, "disposition"),
    ],
)
def test_an_error_names_the_field(room: Room, path: str, body: object, field: str) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = room.client().post(
        f"/api/v1/calls/c1/{path}", headers=bearer(room, "calls"), json=body
    )
    assert answer.status_code == 422
    assert answer.get_json()["field"] == field
    with room.sessions() as session:
        found = find_call(session, "c1")
    assert found is not None
    assert found.call.stage is Stage.CONNECTED


def test_unknown_things_are_404_in_json(room: Room) -> None:
    headers = bearer(room, "calls", "roster")
    client = room.client()
    for path, body in (
        ("/api/v1/calls/nothing/resolve", {"disposition": "other"}),
        ("/api/v1/calls/nothing/return_to_911", {"reason": "other"}),
        ("/api/v1/roster/nobody/sign_on", None),
        ("/api/v1/nothing", None),
    ):
        answer = client.post(path, headers=headers, json=body)
        assert answer.status_code == 404
        assert answer.get_json()["error"]


def test_sh8_the_api_signs_people_on_and_off(room: Room) -> None:
    headers = bearer(room, "roster")
    for wanted in ("off", "on"):
        answer = room.client().post(f"/api/v1/roster/maria/sign_{wanted}", headers=headers)
        assert answer.get_json() == {"person_id": "maria", "signed_on": wanted == "on"}
        with room.sessions() as session:
            at = session.scalar(
                select(presence.c.signed_on_at).where(presence.c.person_id == "maria")
            )
        assert (at is not None) == (wanted == "on")


def test_el4_the_api_runs_a_protocol(room: Room) -> None:
    document = read_protocol(EXAMPLES / "protocols/austin_suicidal_thoughts.toml")
    version = protocols.submit_protocol(room.sessions, "austin", document, author="maria")
    name = document.name
    protocols.review_protocol(room.sessions, "austin", name, version, reviewer="dev")
    protocols.publish_protocol(room.sessions, "austin", name, version, published_by="maria")
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    path, headers = "/api/v1/calls/c1/protocol", bearer(room, "calls")
    client = room.client()
    assert client.get(path, headers=headers).status_code == 404
    started = client.post(path, headers=headers, json={"move": "start", "protocol": name})
    assert started.get_json()["question"] == "hurt_today"
    body = {"move": "answer", "question": "hurt_today", "value": "maybe"}
    wrong = client.post(path, headers=headers, json=body)
    assert (wrong.status_code, wrong.get_json()["field"]) == (422, "value")
    answered = client.post(path, headers=headers, json={**body, "value": "no"})
    assert answered.get_json()["question"] == "means_near"
    assert client.get(path, headers=headers).get_json()["answers"] == {"hurt_today": "no"}
    unknown = client.post(path, headers=headers, json={"move": "jump"})
    assert (unknown.status_code, unknown.get_json()["field"]) == (422, "move")


def test_el6_the_api_tells_of_a_danger(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    path, headers = "/api/v1/calls/c1/answers", bearer(room, "calls")
    client = room.client()
    answer = client.post(path, headers=headers, json={"answers": {"weapon": True}})
    assert answer.status_code == 202
    with room.sessions() as session:
        found = find_call(session, "c1")
    assert found is not None
    assert found.call.stage is Stage.RETURNING
    for body, field in (
        ({"answers": {"weapon": "perhaps"}}, "answers.weapon"),
        ({"answers": {"mood": "yes"}}, "answers.mood"),
        ({"answers": {}}, "answers"),
        ({}, "answers"),
    ):
        wrong = client.post(path, headers=headers, json=body)
        assert (wrong.status_code, wrong.get_json()["field"]) == (422, field)
