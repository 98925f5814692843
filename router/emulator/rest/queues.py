"""/Queues and their /Members."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from ..call import Source
from ..errors import TwilioError
from ..queue import Queue
from ..world import World
from .base import (
    ROOT,
    form_of,
    json,
    method,
    no_content,
    not_found,
    number,
    text,
    url_of,
    world_of,
)
from .lists import page
from .representations import Json, represent_member, represent_queue

MAX_SIZE, MAX_NAME = 5_000, 64  # Twilio's limits


def find(request: web.Request, key: str = "sid") -> Queue:
    queue = world_of(request).queues.by_sid.get(request.match_info[key])
    if queue is None:
        raise not_found(request)
    return queue


async def create(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    name = text(form, "FriendlyName")
    if not name or len(name) > MAX_NAME:
        raise TwilioError(20002)
    if world.queues.named(name) is not None:
        raise TwilioError(20409, f"there is a queue named {name} already")
    size = number(form, "MaxSize", world_of(request).switches.queue_max_size, 1, MAX_SIZE)
    return json(represent_queue(world, world.queues.create(name, size)), status=201)


def _read(world: World, queue: Queue) -> Json:
    return world.history.read(queue.sid, partial(represent_queue, world, queue))


async def listing(request: web.Request) -> web.Response:
    world = world_of(request)
    shown = world.history.shows
    found = (_read(world, q) for q in world.queues.by_sid.values() if shown(q.created))
    return page(request, "queues", found)


async def fetch(request: web.Request) -> web.Response:
    return json(_read(world_of(request), find(request)))


async def update(request: web.Request) -> web.Response:
    queue, form = find(request), await form_of(request)
    size = number(form, "MaxSize", queue.max_size, 1, MAX_SIZE)
    name = text(form, "FriendlyName", queue.name)
    if not name or len(name) > MAX_NAME:
        raise TwilioError(20002)
    taken = world_of(request).queues.named(name)
    if taken not in (None, queue):
        raise TwilioError(20409, f"there is a queue named {name} already")
    queue.name, queue.max_size = name, size
    queue.changed()
    return json(represent_queue(world_of(request), queue))


async def delete(request: web.Request) -> web.Response:
    queue = find(request)
    if queue.members:
        raise TwilioError(22003)
    del world_of(request).queues.by_sid[queue.sid]
    return no_content()


def _members(request: web.Request) -> list[Json]:
    """Who waits, as REST shows them, which may be as they waited some time ago."""
    queue = find(request, "queue")
    read = world_of(request).history.read(f"{queue.sid}/members", queue.represent_members)
    return list(read.values())


async def list_members(request: web.Request) -> web.Response:
    return page(request, "queue_members", _members(request))


async def fetch_member(request: web.Request) -> web.Response:
    sid = request.match_info["sid"]
    for member in _members(request):
        if sid in ("Front", member["call_sid"]):
            return json(member)
    raise not_found(request)


async def dequeue(request: web.Request) -> web.Response:
    """Take a member out; its call runs the document at Url."""
    world, queue, form = world_of(request), find(request, "queue"), await form_of(request)
    url = url_of(form, "Url")
    if not url:
        raise TwilioError(21205)
    sid = request.match_info["sid"]
    member = queue.find(sid)
    if member is None and sid in world.calls:
        raise TwilioError(world.switches.member_gone_code, "Call is not in the queue", status=400)
    if member is None:
        raise not_found(request)
    body = represent_member(world, member)
    queue.remove(member)
    member.inbox.put_nowait(Source(url, method(form, "Method"), kind="dequeue"))
    return json(body)


def routes() -> list[web.RouteDef]:
    members = f"{ROOT}/Queues/{{queue}}/Members"
    return [
        web.get(f"{ROOT}/Queues.json", listing, name="ListQueue"),
        web.post(f"{ROOT}/Queues.json", create, name="CreateQueue"),
        web.get(f"{ROOT}/Queues/{{sid}}.json", fetch, name="FetchQueue"),
        web.post(f"{ROOT}/Queues/{{sid}}.json", update, name="UpdateQueue"),
        web.delete(f"{ROOT}/Queues/{{sid}}.json", delete, name="DeleteQueue"),
        web.get(f"{members}.json", list_members, name="ListMember"),
        web.get(f"{members}/{{sid}}.json", fetch_member, name="FetchMember"),
        web.post(f"{members}/{{sid}}.json", dequeue, name="UpdateMember"),
    ]
