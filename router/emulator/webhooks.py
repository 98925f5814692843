"""Sends webhooks as Twilio does: signed, with its time-outs, retries, cookies and order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urljoin, urlsplit

import aiohttp
import yarl

from .answers import Cache, decode, read
from .clock import Clock
from .feed import Feed
from .signature import sign, with_body_hash
from .urls import Overrides, is_local, split_overrides, with_query

if TYPE_CHECKING:
    from .world import World

SUCCESS, REFUSED, BROKEN = 2, 4, 5  # the hundreds of an HTTP status
MAX_REDIRECTS = 10  # Twilio: more is error 11215
# Callbacks of one call leave in order; a slow answer holds the next one back no longer than this.
PATIENCE_SECONDS = 1.0
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_MOVED = (301, 302, 303, 307, 308)
_NOT_MODIFIED = 304


@dataclass
class Reply:
    """What came back: an HTTP answer, or the Twilio error code of why none did."""

    url: str
    status: int = 0
    body: str = ""
    content_type: str = ""
    error: int = 0
    message: str = ""
    # An empty body that came in chunks is an error of its own for a document.
    is_empty_chunked: bool = False

    @property
    def ok(self) -> bool:
        return not self.error and self.status // 100 == SUCCESS


@dataclass
class Webhook:
    """A request to the application: what it is for, where to, and with what.

    `json_body` is sent in place of the form, signed as Twilio signs what is no form.
    """

    kind: str
    url: str
    params: dict[str, str]
    method: str = "POST"
    call_sid: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    json_body: bytes | None = None


class Webhooks:
    """Everything that is sent to the application, and the log of it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._http: aiohttp.ClientSession | None = None
        self._lanes: dict[str, deque[Webhook]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._together: list[tuple[str, Webhook, int]] = []
        self._cache = Cache()
        self.in_flight = 0
        self._landed: asyncio.Future[None] | None = None
        self.log = Feed(world.clock, limit=5_000)

    async def open(self) -> None:
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            # A kept connection may be closed by the application just as a webhook leaves on it,
            # which would look like a failure of the application.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            auto_decompress=True,
            trace_configs=[_stamping(self._world.clock)],
        )

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._http is not None:
            await self._http.close()

    async def ask(self, webhook: Webhook) -> Reply:
        """Request a document. A caller that is cancelled leaves the request to finish unheard."""
        await self._world.clock.sleep(self._world.switches.callback_latency_seconds)
        rule = self._world.faults.for_callback(webhook.kind)
        if rule and rule.do in ("delay", "reorder"):
            await self._world.clock.sleep(rule.seconds)
        if rule and rule.do == "drop":
            self._lose(webhook)
            return Reply(webhook.url, error=11205, message="HTTP connection failure")
        if rule and rule.do == "repeat":
            self._start(self._request(webhook))
        return await asyncio.shield(self._start(self._request(webhook)))

    def tell(self, lane: str, webhook: Webhook) -> None:
        """Send a callback after the earlier ones of its lane (a call or a conference)."""
        rule = self._world.faults.for_callback(webhook.kind)
        if rule and rule.do == "drop":
            self._lose(webhook)
            return
        if rule and rule.do == "reorder":
            late = webhook
            self._world.clock.call_later(rule.seconds, lambda: self._tell_now(lane, late))
            return
        latency = self._world.switches.callback_latency_seconds
        wait = latency + (rule.seconds if rule and rule.do == "delay" else 0)
        copies = 2 if rule and rule.do == "repeat" else 1
        if wait > 0:
            self._world.clock.call_later(wait, lambda: self._tell_now(lane, webhook, copies))
        else:
            self._tell_now(lane, webhook, copies)

    def _lose(self, webhook: Webhook) -> None:
        lost = Reply(webhook.url, error=11205, message="dropped by a fault")
        self._note(webhook, lost, _Sent())

    def _tell_now(self, lane: str, webhook: Webhook, copies: int = 1) -> None:
        if self._world.switches.callback_order == "as_happened":
            self._line_up(lane, webhook, copies)
            return
        self._together.append((lane, webhook, copies))
        if len(self._together) == 1:
            self._start(self._sort_out())

    async def _sort_out(self) -> None:
        """Callbacks of one moment in the order the switch asks for."""
        await self._world.idle()
        first = self._world.switches.callback_order.removesuffix("_first").replace("call", "status")
        together, self._together = self._together, []
        for lane, webhook, copies in sorted(together, key=lambda told: told[1].kind != first):
            self._line_up(lane, webhook, copies)

    def _line_up(self, lane: str, webhook: Webhook, copies: int) -> None:
        waiting = self._lanes.get(lane)
        if waiting is None:
            self._lanes[lane] = deque([webhook] * copies)
            self._start(self._drain(lane))
        else:
            waiting.extend([webhook] * copies)

    async def _drain(self, lane: str) -> None:
        waiting = self._lanes[lane]
        while waiting:
            task = self._start(self._callback(waiting.popleft()))
            # One at a time, nothing may depend on how long an answer takes.
            await asyncio.wait([task], timeout=None if self._is_serial() else PATIENCE_SECONDS)
        del self._lanes[lane]

    async def _callback(self, webhook: Webhook) -> None:
        reply = await self._request(webhook)
        if not reply.ok:
            # Twilio: 15003 for a bad answer to a callback; no answer at all is 11200 or 11205.
            code = 15003 if reply.status else reply.error
            text = reply.message or f"Warning Response to Callback URL: HTTP {reply.status}"
            self._world.debugger.report(code, text, webhook.call_sid, webhook.url)

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something the clock has to wait for."""
        self.in_flight += 1
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def landed(self) -> None:
        """Wait until nothing is under way to the application."""
        if self.in_flight:
            self._landed = self._landed or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._landed)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self.in_flight -= 1
        if not self.in_flight and self._landed is not None:
            self._landed.set_result(None)
            self._landed = None
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._world.events.add("emulator_error", error=repr(task.exception()))

    def _is_serial(self) -> bool:
        mode = self._world.switches.serial_webhooks
        return mode == "on" or (mode == "auto" and self._world.clock.mode == "manual")

    async def _request(self, webhook: Webhook) -> Reply:
        if not self._is_serial():
            return await self._attempts(webhook)
        async with self._one_at_a_time:
            # All that follows from what was before has been lined up when this one leaves, and all
            # that the application does over REST while it answers when its answer is acted upon.
            await self._world.idle()
            reply = await self._attempts(webhook)
            await self._world.idle()
            return reply

    async def _attempts(self, webhook: Webhook) -> Reply:
        """All attempts the address asks for, inside Twilio's ceiling over one webhook."""
        switches, report = self._world.switches, self._world.debugger.report
        plain, overrides = split_overrides(webhook.url, switches.retry_policy)
        for code, problem in overrides.problems:
            report(code, problem, webhook.call_sid, webhook.url)
        deadline = time.monotonic() + min(overrides.total, switches.webhook_ceiling_seconds)
        token = self._world.sids.token()
        reply = Reply(plain)
        for attempt in range(overrides.retries + 1):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                break
            reply, why = await self._attempt(
                webhook, plain, overrides, remaining, _Sent(token, attempt, overrides.edge(attempt))
            )
            if why not in overrides.retry_on:
                break
            if not switches.retry_keeps_token:
                token = self._world.sids.token()
        return reply

    async def _attempt(
        self, hook: Webhook, url: str, limits: Overrides, remaining: float, sent: _Sent
    ) -> tuple[Reply, str]:
        """One attempt, and why it might be worth another: ct, rt, 4xx, 5xx or nothing."""
        started = time.monotonic()
        why = ""
        try:
            self._check_host(url)
            reply = await self._exchange(hook, url, limits, remaining, sent)
            if reply.status // 100 >= REFUSED:
                why = "5xx" if reply.status // 100 >= BROKEN else "4xx"
                reply.error, reply.message = 11200, f"HTTP retrieval failure: {reply.status}"
        except _RefusedError as refusal:
            reply = Reply(url, error=refusal.code, message=str(refusal))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            why = "ct"
            reply = Reply(url, error=11205, message=f"HTTP connection failure: {error}")
        except TimeoutError:
            why = "rt"
            reply = Reply(url, error=11200, message="HTTP retrieval failure: no answer in time")
        except (aiohttp.ClientError, ValueError, OSError) as error:
            why = "rt"
            reply = Reply(url, error=11206, message=f"HTTP protocol violation: {error}")
        sent.milliseconds = round((time.monotonic() - started) * 1000, 1)
        self._note(hook, reply, sent)
        return reply, why

    def _check_host(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        if not is_local(url) and not self._world.allow_any_host:
            raise _RefusedError(11210, f"HTTP bad host name: {host!r} is not a loopback address")

    async def _exchange(
        self, hook: Webhook, url: str, limits: Overrides, remaining: float, sent: _Sent
    ) -> Reply:
        if self._http is None:
            raise _RefusedError(11205, "the network is stopping")
        timeout = aiohttp.ClientTimeout(
            total=remaining,
            sock_connect=min(limits.connect, remaining),
            sock_read=min(limits.read, remaining),
        )
        method = hook.method
        for _ in range(MAX_REDIRECTS + 1):
            target, headers, body = self._compose(hook, method, url, sent.token)
            sent.signature = sent.signature or headers["X-Twilio-Signature"]
            kept = self._cache.find(method, target)
            async with self._http.request(
                method,
                yarl.URL(target, encoded=True),
                data=body,
                headers=headers | (kept.conditions() if kept is not None else {}),
                timeout=timeout,
                allow_redirects=False,
                trace_request_ctx=sent,
            ) as response:
                sent.answered_at = self._world.clock.now()
                hook.cookies.update({k: m.value for k, m in response.cookies.items()})
                if response.status in _MOVED and "Location" in response.headers:
                    url = urljoin(url, response.headers["Location"])
                    if response.status in (301, 302, 303):
                        method = "GET"
                    continue
                if response.status == _NOT_MODIFIED and kept is not None:
                    return Reply(url, 200, kept.body, kept.content_type)
                content = await read(response)
                kind = response.content_type if "Content-Type" in response.headers else ""
                reply = Reply(url, response.status, decode(content, response.charset), kind)
                chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
                reply.is_empty_chunked = chunked and not content
                self._cache.keep(response, target, reply.body)
                return reply
        raise _RefusedError(11215, "HTTP too many redirects")

    def _compose(
        self, hook: Webhook, method: str, url: str, token: str
    ) -> tuple[str, dict[str, str], bytes | None]:
        """Where to send a request, its headers and its body."""
        params, posted = self._ordered(hook.params), method == "POST"
        body = urlencode(params, quote_via=_quote).encode() if posted else None
        if posted and hook.json_body is not None:
            params, body, kind = {}, hook.json_body, "application/json"
            url = with_body_hash(url, body)
        else:
            kind = _FORM if posted else ""
            url = url if posted else with_query(url, params)
        signature = sign(self._world.auth_token, url, params if posted else {})
        headers = {
            "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
        }
        if kind:
            headers["Content-Type"] = kind
        for item in self._world.switches.request_headers.split(";"):
            name, _, value = item.partition(":")
            if name.strip():
                headers[name.strip()] = value.strip()
        if hook.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in hook.cookies.items())
        return url, headers, body

    def _ordered(self, params: dict[str, str]) -> dict[str, str]:
        order = self._world.switches.parameter_order
        if order == "as_listed":
            return params
        return dict(sorted(params.items(), reverse=order == "reversed"))

    def _note(self, hook: Webhook, reply: Reply, sent: _Sent) -> None:
        facts = {
            "call_sid": hook.call_sid,
            "method": hook.method,
            "url": hook.url,
            "status": reply.status,
            "ms": sent.milliseconds,
            "error": reply.error,
        }
        self.log.add(
            hook.kind,
            **facts,
            params=hook.params,
            signature=sent.signature,
            sent_at=round(sent.at, 4),
            answered_at=round(sent.answered_at, 4),
            idempotency_token=sent.token,
            attempt=sent.attempt,
            edge=sent.edge,
            message=reply.message,
            content_type=reply.content_type,
            twiml=reply.body,
        )
        self._world.events.add("webhook", webhook=hook.kind, **facts)


# The parameters of a call's webhooks are nearly always the ones of the webhook before.
_quote = lru_cache(maxsize=4_096)(quote_plus)


@dataclass
class _Sent:
    """One attempt as it went out; `at` and `answered_at` are on the network's clock."""

    token: str = ""
    attempt: int = 0
    edge: str = ""
    at: float = 0.0
    answered_at: float = 0.0
    milliseconds: float = 0.0
    signature: str = ""


def _stamping(clock: Clock) -> aiohttp.TraceConfig:
    """Note in a request's _Sent when it left: until then, connecting included, it was with us."""

    async def left(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.at = clock.now()

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(left)
    return trace


class _RefusedError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
