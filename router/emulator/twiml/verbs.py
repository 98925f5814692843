"""The table of verbs, and the small ones."""

from __future__ import annotations

from .dial import dial
from .enqueue import enqueue
from .gather import gather
from .parse import Element
from .record import record
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
    message = session.world.messages.send(to, sender, element.text)
    if element.has("action"):
        params = {"MessageSid": message.sid, "SmsSid": message.sid, "MessageStatus": "sent"}
        return session.source(
            element.get("action"), session.attributes(element).method(), params, "action"
        )
    return None


async def refer(session: Session, element: Element) -> Next:
    """Only a SIP leg can be referred; the transfer itself is logged, not carried out."""
    if not session.call.from_.startswith("sip:") and not session.call.to.startswith("sip:"):
        session.warn(13801, "Refer not allowed on non-SIP call legs")
        return None
    target = element.children[0].text.strip() if element.children else ""
    session.world.events.add("refer", call=session.call.sid, to=target)
    if not element.has("action"):
        return Ending.HANGUP
    method = session.attributes(element).method()
    params = {
        "ReferCallStatus": "completed",
        "ReferSipResponseCode": "202",
        "NotifySipResponseCode": "200",
    }
    return session.source(element.get("action"), method, params, "action")


async def logged(session: Session, element: Element) -> Next:
    """Media streams and the like: accepted and logged, without effect."""
    session.world.events.add("accepted", call=session.call.sid, verb=element.tag)
    return None


async def unsupported(session: Session, element: Element) -> Next:
    session.warn(13750, f"<{element.tag}> is not supported by this network")
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
            "Start": logged,
            "Stop": logged,
            "Connect": unsupported,
            "Echo": unsupported,
            "Pay": unsupported,
            "Prompt": unsupported,
        }
    )
