"""/Messages."""

from __future__ import annotations

from aiohttp import web

from ..errors import TwilioError
from ..formats import normalise
from ..messages import Message
from .base import ROOT, form_of, json, no_content, page, text, world_of
from .calls import url_of, within
from .representations import represent_message


def find(request: web.Request) -> Message:
    message = world_of(request).messages.by_sid.get(request.match_info["sid"])
    if message is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return message


async def create(request: web.Request) -> web.Response:
    """Without From, a MessagingServiceSid sends from the account's first number."""
    world, form = world_of(request), await form_of(request)
    to, sender = normalise(text(form, "To")), normalise(text(form, "From"))
    service = text(form, "MessagingServiceSid")
    if service and not sender:
        sender = next(iter(world.numbers), "")
    callback = url_of(form, "StatusCallback")
    world.messages.check(to, sender, text(form, "Body"))
    message = world.messages.send(to, sender, text(form, "Body"), callback)
    message.messaging_service_sid = service or None
    return json(represent_message(world, message), status=201)


async def fetch(request: web.Request) -> web.Response:
    return json(represent_message(world_of(request), find(request)))


async def listing(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    found = [
        message
        for message in reversed(world.messages.by_sid.values())
        if query.get("To", message.to) == message.to
        and query.get("From", message.from_) == message.from_
        and within(query, "DateSent", message.updated)
    ]
    return page(request, "messages", [represent_message(world, m) for m in found])


async def delete(request: web.Request) -> web.Response:
    del world_of(request).messages.by_sid[find(request).sid]
    return no_content()


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{ROOT}/Messages.json", create),
        web.get(f"{ROOT}/Messages.json", listing),
        web.get(f"{ROOT}/Messages/{{sid}}.json", fetch),
        web.delete(f"{ROOT}/Messages/{{sid}}.json", delete),
    ]
