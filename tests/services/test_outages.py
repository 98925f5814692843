"""RE5: for how long after an outage it is asked whom a caller talks to before they are moved."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from router.services.outages import DOUBTFUL_SECONDS, Outages


class Hand:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def outages(hand: Hand) -> Outages:
    """Some time after the process began."""
    outages = Outages(hand)
    hand.at += DOUBTFUL_SECONDS
    assert not outages.are_recent()
    return outages


def test_re5_a_process_that_begins_does_not_know_what_was_before(hand: Hand) -> None:
    outages = Outages(hand)
    hand.at += DOUBTFUL_SECONDS - 1
    assert outages.are_recent()
    hand.at += 1
    assert not outages.are_recent()


def test_re5_a_database_that_takes_no_connection_is_noticed(hand: Hand, outages: Outages) -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    outages.watch(engine)
    with pytest.raises(DBAPIError):
        engine.connect()
    assert outages.are_recent()
    hand.at += DOUBTFUL_SECONDS
    assert not outages.are_recent()


def test_re5_a_connection_that_breaks_is_noticed(own_engine: Engine, outages: Outages) -> None:
    outages.watch(own_engine)
    ending = text("select pg_terminate_backend(pg_backend_pid())")
    with own_engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(ending)
    assert isinstance(raised.value.orig, psycopg.OperationalError)
    assert outages.are_recent()


def test_a_statement_that_is_refused_is_no_outage(own_engine: Engine, outages: Outages) -> None:
    outages.watch(own_engine)
    with own_engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("select 1 / 0"))
    assert not outages.are_recent()
