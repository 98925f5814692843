"""DI1 to DI4: from a clinician's request to a team on the scene, or back to 911."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import time

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr_flows.engine import arrive
from ivr_flows.outputs import Ask, Instruction, RequestDispatch, Say
from ivr_flows.team_page import PageState, Wish
from router.errors import ConflictError, NotFoundError
from router.policy.dispatch import Status
from router.policy.shift import EVERY_DAY, Shift
from router.programs.reading import read_file, to_program
from router.services import dispatch_moves as moves
from router.services import page_calls, team_pages
from router.services.advance_dispatch import advance_dispatch
from router.services.carry_out import Outgoing
from router.services.dispatch_moves import Paging
from router.services.notify import send_message, take_message_status, take_reply, tell_supervisors
from router.services.numbers import StoredNumbers
from router.services.page_links import PageLinks
from router.services.request_dispatch import cancel_dispatch, record_requests
from router.storage import dispatches, messages, outbox, people, presence, tables, teams
from router.storage.claims import Limits, claim_commands
from router.storage.dispatches import Page, Request
from router.storage.outbox import OutboxRow
from router.storage.people import Person
from router.storage.timeline import TimelineRow, list_timeline
from router.telephony.rest import Done, Failed, Result, Unknown
from tests.services.conftest import AUSTIN, Line
from tests.services.fake_carrier import FakeCarrier

NORTH = {"nia": "+15125550141", "noel": "+15125550142"}
SOUTH = {"sam": "+15125550151", "sue": "+15125550152"}
BOSS = "+15125550161"
OURS = "+15125550101"


@dataclass
class Teams:
    """Two teams on shift, a supervisor, and a call whose clinician may ask for a team."""

    line: Line
    paging: Paging
    carrier: FakeCarrier
    texts: dict[str, list[str]] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    @property
    def outgoing(self) -> Outgoing:
        return Outgoing(self.line.exchange, self.carrier, "tests", "AC1", 1000.0)

    def add(self, team_id: str, members: dict[str, str], position: int) -> None:
        """A team on shift around the clock."""
        with self.line.exchange.sessions.begin() as session:
            session.execute(
                tables.teams.insert().values(
                    id=team_id,
                    program_id="austin",
                    name=f"{team_id.title()} Team",
                    position=position,
                )
            )
            for person_id, phone in members.items():
                self._save(session, person_id, phone, "responder")
                session.execute(
                    tables.team_members.insert().values(team_id=team_id, person_id=person_id)
                )
            shift = Shift("America/Chicago", EVERY_DAY, time(0), time(0))
            people.add_team_shift(session, "austin", team_id, shift)

    def add_supervisor(self) -> None:
        with self.line.exchange.sessions.begin() as session:
            self._save(session, "bo", BOSS, "supervisor")
            presence.sign_on(session, "bo", self.line.clock.at)

    def _save(self, session: Session, person_id: str, phone: str, role: str) -> None:
        person = Person(person_id, "austin", person_id.title(), phone, (role,), ("en",))
        people.save_person(session, person)

    def ask(self) -> str:
        """A clinician asks for a team; the request's id."""
        call_id = self.line.ring().call_id
        command = RequestDispatch({"hazards": "no", "place": "incident_location"})
        with self.line.exchange.sessions.begin() as session:
            call = self.line.call(call_id)
            outbox.add_commands(session, call, [command], self.line.clock.at)
        (dispatch_id,) = record_requests(self.paging)
        return dispatch_id

    def request(self, dispatch_id: str) -> Request:
        with self.line.exchange.sessions() as session:
            found = dispatches.find_request(session, dispatch_id)
        assert found is not None
        return found

    def pages(self, dispatch_id: str) -> dict[tuple[str, str], Page]:
        """Pages by person and channel."""
        with self.line.exchange.sessions() as session:
            found = dispatches.list_pages(session, dispatch_id)
        return {(page.person_id, page.channel): page for page in found}

    def switchboard(self) -> None:
        """Perform what waits for the switchboard."""
        while rows := self._claim():
            for row in rows:
                if row.name == moves.PLACE_PAGE:
                    page_calls.place_page(self.outgoing, self.carrier, row)
                elif row.name == moves.END_PAGE:
                    page_calls.end_page(self.outgoing, self.carrier, row)
                elif row.name == moves.TELL_CALL:
                    page_calls.tell_news(self.outgoing, row)

    def _claim(self) -> list[OutboxRow]:
        self.line.clock.move(0.002)  # the account's rate allows one call a millisecond
        with self.line.exchange.sessions.begin() as session:
            limits = Limits(8, 8, "AC1", 1000.0)
            claimed = claim_commands(session, "tests", self.line.clock.at, limits)
        return [*claimed.urgent, *claimed.others]

    def workers(self) -> None:
        """Perform what waits for the workers."""
        while rows := self._claim_tasks():
            for row in rows:
                subject = str(row.payload.get("id", row.id))
                if row.name == moves.ADVANCE:
                    advance_dispatch(self.paging, subject)
                elif row.name == moves.SEND:
                    send_message(self.paging, self.post, subject)
                else:
                    tell_supervisors(self.paging, row.id)

    def _claim_tasks(self) -> list[OutboxRow]:
        with self.line.exchange.sessions.begin() as session:
            kinds = (outbox.DISPATCH, outbox.NOTIFY)
            rows = outbox.claim_due(session, kinds, 50, "tests", self.line.clock.at)
            for row in rows:
                outbox.mark_done(session, row.id)
        return rows

    def post(self, to_e164: str, from_e164: str, body: str, message_id: str) -> Result:
        """The carrier of messages."""
        self.texts.setdefault(to_e164, []).append(body)
        assert from_e164 == OURS
        return self.results.pop(0) if self.results else Done(f"SM{message_id:0>32}", "queued")

    def everything(self) -> None:
        """Let switchboard and workers do all that waits."""
        for _ in range(4):
            self.workers()
            self.switchboard()

    def news(self, dispatch_id: str) -> list[str]:
        """What the clinician's call was told of the request, in order."""
        return [
            row.details["status"]
            for row in self.timeline(dispatch_id)
            if row.kind == "dispatch_changed"
        ]

    def timeline(self, dispatch_id: str) -> list[TimelineRow]:
        call_id = self.request(dispatch_id).call_id
        with self.line.exchange.sessions() as session:
            return list_timeline(session, call_id or "")

    def claimed(self) -> dict[str, str | None]:
        """Which request has which team."""
        with self.line.exchange.sessions() as session:
            rows = session.execute(select(tables.teams.c.id, tables.teams.c.claimed_dispatch_id))
            return {row.id: row.claimed_dispatch_id for row in rows}


@pytest.fixture
def teams_on(line: Line) -> Teams:
    links = PageLinks("https://switchback.test", "a-secret-for-links-of-tests")
    carrier = FakeCarrier(now=lambda: line.clock.at)
    made = Teams(line, Paging(line.exchange, links), carrier)
    made.add("north", NORTH, 1)
    made.add("south", SOUTH, 2)
    made.add_supervisor()
    return made


def spoken(instructions: tuple[Instruction, ...]) -> list[str]:
    says: list[str] = []
    for one in instructions:
        says += [one.prompt] if isinstance(one, Say) else []
        says += [say.prompt for say in one.says] if isinstance(one, Ask) else []
    return says


def press(made: Teams, page: Page, digits: str) -> list[str]:
    """Pick a page's leg up and press a key."""
    team_pages.answer_page(made.paging, page.id, page.sid or "")
    return spoken(team_pages.key_page(made.paging, page.id, 1, digits))


def test_di2_an_order_becomes_one_request_however_often_it_is_looked_at(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    assert record_requests(teams_on.paging) == []
    request = teams_on.request(dispatch_id)
    assert request.status == "approved"
    assert request.details == {"hazards": "no", "place": "incident_location", "incident": ""}
    teams_on.switchboard()
    assert teams_on.news(dispatch_id) == ["requested"]


def test_di3_both_members_of_the_first_team_are_paged_by_voice_and_text(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    assert {one.to_e164 for one in teams_on.carrier.sent} == set(NORTH.values())
    assert set(teams_on.texts) == set(NORTH.values())
    for (body,) in teams_on.texts.values():
        assert "Reply 1 to accept" in body
        assert re.search(r"https://switchback\.test/t/\S+", body)
    assert {page.state for page in teams_on.pages(dispatch_id).values()} == {"sent"}
    assert teams_on.claimed() == {"north": dispatch_id, "south": None}
    assert teams_on.news(dispatch_id)[-1] == "assigned"


def test_di3_the_choice_is_explained_on_the_timeline(teams_on: Teams) -> None:
    first, second = teams_on.ask(), teams_on.ask()
    advance_dispatch(teams_on.paging, first)
    advance_dispatch(teams_on.paging, second)
    (chosen,) = [row for row in teams_on.timeline(second) if row.kind == "team_chosen"]
    assert chosen.details == {"dispatch": second, "team": "south", "left_out": "north: busy"}


def test_di3_key_1_takes_the_request_and_the_partner_is_told(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    pages = teams_on.pages(dispatch_id)
    assert press(teams_on, pages["nia", "voice"], "1") == ["team_page_acknowledged"]
    teams_on.texts.clear()
    teams_on.everything()
    assert teams_on.request(dispatch_id).status == "acknowledged"
    assert teams_on.news(dispatch_id)[-1] == "acknowledged"
    assert list(teams_on.texts) == [NORTH["noel"]]
    assert "North Team has accepted" in teams_on.texts[NORTH["noel"]][0]
    # Of the telephones only the partner's still rang.
    ended = [one.subject for one in teams_on.carrier.sent if one.name == "end_call"]
    assert ended == [pages["noel", "voice"].sid]
    assert press(teams_on, pages["noel", "voice"], "1") == ["team_page_withdrawn"]


def test_tr4_the_team_s_phone_is_that_of_the_member_who_took_the_request(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    assert phone_of_team(teams_on, dispatch_id) is None, "nobody has taken it yet"
    for person in NORTH:
        press(teams_on, teams_on.pages(dispatch_id)[person, "voice"], "2")
    teams_on.everything()
    press(teams_on, teams_on.pages(dispatch_id)["sue", "voice"], "1")
    teams_on.everything()
    assert phone_of_team(teams_on, dispatch_id) == SOUTH["sue"]
    sms = teams_on.pages(dispatch_id)["sue", "sms"]
    assert team_pages.report_status(teams_on.paging, sms.id, Status.EN_ROUTE)
    assert phone_of_team(teams_on, dispatch_id) == SOUTH["sue"], "while they are on the way as well"
    assert phone_of_team(teams_on, "no-such-request") is None


def phone_of_team(made: Teams, dispatch_id: str) -> str | None:
    """The number that a transfer to the team of a request rings, as the switchboard asks for it."""
    call = arrive("call", "direct", to_program(read_file(AUSTIN), 1), made.line.clock.at)
    with made.line.exchange.sessions() as session:
        return StoredNumbers(session, "transfer").find_line_number(call, f"team:{dispatch_id}")


def test_di3_two_members_press_1_at_once_and_one_wins(
    line_on: Callable[[Engine], Line], own_engine: Engine
) -> None:
    line = line_on(own_engine)
    links = PageLinks("https://switchback.test", "a-secret-for-links-of-tests")
    made = Teams(line, Paging(line.exchange, links), FakeCarrier(now=lambda: line.clock.at))
    made.add("north", NORTH, 1)
    for _ in range(10):
        dispatch_id = made.ask()
        advance_dispatch(made.paging, dispatch_id)
        pages = made.pages(dispatch_id)
        voices = [pages[person, "voice"] for person in NORTH]

        def take(page: Page) -> list[str]:
            return press(made, page, "1")

        with ThreadPoolExecutor(2) as pool:
            heard = sorted(words[0] for words in pool.map(take, voices))
        assert heard == ["team_page_acknowledged", "team_page_withdrawn"]
        for status in (Status.CLEARED,):
            assert team_pages.report_status(made.paging, voices[0].id, status)


def test_law6_two_requests_race_for_one_team_and_one_has_it(teams_on: Teams) -> None:
    for _ in range(10):
        ids = [teams_on.ask(), teams_on.ask()]

        def advance(dispatch_id: str) -> str:
            return advance_dispatch(teams_on.paging, dispatch_id)

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(advance, ids)) == ["assigned", "assigned"]
        taken = [teams_on.request(one).team_id for one in ids]
        assert sorted(str(team) for team in taken) == ["north", "south"]
        for one in ids:
            cancel_dispatch(teams_on.paging, one)
        assert teams_on.claimed() == {"north": None, "south": None}


def test_law6_a_team_is_claimed_by_one_of_two_transactions(teams_on: Teams) -> None:
    def claim(name: str) -> bool:
        with teams_on.line.exchange.sessions.begin() as session:
            return teams.claim_team(session, "north", name, teams_on.line.clock.at)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(claim, ("one", "two"))) == [False, True]


def test_di2_a_step_done_twice_by_two_workers_pages_nobody_twice(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: advance_dispatch(teams_on.paging, dispatch_id), range(4)))
    assert len(teams_on.pages(dispatch_id)) == 4
    teams_on.everything()
    assert teams_on.carrier.names() == ["PlacePage", "PlacePage"]
    assert [len(bodies) for bodies in teams_on.texts.values()] == [1, 1]


def test_di3_a_team_that_declines_is_passed_over_at_once(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    pages = teams_on.pages(dispatch_id)
    assert press(teams_on, pages["nia", "voice"], "2") == ["team_page_declined"]
    teams_on.everything()
    assert teams_on.request(dispatch_id).team_id == "north"  # the other may still come
    press(teams_on, pages["noel", "voice"], "2")
    teams_on.everything()
    request = teams_on.request(dispatch_id)
    assert (request.status, request.team_id) == ("assigned", "south")
    assert request.passed_over == ("north",)
    assert teams_on.claimed() == {"north": None, "south": dispatch_id}


def test_di3_the_deadline_goes_to_the_next_team_then_the_supervisor_then_911(
    teams_on: Teams,
) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    for team in ("south", None):
        due_at = teams_on.request(dispatch_id).due_at
        assert due_at is not None
        advance_dispatch(teams_on.paging, dispatch_id)  # too early: nothing happens
        assert teams_on.request(dispatch_id).due_at == due_at
        teams_on.line.clock.at = due_at
        advance_dispatch(teams_on.paging, dispatch_id)
        assert teams_on.request(dispatch_id).team_id == team
        teams_on.everything()
    assert "no response team is free" in teams_on.texts[BOSS][0]
    last = teams_on.request(dispatch_id).due_at
    assert last is not None
    teams_on.line.clock.at = last
    assert advance_dispatch(teams_on.paging, dispatch_id) == "unanswered"
    teams_on.everything()
    assert teams_on.news(dispatch_id)[-1] == "unanswered"
    assert "told to return the call to 911" in teams_on.texts[BOSS][1]
    assert teams_on.claimed() == {"north": None, "south": None}


def test_di3_a_team_found_within_the_supervisors_minute_is_asked(teams_on: Teams) -> None:
    first, second, third = (teams_on.ask() for _ in range(3))
    for one in (first, second, third):
        advance_dispatch(teams_on.paging, one)
    assert teams_on.request(third).status == "approved"
    cancel_dispatch(teams_on.paging, first)
    due_at = teams_on.request(third).due_at
    assert due_at is not None
    teams_on.line.clock.at = due_at
    advance_dispatch(teams_on.paging, third)
    assert teams_on.request(third).team_id == "north"


def test_di3_a_late_key_takes_nothing(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    page = teams_on.pages(dispatch_id)["nia", "voice"]
    team_pages.answer_page(teams_on.paging, page.id, "")
    due_at = teams_on.request(dispatch_id).due_at
    assert due_at is not None
    teams_on.line.clock.at = due_at
    advance_dispatch(teams_on.paging, dispatch_id)
    assert spoken(team_pages.key_page(teams_on.paging, page.id, 1, "1")) == ["team_page_withdrawn"]
    assert teams_on.request(dispatch_id).team_id == "south"
    teams_on.switchboard()
    assert "redirect" in teams_on.carrier.names()  # whoever listens is told why it is over


def test_di3_voicemail_is_no_acknowledgement(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    page = teams_on.pages(dispatch_id)["nia", "voice"]
    team_pages.answer_page(teams_on.paging, page.id, "")
    for step in (1, 2, 3):
        words = spoken(team_pages.key_page(teams_on.paging, page.id, step, ""))
    assert words == ["team_page_failed"]
    assert teams_on.request(dispatch_id).status == "assigned"


def test_di3_a_telephone_nobody_picks_up_leaves_the_text(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    for person in NORTH:
        page = teams_on.pages(dispatch_id)[person, "voice"]
        team_pages.change_page_status(teams_on.paging, page.id, "no-answer", page.sid or "")
    assert teams_on.request(dispatch_id).team_id == "north"
    reply = take_reply(teams_on.paging, "SM1", NORTH["nia"], OURS, " Yes. ")
    assert reply.startswith("Accepted")
    assert teams_on.request(dispatch_id).status == "acknowledged"


@pytest.mark.parametrize(
    ("sender", "body", "answer"),
    [
        (NORTH["nia"], "hello?", "Reply 1"),
        (NORTH["nia"], "2", "Declined"),
        (NORTH["nia"], "CLEAR", "Not noted"),
        (SOUTH["sam"], "1", "No request waits"),
        ("+15125550198", "1", ""),
    ],
)
def test_di3_replies_by_text(teams_on: Teams, sender: str, body: str, answer: str) -> None:
    teams_on.ask()
    teams_on.everything()
    assert take_reply(teams_on.paging, "SM1", sender, OURS, body).startswith(answer)


def test_di4_the_crew_reports_its_way_and_the_clinician_hears_it(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    page = teams_on.pages(dispatch_id)["nia", "sms"]
    assert (
        team_pages.answer_by_text(teams_on.paging, page.id, Wish.ACCEPT) is PageState.ACKNOWLEDGED
    )
    partner = teams_on.pages(dispatch_id)["noel", "sms"]
    teams_on.switchboard()
    for status in (Status.EN_ROUTE, Status.ON_SCENE, Status.CLEARED):
        assert status.value in team_pages.view_page(teams_on.paging, partner.id).may_report
        assert team_pages.report_status(teams_on.paging, partner.id, status)
        assert team_pages.report_status(teams_on.paging, partner.id, status)  # said again
        teams_on.switchboard()
    assert teams_on.news(dispatch_id)[-4:] == ["acknowledged", "en_route", "on_scene", "cleared"]
    assert not team_pages.report_status(teams_on.paging, partner.id, Status.EN_ROUTE)
    assert teams_on.claimed()["north"] is None


def test_di4_a_cancelled_request_calls_the_crew_back(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    page = teams_on.pages(dispatch_id)["nia", "sms"]
    team_pages.answer_by_text(teams_on.paging, page.id, Wish.ACCEPT)
    teams_on.texts.clear()
    cancel_dispatch(teams_on.paging, dispatch_id)
    teams_on.everything()
    assert ["stand down" in body for body in teams_on.texts[NORTH["nia"]]] == [True]
    with pytest.raises(ConflictError):
        cancel_dispatch(teams_on.paging, dispatch_id)


def test_another_teams_link_shows_and_changes_nothing(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.everything()
    page = teams_on.pages(dispatch_id)["nia", "sms"]
    teams_on.line.clock.move(95)
    advance_dispatch(teams_on.paging, dispatch_id)  # it is the other team's now
    view = team_pages.view_page(teams_on.paging, page.id)
    assert (view.may_answer, view.may_report, view.details) == (False, (), {})
    assert not team_pages.report_status(teams_on.paging, page.id, Status.EN_ROUTE)


def test_a_message_is_sent_once_and_its_attempt_is_on_record_first(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    advance_dispatch(teams_on.paging, dispatch_id)
    message_id = teams_on.pages(dispatch_id)["nia", "sms"].id
    seen: list[str] = []

    def post(_to: str, _from: str, _body: str, its_id: str) -> Result:
        with teams_on.line.exchange.sessions() as session:
            found = messages.find_message(session, its_id)
        seen.append(found.status if found is not None else "")
        return Unknown("connection_lost")

    assert send_message(teams_on.paging, post, message_id) == "attempting"
    assert send_message(teams_on.paging, post, message_id) == "attempting"
    assert seen == ["attempting"]
    take_message_status(teams_on.paging, message_id, "delivered", "SM" + "1" * 32, "")
    take_message_status(teams_on.paging, message_id, "sent", "SM" + "1" * 32, "")  # came late
    assert send_message(teams_on.paging, post, message_id) == "delivered"


def test_di3_a_page_still_to_be_sent_when_the_team_has_accepted_stays_unsent(
    teams_on: Teams,
) -> None:
    dispatch_id = teams_on.ask()
    advance_dispatch(teams_on.paging, dispatch_id)
    teams_on.switchboard()
    pages = teams_on.pages(dispatch_id)
    press(teams_on, pages["nia", "voice"], "1")
    teams_on.everything()
    # Both have the link all the same: the one to report, the other to read along.
    for name in ("nia", "noel"):
        (body,) = teams_on.texts[NORTH[name]]
        assert "has accepted" in body
        assert "/t/" in body
    with teams_on.line.exchange.sessions() as session:
        message = messages.find_message(session, pages["noel", "sms"].id)
    assert message is not None
    assert message.status == "canceled"


def test_a_page_that_reaches_nobody_goes_on_to_the_next_team(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.carrier.results["PlacePage"] = [Failed("21211", permanent=True)] * 2
    teams_on.results = [Failed("21610", permanent=True)] * 2
    teams_on.everything()
    assert teams_on.request(dispatch_id).team_id == "south"


def test_law7_a_page_lost_on_the_way_is_found_and_not_rung_twice(teams_on: Teams) -> None:
    dispatch_id = teams_on.ask()
    teams_on.carrier.results["PlacePage"] = [Unknown("http_500")] * 2
    teams_on.everything()
    sids = [teams_on.carrier.ring(NORTH[person], OURS) for person in NORTH]
    teams_on.line.clock.move(6)
    outgoing = teams_on.outgoing
    for row in page_rows(teams_on):
        assert page_calls.settle_page(outgoing, teams_on.carrier, row) == "done"
    pages = teams_on.pages(dispatch_id)
    assert {pages[person, "voice"].sid for person in NORTH} == set(sids)


def page_rows(made: Teams) -> list[OutboxRow]:
    with made.line.exchange.sessions() as session:
        ids = session.scalars(
            select(tables.outbox.c.id).where(
                tables.outbox.c.name == moves.PLACE_PAGE, tables.outbox.c.state == "attempting"
            )
        )
        rows = [outbox.find_row(session, row_id) for row_id in ids]
    return [row for row in rows if row is not None]


def test_supervisors_are_told_once_and_nothing_of_a_caller(teams_on: Teams) -> None:
    call_id = teams_on.line.ring().call_id
    with teams_on.line.exchange.sessions.begin() as session:
        payload = {"subject": "offer_missed", "person_id": "nia"}
        now = teams_on.line.clock.at
        outbox.add_task(
            session, outbox.NOTIFY, moves.TELL_SUPERVISORS, payload, due_at=now, call_id=call_id
        )
        row_id = session.scalars(select(tables.outbox.c.id)).all()[-1]
    assert tell_supervisors(teams_on.paging, row_id) == 1
    assert tell_supervisors(teams_on.paging, row_id) == 0
    teams_on.workers()
    assert teams_on.texts == {BOSS: ["Switchback: Nia did not answer an offered call."]}


def test_links_are_signed() -> None:
    links = PageLinks("https://switchback.test/", "a-secret-for-links-of-tests")
    token = links.link("page1").removeprefix("https://switchback.test/t/")
    assert links.read(token) == "page1"
    for forged in (token[:-1], "page1", PageLinks("", "another-secret").link("page1")[3:]):
        with pytest.raises(NotFoundError):
            links.read(forged)
