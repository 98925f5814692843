"""TR2, TR4, TR6: transfers by the API, and the call's record for the receiver's screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from ivr_flows.call import Call, Place, Role, Stage, TransferState, to_document
from ivr_flows.inputs import LegAnswered
from router.programs.reading import EXAMPLES, read_file
from router.services.apply_input import Exchange, apply_input
from router.services.numbers import StoredNumbers
from router.services.publish_program import publish_program
from router.storage import people
from router.storage import presence as stored_presence
from router.storage.calls import find_call
from router.storage.people import Person
from router.storage.tables import calls, outbox, outside_numbers, presence
from router.storage.timeline import list_timeline
from router.telephony.urls import Urls
from tests.web.stage import ALL_DAY, CALLER_NUMBER, Room, add_call
from tests.web.test_api import bearer

STRANGER = "+15125550199"


def asks(room: Room, body: dict[str, Any], path: str = "") -> TestResponse:
    return room.client().post(
        f"/api/v1/calls/c1/transfer{path}", headers=bearer(room, "calls"), json=body
    )


def call_of(room: Room) -> Call:
    with room.sessions() as session:
        found = find_call(session, "c1")
    assert found is not None
    return found.call


def test_tr2_a_desk_is_rung_and_only_who_is_free_is_claimed(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = asks(room, {"to": {"desk": "clinicians"}, "reason": "asked_police"})
    assert (answer.status_code, answer.get_json()) == (202, {"call_id": "c1", "accepted": True})
    call = call_of(room)
    assert call.stage is Stage.CONSULTING
    rung = [offer.person_id for offer in call.live_offers()]
    assert len(rung) == 1
    with room.sessions() as session:
        claims = select(presence.c.person_id).where(presence.c.claimed_call_id == "c1")
        assert set(session.scalars(claims)) == {"maria", *rung}
        kinds = [line.kind for line in list_timeline(session, "c1")]
    assert "transfer_started" in kinds
    again = asks(room, {"to": {"desk": "clinicians"}})
    assert again.status_code == 409
    assert "a transfer is under way" in again.get_json()["error"]
    assert asks(room, {}, "/cancel").status_code == 202
    assert call_of(room).stage is Stage.CONNECTED
    assert asks(room, {}, "/cancel").get_json()["error"] == "Not done: no transfer is under way."


def test_tr4_a_number_is_kept_encrypted_and_rung_by_its_row(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = asks(room, {"to": {"number": "(512) 555-0199"}, "consult": "together"})
    assert answer.status_code == 202
    call = call_of(room)
    leg = next(leg for leg in call.legs if leg.role is Role.OUTSIDE)
    assert STRANGER not in repr(call)
    with room.sessions() as session:
        numbers = StoredNumbers(session, "transfer")
        assert numbers.find_line_number(call, leg.line_id or "") == STRANGER
        assert numbers.find_line_number(call, "number:999") is None
        assert session.scalar(select(outside_numbers.c.given_by)) is not None
    exchange = Exchange(room.sessions, Urls(room.settings.public_url))
    apply_input(exchange, leg.id, LegAnswered(leg.id, "CA" + "9" * 32))
    call = call_of(room)
    assert call.transfer is not None
    assert call.transfer.state is TransferState.CONSULTING
    assert asks(room, {}, "/introduce").status_code == 409, "they are not in the room yet"
    assert next(one for one in call.legs if one.id == leg.id).place is Place.JOINING


def test_tr4_a_party_of_the_directory_has_its_number_from_the_program(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    assert asks(room, {"to": {"directory": "interpreter"}}).status_code == 202
    call = call_of(room)
    leg = next(leg for leg in call.legs if leg.role is Role.OUTSIDE)
    with room.sessions() as session:
        number = StoredNumbers(session, "transfer").find_line_number(call, leg.line_id or "")
        ordered = select(outbox.c.name).where(outbox.c.leg_id == leg.id)
        assert list(session.scalars(ordered)) == ["PlaceLeg"]
    assert number == "+15125550127"


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ({"number": "12"}, "is no telephone number"),
        ({"number": "call mom"}, "is no telephone number"),
        ({"number": "911"}, "use return_to_911"),
        ({"number": "+1 911"}, "is no telephone number"),
        ({"number": "988"}, "ten-digit number of a crisis line"),
        ({"number": "+15125550100"}, 'is our own line "direct"'),
        ({"number": "+15125550110"}, "is a line of 911"),
        ({"number": "+1512555140"}, "is no telephone number"),
    ],
)
def test_tr4_a_number_that_is_none_is_said_so_and_what_was_typed_is_kept(
    room: Room, to: dict[str, str], words: str
) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = asks(room, {"to": to})
    assert answer.status_code == 422
    told = answer.get_json()
    assert words in told["error"]
    assert (told["field"], told["given"]) == ("to.number", to["number"])
    assert call_of(room).transfer is None


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "required"),
        ({"to": {}}, 422, "name one of"),
        ({"to": {"desk": "clinicians", "team": True}}, 422, "name one of"),
        ({"to": {"program": "durham"}}, 422, "name one of"),
        ({"to": {"desk": "Clinicians; drop"}}, 422, "match"),
        ({"to": {"desk": "clinicians"}, "consult": "loud"}, 422, ""),
        ({"to": {"desk": "nobody"}}, 409, "no such target"),
        ({"to": {"desk": "clinicians", "program": "durham"}}, 409, "no such target"),
        ({"to": {"directory": "nobody"}}, 409, "no such target"),
        ({"to": {"desk": "supervisors"}}, 409, "nobody at that desk is free"),
        ({"to": {"team": True}}, 409, "no team has acknowledged"),
    ],
)
def test_tr2_what_cannot_be_done_is_refused_in_words(
    room: Room, body: dict[str, Any], status: int, words: str
) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = asks(room, body)
    assert answer.status_code == status, answer.text
    assert words in answer.get_json()["error"]
    assert call_of(room).stage is Stage.CONNECTED


def test_el6_tr2_a_call_taker_s_wish_for_clinicians_is_refused_with_what_to_do(room: Room) -> None:
    call = add_call(room, "c1", Stage.CONNECTED, staff=["maria"], answers={"weapon": "yes"})
    legs = [replace(leg, role=Role.CALL_TAKER) if leg.person_id else leg for leg in call.legs]
    with room.sessions.begin() as session:
        document = to_document(replace(call, legs=tuple(legs)))
        session.execute(update(calls).where(calls.c.id == "c1").values(state=document))
    answer = asks(room, {"to": {"desk": "clinicians"}})
    assert answer.status_code == 409
    assert "a danger is known and 911 keeps the caller; send help" in answer.get_json()["error"]


def test_tr2_a_call_that_nobody_knows(room: Room) -> None:
    assert asks(room, {"to": {"desk": "clinicians"}}).status_code == 404
    assert asks(room, {}, "/introduce").status_code == 404
    assert asks(room, {}, "/cancel").status_code == 404


def test_tr6_the_record_for_the_screen_has_parties_answers_history_and_the_transfer(
    room: Room,
) -> None:
    add_call(
        room,
        "c1",
        Stage.CONNECTED,
        staff=["maria"],
        answers={"incident_number": "4711", "call_type": "suicidal"},
        dangers=("weapon",),
    )
    asks(room, {"to": {"directory": "warm_line"}, "reason": "asked_police"})
    answer = room.client().get("/api/v1/calls/c1", headers=bearer(room, "calls"))
    assert answer.status_code == 200
    record = answer.get_json()
    assert record["answers"]["incident_number"] == "4711"
    assert record["dangers"] == ["weapon"]
    parties = {(one["role"], one["answers"]) for one in record["parties"]}
    assert parties == {("caller", False), ("clinician", True), ("outside", False)}
    transfer = record["transfer"]
    assert (transfer["to"], transfer["state"]) == ("directory:warm_line", "ringing")
    assert transfer["reason"] == "asked_police"
    assert [line["kind"] for line in record["lines"]][-1] == "record_read", "its reading is a line"
    assert CALLER_NUMBER[2:-2] not in answer.text
    missing = room.client().get("/api/v1/calls/no", headers=bearer(room, "calls"))
    assert missing.status_code == 404


def test_tr2_a_desk_of_another_program_is_rung_by_its_own_settings(
    room: Room, tmp_path: Path
) -> None:
    phoenix = read_file(EXAMPLES / "phoenix.toml")
    publish_program(room.sessions, phoenix, published_by="tests", state_dir=tmp_path)
    now = datetime.now(UTC)
    with room.sessions.begin() as session:
        pia = Person("pia", "phoenix", "Pia Example", "+16025550140", ("clinician",), ("en",))
        people.save_person(session, pia)
        people.set_desks(session, "phoenix", "pia", ["dispatchers"])
        people.add_shift(session, "phoenix", "dispatchers", "pia", ALL_DAY)
        stored_presence.sign_on(session, "pia", now)
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    answer = asks(room, {"to": {"desk": "dispatchers", "program": "phoenix"}})
    assert answer.status_code == 202, answer.text
    call = call_of(room)
    assert [(one.person_id, one.desk) for one in call.live_offers()] == [
        ("pia", "phoenix/dispatchers")
    ]
    with room.sessions() as session:
        claimed = select(presence.c.claimed_call_id).where(presence.c.person_id == "pia")
        assert session.scalar(claimed) == "c1"
