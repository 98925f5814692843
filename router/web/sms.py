"""Text messages: what comes in, and what became of those we sent."""

from __future__ import annotations

from flask import Blueprint, Response, request

from router.services.dispatch_moves import Paging
from router.services.notify import take_message_status, take_reply
from router.storage.database import Deadline, within
from router.telephony import webhook
from router.telephony.twiml import text_answer
from router.web.signed import Document, form_of, reply
from router.web.voice import Guard


def make_sms(guard: Guard, paging: Paging) -> Blueprint:
    """Everything under /sms. Signatures are for `Guard.protect`."""
    sms = Blueprint("sms", __name__)

    @sms.post("/sms/inbound")
    def inbound() -> Response:
        text = webhook.read_text(form_of(request))
        if text is None:
            return reply(None)

        def act(deadline: Deadline) -> Document:
            with within(deadline):
                said = take_reply(paging, text.sid, text.from_e164, text.to_e164, text.body)
            return text_answer(said)

        return guard.answer(act)

    @sms.post("/sms/status/<message_id>")
    def status(message_id: str) -> Response:
        sent = webhook.read_text_status(form_of(request))
        if sent is None:
            return reply(None)

        def note(deadline: Deadline) -> Document:
            with within(deadline):
                take_message_status(paging, message_id, sent.status, sent.sid, sent.error_code)
            return None

        return guard.answer(note)

    return sms
