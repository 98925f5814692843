"""RO7, Law 1: what lost touch with the carrier is found by two readings, and only ever rescued."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text, update

from ivr_flows.call import OfferState, Place, Stage
from ivr_flows.inputs import (
    Found,
    LegAsked,
    LegStatusChanged,
    Reconciled,
    RoomJoined,
)
from ivr_flows.outputs import RedirectLeg, RescueCaller
from ivr_flows.void import find_reason_void
from router.config import Settings
from router.services.apply_input import apply_input
from router.services.carry_out import (
    SECOND_READING_SECONDS,
    Outgoing,
    carry_out,
    claim_commands,
)
from router.services.repair_legs import LEASE, Repair, heal_presence
from router.storage import presence
from router.storage.tables import outbox
from router.storage.timeline import list_timeline
from router.telephony.line_reading import Line as CarrierLine
from router.telephony.line_reading import Reading
from router.telephony.rest import Failed, Unknown
from router.telephony.webhook import Phase
from tests.conftest import a_database, an_engine
from tests.services.conftest import DIRECT, Line
from tests.services.fake_carrier import FakeCarrier

CHILD = "CAc" + "0" * 31


@dataclass
class Net:
    """What the carrier's lists say; by default that every line lives and is in no queue or room."""

    lines: dict[str, CarrierLine] = field(default_factory=dict)
    rooms: dict[str, frozenset[str]] = field(default_factory=dict)
    queues: dict[str, frozenset[str]] = field(default_factory=dict)
    trouble: Failed | Unknown | None = None
    is_whole: bool = True
    readings: int = 0

    def puts(self, sid: str, phase: Phase = Phase.LIVE, **facts: str) -> None:
        self.lines[sid] = CarrierLine(sid, phase, **facts)

    def read(
        self, _carrier: object, choose: Callable[[Any], Any], queues: object, each: object
    ) -> Reading | Failed | Unknown:
        self.readings += 1
        if self.trouble is not None:
            return self.trouble
        chosen = choose(self.rooms)
        rooms = {name: self.rooms[name] for name in chosen}
        return Reading(dict(self.lines), rooms, dict(self.queues), frozenset(), self.is_whole)


@dataclass
class Scene:
    """Calls, what the carrier says of them, and the repairer between."""

    line: Line
    net: Net
    carrier: FakeCarrier
    repair: Repair

    def sid(self, leg_id: str) -> str:
        return self.line.leg(leg_id).sid or ""

    def look(self) -> list[Found]:
        return [one.found for one in self.repair.look()]

    def look_twice(self) -> list[Found]:
        """Two readings, ten seconds apart."""
        assert self.look() == []
        self.line.clock.move(SECOND_READING_SECONDS)
        return self.look()

    def caller(self, place: str = "") -> str:
        """A caller who answers questions; the leg's id."""
        leg_id = f"{self.line.ring().call_id}-1"
        self.net.puts(self.sid(leg_id), to_e164=DIRECT)
        return leg_id

    def waiting(self) -> tuple[str, str]:
        """A caller in the queue and the leg that is to ring Ada."""
        self.line.sign_on("ada")
        call_id = self.line.ring_and_screen()
        caller = f"{call_id}-1"
        self.net.puts(self.sid(caller), to_e164=DIRECT)
        assert self.line.leg(caller).place is Place.QUEUE
        self.net.queues["switchboard.austin"] = frozenset({self.sid(caller)})
        return caller, f"{call_id}-2"

    def rung(self) -> tuple[str, str]:
        """The same, and Ada's phone rings at the carrier, of which we were told."""
        caller, staff = self.waiting()
        for row in claim_commands(self.repair.outgoing, 8, 8).others:
            carry_out(self.repair.outgoing, row)
        self.net.puts(self.sid(staff), Phase.COMING, from_e164=DIRECT)
        return caller, staff

    def connected(self) -> tuple[str, str]:
        """A caller and Ada in their room."""
        caller, staff = self.rung()
        self.line.answer(staff)
        self.line.press(staff, "1")
        apply_input(self.line.exchange, staff, RoomJoined(staff, 1))
        apply_input(self.line.exchange, caller, LegAsked(caller))
        apply_input(self.line.exchange, caller, RoomJoined(caller, 1))
        assert self.line.call(caller[:-2]).stage is Stage.CONNECTED
        self.net.puts(self.sid(staff))
        self.net.queues.clear()
        self.meet(f"{caller[:-2]}.1", caller, staff)
        return caller, staff

    def meet(self, room: str, *leg_ids: str) -> None:
        self.net.rooms[room] = frozenset(self.sid(leg_id) for leg_id in leg_ids)

    def ends(self, leg_id: str, status: str = "completed") -> None:
        sid = self.sid(leg_id)
        del self.net.lines[sid]
        self.carrier.statuses[sid] = status

    def orders(self, call_id: str, name: str) -> list[str]:
        """The legs of orders of a name that wait."""
        with self.line.exchange.sessions() as session:
            return list(
                session.scalars(
                    select(outbox.c.leg_id).where(
                        outbox.c.call_id == call_id,
                        outbox.c.name == name,
                        outbox.c.state == "ready",
                    )
                )
            )

    def repairs(self, call_id: str) -> list[tuple[str, str]]:
        """What the timeline says was repaired: where the leg was found, and where we had it."""
        with self.line.exchange.sessions() as session:
            return [
                (row.details["found"], row.details["was"])
                for row in list_timeline(session, call_id)
                if row.kind == "repaired"
            ]


@pytest.fixture(scope="module")
def shared_engine(settings: Settings, servers: dict[str, str]) -> Iterator[Engine]:
    """One database for all tests of this file: it costs more than any of them."""
    with a_database(servers) as url, an_engine(settings, url) as engine:
        yield engine


@pytest.fixture
def line(shared_engine: Engine, line_on: Callable[[Engine], Line]) -> Iterator[Line]:
    """Austin's calls, of which there are none yet."""
    yield line_on(shared_engine)
    with shared_engine.begin() as connection:
        connection.execute(
            text("TRUNCATE incidents, people, outbox, repair_claims, rate_limits CASCADE")
        )


@pytest.fixture
def scene(line: Line) -> Scene:
    carrier, net = FakeCarrier(now=lambda: line.clock.at), Net()
    repair = Repair(Outgoing(line.exchange, carrier, "tests", "AC1", 50.0), read=net.read)
    return Scene(line, net, carrier, repair)


def test_law1_a_caller_who_is_gone_is_found_by_two_readings_ten_seconds_apart(
    scene: Scene,
) -> None:
    caller = scene.caller()
    scene.ends(caller)
    assert scene.look() == []
    assert scene.line.leg(caller).is_live
    scene.line.clock.move(SECOND_READING_SECONDS - 1)
    assert not scene.repair.is_second_reading_due()
    assert scene.look() == []
    scene.line.clock.move(1)
    assert scene.repair.is_second_reading_due()
    assert scene.look() == [Found.OVER]
    assert scene.line.leg(caller).place is Place.ENDED
    assert scene.repairs(caller[:-2]) == [("over", "flow")]
    assert scene.look() == []


def test_law1_one_stale_reading_ends_nobody(scene: Scene) -> None:
    caller = scene.caller()
    sid = scene.sid(caller)
    scene.ends(caller)
    scene.look()
    scene.net.puts(sid)
    scene.line.clock.move(5)
    assert scene.look() == []
    scene.ends(caller)
    scene.line.clock.move(5)
    assert scene.look() == []
    assert scene.line.leg(caller).is_live


@pytest.mark.parametrize("trouble", [Unknown("http_500"), Failed("20003", permanent=True)])
def test_law1_a_carrier_that_does_not_answer_repairs_nothing(
    scene: Scene, trouble: Unknown | Failed
) -> None:
    caller, staff = scene.connected()
    before = scene.line.call(caller[:-2])
    scene.net.lines.clear()
    for _ in range(3):
        scene.net.trouble = trouble
        assert scene.look() == []
        scene.net.trouble = None
        scene.carrier.results["check"] = [Unknown("http_503"), Unknown("http_503")]
        assert scene.look() == []
        scene.line.clock.move(SECOND_READING_SECONDS)
    assert scene.line.call(caller[:-2]) == before
    assert scene.line.leg(staff).is_live


def test_law1_legs_missing_from_a_list_that_is_cut_short_are_not_over(scene: Scene) -> None:
    caller = scene.caller()
    scene.ends(caller)
    scene.net.is_whole = False
    assert scene.look_twice() == []
    assert scene.line.leg(caller).is_live


def test_law1_the_repairer_asks_and_never_hangs_up(scene: Scene) -> None:
    caller, staff = scene.connected()
    scene.ends(staff)
    scene.net.rooms = {f"{caller[:-2]}.1": frozenset({scene.sid(caller)})}
    asked = len(scene.carrier.sent)
    scene.look_twice()
    assert {one.name for one in scene.carrier.sent[asked:]} == {"check"}
    assert scene.orders(caller[:-2], "EndLeg") == []


def test_repair_finds_nothing_where_all_is_as_we_think(scene: Scene) -> None:
    caller, _ = scene.connected()
    version = scene.line.call(caller[:-2]).version
    assert scene.look_twice() == []
    assert scene.line.call(caller[:-2]).version == version
    assert scene.repair.suspects == {}


def test_tr7_a_caller_alone_in_the_room_is_brought_out_and_somebody_else_is_sought(
    scene: Scene,
) -> None:
    caller, staff = scene.connected()
    scene.ends(staff)
    scene.meet(f"{caller[:-2]}.1", caller)
    assert scene.look_twice() == [Found.OVER, Found.ALONE]
    call = scene.line.call(caller[:-2])
    assert call.drops == 1
    assert caller in scene.orders(call.id, "RedirectLeg")
    apply_input(scene.line.exchange, caller, LegAsked(caller))
    assert scene.line.leg(caller).place in (Place.QUEUE, Place.DIAL)


def test_tr7_a_caller_whose_clinician_is_in_another_generation_meets_them_again(
    scene: Scene,
) -> None:
    caller, staff = scene.connected()
    scene.meet(f"{caller[:-2]}.1", caller)
    scene.meet(f"{caller[:-2]}.2", staff)
    assert sorted(scene.look_twice()) == [Found.ALONE, Found.ALONE]
    assert sorted(scene.orders(caller[:-2], "RedirectLeg")) == [caller, staff]
    apply_input(scene.line.exchange, caller, LegAsked(caller))
    apply_input(scene.line.exchange, staff, LegAsked(staff))
    assert scene.line.leg(staff).room == scene.line.call(caller[:-2]).room


def test_repair_a_leg_that_moved_on_between_two_readings_is_left_alone(scene: Scene) -> None:
    caller, staff = scene.connected()
    scene.net.rooms.clear()
    assert scene.look() == []
    apply_input(scene.line.exchange, caller, LegAsked(caller))
    apply_input(scene.line.exchange, staff, LegAsked(staff))
    scene.line.clock.move(SECOND_READING_SECONDS)
    assert scene.look() == []


def test_repair_staff_alone_with_a_waiting_caller_has_the_caller_fetched_again(
    scene: Scene,
) -> None:
    caller, staff = scene.rung()
    scene.line.answer(staff)
    scene.line.press(staff, "1")
    apply_input(scene.line.exchange, staff, RoomJoined(staff, 1))
    scene.net.puts(scene.sid(staff))
    scene.meet(f"{caller[:-2]}.1", staff)
    with scene.line.exchange.sessions.begin() as session:
        session.execute(delete(outbox))  # the order was lost
    assert scene.look_twice() == [Found.ALONE]
    assert scene.orders(caller[:-2], "ReleaseFromQueue") == [caller]


def test_repair_staff_left_alone_by_a_caller_who_has_gone_are_told(scene: Scene) -> None:
    caller, staff = scene.connected()
    apply_input(scene.line.exchange, caller, LegStatusChanged(caller, "completed"))
    with scene.line.exchange.sessions.begin() as session:
        session.execute(delete(outbox))
    del scene.net.lines[scene.sid(caller)]
    scene.meet(f"{caller[:-2]}.1", staff)
    assert scene.look_twice() == [Found.ALONE]
    assert scene.orders(caller[:-2], "RedirectLeg") == [staff]


def test_repair_a_caller_we_think_queued_who_is_not_is_asked_to_ask(scene: Scene) -> None:
    caller, _ = scene.waiting()
    scene.net.queues["switchboard.austin"] = frozenset()
    assert scene.look_twice() == [Found.FLOW]
    assert scene.repairs(caller[:-2]) == [("flow", "queue")]
    assert scene.orders(caller[:-2], "RedirectLeg") == [caller]


def test_repair_a_queue_member_we_think_elsewhere_is_brought_to_where_the_call_says(
    scene: Scene,
) -> None:
    caller, staff = scene.connected()
    scene.meet(f"{caller[:-2]}.1", staff)
    scene.net.queues["switchboard.austin"] = frozenset({scene.sid(caller)})
    assert Found.QUEUE in scene.look_twice()
    assert scene.orders(caller[:-2], "RedirectLeg") == [caller]


def test_repair_a_ring_we_were_not_told_of_is_known_to_ring(scene: Scene) -> None:
    _, staff = scene.waiting()
    with scene.line.exchange.sessions.begin() as session:
        session.execute(update(outbox).values(state="attempting"))
    sid = scene.carrier.ring("+15125550121", DIRECT)
    apply_input(scene.line.exchange, staff, LegStatusChanged(staff, "unheard-of", sid))
    assert scene.line.leg(staff).place is Place.PLANNED
    scene.net.puts(sid, Phase.COMING, from_e164=DIRECT)
    assert scene.look_twice() == [Found.RINGING]
    assert scene.line.leg(staff).place is Place.RINGING


def test_repair_a_phone_that_was_picked_up_without_our_knowing_is_asked_to_ask(
    scene: Scene,
) -> None:
    caller, staff = scene.rung()
    scene.net.puts(scene.sid(staff))
    assert scene.look_twice() == [Found.FLOW]
    assert scene.orders(caller[:-2], "RedirectLeg") == [staff]
    apply_input(scene.line.exchange, staff, LegAsked(staff))
    offer = scene.line.call(caller[:-2]).find_offer(staff)
    assert offer is not None
    assert offer.state is OfferState.ANSWERED


@pytest.mark.parametrize("status", ["no-answer", "busy", "completed"])
def test_repair_an_offer_whose_leg_is_gone_is_over(scene: Scene, status: str) -> None:
    caller, staff = scene.rung()
    scene.ends(staff, status)
    assert scene.look_twice() == [Found.OVER]
    offer = scene.line.call(caller[:-2]).find_offer(staff)
    assert offer is not None
    assert not offer.is_live


def test_repair_an_offer_that_no_order_will_ring_is_over(scene: Scene) -> None:
    caller, staff = scene.waiting()
    assert scene.look_twice() == []
    with scene.line.exchange.sessions.begin() as session:
        session.execute(update(outbox).where(outbox.c.leg_id == staff).values(state="void"))
    assert scene.look_twice() == [Found.OVER]
    offer = scene.line.call(caller[:-2]).find_offer(staff)
    assert offer is not None
    assert not offer.is_live


def test_repair_a_lost_join_is_made_up_for(scene: Scene) -> None:
    caller, staff = scene.rung()
    scene.line.answer(staff)
    scene.line.press(staff, "1")
    scene.net.puts(scene.sid(staff))
    scene.meet(f"{caller[:-2]}.1", staff)
    assert scene.look_twice() == [Found.ALONE]
    assert scene.line.leg(staff).place is Place.ROOM


@pytest.mark.parametrize("phase", [Phase.COMING, Phase.LIVE])
def test_re5_a_caller_whom_the_failsafe_connects_with_911_is_left_there(
    scene: Scene, phase: Phase
) -> None:
    caller, staff = scene.waiting()
    scene.net.queues.clear()
    scene.net.puts(CHILD, phase, parent_sid=scene.sid(caller))
    talks = phase is Phase.LIVE
    assert scene.look_twice() == [Found.TALK if talks else Found.DIAL]
    call = scene.line.call(caller[:-2])
    assert call.stage is Stage.RETURNING
    assert call.caller.place is Place.DIAL
    assert call.returning is not None
    assert call.returning.taken is talks
    offer = call.find_offer(staff)
    assert offer is not None
    assert offer.state is OfferState.WITHDRAWN
    assert scene.orders(call.id, "RedirectLeg") == []
    assert scene.look_twice() == []


def test_re5_what_was_ordered_before_does_not_take_the_caller_away_from_911(scene: Scene) -> None:
    caller, _ = scene.waiting()
    scene.net.queues.clear()
    scene.net.puts(CHILD, parent_sid=scene.sid(caller))
    call = scene.line.call(caller[:-2])
    order = RedirectLeg(caller, call.caller.step)
    assert find_reason_void(order, call) == ""
    assert scene.look_twice() == [Found.TALK]
    assert find_reason_void(order, scene.line.call(call.id)) == "the leg has moved on"


def test_repair_a_caller_of_a_closed_call_who_lives_is_sent_to_911(scene: Scene) -> None:
    caller = scene.caller()
    apply_input(scene.line.exchange, caller, LegStatusChanged(caller, "completed"))
    assert scene.line.call(caller[:-2]).stage is Stage.CLOSED
    assert scene.look_twice() == [Found.FLOW]
    assert scene.orders(caller[:-2], "RescueCaller") == [caller]
    assert scene.repairs(caller[:-2]) == [("flow", "ended")]
    for row in claim_commands(scene.repair.outgoing, 8, 8).urgent:
        assert row.command() == RescueCaller(caller)
        carry_out(scene.repair.outgoing, row)
    assert "RescueCaller" in scene.carrier.names()
    scene.net.puts(CHILD, parent_sid=scene.sid(caller))
    assert scene.look_twice() == []


def test_repair_a_line_we_do_not_know_is_reported_once_and_left_alone(scene: Scene) -> None:
    scene.net.puts("CAx" + "0" * 31, to_e164=DIRECT)
    scene.net.puts("CAy" + "0" * 31, to_e164="+15125550177")  # another application's
    for _ in range(4):
        assert scene.look() == []
        scene.line.clock.move(SECOND_READING_SECONDS)
    assert scene.repair.strangers == {"CAx" + "0" * 31}
    assert scene.carrier.sent == []
    with scene.line.exchange.sessions() as session:
        told = session.scalars(
            select(outbox.c.payload).where(outbox.c.name == "NotifySupervisor")
        ).all()
    assert [(one["subject"], one["program_id"]) for one in told] == [("unknown_leg", "austin")]


def test_repair_what_the_call_no_longer_thinks_is_ignored_without_a_line(scene: Scene) -> None:
    caller, _ = scene.waiting()
    leg = scene.line.leg(caller)
    late = Reconciled(caller, Found.FLOW, "room", leg.step)
    answer = apply_input(scene.line.exchange, caller, late)
    assert answer.step is not None
    assert answer.step.ignored == "the leg has moved on"
    assert answer.step.events == ()
    late = replace(late, place="queue", step=leg.step + 1)
    assert apply_input(scene.line.exchange, caller, late).step.ignored  # type: ignore[union-attr]


def test_repair_is_one_switchboards_at_a_time(scene: Scene) -> None:
    other = Repair(replace(scene.repair.outgoing, worker="another"))
    assert scene.repair.is_ours()
    assert not other.is_ours()
    scene.line.clock.move(LEASE.total_seconds() - 1)
    assert scene.repair.is_ours()
    scene.line.clock.move(LEASE.total_seconds() - 1)
    assert not other.is_ours()
    scene.line.clock.move(1)
    assert other.is_ours()
    assert not scene.repair.is_ours()


def test_ro7_a_claim_that_no_call_accounts_for_is_released(scene: Scene) -> None:
    line = scene.line
    line.sign_on("ada")
    call_id = line.ring().call_id
    apply_input(line.exchange, call_id, LegStatusChanged(f"{call_id}-1", "completed"))
    with line.exchange.sessions.begin() as session:
        presence.claim_person(session, "ada", call_id, line.clock.at)
    assert heal_presence(scene.repair.outgoing) == []  # it may be on its way into view
    line.clock.move(31)
    assert heal_presence(scene.repair.outgoing) == ["ada"]
    assert line.claims() == {"ada": None}
