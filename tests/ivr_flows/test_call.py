"""The snapshot of a call survives being saved, whatever it holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_flows.call import (
    Call,
    DispatchNote,
    Leg,
    Offer,
    OfferState,
    Place,
    ReturnTo911,
    Role,
    Stage,
    call_id_of,
    from_document,
    to_document,
)
from tests.ivr_flows.story import connected, eligible_direct

TIMES = st.integers(0, 10**15).map(
    lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
)
MAYBE_TIMES = st.none() | TIMES
WORDS = st.text(max_size=12)
NAMES = st.lists(WORDS, max_size=3).map(tuple)
LEGS = st.builds(
    Leg,
    id=st.integers(2, 9).map("abc-{}".format),
    role=st.sampled_from([role for role in Role if role is not Role.CALLER]),
    place=st.sampled_from(Place),
    flow=WORDS,
    sid=st.none() | WORDS,
    person_id=st.none() | WORDS,
    room=st.integers(0, 9),
    present=st.booleans(),
    trail=NAMES,
    due_at=MAYBE_TIMES,
)
CALLERS = st.builds(Leg, id=st.just("abc-1"), role=st.just(Role.CALLER), place=st.just(Place.FLOW))
OFFERS = st.builds(
    Offer,
    leg_id=st.integers(2, 9).map("abc-{}".format),
    person_id=WORDS,
    desk=WORDS,
    state=st.sampled_from(OfferState),
    offered_at=TIMES,
    due_at=MAYBE_TIMES,
)
RETURNS = st.builds(
    ReturnTo911,
    reason=WORDS,
    requested_by=st.sampled_from(Role),
    skip=st.booleans(),
    started_at=TIMES,
    taken=st.booleans(),
)
CALLS = st.builds(
    Call,
    id=st.just("abc"),
    program=WORDS,
    program_version=st.integers(1, 9),
    line=WORDS,
    stage=st.sampled_from(Stage),
    opened_at=TIMES,
    stage_at=TIMES,
    legs=st.tuples(CALLERS, LEGS, LEGS) | st.tuples(CALLERS),
    offers=st.lists(OFFERS, max_size=3).map(tuple),
    answers=st.dictionaries(WORDS, WORDS, max_size=4).map(MappingProxyType),
    queued_at=MAYBE_TIMES,
    passed_over=NAMES,
    returned_from=NAMES,
    returning=st.none() | RETURNS,
    dispatches=st.lists(
        st.builds(DispatchNote, id=WORDS, status=WORDS, minutes=st.none() | st.integers(0, 99)),
        max_size=2,
    ).map(tuple),
    stage_due_at=MAYBE_TIMES,
)


@settings(max_examples=150, deadline=None)
@given(CALLS)
def test_a_saved_call_comes_back_as_it_was(call: Call) -> None:
    back = from_document(json.loads(json.dumps(to_document(call))))
    assert back == call
    assert type(back.answers) is MappingProxyType
    assert back.due_at == call.due_at


def test_a_document_of_another_version_is_read() -> None:
    document = to_document(connected().call)
    document["colour"] = "blue"
    document["legs"][0]["hat"] = "top"
    del document["drops"], document["legs"][1]["trail"]
    assert from_document(document) == connected().call


def test_a_leg_s_id_names_its_call() -> None:
    call = connected().call
    assert call_id_of(call.next_leg_id()) == call.id
    assert call.next_leg_id() == f"call-{len(call.legs) + 1}"


def test_a_claim_lasts_from_the_offer_to_the_end_of_the_leg() -> None:
    story = eligible_direct()
    assert story.call.engaged_people() == {"ana"}
    story.hangs_up(story.ringing_leg("ana"))
    assert story.call.engaged_people() == {"ben"}


def test_people_who_are_only_offered_the_call_do_not_answer_for_the_caller() -> None:
    story = eligible_direct()
    story.answers("call-2")
    assert story.call.staff() == ()
    story.presses("call-2", "1")
    assert [leg.id for leg in story.call.staff()] == ["call-2"]


def test_a_911_leg_answers_for_the_caller_once_a_person_is_proven() -> None:
    psap = Leg("call-9", Role.PSAP, Place.FLOW)
    call = connected().call.with_leg(psap)
    assert psap not in call.staff()
    present = replace(psap, present=True)
    assert present in call.with_leg(present).staff()
