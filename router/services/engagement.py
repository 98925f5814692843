"""Claims people for a call and lets them go: nobody is rung for two calls at once (Law 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows.call import Call, Offer, OfferState
from ivr_flows.facts import FactNeededError, Facts
from ivr_flows.inputs import Input
from ivr_flows.outputs import Event, NotifySupervisor, Step
from router.errors import ConflictError
from router.services.facts import FactsSource
from router.storage.announcements import use_announcement
from router.storage.presence import Release, claim_people, release_people

Advance = Callable[[Call, Input, Facts, datetime], Step]

MAX_RUNS = 24  # of one input; each but the last fetches a fact, settles a place or loses a claim
OFFER_MISSED = "offer_missed"
PAUSED = "paused_after_missed_offers"


def work_out(
    session: Session,
    call: Call,
    given: Input,
    now: datetime,
    source: FactsSource,
    advance: Advance,
) -> tuple[Step, frozenset[str]]:
    """The step that follows, with everyone it engages claimed; and all who were claimed for it.

    A person or an announced incident that another call won is taken off the list and the input is
    worked out again.
    Raises ConflictError when that does not come to an end.
    """
    claimed: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    for _ in range(MAX_RUNS):
        try:
            step = advance(call, given, source.facts(call.language), now)
        except FactNeededError as missing:
            source.fetch(missing.name)
            continue
        if source.take_place(step.call):
            continue
        taken = _announcement_taken(call, step.call)
        if taken and taken not in used:
            if not use_announcement(session, taken, call.id, now):
                source.leave_announcement(taken)
                continue
            used |= {taken}
        wanted = step.call.engaged_people() - call.engaged_people() - claimed
        if not wanted:
            return step, claimed
        won = claim_people(session, wanted, call.id, now, skip_locked=bool(claimed))
        claimed |= won
        if won == wanted:
            return step, claimed
        source.leave_out(wanted - won)
    raise ConflictError("an input of the call could not be settled")


def _announcement_taken(before: Call, after: Call) -> str:
    """The announced incident that the step takes for the call, or ""."""
    if after.announced is None or not after.announced.is_taken:
        return ""
    return "" if before.announced == after.announced else after.announced.id


def let_go(
    session: Session,
    before: Call,
    step: Step,
    claimed: frozenset[str],
    source: FactsSource,
    now: datetime,
) -> tuple[Step, bool]:
    """Release whoever the call no longer engages; the step with what follows, and if anybody went.

    Who talked has the wrap-up time of their desk, in another program as well (RO7, TR2). Who missed
    the program's `no_answer_pause` offers in a row is paused, and only then are supervisors told
    (RO3).
    """
    after = step.call
    gone = sorted((before.engaged_people() | claimed) - after.engaged_people())
    paused: frozenset[str] = frozenset()
    if gone:
        releases = [_release(after, person_id, source, now) for person_id in gone]
        paused = release_people(session, before.id, releases, now)
    told = [NotifySupervisor(PAUSED, person_id) for person_id in sorted(paused)]
    commands = [
        command
        for command in step.commands
        if not (isinstance(command, NotifySupervisor) and command.subject == OFFER_MISSED)
    ]
    paused_events = [Event("paused", details={"person": person_id}) for person_id in sorted(paused)]
    events = (*step.events, *paused_events)
    return replace(step, commands=(*commands, *told), events=events), bool(gone)


def note_guard(step: Step, before: Call, source: FactsSource, now: datetime) -> Step:
    """The step, with a line for a held call that is offered before a return that waits (RE2)."""
    protected = source.find_protected(step.call.desk)
    known = {offer.leg_id for offer in before.offers}
    fresh = [offer for offer in step.call.offers if offer.leg_id not in known]
    if protected is None or not fresh:
        return step
    waited = (now - protected.queued_at).total_seconds()
    line = Event("starvation_guard", fresh[0].leg_id, {"waited_seconds": f"{waited:.0f}"})
    return replace(step, events=(*step.events, line))


def _release(call: Call, person_id: str, source: FactsSource, now: datetime) -> Release:
    offer = _last_offer(call, person_id)
    talked = any(leg.person_id == person_id and leg.room > 0 for leg in call.legs)
    desk = source.find_desk(offer.desk if offer is not None else call.desk) if talked else None
    seconds = desk.wrap_up_seconds if desk is not None else 0
    return Release(
        person_id=person_id,
        wrap_up_until=now + timedelta(seconds=seconds) if talked else None,
        missed=offer is not None and offer.state is OfferState.NO_ANSWER,
        answered=offer is not None and offer.state in (OfferState.ACCEPTED, OfferState.DECLINED),
        pause_after=source.program.no_answer_pause,
    )


def _last_offer(call: Call, person_id: str) -> Offer | None:
    mine = [offer for offer in call.offers if offer.person_id == person_id]
    return mine[-1] if mine else None
