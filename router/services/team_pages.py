"""A crew's answers to a page: by key on the telephone, by text message, by the link.

The first acknowledgement wins (Law 6); every answer is written before it is spoken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr_flows import team_page
from ivr_flows.outputs import Instruction
from ivr_flows.team_page import PageState, TeamPage, Wish
from router.errors import NotFoundError
from router.policy.dispatch import TAKEN, Status, may_become
from router.services import dispatch_moves as moves
from router.services.dispatch_moves import LIVE, SMS, Paging
from router.storage import dispatches, people, teams
from router.storage.dispatches import Page, Request
from router.telephony.webhook import CALL_STATUSES, Phase

REPORTABLE = (Status.EN_ROUTE, Status.ON_SCENE, Status.CLEARED)
"""What a crew may say of itself, in the order in which it happens."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as its link shows it; `details` are the answers about hazards and the place."""

    team: str
    status: str
    may_answer: bool
    may_report: tuple[str, ...]
    details: Mapping[str, str]
    language: str


@dataclass(frozen=True, slots=True)
class _Held:
    """A page with its request, whose row is locked."""

    session: Session
    page: Page
    request: Request
    now: datetime

    def change(self, sources: frozenset[str], **values: Any) -> bool:  # noqa: ANN401 - columns
        """Set columns of the page if its state is one of `sources`."""
        return dispatches.change_page(self.session, self.page.id, sources, **values)


def answer_page(paging: Paging, page_id: str, sid: str) -> tuple[Instruction, ...]:
    """A page's leg was picked up: what it hears. Raises NotFoundError."""
    with _held(paging, page_id) as held:
        page = held.page
        turn = team_page.answer(_snapshot(held))
        if page.step == 0:
            held.change(
                LIVE,
                state=turn.page.state.value,
                step=turn.page.step,
                answered_at=held.now,
                sid=page.sid or sid or None,
            )
        return turn.instructions


def key_page(paging: Paging, page_id: str, step: int, digits: str) -> tuple[Instruction, ...]:
    """A key on a page's leg, "" for silence: what is heard next. Raises NotFoundError."""
    with _held(paging, page_id) as held:
        snapshot = _snapshot(held)
        turn = team_page.key(snapshot, step, digits)
        if turn.wish is not Wish.NONE:
            return team_page.settle(snapshot, _take(paging, held, turn.wish)).instructions
        if turn.page != snapshot:
            held.change(LIVE, state=turn.page.state.value, step=turn.page.step)
            moves.pass_on_if_over(held.session, held.request, held.page.team_id, held.now)
        return turn.instructions


def change_page_status(paging: Paging, page_id: str, status: str, sid: str) -> None:
    """A status callback of a page's leg: one that ends without an answer has failed.

    Raises NotFoundError.
    """
    with _held(paging, page_id) as held:
        if sid and held.page.sid is None:
            held.change(LIVE, sid=sid)
        if CALL_STATUSES.get(status) is Phase.OVER:
            fail_page(held.session, held.page, held.request, status, held.now)


def fail_page(session: Session, page: Page, request: Request, error: str, now: datetime) -> None:
    """Nobody can answer this page any more; without any other the next team is asked at once."""
    failed = {"state": PageState.FAILED.value, "error": error}
    if dispatches.change_page(session, page.id, LIVE, **failed):
        moves.pass_on_if_over(session, request, page.team_id, now)


def answer_by_text(paging: Paging, page_id: str, wish: Wish) -> PageState:
    """Accept or decline by the link or a text message; what became of it. Raises NotFoundError."""
    with _held(paging, page_id) as held:
        return _take(paging, held, wish)


def report_status(paging: Paging, page_id: str, status: Status) -> bool:
    """The crew says how far it is. False when that does not follow from where the request stands.

    Saying again what is known already is no fault. Raises NotFoundError.
    """
    with _held(paging, page_id) as held:
        if status not in REPORTABLE or held.request.team_id != held.page.team_id:
            return False
        if held.request.status == status:
            return True
        return moves.move(held.session, held.request, status, held.now, paging)


def view_page(paging: Paging, page_id: str) -> PageView:
    """What the page's link shows. Raises NotFoundError."""
    with _held(paging, page_id) as held:
        request, page = held.request, held.page
        is_ours = request.team_id == page.team_id
        reports = [one.value for one in REPORTABLE if may_become(request.status, one)]
        return PageView(
            team=teams.find_name(held.session, page.team_id) or "",
            status=request.status,
            may_answer=is_ours and request.status == Status.ASSIGNED and page.state in LIVE,
            may_report=tuple(reports) if is_ours and request.status in TAKEN else (),
            details=request.details if is_ours else {},
            language=_language(held),
        )


@contextmanager
def _held(paging: Paging, page_id: str) -> Iterator[_Held]:
    with paging.exchange.sessions.begin() as session:
        known = dispatches.find_page(session, page_id)
        request = dispatches.lock_request(session, known.dispatch_id) if known else None
        # Read again: it may have changed before the request's row was ours.
        page = dispatches.find_page(session, page_id)
        if page is None or request is None:
            raise NotFoundError("no such page")
        yield _Held(session, page, request, paging.now(session))


def _snapshot(held: _Held) -> TeamPage:
    details = held.request.details
    return TeamPage(
        id=held.page.id,
        state=PageState(held.page.state),
        team=teams.find_name(held.session, held.page.team_id) or "",
        location=f"@place_{details.get('place', 'incident_location')}",
        hazards=f"@hazards_{details.get('hazards', 'unknown')}",
        incident=details.get("incident", ""),
        language=_language(held),
        step=held.page.step,
    )


def _language(held: _Held) -> str:
    person = people.find_person(held.session, held.page.person_id)
    return next(iter(person.languages), "en") if person is not None else "en"


def _take(paging: Paging, held: _Held, wish: Wish) -> PageState:
    """Let the wish decide if it still can, and return what the member's page became."""
    page, request = held.page, held.request
    asked = request.status == Status.ASSIGNED and request.team_id == page.team_id
    if page.state not in LIVE or not asked:
        return PageState(page.state) if page.state not in LIVE else PageState.WITHDRAWN
    if wish is Wish.DECLINE:
        return _decline(held)
    held.change(LIVE, state=PageState.ACKNOWLEDGED.value, acknowledged_at=held.now)
    moves.move(held.session, request, Status.ACKNOWLEDGED, held.now, paging)
    _tell_partners(paging, held)
    return PageState.ACKNOWLEDGED


def _decline(held: _Held) -> PageState:
    """A member declines by every channel at once."""
    for page in dispatches.list_pages(held.session, held.request.id, held.page.team_id):
        if page.person_id == held.page.person_id:
            declined = PageState.DECLINED.value
            dispatches.change_page(held.session, page.id, LIVE, state=declined)
            if page.id != held.page.id:
                moves.order_end(held.session, page, held.now)
    moves.pass_on_if_over(held.session, held.request, held.page.team_id, held.now)
    return PageState.DECLINED


def _tell_partners(paging: Paging, held: _Held) -> None:
    """The team has it: other telephones stop ringing, and partners read who goes."""
    withdrawn = dispatches.withdraw_pages(held.session, held.request.id, LIVE, but=held.page.id)
    name = teams.find_name(held.session, held.page.team_id) or ""
    for page in withdrawn:
        moves.order_end(held.session, page, held.now)
        # Who took it has the link from their page, unless that was still to be sent.
        has_link = page.person_id == held.page.person_id and page.state != PageState.READY
        if page.channel == SMS and not has_link:
            words = {"team": name, "link": paging.links.link(page.id)}
            person_id = page.person_id
            moves.order_text(held.session, held.request, person_id, "page_taken", words, held.now)
