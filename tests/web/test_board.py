"""The live board and a call's record: what is shown, to whom, and how soon."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from ivr_flows.call import ReturnTo911, Role, Stage
from ivr_flows.outputs import Event
from router.services import accounts
from router.services.read_board import Board, mask, read_board
from router.storage.calls import find_call
from router.storage.tables import calls, outbox, presence, timeline
from router.storage.timeline import append_events
from router.web.board import BoardFeed
from router.web.live import Hub, create_live, events
from router.web.words import register_words
from tests.web.stage import CALLER_NUMBER, Room, add_call, csrf_of, fill

EMPTY = Board("Austin", (), (), (), (), ())
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def test_su1_the_board_shows_callers_by_need_with_clocks(room: Room) -> None:
    fill(room)
    board, _ = read_board(room.sessions)
    assert [(row.stage, row.sentence) for row in board.callers] == [
        ("returning", "Ringing 911, ahead of held calls. Ana Torres stays on."),
        ("waiting", "Next in line"),
        ("waiting", "Number 2 in line. Ringing Dev Patel"),
        ("screening", "Answers the first questions"),
        ("connected", "Talks with Maria Alvarez"),
    ]
    text = room.client("supervisor").get("/board").text
    for row in board.callers:
        assert row.call_id in text
        assert f'data-since="{row.since_at.isoformat()}"' in text


def test_ro1_the_board_says_who_is_left_out_and_why(room: Room) -> None:
    fill(room)
    with room.sessions.begin() as session:
        session.execute(
            update(presence)
            .where(presence.c.person_id == "theo")
            .values(paused_at=datetime.now(UTC), pause_reason="missed_offers")
        )
    board, _ = read_board(room.sessions)
    desks = {desk.name: desk for desk in board.desks}
    people = {one.person_id: one for desk in board.desks for one in desk.people}
    assert (desks["clinicians"].free, desks["clinicians"].on, desks["clinicians"].waiting) == (
        0,
        3,
        2,
    )
    assert (desks["911"].free, desks["911"].on) == (1, 1)
    assert (people["kim"].state, people["kim"].reason) == ("out", "not on shift")
    assert people["lee"].reason == "on shift, but not signed on"
    assert (people["theo"].state, people["theo"].reason) == ("paused", "paused: missed offers")
    assert (people["maria"].state, people["maria"].call_id) == ("busy", "c7t2mgb4yk9s")
    assert people["dev"].state == "ringing"
    assert "On shift, but not signed on" in room.client("supervisor").get("/board").text


def test_se3_a_number_shows_its_last_two_digits_and_no_more(room: Room) -> None:
    fill(room)
    client = room.client("supervisor")
    for path in ("/board", "/board/sections", "/calls/c7t2mgb4yk9s"):
        text = client.get(path).text
        assert "ending 87" in text
        assert CALLER_NUMBER[2:-2] not in text
    assert mask("") == "number withheld"


def test_su1_alarms_name_what_is_late(room: Room) -> None:
    now = datetime.now(UTC)
    add_call(room, "slow", Stage.WAITING, age_seconds=300)
    add_call(room, "stuck", Stage.SCREENING, stage_due_at=now - timedelta(seconds=30))
    returning = ReturnTo911("other", Role.CLINICIAN, skip=True, started_at=now)
    add_call(
        room,
        "lost",
        Stage.RETURNING,
        returning=ReturnTo911(
            "other", Role.CLINICIAN, skip=True, started_at=now - timedelta(seconds=60)
        ),
    )
    add_call(room, "fine", Stage.RETURNING, returning=returning)
    with room.sessions.begin() as session:
        session.execute(
            insert(outbox).values(
                kind="call",
                name="PlaceLeg",
                payload={},
                urgency=0,
                due_at=now - timedelta(seconds=20),
            )
        )
        session.execute(update(presence).values(signed_on_at=None))
    board, _ = read_board(room.sessions)
    told = {(alarm.level, alarm.sentence, alarm.call_id) for alarm in board.alarms}
    assert told == {
        ("warning", "A caller has waited long", "slow"),
        ("high", "A deadline of this call has passed", "stuck"),
        ("high", "911 has not taken a returned caller yet", "lost"),
        ("high", "The switchboard is behind with placing calls", None),
        ("high", "Clinicians: callers wait and nobody is on", None),
    }
    assert [alarm.level for alarm in board.alarms] == ["high"] * 4 + ["warning"]


def test_a_board_is_equal_to_the_one_before_until_something_happens(room: Room) -> None:
    fill(room)
    before, read_at = read_board(room.sessions)
    again, later = read_board(room.sessions)
    assert again == before
    assert later > read_at
    add_call(room, "n1", Stage.SCREENING)
    assert read_board(room.sessions)[0] != before


def test_polling_is_answered_briefly_while_nothing_happens(room: Room) -> None:
    client = room.client("supervisor")
    first = client.get("/board/sections")
    tag = first.headers["ETag"]
    assert set(first.json["sections"]) == {"alarms", "callers", "desks", "dispatches"}  # type: ignore[index]
    same = client.get("/board/sections", headers={"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")


def word_app() -> Flask:
    app = Flask("router.web", static_folder=None)
    register_words(app)
    return app


def test_one_reading_serves_every_viewer(room: Room) -> None:
    readings = []

    def read() -> tuple[Board, datetime]:
        readings.append(1)
        return EMPTY, NOW

    feed = BoardFeed(word_app(), read)
    viewers = [threading.Thread(target=feed.latest) for _ in range(50)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert len(readings) == 1


class Changing:
    """A board whose title a test changes, or whose database a test stops."""

    def __init__(self) -> None:
        self.title = "one"
        self.stopped = False

    def __call__(self) -> tuple[Board, datetime]:
        if self.stopped:
            raise ConnectionError
        alarms = EMPTY.alarms
        return Board(self.title, (), (), (), (), alarms), NOW


def until(stream: Iterator[str], wanted: Callable[[str], bool]) -> str:
    """The first of the stream's next events that is wanted."""
    return next(event for _, event in zip(range(20), stream, strict=False) if wanted(event))


@pytest.fixture
def hub(room: Room) -> Hub:
    board = Changing()
    settings = room.settings.model_copy(update={"live_streams": 2})
    made = Hub(BoardFeed(word_app(), board), room.sessions, settings)
    made.board = board  # type: ignore[attr-defined] # for the test's hands
    return made


def test_su1_a_stream_begins_whole_goes_on_with_beats_and_tells_changes(
    hub: Hub, room: Room
) -> None:
    viewer = hub.enter(accounts.sign_in(room.sessions, "u-supervisor"))
    assert viewer is not None
    stream = events(hub, viewer)
    whole = until(stream, lambda event: "event: board" in event)
    assert whole.startswith("id: ")
    data = json.loads(whole.partition("data: ")[2])
    assert set(data["sections"]) == {"alarms", "callers", "desks", "dispatches"}
    until(stream, lambda event: "event: beat" in event)
    hub.board.title = "two"  # type: ignore[attr-defined]
    change = until(stream, lambda event: "event: board" in event)
    # The title stands in no section: the event says that the board is another, and repeats nothing.
    assert json.loads(change.partition("data: ")[2])["sections"] == {}
    hub.leave(viewer)


def test_a_stream_falls_silent_when_nothing_can_be_read(
    hub: Hub, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    viewer = hub.enter(accounts.sign_in(room.sessions, "u-supervisor"))
    assert viewer is not None
    stream = events(hub, viewer)
    until(stream, lambda event: "event: board" in event)
    hub.board.stopped = True  # type: ignore[attr-defined]
    until(stream, lambda event: event.startswith(":"))
    assert next(stream).startswith(":")
    hub.leave(viewer)
    assert caplog is not None


def test_se2_a_stream_ends_with_its_session(
    hub: Hub, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.web.live.SESSIONS_EVERY_SECONDS", 0.0)
    session_id = accounts.sign_in(room.sessions, "u-supervisor")
    viewer = hub.enter(session_id)
    assert viewer is not None
    stream = events(hub, viewer)
    until(stream, lambda event: "event: board" in event)
    accounts.sign_out(room.sessions, session_id)
    rest = [event for _, event in zip(range(20), stream, strict=False)]
    assert rest[-1].startswith("event: signed-out")
    hub.leave(viewer)


def test_streams_are_capped_and_a_place_is_given_back(hub: Hub) -> None:
    first, second = hub.enter("a"), hub.enter("b")
    assert first is not None
    assert second is not None
    assert hub.enter("c") is None
    hub.leave(first)
    third = hub.enter("c")
    assert third is not None
    hub.leave(second)
    hub.leave(third)


def test_se2_the_stream_opens_for_the_consoles_session_and_role(room: Room) -> None:
    settings = room.settings.model_copy(update={"live_streams": 1})
    live = create_live(settings, room.sessions)
    origin = {"Origin": settings.public_url}
    for role, status in (("", 401), ("clinician", 403)):
        client = live.test_client()
        cookie = room.client(role).get_cookie("switchback") if role else None
        if cookie is not None:
            client.set_cookie("switchback", cookie.value)
        for path in ("/live/board", "/login"):
            answer = client.get(path, headers=origin)
            assert answer.status_code == status, path
    cookie = room.client("supervisor").get_cookie("switchback")
    assert cookie is not None
    client = live.test_client()
    client.set_cookie("switchback", cookie.value)
    answer = client.get("/live/board", headers=origin)
    assert answer.status_code == 200
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Access-Control-Allow-Origin"] == settings.public_url
    full = client.get("/live/board", headers={"Origin": "https://evil.example"})
    assert full.status_code == 503
    assert "Retry-After" in full.headers
    assert "Access-Control-Allow-Origin" not in full.headers
    answer.close()


def test_su2_reading_a_record_is_written_into_it(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    text = room.client("supervisor").get("/calls/c1").text
    assert "The call arrived" in text
    assert "This record was read" in text
    assert "User: Sam Whitfield" in text
    with room.sessions() as session:
        lines = session.execute(
            select(timeline.c.kind, timeline.c.details).where(timeline.c.call_id == "c1")
        ).all()
    assert lines[-1] == ("record_read", {"user": "u-supervisor"})


def test_el3_a_record_shows_every_rule_behind_its_decision(room: Room) -> None:
    call = add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    rules = "weapon: does not hold (weapon: no)\nmental health: holds (call type: mental health)"
    decided = Event("eligibility_decided", "c1-1", {"outcome": "clinician", "rules": rules})
    with room.sessions.begin() as session:
        append_events(session, "c1", call.opened_at, [decided])
    text = room.client("clinician").get("/calls/c1").text
    assert "<li>Weapon: does not hold (weapon: no)</li>" in text
    assert "<li>Mental health: holds (call type: mental health)</li>" in text
    assert "Rules:" not in text


def test_se2_a_clinician_reads_and_ends_their_own_calls_only(room: Room) -> None:
    add_call(room, "mine", Stage.CONNECTED, staff=["maria"])
    add_call(room, "anas", Stage.CONNECTED, staff=["ana"])
    add_call(room, "rings", Stage.WAITING, ringing=["maria"])
    client = room.client("clinician")
    assert client.get("/calls/mine").status_code == 200
    token = csrf_of(client, "/calls/mine/return")
    form = {"csrf_token": token, "reason": "medical", "disposition": "referred"}
    for call_id in ("anas", "rings", "nothing"):
        for path in ("", "/return", "/resolve"):
            assert client.get(f"/calls/{call_id}{path}").status_code == 404
        assert client.post(f"/calls/{call_id}/return", data=form).status_code == 404
        assert client.post(f"/calls/{call_id}/resolve", data=form).status_code == 404


@pytest.mark.parametrize("role", ["clinician", "supervisor"])
def test_re1_back_to_911_asks_for_a_reason_and_then_returns_the_caller(
    room: Room, role: str
) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    client = room.client(role)
    form = {"csrf_token": csrf_of(client, "/calls/c1/return"), "skip": "yes"}
    asked = client.post("/calls/c1/return", data=form, follow_redirects=True)
    assert "Choose a reason" in asked.text
    assert stage_of(room, "c1") is Stage.CONNECTED
    sent = client.post(
        "/calls/c1/return", data={**form, "reason": "medical"}, follow_redirects=True
    )
    assert "Sent back to 911" in sent.text
    with room.sessions() as session:
        found = find_call(session, "c1")
    assert found is not None
    assert found.call.stage is Stage.RETURNING
    assert found.call.returning is not None
    assert (found.call.returning.reason, found.call.returning.skip) == ("medical", True)
    assert 'class="button back"' not in client.get("/calls/c1").text


def test_a_clinician_finishes_the_record_once_the_caller_has_gone(room: Room) -> None:
    add_call(room, "c1", Stage.CONNECTED, staff=["maria"])
    add_call(room, "c2", Stage.CLOSED, staff=["maria"], outcome="ended_with_clinician")
    client = room.client("clinician")
    home = client.get("/").text
    assert "Talks with Maria Alvarez" in home
    assert "Finish the record" in home
    form = {"csrf_token": csrf_of(client, "/"), "disposition": "resolved_by_phone"}
    assert "The caller is still on the line" in client.get("/calls/c1/resolve").text
    early = client.post("/calls/c1/resolve", data=form, follow_redirects=True)
    assert "Not done: the caller is still on the line." in early.text
    assert "Resolved by phone" in client.get("/calls/c2/resolve").text
    assert "Recorded" in client.post("/calls/c2/resolve", data=form, follow_redirects=True).text
    with room.sessions() as session:
        kept = session.scalar(select(calls.c.disposition).where(calls.c.id == "c2"))
    assert kept == "resolved_by_phone"
    assert "Finish the record" not in client.get("/").text


def test_sh8_a_clinician_signs_on_and_off_from_their_home(room: Room) -> None:
    client = room.client("clinician")
    token = csrf_of(client, "/")
    for wanted in ("off", "on"):
        form = {"csrf_token": token, "presence": wanted}
        answer = client.post("/presence", data=form, follow_redirects=True)
        assert f"You are signed {wanted}." in answer.text
        with room.sessions() as session:
            at = session.scalar(
                select(presence.c.signed_on_at).where(presence.c.person_id == "maria")
            )
        assert (at is not None) == (wanted == "on")


def stage_of(room: Room, call_id: str) -> Stage:
    with room.sessions() as session:
        found = find_call(session, call_id)
    assert found is not None
    return found.call.stage
