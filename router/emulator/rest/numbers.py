"""/IncomingPhoneNumbers and /Applications: where calls and texts to the account go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiohttp import web

from ..errors import TwilioError
from ..formats import is_number, normalise
from ..numbers import Application, Number, Wiring
from ..world import World
from .base import (
    ROOT,
    Form,
    choice,
    flag,
    form_of,
    json,
    method,
    no_content,
    not_found,
    text,
    url_of,
    world_of,
)
from .lists import Json, chosen, page
from .representations import represent_application, represent_number

# Numbers that may be made up: the last four digits that are kept for fiction.
_FICTITIOUS = range(100, 200)


def _field(name: str) -> str:
    """The attribute of a parameter: VoiceFallbackUrl is voice_fallback_url."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_URLS = ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback", "SmsUrl", "SmsFallbackUrl")
_APPLICATION_URLS = ("SmsStatusCallback", "MessageStatusCallback")
_METHODS = (
    "VoiceMethod",
    "VoiceFallbackMethod",
    "StatusCallbackMethod",
    "SmsMethod",
    "SmsFallbackMethod",
)
_TEXTS = ("BundleSid", "IdentitySid")
_MAX_NAME = 64


def _apply(target: Wiring, form: Form, urls: tuple[str, ...] = _URLS) -> None:
    """Set what numbers and applications have in common. Nothing is set when anything is refused."""
    changes: dict[str, object] = {}
    for name in urls:
        if name in form:
            changes[_field(name)] = url_of(form, name, 21402)
    for name in _METHODS:
        if name in form:
            changes[_field(name)] = method(form, name, code=21403)
    if "FriendlyName" in form:
        if len(text(form, "FriendlyName")) > _MAX_NAME:
            raise TwilioError(20002)
        changes["friendly_name"] = text(form, "FriendlyName")
    if "VoiceCallerIdLookup" in form:
        changes["voice_caller_id_lookup"] = flag(form, "VoiceCallerIdLookup")
    for field, value in changes.items():
        setattr(target, field, value)


def _apply_to_number(world: World, number: Number, form: Form) -> None:
    for name in ("VoiceApplicationSid", "SmsApplicationSid"):
        if text(form, name) and text(form, name) not in world.applications:
            raise TwilioError(21420, text(form, name))
    for name in ("AddressSid", "EmergencyAddressSid"):
        if text(form, name) and text(form, name) not in world.addresses:
            raise TwilioError(20422, f"there is no address {text(form, name)}")
    if text(form, "TrunkSid"):
        raise TwilioError(20422, f"this account has no trunk {text(form, 'TrunkSid')}")
    if text(form, "AccountSid", world.account_sid) != world.account_sid:
        raise TwilioError(20422, "there is no other account that could take the number")
    choice(form, "VoiceReceiveMode", ("voice",), 20422)
    emergency = choice(form, "EmergencyStatus", (number.emergency_status, "Active", "Inactive"))
    _apply(number, form)
    number.emergency_status = emergency
    known = ("VoiceApplicationSid", "SmsApplicationSid", "AddressSid", "EmergencyAddressSid")
    for name in known + _TEXTS:
        if name in form:
            setattr(number, _field(name), text(form, name))


def find(request: web.Request) -> Number:
    sid = request.match_info["sid"]
    found = next((n for n in world_of(request).numbers.values() if n.sid == sid), None)
    if found is None:
        raise not_found(request)
    return found


def _new_phone_number(world: World, form: Form) -> str:
    """The number asked for, or a free one of an area code.

    Raises: TwilioError 21421, 21422 (taken), 21451 or 21452 (none left in the area).
    """
    area = text(form, "AreaCode")
    if area and not text(form, "PhoneNumber"):
        if not re.fullmatch(r"[2-9][0-9]{2}", area):
            raise TwilioError(21451, area)
        for last in _FICTITIOUS:
            phone = f"+1{area}555{last:04}"
            if phone not in world.numbers and phone not in world.parties:
                return phone
        raise TwilioError(21452, area)
    phone = normalise(text(form, "PhoneNumber"))
    if not is_number(phone):
        raise TwilioError(21421, text(form, "PhoneNumber"))
    if phone in world.numbers or phone in world.parties:
        raise TwilioError(21422, phone)
    return phone


async def create(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    phone = _new_phone_number(world, form)
    now = world.clock.now()
    number = Number(world.sids.new("PN"), phone, created=now, updated=now, number=phone)
    _apply_to_number(world, number, form)
    world.numbers[phone] = number
    world.events.add("number", number=phone)
    return json(represent_number(world, number), status=201)


async def listing(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    shown = (represent_number(world, n) for n in world.numbers.values())
    # A plus sign that was not escaped arrives as a space.
    pattern = query.get("PhoneNumber", "").replace(" ", "+")
    found = chosen(query, _matching(pattern, shown), words=("FriendlyName", "Origin"))
    found = chosen(query, found, words=("Beta",), spelling=str.lower)
    return page(request, "incoming_phone_numbers", found)


def _matching(pattern: str, items: Iterator[Json]) -> Iterator[Json]:
    """Twilio: part of a number, in which * is any digit."""
    expression = re.compile(re.escape(pattern).replace(r"\*", "[0-9]"))
    return (item for item in items if expression.search(item["phone_number"]))


async def fetch(request: web.Request) -> web.Response:
    return json(represent_number(world_of(request), find(request)))


async def update(request: web.Request) -> web.Response:
    world, number, form = world_of(request), find(request), await form_of(request)
    _apply_to_number(world, number, form)
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
        raise not_found(request)
    return found


def _apply_to_application(application: Application, form: Form) -> None:
    public = application.public_application_connect_enabled
    public = flag(form, "PublicApplicationConnectEnabled", default=public)
    _apply(application, form, _URLS + _APPLICATION_URLS)
    application.public_application_connect_enabled = public


async def create_application(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    now = world.clock.now()
    application = Application(world.sids.new("AP"), created=now, updated=now)
    _apply_to_application(application, form)
    world.applications[application.sid] = application
    return json(represent_application(world, application), status=201)


async def list_applications(request: web.Request) -> web.Response:
    world = world_of(request)
    shown = (represent_application(world, a) for a in world.applications.values())
    return page(request, "applications", chosen(request.query, shown, words=("FriendlyName",)))


async def fetch_application(request: web.Request) -> web.Response:
    return json(represent_application(world_of(request), find_application(request)))


async def update_application(request: web.Request) -> web.Response:
    world, application = world_of(request), find_application(request)
    _apply_to_application(application, await form_of(request))
    application.updated = world.clock.now()
    return json(represent_application(world, application))


async def delete_application(request: web.Request) -> web.Response:
    del world_of(request).applications[find_application(request).sid]
    return no_content()


def routes() -> list[web.RouteDef]:
    numbers, applications = f"{ROOT}/IncomingPhoneNumbers", f"{ROOT}/Applications"
    number, application = f"{numbers}/{{sid}}.json", f"{applications}/{{sid}}.json"
    return [
        web.post(f"{numbers}.json", create, name="CreateIncomingPhoneNumber"),
        web.get(f"{numbers}.json", listing, name="ListIncomingPhoneNumber"),
        web.get(number, fetch, name="FetchIncomingPhoneNumber"),
        web.post(number, update, name="UpdateIncomingPhoneNumber"),
        web.delete(number, delete, name="DeleteIncomingPhoneNumber"),
        web.post(f"{applications}.json", create_application, name="CreateApplication"),
        web.get(f"{applications}.json", list_applications, name="ListApplication"),
        web.get(application, fetch_application, name="FetchApplication"),
        web.post(application, update_application, name="UpdateApplication"),
        web.delete(application, delete_application, name="DeleteApplication"),
    ]
