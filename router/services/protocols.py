"""Triage protocols: submitted, reviewed by another person, published; run on a screen (EL4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr_flows import protocols
from ivr_flows.inputs import Input, ProtocolMoved
from ivr_flows.protocols import Audience, Kind, Protocol, Run
from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.programs.protocol_shape import ProtocolDocument, from_stored
from router.services.apply_input import Answer
from router.services.clock import Clock, DatabaseClock, read_now
from router.storage import protocols as stored
from router.storage.calls import find_call
from router.storage.database import Sessions

MOST_LETTERS = 2000
UNKNOWN_USER = "unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as a screen shows it; `question` is "" at the end, `outcome` and `risk` before it."""

    protocol: str
    version: int
    title: str
    question: str
    kind: str
    text: str
    help: str
    required: bool
    choices: dict[str, str]
    answers: dict[str, str]
    outcome: str
    risk: str


def submit_protocol(
    sessions: Sessions,
    program_id: str,
    document: ProtocolDocument,
    *,
    author: str,
    clock: Clock | None = None,
) -> int:
    """Keep a protocol as the next draft; its version. Raises InvalidInputError for no author."""
    _check_person("by", author)
    content = document.model_dump(mode="json")
    with sessions.begin() as session:
        now = read_now(session, clock or DatabaseClock())
        return stored.insert_draft(session, program_id, document.name, content, author, now)


def review_protocol(
    sessions: Sessions, program_id: str, name: str, version: int, *, reviewer: str
) -> None:
    """Say that the draft may be used; the one who says so did not write it.

    Raises NotFoundError, ConflictError when it is no draft or the reviewer is its author.
    """
    _check_person("by", reviewer)
    with sessions.begin() as session:
        row = _get(session, program_id, name, version)
        if _same_person(row.author, reviewer):
            raise ConflictError(f"{row.author} wrote this draft; somebody else has to review it")
        now = read_now(session, DatabaseClock())
        if not stored.mark_reviewed(session, program_id, name, version, reviewer, now):
            raise ConflictError(f"version {version} is {row.status}, not a draft")


def publish_protocol(
    sessions: Sessions, program_id: str, name: str, version: int, *, published_by: str
) -> None:
    """Let calls begin with this version; runs under way keep theirs.

    Raises NotFoundError, ConflictError when it has not been reviewed, is published already, or a
    newer one is.
    """
    _check_person("by", published_by)
    with sessions.begin() as session:
        row = _get(session, program_id, name, version)
        newest = stored.list_in_force(session, program_id).get(name, 0)
        if newest > version:
            raise ConflictError(
                f"version {newest} is in force; to go back, submit the older text as a new draft"
            )
        now = read_now(session, DatabaseClock())
        if not stored.mark_published(session, program_id, name, version, published_by, now):
            wanted = "reviewed by a second person first" if row.status == stored.DRAFT else "new"
            raise ConflictError(f"version {version} is {row.status}; it has to be {wanted}")


def move_protocol(
    sessions: Sessions,
    apply_to_call: Callable[[str, Input], Answer],
    call_id: str,
    move: ProtocolMoved,
) -> Asked:
    """Do one move on a call's protocol and tell where it stands.

    Raises NotFoundError for an unknown call, InvalidInputError for an answer that is none, and
    ConflictError for any other move that cannot be done now.
    """
    if len(move.value) > MOST_LETTERS:
        raise InvalidInputError("value", f"at most {MOST_LETTERS} letters")
    _keep_text(sessions, call_id, move)
    answer = apply_to_call(call_id, move)
    refused = "" if answer.step is None else answer.step.ignored
    if refused.startswith(f"{move.question} needs"):
        raise InvalidInputError("value", refused)
    if refused:
        raise ConflictError(f"Not done: {refused}.")
    return read_protocol_run(sessions, call_id)


def read_protocol_run(sessions: Sessions, call_id: str, language: str = "en") -> Asked:
    """Where a call's protocol stands. Raises NotFoundError when none has been started."""
    with sessions() as session:
        found = find_call(session, call_id)
        run = None if found is None else found.call.protocol
        if found is None or run is None:
            raise NotFoundError("no protocol has been started on this call")
        row = _get(session, found.call.program, run.protocol, run.version)
        texts = stored.list_texts(session, call_id, run.protocol)
    return _asked(from_stored(row.document, row.version), run, texts, language)


def _asked(protocol: Protocol, run: Run, texts: dict[str, str], language: str) -> Asked:
    question = protocols.question_of(protocol, run)
    outcome = protocols.outcome_of(protocol, run)
    asks = {} if question is None else question.asks[Audience.CALL_TAKER]
    named = {} if question is None else {one.value: one.words for one in question.choices}
    return Asked(
        protocol=run.protocol,
        version=run.version,
        title=protocol.title,
        question=run.at,
        kind="" if question is None else question.kind.value,
        text=protocols.words_of(asks, protocol, language),
        help="" if question is None else protocols.words_of(question.help, protocol, language),
        required=question is not None and question.required,
        choices={
            value: protocols.words_of(words, protocol, language) for value, words in named.items()
        },
        answers={name: texts.get(name, value) for name, value in run.answers.items()},
        outcome="" if outcome is None else outcome.name,
        risk="" if outcome is None else outcome.risk,
    )


def _keep_text(sessions: Sessions, call_id: str, move: ProtocolMoved) -> None:
    """Write an answer in words, if that is what is asked for now, before the call says so."""
    with sessions.begin() as session:
        found = find_call(session, call_id)
        if found is None:
            raise NotFoundError("there is no such call")
        run = found.call.protocol
        if move.move != "answer" or not move.value or run is None or run.at != move.question:
            return
        row = _get(session, found.call.program, run.protocol, run.version)
        question = from_stored(row.document, row.version).questions.get(move.question)
        if question is not None and question.kind is Kind.TEXT:
            stored.save_text(
                session, call_id, run.protocol, move.question, move.value, move.person_id
            )


def _get(session: Session, program_id: str, name: str, version: int) -> stored.VersionRow:
    row = stored.find_version(session, program_id, name, version)
    if row is None:
        raise NotFoundError(f"the program {program_id} has no protocol {name} version {version}")
    return row


def _check_person(field: str, name: str) -> None:
    if not name.strip() or name == UNKNOWN_USER:
        raise InvalidInputError(field, "say who does this; two different people are needed")


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
