"""/IncomingPhoneNumbers and /Applications: where calls and texts to the account go."""

from __future__ import annotations

from aiohttp import web

from ..carrier import Number
from ..errors import TwilioError
from ..formats import is_number, normalise
from ..world import Application
from .base import ROOT, Form, form_of, json, method, no_content, page, text, world_of
from .calls import url_of
from .representations import represent_application, represent_number

_NUMBER_URLS = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
}
_NUMBER_METHODS = {
    "VoiceMethod": "voice_method",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallbackMethod": "status_callback_method",
    "SmsMethod": "sms_method",
    "SmsFallbackMethod": "sms_fallback_method",
}
_NUMBER_TEXTS = {
    "FriendlyName": "friendly_name",
    "VoiceApplicationSid": "voice_application_sid",
    "SmsApplicationSid": "sms_application_sid",
}


def _apply(target: Number | Application, form: Form) -> None:
    for name, field in _NUMBER_URLS.items():
        if name in form and hasattr(target, field):
            setattr(target, field, url_of(form, name, 21402))
    for name, field in _NUMBER_METHODS.items():
        if name in form and hasattr(target, field):
            setattr(target, field, method(form, name))
    for name, field in _NUMBER_TEXTS.items():
        if name in form and hasattr(target, field):
            setattr(target, field, text(form, name))


def find(request: web.Request) -> Number:
    sid = request.match_info["sid"]
    found = next((n for n in world_of(request).numbers.values() if n.sid == sid), None)
    if found is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return found


async def create(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    phone = normalise(text(form, "PhoneNumber"))
    if not is_number(phone):
        raise TwilioError(21421, text(form, "PhoneNumber"))
    if phone in world.numbers or phone in world.parties:
        raise TwilioError(21422, phone)
    now = world.clock.now()
    number = Number(world.sids.new("PN"), phone, friendly_name=phone, created=now, updated=now)
    _apply(number, form)
    world.numbers[phone] = number
    world.events.add("number", number=phone)
    return json(represent_number(world, number), status=201)


async def listing(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    wanted = query.get("PhoneNumber", "").replace(" ", "+")
    found = [
        number
        for number in world.numbers.values()
        if wanted in number.number
        and query.get("FriendlyName", number.friendly_name) == number.friendly_name
    ]
    items = [represent_number(world, n) for n in found]
    return page(request, "incoming_phone_numbers", items)


async def fetch(request: web.Request) -> web.Response:
    return json(represent_number(world_of(request), find(request)))


async def update(request: web.Request) -> web.Response:
    world, number, form = world_of(request), find(request), await form_of(request)
    _apply(number, form)
    number.updated = world.clock.now()
    world.events.add("number", number=number.number)
    return json(represent_number(world, number))


async def delete(request: web.Request) -> web.Response:
    del world_of(request).numbers[find(request).number]
    return no_content()


# Applications


def find_application(request: web.Request) -> Application:
    found = world_of(request).applications.get(request.match_info["sid"])
    if found is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return found


async def create_application(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    now = world.clock.now()
    application = Application(world.sids.new("AP"), created=now, updated=now)
    _apply(application, form)
    world.applications[application.sid] = application
    return json(represent_application(world, application), status=201)


async def list_applications(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    found = [
        application
        for application in world.applications.values()
        if query.get("FriendlyName", application.friendly_name) == application.friendly_name
    ]
    return page(request, "applications", [represent_application(world, a) for a in found])


async def fetch_application(request: web.Request) -> web.Response:
    return json(represent_application(world_of(request), find_application(request)))


async def update_application(request: web.Request) -> web.Response:
    world, application = world_of(request), find_application(request)
    _apply(application, await form_of(request))
    application.updated = world.clock.now()
    return json(represent_application(world, application))


async def delete_application(request: web.Request) -> web.Response:
    del world_of(request).applications[find_application(request).sid]
    return no_content()


def routes() -> list[web.RouteDef]:
    numbers, applications = f"{ROOT}/IncomingPhoneNumbers", f"{ROOT}/Applications"
    return [
        web.post(f"{numbers}.json", create),
        web.get(f"{numbers}.json", listing),
        web.get(f"{numbers}/{{sid}}.json", fetch),
        web.post(f"{numbers}/{{sid}}.json", update),
        web.delete(f"{numbers}/{{sid}}.json", delete),
        web.post(f"{applications}.json", create_application),
        web.get(f"{applications}.json", list_applications),
        web.get(f"{applications}/{{sid}}.json", fetch_application),
        web.post(f"{applications}/{{sid}}.json", update_application),
        web.delete(f"{applications}/{{sid}}.json", delete_application),
    ]
