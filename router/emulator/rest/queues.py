"""/Queues and their /Members."""

from __future__ import annotations

from aiohttp import web

from ..call import Source
from ..errors import TwilioError
from ..queue import DEFAULT_MAX_SIZE, Queue
from .base import ROOT, form_of, json, method, no_content, number, page, text, world_of
from .calls import url_of
from .representations import represent_member, represent_queue

MAX_SIZE, MAX_NAME = 5_000, 64  # Twilio's limits


def find(request: web.Request, key: str = "sid") -> Queue:
    queue = world_of(request).queues.by_sid.get(request.match_info[key])
    if queue is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return queue


async def create(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    name = text(form, "FriendlyName")
    if not name or len(name) > MAX_NAME:
        raise TwilioError(20002)
    if world.queues.named(name) is not None:
        raise TwilioError(20409, f"there is a queue named {name} already")
    size = number(form, "MaxSize", DEFAULT_MAX_SIZE, 1, MAX_SIZE)
    return json(represent_queue(world, world.queues.create(name, size)), status=201)


async def listing(request: web.Request) -> web.Response:
    world = world_of(request)
    return page(
        request, "queues", [represent_queue(world, q) for q in world.queues.by_sid.values()]
    )


async def fetch(request: web.Request) -> web.Response:
    return json(represent_queue(world_of(request), find(request)))


async def update(request: web.Request) -> web.Response:
    queue, form = find(request), await form_of(request)
    size = number(form, "MaxSize", queue.max_size, 1, MAX_SIZE)
    name = text(form, "FriendlyName", queue.name)
    if not name or len(name) > MAX_NAME:
        raise TwilioError(20002)
    queue.name, queue.max_size = name, size
    return json(represent_queue(world_of(request), queue))


async def delete(request: web.Request) -> web.Response:
    queue = find(request)
    if queue.members:
        raise TwilioError(22003)
    del world_of(request).queues.by_sid[queue.sid]
    return no_content()


async def list_members(request: web.Request) -> web.Response:
    world, queue = world_of(request), find(request, "queue")
    return page(request, "queue_members", [represent_member(world, m) for m in queue.members])


async def fetch_member(request: web.Request) -> web.Response:
    member = find(request, "queue").find(request.match_info["sid"])
    if member is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return json(represent_member(world_of(request), member))


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
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    body = represent_member(world, member)
    queue.remove(member)
    member.inbox.put_nowait(Source(url, method(form, "Method"), kind="dequeue"))
    return json(body)


def routes() -> list[web.RouteDef]:
    members = f"{ROOT}/Queues/{{queue}}/Members"
    return [
        web.get(f"{ROOT}/Queues.json", listing),
        web.post(f"{ROOT}/Queues.json", create),
        web.get(f"{ROOT}/Queues/{{sid}}.json", fetch),
        web.post(f"{ROOT}/Queues/{{sid}}.json", update),
        web.delete(f"{ROOT}/Queues/{{sid}}.json", delete),
        web.get(f"{members}.json", list_members),
        web.get(f"{members}/{{sid}}.json", fetch_member),
        web.post(f"{members}/{{sid}}.json", dequeue),
    ]
