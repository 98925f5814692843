"""EL4: two people let a protocol into use; a call keeps the version it began with."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from ivr_flows import inputs
from ivr_flows.call import Stage
from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.programs.document import ProtocolUseShape
from router.programs.protocol_shape import ProtocolDocument, read_protocol
from router.programs.reading import EXAMPLES, read_file
from router.services.apply_input import apply_input
from router.services.protocols import (
    move_protocol,
    publish_protocol,
    read_protocol_run,
    review_protocol,
    submit_protocol,
)
from router.services.publish_program import save_program
from router.storage.protocols import list_in_force, list_versions
from router.storage.tables import calls, protocol_texts, protocol_versions
from tests.services.conftest import AUSTIN, TRANSFER, Line, counting
from tests.services.test_statement_counts import MOST

NAME = "suicidal_thoughts"
DOCUMENT = read_protocol(EXAMPLES / "protocols/austin_suicidal_thoughts.toml")


def put_in_force(line: Line, document: ProtocolDocument = DOCUMENT) -> int:
    sessions = line.exchange.sessions
    version = submit_protocol(sessions, "austin", document, author="maria")
    review_protocol(sessions, "austin", NAME, version, reviewer="dev")
    publish_protocol(sessions, "austin", NAME, version, published_by="maria")
    return version


def use_it(line: Line) -> None:
    use = ProtocolUseShape(name=NAME, asked_of="call_taker", when={"call_type": ("suicidal",)})
    document = read_file(AUSTIN).model_copy(update={"protocols": (use,)})
    with line.exchange.sessions.begin() as session:
        save_program(session, document, published_by="tests", now=line.clock.at)


def test_el4_the_author_of_a_draft_cannot_review_it(line: Line) -> None:
    sessions = line.exchange.sessions
    version = submit_protocol(sessions, "austin", DOCUMENT, author="maria")
    for reviewer in ("maria", " Maria "):
        with pytest.raises(ConflictError, match="somebody else"):
            review_protocol(sessions, "austin", NAME, version, reviewer=reviewer)
    with pytest.raises(ConflictError, match="reviewed by a second person first"):
        publish_protocol(sessions, "austin", NAME, version, published_by="dev")
    with pytest.raises(IntegrityError), sessions.begin() as session:
        session.execute(protocol_versions.update().values(reviewed_by="maria", status="reviewed"))
    with pytest.raises(InvalidInputError):
        submit_protocol(sessions, "austin", DOCUMENT, author=" ")
    with pytest.raises(NotFoundError):
        review_protocol(sessions, "austin", NAME, 7, reviewer="dev")


def test_el4_the_newest_published_version_is_in_force(line: Line) -> None:
    sessions = line.exchange.sessions
    assert put_in_force(line) == 1
    draft = submit_protocol(sessions, "austin", DOCUMENT, author="dev")
    with sessions() as session:
        assert list_in_force(session, "austin") == {NAME: 1}
        rows = [(row.version, row.status) for row in list_versions(session, "austin")]
    assert rows == [(draft, "draft"), (1, "published")]
    with pytest.raises(ConflictError):
        publish_protocol(sessions, "austin", NAME, 1, published_by="dev")


def test_el4_a_call_keeps_the_version_it_began_and_what_it_has_answered(
    line: Line, own_engine: Engine
) -> None:
    use_it(line)
    put_in_force(line)
    line.sign_on("ada")
    call_id = line.ring(TRANSFER).call_id
    leg_id = f"{call_id}-1"
    for digits in ("4711", "2", "1", "2", "2", "2", "1", "2"):
        line.press(leg_id, digits)
    put_in_force(line)
    last = line.press(leg_id, "2").document or ""
    assert "stay safe while they talk" in last
    run = line.call(call_id).protocol
    assert run is not None
    assert (run.version, dict(run.answers)) == (1, {"hurt_today": "no", "means_near": "no"})
    given = inputs.Keyed(leg_id, line.leg(leg_id).step, "1")
    apply_input(line.exchange, leg_id, given)
    given = inputs.Keyed(leg_id, line.leg(leg_id).step, "2")
    with counting(own_engine) as sent:
        apply_input(line.exchange, leg_id, given)
    assert line.call(call_id).stage is Stage.WAITING
    assert len(sent) <= MOST


def test_el4_a_screen_goes_on_where_the_phone_stopped_and_words_are_encrypted(line: Line) -> None:
    put_in_force(line)
    call_id = line.ring().call_id

    def apply(call_id: str, given: inputs.Input) -> object:
        return apply_input(line.exchange, call_id, given)

    def move(move: str, **more: str) -> object:
        given = inputs.ProtocolMoved("token-1", move, **more)
        return move_protocol(line.exchange.sessions, apply, call_id, given)  # type: ignore[arg-type]

    with pytest.raises(NotFoundError):
        read_protocol_run(line.exchange.sessions, call_id)
    move("start", protocol=NAME)
    asked = read_protocol_run(line.exchange.sessions, call_id)
    assert (asked.question, asked.kind, asked.required) == ("hurt_today", "yes_no", True)
    assert asked.text == "Has the person hurt themselves today, or taken something harmful?"
    assert asked.help.startswith("Pills")
    with pytest.raises(InvalidInputError, match="needs one of yes, no, unknown"):
        move("answer", question="hurt_today", value="maybe")
    with pytest.raises(ConflictError, match="the question asked now is hurt_today"):
        move("answer", question="means_near", value="no")
    for question in ("hurt_today", "means_near"):
        move("answer", question=question, value="no")
    move("back")
    for question, value in (
        ("means_near", "no"),
        ("can_stay_safe", "yes"),
        ("who_is_near", ""),
        ("note", "Likes to be called Jo."),
    ):
        move("answer", question=question, value=value)
    done = read_protocol_run(line.exchange.sessions, call_id)
    assert (done.question, done.outcome, done.risk) == ("", "alone", "raised")
    assert done.answers["note"] == "Likes to be called Jo."
    with line.exchange.sessions() as session:
        state = session.scalar(select(calls.c.state).where(calls.c.id == call_id))
        text = session.scalar(select(protocol_texts.c.text))
    assert text == "Likes to be called Jo."
    assert "Likes" not in str(state)
