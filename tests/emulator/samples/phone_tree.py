"""A company's phone tree: menus, a submenu, the star key to go back, and extensions.

    TWILIO_AUTH_TOKEN=... flask --app phone_tree run

Point the voice URL of a Twilio number at /welcome.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, abort, request, url_for
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Gather, VoiceResponse

app = Flask(__name__)

EXTENSIONS = {"101": "+15125550141", "102": "+15125550142"}
P = ParamSpec("P")


def from_twilio(view: Callable[P, VoiceResponse]) -> Callable[P, Response]:
    """Refuse whatever Twilio has not signed, and send the answer as TwiML."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Response:
        validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(request.url, request.form, signature):
            abort(403)
        return Response(str(view(*args, **kwargs)), mimetype="text/xml")

    return checked


@app.post("/welcome")
@from_twilio
def welcome() -> VoiceResponse:
    response = VoiceResponse()
    gather = Gather(num_digits=1, action=url_for("menu"), timeout=4)
    gather.say("Thank you for calling Blue Kettle. For our opening hours, press 1.")
    gather.say("To speak to somebody, press 2.")
    response.append(gather)
    response.say("We did not get a key.")
    response.redirect(url_for("welcome"))
    return response


@app.post("/menu")
@from_twilio
def menu() -> VoiceResponse:
    response = VoiceResponse()
    digit = request.form["Digits"]
    if digit == "1":
        response.say("We are open from nine to five on working days. Goodbye.")
        response.hangup()
    elif digit == "2":
        response.redirect(url_for("people"))
    else:
        response.say("That is not one of the choices.")
        response.redirect(url_for("welcome"))
    return response


@app.post("/people")
@from_twilio
def people() -> VoiceResponse:
    response = VoiceResponse()
    gather = Gather(action=url_for("extension"), finish_on_key="#", num_digits=3, timeout=5)
    gather.say("Enter the three digits of an extension. To go back, press star and then pound.")
    response.append(gather)
    response.redirect(url_for("people"))
    return response


@app.post("/extension")
@from_twilio
def extension() -> VoiceResponse:
    response = VoiceResponse()
    digits = request.form["Digits"]
    if digits.startswith("*"):
        response.redirect(url_for("welcome"))
    elif digits in EXTENSIONS:
        response.say(f"Calling extension {digits}.")
        dial = response.dial(action=url_for("dialed"), timeout=15, caller_id=request.form["To"])
        dial.number(EXTENSIONS[digits])
    else:
        response.say("There is no such extension.")
        response.redirect(url_for("people"))
    return response


@app.post("/dialed")
@from_twilio
def dialed() -> VoiceResponse:
    response = VoiceResponse()
    if request.form["DialCallStatus"] == "completed":
        response.say("Thank you for calling. Goodbye.")
        response.hangup()
    else:
        response.say("Nobody is there just now.")
        response.redirect(url_for("people"))
    return response
