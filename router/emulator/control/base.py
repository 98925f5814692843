"""Reading JSON requests; every mistake is answered with the field that is wrong."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ..party import PartyError
from ..rest.base import world_of
from ..urls import LOOPBACK
from ..world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_WAIT = 60.0


class BadFieldError(Exception):
    """A mistake in a request, and where it is."""

    def __init__(self, field: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.field, self.message, self.status = field, message, status


def is_from_here(world: World, request: web.Request) -> bool:
    """A page of some other site must not steer the network: its browser names another host."""
    origin = request.headers.get("Origin")
    named = {request.url.host, "localhost" if origin is None else urlsplit(origin).hostname}
    return named <= LOOPBACK or world.allow_any_host


@web.middleware
async def control_api(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not request.path.startswith("/control/"):
        return await handler(request)
    if not is_from_here(world_of(request), request):
        return _error("host", "the control API answers on the loopback only", 403)
    try:
        return await _in_order(request, handler)
    except BadFieldError as error:
        return _error(error.field, error.message, error.status)
    except PartyError as error:
        return _error(error.name, error.message, error.status)
    except web.HTTPNotFound:
        return _error("path", f"there is nothing at {request.path}", 404)
    except web.HTTPMethodNotAllowed:
        return _error("method", f"{request.method} is not possible here", 405)
    except web.HTTPException:
        raise
    except Exception as problem:  # noqa: BLE001 - one request fails, not the network
        world_of(request).fault_of_ours(problem)
        return _error("", f"the emulator failed: {problem!r}", 500)


async def _in_order(request: web.Request, handler: Handler) -> web.StreamResponse:
    """By hand, a deed happens when nothing else moves, and is answered when all has followed.

    So the same deeds come in the same order however slowly the application answers. An application
    that asks for a deed while it answers a webhook waits for itself until that webhook is given up.
    """
    world = world_of(request)
    steady = world.clock.mode == "manual" and request.method != "GET"
    if not steady or request.path == "/control/reset":
        return await handler(request)
    await world.settle()
    response = await handler(request)
    await world.settle()
    return response


def _error(field: str, message: str, status: int) -> web.Response:
    return web.json_response({"error": message, "field": field}, status=status)


async def body_of(request: web.Request, *known: str) -> dict[str, Any]:
    """The JSON object of a request, which may hold only the fields `known` (if any are given)."""
    raw = await request.text()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise BadFieldError("body", f"not JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadFieldError("body", "must be a JSON object")
    for name in body:
        if known and name not in known:
            raise BadFieldError(name, f"unknown field; there are: {', '.join(known)}")
    return body


def string(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise BadFieldError(
            name, "must be a text" + ("" if value is not None else ", and is missing")
        )
    return value


def number(body: dict[str, Any], name: str, default: float | None = None) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadFieldError(name, "must be a number that is not negative")
    return float(value)


def query_number(request: web.Request, name: str, default: float) -> float:
    try:
        value = float(request.query.get(name, default))
    except ValueError:
        raise BadFieldError(name, "must be a number") from None
    return min(max(value, 0.0), 1e12)
