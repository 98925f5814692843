"""One transaction, one answer, one writer: what `apply_input` promises of every input."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine, func, select, text, update

from ivr_flows.call import Call, Leg, Offer, OfferState, Place, Role, Stage
from ivr_flows.facts import Facts
from ivr_flows.inputs import (
    Input,
    Keyed,
    LegAnswered,
    LegStatusChanged,
    RoomJoined,
    TimePassed,
    WaitTicked,
)
from ivr_flows.outputs import PlaceLeg, Step, Urgency
from router.errors import NotFoundError
from router.services.apply_input import Answer, apply_input
from router.services.clock import SettableClock
from router.services.lines import new_call_id
from router.storage import calls as stored_calls
from router.storage import incidents, presence, tables
from router.storage import outbox as stored_outbox
from router.storage.calls import Caller
from router.storage.database import Deadline, DeadlineExceededError
from router.storage.receipts import ReceiptKey
from router.storage.steps import Follows, open_call
from router.storage.timeline import TimelineRow, list_timeline
from tests.services.conftest import Line, counting

ROUNDS = 200


def lines_of(line: Line, call_id: str) -> list[TimelineRow]:
    with line.exchange.sessions() as session:
        return list_timeline(session, call_id)


def commands_of(line: Line, call_id: str) -> list[str]:
    with line.exchange.sessions() as session:
        rows = session.execute(
            select(tables.outbox.c.name)
            .where(tables.outbox.c.call_id == call_id)
            .order_by(tables.outbox.c.id)
        )
        return [name for (name,) in rows]


def test_law5_a_repeated_request_gets_the_same_answer_and_happens_once(line: Line) -> None:
    line.sign_on("ada")
    call_id = line.ring_and_screen()
    leg_id = f"{call_id}-1"
    key = ReceiptKey(leg_id, "keyed", "5")
    before = line.call(call_id)

    again = apply_input(line.exchange, leg_id, Keyed(leg_id, 5, ""), receipt=key)

    assert again.document is not None
    assert "<Enqueue" in again.document
    assert again.step is None
    assert line.call(call_id) == before
    assert commands_of(line, call_id) == ["PlaceLeg"]


def test_law5_a_late_step_is_recorded_as_ignored_and_answered_with_the_present(line: Line) -> None:
    call_id = line.ring().call_id
    leg_id = f"{call_id}-1"
    line.press(leg_id, "1")
    late = ReceiptKey(leg_id, "keyed", "0")

    answer = apply_input(line.exchange, leg_id, Keyed(leg_id, 0, "2"), receipt=late)

    assert answer.document is not None
    assert "Is anyone in danger" in answer.document
    assert line.call(call_id).answers["language"] == "en"
    ignored = [row for row in lines_of(line, call_id) if row.kind == "ignored"]
    assert [(row.leg_id, row.details["input"]) for row in ignored] == [(leg_id, "Keyed")]


def test_law5_a_terminal_status_wins_over_any_later_one(line: Line) -> None:
    call_id = line.ring().call_id
    leg_id = f"{call_id}-1"
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "completed"))
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "in-progress"))

    assert line.leg(leg_id).place is Place.ENDED
    assert line.call(call_id).stage is Stage.CLOSED


def test_law5_a_request_of_a_leg_nobody_knows_is_refused_and_writes_nothing(line: Line) -> None:
    call_id = line.ring().call_id
    seen = lines_of(line, call_id)

    with pytest.raises(NotFoundError):
        apply_input(line.exchange, f"{call_id}-7", Keyed(f"{call_id}-7", 1, "1"))
    with pytest.raises(NotFoundError):
        apply_input(line.exchange, "nosuchcall-1", Keyed("nosuchcall-1", 1, "1"))

    assert lines_of(line, call_id) == seen


def test_law5_a_status_of_a_leg_nobody_knows_is_recorded_and_changes_nothing(line: Line) -> None:
    call_id = line.ring().call_id
    before = line.call(call_id)

    answer = apply_input(line.exchange, call_id, LegStatusChanged(f"{call_id}-9", "completed"))

    assert answer.document is None
    assert line.call(call_id) == before
    assert lines_of(line, call_id)[-1].details["why"] == "unknown leg"


def test_law9_a_sweep_that_finds_nothing_due_leaves_no_trace(line: Line) -> None:
    call_id = line.ring().call_id
    before, seen = line.call(call_id), lines_of(line, call_id)

    apply_input(line.exchange, call_id, TimePassed())

    assert line.call(call_id) == before
    assert lines_of(line, call_id) == seen


def test_law3_past_its_deadline_an_input_leaves_nothing_behind(line: Line) -> None:
    call_id = line.ring().call_id
    leg_id = f"{call_id}-1"
    before, seen = line.call(call_id), lines_of(line, call_id)
    slow = replace(line.exchange, render=_slowly(0.3))

    with pytest.raises(DeadlineExceededError):
        apply_input(slow, leg_id, Keyed(leg_id, 1, "1"), deadline=Deadline.after(0.2))

    assert line.call(call_id) == before
    assert lines_of(line, call_id) == seen


def _slowly(seconds: float) -> Callable[..., str]:
    def render(*_: object) -> str:
        time.sleep(seconds)  # the work itself takes long: there is no clock to move
        return "<Response/>"

    return render


def test_law3_a_locked_call_does_not_hold_a_request_past_its_deadline(
    line: Line, own_engine: Engine
) -> None:
    call_id = line.ring().call_id
    leg_id = f"{call_id}-1"
    with own_engine.begin() as other:
        other.execute(
            select(tables.calls.c.id).where(tables.calls.c.id == call_id).with_for_update()
        )
        started = time.monotonic()
        with pytest.raises(DeadlineExceededError):
            apply_input(line.exchange, leg_id, Keyed(leg_id, 1, "1"), deadline=Deadline.after(0.3))
        assert time.monotonic() - started < 5  # the lock is never given back

    assert "danger" in (line.press(leg_id, "1").document or "")


def test_re5_a_restarted_database_costs_no_caller_their_answer(
    line: Line, own_engine: Engine
) -> None:
    call_id = line.ring().call_id
    with own_engine.connect() as mine:
        mine.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    answer = line.press(f"{call_id}-1", "1")

    assert answer.step is not None


def two_who_decide(line: Line, sid: str) -> Call:
    """A waiting call that two clinicians have picked up and hear the summary of."""
    call_id, now = new_call_id(), line.clock.at
    legs = [Leg(f"{call_id}-1", Role.CALLER, Place.QUEUE, flow="waiting", step=6, sid=sid)]
    offers = []
    for number, person_id in ((2, "ada"), (3, "ben")):
        leg_id = f"{call_id}-{number}"
        legs.append(
            Leg(
                leg_id,
                Role.CLINICIAN,
                Place.FLOW,
                flow="offer",
                node="summary",
                step=1,
                person_id=person_id,
            )
        )
        offers.append(Offer(leg_id, person_id, "clinicians", OfferState.ANSWERED, now, None))
    call = Call(
        id=call_id,
        program="austin",
        program_version=1,
        line="direct",
        stage=Stage.WAITING,
        opened_at=now,
        stage_at=now,
        legs=tuple(legs),
        offers=tuple(offers),
        desk="clinicians",
        queued_at=now,
    )
    with line.exchange.sessions.begin() as session:
        assert open_call(session, call, Caller(sid), Follows(), now)
        assert presence.claim_people(session, {"ada", "ben"}, call_id, now) == {"ada", "ben"}
    return call


def free_everyone(line: Line) -> None:
    with line.exchange.sessions.begin() as session:
        session.execute(update(tables.presence).values(claimed_call_id=None, wrap_up_until=None))


def at_once(*work: Callable[[], Answer]) -> list[Answer]:
    """Run the work in threads that start together."""
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], Answer]) -> Answer:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_ro4_one_acceptance_wins_and_the_other_is_free_again(line: Line) -> None:
    line.sign_on("ada")
    line.sign_on("ben")
    winners: set[str] = set()
    for round_ in range(ROUNDS):
        call = two_who_decide(line, f"CA{round_:032}")
        legs = [f"{call.id}-2", f"{call.id}-3"]

        answers = at_once(*(lambda leg_id=leg_id: line.press(leg_id, "1") for leg_id in legs))

        documents = [answer.document or "" for answer in answers]
        accepted = [o for o in line.call(call.id).offers if o.state is OfferState.ACCEPTED]
        assert len(accepted) == 1
        assert sum("<Conference" in document for document in documents) == 1
        assert (
            sum("has been taken" in document or "<Hangup" in document for document in documents)
            == 1
        )
        winner = accepted[0].person_id
        loser_leg = next(leg for leg in legs if leg != accepted[0].leg_id)
        apply_input(line.exchange, loser_leg, LegStatusChanged(loser_leg, "completed"))
        loser = "ben" if winner == "ada" else "ada"
        assert line.claims() == {winner: call.id, loser: None}
        winners.add(winner)
        free_everyone(line)
    assert winners == {"ada", "ben"}  # else the two never met


def test_ro4_two_calls_that_want_the_same_person_do_not_both_get_them(line: Line) -> None:
    line.sign_on("ada")
    for _ in range(20):
        pair = [line.ring().call_id, line.ring().call_id]
        for call_id in pair:
            for digits in ("1", "2", "1", "1"):
                line.press(f"{call_id}-1", digits)

        at_once(*(lambda call_id=call_id: line.press(f"{call_id}-1", "") for call_id in pair))

        rung = [call_id for call_id in pair if line.call(call_id).live_offers()]
        assert len(rung) == 1
        assert line.claims() == {"ada": rung[0]}
        other = next(call_id for call_id in pair if call_id not in rung)
        assert line.call(other).stage is Stage.RETURNING  # nobody is free: 911 at once (RO6)
        free_everyone(line)


def test_in1_the_twin_of_a_first_request_finds_the_same_call(line: Line) -> None:
    for round_ in range(20):
        sid = f"CA{round_:032}"
        first, second = at_once(lambda: line.ring(sid=sid), lambda: line.ring(sid=sid))  # noqa: B023 - run at once
        assert first == replace(second, step=first.step)
    with line.exchange.sessions() as session:
        assert session.scalar(select(func.count()).select_from(tables.calls)) == 20
        assert session.scalar(select(func.count()).select_from(tables.incidents)) == 20


def test_in1_a_number_that_is_not_ours_is_refused(line: Line) -> None:
    with pytest.raises(NotFoundError):
        line.ring("+15125550177")
    with pytest.raises(NotFoundError):
        line.ring("")


def test_se3_the_callers_number_is_stored_encrypted(line: Line) -> None:
    call_id = line.ring().call_id
    with line.exchange.sessions() as session:
        raw = session.execute(text("SELECT caller_number FROM calls")).scalar_one()
        assert b"5550199" not in bytes(raw)
        assert stored_calls.find_caller_number(session, call_id) == "+15125550199"


def test_se3_where_the_caller_is_stands_encrypted_beside_the_call_and_not_in_it(
    line: Line,
) -> None:
    line.sign_on("ada")
    call_id = line.ring().call_id
    leg_id = f"{call_id}-1"
    for digits in ("1", "2", "1", "1", "78701"):
        line.press(leg_id, digits)
    call = line.call(call_id)
    assert call.stage is Stage.WAITING
    assert "zip" not in call.answers
    assert call.answers["area_county"] == "yes"
    with line.exchange.sessions() as session:
        incident = incidents.find_incident(session, call_id)
        assert incident is not None
        assert incident.location == "zip code 78701"
        stored = session.execute(
            text("SELECT c.state::text || i.location::text FROM calls c, incidents i")
        ).scalar_one()
        assert "78701" not in stored


def test_ro3_missed_offers_in_a_row_pause_a_person_and_tell_the_supervisor(
    line: Line, clock: SettableClock
) -> None:
    line.sign_on("ada")
    for missed in range(1, 4):
        call_id = line.ring_and_screen()
        leg_id = f"{call_id}-2"
        apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "no-answer"))
        with line.exchange.sessions() as session:
            row = presence.find_presence(session, "ada")
        assert row is not None
        assert row.missed_offers == missed
        assert (row.paused_at is not None) == (missed == 3)
        assert ("NotifySupervisor" in commands_of(line, call_id)) == (missed == 3)
    assert "paused" in [row.kind for row in lines_of(line, call_id)]
    assert line.call(line.ring_and_screen()).stage is Stage.RETURNING


def test_ro3_declining_starts_the_count_of_missed_offers_again(line: Line) -> None:
    line.sign_on("ada")
    leg_id = f"{line.ring_and_screen()}-2"
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "no-answer"))
    leg_id = f"{line.ring_and_screen()}-2"
    line.answer(leg_id)
    line.press(leg_id, "2")
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "completed"))

    with line.exchange.sessions() as session:
        row = presence.find_presence(session, "ada")
    assert row is not None
    assert row.missed_offers == 0
    assert row.wrap_up_until is None


def test_ro7_who_talked_has_wrap_up_time_before_the_next_offer(
    line: Line, clock: SettableClock
) -> None:
    line.sign_on("ada")
    call_id = line.ring_and_screen()
    leg_id = f"{call_id}-2"
    line.answer(leg_id)
    line.press(leg_id, "1")
    apply_input(line.exchange, leg_id, RoomJoined(leg_id, 1))
    ended_at = clock.move(100)
    apply_input(line.exchange, leg_id, LegStatusChanged(leg_id, "completed"))

    with line.exchange.sessions() as session:
        row = presence.find_presence(session, "ada")
    assert row is not None
    assert row.claimed_call_id is None
    assert row.wrap_up_until is not None
    assert (row.wrap_up_until - ended_at).total_seconds() == 60
    assert row.idle_since == row.wrap_up_until
    assert not line.call(line.ring_and_screen()).live_offers()
    clock.move(61)
    assert line.call(line.ring_and_screen()).live_offers()


def test_law7_commands_are_committed_with_the_call_and_name_its_version(line: Line) -> None:
    line.sign_on("ada")
    call_id = line.ring_and_screen()
    with line.exchange.sessions.begin() as session:
        rows = stored_outbox.claim_due(session, [stored_outbox.CALL], 10, "w", line.clock.at)
    assert [(row.call_id, row.stage) for row in rows] == [(call_id, "waiting")]
    assert rows[0].version == line.call(call_id).version
    assert rows[0].command() == PlaceLeg(f"{call_id}-2", 20, Urgency.OFFER)


def test_law6_a_lost_claim_costs_the_candidate_and_not_the_call(line: Line) -> None:
    """The roster is read before people are claimed; another call may win one in between."""
    line.sign_on("ada")
    line.sign_on("ben")
    call_id = line.ring().call_id
    for digits in ("1", "2", "1", "1"):
        line.press(f"{call_id}-1", digits)
    real = line.exchange.advance
    stolen: list[str] = []

    def advance_and_steal(call: Call, given: Input, facts: Facts, now: datetime) -> Step:
        step = real(call, given, facts, now)
        if not stolen and step.call.live_offers():
            stolen.append(step.call.live_offers()[0].person_id)
            with line.exchange.sessions.begin() as other:
                assert presence.claim_person(other, stolen[0], "another", line.clock.at)
        return step

    thief = replace(line.exchange, advance=advance_and_steal)
    leg_id = f"{call_id}-1"
    apply_input(thief, leg_id, Keyed(leg_id, 5, ""))

    (offer,) = line.call(call_id).live_offers()
    assert offer.person_id != stolen[0]
    assert line.claims() == {stolen[0]: "another", offer.person_id: call_id}


def test_statements_a_webhook_sends_no_more_than_six(
    line: Line, own_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    line.sign_on("ada")
    line.ring_and_screen()  # the program is loaded, and Ada is rung
    free_everyone(line)
    with line.exchange.sessions.begin() as session:
        session.execute(update(tables.calls).values(stage="closed"))
    sent: dict[str, int] = {}

    def measure(name: str, work: Callable[[], Answer]) -> Answer:
        with counting(own_engine) as statements:
            answer = work()
        sent[name] = len(statements)
        return answer

    call_id = measure("first request", line.ring).call_id
    caller, staff = f"{call_id}-1", f"{call_id}-2"

    def keyed(leg_id: str, digits: str) -> Callable[[], Answer]:
        step = line.leg(leg_id).step
        key = ReceiptKey(leg_id, "keyed", str(step))
        return lambda: apply_input(line.exchange, leg_id, Keyed(leg_id, step, digits), receipt=key)

    measure("language, and earlier calls", keyed(caller, "1"))
    measure("keypad step", keyed(caller, "2"))
    for digits in ("1", "1"):
        line.press(caller, digits)
    measure("last answer: decided, queued, offered", keyed(caller, ""))
    measure("wait", lambda: apply_input(line.exchange, caller, WaitTicked(caller)))
    measure("wait without estimate", lambda: apply_input(line.exchange, caller, WaitTicked(caller)))
    answered = ReceiptKey(staff, "answered")
    measure(
        "offer picked up",
        lambda: apply_input(line.exchange, staff, LegAnswered(staff), receipt=answered),
    )
    measure("accepted", keyed(staff, "1"))
    joined = RoomJoined(staff, 1)
    measure("in the room", lambda: apply_input(line.exchange, staff, joined))
    with capsys.disabled():
        print("\nstatements:", ", ".join(f"{name} {count}" for name, count in sent.items()))
    assert max(sent.values()) <= 6
    assert sent["keypad step"] == 2
    assert sent["language, and earlier calls"] == 3
