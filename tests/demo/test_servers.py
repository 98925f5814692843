"""Private servers: started from nothing, kept, restarted, and gone with their parent."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from router.demo.servers import (
    PrivatePostgres,
    PrivateValkey,
    ServerError,
    create_database,
    drop_database,
    find_postgres,
    libpq_url,
    list_databases,
)

PARENT = """
import sys, time
from pathlib import Path
from router.demo.servers import PrivatePostgres, PrivateValkey
state = Path(sys.argv[1])
with PrivatePostgres(state, durable=False) as postgres, PrivateValkey(state) as valkey:
    print(postgres.pid, valkey.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that everyone may pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder / "state"
    shutil.rmtree(folder)


def is_running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be collected."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def wait_gone(pids: list[int]) -> None:
    """Wait for processes to end."""
    deadline = time.monotonic() + 15
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline, f"still running: {pids}"
        time.sleep(0.02)


def test_a_database_outlives_its_server(state: Path) -> None:
    with PrivatePostgres(state, durable=False) as server:
        create_database(server.url("postgres"), "kept")
    with PrivatePostgres(state, durable=False) as server:
        assert "kept" in list_databases(server.url("postgres"))
        drop_database(server.url("postgres"), "kept")
        assert "kept" not in list_databases(server.url("postgres"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start it as someone else")
def test_root_runs_it_as_someone_else(state: Path) -> None:
    with PrivatePostgres(state, durable=False) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start it as someone else")
def test_root_may_keep_its_folders_to_itself(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = find_postgres().parents[1]
    installation = tmp_path / package.name / find_postgres().parent.name
    shutil.copytree(find_postgres().parent, installation)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, tmp_path / libraries.name)
    monkeypatch.setattr("router.demo.servers.find_postgres", lambda: installation / "bin")
    state.parent.chmod(0o700)
    with PrivatePostgres(state, durable=False) as server:
        first = server.home
        assert not first.is_relative_to(state)
        create_database(server.url("postgres"), "kept")
    with PrivatePostgres(state, durable=False) as server:
        assert server.home == first
        assert "kept" in list_databases(server.url("postgres"))
        server.wipe()
    assert not first.exists()


def test_only_its_password_opens_it(state: Path) -> None:
    with PrivatePostgres(state, durable=False) as server:
        url = libpq_url(server.url("postgres"))
        password = url.split(":")[2].partition("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace(password, "guessed"))
        assert stat.S_IMODE(server.home.stat().st_mode) == 0o700


def test_a_second_user_of_a_folder_takes_another(state: Path) -> None:
    with PrivateValkey(state) as first, PrivateValkey(state) as second:
        assert first.home != second.home
        redis.Redis.from_url(first.url).set("mine", "1")
        assert redis.Redis.from_url(second.url).get("mine") is None
    with PrivateValkey(state) as third:
        assert third.home == first.home


@pytest.mark.parametrize("kind", [PrivatePostgres, PrivateValkey])
def test_a_killed_server_comes_back_on_its_port(
    state: Path, kind: type[PrivatePostgres | PrivateValkey]
) -> None:
    with kind(state) as server:
        port, pid = server.port, server.pid
        server.kill()
        wait_gone([pid])
        with pytest.raises(ServerError):
            _ = server.pid
        server.start()
        assert server.port == port


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_parent_ends(state: Path, how: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, state],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.send_signal(how)
    wait_gone(pids)


def test_a_server_that_outlived_its_parent_is_ended_first(state: Path) -> None:
    orphaned = PrivatePostgres(state, durable=False)
    orphaned.start()
    pid = orphaned.pid
    orphaned._folder.release()
    with PrivatePostgres(state, durable=False) as server:
        assert server.home == orphaned.home
        assert server.pid != pid
        orphaned.stop()
    wait_gone([pid])


def test_a_server_that_cannot_start_says_why(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = PrivateValkey(state)
    monkeypatch.setattr(server, "_binary", "false")
    with pytest.raises(ServerError, match="does not start"):
        server.start()
    server.close()


def test_without_binaries_it_says_what_helps(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    with pytest.raises(ServerError, match="set DATABASE_URL, for example"):
        PrivatePostgres(state)
