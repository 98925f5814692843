"""The call's snapshot and its projections: what is written is what is read, under one writer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ivr_flows.call import Leg, Offer, OfferState, Place, ReturnTo911, Role, Stage
from ivr_flows.outputs import Event
from router.storage import calls, incidents, receipts, tables
from router.storage.calls import Caller
from router.storage.incidents import KeyedAnswers
from router.storage.receipts import ReceiptKey
from router.storage.steps import Follows, open_call, save_step
from router.storage.timeline import append_events, list_timeline
from tests.storage.conftest import CALLER, NOON, a_call, write

LATER = NOON + timedelta(seconds=30)


def test_a_call_is_read_back_as_it_was_written(reno: Session) -> None:
    before = write(reno, a_call("aa"))
    leg = Leg("aa-2", Role.CLINICIAN, Place.ROOM, person_id="ada", room=1, due_at=LATER)
    after = replace(
        before.with_leg(leg).with_offer(
            Offer("aa-2", "ada", "clinicians", OfferState.ACCEPTED, NOON, None)
        ),
        stage=Stage.RETURNING,
        version=3,
        answers={"danger": "no"},
        passed_over=("ben",),
        returning=ReturnTo911("danger", Role.CALLER, skip=True, started_at=NOON),
        stage_due_at=LATER,
    )
    save_step(reno, before, after, Follows(), NOON)
    locked = calls.lock_call(reno, "aa")
    assert locked is not None
    assert locked.call == after
    found = calls.find_call(reno, "aa")
    assert found is not None
    assert found.incident_id == "aa"


def test_projections_follow_the_snapshot(reno: Session) -> None:
    before = write(reno, a_call("aa"))
    ringing = Leg("aa-2", Role.CLINICIAN, Place.RINGING, person_id="ada")
    offer = Offer("aa-2", "ada", "clinicians", OfferState.RINGING, NOON, LATER)
    middle = before.with_leg(ringing).with_offer(offer)
    save_step(reno, before, middle, Follows(), NOON)
    gone = replace(ringing, place=Place.ENDED, sid="CAx")
    after = middle.with_leg(gone).with_offer(replace(offer, state=OfferState.NO_ANSWER))
    save_step(reno, middle, after, Follows(), LATER)

    leg = reno.execute(select(tables.legs).where(tables.legs.c.id == "aa-2")).one()
    assert (leg.place, leg.sid, leg.answered_at, leg.ended_at) == ("ended", "CAx", None, LATER)
    row = reno.execute(select(tables.offers)).one()
    assert (row.state, row.offered_at, row.decided_at) == ("no_answer", NOON, LATER)


def test_in1_a_twin_writes_nothing_and_leaves_the_first_alone(reno: Session) -> None:
    write(reno, a_call("aa"))
    twin = a_call("bb")
    with reno.begin_nested() as attempt:
        assert not open_call(reno, twin, Caller("CAaa", CALLER), Follows(), NOON)
        attempt.rollback()
    assert calls.find_call_id_by_sid(reno, "CAaa") == "aa"
    assert calls.find_call(reno, "bb") is None


def test_law5_inputs_of_a_call_wait_for_each_other(open_session: Callable[[], Session]) -> None:
    with open_session() as session:
        write(session, a_call("aa"))
        session.commit()
    gate = threading.Barrier(4)

    def step(_: int) -> None:
        gate.wait()
        for _round in range(10):
            with open_session() as mine:
                locked = calls.lock_call(mine, "aa")
                assert locked is not None
                after = replace(locked.call, version=locked.call.version + 1)
                save_step(mine, locked.call, after, Follows(), NOON)
                mine.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(step, range(4)))
    with open_session() as session:
        found = calls.find_call(session, "aa")
    assert found is not None
    assert found.call.version == 40


def test_law5_a_lock_is_not_waited_for_longer_than_its_time_out(
    open_session: Callable[[], Session],
) -> None:
    one, two = open_session(), open_session()
    write(one, a_call("aa"))
    one.commit()
    calls.lock_call(one, "aa")
    with pytest.raises(OperationalError, match="lock timeout"):
        calls.lock_call(two, "aa")


def test_law5_an_answer_is_stored_once(reno: Session) -> None:
    call = write(reno, a_call("aa"))
    key = ReceiptKey("aa-1", "keyed", "1")
    first = Follows(receipt=key, answer="<one/>")
    assert save_step(reno, call, call, first, NOON)
    with reno.begin_nested() as attempt:
        assert not save_step(reno, call, call, replace(first, answer="<two/>"), NOON)
        attempt.rollback()
    assert receipts.find_answer(reno, key) == "<one/>"
    assert receipts.find_answer(reno, replace(key, token="2")) is None


def test_law9_calls_with_a_deadline_behind_them_are_listed_longest_overdue_first(
    reno: Session,
) -> None:
    for call_id, seconds in (("aa", 30), ("bb", 10), ("cc", 90)):
        write(reno, a_call(call_id, stage_due_at=NOON + timedelta(seconds=seconds)))
    write(reno, a_call("dd", stage=Stage.CLOSED, stage_due_at=NOON))
    assert calls.list_due_call_ids(reno, NOON + timedelta(seconds=60)) == ["bb", "aa"]
    assert calls.list_due_call_ids(reno, NOON + timedelta(seconds=60), limit=1) == ["bb"]


def test_su1_live_calls_are_listed_and_closed_ones_not(reno: Session) -> None:
    write(reno, a_call("aa"))
    write(reno, a_call("bb", stage=Stage.CLOSED))
    assert [row.call.id for row in calls.list_live_calls(reno)] == ["aa"]
    assert calls.list_live_calls(reno, "elsewhere") == []


def test_su2_the_timeline_keeps_its_order_and_is_read_from_where_one_was(reno: Session) -> None:
    write(reno, a_call("aa"))
    append_events(reno, "aa", NOON, [Event("one", "aa-1", {"k": "v"}), Event("two")])
    append_events(reno, "aa", LATER, [Event("three")])
    rows = list_timeline(reno, "aa")
    assert [(row.kind, row.at) for row in rows] == [
        ("one", NOON),
        ("two", NOON),
        ("three", LATER),
    ]
    assert rows[0].details == {"k": "v"}
    assert [row.kind for row in list_timeline(reno, "aa", after_id=rows[1].id)] == ["three"]


def test_in2_an_incident_is_found_by_its_number_and_keeps_what_is_known_of_it(
    reno: Session,
) -> None:
    call = write(reno, a_call("aa"))
    for keyed in (
        KeyedAnswers("aa", number="17", call_type="welfare"),
        KeyedAnswers("aa", caller_party="first"),
    ):
        save_step(reno, call, call, Follows(keyed=keyed), NOON)
    found = incidents.find_by_number(reno, "reno", "17")
    assert found is not None
    assert (found.id, found.call_type, found.caller_party, found.callback_number) == (
        "aa",
        "welfare",
        "first",
        CALLER,
    )
    count = select(func.count()).select_from(tables.incidents)
    assert reno.scalar(count) == 1
