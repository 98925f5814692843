"""What rosters, queues and programs give policy to decide by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

from sqlalchemy.orm import Session

from ivr_flows.call import Leg, Offer, OfferState, Place, Role, Stage
from router.policy.roster import Bar, Claim, examine
from router.policy.shift import EVERY_DAY, Shift
from router.storage import people, presence, programs, queue, roster
from router.storage.programs import NewLine
from router.storage.steps import Follows, save_step
from tests.storage.conftest import NOON, OPENED, a_call, write

ALL_DAY = Shift("America/Los_Angeles", EVERY_DAY, time(0), time(0))
MINUTE = timedelta(minutes=1)


def bars(session: Session) -> dict[str, Bar | None]:
    rows = roster.list_on_desk(session, "reno", "clinicians", NOON)
    return {standing.person_id: standing.bar for standing in examine(rows, NOON)}


def test_ro1_everyone_left_out_has_the_reason_that_holds(reno: Session) -> None:
    for person_id in ("ada", "ben"):
        people.add_shift(reno, "reno", "clinicians", person_id, ALL_DAY)
    presence.sign_on(reno, "ada", NOON)
    presence.sign_on(reno, "cal", NOON)
    assert bars(reno) == {"ada": None, "ben": Bar.NOT_SIGNED_ON, "cal": Bar.NOT_ON_SHIFT}
    presence.pause(reno, "ada", "lunch", NOON)
    assert bars(reno)["ada"] is Bar.PAUSED
    presence.resume(reno, "ada")
    person = people.find_person(reno, "ada")
    assert person is not None
    people.save_person(reno, replace(person, credentials=()))
    assert bars(reno)["ada"] is Bar.MISSING_CREDENTIAL
    people.save_person(reno, replace(person, is_active=False))
    assert "ada" not in bars(reno)


def test_ro1_a_person_offered_a_call_is_told_from_one_on_a_call(reno: Session) -> None:
    people.add_shift(reno, "reno", "clinicians", "ada", ALL_DAY)
    presence.sign_on(reno, "ada", NOON)
    before = write(reno, a_call("aa"))
    presence.claim_person(reno, "ada", "aa", NOON)
    leg = Leg("aa-2", Role.CLINICIAN, Place.RINGING, person_id="ada")
    offer = Offer("aa-2", "ada", "clinicians", OfferState.RINGING, NOON, None)
    ringing = before.with_leg(leg).with_offer(offer)
    save_step(reno, before, ringing, Follows(), NOON)
    assert bars(reno)["ada"] is Bar.OFFERED_ANOTHER_CALL
    talking = ringing.with_offer(replace(offer, state=OfferState.ACCEPTED))
    save_step(reno, ringing, talking, Follows(), NOON)
    (row, *_rest) = roster.list_on_desk(reno, "reno", "clinicians", NOON)
    assert (row.claimed_call_id, row.claim) == ("aa", Claim.ON_CALL)
    assert bars(reno)["ada"] is Bar.ON_CALL


def test_sh1_a_shift_is_read_as_it_was_written_and_old_ones_are_left_out(reno: Session) -> None:
    night = Shift("America/Chicago", frozenset({4, 5}), time(22), time(6, 30), date(2026, 1, 1))
    over = replace(night, last_on=date(2026, 2, 1))
    first = people.add_shift(reno, "reno", "clinicians", "ada", night)
    people.add_shift(reno, "reno", "clinicians", "ada", over)
    assert [shift for _, _, shift in people.list_shifts(reno, "ada")] == [night, over]
    rows = {row.person_id: row for row in roster.list_on_desk(reno, "reno", "clinicians", NOON)}
    assert rows["ada"].shifts == (night,)
    assert rows["ben"].shifts == ()
    assert people.delete_shift(reno, first)
    assert not people.delete_shift(reno, first)


def test_ro5_the_queue_is_by_priority_then_time_and_knows_who_needs_somebody(reno: Session) -> None:
    def waits(call_id: str, seconds: int, priority: int = 0, desk: str = "clinicians") -> None:
        write(
            reno,
            a_call(
                call_id,
                stage=Stage.WAITING,
                desk=desk,
                priority=priority,
                queued_at=NOON + timedelta(seconds=seconds),
                passed_over=("ben",),
            ),
        )

    waits("late", 20)
    waits("early", 10)
    waits("returned", 30, priority=9)
    waits("elsewhere", 1, desk="911")
    rung = a_call("rung", stage=Stage.WAITING, desk="clinicians", queued_at=NOON)
    offer = Offer("rung-2", "ada", "clinicians", OfferState.RINGING, NOON, None)
    leg = Leg("rung-2", Role.CLINICIAN, Place.RINGING, person_id="ada")
    write(reno, rung.with_leg(leg).with_offer(offer))
    write(reno, a_call("closed", stage=Stage.CLOSED, desk="clinicians", queued_at=NOON))

    line = queue.list_waiting(reno, "reno", "clinicians")

    assert [one.call_id for one in line] == ["returned", "rung", "early", "late"]
    assert [one.is_rung for one in line] == [False, True, False, False]
    assert line[0].passed_over == {"ben"}
    desks = [(one.desk, one.program_id) for one in queue.list_desks_waited_for(reno)]
    assert desks == [("911", "reno"), ("clinicians", "reno")]
    seekers = [
        (queue.Seekers(("ada", "ben"), 9), ["returned", "early", "late"]),
        (queue.Seekers(("ada",), 2), ["returned", "early"]),
        (queue.Seekers(("ben",), 9), []),  # passed over by all
        (queue.Seekers(("ada",), 9, line[3]), ["returned", "early"]),
        (queue.Seekers(("ada",), 9, line[0]), []),
    ]
    for which, expected in seekers:
        found = queue.list_waiting(reno, "reno", "clinicians", which)
        assert [one.call_id for one in found] == expected
    first = queue.list_first_held(reno, "reno", "clinicians", NOON + timedelta(seconds=60))
    assert [one.call_id for one in first] == ["returned", "rung"]  # of each priority
    coming = a_call("coming", stage=Stage.WAITING, desk="clinicians", queued_at=NOON)
    accepted = replace(offer, leg_id="coming-2", state=OfferState.ACCEPTED)
    joining = replace(leg, id="coming-2", place=Place.JOINING)
    write(reno, coming.with_leg(joining).with_offer(accepted))
    assert (
        len(queue.list_waiting(reno, "reno", "clinicians")) == 4
    )  # nobody is sought for it any more


def test_ro5_talking_time_is_the_mean_of_the_desks_recent_calls(reno: Session) -> None:
    assert queue.talk_seconds(reno, "reno", "clinicians", NOON) == (0.0, 0)
    for number, minutes in enumerate((2, 4)):
        before = write(reno, a_call(f"c{number}"))
        leg = Leg(f"c{number}-2", Role.CLINICIAN, Place.ROOM, person_id="ada", room=1)
        offer = Offer(leg.id, "ada", "clinicians", OfferState.ACCEPTED, NOON, None)
        talking = before.with_leg(leg).with_offer(offer)
        save_step(reno, before, talking, Follows(), NOON)
        over = talking.with_leg(replace(leg, place=Place.ENDED))
        save_step(reno, talking, over, Follows(), NOON + minutes * MINUTE)
    assert queue.talk_seconds(reno, "reno", "clinicians", NOON) == (180.0, 2)


def test_el1_a_call_keeps_its_version_and_new_calls_begin_with_the_newest(reno: Session) -> None:
    second = programs.publish_version(
        reno, "reno", title="Reno", document={"n": 2}, published_by="tests", effective_at=NOON
    )
    assert second.version == 2
    first = programs.find_version(reno, "reno", 1)
    assert first is not None
    assert first.document == {"title": "Reno"}
    assert programs.load_version(reno, second.id) == second
    assert programs.find_active_version(reno, "reno") == second
    line = programs.find_line(reno, OPENED)
    assert line is not None
    assert (line.program_id, line.program_version, line.name) == ("reno", 2, "direct")


def test_re3_lines_keep_their_order_and_a_number_that_is_gone_is_not_ours(reno: Session) -> None:
    assert programs.list_return_numbers(reno, "reno") == [
        ("reno", "first", "+15125550110", 15),
        ("reno", "last", "+15125550111", 30),
    ]
    assert programs.find_return_number(reno, "reno", "last") == "+15125550111"
    assert programs.find_return_number(reno, "reno", "nosuchline") is None
    programs.save_lines(reno, "reno", [NewLine("other", "direct", "+15125550103")])
    assert programs.find_line(reno, OPENED) is None
    assert programs.list_line_numbers(reno, "reno") == {"other": "+15125550103"}
