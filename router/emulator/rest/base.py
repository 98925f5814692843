"""What every resource shares: authentication, faults, forms, and refusals in Twilio's words."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from ..errors import TwilioError
from ..faults import Rule
from ..urls import is_absolute, split_overrides
from ..world import World
from .parameters import note_parameters

WORLD: web.AppKey[World] = web.AppKey("world", World)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ROOT = "/2010-04-01/Accounts/{account}"
# How long a faulty request is left hanging: longer than any sane client waits.
HANG_SECONDS = 600.0
# A form has a few dozen fields; beyond this it is no form.
MAX_FIELDS = 1_000
_LONGEST_NUMBER = 18  # digits; no limit of Twilio's is longer

Form = MultiDictProxy[str]
# The form of a request, once it has been read.
FORM: web.RequestKey[MultiDictProxy[str]] = web.RequestKey("form", MultiDictProxy)


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
        return json(error.body(), status=error.status)
    except web.HTTPNotFound:
        missing = not_found(request)
        return json(missing.body(), status=404)
    except web.HTTPMethodNotAllowed as refusal:
        answer = json(TwilioError(20004).body(), status=405)
        answer.headers["Allow"] = ", ".join(sorted(refusal.allowed_methods))
        return answer
    except (web.HTTPException, ConnectionError):  # the second: whoever asked was killed
        raise
    except Exception as problem:  # noqa: BLE001 - one request fails, not the network
        world.fault_of_ours(problem)
        return json(TwilioError(20500).body(), status=500)


def not_found(request: web.Request) -> TwilioError:
    return TwilioError(20404, f"The requested resource {request.path} was not found")


async def _serve(world: World, request: web.Request, handler: Handler) -> web.StreamResponse:
    rule = world.faults.for_rest(request.method, request.path)
    if rule is not None:
        world.events.add("rest_fault", do=rule.do, method=request.method, path=request.path)
    if rule is not None and not rule.do.endswith("_after"):
        await _suffer(rule, request)
    _authenticate(world, request)
    response = await _in_turn(world, request, handler)
    if rule is not None and rule.do.endswith("_after"):
        await _suffer(rule, request)
    return response


async def _in_turn(world: World, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Twilio: more requests at once than an account may make are answered 20429, unprocessed."""
    cap = world.switches.rest_concurrency
    if cap and world.rest_in_flight >= cap:
        world.events.add("rest_refused", code=20429, method=request.method, path=request.path)
        raise TwilioError(20429)
    world.rest_in_flight += 1
    try:
        if world.switches.rest_latency_seconds:
            await asyncio.sleep(world.switches.rest_latency_seconds)
        response = await handler(request)
    finally:
        world.rest_in_flight -= 1
    form = request[FORM].items() if FORM in request else ()
    note_parameters(world, request, [*request.query.items(), *form])
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
        raise not_found(request)


async def form_of(request: web.Request) -> Form:
    """The fields of the body. As on Twilio, a body that is no form has no fields.

    Raises: TwilioError 20413 for a body beyond 1 MB, 20001 for a form that cannot be read.
    """
    try:
        if request.content_type == "multipart/form-data":
            posted = await request.post()
            fields = [(k, v) for k, v in posted.items() if isinstance(v, str)]
        elif request.content_type == "application/x-www-form-urlencoded":
            body = (await request.read()).decode()
            fields = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        else:
            if request.body_exists:
                kind = request.content_type
                world_of(request).events.add("rest_body_ignored", path=request.path, type=kind)
            fields = []
    except web.HTTPRequestEntityTooLarge:
        raise TwilioError(20413) from None
    except (ValueError, LookupError, AssertionError) as error:
        # aiohttp asserts what it expects of a multipart body.
        raise TwilioError(20001, f"the form cannot be read: {error}") from None
    form = MultiDictProxy(MultiDict(fields))
    request[FORM] = form
    return form


def text(form: Form, name: str, default: str = "") -> str:
    return form.get(name, default)


def choice(form: Form, name: str, choices: tuple[str, ...], code: int = 20001) -> str:
    """One of some words, the first of which is Twilio's default."""
    value = form.get(name) or choices[0]
    if value not in choices:
        raise TwilioError(code, f"{name} must be one of {', '.join(choices)}")
    return value


def flag(form: Form, name: str, *, default: bool = False) -> bool:
    value = form.get(name, str(default)).lower()
    if value not in ("true", "false"):
        raise TwilioError(20001, f"{name} must be true or false")
    return value == "true"


def number(form: Form, name: str, default: int, low: int, high: int, code: int = 20001) -> int:
    value = form.get(name, str(default))
    plain = value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
    if not plain or not low <= int(value) <= high:
        raise TwilioError(code, f"{name} must be between {low} and {high}")
    return int(value)


def method(form: Form, name: str, default: str = "POST", code: int = 21209) -> str:
    value = form.get(name, default).upper()
    if value not in ("GET", "POST"):
        raise TwilioError(code, value)
    return value


def url_of(form: Form, name: str, code: int = 21205) -> str:
    """An absolute http(s) address, or an empty one."""
    url = form.get(name, "")
    try:
        fine = not url or is_absolute(split_overrides(url)[0])
    except ValueError:  # such as an open bracket in the host
        fine = False
    if not fine:
        raise TwilioError(code, f"{name} is not a valid URL: {url}")
    return url


def json(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def no_content() -> web.Response:
    return web.Response(status=204)
