"""/Addresses: what a number's AddressSid and EmergencyAddressSid name."""

from __future__ import annotations

from aiohttp import web

from ..addresses import Address
from ..errors import TwilioError
from .base import ROOT, Form, flag, form_of, json, no_content, not_found, text, world_of
from .lists import chosen, page
from .representations import represent_address

_REQUIRED = {
    "CustomerName": "customer_name",
    "Street": "street",
    "City": "city",
    "Region": "region",
    "PostalCode": "postal_code",
}
_OPTIONAL = {"FriendlyName": "friendly_name", "StreetSecondary": "street_secondary"}


def find(request: web.Request) -> Address:
    address = world_of(request).addresses.get(request.match_info["sid"])
    if address is None:
        raise not_found(request)
    return address


def _apply(address: Address, form: Form) -> None:
    """Raises: TwilioError 20001 when a required field would be empty."""
    flag(form, "AutoCorrectAddress", default=True)
    emergency = flag(form, "EmergencyEnabled", default=address.emergency_enabled)
    for name, field in _REQUIRED.items():
        if not text(form, name, getattr(address, field)):
            raise TwilioError(20001, f"{name} is required")
    for name, field in (_REQUIRED | _OPTIONAL).items():
        if name in form:
            setattr(address, field, text(form, name))
    address.emergency_enabled = emergency


async def create(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    now = world.clock.now()
    address = Address(world.sids.new("AD"), now, now, iso_country=text(form, "IsoCountry"))
    if len(address.iso_country) != len("US"):
        raise TwilioError(20001, "IsoCountry must be the two letters of a country")
    _apply(address, form)
    world.addresses[address.sid] = address
    return json(represent_address(world, address), status=201)


async def listing(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    shown = (represent_address(world, a) for a in world.addresses.values())
    found = chosen(query, shown, words=("CustomerName", "FriendlyName", "IsoCountry"))
    found = chosen(query, found, words=("EmergencyEnabled",), spelling=str.lower)
    return page(request, "addresses", found)


async def fetch(request: web.Request) -> web.Response:
    return json(represent_address(world_of(request), find(request)))


async def update(request: web.Request) -> web.Response:
    world, address = world_of(request), find(request)
    _apply(address, await form_of(request))
    address.updated = world.clock.now()
    return json(represent_address(world, address))


async def delete(request: web.Request) -> web.Response:
    """Twilio keeps an address that a number has."""
    world, address = world_of(request), find(request)
    if any(address.sid in (n.address_sid, n.emergency_address_sid) for n in world.numbers.values()):
        raise TwilioError(20409, "a phone number has this address")
    del world.addresses[address.sid]
    return no_content()


def routes() -> list[web.RouteDef]:
    many, one = f"{ROOT}/Addresses.json", f"{ROOT}/Addresses/{{sid}}.json"
    return [
        web.post(many, create, name="CreateAddress"),
        web.get(many, listing, name="ListAddress"),
        web.get(one, fetch, name="FetchAddress"),
        web.post(one, update, name="UpdateAddress"),
        web.delete(one, delete, name="DeleteAddress"),
    ]
