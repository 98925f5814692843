"""The WebSocket of softphones, their API keys, and a way to break their connections."""

from __future__ import annotations

import asyncio
import json

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from ..access_token import TokenError
from ..rest.base import world_of
from ..sids import is_sid
from ..softphone import BAD_REQUEST, Device, Frame, FrameError
from .base import BadFieldError, body_of, is_from_here, number, string

MAX_FRAME = 64 * 1024
HELLO_SECONDS = 10.0
# A page that is closed or left says so.
_LEAVING = (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
REFUSED = 4401  # our close code: do not try again with this token


async def socket(request: web.Request) -> web.StreamResponse:
    """One page's connection: `hello` with a token first, then frames both ways."""
    world = world_of(request)
    if not is_from_here(world, request):
        return web.Response(status=403, text="softphones answer pages on the loopback only")
    ws = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=20)
    await ws.prepare(request)
    line = _Line(request)
    device = await _greet(request, ws, line)
    if device is None:
        return ws
    try:
        await _talk(request, ws, device, line)
    except ConnectionError:
        pass  # it broke before the first word
    finally:
        if device.line is line and ws.close_code in _LEAVING:
            world.softphones.forget(device)
        elif device.line is line:
            device.lost()
    return ws


async def _talk(
    request: web.Request, ws: web.WebSocketResponse, device: Device, line: _Line
) -> None:
    await ws.send_json(
        {
            "type": "connected",
            "identity": device.grant.identity,
            "ttl": device.ttl,
            "session": device.session,
            "calls": [call.sid for call in device.calls()],
        }
    )
    line.writer = asyncio.get_running_loop().create_task(_write(ws, device))
    try:
        async for message in ws:
            _perform(request, device, message)
    finally:
        line.writer.cancel()


class _Line:
    """A socket, as its Device holds it."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.writer: asyncio.Task[None] | None = None

    def abort(self) -> None:
        """Break it as a lost network does."""
        if self.writer is not None:
            self.writer.cancel()
        if self._request.transport is not None:
            self._request.transport.abort()


async def _greet(request: web.Request, ws: web.WebSocketResponse, line: _Line) -> Device | None:
    """The Device whose page has introduced itself; None after it was told why it cannot."""
    softphones = world_of(request).softphones
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            frame = _read(await ws.receive())
        return softphones.welcome(frame, line)
    except (TokenError, FrameError) as error:
        fatal = isinstance(error, TokenError)
        code = REFUSED if fatal else WSCloseCode.TRY_AGAIN_LATER
        await ws.send_json({"type": "error", "code": error.code, "message": error.message})
        await ws.close(code=code)
    except (TimeoutError, ConnectionError):
        await ws.close()
    return None


def _read(message: WSMessage) -> Frame:
    if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
        raise ConnectionError
    if message.type is not WSMsgType.TEXT:
        raise FrameError(BAD_REQUEST, "a frame must be JSON text")
    try:
        frame = json.loads(message.data)
    except (ValueError, RecursionError) as error:
        raise FrameError(BAD_REQUEST, f"a frame must be JSON: {error}") from None
    if not isinstance(frame, dict):
        raise FrameError(BAD_REQUEST, "a frame must be a JSON object")
    return frame


def _perform(request: web.Request, device: Device, message: WSMessage) -> None:
    try:
        device.perform(_read(message))
    except FrameError as error:
        device.send("error", code=error.code, message=error.message, call=error.call)
    except TokenError as error:
        device.send("error", code=error.code, message=error.message)
    except ConnectionError:
        return
    except Exception as problem:  # noqa: BLE001 - one frame fails, not the network
        world_of(request).fault_of_ours(problem)
        device.send("error", code=31000, message=f"the emulator failed: {problem!r}")


async def _write(ws: web.WebSocketResponse, device: Device) -> None:
    while True:
        frame = await device.outbox.get()
        try:
            await ws.send_json(frame)
        except ConnectionError:
            return


async def listing(request: web.Request) -> web.Response:
    return web.json_response({"softphones": world_of(request).softphones.describe()})


async def drop(request: web.Request) -> web.Response:
    """Break the connections of a client's pages; `refuse_seconds` of wall time keep them away."""
    body = await body_of(request, "identity", "refuse_seconds")
    identity = string(body, "identity")
    dropped = world_of(request).softphones.drop(identity, number(body, "refuse_seconds", 0))
    return web.json_response({"dropped": dropped})


async def add_api_key(request: web.Request) -> web.Response:
    """An API key, for access tokens and for REST."""
    body = await body_of(request, "sid", "secret")
    sid = string(body, "sid")
    if not is_sid(sid, "SK"):
        raise BadFieldError("sid", "must be SK and 32 hexadecimal digits")
    world_of(request).api_keys[sid] = string(body, "secret")
    return web.json_response({"sid": sid}, status=201)


async def list_api_keys(request: web.Request) -> web.Response:
    return web.json_response({"api_keys": sorted(world_of(request).api_keys)})


def routes() -> list[web.RouteDef]:
    return [
        web.get("/softphone", socket),
        web.get("/control/softphones", listing),
        web.post("/control/softphones/drop", drop),
        web.get("/control/api_keys", list_api_keys),
        web.post("/control/api_keys", add_api_key),
    ]
