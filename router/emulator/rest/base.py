"""What every resource shares: authentication, forms, paging, errors and faults."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiDictProxy

from ..errors import TwilioError
from ..faults import Rule
from ..world import World

WORLD: web.AppKey[World] = web.AppKey("world", World)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ROOT = "/2010-04-01/Accounts/{account}"
# Twilio: 50 a page, at most 1,000.
PAGE_SIZE, MAX_PAGE_SIZE = 50, 1_000
# How long a faulty request is left hanging: longer than any sane client waits.
HANG_SECONDS = 600.0

Form = MultiDictProxy[Any]


def world_of(request: web.Request) -> World:
    return request.app[WORLD]


@web.middleware
async def twilio_api(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Faults, then authentication, then the resource; every refusal in Twilio's words."""
    if not request.path.startswith("/2010-04-01/"):
        return await handler(request)
    world = world_of(request)
    try:
        return await _serve(world, request, handler)
    except TwilioError as error:
        return web.json_response(error.body(), status=error.status)
    except web.HTTPNotFound:
        missing = TwilioError(20404, f"The requested resource {request.path} was not found")
        return web.json_response(missing.body(), status=404)
    except web.HTTPMethodNotAllowed:
        return web.json_response(TwilioError(20004).body(), status=405)
    except (web.HTTPException, ConnectionError):  # the second: whoever asked was killed
        raise
    except Exception as problem:  # noqa: BLE001 - one request fails, not the network
        world.fault_of_ours(problem)
        return web.json_response(TwilioError(20500).body(), status=500)


async def _serve(world: World, request: web.Request, handler: Handler) -> web.StreamResponse:
    rule = world.faults.for_rest(request.method, request.path)
    if rule is not None:
        world.events.add("rest_fault", do=rule.do, method=request.method, path=request.path)
    if rule is not None and not rule.do.endswith("_after"):
        await _suffer(rule, request)
    _authenticate(world, request)
    response = await handler(request)
    if rule is not None and rule.do.endswith("_after"):
        await _suffer(rule, request)
    return response


async def _suffer(rule: Rule, request: web.Request) -> None:
    deed = rule.do.removesuffix("_after")
    if deed == "timeout":
        await asyncio.sleep(HANG_SECONDS)
    if deed in ("reset", "timeout"):
        _reset(request)
    raise TwilioError({"500": 20500, "503": 20503, "429": 20429}[deed])


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise TwilioError(20500)


def _authenticate(world: World, request: web.Request) -> None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except ValueError:
        user = password = ""
    known = world.api_keys | {world.account_sid: world.auth_token}
    right = known.get(user, "")
    if scheme.lower() != "basic" or not right:
        raise TwilioError(20003)
    if not hmac.compare_digest(password.encode(), right.encode()):
        raise TwilioError(20003)
    account = request.match_info.get("account", world.account_sid)
    if account.removesuffix(".json") != world.account_sid:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")


async def form_of(request: web.Request) -> Form:
    return await request.post()


def text(form: Form, name: str, default: str = "") -> str:
    return str(form.get(name, default))


def flag(form: Form, name: str, *, default: bool = False) -> bool:
    value = str(form.get(name, default)).lower()
    if value not in ("true", "false"):
        raise TwilioError(20001, f"{name} must be true or false")
    return value == "true"


def number(form: Form, name: str, default: int, low: int, high: int, code: int = 20001) -> int:
    value = str(form.get(name, default))
    if not value.isdigit() or not low <= int(value) <= high:
        raise TwilioError(code, f"{name} must be between {low} and {high}")
    return int(value)


def method(form: Form, name: str, default: str = "POST") -> str:
    value = str(form.get(name, default)).upper()
    if value not in ("GET", "POST"):
        raise TwilioError(21209, value)
    return value


def json(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def no_content() -> web.Response:
    return web.Response(status=204)


def page(request: web.Request, name: str, items: Sequence[dict[str, Any]]) -> web.Response:
    """One page of a list, with Twilio's links."""
    query = request.query
    try:
        size = int(query.get("PageSize", PAGE_SIZE))
        index = int(query.get("Page", 0))
    except ValueError:
        raise TwilioError(20001, "Page and PageSize are numbers") from None
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise TwilioError(20007, f"PageSize must be between 1 and {MAX_PAGE_SIZE}")
    index = max(0, index)
    start = index * size
    shown = list(items[start : start + size])
    others = [(k, v) for k, v in query.items() if k not in ("Page", "PageSize", "PageToken")]

    def uri(at: int, token: str = "") -> str:
        extra = [("PageToken", token)] if token else []
        return f"{request.path}?{urlencode([*others, ('PageSize', size), ('Page', at), *extra])}"

    more = start + size < len(items)
    return json(
        {
            name: shown,
            "page": index,
            "page_size": size,
            "start": start,
            "end": max(start, start + len(shown) - 1),
            "uri": request.path_qs,
            "first_page_uri": uri(0),
            "next_page_uri": uri(index + 1, f"PA{index + 1}") if more else None,
            "previous_page_uri": uri(index - 1, f"PB{index - 1}") if index else None,
        }
    )
