"""A claim belongs to a person and has one holder (Law 6); stuck states are repaired (RO7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from router.storage import presence
from router.storage.presence import PresenceRow, Release
from tests.storage.conftest import NOON

MINUTE = timedelta(minutes=1)


def row_of(session: Session, person_id: str) -> PresenceRow:
    row = presence.find_presence(session, person_id)
    assert row is not None
    return row


def everyone_on(session: Session) -> None:
    for person_id in ("ada", "ben", "cal"):
        assert presence.sign_on(session, person_id, NOON)


def test_ro1_only_people_who_are_there_can_be_claimed(reno: Session) -> None:
    presence.sign_on(reno, "ada", NOON)
    presence.sign_on(reno, "ben", NOON)
    presence.pause(reno, "ben", "lunch", NOON)
    assert presence.claim_people(reno, {"ada", "ben", "cal"}, "aa", NOON) == {"ada"}


def test_law6_a_claim_is_kept_by_its_call_and_refused_to_another(reno: Session) -> None:
    everyone_on(reno)
    assert presence.claim_person(reno, "ada", "aa", NOON)
    assert presence.claim_person(reno, "ada", "aa", NOON + MINUTE)
    assert not presence.claim_person(reno, "ada", "bb", NOON)
    assert row_of(reno, "ada").claimed_at == NOON
    presence.release_person(reno, "ada", "bb", NOON)
    assert row_of(reno, "ada").claimed_call_id == "aa"
    presence.release_person(reno, "ada", "aa", NOON)
    assert row_of(reno, "ada").claimed_call_id is None


def test_ro4_of_two_connections_that_claim_one_person_one_wins(
    open_session: Callable[[], Session],
) -> None:
    with open_session() as session:
        everyone_on(session)
        session.commit()
    gate = threading.Barrier(2)
    won: set[str] = set()

    def claim(call_id: str) -> bool:
        with open_session() as mine:
            gate.wait()
            got = presence.claim_person(mine, "ada", call_id, NOON)
            mine.commit()
            return got

    with ThreadPoolExecutor(2) as pool:
        for _ in range(200):
            results = dict(zip("ab", pool.map(claim, "ab"), strict=True))
            (winner,) = [call_id for call_id, got in results.items() if got]
            won.add(winner)
            with open_session() as session:
                assert row_of(session, "ada").claimed_call_id == winner
                presence.release_person(session, "ada", winner, NOON)
                session.commit()
    assert won == {"a", "b"}  # else they never met


def test_law6_calls_that_want_the_same_people_do_not_block_each_other(
    open_session: Callable[[], Session],
) -> None:
    with open_session() as session:
        everyone_on(session)
        session.commit()
    gate = threading.Barrier(2)

    def claim(wanted: tuple[str, ...]) -> frozenset[str]:
        with open_session() as mine:
            gate.wait()
            got = presence.claim_people(mine, wanted, wanted[0], NOON)
            mine.commit()
            return got

    orders = [("ada", "ben", "cal"), ("cal", "ben", "ada")]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            one, two = pool.map(claim, orders)
            assert not one & two
            assert one | two == {"ada", "ben", "cal"}
            with open_session() as session:
                for call_id, people in (("ada", one), ("cal", two)):
                    presence.release_people(session, call_id, [Release(p) for p in people], NOON)
                session.commit()


def test_law6_who_holds_a_claim_does_not_wait_for_another(
    open_session: Callable[[], Session],
) -> None:
    one, two = open_session(), open_session()
    everyone_on(one)
    one.commit()
    assert presence.claim_person(one, "ada", "aa", NOON)
    assert presence.claim_person(two, "ben", "bb", NOON)
    assert presence.claim_people(two, {"ada"}, "bb", NOON, skip_locked=True) == frozenset()


def test_ro7_wrap_up_is_set_for_who_talked_and_leaves_the_others_idle(reno: Session) -> None:
    everyone_on(reno)
    presence.claim_people(reno, {"ada", "ben"}, "aa", NOON)
    until = NOON + MINUTE
    presence.release_people(
        reno, "aa", [Release("ada", wrap_up_until=until, answered=True), Release("ben")], NOON
    )
    assert row_of(reno, "ada").wrap_up_until == row_of(reno, "ada").idle_since == until
    assert row_of(reno, "ben").wrap_up_until is None
    assert row_of(reno, "ben").idle_since == NOON


@pytest.mark.parametrize(
    ("missed", "paused"),
    [((True, True), False), ((True, True, True), True), ((True, False, True, True), False)],
)
def test_ro3_only_offers_missed_in_a_row_pause(
    reno: Session, missed: tuple[bool, ...], paused: bool
) -> None:
    everyone_on(reno)
    got: frozenset[str] = frozenset()
    for one in missed:
        presence.claim_person(reno, "ada", "aa", NOON)
        release = Release("ada", missed=one, answered=not one)
        got = presence.release_people(reno, "aa", [release], NOON)
    assert got == ({"ada"} if paused else frozenset())
    assert (row_of(reno, "ada").pause_reason == presence.MISSED_OFFERS) is paused


def test_ro3_a_pause_that_stood_before_keeps_its_reason(reno: Session) -> None:
    everyone_on(reno)
    presence.claim_person(reno, "ada", "aa", NOON)
    presence.pause(reno, "ada", "lunch", NOON)
    assert presence.release_people(reno, "aa", [Release("ada", missed=True)], NOON) == frozenset()
    assert row_of(reno, "ada").pause_reason == "lunch"


def test_sh8_signing_on_again_keeps_the_first_instant_and_ends_a_pause(reno: Session) -> None:
    presence.sign_on(reno, "ada", NOON)
    presence.pause(reno, "ada", "lunch", NOON)
    presence.sign_on(reno, "ada", NOON + MINUTE)
    row = row_of(reno, "ada")
    assert (row.signed_on_at, row.paused_at) == (NOON, None)
    assert presence.sign_off(reno, "ada")
    assert row_of(reno, "ada").signed_on_at is None
    assert not presence.sign_on(reno, "nobody", NOON)
