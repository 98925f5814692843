"""/control/state, logs, time, faults, switches, reset."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from ..clock import MAX_SPEED, MODES
from ..conference import Conference
from ..faults import Faults
from ..feed import Feed
from ..messages import Message
from ..queue import Queue
from ..rest.base import world_of
from ..urls import is_absolute, split_overrides
from ..webhooks import Webhook
from ..world import World
from .base import MAX_WAIT, BadFieldError, body_of, number, query_number, string

# How many calls and conferences that are over the state shows besides the live ones.
RECENT = 200


async def state(request: web.Request) -> web.Response:
    world = world_of(request)
    kept = list(world.calls.values())
    shown = [call for call in kept[:-RECENT] if not call.over] + kept[-RECENT:]
    calls = [world.describe_leg(call) for call in shown]
    rooms = list(world.conferences.by_sid.values())
    rooms = [r for r in rooms[:-RECENT] if r.status != "completed"] + rooms[-RECENT:]
    return web.json_response(
        {
            "now": world.clock.now(),
            "time": {"mode": world.clock.mode, "speed": world.clock.speed},
            "account_sid": world.account_sid,
            "calls": calls,
            "legs": [call for call in calls if call["status"] in ("ringing", "in-progress")],
            "conferences": [_conference(room) for room in rooms],
            "queues": [_queue(q) for q in world.queues.by_sid.values()],
            "numbers": [asdict(number) for number in world.numbers.values()],
            "messages": [_message(text) for text in list(world.messages.by_sid.values())[-RECENT:]],
            "parties": [party.describe() for party in world.parties.values()],
        }
    )


def _conference(conference: Conference) -> dict[str, Any]:
    return {
        "sid": conference.sid,
        "name": conference.name,
        "status": conference.status,
        "reason_ended": conference.reason_ended,
        "participants": [
            {
                "call_sid": p.call.sid,
                "label": p.label,
                "status": p.status,
                "muted": p.muted,
                "hold": p.hold,
                "coaching": p.coaching,
                "coaches": p.coaches.sid if p.coaches else None,
                "start_on_enter": p.start_on_enter,
                "end_on_exit": p.end_on_exit,
                "people": list(p.call.people()),
            }
            for p in conference.participants + conference.pending
        ],
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "sid": queue.sid,
        "name": queue.name,
        "members": [
            {"call_sid": m.call.sid, "position": m.position, "since": m.since}
            for m in queue.members
        ],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "at": message.created,
        "from": message.from_,
        "to": message.to,
        "text": message.body,
        "direction": message.direction,
        "status": message.status,
        "error_code": message.error_code,
    }


async def _read(request: web.Request, feed: Feed, name: str) -> web.Response:
    after = int(query_number(request, "after", 0))
    wait = min(query_number(request, "wait", 0), MAX_WAIT)
    return web.json_response({name: await feed.wait(after, wait)})


async def events(request: web.Request) -> web.Response:
    return await _read(request, world_of(request).events, "events")


async def webhooks(request: web.Request) -> web.Response:
    return await _read(request, world_of(request).webhooks.log, "webhooks")


async def send_webhook(request: web.Request) -> web.Response:
    """Send the application a webhook of the sender's choosing, signed, and show what it answers.

    A form of `params`, or `json` (any value) signed by its hash in the address.
    """
    world = world_of(request)
    body = await body_of(request, "url", "method", "params", "json", "call_sid")
    url = string(body, "url")
    if not is_absolute(split_overrides(url)[0]):
        raise BadFieldError("url", "must be an absolute http or https address")
    way = string(body, "method", "POST").upper()
    if way not in ("GET", "POST"):
        raise BadFieldError("method", "must be GET or POST")
    params = body.get("params", {})
    if not isinstance(params, dict) or not all(isinstance(v, str) for v in params.values()):
        raise BadFieldError("params", "must be an object of texts")
    if "json" in body and (params or way == "GET"):
        raise BadFieldError("json", "is a POST without params")
    hook = Webhook("by_hand", url, params, way, string(body, "call_sid", ""))
    if "json" in body:
        hook.json_body = json.dumps(body["json"]).encode()
    reply = await world.webhooks.ask(hook)
    names = ("status", "content_type", "body", "error", "message", "url")
    return web.json_response({name: getattr(reply, name) for name in names})


async def debugger(request: web.Request) -> web.Response:
    """Entries after a number, and of a level, a code, a call, or a stretch of time."""
    query = request.query
    level, code, call_sid = (query.get(name, "") for name in ("level", "code", "call_sid"))
    if level not in ("", "warning", "error"):
        raise BadFieldError("level", "must be warning or error")
    if code and not code.isdigit():
        raise BadFieldError("code", "must be one of Twilio's numbers")
    since, until = query_number(request, "since", 0), query_number(request, "until", 1e12)
    after = int(query_number(request, "after", 0))
    wait = min(query_number(request, "wait", 0), MAX_WAIT)
    entries = [
        entry
        for entry in await world_of(request).debugger.log.wait(after, wait)
        if level in ("", entry["kind"])
        and code in ("", str(entry["code"]))
        and call_sid in ("", entry["call_sid"])
        and since <= entry["at"] <= until
    ]
    return web.json_response({"entries": entries})


async def unexpected_rings(request: web.Request) -> web.Response:
    return await _read(request, world_of(request).unexpected_rings, "rings")


async def set_time(request: web.Request) -> web.Response:
    clock, body = world_of(request).clock, await body_of(request, "mode", "speed")
    mode = string(body, "mode")
    if mode not in MODES:
        raise BadFieldError("mode", f"must be one of {', '.join(MODES)}")
    speed = number(body, "speed", 1)
    if not 0 < speed <= MAX_SPEED:
        raise BadFieldError("speed", "must be above 0 and at most 10000")
    clock.configure(mode, speed)
    return _time_changed(world_of(request))


async def advance(request: web.Request) -> web.Response:
    world, body = world_of(request), await body_of(request, "seconds")
    seconds = number(body, "seconds")
    try:
        await world.clock.advance(seconds)
    except RuntimeError as error:
        raise BadFieldError("mode", str(error), 409) from None
    return _time_changed(world)


async def get_time(request: web.Request) -> web.Response:
    return _time(world_of(request))


def _time_changed(world: World) -> web.Response:
    world.events.add("time", mode=world.clock.mode, speed=world.clock.speed)
    return _time(world)


def _time(world: World) -> web.Response:
    clock = world.clock
    return web.json_response({"now": clock.now(), "mode": clock.mode, "speed": clock.speed})


async def get_faults(request: web.Request) -> web.Response:
    return web.json_response(world_of(request).faults.describe())


async def put_faults(request: web.Request) -> web.Response:
    body = await body_of(request)
    try:
        faults = Faults.read(body)
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        raise BadFieldError(field, message) from None
    world_of(request).faults = faults
    return web.json_response(faults.describe())


async def get_switches(request: web.Request) -> web.Response:
    return web.json_response(world_of(request).switches.describe())


async def put_switches(request: web.Request) -> web.Response:
    """Set the switches named; the others stay as they are."""
    switches = world_of(request).switches
    for name, value in (await body_of(request)).items():
        try:
            switches.set(name, value)
        except ValueError as error:
            raise BadFieldError(name, str(error)) from None
    return web.json_response(switches.describe())


async def reset(request: web.Request) -> web.Response:
    world_of(request).reset()
    world_of(request).events.add("reset")
    return web.json_response({"reset": True})


def routes() -> list[web.RouteDef]:
    return [
        web.get("/control/state", state),
        web.get("/control/events", events),
        web.get("/control/webhooks", webhooks),
        web.post("/control/webhooks", send_webhook),
        web.get("/control/debugger", debugger),
        web.get("/control/unexpected_rings", unexpected_rings),
        web.get("/control/time", get_time),
        web.post("/control/time", set_time),
        web.post("/control/time/advance", advance),
        web.get("/control/faults", get_faults),
        web.put("/control/faults", put_faults),
        web.get("/control/switches", get_switches),
        web.put("/control/switches", put_switches),
        web.post("/control/reset", reset),
    ]
