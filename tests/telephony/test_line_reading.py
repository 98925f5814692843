"""Law 1, repair: what a reading of the carrier's lists says of people at phones."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from router.telephony import line_reading
from router.telephony.line_reading import Reading, read_lines
from router.telephony.rest import Carrier, Failed, Unknown
from router.telephony.urls import Urls
from router.telephony.webhook import Phase
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN
from tests.emulator.conftest import Stage as Network

ANA = "+15125550102"
ROOM = '<Dial><Conference waitUrl="">call.1</Conference></Dial>'
QUEUE = "<Enqueue waitUrl='/hold'>switchboard.austin</Enqueue>"


@pytest.fixture
def carrier(stage: Network) -> Iterator[Carrier]:
    carrier = Carrier(
        ACCOUNT, TOKEN, Urls(stage.app.base), base_url=stage.world.base_url, timeout_seconds=1.0
    )
    yield carrier
    carrier.close()


def calls_rooms(names: Collection[str]) -> list[str]:
    return sorted(name for name in names if name.startswith("call"))


def read(carrier: Carrier) -> Reading:
    reading = read_lines(carrier, calls_rooms, {"switchboard.austin"})
    assert isinstance(reading, Reading)
    return reading


def sid_of(stage: Network, number: str) -> str:
    return next(
        str(leg["sid"])
        for leg in stage.net.state()["legs"]
        if leg["party"] == number and leg["ended"] is None
    )


def test_a_reading_tells_who_is_in_which_room(stage: Network, carrier: Carrier) -> None:
    stage.line(ROOM)
    first = stage.caller()
    sid = sid_of(stage, first.number)
    assert read(carrier).rooms == {"call.1": frozenset({sid})}
    second = stage.caller("+15125550103", "Bo")
    other = sid_of(stage, second.number)
    reading = read(carrier)
    assert reading.rooms == {"call.1": frozenset({sid, other})}
    assert reading.find_room(other) == "call.1"
    assert {line.phase for line in reading.lines.values()} == {Phase.LIVE}
    first.hangs_up()
    second.hangs_up()
    assert read(carrier) == Reading()


def test_a_reading_tells_who_waits_and_who_dials(stage: Network, carrier: Carrier) -> None:
    stage.app.on("/hold", "<Pause length='20'/>")
    stage.line(QUEUE)
    waiting = sid_of(stage, stage.caller().number)
    ana = stage.net.phone(ANA, "Ana")
    stage.app.on("/voice", f"<Dial>{ANA}</Dial>")
    dialling = sid_of(stage, stage.caller("+15125550103", "Bo").number)
    reading = read(carrier)
    assert reading.queues == {"switchboard.austin": frozenset({waiting})}
    assert reading.find_queue(waiting)
    (child,) = (line for line in reading.lines.values() if line.parent_sid)
    assert (child.parent_sid, child.phase, child.to_e164) == (dialling, Phase.COMING, ANA)
    ana.answers()
    assert read(carrier).lines[child.sid].phase is Phase.LIVE
    assert reading.lines[waiting].to_e164 == LINE


def test_law1_a_stale_reading_shows_what_was(stage: Network, carrier: Carrier) -> None:
    stage.net.faults(stale_seconds=5)
    stage.line(ROOM)
    caller = stage.caller()
    sid = sid_of(stage, caller.number)
    assert read(carrier) == Reading()
    stage.net.advance(6)
    assert read(carrier).rooms == {"call.1": frozenset({sid})}
    caller.hangs_up()
    assert sid in read(carrier).lines
    stage.net.advance(6)
    assert read(carrier).lines == {}


def test_a_reading_is_bounded_and_says_what_it_left_out(
    stage: Network, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.line(ROOM)
    stage.caller()
    monkeypatch.setattr(line_reading, "MOST_ROOMS", 0)
    monkeypatch.setattr(line_reading, "MOST_LIVE", 1)
    reading = read(carrier)
    assert reading.unread == {"call.1"}
    assert not reading.is_whole


@pytest.mark.parametrize("path", ["/Calls", "/Conferences.json", "/Participants", "/Queues"])
def test_law1_one_request_without_an_answer_leaves_no_reading(
    stage: Network, carrier: Carrier, path: str
) -> None:
    stage.line(ROOM)
    stage.caller()
    stage.net.faults(rest=[{"do": "503", "path": path}])
    answer = read_lines(carrier, calls_rooms, {"switchboard.austin"})
    assert isinstance(answer, (Failed, Unknown))
