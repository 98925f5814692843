"""One webhook at a time inside this process: its statements by kind, and where its time goes."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ivr_flows import engine
from ivr_flows.call import call_id_of
from router import app as wiring
from router.services.answer_webhooks import CallAnswers
from router.services.apply_input import Exchange
from router.services.dispatch_moves import Paging
from router.services.page_links import PageLinks
from router.storage import calls
from router.storage.database import DeadlineConnection
from router.storage.round_trip import Commit, Order, Row
from router.telephony import twiml
from router.telephony.urls import Urls
from router.web import signed
from router.web.crew import Crew
from tests.bench.site import Site
from tests.bench.wire import Signer, action_path, arrival

FIRST, STEP, TICK = "first TwiML", "keypad step", "wait tick"
OFFER, ACCEPT, JOIN = "offer answered", "offer accepted", "room joined"
WARM_UP = 5
KINDS = (FIRST, STEP, TICK, OFFER, ACCEPT, JOIN)
SCREENING = ("1", "2", "1", "1", "")  # English, no danger, myself, mental health, no place
ENDS = ("_commit_gen", "_rollback_gen")  # of a transaction that is over: nothing is sent
REST = "Flask, routing, the rest"
PARTS = (
    "form and signature",
    "change of thread",
    "SQLAlchemy and driver",
    "PostgreSQL: statements",
    "PostgreSQL: commit",  # with the statement that writes
    "advance (flows)",
    "render (TwiML)",
    "call to and from JSON",
    REST,
)


class Stopwatch:
    """Time spent in named parts, each without the parts inside it. One request at a time."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    def wrap(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, its time put down to `part`."""

        def timed(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever `work` takes
            with self.span(part):
                return work(*args, **named)

        return timed

    @contextmanager
    def span(self, part: str) -> Iterator[None]:
        """Put the block's time down to `part`."""
        self._turn()
        self._open.append(part)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now


@dataclass
class Inside:
    """Of each kind: milliseconds of every request by part, statements, and round trips."""

    parts: dict[str, list[Mapping[str, float]]] = field(default_factory=lambda: defaultdict(list))
    statements: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    round_trips: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def milliseconds(self, kind: str, part: str) -> float:
        """The median of a part."""
        return statistics.median(one.get(part, 0.0) for one in self.parts[kind]) * 1000

    def total_milliseconds(self, kind: str) -> float:
        """The median of the whole."""
        return statistics.median(sum(one.values()) for one in self.parts[kind]) * 1000


class Phones:
    """Drives whole calls through the webhooks as the carrier would, noting each request."""

    def __init__(self, site: Site, app: Flask, watch: Stopwatch, found: Inside) -> None:
        self._site = site
        self._app = app
        self.watch = watch
        self._found = found
        self._signer = Signer(
            site.settings.public_url, site.settings.twilio_auth_token.get_secret_value()
        )
        self.statements = 0
        self.round_trips = 0
        self.is_sending = self.is_committing = False

    def play(self, number: int, *, is_noted: bool) -> None:
        """One call from ring to a clinician who is in the room."""
        document = self._ask("/voice/inbound", arrival(number), FIRST if is_noted else "")
        for digits in SCREENING:
            path = action_path(document)
            document = self._ask(path, {"Digits": digits}, STEP if is_noted else "")
        call_id = call_id_of(path.split("/")[3])
        caller, clinician = f"/voice/caller/{call_id}-1", f"/voice/clinician/{call_id}-2"
        self._ask(f"{caller}/wait", {}, TICK if is_noted else "")
        document = self._ask(f"{clinician}/answered", {}, OFFER if is_noted else "")
        path = action_path(document)
        document = self._ask(path, {"Digits": "1"}, ACCEPT if is_noted else "")
        if "<Conference" not in document:
            raise RuntimeError(f"the clinician's acceptance was answered {document}")
        label = {"ParticipantLabel": f"{call_id}-2"}
        joined = {"StatusCallbackEvent": "participant-join", "FriendlyName": f"{call_id}.1"}
        self._ask(f"/voice/room/{call_id}/1", {**label, **joined}, JOIN if is_noted else "")
        with self._site.sessions.begin() as session:  # the next caller finds everyone free
            session.execute(
                text("UPDATE presence SET claimed_call_id = NULL, wrap_up_until = NULL")
            )

    def _ask(self, path: str, values: Mapping[str, str], kind: str) -> str:
        body, headers = self._signer.form(path, **values)
        environ = EnvironBuilder(
            path=path,
            method="POST",
            data=body.encode(),
            headers=[*headers.items()],
            content_type=headers["Content-Type"],
        ).get_environ()
        self.watch.spent.clear()
        self.statements = self.round_trips = 0
        with self.watch.span(REST):
            parts, status, _ = run_wsgi_app(self._app, environ)
            answer = b"".join(parts).decode()
        if not status.startswith("20") or "technical problem" in answer:
            raise RuntimeError(f"{path} was answered {status} {answer}")
        if kind:
            self._found.parts[kind].append(dict(self.watch.spent))
            self._found.statements[kind].append(self.statements)
            self._found.round_trips[kind].append(self.round_trips)
        return answer


def look_inside(site: Site, number: int) -> Inside:
    """Play `number` calls, one after another, after a few that warm up."""
    found, watch = Inside(), Stopwatch()
    with ExitStack() as patches:
        _time_parts(patches, watch)
        exchange = Exchange(
            site.sessions,
            Urls(site.settings.public_url),
            advance=watch.wrap("advance (flows)", engine.advance),
            render=watch.wrap("render (TwiML)", twiml.render),
        )
        links = PageLinks(site.settings.public_url, "bench")
        app = wiring.create_webhooks(site.settings, CallAnswers(exchange), Paging(exchange, links))
        phones = Phones(site, app, watch, found)
        _count(patches, site, phones)
        for one in range(number + WARM_UP):
            phones.play(900_000_000 + one, is_noted=one >= WARM_UP)
    return found


def _time_parts(patches: ExitStack, watch: Stopwatch) -> None:
    parts: list[tuple[Any, str, str]] = [
        (signed, "_is_signed", "form and signature"),
        (Crew, "run", "change of thread"),
        (Connection, "execute", "SQLAlchemy and driver"),
        (Session, "commit", "SQLAlchemy and driver"),
        (Session, "close", "SQLAlchemy and driver"),
        (Session, "connection", "SQLAlchemy and driver"),
        (calls, "from_document", "call to and from JSON"),
        (calls, "to_document", "call to and from JSON"),
    ]
    for owner, name, part in parts:
        patches.enter_context(patch.object(owner, name, watch.wrap(part, getattr(owner, name))))
    run = Crew.run

    def run_with_work_apart(crew: Crew, work: Callable[[], Any], seconds: float) -> Any:  # noqa: ANN401
        return run(crew, watch.wrap(REST, work), seconds)

    patches.enter_context(patch.object(Crew, "run", run_with_work_apart))


def _count(patches: ExitStack, site: Site, phones: Phones) -> None:
    """Count statements and round trips; time the trips, those that end in a COMMIT apart."""
    bind = site.sessions.kw["bind"]
    wait, send = DeadlineConnection.wait, DeadlineConnection.send
    watch = phones.watch

    def on_statement(*_: object) -> None:
        phones.statements += 1

    def timed_send(
        connection: DeadlineConnection, orders: Sequence[Order], commit: Commit | None
    ) -> list[list[Row]]:
        phones.statements += len(orders)
        phones.is_sending, phones.is_committing = True, commit is not None
        with watch.span("SQLAlchemy and driver"):
            rows = send(connection, orders, commit)
        phones.is_sending = phones.is_committing = False
        return rows

    def timed_wait(connection: DeadlineConnection, gen: Any, *args: Any, **named: Any) -> Any:  # noqa: ANN401
        is_idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if phones.is_sending or not is_idle:
            phones.round_trips += 1
        elif gen.__name__ not in ENDS:
            phones.round_trips += 2  # the driver sends BEGIN by itself
        part = "commit" if phones.is_committing else "statements"
        with watch.span(f"PostgreSQL: {part}"):
            return wait(connection, gen, *args, **named)

    event.listen(bind, "before_cursor_execute", on_statement)
    patches.callback(event.remove, bind, "before_cursor_execute", on_statement)
    patches.enter_context(patch.object(DeadlineConnection, "wait", timed_wait))
    patches.enter_context(patch.object(DeadlineConnection, "send", timed_send))
