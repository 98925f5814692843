"""A number of ours is rung, and what the carrier says of the caller's leg before we know it."""

from __future__ import annotations

import pytest

from ivr_flows.call import Place, Stage
from ivr_flows.outputs import Announce, Say
from router.errors import NotFoundError
from router.services.answer_webhooks import CallAnswers
from router.services.lines import new_call_id, note_caller_status, receive_call
from router.storage import incidents, outbox
from router.storage.calls import find_call
from router.storage.database import Deadline
from router.telephony.webhook import Arrival, is_leg_id
from tests.services.conftest import DIRECT, TRANSFER, Line

SID = "CA00000000000000000000000000000001"


def test_in1_a_caller_is_greeted_and_their_leg_is_known_by_its_sid(line: Line) -> None:
    answer = line.ring(sid=SID)
    assert answer.document is not None
    assert "crisis line" in answer.document
    call = line.call(answer.call_id)
    assert (call.program, call.line, call.stage) == ("austin", "direct", Stage.SCREENING)
    assert (call.caller.sid, call.opened_at) == (SID, line.clock.at)


def test_in8_a_caller_who_withholds_their_number_is_greeted_too(line: Line) -> None:
    answer = receive_call(line.exchange, Arrival(SID, DIRECT, ""))
    assert "crisis line" in (answer.document or "")


def test_in2_the_incident_that_the_call_taker_keys_is_kept_and_joined(line: Line) -> None:
    first, second = line.ring(TRANSFER).call_id, line.ring(TRANSFER).call_id
    for call_id in (first, second):
        line.press(f"{call_id}-1", "4711")
    with line.exchange.sessions() as session:
        found = incidents.find_by_number(session, "austin", "4711")
        joined = find_call(session, second)
    assert found is not None
    assert joined is not None
    assert found.id == joined.incident_id == first


def test_law5_a_status_callback_finds_the_caller_by_sid(line: Line) -> None:
    call_id = line.ring(sid=SID).call_id
    note_caller_status(line.exchange, SID, "completed")
    assert line.leg(f"{call_id}-1").place is Place.ENDED
    with pytest.raises(NotFoundError):
        note_caller_status(line.exchange, "CA999", "completed")


def test_di4_an_announcement_is_spoken_to_the_leg_it_was_ordered_for(line: Line) -> None:
    call = line.call(line.ring().call_id)
    order = Announce(call.caller.id, 1, Say("dispatch_assigned", "en", {"team": "One"}))
    with line.exchange.sessions.begin() as session:
        outbox.add_commands(session, call, [order], line.clock.at)
    with line.exchange.sessions.begin() as session:
        (row,) = outbox.claim_due(session, [outbox.CALL], 9, "w", line.clock.at)
    answers, deadline = CallAnswers(line.exchange), Deadline.after(5)

    assert "<Say" in (answers.announce(call.caller.id, str(row.id), deadline) or "")

    for leg_id, token in (
        ("other-1", str(row.id)),
        (call.caller.id, "0"),
        (call.caller.id, "x"),
        (call.caller.id, "9" * 40),
    ):
        with pytest.raises(NotFoundError):
            answers.announce(leg_id, token, deadline)


def test_a_call_id_makes_leg_ids_that_urls_accept() -> None:
    ids = {new_call_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(is_leg_id(f"{call_id}-1") for call_id in ids)
