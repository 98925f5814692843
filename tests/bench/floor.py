"""The floor: the least a Flask webhook can do: check the signature, say a fixed document."""

from __future__ import annotations

import os

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

FORBIDDEN = 403
# A menu of the size that ours are.
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="{origin}/voice/caller/'
    'floor-1/keyed/1" actionOnEmptyResult="true" finishOnKey="" input="dtmf" method="POST" '
    'numDigits="1" timeout="5"><Say language="en-US" voice="Polly.Joanna-Neural">For English, '
    'press 1.</Say><Say language="es-US" voice="Polly.Lupe-Neural">Para español, oprima 2.</Say>'
    '</Gather><Redirect method="POST">{origin}/voice/caller/floor-1/keyed/1</Redirect></Response>'
)


def make_floor(public_url: str, token: str) -> Flask:
    """One address for everything, and no other thought."""
    floor = Flask("floor", static_folder=None)
    validator = RequestValidator(token)
    document = DOCUMENT.format(origin=public_url)

    @floor.post("/<path:path>")
    def answer(path: str) -> Response:
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(f"{public_url}/{path}", request.form, signature):
            abort(FORBIDDEN)
        return Response(document, content_type="text/xml; charset=utf-8")

    return floor


def __getattr__(name: str) -> Flask:
    if name != "app":
        raise AttributeError(name)
    return make_floor(os.environ["SWITCHBACK_PUBLIC_URL"], os.environ["TWILIO_AUTH_TOKEN"])
