"""DI2: a real Celery worker, started as the Procfile starts it, takes a request to a team."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from router.config import Settings
from router.demo.servers import PrivateValkey, ServerError
from router.programs.reading import read_file
from router.services.apply_input import Exchange
from router.services.clock import SettableClock
from router.services.dispatch_moves import Paging
from router.services.hand_over import HandOver
from router.services.page_links import PageLinks
from router.services.publish_program import publish_program
from router.storage.database import make_engine, make_sessions
from router.telephony.urls import Urls
from tests.services.conftest import AUSTIN, Line
from tests.services.fake_carrier import FakeCarrier
from tests.services.test_dispatch import NORTH, Teams
from tests.workers.processes import environment_of, wait_until
from workers.celery_app import CeleryPublisher, make_app

WORKER = ["-m", "celery", "--app", "workers.celery_app", "worker", "--queues", "dispatch,notify"]
TAKEN_SECONDS = 90  # Celery takes seconds of a processor to start, and others may use them
QUIET = ["--concurrency", "1", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateValkey]:
    """A broker of the test's own."""
    try:
        with PrivateValkey(tmp_path) as broker:
            yield broker
    except ServerError as error:
        pytest.skip(f"NO REDIS, so this is untested: {error}")


@pytest.fixture
def crew(served_settings: Settings, tmp_path: Path) -> Iterator[Teams]:
    """A team on shift, under the database's clock."""
    engine = make_engine(served_settings, application_name="tests")
    sessions = make_sessions(engine)
    now = datetime.now(UTC)
    publish_program(sessions, read_file(AUSTIN), published_by="tests", state_dir=tmp_path, now=now)
    exchange = Exchange(sessions, Urls("https://switchback.test"))
    line = Line(exchange, SettableClock(now))
    links = PageLinks("https://switchback.test", served_settings.secret_key.get_secret_value())
    made = Teams(line, Paging(exchange, links), FakeCarrier(now=lambda: datetime.now(UTC)))
    made.add("north", NORTH, 1)
    yield made
    engine.dispose()


@pytest.mark.timeout(300)
def test_di2_a_worker_killed_with_its_task_in_hand_leaves_it_to_the_next(
    crew: Teams, broker: PrivateValkey, served_settings: Settings
) -> None:
    aimed = served_settings.model_copy(update={"redis_url": SecretStr(broker.url)})
    publisher = CeleryPublisher(make_app(aimed))
    handing = HandOver(crew.line.exchange, publisher.publish, "tests")
    environment = environment_of(served_settings, broker.url)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *WORKER, *QUIET], env=environment, start_new_session=True
        )

    worker = start()
    try:
        dispatch_id = crew.ask()
        assert handing.hand_over() == 1
        wait_until(lambda: crew.request(dispatch_id).status == "assigned", TAKEN_SECONDS)
        assert len(crew.pages(dispatch_id)) == 4
        # The whole process is gone; what it does not do is handed over again from the rows.
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        second = crew.ask()
        handing.hand_over()
        worker = start()
        wait_until(lambda: crew.request(second).status == "approved", 1)
        wait_until(lambda: "supervisors" in crew.request(second).passed_over, TAKEN_SECONDS)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
