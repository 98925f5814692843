"""What Twilio's API has and this network has not: refused with Twilio's error and the reason."""

from __future__ import annotations

from aiohttp import web

from ..errors import TwilioError
from .base import ROOT, Handler

_MEDIA = "no media is kept on this network: a message counts what was attached to it"
_FEEDBACK = "nothing is made of feedback on this network"
_MESSAGE = f"{ROOT}/Messages/{{message}}"

# Twilio's operation: method, address, reason.
REFUSED = {
    "ListMedia": ("GET", f"{_MESSAGE}/Media.json", _MEDIA),
    "FetchMedia": ("GET", f"{_MESSAGE}/Media/{{sid}}.json", _MEDIA),
    "DeleteMedia": ("DELETE", f"{_MESSAGE}/Media/{{sid}}.json", _MEDIA),
    "CreateMessageFeedback": ("POST", f"{_MESSAGE}/Feedback.json", _FEEDBACK),
}


def _refusing(reason: str) -> Handler:
    async def refuse(_: web.Request) -> web.StreamResponse:
        raise TwilioError(20010, reason)

    return refuse


def routes() -> list[web.RouteDef]:
    return [
        web.route(verb, address, _refusing(reason), name=operation)
        for operation, (verb, address, reason) in REFUSED.items()
    ]
