"""A warm transfer: the first agent brings in a second one, introduces the customer and leaves.

Agents use Twilio Client; their page posts to /agents/AGENT/transfer. Point the voice URL of
TWILIO_NUMBER at /calls.

    TWILIO_ACCOUNT_SID=... TWILIO_AUTH_TOKEN=... TWILIO_NUMBER=... gunicorn --threads 4 \
        warm_transfer:app

The state is in memory, so there is one worker.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, abort, request, url_for
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Dial, VoiceResponse

app = Flask(__name__)

NUMBER = os.environ["TWILIO_NUMBER"]
FIRST, SECOND = "agent1", "agent2"
client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
client.api.base_url = os.environ.get("TWILIO_API_BASE_URL", client.api.base_url)

# The conference each agent is in: its name, and its SID once it has begun.
rooms: dict[str, str] = {}
P = ParamSpec("P")


def from_twilio(view: Callable[P, VoiceResponse | None]) -> Callable[P, Response]:
    """Refuse whatever Twilio has not signed, and send the answer as TwiML."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Response:
        validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(request.url, request.form, signature):
            abort(403)
        answer = view(*args, **kwargs)
        if answer is None:
            return Response(status=204)
        return Response(str(answer), mimetype="text/xml")

    return checked


def join(room: str, label: str, *, starts: bool, ends: bool) -> VoiceResponse:
    """TwiML that puts the caller of this request into the conference."""
    response, dial = VoiceResponse(), Dial()
    dial.conference(
        room,
        participant_label=label,
        start_conference_on_enter=starts,
        end_conference_on_exit=ends,
        wait_url=url_for("wait", _external=True),
        status_callback=url_for("event", room=room, _external=True),
        status_callback_event="start end join leave",
        beep="false",
    )
    response.append(dial)
    response.say("The conversation is over. Goodbye.")
    return response


def ring(agent: str, room: str) -> None:
    client.calls.create(
        to=f"client:{agent}",
        from_=NUMBER,
        url=url_for("agent_answered", room=room, agent=agent, _external=True),
        timeout=20,
    )
    rooms[agent] = room


@app.post("/calls")
@from_twilio
def incoming() -> VoiceResponse:
    """A customer calls: they wait in a conference of their own while the first agent is rung."""
    room = request.form["CallSid"]
    ring(FIRST, room)
    return join(room, "customer", starts=False, ends=True)


@app.post("/wait")
@from_twilio
def wait() -> VoiceResponse:
    response = VoiceResponse()
    response.say("Thank you for calling. An agent will be with you shortly.")
    response.play("http://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3")
    response.redirect(url_for("wait"))
    return response


@app.post("/rooms/<room>/agents/<agent>")
@from_twilio
def agent_answered(room: str, agent: str) -> VoiceResponse:
    return join(room, agent, starts=True, ends=True)


@app.post("/rooms/<room>/events")
@from_twilio
def event(room: str) -> None:
    """Once the second agent is there, the first may leave without ending the conference."""
    form = request.form
    joined = form["StatusCallbackEvent"] == "participant-join"
    if joined and form.get("ParticipantLabel") == SECOND:
        conference = client.conferences(form["ConferenceSid"])
        conference.participants(FIRST).update(end_conference_on_exit=False)


@app.post("/agents/<agent>/transfer")
def transfer(agent: str) -> Response:
    """The agent's page asks for the other agent."""
    if agent != FIRST or agent not in rooms:
        abort(404)
    ring(SECOND, rooms[agent])
    return Response(status=204)
