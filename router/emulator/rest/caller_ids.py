"""/OutgoingCallerIds: numbers of others that calls may be made from, once their owner has agreed.

Twilio calls the number and asks for a code that the application shows to its user.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from ..addresses import CallerId
from ..audio import Hearing
from ..call import Call
from ..errors import TwilioError
from ..formats import is_number, normalise
from .base import ROOT, form_of, json, method, no_content, not_found, number, text, url_of, world_of
from .lists import chosen, page
from .representations import represent_caller_id

if TYPE_CHECKING:
    from ..world import World

CODE_DIGITS = 6
_SECONDS_FOR_CODE = 30.0
_MAX_CALL_DELAY_SECONDS = 60
# Twilio calls for a validation from a number of its own; this one is nobody's.
_VALIDATOR = "+14155550199"
_PROMPT = "Please enter your verification code."


def find(request: web.Request) -> CallerId:
    sid = request.match_info["sid"]
    found = [c for c in world_of(request).caller_ids.values() if c.sid == sid]
    if not found:
        raise not_found(request)
    return found[0]


class Validation:
    """A call that asks for the code, and what is told of its end."""

    def __init__(self, world: World, call: Call, name: str, url: str, verb: str) -> None:
        self._world, self._call, self._name = world, call, name
        self._url, self._verb = url, verb
        # From the network's own source, so that a seeded run repeats.
        self.code = f"{int(world.sids.new('')[:8], 16) % 10**CODE_DIGITS:0{CODE_DIGITS}}"
        self._typed = ""
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _on_digit(self, digit: str) -> bool:
        self._typed += digit
        if len(self._typed) >= CODE_DIGITS and not self._done.done():
            self._done.set_result(None)
        return True

    async def run(self) -> None:
        self._call.digit_sinks.append(self._on_digit)
        with self._call.sounding(Hearing("say", _PROMPT)):
            await self._world.clock.wait(self._done, _SECONDS_FOR_CODE)
        self._call.hang_up()

    def ended(self, _: Call, what: str) -> None:
        if what != "ended":
            return
        facts = {"VerificationStatus": "failed"}
        if self._typed == self.code:
            now, phone = self._world.clock.now(), self._call.to
            known = CallerId(self._world.sids.new("PN"), phone, self._name, now, now)
            self._world.caller_ids[phone] = known
            facts = {"VerificationStatus": "success", "OutgoingCallerIdSid": known.sid}
        if self._url:
            self._call.tell("validation", self._url, self._verb, facts)


async def validate(request: web.Request) -> web.Response:
    """Call a number and ask for the code that this answers with."""
    world, form = world_of(request), await form_of(request)
    phone = normalise(text(form, "PhoneNumber"))
    if not is_number(phone):
        raise TwilioError(21401, text(form, "PhoneNumber"))
    if phone in world.caller_ids:
        raise TwilioError(21450, phone)
    delay = number(form, "CallDelay", 0, 0, _MAX_CALL_DELAY_SECONDS, 21454)
    url, verb = url_of(form, "StatusCallback", 21402), method(form, "StatusCallbackMethod")
    name = text(form, "FriendlyName") or phone
    call = Call(world, _VALIDATOR, phone, "outbound-api")
    validation = Validation(world, call, name, url, verb)
    call.program = validation.run
    call.watch(validation.ended)
    call.later(delay, lambda: world.carrier.place(call))
    body = {
        "account_sid": world.account_sid,
        "call_sid": call.sid,
        "friendly_name": name,
        "phone_number": phone,
        "validation_code": validation.code,
    }
    return json(body)


async def listing(request: web.Request) -> web.Response:
    world = world_of(request)
    shown = (represent_caller_id(world, c) for c in world.caller_ids.values())
    found = chosen(request.query, shown, words=("FriendlyName",))
    found = chosen(request.query, found, words=("PhoneNumber",), spelling=normalise)
    return page(request, "outgoing_caller_ids", found)


async def fetch(request: web.Request) -> web.Response:
    return json(represent_caller_id(world_of(request), find(request)))


async def update(request: web.Request) -> web.Response:
    world, known, form = world_of(request), find(request), await form_of(request)
    known.friendly_name = text(form, "FriendlyName", known.friendly_name)
    known.updated = world.clock.now()
    return json(represent_caller_id(world, known))


async def delete(request: web.Request) -> web.Response:
    del world_of(request).caller_ids[find(request).number]
    return no_content()


def routes() -> list[web.RouteDef]:
    many, one = f"{ROOT}/OutgoingCallerIds.json", f"{ROOT}/OutgoingCallerIds/{{sid}}.json"
    return [
        web.post(many, validate, name="CreateValidationRequest"),
        web.get(many, listing, name="ListOutgoingCallerId"),
        web.get(one, fetch, name="FetchOutgoingCallerId"),
        web.post(one, update, name="UpdateOutgoingCallerId"),
        web.delete(one, delete, name="DeleteOutgoingCallerId"),
    ]
