"""Lost callers: orders become rows, rows calls, once each; 911 hears of those not reached (IN6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pytest
from sqlalchemy import func, select

from ivr_flows.call import Place, Stage
from ivr_flows.inputs import (
    AnswersChanged,
    Keyed,
    LegAnswered,
    LegAsked,
    LegStatusChanged,
    RoomJoined,
    TimePassed,
    WaitTicked,
)
from ivr_flows.outputs import Instruction, Say
from router.errors import ConflictError, NotFoundError
from router.services import page_calls, welfare
from router.services.answer_webhooks import CallAnswers
from router.services.apply_input import apply_input
from router.services.call_backs import keep_call_backs
from router.services.carry_out import Outgoing, carry_out
from router.services.dispatch_moves import Paging
from router.services.page_links import PageLinks
from router.services.request_call_back import (
    CallBackView,
    cancel_call_back,
    list_call_backs,
    request_call_back,
)
from router.storage import call_backs as stored
from router.storage.claims import Limits, claim_commands
from router.storage.database import Deadline
from router.storage.tables import call_backs, calls, messages, outbox, timeline
from tests.services.conftest import TRANSFER, Line
from tests.services.fake_carrier import FakeCarrier, Sent

CALLER = "+15125550199"
PRIORITY, SECOND, GENERAL = "+15125550110", "+15125550111", "+15125550112"


@dataclass
class Backs:
    """Austin's calls, the switchboard's part in calling back, and a carrier that keeps count."""

    line: Line
    paging: Paging
    carrier: FakeCarrier
    outgoing: Outgoing = field(init=False)

    def __post_init__(self) -> None:
        self.outgoing = Outgoing(self.line.exchange, self.carrier, "tests", "AC1", 1000.0)

    def tell(self, given: object, call_or_leg: str) -> None:
        apply_input(self.line.exchange, call_or_leg, given)  # type: ignore[arg-type]

    def hang_up(self, leg_id: str, status: str = "completed") -> None:
        self.tell(LegStatusChanged(leg_id, status), leg_id)

    def lose(self, *, at_risk: bool = False) -> str:
        """A caller who waits for a clinician is lost; the call's id."""
        call_id = self.line.ring_and_screen()
        if at_risk:
            self.tell(AnswersChanged("token", {"imminent_risk": "yes"}), call_id)
        self.hang_up(f"{call_id}-1")
        return call_id

    def keep(self) -> None:
        """The switchboard's loop."""
        while keep_call_backs(self.paging):
            pass

    def ring(self) -> None:
        """Perform what waits for the switchboard."""
        while True:
            self.line.clock.move(0.002)
            with self.line.exchange.sessions.begin() as session:
                limits = Limits(8, 8, "AC1", 1000.0)
                claimed = claim_commands(session, "tests", self.line.clock.at, limits)
            rows = [*claimed.urgent, *claimed.others]
            if not rows:
                return
            for row in rows:
                if row.name == welfare.PLACE_PAGE:
                    page_calls.place_page(self.outgoing, self.carrier, row, welfare.WELFARE_PAGES)
                elif row.name == welfare.END_PAGE:
                    page_calls.end_page(self.outgoing, self.carrier, row, welfare.WELFARE_PAGES)
                else:
                    carry_out(self.outgoing, row)

    def view(self, call_id: str) -> CallBackView:
        return list_call_backs(self.line.exchange.sessions, call_id)[-1]

    def ringing(self, call_id: str) -> str:
        """The call that is made for the newest try."""
        return self.view(call_id).tries[-1].call_id

    def rung(self, number: str) -> list[Sent]:
        return [one for one in self.carrier.sent if one.to_e164 == number]

    def kinds(self, call_id: str) -> list[str]:
        with self.line.exchange.sessions() as session:
            statement = select(timeline.c.kind).where(timeline.c.call_id == call_id)
            return list(session.scalars(statement.order_by(timeline.c.id)))

    def pages(self, call_id: str) -> list[stored.WelfarePage]:
        with self.line.exchange.sessions() as session:
            return stored.list_pages(session, self.view(call_id).id)


@pytest.fixture
def backs(line: Line) -> Backs:
    links = PageLinks("https://switchback.test", "a-secret-for-links-of-tests")
    carrier = FakeCarrier(now=lambda: line.clock.at)
    return Backs(line, Paging(line.exchange, links), carrier)


def prompts(instructions: tuple[Instruction, ...]) -> list[str]:
    says: list[str] = []
    for one in instructions:
        says += [one.prompt] if isinstance(one, Say) else []
        says += [say.prompt for say in getattr(one, "says", ())]
    return says


def test_in6_a_lost_caller_is_rung_on_a_call_of_its_own(backs: Backs) -> None:
    backs.line.sign_on("ana")
    call_id = backs.lose()
    backs.keep()
    new_id = backs.ringing(call_id)
    call = backs.line.call(new_id)
    assert call.call_back is not None
    assert (call.call_back.of, call.program_version) == (call_id, 1)
    assert call.stage is Stage.WAITING
    with backs.line.exchange.sessions() as session:
        incidents = session.scalars(
            select(calls.c.incident_id).where(calls.c.id.in_((call_id, new_id)))
        ).all()
    assert len(set(incidents)) == 1, "it belongs to the same incident"
    assert "call_back_begun" in backs.kinds(call_id)
    assert "call_back_begun" in backs.kinds(new_id)


def lost_and_rung(backs: Backs, *, at_risk: bool = False) -> tuple[str, str]:
    """The lost call, and the one that rings its caller; nobody is on duty."""
    call_id = backs.lose(at_risk=at_risk)
    backs.keep()
    new_id = backs.ringing(call_id)
    backs.line.clock.move(21)
    backs.tell(TimePassed(), new_id)
    backs.ring()
    return call_id, new_id


@pytest.fixture
def alone(backs: Backs) -> Backs:
    """One clinician who waits for nobody else, so that callers wait; then nobody is on duty."""
    backs.line.sign_on("ana")
    return backs


def test_in6_two_switchboards_begin_one_try(alone: Backs) -> None:
    call_ids = [alone.lose() for _ in range(4)]
    together = Barrier(2)

    def sweep() -> None:
        together.wait()
        alone.keep()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(sweep) for _ in range(2)]:
            done.result()
    alone.keep()
    for call_id in call_ids:
        assert len(alone.view(call_id).tries) == 1
    with alone.line.exchange.sessions() as session:
        made = session.scalar(
            select(func.count()).select_from(calls).where(calls.c.caller_sid == calls.c.id)
        )
    assert made == 4


def test_in6_nobody_answers_then_the_next_try_is_due_and_the_last_ends_it(alone: Backs) -> None:
    call_id, new_id = lost_and_rung(alone)
    assert [one.name for one in alone.rung(CALLER)] == ["PlaceLeg"]
    alone.hang_up(f"{new_id}-1", "no-answer")
    alone.keep()
    assert (alone.view(call_id).state, len(alone.view(call_id).tries)) == ("planned", 1)
    alone.line.clock.move(59)
    alone.keep()
    assert len(alone.view(call_id).tries) == 1
    for seconds in (2, 301):
        alone.line.clock.move(seconds)
        alone.keep()
        alone.hang_up(f"{alone.ringing(call_id)}-1", "busy")
        alone.keep()
    seen = alone.view(call_id)
    assert (seen.state, seen.outcome) == ("closed", "unanswered")
    assert [one.outcome for one in seen.tries] == ["unanswered"] * 3
    assert alone.kinds(call_id)[-1] == "call_back_over"


def test_in6_reached_closes_it_and_both_timelines_tell(alone: Backs) -> None:
    call_id, new_id = lost_and_rung(alone)
    leg_id = f"{new_id}-1"
    alone.tell(LegAnswered(leg_id, "CAback", "human"), leg_id)
    alone.line.press(leg_id, "1")
    alone.keep()
    assert alone.view(call_id).outcome == "reached"
    assert "call_back_tried" in alone.kinds(call_id)
    assert "caller_reached" in alone.kinds(new_id)


def unreached_at_risk(backs: Backs) -> str:
    """A caller at risk whom three calls back have not reached; the lost call's id."""
    call_id = backs.lose(at_risk=True)
    for seconds in (0, 61, 301):
        backs.line.clock.move(seconds)
        backs.keep()
        backs.ring()
        backs.hang_up(f"{backs.ringing(call_id)}-1", "no-answer")
        backs.keep()
    return call_id


def test_in6_a_risk_becomes_a_welfare_request_tried_along_the_lines(alone: Backs) -> None:
    call_id = unreached_at_risk(alone)
    alone.ring()
    (first,) = alone.pages(call_id)
    assert [one.name for one in alone.rung(PRIORITY)] == ["PlacePage"]
    welfare.change_page_status(alone.paging, first.id, "no-answer", "")
    alone.keep()
    alone.ring()
    second = alone.pages(call_id)[1]
    assert alone.rung(SECOND)
    heard = prompts(welfare.answer_page(alone.paging, second.id, "CAsecond"))
    assert heard[:2] == ["welfare_request", "welfare_tried"]
    assert heard[-1] == "welfare_keys"
    assert prompts(welfare.key_page(alone.paging, second.id, 1, "2"))[0] == "welfare_request"
    assert prompts(welfare.key_page(alone.paging, second.id, 2, "1")) == ["welfare_acknowledged"]
    seen = alone.view(call_id)
    assert (seen.state, seen.outcome) == ("closed", "welfare_acknowledged")
    assert [one.state for one in seen.welfare] == ["failed", "acknowledged"]


def test_in6_where_nobody_at_911_acknowledges_the_supervisors_are_told(alone: Backs) -> None:
    call_id = unreached_at_risk(alone)
    for _ in range(9):
        alone.line.clock.move(31)  # between two rounds there is a pause
        alone.ring()
        alone.line.clock.move(91)  # no word of it at all: the deadline goes on to the next line
        alone.keep()
    seen = alone.view(call_id)
    assert (seen.outcome, len(seen.welfare)) == ("welfare_unacknowledged", 9)
    assert {len(alone.rung(number)) for number in (PRIORITY, SECOND, GENERAL)} == {3}
    with alone.line.exchange.sessions() as session:
        told = session.scalars(
            select(outbox.c.payload["subject"].astext).where(outbox.c.kind == "notify")
        ).all()
    assert "welfare_unacknowledged" in told


def test_in6_the_clinicians_leg_goes_on_in_the_new_call(alone: Backs) -> None:
    line = alone.line
    call_id = line.ring_and_screen()
    alone.ring()
    staff = f"{call_id}-2"
    line.answer(staff)
    line.press(staff, "1")
    for leg_id in (staff, f"{call_id}-1"):
        if leg_id.endswith("-1"):
            alone.tell(LegAsked(leg_id), leg_id)
        alone.tell(RoomJoined(leg_id, line.leg(leg_id).room), leg_id)
    assert line.call(call_id).stage is Stage.CONNECTED
    sid = line.leg(staff).sid
    alone.hang_up(f"{call_id}-1")
    alone.tell(LegAsked(staff), staff)
    line.press(staff, "8")
    alone.keep()
    new_id = alone.ringing(call_id)
    moved = line.leg(staff)
    assert (moved.place, moved.moved_to) == (Place.ENDED, f"{new_id}-2")
    assert line.leg(f"{new_id}-2").sid == sid
    assert line.claims()["ana"] == new_id
    step = moved.step
    again = apply_input(line.exchange, staff, Keyed(staff, step, "")).document or ""
    assert f"/voice/clinician/{new_id}-2/ask" in again, "wherever it asks, it is sent there"
    # The carrier tells of the leg's end by the address it was placed with.
    answers = CallAnswers(line.exchange)
    answers.take(staff, LegStatusChanged(staff, "completed"), None, Deadline.after(5))
    assert line.leg(f"{new_id}-2").place is Place.ENDED
    assert line.claims()["ana"] is None
    assert alone.view(call_id).tries[0].called_by == "same_clinician"


def test_in6_who_calls_in_again_is_not_called_back(alone: Backs) -> None:
    call_id, new_id = lost_and_rung(alone)
    again = alone.line.ring_and_screen()
    alone.keep()
    assert (alone.view(call_id).outcome, alone.view(call_id).reason) == (
        "cancelled",
        "caller_called",
    )
    assert alone.line.call(new_id).stage is Stage.CLOSED
    assert alone.line.call(again).priority == 50
    alone.ring()
    assert Sent("EndLeg", f"{new_id}-1") in alone.carrier.sent


def test_in6_a_trunk_without_an_announced_number_cannot_be_called_back(alone: Backs) -> None:
    call_id = alone.line.ring(TRANSFER).call_id
    with alone.line.exchange.sessions() as session:
        assert stored.find_callback_number(session, call_id, is_transfer=True) is None
    alone.hang_up(f"{call_id}-1")
    with pytest.raises(ConflictError, match="no number is known"):
        request_call_back(
            alone.line.exchange.sessions, alone.line.exchange.programs, call_id, "token-1"
        )


def test_in6_people_order_and_cancel(alone: Backs) -> None:
    sessions, programs = alone.line.exchange.sessions, alone.line.exchange.programs
    clock = alone.line.clock
    with pytest.raises(NotFoundError):
        request_call_back(sessions, programs, "nothing", "token-1", clock=clock)
    live = alone.line.ring_and_screen()
    with pytest.raises(ConflictError, match="still on the line"):
        request_call_back(sessions, programs, live, "token-1", clock=clock)
    call_id = alone.lose()
    alone.keep()
    with pytest.raises(ConflictError, match="is being called back"):
        request_call_back(sessions, programs, call_id, "token-1", clock=clock)

    def tell(one: str, given: object) -> object:
        return apply_input(alone.line.exchange, one, given)  # type: ignore[arg-type]

    cancel_call_back(sessions, tell, call_id, "not_needed", clock=clock)  # type: ignore[arg-type]
    alone.keep()
    assert alone.view(call_id).reason == "not_needed"
    assert alone.line.call(alone.ringing(call_id)).stage is Stage.CLOSED
    with pytest.raises(ConflictError, match="no call-back"):
        cancel_call_back(sessions, tell, call_id, "not_needed", clock=clock)  # type: ignore[arg-type]
    request_call_back(sessions, programs, call_id, "token-1", clock=clock)
    alone.keep()
    seen = alone.view(call_id)
    assert (seen.moment, seen.requested_by, len(seen.tries)) == ("requested", "token-1", 1)


def test_in6_numbers_are_encrypted_at_rest(alone: Backs) -> None:
    alone.lose()
    alone.keep()
    with alone.line.exchange.sessions() as session:
        row = session.connection().exec_driver_sql("SELECT number::bytea FROM call_backs").one()
        assert CALLER.encode() not in bytes(row[0])
        assert session.scalar(select(call_backs.c.number)) == CALLER


def test_ro5_one_text_to_the_caller_without_a_word_of_why_they_called(alone: Backs) -> None:
    call_id = alone.line.ring_and_screen()
    leg_id = f"{call_id}-1"
    for digits in ("", "3", "3"):
        alone.tell(WaitTicked(leg_id, digits), leg_id)
    alone.keep()
    with alone.line.exchange.sessions() as session:
        rows = session.execute(select(messages.c.recipient, messages.c.body)).all()
    ((number, body),) = rows
    assert number == CALLER
    assert "call 911" in body
    assert "+15125550100" in body
    assert not any(word in body.lower() for word in ("suicid", "danger to", "mental"))
