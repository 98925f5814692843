"""What happens now: callers by stage, desks and who is left out and why, teams, alarms (SU1).

The board holds instants, not durations, so that it is equal to the one before until something
happens; screens let the clocks run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows.call import Call, Leg, Place, Role, Stage
from ivr_flows.callback import KEPT_PLACE
from ivr_flows.return_to_911 import is_under_way
from router.policy.roster import Bar, RosterRow, examine
from router.storage import board as stored
from router.storage.board import BoardCall, BoardDesk, BoardDispatch, Engagement
from router.storage.call_backs import PLANNED, WELFARE, CallBackRow, list_open
from router.storage.database import Sessions
from router.storage.roster import list_by_desk

JUST_ENDED = timedelta(minutes=10)
JUST_ENDED_MOST = 8
OVERDUE_GRACE = timedelta(seconds=5)  # the sweep looks once a second; later than this it is stuck
LONG_WAIT = timedelta(seconds=120)
LONG_RETURN = timedelta(seconds=45)  # two 911 lines of 20 s have not brought a person
LATE_COMMAND = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class CallerRow:
    """One caller. `sentence` says what is happening; `number` is masked."""

    call_id: str
    program: str
    line: str
    number: str
    language: str
    stage: str
    state: str
    sentence: str
    since_at: datetime
    opened_at: datetime
    due_at: datetime | None
    caller_id: str = ""
    calls_this_week: int = 0
    psap: str = ""  # the 911 centre chosen for a return, and why: incident, line, area, default
    psap_because: str = ""


@dataclass(frozen=True, slots=True)
class EndedRow:
    """One caller whose call ended a moment ago."""

    call_id: str
    outcome: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One member of a desk. `state` is free, busy, ringing, wrap_up, paused or out."""

    person_id: str
    name: str
    state: str
    reason: str
    since_at: datetime | None
    until_at: datetime | None
    call_id: str | None


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One desk: its people, those who are free first, and how many of them."""

    name: str
    title: str
    program: str
    waiting: int
    free: int
    on: int
    people: tuple[PersonRow, ...]


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """One request for a team."""

    id: str
    call_id: str | None
    status: str
    state: str
    team: str
    minutes: int | None
    since_at: datetime
    due_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person should look at; `level` is `high` or `warning`."""

    level: str
    sentence: str
    since_at: datetime
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """All of it. Equal boards look the same."""

    title: str
    callers: tuple[CallerRow, ...]
    ended: tuple[EndedRow, ...]
    desks: tuple[DeskRow, ...]
    dispatches: tuple[DispatchRow, ...]
    alarms: tuple[Alarm, ...]


def read_board(sessions: Sessions) -> tuple[Board, datetime]:
    """The board, and the database's clock when it was read."""
    with sessions() as session:
        now = stored.database_now(session)
        found = stored.list_board_calls(session)
        dispatches = stored.list_board_dispatches(session, now - JUST_ENDED)
        desks = _desks(session, found, now)
        names = stored.list_names(session, _people_of(found))
        board = Board(
            title=" and ".join(stored.list_titles(session).values()),
            callers=_callers(found, names),
            ended=tuple(
                EndedRow(one.call.id, one.call.outcome, one.call.closed_at or now)
                for one in stored.list_just_ended(session, now - JUST_ENDED, JUST_ENDED_MOST)
            ),
            desks=desks,
            dispatches=tuple(_dispatch(one) for one in dispatches),
            alarms=_alarms(session, found, desks, dispatches, now),
        )
    return board, now


def mask(number: str) -> str:
    """A telephone number of which the last two digits show."""
    return f"number ending {number[-2:]}" if len(number) > 4 else "number withheld"  # noqa: PLR2004


_STATES = {
    Stage.SCREENING: "ringing",
    Stage.WAITING: "wait",
    Stage.CONSULTING: "busy",
    Stage.CALLING_BACK: "ringing",
    Stage.CONNECTED: "busy",
    Stage.RETURNING: "back",
    Stage.CLOSED: "done",
}
# Who needs somebody comes first.
_ORDER = (
    Stage.RETURNING,
    Stage.WAITING,
    Stage.CALLING_BACK,
    Stage.CONSULTING,
    Stage.SCREENING,
    Stage.CONNECTED,
)


def _callers(found: list[BoardCall], names: dict[str, str]) -> tuple[CallerRow, ...]:
    ranked = sorted(found, key=lambda one: (_ORDER.index(one.call.stage), _rank(one.call)))
    places: dict[tuple[str, str], int] = {}
    rows = []
    for one in ranked:
        call = one.call
        if call.stage is Stage.WAITING:
            key = (call.program, call.desk)
            places[key] = places.get(key, 0) + 1
        place = places.get((call.program, call.desk), 0)
        rows.append(
            CallerRow(
                call_id=call.id,
                program=call.program,
                line=call.line,
                number=mask(one.caller_number),
                language=call.language,
                stage=call.stage.value,
                state=state_of(call),
                sentence=describe(call, names, place),
                since_at=(call.queued_at if call.stage is Stage.WAITING else None) or call.stage_at,
                opened_at=call.opened_at,
                due_at=call.due_at,
                caller_id=call.caller_id,
                calls_this_week=call.calls_this_week,
                psap=call.psap,
                psap_because=call.psap_because,
            )
        )
    return tuple(rows)


def _rank(call: Call) -> tuple[int, datetime]:
    return (-call.priority, call.queued_at or call.stage_at)


def state_of(call: Call) -> str:
    """The word for where the caller is, as screens draw it."""
    return _STATES[call.stage]


def describe(call: Call, names: dict[str, str], place: int = 0) -> str:
    """What is happening to the caller, in one sentence without personal data of theirs."""
    ringing = [names.get(offer.person_id, offer.person_id) for offer in call.live_offers()]
    if call.stage is Stage.SCREENING:
        return "Answers the first questions"
    if call.stage is Stage.WAITING:
        line = "Next in line" if place <= 1 else f"Number {place} in line"
        return f"{line}. Ringing {_listed(ringing)}" if ringing else line
    with_staff = [_called(leg, names) for leg in call.staff()]
    if call.stage is Stage.CALLING_BACK:
        waits = f". {_listed(with_staff)} waits" if with_staff else ""
        return ("Is asked who they are" if call.caller.is_answered else "Is called back") + waits
    if call.stage is Stage.RETURNING:
        return _describe_return(call, with_staff)
    talking = f"Talks with {_listed(with_staff)}" if with_staff else "Is being connected"
    return f"{talking}. Ringing {_listed(ringing)}" if ringing else talking


def _describe_return(call: Call, with_staff: list[str]) -> str:
    returning = call.returning
    if returning is None:
        return "On the way back to 911"
    if returning.crisis_line:
        taken = "Talks with" if returning.taken else "Is being connected to"
        return f"{taken} the crisis line"
    if returning.taken:
        return "911 has the caller"
    how = "ahead of held calls" if returning.skip else "at the end of the queue"
    stays = f" {_listed(with_staff)} stays on." if with_staff else ""
    return f"Ringing 911, {how}.{stays}"


def _called(leg: Leg, names: dict[str, str]) -> str:
    if leg.person_id:
        return names.get(leg.person_id, leg.person_id)
    roles = {
        Role.PSAP: "911",
        Role.CALL_TAKER: "the call taker",
        Role.OUTSIDE: "someone outside",
    }
    return roles.get(leg.role, leg.role.value)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else " and ".join([", ".join(words[:-1]), words[-1]])


def _people_of(found: list[BoardCall]) -> set[str]:
    return {leg.person_id for one in found for leg in one.call.legs if leg.person_id} | {
        offer.person_id for one in found for offer in one.call.offers
    }


def _desks(session: Session, found: list[BoardCall], now: datetime) -> tuple[DeskRow, ...]:
    engaged = stored.list_engagements(session)
    desks = stored.list_board_desks(session)
    members = {
        program: list_by_desk(session, program, now)
        for program in {desk.program_id for desk in desks}
    }
    return tuple(
        _desk(desk, members[desk.program_id].get(desk.name, []), found, engaged, now)
        for desk in desks
    )


_PERSON_STATES = {
    None: "free",
    Bar.ON_CALL: "busy",
    Bar.OFFERED_ANOTHER_CALL: "ringing",
    Bar.WRAP_UP: "wrap_up",
    Bar.PAUSED: "paused",
}
_PERSON_ORDER = ("free", "ringing", "busy", "wrap_up", "paused", "out")
_ON = frozenset({"free", "ringing", "busy", "wrap_up"})


def _desk(
    desk: BoardDesk,
    rows: list[RosterRow],
    found: list[BoardCall],
    engaged: dict[str, Engagement],
    now: datetime,
) -> DeskRow:
    people = []
    for standing in examine(rows, now):
        engagement = engaged.get(standing.person_id)
        state = _PERSON_STATES.get(standing.bar, "out")
        people.append(
            PersonRow(
                person_id=standing.person_id,
                name=standing.name,
                state=state,
                # Its seconds would make every board a new one; the clock shows them.
                reason="in wrap-up" if standing.bar is Bar.WRAP_UP else standing.reason,
                since_at=_since(state, standing.idle_since, engagement),
                until_at=standing.free_at,
                call_id=engagement.call_id if engagement else None,
            )
        )
    people.sort(key=lambda one: (_PERSON_ORDER.index(one.state), one.name))
    waiting = [
        one
        for one in found
        if one.call.stage is Stage.WAITING
        and (one.call.program, one.call.desk) == (desk.program_id, desk.name)
    ]
    return DeskRow(
        name=desk.name,
        title=desk.name.replace("_", " ").capitalize(),
        program=desk.program_id,
        waiting=len(waiting),
        free=sum(one.state == "free" for one in people),
        on=sum(one.state in _ON for one in people),
        people=tuple(people),
    )


def _since(
    state: str, idle_since: datetime | None, engagement: Engagement | None
) -> datetime | None:
    if state in {"busy", "ringing"}:
        return engagement.since_at if engagement else None
    return idle_since if state == "free" else None


_DISPATCH_STATES = {
    "requested": "wait",
    "approved": "wait",
    "assigned": "ringing",
    "acknowledged": "busy",
    "en_route": "busy",
    "on_scene": "free",
    "unanswered": "back",
}


def _dispatch(one: BoardDispatch) -> DispatchRow:
    return DispatchRow(
        id=one.id,
        call_id=one.call_id,
        status=one.status,
        state=_DISPATCH_STATES.get(one.status, "done"),
        team=one.team,
        minutes=one.minutes,
        since_at=one.status_at,
        due_at=one.due_at,
        is_open=one.status not in {"cleared", "cancelled", "unanswered"},
    )


def _alarms(
    session: Session,
    found: list[BoardCall],
    desks: tuple[DeskRow, ...],
    dispatches: list[BoardDispatch],
    now: datetime,
) -> tuple[Alarm, ...]:
    alarms = []
    late = stored.find_oldest_late_command(session, now - LATE_COMMAND)
    if late is not None:
        alarms.append(Alarm("high", "The switchboard is behind with placing calls", late))
    for one in found:
        alarms += _call_alarms(one.call, now)
    for desk in desks:
        if desk.waiting and not desk.on:
            since = min(
                one.call.queued_at or one.call.stage_at
                for one in found
                if one.call.stage is Stage.WAITING and one.call.desk == desk.name
            )
            sentence = f"{desk.title}: callers wait and nobody is on"
            alarms.append(Alarm("high", sentence, since))
    for request in dispatches:
        alarms += _dispatch_alarms(request, now)
    alarms += _call_backs(list_open(session))
    for call_id, subject, at in stored.list_notices(session, [one.call.id for one in found]):
        sentence = f"Supervisors were told: {subject.replace('_', ' ')}"
        alarms.append(Alarm("warning", sentence, at, call_id))
    return tuple(sorted(alarms, key=lambda alarm: (alarm.level != "high", alarm.since_at)))


def _call_alarms(call: Call, now: datetime) -> list[Alarm]:
    alarms = []
    if call.due_at is not None and now - call.due_at > OVERDUE_GRACE:
        alarms.append(Alarm("high", "A deadline of this call has passed", call.due_at, call.id))
    if call.stage is Stage.WAITING and now - (call.queued_at or call.stage_at) > LONG_WAIT:
        since = call.queued_at or call.stage_at
        alarms.append(Alarm("warning", "A caller has waited long", since, call.id))
    returning = call.returning
    if is_under_way(call) and returning is not None and not returning.taken:
        if returning.by_twiml:
            sentence = "The caller's own line dials 911: Twilio does not take our commands"
            alarms.append(Alarm("high", sentence, returning.started_at, call.id))
        elif now - returning.started_at > LONG_RETURN:
            sentence = "911 has not taken a returned caller yet"
            alarms.append(Alarm("high", sentence, returning.started_at, call.id))
    if call.caller.place is Place.ENDED and call.stage is not Stage.CLOSED:
        alarms.append(Alarm("warning", "The caller has gone", call.stage_at, call.id))
    return alarms


def _call_backs(rows: list[CallBackRow]) -> list[Alarm]:
    """Callers who wait to be called back; one whose phone rings is among the callers (IN6, RO5)."""
    sentences = {
        PLANNED: "A lost caller is to be called back",
        WELFARE: "A lost caller was not reached: 911 is asked for a welfare check",
    }
    return [
        Alarm(
            "high" if row.state == WELFARE else "warning",
            "A caller keeps their place and is to be called back"
            if (row.state, row.moment) == (PLANNED, KEPT_PLACE)
            else sentences[row.state],
            row.created_at,
            row.call_id,
        )
        for row in rows
        if row.state in sentences and not row.by_choice
    ]


def _dispatch_alarms(request: BoardDispatch, now: datetime) -> list[Alarm]:
    if request.status == "unanswered":
        sentence = "No team took this request: it is 911's"
        return [Alarm("high", sentence, request.status_at, request.call_id)]
    if request.due_at is not None and now - request.due_at > OVERDUE_GRACE:
        sentence = f"A team's deadline has passed ({request.status.replace('_', ' ')})"
        return [Alarm("warning", sentence, request.due_at, request.call_id)]
    return []
