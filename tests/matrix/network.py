"""A telephone network, our web process and our switchboard in one thread, on one clock by hand.

The emulator's webhooks go straight into the web application, and the switchboard's requests
straight into the emulator's: the same paths, forms, signatures and errors as on the wire, without
sockets. Nothing happens but what time or a deed brings about, so that what is measured is exact and
the same in every run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar
from unittest.mock import Mock, patch
from urllib.parse import urlencode, urlsplit

import psycopg
from aiohttp import StreamReader, encode_basic_auth, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpVersion11, RawRequestMessage
from itsdangerous import timed
from multidict import CIMultiDict, CIMultiDictProxy
from requests.exceptions import ReadTimeout
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from twilio.http import HttpClient
from twilio.http.response import Response
from werkzeug.test import Client
from yarl import URL

from ivr_flows.call import Call, from_document
from ivr_flows.inputs import TimePassed
from router.app import create_webhooks
from router.config import Settings
from router.demo.seed import seed
from router.emulator.clock import Clock
from router.emulator.party import Party, Person, Profile
from router.emulator.server import build_app
from router.emulator.switches import Switches
from router.emulator.urls import Overrides
from router.emulator.webhooks import Reply, Webhook, Webhooks, _Sent
from router.emulator.world import World
from router.services.answer_webhooks import CallAnswers
from router.services.apply_input import Exchange, apply_input
from router.services.carry_out import Outgoing, carry_out, claim_commands
from router.services.dispatch_moves import Paging
from router.services.offer_waiting import offer_waiting
from router.services.outages import Outages
from router.services.page_links import PageLinks
from router.services.repair_legs import Repair
from router.services.settle_unknown import list_stale, settle
from router.services.sign_on import sign_off
from router.storage import database
from router.storage.calls import list_due_call_ids
from router.storage.database import make_engine, make_sessions
from router.storage.tables import presence
from router.telephony.rest import Carrier
from router.telephony.urls import Urls
from router.web import failsafe

T = TypeVar("T")

START = datetime(2031, 3, 4, 18, tzinfo=UTC)  # after every program that is published here
PUBLIC_URL = "http://127.0.0.1"
THREADS = 8  # of each of the executor's lanes
CALLS_PER_SECOND = 50
SWEEP_SECONDS = 1.0
LOOK_UP_SWEEPS = 2
ROUND_SWEEPS = 30
MOST_TURNS = 200  # of commands that follow from one another in one moment
HANG_SECONDS = 0.01  # of wall time, before a request that is left hanging is given up
OF_CALLS = "calls, incidents, outbox, receipts, rate_limits"  # and all that belongs to them
BATCH = 100
NEVER = float("inf")
_CONNECT = database._connect


class NetworkClock:
    """Our clock port, set by the network's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, database_now: datetime) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)


class DirectWebhooks(Webhooks):
    """The emulator's webhooks, handed to the application without a connection."""

    def __init__(self, world: World, application: Client) -> None:
        super().__init__(world)
        self._application = application
        self._clock = world.clock

    async def _exchange(
        self, hook: Webhook, url: str, limits: Overrides, remaining: float, sent: _Sent
    ) -> Reply:
        target, headers, body = self._compose(hook, hook.method, url, sent.token)
        sent.signature = headers["X-Twilio-Signature"]
        sent.at = self._clock.now()
        address = urlsplit(target)
        answer = self._application.open(
            path=f"{address.path}?{address.query}" if address.query else address.path,
            base_url=f"{address.scheme}://{address.netloc}",
            method=hook.method,
            headers=[*headers.items()],
            data=body,
        )
        sent.answered_at = self._clock.now()
        return Reply(url, answer.status_code, answer.get_data(as_text=True), answer.mimetype or "")


class DirectHttp(HttpClient):  # type: ignore[misc] # publishes no types
    """Twilio's client, whose requests are handed to the emulator without a connection."""

    def __init__(
        self, run: Callable[[Coroutine[Any, Any, Any]], Any], application: web.Application
    ) -> None:
        super().__init__(logging.getLogger("silent"), is_async=False)
        self._run, self._application = run, application
        self._wire = Mock()  # nothing is read from it, and nothing written to it

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: object,
    ) -> Response:
        given = CIMultiDict(headers or {})
        given["Host"] = "127.0.0.1"
        given["Authorization"] = encode_basic_auth(*auth) if auth is not None else ""
        body = urlencode(data or {}, doseq=True).encode()
        if method == "POST":
            given["Content-Type"] = "application/x-www-form-urlencoded"
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        path = f"{urlsplit(uri).path}{query}"
        try:
            answer = self._run(self._ask(method, path, given, body))
        except TimeoutError:
            raise ReadTimeout from None
        return Response(answer.status, answer.text or "", dict(answer.headers))

    async def _ask(
        self, method: str, path: str, headers: CIMultiDict[str], body: bytes
    ) -> web.Response:
        loop = asyncio.get_running_loop()
        content = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
        content.feed_data(body)
        content.feed_eof()
        raw = tuple((name.encode(), value.encode()) for name, value in headers.items())
        given = CIMultiDictProxy(headers)
        message = RawRequestMessage(
            method, path, HttpVersion11, given, raw, False, None, False, False, URL(path)
        )
        request = web.Request(message, content, self._wire, self._wire, self._wire, loop)
        answer = await asyncio.wait_for(self._application._handle(request), HANG_SECONDS)
        assert isinstance(answer, web.Response)
        return answer


class Todo(NamedTuple):
    """What the switchboard would find to do; moments in seconds."""

    deadline_at: float
    order_at: float
    someone_waits: bool
    someone_attempts: bool


class Network:
    """One program's Switchback and its telephone company.

    What happens is told in the transcripts of the emulator's parties. `state_dir` holds the file of
    the fail-safe.
    """

    def __init__(self, settings: Settings, state_dir: Path, program: Path) -> None:
        self.settings = settings.model_copy(
            update={
                "public_url": PUBLIC_URL,
                "state_dir": state_dir,
                "webhook_deadline_seconds": 10,
            }
        )
        self._loop = asyncio.new_event_loop()
        account = settings.twilio_account_sid
        token = settings.twilio_auth_token.get_secret_value()
        self.world = World(account, token, Clock("manual", start=START.timestamp()), seed=1)
        with patch.object(database, "_connect", self._connect):
            self.engine = make_engine(self.settings, application_name="matrix")
        outages = Outages(lambda: self.now)
        outages.watch(self.engine)
        self._own = psycopg.connect(
            settings.database_url.get_secret_value().replace("+psycopg", ""), autocommit=True
        )
        self._is_down = self._was_down = False
        urls = Urls(PUBLIC_URL)
        self.exchange = Exchange(
            make_sessions(self.engine), urls, clock=NetworkClock(self.world.clock)
        )
        with self.exchange.sessions.begin() as session:
            self.seeded = seed(session, self.settings, program)
        rest = build_app(self.world)
        rest.freeze()
        with patch(
            "router.telephony.rest.TwilioHttpClient", lambda **_: DirectHttp(self.run, rest)
        ):
            self._carrier = Carrier(account, token, urls)
        self._outgoing = Outgoing(
            self.exchange,
            self._carrier,
            worker="matrix",
            account=account,
            calls_per_second=CALLS_PER_SECOND,
            record_is_doubtful=outages.are_recent,
        )
        self._repair = Repair(self._outgoing)
        paging = Paging(self.exchange, PageLinks(PUBLIC_URL, "secret"))
        self.failsafe_news: list[Callable[[], None]] = []
        with patch("router.app.FailsafeNews", self._take_news):
            application = create_webhooks(self.settings, CallAnswers(self.exchange), paging)
        self.world.webhooks = DirectWebhooks(self.world, Client(application))
        for number in self.seeded.lines.values():
            self._carrier._client.incoming_phone_numbers.create(
                phone_number=number,
                voice_url=urls.inbound(),
                voice_fallback_url=urls.inbound_fallback(),
                status_callback=urls.inbound_status(),
            )
        self._next_sweep, self._next_due, self._sweeps = self.now, NEVER, 0

    def close(self) -> None:
        """Let go of everything."""
        self.world.reset()
        self.run(self.world.settle())
        self._loop.close()
        self._own.close()
        self.engine.dispose()

    @property
    def now(self) -> float:
        """Seconds, by the only clock."""
        return self.world.clock.now()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something of the telephone network's to its end."""
        return self._loop.run_until_complete(work)

    def do(self, deed: Callable[[], object]) -> None:
        """Do something at a phone, and let all follow that follows at once."""

        async def act() -> None:
            await self.world.settle()
            deed()
            await self.world.clock.advance(0)

        self.run(act())
        self._work()

    def clear(self) -> None:
        """Forget every call, as if none had ever been; everybody is free again, in their order."""
        if self._was_down:
            self.engine.dispose()
        self._is_down = self._was_down = False
        self.world.reset()
        self.run(self.world.settle())
        self.world.switches = Switches()
        self._own.execute(f"truncate {OF_CALLS} cascade")
        self.run(self.world.clock.advance(SWEEP_SECONDS - self.now % SWEEP_SECONDS))
        self._next_sweep, self._next_due, self._sweeps = self.now, NEVER, 0
        self.failsafe_news.clear()
        self._outgoing.readings.clear()
        self._repair.suspects.clear()
        everybody = (*self.seeded.clinicians, *self.seeded.call_takers, *self.seeded.supervisors)
        with self.exchange.sessions.begin() as session:
            for place, person in enumerate(everybody):
                session.execute(
                    update(presence)
                    .where(presence.c.person_id == person.id)
                    .values(
                        signed_on_at=self._moment(),
                        idle_since=self._moment() - timedelta(hours=1, minutes=-place),
                        claimed_call_id=None,
                        wrap_up_until=None,
                        paused_at=None,
                        pause_reason="",
                        missed_offers=0,
                    )
                )

    def sign_off(self, *person_ids: str) -> None:
        """They are offered nothing."""
        for person_id in person_ids:
            sign_off(self.exchange.sessions, person_id)

    def phone(self, name: str, number: str, *, people: Sequence[str] = (), lines: int = 1) -> Party:
        """Somebody's phone, which rings until they pick it up."""
        profile = Profile(name, [Person(one) for one in people or (name,)], lines=lines)
        party = self.world.parties[number] = Party(self.world, number, profile)
        return party

    def calls(self) -> list[Call]:
        """Every call, as stored."""
        rows = self._own.execute("select state from calls order by opened_at, id").fetchall()
        return [from_document(row[0]) for row in rows]

    def last_told(self) -> int:
        """The number of the newest webhook."""
        entries = self.world.webhooks.log._entries
        return entries[-1]["seq"] if entries else 0

    def told_at(self, sids: set[str], after: int) -> float | None:
        """When the first webhook after that number reached us which tells of one of those calls.

        A wait's next document tells nothing, unless a key was pressed in it.
        """
        for entry in self.world.webhooks.log.after(after):
            params, is_told = entry["params"], entry["status"]
            tells = entry["kind"] != "wait" or params.get("Digits")
            about = {params.get("CallSid"), params.get("DialCallSid")}
            if is_told and tells and about & sids:
                return float(entry["sent_at"])
        return None

    def is_at_rest(self) -> bool:
        """Whether no phone is in a call and no call of ours is open."""
        return not self.world.live_calls() and not self.unfinished()

    def everybody_hangs_up(self) -> None:
        """Every phone is put down."""
        for call in self.world.live_calls():
            self.do(call.hang_up)

    def ringing(self) -> list[str]:
        """Whose phones ring."""
        return [call.to for call in self.world.live_calls() if call.status == "ringing"]

    def unfinished(self) -> list[str]:
        """Calls and legs that are not over, and people who are claimed, as we have them."""
        rows = self._own.execute(
            "select 'call ' || id || ' ' || stage from calls where stage <> 'closed'"
            " union all select 'leg ' || id || ' ' || place from legs where place <> 'ended'"
            " union all select person_id || ' is claimed' from presence"
            " where claimed_call_id is not null"
        )
        return [row[0] for row in rows.fetchall()]

    def unexpected(self) -> list[str]:
        """What must not happen in any trouble: phones that nobody has, a network that breaks."""
        rings = self.world.unexpected_rings.after()
        broken = [one for one in self.world.events.after() if one["kind"] == "emulator_error"]
        return [str(one) for one in (*rings, *broken)]

    def complaints(self) -> list[str]:
        """The same, and what the telephone company has to say against us."""
        return [*self.unexpected(), *(str(one) for one in self.world.debugger.log.after())]

    def story(self) -> list[str]:
        """The calls' timelines, to be read."""
        rows = self._own.execute(
            "select extract(epoch from at), leg_id, kind, details from timeline order by at, id"
        ).fetchall()
        return [f"  {float(row[0]) % 1000:7.2f} {row[1]:<16} {row[2]} {row[3]}" for row in rows]

    # Trouble

    @contextmanager
    def keeping_the_failsafes_time(self) -> Iterator[None]:
        """Inside, the fail-safe's signed hold goes by this network's clock too."""
        hands = SimpleNamespace(time=self.world.clock.now)
        with patch.object(failsafe, "time", hands), patch.object(timed, "time", hands):
            yield

    def lose_database(self, seconds: float) -> None:
        """Every connection breaks, and no new one is to be had for so long."""
        self._is_down = self._was_down = True
        self._own.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

        def be_back() -> None:
            self._is_down = False

        self.world.clock.call_later(seconds, be_back)

    def _connect(self, *given: Any) -> database.DeadlineConnection:  # noqa: ANN401 - SQLAlchemy's
        if self._is_down:
            raise psycopg.OperationalError("connection refused: the database fails over")
        return _CONNECT(*given)

    # Time

    def pass_time(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Move the clock, event by event, until it holds or the time is over."""
        end = self.now + seconds
        while not until():
            if self.now >= end:
                return False
            self._step(end)
        return True

    def _step(self, end: float) -> None:
        """On to the next moment in which something may happen."""
        clock, told = self.world.clock, self.last_told()
        timers = [timer.due for timer in clock._heap if not timer.cancelled]
        moment = max(self.now, min([end, self._next_sweep, self._next_due, *timers]))
        self.run(clock.advance(moment - self.now))
        if self.now >= self._next_sweep:
            self._next_sweep += SWEEP_SECONDS
            self._sweeps += 1
            self._guarded(self._sweep)
        elif self.now < self._next_due and self.last_told() == told:
            return
        self._work()

    def _work(self) -> None:
        """What the switchboard does when it is woken, until nothing more follows in this moment."""
        self._guarded(self._tell_news)
        for _ in range(MOST_TURNS):
            todo = self._look()
            turns = (
                (todo.deadline_at <= self.now, self._tell_time),
                (todo.order_at <= self.now, self._carry_out),
                (todo.someone_waits, self._offer),
            )
            moved = [self._guarded(turn) for is_due, turn in turns if is_due]
            if not any(moved):
                break
        due_at = min(todo.deadline_at, todo.order_at)
        # What cannot be done now is tried again with the next sweep.
        self._next_due = due_at if due_at > self.now else self._next_sweep

    def _take_news(self, tell: Callable[[str], None]) -> SimpleNamespace:
        """Stands for `router.web.failsafe_news`, whose thread goes by another clock."""
        return SimpleNamespace(add=lambda leg_id: self.failsafe_news.append(partial(tell, leg_id)))

    def _tell_news(self) -> bool:
        """What the web process has kept for when the database is back."""
        while self.failsafe_news:
            self.failsafe_news[0]()
            self.failsafe_news.pop(0)
        return False

    def _tell_time(self) -> bool:
        with self.exchange.sessions() as session:
            due = list_due_call_ids(session, self._moment(), BATCH)
        answers = [apply_input(self.exchange, call_id, TimePassed()) for call_id in due]
        return any(one.step is not None and not one.step.ignored for one in answers)

    def _carry_out(self) -> bool:
        claims = claim_commands(self._outgoing, THREADS, THREADS)
        rows = [*claims.urgent, *claims.others]
        for row in rows:
            with self._outliving_the_database():  # it stays as attempted, and is looked up
                carry_out(self._outgoing, row)
        self.run(self.world.settle())
        return bool(rows)

    def _offer(self) -> bool:
        return bool(offer_waiting(self.exchange))

    def _sweep(self) -> bool:
        """What the switchboard does from time to time: attempts without a result, and repairs."""
        if self._sweeps % LOOK_UP_SWEEPS:
            return False
        if self._look().someone_attempts:
            for row in list_stale(self._outgoing):
                settle(self._outgoing, row)
        is_round = self._sweeps % ROUND_SWEEPS == 0
        if is_round or self._repair.is_second_reading_due():
            self._repair.look()
        return True

    def _guarded(self, turn: Callable[[], bool]) -> bool:
        """A loop of the switchboard outlives the database: its next turn comes with the sweep."""
        with self._outliving_the_database():
            return turn()
        return False

    @contextmanager
    def _outliving_the_database(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError:
            if not self._was_down:
                raise

    def _look(self) -> Todo:
        """What there is to do, asked on a connection that never fails: idle seconds cost little."""
        row = self._own.execute(
            "select (select min(due_at) from calls), (select min(due_at) from outbox"
            " where state = 'ready' and kind = 'call'), exists (select from calls where desk <> ''"
            " and stage in ('waiting', 'consulting', 'returning')),"
            " exists (select from outbox where state = 'attempting')"
        ).fetchone()
        assert row is not None
        deadline_at, order_at = (NEVER if at is None else at.timestamp() for at in row[:2])
        return Todo(deadline_at, order_at, someone_waits=row[2], someone_attempts=row[3])

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)
