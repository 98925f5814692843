"""/Recordings and /Accounts: what is only read."""

from __future__ import annotations

from aiohttp import web

from ..errors import TwilioError
from ..formats import rfc2822
from ..recordings import Recording
from .base import ROOT, json, no_content, page, world_of
from .representations import VERSION, represent_recording


def find(request: web.Request) -> Recording:
    found = world_of(request).recordings.by_sid.get(request.match_info["sid"])
    if found is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return found


async def listing(request: web.Request) -> web.Response:
    world = world_of(request)
    wanted = request.match_info.get("call") or request.query.get("CallSid")
    found = [
        recording
        for recording in reversed(world.recordings.by_sid.values())
        if wanted in (None, recording.call_sid)
    ]
    return page(request, "recordings", [represent_recording(world, r) for r in found])


async def fetch(request: web.Request) -> web.Response:
    return json(represent_recording(world_of(request), find(request)))


async def sound(request: web.Request) -> web.Response:
    sound = b"".join([piece async for piece in find(request).sound(1)])
    return web.Response(body=sound, content_type="audio/wav")


async def delete(request: web.Request) -> web.Response:
    del world_of(request).recordings.by_sid[find(request).sid]
    return no_content()


async def account(request: web.Request) -> web.Response:
    world = world_of(request)
    moment = rfc2822(world.clock.now())
    return json(
        {
            "sid": world.account_sid,
            "auth_token": world.auth_token,
            "friendly_name": "Emulated account",
            "owner_account_sid": world.account_sid,
            "status": "active",
            "type": "Full",
            "date_created": moment,
            "date_updated": moment,
            "subresource_uris": {},
            "uri": f"/{VERSION}/Accounts/{world.account_sid}.json",
        }
    )


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"{ROOT}.json", account),
        web.get(f"{ROOT}/Recordings.json", listing),
        web.get(f"{ROOT}/Calls/{{call}}/Recordings.json", listing),
        web.get(f"{ROOT}/Recordings/{{sid}}.json", fetch),
        web.delete(f"{ROOT}/Recordings/{{sid}}.json", delete),
        web.get(f"{ROOT}/Recordings/{{sid}}.wav", sound),
        web.get(f"{ROOT}/Recordings/{{sid}}", sound),
    ]
