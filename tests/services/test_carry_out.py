"""Laws 7 and 8: commands are attempted once, in order of urgency, and their results come back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from ivr_flows.call import Call, Leg, OfferState, Place, Role, Stage
from ivr_flows.inputs import LegStatusChanged, ReturnRequested, RoomJoined, TimePassed
from ivr_flows.outputs import (
    Announce,
    CarrierCommand,
    CheckLeg,
    Command,
    EndLeg,
    HoldLeg,
    LookInRoom,
    MuteLeg,
    PlaceLeg,
    RedirectLeg,
    ReleaseFromQueue,
    RemoveLeg,
    Say,
    SetEndsRoom,
    Urgency,
)
from ivr_flows.void import find_reason_void
from router.services import carry_out as service
from router.services import settle_unknown
from router.services.apply_input import apply_input
from router.services.carry_out import Outgoing, carry_out, claim_commands
from router.storage import outbox, tables
from router.storage.outbox import OutboxRow
from router.storage.rate import reserve_call_slot
from router.telephony.rest import Done, Failed, Unknown
from router.telephony.webhook import Phase
from tests.services.conftest import Line
from tests.services.fake_carrier import FakeCarrier, Sent

MANY = 50.0
ADA, OURS = "+15125550121", "+15125550101"


@pytest.fixture
def carrier(line: Line) -> FakeCarrier:
    return FakeCarrier(now=lambda: line.clock.at)


@pytest.fixture
def outgoing(line: Line, carrier: FakeCarrier) -> Outgoing:
    return Outgoing(line.exchange, carrier, "tests", "AC1", MANY)


def claim(outgoing: Outgoing) -> list[OutboxRow]:
    claimed = claim_commands(outgoing, 8, 8)
    return [*claimed.urgent, *claimed.others]


def perform_all(outgoing: Outgoing) -> None:
    while rows := claim(outgoing):
        for row in rows:
            carry_out(outgoing, row)


def order(line: Line, call_id: str, *commands: Command) -> None:
    with line.exchange.sessions.begin() as session:
        outbox.add_commands(session, line.call(call_id), commands, line.clock.at)


def row_of(line: Line, leg_id: str, name: str = "PlaceLeg") -> OutboxRow:
    with line.exchange.sessions() as session:
        row_id = session.scalars(
            select(tables.outbox.c.id)
            .where(tables.outbox.c.leg_id == leg_id, tables.outbox.c.name == name)
            .order_by(tables.outbox.c.id.desc())
            .limit(1)
        ).one()
        found = outbox.find_row(session, row_id)
    assert found is not None
    return found


def offered(line: Line, *people: str) -> tuple[str, str]:
    """A call that is offered to the first of the people; its id and the ringing leg's."""
    for person in people:
        line.sign_on(person)
    call_id = line.ring_and_screen()
    return call_id, line.call(call_id).live_offers()[0].leg_id


def test_law7_a_placed_leg_rings_its_person_from_the_programs_line(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id, leg_id = offered(line, "ada")
    perform_all(outgoing)
    assert carrier.sent == [Sent("PlaceLeg", leg_id, ADA, OURS)]
    leg = line.leg(leg_id)
    assert leg.place is Place.RINGING
    assert leg.sid == carrier.placed[0][2].sid
    assert row_of(line, leg_id).state == "done"
    assert line.call(call_id).live_offers()[0].leg_id == leg_id


def test_law7_the_attempt_is_on_record_before_it_is_made(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    _, leg_id = offered(line, "ada")
    seen: list[tuple[str, int]] = []

    def look(_: Sent) -> None:
        row = row_of(line, leg_id)
        seen.append((row.state, row.attempts))

    carrier.before = look
    perform_all(outgoing)
    assert seen == [("attempting", 1)]


def test_two_switchboards_never_take_the_same_row(line: Line, outgoing: Outgoing) -> None:
    call_id = line.ring().call_id
    order(line, call_id, *[CheckLeg(f"{call_id}-1")] * 40)

    def take_all(mine: Outgoing) -> list[int]:
        taken: list[int] = []
        while rows := claim_commands(mine, 8, 3).others:
            taken += [row.id for row in rows]
        return taken

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(take_all, (outgoing, replace(outgoing, worker="other")))
    assert len({*first, *second}) == len(first) + len(second) == 40


def test_law7_an_offer_that_is_over_is_not_rung_and_its_person_is_free(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id, leg_id = offered(line, "ada")
    (row,) = claim(outgoing)
    apply_input(line.exchange, call_id, LegStatusChanged(f"{call_id}-1", "completed"))
    carry_out(outgoing, row)
    assert carrier.sent == []
    assert row_of(line, leg_id).state == "void"
    assert line.leg(leg_id).place is Place.ENDED
    assert line.claims() == {"ada": None}


def test_law8_the_accounts_rate_holds_for_all_processes_and_911_does_not_wait(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    slow = replace(outgoing, calls_per_second=1.0)
    for person in ("ada", "ben", "cy"):
        line.sign_on(person)
    call_ids = [line.ring_and_screen() for _ in range(3)]
    with line.exchange.sessions.begin() as session:
        call = line.call(call_ids[2])
        leg_id = call.live_offers()[0].leg_id
        session.execute(tables.outbox.delete().where(tables.outbox.c.leg_id == leg_id))
    order(line, call_ids[2], PlaceLeg(leg_id, 20, Urgency.RETURN_TO_911))

    claimed = claim_commands(slow, 8, 8)
    assert [row.leg_id for row in claimed.urgent] == [leg_id]
    assert claimed.others == []  # 911's call has used this second
    assert claimed.wait_seconds == pytest.approx(1.0)
    line.clock.move(1.0)
    claimed = claim_commands(replace(slow, worker="other"), 8, 8)
    assert [row.leg_id for row in claimed.others] == [line.call(call_ids[0]).offers[0].leg_id]
    assert claim(slow) == []
    line.clock.move(1.0)
    assert [row.leg_id for row in claim(slow)] == [line.call(call_ids[1]).offers[0].leg_id]


def test_law8_commands_leave_in_order_of_urgency(line: Line, outgoing: Outgoing) -> None:
    call_id, leg_id = offered(line, "ada")
    caller_id = f"{call_id}-1"
    order(
        line,
        call_id,
        CheckLeg(leg_id),
        ReleaseFromQueue(caller_id),
        RedirectLeg(caller_id, 1, urgency=Urgency.RETURN_TO_911),
    )
    assert [row.name for row in claim(outgoing)] == [
        "RedirectLeg",
        "ReleaseFromQueue",
        "CheckLeg",
        "PlaceLeg",
    ]


def test_a_command_for_later_is_not_taken_before_its_time(line: Line, outgoing: Outgoing) -> None:
    call_id = line.ring().call_id
    order(line, call_id, RedirectLeg(f"{call_id}-1", 1, after_seconds=0.4))
    claimed = claim_commands(outgoing, 8, 8)
    assert not claimed.urgent
    assert not claimed.others
    assert claimed.wait_seconds == pytest.approx(0.4)
    line.clock.move(0.4)
    assert [row.name for row in claim(outgoing)] == ["RedirectLeg"]


def test_a_refused_leg_is_told_to_its_call(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    _, leg_id = offered(line, "ada", "ben")
    carrier.results["PlaceLeg"] = [Failed("21211", permanent=True)]
    (row,) = claim(outgoing)
    carry_out(outgoing, row)
    assert row_of(line, leg_id).state == "failed"
    assert line.leg(leg_id).place is Place.ENDED
    assert len(line.call(row.call_id or "").live_offers()) == 1  # the next person is rung


def test_what_certainly_did_not_happen_is_tried_again_in_a_moment(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    _, leg_id = offered(line, "ada")
    carrier.results["PlaceLeg"] = [Failed("unreachable", permanent=False)]
    perform_all(outgoing)
    assert row_of(line, leg_id).state == "ready"
    line.clock.move(service.RETRY_SECONDS)
    perform_all(outgoing)
    assert carrier.names() == ["PlaceLeg", "PlaceLeg"]
    assert line.leg(leg_id).place is Place.RINGING


def test_ending_a_leg_waits_for_its_sid_and_then_ends_it(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id, leg_id = offered(line, "ada")
    (placing,) = claim(outgoing)  # on its way to the carrier
    order(line, call_id, EndLeg(leg_id))
    (ending,) = claim(outgoing)
    carry_out(outgoing, ending)
    assert carrier.sent == []
    carry_out(outgoing, placing)
    line.clock.move(1.0)
    perform_all(outgoing)
    assert carrier.names() == ["PlaceLeg", "EndLeg"]


def test_ending_a_leg_whose_fate_stays_unknown_is_tried_ever_more_rarely(
    line: Line, outgoing: Outgoing
) -> None:
    """While REST is refused, each of many unknown rings leaves such an order (RE5)."""
    call_id, leg_id = offered(line, "ada")
    claim(outgoing)  # on its way to the carrier, whose answer never comes
    order(line, call_id, EndLeg(leg_id))
    waits = []
    for _ in range(7):
        (ending,) = claim(outgoing)
        carry_out(outgoing, ending)
        due_at = row_of(line, leg_id, "EndLeg").due_at
        waits.append((due_at - line.clock.at).total_seconds())
        line.clock.move(waits[-1])
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 8]


def test_ending_a_leg_that_was_not_rung_yet_rings_nobody(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id, leg_id = offered(line, "ada")
    slow = replace(outgoing, calls_per_second=0.01)
    with line.exchange.sessions.begin() as session:
        reserve_call_slot(session, slow.account, slow.calls_per_second, line.clock.at)
    order(line, call_id, EndLeg(leg_id))
    (ending,) = claim(slow)  # the ring waits for its place among the account's calls
    carry_out(slow, ending)
    perform_all(outgoing)
    assert carrier.sent == []
    assert row_of(line, leg_id).state == "void"
    assert line.leg(leg_id).place is Place.ENDED


def test_law1_a_checked_leg_is_over_only_when_two_readings_say_so(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id, leg_id = offered(line, "ada")
    perform_all(outgoing)
    sid = line.leg(leg_id).sid or ""
    carrier.statuses[sid] = "completed"
    order(line, call_id, CheckLeg(leg_id))
    perform_all(outgoing)
    assert line.leg(leg_id).place is Place.RINGING
    line.clock.move(service.SECOND_READING_SECONDS)
    perform_all(outgoing)
    assert line.leg(leg_id).place is Place.ENDED
    assert carrier.names().count("check") == 2


@pytest.fixture
def joining(line: Line, outgoing: Outgoing) -> tuple[str, LookInRoom]:
    """A clinician was sent into the room and is not reported there; the call, and the question."""
    call_id, leg_id = offered(line, "ada")
    perform_all(outgoing)
    line.answer(leg_id)
    line.press(leg_id, "1")
    leg = line.leg(leg_id)
    assert leg.place is Place.JOINING
    look = LookInRoom(leg_id, leg.room, leg.step)
    order(line, call_id, look)
    return call_id, look


def test_tr7_a_leg_that_the_carrier_has_in_the_room_has_joined(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, joining: tuple[str, LookInRoom]
) -> None:
    _, look = joining
    sid = line.leg(look.leg_id).sid or ""
    carrier.results["LookInRoom"] = [Done(there=frozenset({sid, "CAstranger"}))]
    perform_all(outgoing)
    assert line.leg(look.leg_id).place is Place.ROOM
    assert row_of(line, look.leg_id, "LookInRoom").state == "done"


def test_tr7_a_leg_that_is_not_there_yet_is_looked_for_again_and_never_given_up_for_it(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, joining: tuple[str, LookInRoom]
) -> None:
    _, look = joining
    before = line.leg(look.leg_id)
    for _ in range(service.MOST_ATTEMPTS + 1):
        perform_all(outgoing)
        line.clock.move(service.LOOK_AGAIN_SECONDS)
    assert carrier.names().count("LookInRoom") == service.MOST_ATTEMPTS
    assert line.leg(look.leg_id) == before
    assert row_of(line, look.leg_id, "LookInRoom").state == "done"


def test_tr7_one_that_comes_meanwhile_is_not_looked_for_any_more(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, joining: tuple[str, LookInRoom]
) -> None:
    call_id, look = joining
    perform_all(outgoing)
    apply_input(line.exchange, call_id, RoomJoined(look.leg_id, look.room))
    line.clock.move(service.LOOK_AGAIN_SECONDS)
    perform_all(outgoing)
    assert carrier.names().count("LookInRoom") == 1
    assert row_of(line, look.leg_id, "LookInRoom").state == "void"


def test_tr7_a_carrier_that_does_not_say_who_is_there_is_asked_again_and_decides_nothing(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, joining: tuple[str, LookInRoom]
) -> None:
    _, look = joining
    before = line.leg(look.leg_id)
    sid = before.sid or ""
    refusal = Failed("http_503", permanent=False)
    carrier.results["LookInRoom"] = [refusal, Done(there=frozenset({sid}))]
    perform_all(outgoing)
    assert line.leg(look.leg_id) == before
    line.clock.move(service.RETRY_SECONDS)
    perform_all(outgoing)
    assert line.leg(look.leg_id).place is Place.ROOM


@pytest.fixture
def killed(line: Line, outgoing: Outgoing) -> tuple[str, str]:
    """A switchboard that died between its commit and the carrier: call and leg."""
    call_id, leg_id = offered(line, "ada")
    claim(outgoing)
    return call_id, leg_id


def settle(line: Line, outgoing: Outgoing, seconds: float) -> list[str]:
    line.clock.move(seconds)
    return [settle_unknown.settle(outgoing, row) for row in settle_unknown.list_stale(outgoing)]


def test_law7_killed_before_sending_the_leg_is_rung_exactly_once_after_two_look_ups(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    other = replace(outgoing, worker="other", readings={})
    assert settle(line, other, 4.9) == []  # it may still be under way
    assert settle(line, other, 0.2) == ["waiting"]
    assert settle(line, other, 5.0) == ["waiting"]
    assert settle(line, other, 5.0) == ["again"]
    assert settle(line, other, 10.0) == []
    assert carrier.names().count("PlaceLeg") == 1
    assert line.leg(killed[1]).sid == carrier.placed[0][2].sid


def test_law7_killed_after_sending_the_leg_is_found_and_not_rung_again(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    sid = carrier.ring(ADA, OURS)
    assert settle(line, replace(outgoing, readings={}), 6.0) == ["done"]
    assert line.leg(killed[1]).sid == sid
    assert carrier.names() == ["list_placed"]
    assert row_of(line, killed[1]).state == "done"


def test_law7_a_webhook_that_named_the_sid_settles_an_unknown_leg_without_asking(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    call_id, leg_id = killed
    apply_input(line.exchange, call_id, LegStatusChanged(leg_id, "ringing", "CA" + "7" * 32))
    assert settle(line, outgoing, 6.0) == ["done"]
    assert carrier.sent == []


def test_a_call_that_another_leg_owns_is_not_taken_for_the_lost_one(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    call_id, _ = killed
    sid = carrier.ring(ADA, OURS)
    apply_input(line.exchange, call_id, LegStatusChanged(f"{call_id}-1", "in-progress", sid))
    with line.exchange.sessions.begin() as session:
        session.execute(
            tables.legs.update().where(tables.legs.c.id == f"{call_id}-1").values(sid=sid)
        )
    assert settle(line, outgoing, 6.0) == ["waiting"]


def test_law7_an_unknown_leg_that_nobody_wants_any_more_is_not_rung_again(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    call_id, leg_id = killed
    assert settle(line, outgoing, 6.0) == ["waiting"]
    apply_input(line.exchange, call_id, LegStatusChanged(f"{call_id}-1", "completed"))
    assert settle(line, outgoing, 10.0) == ["void"]
    assert "PlaceLeg" not in carrier.names()
    assert line.claims() == {"ada": None}
    assert line.leg(leg_id).place is Place.ENDED


def test_law7_a_lost_answer_is_looked_up_like_a_killed_process(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    _, leg_id = offered(line, "ada")
    carrier.results["PlaceLeg"] = [Unknown("connection_lost")]
    perform_all(outgoing)
    sid = carrier.ring(ADA, OURS)
    assert row_of(line, leg_id).state == "attempting"
    assert settle(line, outgoing, 6.0) == ["done"]
    assert line.leg(leg_id).sid == sid


def test_ro6_two_attempts_without_an_answer_send_the_caller_to_911_by_twiml(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    line.sign_on("ben")
    call_id, _ = offered(line, "ada")
    carrier.results["PlaceLeg"] = [Unknown("http_503"), Unknown("http_503")]
    perform_all(outgoing)
    line.clock.move(1.0)  # the account's rate
    perform_all(outgoing)
    returning = line.call(call_id).returning
    assert returning is not None
    assert (returning.reason, returning.by_twiml) == ("nobody_available", True)
    assert carrier.names().count("PlaceLeg") == 2
    settle(line, outgoing, 6.0)
    settle(line, outgoing, 11.0)
    assert carrier.names().count("PlaceLeg") == 2, "nobody is rung for a caller who is at 911"


def test_law7_what_does_no_harm_twice_is_done_again_while_it_holds_and_speech_is_not(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id = line.ring().call_id
    caller_id = f"{call_id}-1"
    step = line.leg(caller_id).step
    carrier.results["RedirectLeg"] = [Unknown("http_500")]
    order(line, call_id, RedirectLeg(caller_id, step))
    perform_all(outgoing)
    assert settle(line, outgoing, 6.0) == ["again"]
    assert carrier.names() == ["RedirectLeg", "RedirectLeg"]


def test_two_repairers_send_a_lost_command_once(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    line.clock.move(6.0)
    (row,) = settle_unknown.list_stale(outgoing)
    settle_unknown.settle(outgoing, row)
    other = replace(outgoing, worker="other", readings=dict(outgoing.readings))
    line.clock.move(10.0)
    results = [settle_unknown.settle(one, row) for one in (outgoing, other)]
    assert sorted(results) == ["again", "done"]
    assert carrier.names().count("PlaceLeg") == 1


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (ReleaseFromQueue("x-1"), "not in the queue"),
        (RedirectLeg("x-1", 9), "the leg has moved on"),
        (SetEndsRoom("x-1", 1, ends_room=True), "not in that room"),
        (Announce("x-1", 1, Say("goodbye")), "not in that room"),
        (EndLeg("x-1"), "a caller's leg"),
        (CheckLeg("x-1"), ""),
        (CheckLeg("x-7"), "no such leg"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value or "holds",
)
def test_law7_a_command_is_void_when_its_leg_has_moved_on(
    line: Line, command: CarrierCommand, why: str
) -> None:
    call = line.call(line.ring().call_id)
    leg_id = command.leg_id.replace("x", call.id)
    assert find_reason_void(replace(command, leg_id=leg_id), call) == why


IN_ROOM = Call(
    "x",
    "austin",
    1,
    "direct",
    Stage.CONNECTED,
    datetime(2026, 11, 24, tzinfo=UTC),
    datetime(2026, 11, 24, tzinfo=UTC),
    room=2,
    legs=(
        Leg("x-1", Role.CALLER, Place.ROOM, room=2),
        Leg("x-2", Role.CLINICIAN, Place.ROOM, room=2, ends_room=True),
        Leg("x-3", Role.CALL_TAKER, Place.ROOM, room=2, hold_wanted=True, mute_wanted=True),
        Leg("x-4", Role.OUTSIDE, Place.ROOM, room=2, hold_wanted=True),
    ),
)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (HoldLeg("x-1", 2, on=True), "a caller's leg"),
        (MuteLeg("x-1", 2, on=True), "a caller's leg"),
        (RemoveLeg("x-1", 2), "a caller's leg"),
        (HoldLeg("x-2", 2, on=True), "no longer wanted"),
        (HoldLeg("x-3", 1, on=True), "not in that room"),
        (HoldLeg("x-3", 2, on=True), ""),
        (MuteLeg("x-3", 2, on=True), ""),
        (HoldLeg("x-3", 2, on=False), "no longer wanted"),
        (RemoveLeg("x-2", 2), "answers for the caller"),
        (HoldLeg("x-4", 2, on=True), ""),
        (MuteLeg("x-4", 2, on=True), "no longer wanted"),
        (RemoveLeg("x-4", 2), ""),
        (RemoveLeg("x-9", 2), "no such leg"),
    ],
    ids=str,
)
def test_law7_tr3_what_is_done_about_a_party_is_checked_again_at_the_last_moment(
    command: CarrierCommand, why: str
) -> None:
    assert find_reason_void(command, IN_ROOM) == why


@pytest.mark.parametrize("left", [{"place": Place.ENDED}, {"ends_room": False}, {"muted": True}])
def test_tr7_nobody_is_silenced_who_is_the_only_one_heard_by_then(left: dict[str, Any]) -> None:
    ana = IN_ROOM.legs[1]
    call = IN_ROOM.with_leg(replace(ana, **left))
    for command in (HoldLeg("x-3", 2, on=True), MuteLeg("x-3", 2, on=True)):
        assert find_reason_void(command, call) == "nobody else would be heard"


def test_law7_an_order_that_is_never_answered_is_told_to_have_failed(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    call_id = line.ring().call_id
    caller_id = f"{call_id}-1"
    carrier.results["RedirectLeg"] = [Unknown("http_500")] * 4
    order(line, call_id, RedirectLeg(caller_id, line.leg(caller_id).step))
    perform_all(outgoing)
    seen = [settle(line, outgoing, 6.0) for _ in range(4)]
    assert seen == [["again"], ["again"], ["again"], ["void"]]
    row = row_of(line, caller_id, "RedirectLeg")
    assert (row.state, row.error) == ("failed", "never_answered")


def test_a_deadline_that_passes_withdraws_a_leg_that_was_never_heard_of(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, killed: tuple[str, str]
) -> None:
    """The look-up is not what a person waits for: the offer's own deadline goes on."""
    call_id, leg_id = killed
    line.clock.move(27)
    apply_input(line.exchange, call_id, TimePassed())
    offer = line.call(call_id).find_offer(leg_id)
    assert offer is not None
    assert offer.state is OfferState.NO_ANSWER


def test_done_is_told_before_the_row_is_crossed_out(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    """A process that dies in between leaves a row to look up, not a leg without a sid."""
    _, leg_id = offered(line, "ada")
    (row,) = claim(outgoing)
    loaded = service.load_order(outgoing, row)
    assert loaded is not None
    service.record(outgoing, loaded, Done("CA" + "5" * 32))
    service.record(outgoing, loaded, Done("CA" + "5" * 32))
    assert line.leg(leg_id).sid == "CA" + "5" * 32


def returning_to_a_line(line: Line, outgoing: Outgoing) -> tuple[str, str]:
    """A call whose clinician stays while a 911 line outside is to be rung; call and 911's leg."""
    call_id, leg_id = offered(line, "ada")
    perform_all(outgoing)
    line.answer(leg_id)
    line.press(leg_id, "1")
    room = line.leg(leg_id).room
    apply_input(line.exchange, call_id, RoomJoined(leg_id, room))
    apply_input(line.exchange, call_id, ReturnRequested("ada", "danger"))
    line.clock.move(600)
    apply_input(line.exchange, call_id, TimePassed())
    psap = [leg for leg in line.call(call_id).legs if leg.role is Role.PSAP]
    assert psap, "no 911 line is rung"
    return call_id, psap[-1].id


def test_law7_a_lost_911_leg_is_closed_and_never_rung_again_by_look_up(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    """The flow itself rings 911 anew, or has the caller's own leg dial, seconds after the order."""
    call_id, psap_id = returning_to_a_line(line, outgoing)
    rows = claim(outgoing)  # and the process dies
    assert psap_id in {row.leg_id for row in rows}
    carrier.sent.clear()
    line.clock.move(4)
    apply_input(line.exchange, call_id, TimePassed())
    again = [leg for leg in line.call(call_id).legs if leg.role is Role.PSAP and leg.is_live]
    by_twiml = line.call(call_id).returning
    assert [leg.id for leg in again] != [psap_id] or (by_twiml and by_twiml.by_twiml)
    settle(line, outgoing, 3)
    settle(line, outgoing, 11)
    assert Sent("PlaceLeg", psap_id) not in [replace_numbers(one) for one in carrier.sent]
    assert row_of(line, psap_id).state == "void"
    assert not line.leg(psap_id).is_live


def replace_numbers(one: Sent) -> Sent:
    return Sent(one.name, one.subject)


def test_tr7_a_caller_is_not_moved_to_an_address_that_is_known_to_be_dead(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    line.sign_on("ada")
    call_id = line.ring_and_screen()
    caller = line.leg(f"{call_id}-1")
    order(line, call_id, RedirectLeg(caller.id, caller.step))
    dead = replace(outgoing, address_is_dead=lambda: True)
    for row in claim(dead):
        carry_out(dead, row)
    assert "RedirectLeg" not in carrier.names()
    waiting = row_of(line, caller.id, "RedirectLeg")
    assert (waiting.state, waiting.error) == ("ready", "own_address_dead")
    line.clock.move(service.RETRY_SECONDS)
    perform_all(outgoing)
    assert Sent("RedirectLeg", caller.id) in carrier.sent


@pytest.mark.parametrize("phase", [Phase.COMING, Phase.LIVE])
def test_re5_after_an_outage_a_caller_whom_a_failsafe_connects_with_911_is_not_moved(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, phase: Phase
) -> None:
    call_id = fetched(line)
    carrier.dialled[line.call(call_id).caller.sid or ""] = phase
    perform_all(replace(outgoing, record_is_doubtful=lambda: True))
    assert "RedirectLeg" not in carrier.names()
    call = line.call(call_id)
    assert (call.stage, call.caller.place) == (Stage.RETURNING, Place.DIAL)
    assert call.returning is not None
    assert call.returning.taken is (phase is Phase.LIVE)
    assert row_of(line, call.caller.id, "RedirectLeg").state == "void"


@pytest.mark.parametrize(
    "answer", [Phase.OVER, Unknown("http_503"), Failed("429", permanent=False)]
)
def test_re5_a_caller_for_whom_nothing_is_known_to_ring_is_moved_after_an_outage_too(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier, answer: Phase | Failed | Unknown
) -> None:
    call_id = fetched(line)
    carrier.dialled[line.call(call_id).caller.sid or ""] = answer
    perform_all(replace(outgoing, record_is_doubtful=lambda: True))
    assert carrier.names()[-2:] == ["find_dialled", "RedirectLeg"]


def test_a_caller_is_moved_without_a_question_when_there_was_no_outage(
    line: Line, outgoing: Outgoing, carrier: FakeCarrier
) -> None:
    fetched(line)
    perform_all(outgoing)
    assert "RedirectLeg" in carrier.names()
    assert "find_dialled" not in carrier.names()


def fetched(line: Line) -> str:
    """A call whose caller is about to be fetched out of a question."""
    call_id = line.ring().call_id
    caller = line.call(call_id).caller
    assert caller.place is Place.FLOW
    order(line, call_id, RedirectLeg(caller.id, caller.step))
    return call_id
