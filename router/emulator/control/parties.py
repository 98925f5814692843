"""/control/parties: who is on this network, and what each of them does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from ..formats import is_address, normalise
from ..party import BEHAVIOURS, OnRing, Party, PartyError, Person, Profile
from ..rest.base import world_of
from ..script import Step
from .base import MAX_WAIT, BadFieldError, body_of, number, query_number, string

_FIELDS = ("number", "name", "people", "on_ring", "script", "lines", "facts", "greeting")
_DIGITS = re.compile(r"^[0-9*#A-D]+$")


def party_of(request: web.Request) -> Party:
    key = request.match_info["number"]
    party = world_of(request).parties.get(normalise(key))
    if party is None:
        raise BadFieldError("number", f"there is no party at {key!r}", 404)
    return party


def read_on_ring(value: object) -> OnRing:
    """A word, or {"do": word, "after": seconds}, or {"answer_after": seconds}."""
    if isinstance(value, str):
        value = {"do": value}
    if not isinstance(value, dict):
        raise BadFieldError("on_ring", "must be a word or an object")
    for name in BEHAVIOURS:
        if f"{name}_after" in value:
            value = {"do": name, "after": value[f"{name}_after"]}
    for name in BEHAVIOURS:
        if value.get(name) is True:
            value = {"do": name, "after": value.get("after", 0)}
    if value.get("do") not in BEHAVIOURS:
        raise BadFieldError("on_ring", f"do must be one of {', '.join(BEHAVIOURS)}")
    return OnRing(value["do"], number({"on_ring.after": value.get("after", 0)}, "on_ring.after"))


def read_people(value: object) -> list[Person]:
    if not isinstance(value, list) or not all(isinstance(p, str) and p for p in value) or not value:
        raise BadFieldError("people", "must be a list of names")
    return [Person(name) for name in value]


def read_script(value: object) -> list[Step]:
    if not isinstance(value, list):
        raise BadFieldError("script", "must be a list of steps")
    steps = []
    for index, item in enumerate(value):
        where = f"script[{index}]"
        if not isinstance(item, dict):
            raise BadFieldError(where, "must be an object")
        for name, content in item.items():
            default = getattr(Step(), name, None) if name in Step.__dataclass_fields__ else None
            if default is None:
                known = ", ".join(Step.__dataclass_fields__)
                raise BadFieldError(f"{where}.{name}", f"unknown field; there are: {known}")
            fits = isinstance(content, (int, float) if name == "wait" else type(default))
            if not fits:
                raise BadFieldError(f"{where}.{name}", f"must be a {type(default).__name__}")
        steps.append(Step(**item))
    return steps


def change(profile: Profile, body: dict[str, Any]) -> None:
    if "name" in body:
        profile.name = string(body, "name")
    if "people" in body:
        profile.people = read_people(body["people"])
    if "on_ring" in body:
        profile.on_ring = read_on_ring(body["on_ring"])
    if "script" in body:
        profile.script = read_script(body["script"])
    if "lines" in body:
        profile.lines = max(1, int(number(body, "lines")))
    if "facts" in body:
        facts = body["facts"]
        if not isinstance(facts, dict) or not all(isinstance(v, str) for v in facts.values()):
            raise BadFieldError("facts", "must be an object of texts (webhook parameters)")
        profile.facts = facts
    if "greeting" in body:
        profile.greeting = string(body, "greeting")


async def create(request: web.Request) -> web.Response:
    """Put a party at a number; one that is there already is changed."""
    world, body = world_of(request), await body_of(request, *_FIELDS)
    address = normalise(string(body, "number"))
    if not is_address(address):
        raise BadFieldError("number", "must be E.164 (+1...), client:name or sip:...")
    if address in world.numbers:
        raise BadFieldError("number", "is one of the account's own numbers", 409)
    party = world.parties.get(address)
    if party is not None:
        change(party.profile, body)
        world.events.add("party", party=address, name=party.profile.name)
        return web.json_response(party.describe())
    name = string(body, "name", address) or address
    profile = Profile(name, [Person(name)])
    change(profile, body)
    party = world.parties[address] = Party(world, address, profile)
    world.events.add("party", party=address, name=profile.name)
    return web.json_response(party.describe(), status=201)


async def listing(request: web.Request) -> web.Response:
    parties = world_of(request).parties.values()
    return web.json_response({"parties": [party.describe() for party in parties]})


async def fetch(request: web.Request) -> web.Response:
    return web.json_response(party_of(request).describe())


async def update(request: web.Request) -> web.Response:
    party = party_of(request)
    change(party.profile, await body_of(request, *_FIELDS[1:]))
    world_of(request).events.add("party", party=party.number, name=party.profile.name)
    return web.json_response(party.describe())


async def transcript(request: web.Request) -> web.Response:
    party = party_of(request)
    after = int(query_number(request, "after", 0))
    wait = min(query_number(request, "wait", 0), MAX_WAIT)
    return web.json_response({"entries": await party.transcript.wait(after, wait)})


async def act(request: web.Request) -> web.Response:
    party = party_of(request)
    deed = request.match_info["deed"]
    body = await body_of(request)
    if deed not in _DEEDS:
        raise BadFieldError("deed", f"must be one of {', '.join(_DEEDS)}", 404)
    extra = _DEEDS[deed](party, body) or {}
    return web.json_response(party.describe() | extra)


def _dial(party: Party, body: dict[str, Any]) -> dict[str, Any]:
    params = body.get("params", {})
    if not isinstance(params, dict) or not all(isinstance(v, str) for v in params.values()):
        raise BadFieldError("params", "must be an object of texts")
    to, application = normalise(string(body, "to")), string(body, "application", "")
    call = party.dial(to, application, params, string(body, "caller_id", ""))
    return {"call": call.sid}


def _press(party: Party, body: dict[str, Any]) -> None:
    digits = string(body, "digits")
    if not _DIGITS.match(digits):
        raise BadFieldError("digits", "must be keys: 0-9 * # A-D")
    party.press(digits, string(body, "call", ""))


def _speak(party: Party, body: dict[str, Any]) -> None:
    party.speak(string(body, "text"), string(body, "who", ""), string(body, "call", ""))


def _hang_up(party: Party, body: dict[str, Any]) -> None:
    party.hang_up(string(body, "call", ""))


def _lose_signal(party: Party, body: dict[str, Any]) -> None:
    party.lose_signal(string(body, "call", ""))


def _refer(party: Party, body: dict[str, Any]) -> None:
    party.refer(normalise(string(body, "to")), string(body, "call", ""))


def _text(party: Party, body: dict[str, Any]) -> dict[str, Any]:
    to = normalise(string(body, "to"))
    try:
        return {"message": party.text(to, string(body, "text"))}
    except PartyError as error:
        raise BadFieldError(error.name, error.message, error.status) from None


_DEEDS: dict[str, Callable[[Party, dict[str, Any]], dict[str, Any] | None]] = {
    "dial": _dial,
    "answer": lambda party, body: party.answer(string(body, "call", "")),
    "decline": lambda party, body: party.decline(string(body, "call", "")),
    "press": _press,
    "speak": _speak,
    "hang_up": _hang_up,
    "lose_signal": _lose_signal,
    "refer": _refer,
    "leave": lambda party, body: party.leave(string(body, "who")),
    "text": _text,
}


def routes() -> list[web.RouteDef]:
    one = "/control/parties/{number}"
    return [
        web.post("/control/parties", create),
        web.get("/control/parties", listing),
        web.get(one, fetch),
        web.patch(one, update),
        web.get(f"{one}/transcript", transcript),
        web.post(f"{one}/{{deed}}", act),
    ]
