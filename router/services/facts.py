"""Fetches what a flow asks about the world: who is free on each desk, and who waits before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows.call import Call
from ivr_flows.facts import (
    DESK,
    HISTORY,
    Announcement,
    Candidate,
    Decision,
    FactNeededError,
    Facts,
    History,
    QueueFacts,
)
from ivr_flows.program import Desk, Program
from ivr_flows.protocols import Protocol
from router.policy import assignment, queueing
from router.policy.eligibility import CLINICIAN_FREE, Circumstances
from router.policy.queueing import DeskFigures, Line, Waiting
from router.policy.roster import Bar, Standing, examine
from router.services.lines_of_desks import read_line, read_seekers
from router.services.load_program import Published, PublishedPrograms
from router.storage.announcements import list_live
from router.storage.history import Whose, read_history
from router.storage.programs import find_active_version
from router.storage.queue import talk_seconds
from router.storage.roster import list_by_desk, list_on_desk

WEEK = timedelta(days=7)
RECENT = timedelta(hours=4)  # figures older than this say little about the present wait
NOT_STAFFED = frozenset(
    {Bar.MISSING_ROLE, Bar.MISSING_CREDENTIAL, Bar.NOT_ON_SHIFT, Bar.NOT_SIGNED_ON, Bar.PAUSED}
)


class FactsSource:
    """Facts for one input of one call; each is fetched once, and only when a flow asks.

    Who may be offered depends on the calls ahead in line, and so on where the input puts this call:
    `take_place` tells, and says whether the input has to be worked out again for it.
    """

    def __init__(
        self,
        session: Session,
        published: Published,
        call: Call,
        now: datetime,
        *,
        caller_number: str = "",
        programs: PublishedPrograms | None = None,
    ) -> None:
        """`caller_number` (E.164) is needed only of a call that is not written yet."""
        self._session = session
        self._published = published
        self._call = call
        self._now = now
        self._standings: dict[str, list[Standing]] | None = None
        self._lines: dict[str, Line] = {}
        self._queue: QueueFacts | None = None
        self._caller_number = caller_number
        self._announced: tuple[Announcement, ...] | None = None
        self._taken_by_others: frozenset[str] = frozenset()
        self._history: History | None = None
        self._programs = programs or PublishedPrograms()
        self._protocols: dict[str, Protocol] | None = None
        self._roster_asked = False
        self._elsewhere: dict[str, Desk | None] = {}
        self._standings_elsewhere: dict[str, list[Standing]] = {}
        self._left_out: frozenset[str] = frozenset()
        self._places: dict[str, Waiting] = {}
        self.take_place(call)

    def facts(self, language: str) -> Facts:
        """What has been fetched so far, for a caller of that language."""
        roster = None
        if self._roster_asked:
            roster = {
                desk: self._candidates(desk, standings, language)
                for desk, standings in (self._all_standings() | self._standings_elsewhere).items()
            }
        return Facts(
            program=self._published.program,
            decide=self._decide,
            roster=roster,
            queue=self._queue,
            announced=self._announced,
            protocols=self._protocols,
            history=self._history,
            taken_by_others=self._taken_by_others,
            areas_of=self._published.areas_of,
            elsewhere=self._elsewhere,
        )

    def _decide(self, answers: Mapping[str, str]) -> Decision:
        """Eligibility as flows ask for it; the roster comes first where a rule asks who is free."""
        is_free = None
        if CLINICIAN_FREE in self._published.policy.inputs:
            if not self._roster_asked:
                raise FactNeededError("roster")
            desk = self._published.program.clinician_desk
            is_free = any(one.is_free for one in self._all_standings().get(desk, []))
        known = Circumstances(at=self._now, is_clinician_free=is_free)
        return self._published.decide(answers, known)

    def fetch(self, name: str) -> None:
        """Get the fact that a flow asked for. Raises ValueError for one that nobody knows."""
        if name == "roster":
            self._roster_asked = True
        elif name == "queue":
            self._queue = self._place_in_queue()
        elif name == "announced":
            self._announced = self._list_announced()
        elif name.startswith(HISTORY):
            self._history = self._read_history(name.removeprefix(HISTORY))
        elif name.startswith(DESK):
            self._read_desk_elsewhere(name.removeprefix(DESK))
        elif name == "protocols":
            self._protocols = self._programs.list_protocols(self._session, self._call)
        else:
            raise ValueError(f"unknown fact {name}")

    def leave_out(self, person_ids: Iterable[str]) -> None:
        """Take people off the roster whom another call has claimed since it was read."""
        self._left_out |= frozenset(person_ids)

    def leave_announcement(self, incident_id: str) -> None:
        """Take an announced incident off the list that another call has used."""
        self._taken_by_others |= {incident_id}

    def take_place(self, call: Call) -> bool:
        """Note where the call stands in line; True when the roster it was given did not know."""
        if not call.desk or call.queued_at is None:
            return False
        passed_over, is_rung = frozenset(call.passed_over), bool(call.live_offers())
        known = self._places.get(call.desk)
        if known is not None and (known.priority, known.queued_at) == (
            call.priority,
            call.queued_at,
        ):
            return False
        self._lines.pop(call.desk, None)
        self._places[call.desk] = Waiting(
            call.id, call.priority, call.queued_at, is_rung, passed_over
        )
        return self._roster_asked and bool(self._left_to_others(call.desk, call.language))

    @property
    def program(self) -> Program:
        """The settings of the call's program."""
        return self._published.program

    def find_desk(self, name: str) -> Desk | None:
        """The settings of a desk of the program, or of another as `program/desk`; None if unknown.

        For what follows from a step: a flow asks for them as a fact.
        """
        if "/" not in name:
            return self.program.desks.get(name)
        if name not in self._elsewhere:
            self._elsewhere[name] = self._read_settings_elsewhere(name)
        return self._elsewhere[name]

    def find_protected(self, desk: str) -> Waiting | None:
        """The call itself, if it goes before a return because it gave way often enough (RE2)."""
        line = self._lines.get(desk)
        protected = line.protected if line is not None else None
        return protected if protected is not None and protected.call_id == self._call.id else None

    def _candidates(
        self, desk: str, standings: Sequence[Standing], language: str
    ) -> tuple[Candidate, ...]:
        left_out = self._left_out | self._left_to_others(desk, language)
        return tuple(
            Candidate(one.person_id, one.name, one.languages)
            for one in assignment.order(standings, language)
            if one.person_id not in left_out
        )

    def _left_to_others(self, desk: str, language: str) -> frozenset[str]:
        """Free people whom the calls ahead in line are offered."""
        own = self._places.get(desk)
        ordered = assignment.order(self._all_standings().get(desk, []), language)
        free = [one.person_id for one in ordered]
        if own is None or not free:
            return frozenset()
        if desk not in self._lines:
            self._lines[desk] = read_seekers(
                self._session, self._published.program, desk, self._now, free, own
            )
        return queueing.left_to_others(self._lines[desk], own.call_id, free)

    def _read_desk_elsewhere(self, name: str) -> None:
        """A desk of another published program, as `program/desk`, and who is on it now."""
        program_id, _, desk = name.partition("/")
        settings = self._elsewhere[name] = self._read_settings_elsewhere(name)
        rows = [] if settings is None else list_on_desk(self._session, program_id, desk, self._now)
        self._standings_elsewhere[name] = examine(rows, self._now)

    def _read_settings_elsewhere(self, name: str) -> Desk | None:
        program_id, _, desk = name.partition("/")
        active = find_active_version(self._session, program_id)
        if active is None:
            return None
        published = self._programs.get(self._session, program_id, active.version)
        settings = published.program.desks.get(desk)
        return None if settings is None else replace(settings, name=name)

    def _read_history(self, incident_number: str) -> History:
        program = self._published.program
        whose = Whose(
            self._call.program,
            self._call.id,
            incident_number,
            is_transfer=program.lines[self._call.line].kind == "transfer",
        )
        calls, is_blocked, call_back_id = read_history(
            self._session, whose, self._now - WEEK, self._now
        )
        window = self._now - timedelta(seconds=program.no_loop_seconds)
        given_back = {desk for one in calls if one.opened_at > window for desk in one.given_back}
        return History(
            incident_number, len(calls), tuple(sorted(given_back)), is_blocked, call_back_id
        )

    def _list_announced(self) -> tuple[Announcement, ...]:
        live = list_live(
            self._session, self._call.program, self._call.id, self._caller_number, self._now
        )
        return tuple(live)

    def _place_in_queue(self) -> QueueFacts:
        desk = self._call.desk
        talk, handled = talk_seconds(self._session, self._call.program, desk, self._now - RECENT)
        settings = self._published.program.desks.get(desk)
        wrap_up = settings.wrap_up_seconds if settings is not None else 0
        line = read_line(
            self._session, self._published.program, desk, self._now, self._places.get(desk)
        )
        standings = self._all_standings().get(desk, [])
        figures = DeskFigures(
            staffed=sum(one.bar not in NOT_STAFFED for one in standings),
            free=sum(one.is_free for one in standings),
            handling_seconds=talk + wrap_up,
            handled=handled,
        )
        place = queueing.place(self._call.id, line, figures)
        return QueueFacts(place.position, place.expected_wait_seconds)

    def _all_standings(self) -> dict[str, list[Standing]]:
        if self._standings is None:
            rows = list_by_desk(self._session, self._call.program, self._now)
            self._standings = {desk: examine(people, self._now) for desk, people in rows.items()}
        return self._standings
