"""Servers, databases and settings for every test.

One PostgreSQL and one Valkey serve a whole run; under xdist its controller starts them. A database
is a copy of a template that Alembic has migrated to head; the template is kept until a migration
changes.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hypothesis
import psycopg
import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from router.config import Settings
from router.demo.servers import (
    PrivatePostgres,
    PrivateValkey,
    ServerError,
    create_database,
    drop_database,
    list_databases,
)
from router.storage.database import make_engine
from tests.spare_databases import SpareDatabases

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".state" / "tests"
OURS = "switchback_test_"  # all databases that a run may drop begin so
TOGETHER = ("tests/calls/", "tests/faults/", "tests/demo/test_demo.py")
SERVERS = pytest.StashKey[dict[str, str]]()
RUNNING = pytest.StashKey[ExitStack]()


class MigrationError(Exception):
    """The migrations do not run on an empty database."""


def pytest_configure(config: pytest.Config) -> None:
    """Take the servers that xdist's controller started, in its workers; keep tracebacks plain.

    The default logger draws each with all local variables, which takes seconds. No property fails
    because the machine is busy.
    """
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])
    hypothesis.settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("any machine")
    given = getattr(config, "workerinput", {}).get("servers")
    if given is not None:
        config.stash[SERVERS] = given


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist publishes no type for it
    """Hand the servers to a worker, as xdist's controller."""
    node.workerinput["servers"] = start_servers(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:  # noqa: ANN401 - as above
    """Spread tests over the workers one by one, but those that share a whole Switchback together.

    xdist's own groups do nothing under pytest 9.2, which no longer reads the name they write.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - absent without xdist

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # publishes no types
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return next((group for group in TOGETHER if path.startswith(group)), nodeid)

    return Scheduling(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers of this run."""
    if RUNNING in config.stash:
        config.stash[RUNNING].close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the failure matrix, whichever process has played its cells."""
    reports = (one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind))
    properties = (named for one in reports for named in getattr(one, "user_properties", ()))
    rows = [value for name, value in properties if name == "failure matrix"]
    if rows:
        from tests.matrix.table import print_tables  # noqa: PLC0415 - and all that it needs

        print_tables(terminalreporter, rows)


def start_servers(config: pytest.Config) -> dict[str, str]:
    """Start what the environment does not give; once a run.

    The result holds `postgres` and `template`, and `redis`; or `no_postgres`, `no_redis` with the
    reason, or `broken` with what the migrations said.
    """
    if SERVERS not in config.stash:
        running = config.stash[RUNNING] = ExitStack()
        config.stash[SERVERS] = _start_postgres(running) | _start_redis(running)
    return config.stash[SERVERS]


def _start_postgres(running: ExitStack) -> dict[str, str]:
    server_url = os.environ.get("DATABASE_URL", "").replace("postgres://", "postgresql://")
    try:
        if not server_url:
            server = running.enter_context(PrivatePostgres(STATE, durable=False))
            server_url = server.url("postgres")
            for name in list_databases(server_url):
                if name.startswith(f"{OURS}run_"):  # a run that was killed left it
                    drop_database(server_url, name)
        return {"postgres": server_url, "template": migrated_template(server_url)}
    except MigrationError as error:
        return {"broken": str(error)}
    except (ServerError, psycopg.Error) as error:
        return {"no_postgres": str(error)}


def _start_redis(running: ExitStack) -> dict[str, str]:
    url = os.environ.get("REDIS_URL")
    try:
        return {"redis": url or running.enter_context(PrivateValkey(STATE)).url}
    except ServerError as error:
        return {"no_redis": str(error)}


def migrated_template(server_url: str) -> str:
    """The name of a database migrated to head, made if it is not there."""
    migrations = sorted((ROOT / "migrations").rglob("*.py"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in migrations)).hexdigest()[:16]
    name = f"{OURS}template_{digest}"
    known = list_databases(server_url)
    if name in known:
        return name
    for old in known:
        if old.startswith(f"{OURS}template_"):
            drop_database(server_url, old)
    unfinished = f"{OURS}run_{uuid.uuid4().hex}"
    create_database(server_url, unfinished)
    migrate(database_of(server_url, unfinished))
    create_database(server_url, name, template=unfinished)
    drop_database(server_url, unfinished)
    return name


def migrate(url: str) -> None:
    """Run Alembic as `release` does. Raises MigrationError with its last words."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "DATABASE_URL": url},
    )
    if done.returncode:
        raise MigrationError(f"The migrations fail:\n{done.stderr[-2000:]}")


def database_of(server_url: str, name: str) -> str:
    """The address of another database of a server."""
    address, _, query = server_url.partition("?")
    changed = f"{address.rpartition('/')[0]}/{name}"
    return f"{changed}?{query}" if query else changed


def go_without(reason: str) -> NoReturn:
    """Skip a test, loudly; where everything must be tested, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def a_database(servers: dict[str, str]) -> Iterator[str]:
    """The address of a fresh, migrated database; see `go_without` for where none can be had."""
    if "broken" in servers:
        pytest.fail(servers["broken"], pytrace=False)
    if "postgres" not in servers:
        go_without(f"NO DATABASE, so this is untested: {servers['no_postgres']}")
    name = f"{OURS}run_{uuid.uuid4().hex}"
    create_database(servers["postgres"], name, template=servers["template"])
    yield database_of(servers["postgres"], name)
    drop_database(servers["postgres"], name)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> dict[str, str]:
    """The run's servers; see `start_servers`."""
    return start_servers(request.config)


@pytest.fixture(scope="session")
def database_url(servers: dict[str, str]) -> Iterator[str]:
    """A database of this xdist worker's own. Tests that commit take `own_database_url`."""
    with a_database(servers) as url:
        yield url


@pytest.fixture(scope="session")
def spare_databases(servers: dict[str, str]) -> Iterator[SpareDatabases]:
    """Databases of this xdist worker that a test is done with."""
    spare = SpareDatabases(lambda: a_database(servers))
    yield spare
    spare.close()


@pytest.fixture
def own_database_url(spare_databases: SpareDatabases) -> Iterator[str]:
    """A database for one test alone, in which it may commit but not change a table's form."""
    with spare_databases.borrowed() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(servers: dict[str, str]) -> str:
    """A Redis that forgets; xdist's workers have a numbered database each."""
    if "redis" not in servers:
        go_without(f"NO REDIS, so this is untested: {servers['no_redis']}")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{servers['redis'].rpartition('/')[0]}/{worker}"


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings with made-up secrets and absent servers; the environment is not read."""
    return Settings.model_validate(
        {
            "env": "test",
            "database_url": "postgresql://nobody@127.0.0.1:1/none",
            "redis_url": "redis://127.0.0.1:1/0",
            "secret_key": secrets.token_urlsafe(48),
            "field_keys": f"1:{a_key()}",
            "search_key": a_key(),
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": secrets.token_hex(16),
            "public_url": "https://switchback.test",
            "log_format": "plain",
        }
    )


def a_key() -> str:
    """A new AES-256 key in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="session")
def engine(settings: Settings, database_url: str) -> Iterator[Engine]:
    """An engine on the worker's database, as the program makes it; nothing may be committed."""
    with an_engine(settings, database_url) as engine:
        yield engine


@pytest.fixture
def own_engine(settings: Settings, own_database_url: str) -> Iterator[Engine]:
    """An engine on a database of this test's own, in which it may commit."""
    with an_engine(settings, own_database_url) as engine:
        yield engine


@contextmanager
def an_engine(settings: Settings, url: str) -> Iterator[Engine]:
    """The program's engine for another database than the settings name."""
    aimed = settings.model_copy(update={"database_url": SecretStr(url)})
    engine = make_engine(aimed, application_name="tests")
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose every change, committed or not, is gone after the test."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(
            connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
            autoflush=False,
        ) as session:
            yield session
        outer.rollback()


@pytest.fixture
def served_settings(settings: Settings, own_database_url: str, redis_url: str) -> Settings:
    """Settings that name a database of this test's own and the run's Redis."""
    servers = {"database_url": SecretStr(own_database_url), "redis_url": SecretStr(redis_url)}
    return settings.model_copy(update=servers)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. Without one tests skip, loudly, and in CI they fail."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        go_without("NO CHROMIUM, so pages are untested: install one, or set CHROMIUM to its path")
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium without a window, with a pretended microphone.

    Its event loop runs until the module ends, so a module with a browser has no asyncio of its own.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and few tests need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",  # it does not start without, as root
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-quic",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield browser
        browser.close()
