"""DI2: what the broker and the pool may do to us, against a real server of the Redis protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError
from pydantic import SecretStr

from router.config import Settings
from router.demo.servers import PrivateValkey, ServerError
from workers.celery_app import CeleryPublisher, make_app

PROBE = """
import os, pathlib, sys, time
from pydantic import SecretStr
from router.config import Settings
from workers.celery_app import make_app

url, folder = sys.argv[1], pathlib.Path(sys.argv[2])
app = make_app(Settings.model_construct(redis_url=SecretStr(url)))

@app.task(name="probe.run")
def run(subject_id):
    runs = len(list(folder.glob(subject_id + ".*")))
    (folder / f"{subject_id}.{runs}").write_text(str(os.getpid()))
    if runs == 0:
        time.sleep(60)

app.worker_main(["worker", "-Q", "dispatch,notify", "-c", "1", "-l", "WARNING",
                 "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateValkey]:
    """A broker of the test's own, which it may freeze and kill."""
    try:
        with PrivateValkey(tmp_path) as broker:
            yield broker
    except ServerError as error:
        pytest.skip(f"NO REDIS, so this is untested: {error}")


def publisher_to(broker: PrivateValkey, settings: Settings) -> CeleryPublisher:
    aimed = settings.model_copy(update={"redis_url": SecretStr(broker.url)})
    return CeleryPublisher(make_app(aimed))


def test_di2_a_frozen_broker_holds_a_publisher_for_two_seconds_at_most(
    broker: PrivateValkey, settings: Settings
) -> None:
    publisher = publisher_to(broker, settings)
    publisher.publish("dispatch", "dispatch.advance", "d1", "1")
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(OperationalError):
                publisher.publish("dispatch", "dispatch.advance", "d1", "1")
            assert time.monotonic() - began < 2
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    publisher.publish("dispatch", "dispatch.advance", "d1", "1")


def test_di2_a_broker_that_died_and_came_back_takes_tasks_again(
    broker: PrivateValkey, settings: Settings
) -> None:
    publisher = publisher_to(broker, settings)
    publisher.publish("notify", "notify.send", "m1", "1")
    broker.kill()
    with pytest.raises(OperationalError):
        publisher.publish("notify", "notify.send", "m1", "1")
    broker.start()
    publisher.publish("notify", "notify.send", "m1", "1")


def test_di2_a_task_whose_process_is_killed_runs_again(
    broker: PrivateValkey, settings: Settings, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    command = [sys.executable, "-c", PROBE, broker.url, str(runs)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as worker:
        try:
            publisher_to(broker, settings).publish("dispatch", "probe.run", "d1", "1")
            os.kill(int(wait_for(runs / "d1.0")), signal.SIGKILL)
            wait_for(runs / "d1.1")
        finally:
            worker.send_signal(signal.SIGQUIT)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text(encoding="utf-8")):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{path.name} did not appear")
