"""One call's record: what happened, line by line. Reading it is itself a line of it (SU2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy.orm import Session

from ivr_flows.call import Call, Leg, Stage
from ivr_flows.outputs import Event
from ivr_flows.return_to_911 import is_under_way
from router.errors import NotFoundError
from router.services.read_board import describe, mask, state_of
from router.storage import board as stored
from router.storage.accounts import UserRow, list_users
from router.storage.announcements import Told, find_told
from router.storage.board import BoardCall, ProgramWords
from router.storage.database import Sessions
from router.storage.timeline import append_events, list_timeline

READ = "record_read"
UNFINISHED = timedelta(hours=16)  # a shift, and time to come back to it
SEES_EVERY_CALL = frozenset({"supervisor"})


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line: what happened to which leg, and details without personal data."""

    at: datetime
    kind: str
    who: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on the call, or rung for it. `place` is where their leg is.

    Whoever `answers` for the caller may be left alone with them.
    """

    leg_id: str
    role: str
    who: str
    place: str
    answers: bool


@dataclass(frozen=True, slots=True)
class TransferNow:
    """The transfer under way: `to` a target, `state` ringing or consulting, legs of both sides."""

    to: str
    state: str
    is_private: bool
    giver: str
    receiver: str
    reason: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """A call as its record shows it. `return_reasons` and `dispositions` are its program's.

    `told` is what 911 announced of its incident. A call is `may_resolve` once the caller has gone;
    until then it is `is_unresolved` only.
    """

    call_id: str
    program: str
    line: str
    language: str
    number: str
    caller_id: str
    is_blocked: bool
    calls_this_week: int
    told: Told | None
    stage: str
    state: str
    sentence: str
    opened_at: datetime
    since_at: datetime
    closed_at: datetime | None
    decision: str
    reason: str
    outcome: str
    psap: str
    psap_because: str
    disposition: str
    answers: Mapping[str, str]
    lines: tuple[RecordLine, ...]
    dangers: tuple[str, ...]
    parties: tuple[Party, ...]
    transfer: TransferNow | None
    may_return: bool
    may_resolve: bool
    is_unresolved: bool
    return_reasons: tuple[str, ...]
    dispositions: tuple[str, ...]
    time_zone: str


def read_record(sessions: Sessions, call_id: str, reader: UserRow) -> Record:
    """The record; that `reader` read it is written into it.

    Raises NotFoundError when there is no such call, or the reader has no part in it.
    """
    with sessions.begin() as session:
        return _read(session, _get_call(session, call_id, reader), reader.id)


def read_for_screen(sessions: Sessions, call_id: str, reader_id: str) -> Record:
    """The record for a program of the centre's own, as what the receiver of a call sees (TR6).

    Its reading is written into it. Raises NotFoundError.
    """
    with sessions.begin() as session:
        found = stored.find_board_call(session, call_id)
        if found is None:
            raise NotFoundError("there is no such call")
        return _read(session, found, reader_id)


def _read(session: Session, found: BoardCall, reader_id: str) -> Record:
    call_id = found.call.id
    now = stored.database_now(session)
    append_events(session, call_id, now, [Event(READ, details={"user": reader_id})])
    names = stored.list_names(session, _people_of(found.call))
    names |= {user.id: user.name for user in list_users(session)}
    told = find_told(session, call_id)
    program = stored.get_program_words(session, found.call.program, found.call.program_version)
    lines = tuple(
        RecordLine(
            row.at, row.kind, _who(found.call, row.leg_id, names), _named(row.details, names)
        )
        for row in list_timeline(session, call_id)
    )
    return _record(found, names, lines, program, told)


def check_part_in(sessions: Sessions, call_id: str, reader: UserRow) -> None:
    """Raises NotFoundError unless the reader may act on the call."""
    with sessions() as session:
        _get_call(session, call_id, reader)


def check_call(sessions: Sessions, call_id: str) -> None:
    """Raises NotFoundError when there is no such call."""
    with sessions() as session:
        if stored.find_board_call(session, call_id) is None:
            raise NotFoundError("there is no such call")


@dataclass(frozen=True, slots=True)
class OwnCall:
    """A call of one person: on the line, or over with its record not finished."""

    call_id: str
    sentence: str
    since_at: datetime
    is_open: bool


def list_own_calls(sessions: Sessions, person_id: str) -> list[OwnCall]:
    """Open calls the person is on, then those of today whose record they have not finished."""
    with sessions() as session:
        found = [
            one.call
            for one in stored.list_board_calls(session)
            if person_id in _parties(one.call) and _is_on(one.call, person_id)
        ]
        names = stored.list_names(session, {who for call in found for who in _people_of(call)})
        after = stored.database_now(session) - UNFINISHED
        unfinished = stored.list_unfinished(session, person_id, after)
    own = [OwnCall(call.id, describe(call, names), call.stage_at, is_open=True) for call in found]
    over = "The call is over; its record is not finished"
    return own + [OwnCall(call_id, over, at, is_open=False) for call_id, at in unfinished]


def _get_call(session: Session, call_id: str, reader: UserRow) -> BoardCall:
    found = stored.find_board_call(session, call_id)
    if found is None:
        raise NotFoundError("there is no such call")
    if SEES_EVERY_CALL.isdisjoint(reader.roles) and reader.person_id not in _parties(found.call):
        raise NotFoundError("there is no such call")
    return found


def _parties(call: Call) -> set[str]:
    """People who have or had the caller; an offer alone gives no part in a call."""
    offered = {offer.leg_id for offer in call.offers if offer.state.value != "accepted"}
    return {leg.person_id for leg in call.legs if leg.person_id and leg.id not in offered}


def _is_on(call: Call, person_id: str) -> bool:
    return any(leg.person_id == person_id and leg.is_live for leg in call.legs)


def _people_of(call: Call) -> set[str]:
    people = {leg.person_id for leg in call.legs if leg.person_id}
    return people | {offer.person_id for offer in call.offers}


def _record(
    found: BoardCall,
    names: Mapping[str, str],
    lines: tuple[RecordLine, ...],
    program: ProgramWords,
    told: Told | None,
) -> Record:
    call = found.call
    is_open = call.stage is not Stage.CLOSED
    return Record(
        call_id=call.id,
        program=call.program,
        line=call.line,
        language=call.language,
        number=mask(found.caller_number),
        caller_id=call.caller_id,
        is_blocked=call.is_blocked,
        calls_this_week=call.calls_this_week,
        told=told,
        stage=call.stage.value,
        state=state_of(call),
        sentence=describe(call, dict(names)) if is_open else "The call is over",
        opened_at=call.opened_at,
        since_at=call.stage_at,
        closed_at=call.closed_at,
        decision=call.decision,
        reason=call.reason,
        outcome=call.outcome,
        psap=call.psap,
        psap_because=call.psap_because,
        disposition=call.disposition,
        answers=call.answers,
        lines=lines,
        dangers=call.dangers,
        parties=tuple(_party(call, leg, names) for leg in call.legs if leg.is_live),
        transfer=_transfer(call),
        may_return=is_open and not is_under_way(call),
        may_resolve=not call.disposition and not call.caller.is_live,
        is_unresolved=not call.disposition and call.stage is not Stage.RETURNING,
        return_reasons=program.return_reasons,
        dispositions=program.dispositions,
        time_zone=program.time_zone,
    )


def _party(call: Call, leg: Leg, names: Mapping[str, str]) -> Party:
    answering = leg.id in {one.id for one in call.staff()}
    who = _who(call, leg.id, names)
    return Party(leg.id, leg.role.value, who, leg.place.value, answering)


def _transfer(call: Call) -> TransferNow | None:
    transfer = call.transfer
    if transfer is None:
        return None
    return TransferNow(
        to=transfer.to,
        state=transfer.state.value,
        is_private=transfer.private,
        giver=transfer.giver,
        receiver=transfer.receiver,
        reason=transfer.reason,
        started_at=transfer.started_at,
    )


def _who(call: Call, leg_id: str, names: Mapping[str, str]) -> str:
    leg = call.find_leg(leg_id)
    if leg is None:
        return ""
    if leg.person_id:
        return names.get(leg.person_id, leg.person_id)
    return "911" if leg.role.value == "psap" else leg.role.value.replace("_", " ")


def _named(details: Mapping[str, str], names: Mapping[str, str]) -> Mapping[str, str]:
    """The details with people by name, without what is empty."""
    return MappingProxyType(
        {key: names.get(value, value) for key, value in details.items() if value}
    )
