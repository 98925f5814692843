"""IN3, IO2: incidents announced over the API, in our shape and in one shaped like an EIDO."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from ivr_flows.call import Stage
from router.storage.announcements import use_announcement
from router.storage.calls import find_call
from router.storage.incidents import find_by_number
from router.storage.steps import Follows, save_step
from router.storage.tables import announcements
from tests.web.stage import Room, add_call
from tests.web.test_api import bearer

SIMPLE = {
    "incident_number": "4711",
    "call_type": "mental_health",
    "caller_party": "first",
    "callback_number": "(512) 555-0187",
    "location": "100 Example St",
    "answers": {"weapon": False, "medical": "unknown"},
    "note": "Panic attack.",
    "sent_by": "a setting of somebody else",
}
EIDO = {
    "$id": "eido-1",
    "eidoVersion": "1.0",
    "incidentComponent": {
        "internalIncidentId": "4711",
        "incidentTypeCommonRegistryText": "mental_health",
        "incidentStatusCommonRegistryText": ["Active"],
    },
    "callbackComponent": [{"callbackUri": "tel:+15125550187"}],
    "locationComponent": [{}, {"locationText": "100 Example St"}],
    "notesComponent": {"notesText": "Panic attack."},
    "switchback": {
        "caller_party": "first",
        "answers": {"weapon": "no", "medical": "unknown"},
    },
}


def post(room: Room, body: object) -> Any:  # noqa: ANN401 - a test's response
    return room.client().post("/api/v1/incidents", headers=bearer(room, "incidents"), json=body)


@pytest.mark.parametrize("body", [SIMPLE, EIDO], ids=["simple", "eido"])
def test_in3_an_incident_is_answered_with_a_transfer_code(room: Room, body: object) -> None:
    answer = post(room, body)
    told = answer.get_json()
    assert answer.status_code == 201
    assert told["program"] == "austin"
    assert set(told["transfer_code"]) <= set("1234567")
    again = post(room, body)
    assert (again.status_code, again.get_json()["transfer_code"]) == (200, told["transfer_code"])
    with room.sessions() as session:
        incident = find_by_number(session, "austin", "4711")
        row = session.execute(select(announcements)).one()
    assert incident is not None
    assert (incident.call_type, incident.callback_number) == ("mental_health", "+15125550187")
    assert incident.location == "100 Example St"
    assert row.note == "Panic attack."
    assert row.answers == {
        "weapon": "no",
        "medical": "unknown",
        "call_type": "mental_health",
        "caller_party": "first",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "incident_number"),
        ({"incident_number": "47 11"}, "incident_number"),
        ({"incident_number": 4711}, "incident_number"),
        ({"incident_number": "4711", "caller_party": "mother"}, "caller_party"),
        ({"incident_number": "4711", "callback_number": "none"}, "callback_number"),
        ({"incident_number": "4711", "answers": {"weapon": "maybe"}}, "answers.weapon"),
        ({"incident_number": "4711", "answers": {"mood": "yes"}}, "answers.mood"),
        ({"incidentComponent": {}}, "incident_number"),
        ({"incidentComponent": "4711"}, "incident_number"),
        (["4711"], "body"),
    ],
)
def test_in3_an_error_names_the_field(room: Room, body: object, field: str) -> None:
    answer = post(room, body)
    assert answer.status_code == 422
    assert answer.get_json()["field"] == field


def test_in3_a_token_of_another_scope_announces_nothing(room: Room) -> None:
    answer = room.client().post("/api/v1/incidents", headers=bearer(room, "calls"), json=SIMPLE)
    assert answer.status_code == 403


def test_tr6_what_911_told_and_what_the_number_is_worth_stand_in_the_record(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    incident_id = post(room, SIMPLE).get_json()["incident_id"]
    with room.sessions.begin() as session:
        assert use_announcement(session, incident_id, "c1", datetime.now(UTC))
        found = find_call(session, "c1")
        assert found is not None
        known = replace(found.call, caller_id="failed", calls_this_week=3, is_blocked=True)
        assert save_step(session, found.call, known, Follows(), datetime.now(UTC))
    page = room.client("supervisor").get("/calls/c1").text
    for words in (
        "100 Example St",
        "Panic attack.",
        "its signature failed",
        "<dt>Earlier calls this week</dt><dd>3</dd>",
        "its calls are slowed, not refused",
    ):
        assert words in page
    board = room.client().get("/api/v1/board", headers=bearer(room, "read_board")).get_json()
    row = next(one for one in board["callers"] if one["call_id"] == "c1")
    assert (row["caller_id"], row["calls_this_week"]) == ("failed", 3)
