"""IN3, IO2: incidents announced over the API, in our shape and in one shaped like an EIDO."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from router.storage.incidents import find_by_number
from router.storage.tables import announcements
from tests.web.stage import Room
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
