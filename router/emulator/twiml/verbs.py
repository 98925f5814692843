"""The table of verbs, and the small ones."""

from __future__ import annotations

import asyncio

from .dial import dial
from .enqueue import enqueue
from .gather import gather
from .parse import Element
from .record import record
from .recording import record_call
from .refer import refer
from .session import VERBS, Ending, Next, Session
from .speech import pause, play, say


async def redirect(session: Session, element: Element) -> Next:
    """Twilio: an empty <Redirect/> asks for the current document again."""
    method = session.attributes(element).method(code=13710)
    target = session.source(element.text, method, {}, "redirect")
    return target if target is not None else Ending.FAILED


async def reject(session: Session, element: Element) -> Next:
    reason = session.attributes(element).choice("reason", ("rejected", "busy"), "rejected", 13810)
    if session.call.live:
        return Ending.HANGUP
    return Ending.BUSY if reason == "busy" else Ending.REJECTED


async def hangup(_session: Session, _element: Element) -> Next:
    return Ending.HANGUP


async def leave(session: Session, _element: Element) -> Next:
    """Outside a queue's wait document there is nothing to leave."""
    return Ending.LEAVE if session.context.name == "wait" else None


async def sms(session: Session, element: Element) -> Next:
    to = element.get("to") or session.call.from_
    sender = element.get("from") or session.call.to
    callback = ""
    if element.has("statusCallback"):
        target = session.source(element.get("statusCallback"), "POST", {}, "message")
        callback = target.url if target is not None else ""
    message = session.world.messages.send(to, sender, element.text, callback)
    if element.has("action"):
        params = {"MessageSid": message.sid, "SmsSid": message.sid, "MessageStatus": "sent"}
        return session.source(
            element.get("action"), session.attributes(element).method(), params, "action"
        )
    return None


async def echo(session: Session, _element: Element) -> Next:
    """Whoever is at the phone hears what they say, until they hang up."""
    call = session.call

    def back(text: str) -> bool:
        if call.endpoint is not None:
            call.endpoint.hears_speech(call, "echo", text)
        return True

    call.speech_sinks.append(back)
    await asyncio.get_running_loop().create_future()
    return None


async def start(session: Session, element: Element) -> Next:
    """Media streams and the like: accepted and written down; only a recording does something."""
    session.world.events.add("accepted", call=session.call.sid, element=element.tag, attributes={})
    for part in element.children:
        if part.valid and part.tag == "Recording":
            record_call(session, part)
    return None


async def stop(session: Session, element: Element) -> Next:
    session.world.events.add("accepted", call=session.call.sid, element=element.tag, attributes={})
    return None


async def connect(session: Session, element: Element) -> Next:
    """What it would connect to is not here (13750 says so); the call goes on as after its end."""
    return _after(session, element, {})


async def pay(session: Session, element: Element) -> Next:
    """Twilio's own word for a connector that is not there."""
    return _after(session, element, {"Result": "payment-connector-error"})


def _after(session: Session, element: Element, params: dict[str, str]) -> Next:
    if not element.has("action"):
        return None
    method = session.attributes(element).method()
    return session.source(element.get("action"), method, params, "action")


async def prompt(_session: Session, _element: Element) -> Next:
    """Only <Pay> could use it; that it cannot has been said."""
    return None


def install() -> None:
    """Let sessions perform every verb."""
    VERBS.update(
        {
            "Say": say,
            "Play": play,
            "Pause": pause,
            "Gather": gather,
            "Redirect": redirect,
            "Reject": reject,
            "Hangup": hangup,
            "Leave": leave,
            "Dial": dial,
            "Enqueue": enqueue,
            "Record": record,
            "Sms": sms,
            "Refer": refer,
            "Start": start,
            "Stop": stop,
            "Connect": connect,
            "Echo": echo,
            "Pay": pay,
            "Prompt": prompt,
        }
    )
