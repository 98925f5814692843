"""DI2: tasks reach the broker, and what the broker loses is found again from the rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from ivr_flows.outputs import NotifySupervisor
from router.services import dispatch_moves as moves
from router.services.advance_dispatch import advance_dispatch
from router.services.hand_over import AGAIN_SECONDS, RETRY_SECONDS, HandOver
from router.storage import outbox, tables
from tests.services.conftest import Line
from tests.services.test_dispatch import Teams, teams_on

__all__ = ["teams_on"]  # a fixture


@dataclass
class Broker:
    """Takes tasks, or refuses them."""

    is_there: bool = True
    taken: list[tuple[str, str, str]] = field(default_factory=list)

    def publish(self, queue: str, name: str, subject_id: str, task_id: str) -> None:
        if not self.is_there:
            raise ConnectionError
        assert task_id
        self.taken.append((queue, name, subject_id))


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def handing(line: Line, broker: Broker) -> HandOver:
    return HandOver(line.exchange, broker.publish, "tests")


def states(line: Line, kind: str) -> list[str]:
    with line.exchange.sessions() as session:
        found = select(tables.outbox.c.state).where(tables.outbox.c.kind == kind)
        return list(session.scalars(found))


def test_di2_a_request_is_handed_over_once_with_its_id_alone(
    teams_on: Teams, broker: Broker, handing: HandOver
) -> None:
    dispatch_id = teams_on.ask()
    assert handing.hand_over() == 1
    assert handing.hand_over() == 0
    assert broker.taken == [("dispatch", "dispatch.advance", dispatch_id)]


def test_di2_without_a_broker_nothing_is_lost(
    teams_on: Teams, broker: Broker, handing: HandOver
) -> None:
    dispatch_id = teams_on.ask()
    broker.is_there = False
    with pytest.raises(ConnectionError):
        handing.hand_over()
    assert "ready" in states(teams_on.line, outbox.DISPATCH)
    broker.is_there = True
    assert handing.hand_over() == 0  # not at once: a dead broker is not hammered
    teams_on.line.clock.move(RETRY_SECONDS)
    assert handing.hand_over() == 1
    assert broker.taken == [("dispatch", "dispatch.advance", dispatch_id)]


def test_di2_a_process_that_died_while_handing_over_is_followed_by_another(
    teams_on: Teams, broker: Broker, handing: HandOver
) -> None:
    teams_on.ask()

    class DiedError(BaseException):
        """As a kill would."""

    def die(*_: str) -> None:
        raise DiedError

    handing.publish = die
    with pytest.raises(DiedError):
        handing.hand_over()
    handing.publish = broker.publish
    assert handing.hand_over() == 0
    teams_on.line.clock.move(31)
    assert handing.hand_over() == 1


def test_di2_a_step_the_broker_lost_is_handed_over_again_when_it_is_due(
    teams_on: Teams, broker: Broker, handing: HandOver
) -> None:
    dispatch_id = teams_on.ask()
    handing.hand_over()
    broker.taken.clear()  # its memory is gone
    assert handing.find_lost() == 0
    teams_on.line.clock.move(16)  # the request's own deadline for being given to a team
    assert handing.find_lost() == 1
    assert handing.find_lost() == 0
    assert broker.taken == [("dispatch", "dispatch.advance", dispatch_id)]
    teams_on.line.clock.move(AGAIN_SECONDS)
    assert handing.find_lost() == 1


def test_di2_a_message_the_broker_lost_is_handed_over_again(
    teams_on: Teams, broker: Broker, handing: HandOver
) -> None:
    dispatch_id = teams_on.ask()
    handing.hand_over()
    advance_dispatch(teams_on.paging, dispatch_id)
    handing.hand_over()
    sent = {subject for _, name, subject in broker.taken if name == moves.SEND}
    broker.taken.clear()
    teams_on.line.clock.move(11)
    handing.find_lost()
    assert {subject for _, name, subject in broker.taken} == sent
    assert len(sent) == 2


def test_supervisors_notices_go_by_their_rows_number(
    line: Line, broker: Broker, handing: HandOver
) -> None:
    call_id = line.ring().call_id
    with line.exchange.sessions.begin() as session:
        command = NotifySupervisor("offer_missed", "nia")
        outbox.add_commands(session, line.call(call_id), [command], line.clock.at)
    handing.hand_over()
    ((queue, name, subject),) = broker.taken
    assert (queue, name) == ("notify", "notify.supervisors")
    assert subject.isdigit()
