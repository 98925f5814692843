"""A call queue that says where one is, and lets one leave a message instead of waiting.

    TWILIO_AUTH_TOKEN=... gunicorn call_queue:app

Point the voice URL of the customers' number at /voice and of the agents' number at /agent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, abort, request, url_for
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

app = Flask(__name__)

QUEUE = "support"
messages: list[dict[str, str]] = []
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


@app.post("/voice")
@from_twilio
def voice() -> VoiceResponse:
    response = VoiceResponse()
    response.say("Welcome to support.")
    response.enqueue(QUEUE, wait_url=url_for("wait"), action=url_for("left"))
    return response


@app.post("/wait")
@from_twilio
def wait() -> VoiceResponse:
    response = VoiceResponse()
    gather = Gather(num_digits=1, action=url_for("key"), timeout=2)
    gather.say(f"You are number {request.form['QueuePosition']} in line.")
    gather.say(f"People wait {request.form['AvgQueueTime']} seconds. Press 1 to leave a message.")
    gather.play("http://com.twilio.music.guitars.s3.amazonaws.com/Pitx_-_Long_Winter.mp3")
    response.append(gather)
    return response


@app.post("/key")
@from_twilio
def key() -> VoiceResponse:
    response = VoiceResponse()
    if request.form["Digits"] == "1":
        response.leave()
    else:
        response.say("Please stay on the line.")
    return response


@app.post("/left")
@from_twilio
def left() -> VoiceResponse:
    response = VoiceResponse()
    if request.form["QueueResult"] == "leave":
        response.say("Leave a message after the beep, and press pound when you are done.")
        response.record(
            action=url_for("recorded"), max_length=60, finish_on_key="#", play_beep=True
        )
        response.say("We did not hear a message. Goodbye.")
    else:
        response.hangup()
    return response


@app.post("/recorded")
@from_twilio
def recorded() -> VoiceResponse:
    form = request.form
    messages.append({"from": form["From"], "sound": form["RecordingUrl"]})
    response = VoiceResponse()
    response.say(f"Thank you. Your message of {form['RecordingDuration']} seconds is kept.")
    response.hangup()
    return response


@app.post("/agent")
@from_twilio
def agent() -> VoiceResponse:
    """An agent calls in and takes the next customer, and the next after that."""
    response, dial = VoiceResponse(), Dial(timeout=30, hangup_on_star=True)
    dial.queue(QUEUE, url=url_for("connecting"))
    response.append(dial)
    response.say("The customer has left. One moment for the next one.")
    response.redirect(url_for("agent"))
    return response


@app.post("/connecting")
@from_twilio
def connecting() -> VoiceResponse:
    response = VoiceResponse()
    response.say("You will now be connected to an agent.")
    return response
