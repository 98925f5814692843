"""/Accounts itself, and what signs in to it: /Tokens and API keys under /Keys and /SigningKeys."""

from __future__ import annotations

import secrets

from aiohttp import web

from ..errors import TwilioError
from ..formats import rfc2822
from ..keys import ApiKey
from ..world import World
from .base import ROOT, choice, form_of, json, no_content, not_found, number, text, world_of
from .lists import page
from .representations import VERSION, represent_key

DAY = 86_400
_MAX_NAME = 64


async def fetch(request: web.Request) -> web.Response:
    world = world_of(request)
    moment = rfc2822(world.created)
    return json(
        {
            "sid": world.account_sid,
            "auth_token": world.auth_token,
            "friendly_name": world.friendly_name,
            "owner_account_sid": world.account_sid,
            "status": "active",
            "type": "Full",
            "date_created": moment,
            "date_updated": moment,
            "subresource_uris": {},
            "uri": f"/{VERSION}/Accounts/{world.account_sid}.json",
        }
    )


async def update(request: web.Request) -> web.Response:
    """Name the account. It is the only one, so it can be neither suspended nor closed."""
    world, form = world_of(request), await form_of(request)
    if choice(form, "Status", ("active", "suspended", "closed")) != "active":
        raise TwilioError(20010, "this network has one account, which stays active")
    world.friendly_name = text(form, "FriendlyName", world.friendly_name)
    return await fetch(request)


async def create_token(request: web.Request) -> web.Response:
    """Credentials for STUN and TURN. No media crosses this network, so it names no servers."""
    world, form = world_of(request), await form_of(request)
    ttl = number(form, "Ttl", DAY, 1, DAY)
    moment = rfc2822(world.clock.now())
    body = {
        "account_sid": world.account_sid,
        "date_created": moment,
        "date_updated": moment,
        "ice_servers": [],
        "password": secrets.token_urlsafe(32),
        "ttl": str(ttl),
        "username": secrets.token_hex(32),
    }
    return json(body, status=201)


# API keys


def _keys(world: World) -> dict[str, ApiKey]:
    """Every key that may sign in, those from the command line and the control API included."""
    for sid in world.api_keys:
        if sid not in world.keys:
            world.keys[sid] = ApiKey(sid, "", world.created, world.created)
    return world.keys


def _find_key(request: web.Request) -> ApiKey:
    key = _keys(world_of(request)).get(request.match_info["sid"])
    if key is None:
        raise not_found(request)
    return key


async def create_key(request: web.Request) -> web.Response:
    """Make a key. Its secret is told this once, as on Twilio."""
    world, form = world_of(request), await form_of(request)
    if len(text(form, "FriendlyName")) > _MAX_NAME:
        raise TwilioError(20002)
    now = world.clock.now()
    key = ApiKey(world.sids.new("SK"), text(form, "FriendlyName"), now, now)
    secret = secrets.token_urlsafe(24)
    world.keys[key.sid], world.api_keys[key.sid] = key, secret
    world.events.add("api_key", key=key.sid, status="created")
    return json(represent_key(key) | {"secret": secret}, status=201)


async def list_keys(request: web.Request) -> web.Response:
    keys = _keys(world_of(request)).values()
    return page(request, "keys", (represent_key(key) for key in keys))


async def list_signing_keys(request: web.Request) -> web.Response:
    keys = _keys(world_of(request)).values()
    return page(request, "signing_keys", (represent_key(key) for key in keys))


async def fetch_key(request: web.Request) -> web.Response:
    return json(represent_key(_find_key(request)))


async def update_key(request: web.Request) -> web.Response:
    key, form = _find_key(request), await form_of(request)
    name = text(form, "FriendlyName", key.friendly_name)
    if len(name) > _MAX_NAME:
        raise TwilioError(20002)
    key.friendly_name, key.updated = name, world_of(request).clock.now()
    return json(represent_key(key))


async def revoke_key(request: web.Request) -> web.Response:
    world, key = world_of(request), _find_key(request)
    del world.keys[key.sid]
    world.api_keys.pop(key.sid, None)
    world.events.add("api_key", key=key.sid, status="revoked")
    return no_content()


def _key_routes(folder: str, word: str) -> list[web.RouteDef]:
    many, one = f"{ROOT}/{folder}.json", f"{ROOT}/{folder}/{{sid}}.json"
    lists = list_keys if folder == "Keys" else list_signing_keys
    return [
        web.post(many, create_key, name=f"CreateNew{word}"),
        web.get(many, lists, name=f"List{word}"),
        web.get(one, fetch_key, name=f"Fetch{word}"),
        web.post(one, update_key, name=f"Update{word}"),
        web.delete(one, revoke_key, name=f"Delete{word}"),
    ]


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"{ROOT}.json", fetch, name="FetchAccount"),
        web.post(f"{ROOT}.json", update, name="UpdateAccount"),
        web.post(f"{ROOT}/Tokens.json", create_token, name="CreateToken"),
        *_key_routes("Keys", "Key"),
        *_key_routes("SigningKeys", "SigningKey"),
    ]
