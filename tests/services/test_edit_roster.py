"""RO1: the roster as people enter it, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.policy.roster import Bar
from router.policy.shift import EVERY_DAY, Shift
from router.programs.reading import EXAMPLES, read_file
from router.services.edit_roster import (
    Hours,
    PersonEntry,
    add_person,
    add_shift,
    list_shifts,
    list_standings,
    parse_phone,
    remove_person,
    remove_shift,
)
from router.services.publish_program import publish_program
from router.services.sign_on import pause, resume, sign_off, sign_on
from router.storage import people, presence
from router.storage.database import Sessions, make_sessions

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)
ALWAYS = Hours(EVERY_DAY, time(0), time(0))
ANA = PersonEntry(
    id="ana",
    name="Ana Example",
    phone="(512) 555-0120",
    roles=("clinician",),
    languages=("en", "es"),
    desks=("clinicians",),
)


@pytest.fixture
def sessions(own_engine: Engine, tmp_path: Path) -> Sessions:
    sessions = make_sessions(own_engine)
    document = read_file(EXAMPLES / "austin.toml")
    publish_program(sessions, document, published_by="otto", state_dir=tmp_path, now=NOW)
    return sessions


def standing(sessions: Sessions, person_id: str = "ana") -> Bar | None:
    desk = list_standings(sessions, "austin", now=NOW)["clinicians"]
    return next(one.bar for one in desk if one.person_id == person_id)


def test_ro1_a_person_is_free_once_on_shift_and_signed_on(sessions: Sessions) -> None:
    person = add_person(sessions, "austin", ANA)
    assert person.phone == "+15125550120"
    assert standing(sessions) is Bar.NOT_ON_SHIFT
    shift_id = add_shift(sessions, "ana", "clinicians", ALWAYS)
    assert standing(sessions) is Bar.NOT_SIGNED_ON
    standings = sign_on(sessions, "ana", now=NOW)
    assert standings["clinicians"].is_free
    assert standing(sessions) is None
    remove_shift(sessions, shift_id)
    assert standing(sessions) is Bar.NOT_ON_SHIFT


def test_ro7_a_pause_holds_calls_back_until_it_ends(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA)
    add_shift(sessions, "ana", "clinicians", ALWAYS)
    with pytest.raises(ConflictError, match="not signed on"):
        pause(sessions, "ana", "lunch", now=NOW)
    sign_on(sessions, "ana", now=NOW)
    pause(sessions, "ana", "lunch", now=NOW)
    assert standing(sessions) is Bar.PAUSED
    assert resume(sessions, "ana", now=NOW)["clinicians"].is_free
    assert sign_off(sessions, "ana") is False
    assert standing(sessions) is Bar.NOT_SIGNED_ON


def test_ro7_signing_off_in_a_call_is_told_apart(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA)
    sign_on(sessions, "ana", now=NOW)
    with sessions.begin() as session:
        assert presence.claim_people(session, ["ana"], "call1", NOW) == {"ana"}
    assert sign_off(sessions, "ana") is True


def test_signing_on_again_keeps_the_place_in_the_order(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA)
    sign_on(sessions, "ana", now=NOW)
    sign_on(sessions, "ana", now=NOW + timedelta(hours=1))
    with sessions() as session:
        found = presence.find_presence(session, "ana")
    assert found is not None
    assert found.idle_since == NOW


@pytest.mark.parametrize("verb", [sign_on, sign_off, resume])
def test_a_person_nobody_knows_is_told_in_a_sentence(sessions: Sessions, verb: object) -> None:
    assert callable(verb)
    with pytest.raises(NotFoundError, match='nobody with the id "zed"'):
        verb(sessions, "zed")


def test_a_person_without_a_number_cannot_sign_on(sessions: Sessions) -> None:
    add_person(sessions, "austin", replace(ANA, phone="", desks=(), roles=("supervisor",)))
    with pytest.raises(ConflictError, match="no telephone number"):
        sign_on(sessions, "ana", now=NOW)


def test_a_person_who_is_removed_is_on_no_desk_and_cannot_sign_on(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA)
    remove_person(sessions, "ana")
    assert list_standings(sessions, "austin", now=NOW)["clinicians"] == []
    with pytest.raises(ConflictError, match="taken off the roster"):
        sign_on(sessions, "ana", now=NOW)


def test_entering_a_person_again_changes_them(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA)
    add_person(sessions, "austin", replace(ANA, name="Ana Other", languages=("en",)))
    with sessions() as session:
        (found,) = people.list_people(session, "austin")
    assert (found.name, found.languages) == ("Ana Other", ("en",))


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"id": "Ana!"}, "id", "lower-case letters"),
        ({"name": " "}, "name", "what colleagues call them"),
        ({"name": "x" * 61}, "name", "at most 60"),
        ({"roles": ()}, "roles", "one or more of"),
        ({"roles": ("boss",)}, "roles", "one or more of"),
        ({"languages": ("English",)}, "languages", "codes like en"),
        ({"credentials": ("B.A.",)}, "credentials", "lower-case"),
        ({"desks": ("night",)}, "desks", "no desk of the program; there are"),
        ({"desks": ("911",)}, "desks", "for people with the role call_taker"),
        ({"phone": ""}, "phone", "members of a desk are rung"),
        ({"phone": "12"}, "phone", "is no telephone number"),
        ({"phone": "+15125550101"}, "phone", "a line of the program"),
        ({"phone": "+15125550110"}, "phone", "a line of the program or of 911"),
    ],
)
def test_a_wrong_entry_is_refused_and_names_the_field(
    sessions: Sessions, changes: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence) as caught:
        add_person(sessions, "austin", replace(ANA, **changes))  # type: ignore[arg-type]
    assert caught.value.field == field
    with sessions() as session:
        assert people.list_people(session, "austin") == []


def test_a_number_belongs_to_one_person(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA)
    with pytest.raises(InvalidInputError, match="is ana's already"):
        add_person(sessions, "austin", replace(ANA, id="bo", phone="512-555-0120"))


def test_a_person_of_another_program_is_not_taken_over(sessions: Sessions, tmp_path: Path) -> None:
    add_person(sessions, "austin", ANA)
    document = read_file(EXAMPLES / "austin.toml")
    lines = {
        name: line.model_copy(update={"number": f"+1214555010{index}"})
        for index, (name, line) in enumerate(document.lines.items())
    }
    other = document.model_copy(update={"name": "dallas", "lines": lines})
    publish_program(sessions, other, published_by="otto", state_dir=tmp_path, now=NOW)
    with pytest.raises(InvalidInputError, match="person of another program"):
        add_person(sessions, "dallas", ANA)


def test_a_shift_needs_a_member_of_the_desk(sessions: Sessions) -> None:
    with pytest.raises(NotFoundError):
        add_shift(sessions, "ana", "clinicians", ALWAYS)
    add_person(sessions, "austin", ANA)
    with pytest.raises(InvalidInputError, match='no member of the desk "911"'):
        add_shift(sessions, "ana", "911", ALWAYS)
    with pytest.raises(NotFoundError, match="no shift 99"):
        remove_shift(sessions, 99)
    with pytest.raises(NotFoundError):
        remove_person(sessions, "zed")


def test_a_program_nobody_published_is_told_with_what_to_do(sessions: Sessions) -> None:
    with pytest.raises(NotFoundError, match="switchback program publish"):
        list_standings(sessions, "houston")


@pytest.mark.parametrize("text", ["+1 512 555 0120", "512.555.0120", "(512) 555-0120"])
def test_numbers_are_understood_in_usual_notations(text: str) -> None:
    assert parse_phone(text) == "+15125550120"


@pytest.mark.parametrize("text", ["", "911", "call me", "+1512555012", "512 555 0120 x9"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_phone(text)


def test_sh1_a_person_may_be_entered_with_their_hours(sessions: Sessions) -> None:
    add_person(sessions, "austin", ANA, ALWAYS)
    add_person(sessions, "austin", ANA)
    nights = Hours(frozenset({4, 5}), time(22), time(6))
    add_shift(sessions, "ana", "clinicians", nights)
    hours = [shift for _id, _desk, shift in list_shifts(sessions, "ana")]
    assert hours == [one.in_zone("America/Chicago") for one in (ALWAYS, nights)]
    assert hours[1] == Shift("America/Chicago", frozenset({4, 5}), time(22), time(6))
    add_person(sessions, "austin", ANA, nights)
    assert [shift for _id, _desk, shift in list_shifts(sessions, "ana")] == hours[1:]
    with pytest.raises(NotFoundError):
        list_shifts(sessions, "zed")
