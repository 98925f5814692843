"""/Messages."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from ..errors import TwilioError
from ..formats import normalise
from ..messages import Message, Outgoing
from ..sids import is_sid
from ..world import World
from .base import (
    ROOT,
    Form,
    choice,
    form_of,
    json,
    no_content,
    not_found,
    number,
    text,
    url_of,
    world_of,
)
from .lists import chosen, page
from .representations import Json, represent_message

# Twilio, error 35114: how far ahead a message may be scheduled.
MIN_AHEAD_SECONDS, MAX_AHEAD_SECONDS = 300, 3_024_000
_MAX_VALIDITY_SECONDS = 36_000


def find(request: web.Request) -> Message:
    message = world_of(request).messages.by_sid.get(request.match_info["sid"])
    if message is None:
        raise not_found(request)
    return message


def _read(world: World, message: Message) -> Json:
    return world.history.read(message.sid, partial(represent_message, world, message))


async def create(request: web.Request) -> web.Response:
    """Without From, a MessagingServiceSid sends from the account's first number."""
    world, form = world_of(request), await form_of(request)
    to, sender = normalise(text(form, "To")), normalise(text(form, "From"))
    service = text(form, "MessagingServiceSid")
    if service and not is_sid(service, "MG"):
        raise TwilioError(21701, service)
    if service and not sender:
        sender = next(iter(world.numbers), "")
    number(form, "ValidityPeriod", _MAX_VALIDITY_SECONDS, 1, _MAX_VALIDITY_SECONDS)
    if text(form, "ContentSid"):
        raise TwilioError(20404, f"this account has no content template {text(form, 'ContentSid')}")
    media = [url for url in form.getall("MediaUrl", []) if url]
    outgoing = Outgoing(
        to,
        sender,
        text(form, "Body"),
        _callback(world, form),
        service or None,
        len(media),
        _send_in(world, form),
    )
    world.messages.check(outgoing)
    return json(represent_message(world, world.messages.queue(outgoing)), status=201)


def _callback(world: World, form: Form) -> str:
    """Twilio: StatusCallback goes before the MessageStatusCallback of an application."""
    url, sid = url_of(form, "StatusCallback", 21609), text(form, "ApplicationSid")
    if not sid:
        return url
    application = world.applications.get(sid)
    if application is None:
        raise TwilioError(21218, sid)
    return url or application.message_status_callback


def _send_in(world: World, form: Form) -> float | None:
    """Seconds until a scheduled message is due; None for one to be sent now.

    Raises: TwilioError 35111, 35114 or 35118 for a schedule that Twilio does not take.
    """
    choice(form, "ScheduleType", ("", "fixed"), 35126)
    if not text(form, "ScheduleType"):
        return None
    if not text(form, "MessagingServiceSid"):
        raise TwilioError(35118)
    if not text(form, "SendAt"):
        raise TwilioError(35111)
    try:
        moment = datetime.fromisoformat(text(form, "SendAt"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ahead = moment.timestamp() - world.clock.now()
    except (ValueError, OverflowError):
        raise TwilioError(35114, text(form, "SendAt")) from None
    if not MIN_AHEAD_SECONDS <= ahead <= MAX_AHEAD_SECONDS:
        raise TwilioError(35114, text(form, "SendAt"))
    return ahead


async def fetch(request: web.Request) -> web.Response:
    return json(_read(world_of(request), find(request)))


async def listing(request: web.Request) -> web.Response:
    world = world_of(request)
    shown = (
        _read(world, message)
        for message in reversed(world.messages.by_sid.values())
        if world.history.shows(message.created)
    )
    found = chosen(
        request.query, shown, words=("To", "From"), dates=("DateSent",), spelling=normalise
    )
    return page(request, "messages", found)


async def update(request: web.Request) -> web.Response:
    """Call off a scheduled message, or remove the text of one: Twilio takes an empty Body only."""
    world, message, form = world_of(request), find(request), await form_of(request)
    status = choice(form, "Status", ("", "canceled"))
    if text(form, "Body"):
        raise TwilioError(20001, "Body can only be set to nothing, which redacts the message")
    if status:
        world.messages.cancel(message)
    elif "Body" in form:
        world.messages.redact(message)
    return json(represent_message(world, message))


async def delete(request: web.Request) -> web.Response:
    message = find(request)
    if message.status in ("queued", "scheduled"):
        raise TwilioError(20009)
    del world_of(request).messages.by_sid[message.sid]
    return no_content()


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{ROOT}/Messages.json", create, name="CreateMessage"),
        web.get(f"{ROOT}/Messages.json", listing, name="ListMessage"),
        web.get(f"{ROOT}/Messages/{{sid}}.json", fetch, name="FetchMessage"),
        web.post(f"{ROOT}/Messages/{{sid}}.json", update, name="UpdateMessage"),
        web.delete(f"{ROOT}/Messages/{{sid}}.json", delete, name="DeleteMessage"),
    ]
