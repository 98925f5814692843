"""No wait for the database outlasts the deadline of who waits (Law 3)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from router.config import Settings
from router.storage.database import Deadline, DeadlineExceededError, make_engine, within


@contextmanager
def taking_no_more_than(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


def test_law3_a_slow_statement_is_given_up_at_the_deadline(own_engine: Engine) -> None:
    with (
        taking_no_more_than(3.0),  # the statement takes four
        pytest.raises(DeadlineExceededError),
        within(Deadline.after(0.2)),
        Session(own_engine) as session,
    ):
        session.execute(text("SELECT pg_sleep(4)"))
    with Session(own_engine) as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_law3_a_cut_off_wait_spares_the_other_connections(own_engine: Engine) -> None:
    backend = text("SELECT pg_backend_pid()")
    with Session(own_engine) as one, Session(own_engine) as two:
        kept = one.scalar(backend)
        with pytest.raises(DeadlineExceededError), within(Deadline.after(0.1)):
            two.execute(text("SELECT pg_sleep(4)"))
    with Session(own_engine) as session:
        assert session.scalar(backend) == kept


def test_law3_a_server_that_does_not_answer_is_given_up_at_the_deadline(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        engine = make_engine(
            settings.model_copy(update={"database_url": SecretStr(url)}), application_name="tests"
        )
        with (
            taking_no_more_than(5.0),  # the server never answers
            pytest.raises(DeadlineExceededError),
            within(Deadline.after(0.3)),
            Session(engine) as session,
        ):
            session.execute(text("SELECT 1"))
        engine.dispose()


def test_law3_a_server_that_is_down_is_known_at_once(settings: Settings) -> None:
    engine = make_engine(settings, application_name="tests")
    with (
        taking_no_more_than(1.0),
        pytest.raises(OperationalError),
        within(Deadline.after(1.5)),
        Session(engine) as session,
    ):
        session.execute(text("SELECT 1"))


def test_law10_an_error_does_not_show_the_values_of_a_statement(session: Session) -> None:
    with pytest.raises(Exception) as caught, session.begin_nested():  # noqa: PT011 - of any kind
        session.execute(text("SELECT :number::int"), {"number": "+15125550101"})
    assert "5550101" not in repr(caught.value.args)


def test_law9_the_session_speaks_utc_and_says_who_it_is(session: Session) -> None:
    assert session.scalar(text("SHOW timezone")) == "UTC"
    assert session.scalar(text("SHOW application_name")) == "tests"
    assert session.scalar(text("SHOW lock_timeout")) == "1s"
