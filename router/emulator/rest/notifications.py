"""/Notifications and /Events of a call: what its application did wrong, and what it was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from ..call import Call
from ..feed import Entry
from ..formats import rfc2822
from ..world import World
from .base import ROOT, json, not_found, world_of
from .lists import Json, chosen, page
from .representations import VERSION

_LEVELS = {"error": "0", "warning": "1"}  # Twilio's Log values


def _call(request: web.Request) -> Call:
    call = world_of(request).calls.get(request.match_info["call"])
    if call is None:
        raise not_found(request)
    return call


def _notifications(world: World, call: Call) -> Iterator[Json]:
    """The debugger's entries of a call, newest first."""
    for entry in reversed(world.debugger.log.after()):
        if entry["call_sid"] == call.sid:
            yield _represent(world, call, entry)


def _represent(world: World, call: Call, entry: Entry) -> Json:
    digest = hashlib.sha256(f"{call.sid}/{entry['seq']}".encode()).hexdigest()
    sid, moment = f"NO{digest[:32]}", rfc2822(entry["at"])
    folder = f"/{VERSION}/Accounts/{world.account_sid}/Calls/{call.sid}/Notifications"
    body: Json = {
        "account_sid": world.account_sid,
        "api_version": VERSION,
        "call_sid": call.sid,
        "date_created": moment,
        "date_updated": moment,
        "error_code": str(entry["code"]),
        "log": _LEVELS[entry["kind"]],
        "message_date": moment,
        "message_text": entry["message"],
        "more_info": f"https://www.twilio.com/docs/errors/{entry['code']}",
        "request_url": entry["url"] or None,
        "sid": sid,
        "uri": f"{folder}/{sid}.json",
    }
    request = _request_of(world, call, entry)
    body["request_method"] = request["method"] if request else "POST"
    return body


def _request_of(world: World, call: Call, entry: Entry) -> Entry | None:
    """The request to the application that the entry is about: the last one before it."""
    found = None
    for request in world.webhooks.log.after():
        if request["at"] > entry["at"]:
            break
        if request["call_sid"] == call.sid and entry["url"] in ("", request["url"]):
            found = request
    return found


async def listing(request: web.Request) -> web.Response:
    shown = _notifications(world_of(request), _call(request))
    found = chosen(request.query, shown, words=("Log",), dates=("MessageDate",))
    return page(request, "notifications", found)


async def fetch(request: web.Request) -> web.Response:
    world, call = world_of(request), _call(request)
    for entry in world.debugger.log.after():
        body = _represent(world, call, entry) if entry["call_sid"] == call.sid else None
        if body is not None and body["sid"] == request.match_info["sid"]:
            asked = _request_of(world, call, entry)
            facts: dict[str, Any] = {
                "request_variables": urlencode(asked["params"]) if asked else "",
                "response_headers": f"Content-Type={asked['content_type']}" if asked else "",
                "response_body": asked["twiml"] if asked else "",
            }
            return json(body | facts)
    raise not_found(request)


async def list_events(request: web.Request) -> web.Response:
    """Every request to the application about the call, with what it answered."""
    world, call = world_of(request), _call(request)
    shown = (
        {
            "request": {
                "url": entry["url"],
                "method": entry["method"],
                "parameters": entry["params"],
            },
            "response": {
                "response_code": entry["status"],
                "request_duration": round(entry["ms"]),
                "content_type": entry["content_type"],
                "response_body": entry["twiml"],
                "date_created": rfc2822(entry["at"]),
            },
            "key": entry["seq"],
        }
        for entry in world.webhooks.log.after()
        if entry["call_sid"] == call.sid
    )
    return page(request, "events", shown)


def routes() -> list[web.RouteDef]:
    call = f"{ROOT}/Calls/{{call}}"
    return [
        web.get(f"{call}/Notifications.json", listing, name="ListCallNotification"),
        web.get(f"{call}/Notifications/{{sid}}.json", fetch, name="FetchCallNotification"),
        web.get(f"{call}/Events.json", list_events, name="ListCallEvent"),
    ]
