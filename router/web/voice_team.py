"""The legs of response-team pages: answered, keyed, over."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from ivr_flows.outputs import Instruction
from router.services.dispatch_moves import Paging
from router.services.team_pages import answer_page, change_page_status, key_page
from router.storage.database import Deadline, within
from router.telephony import webhook
from router.telephony.twiml import render_page
from router.web.signed import Document, form_of, reply
from router.web.voice import Guard

Speak = Callable[[], tuple[Instruction, ...]]


def make_voice_team(guard: Guard, paging: Paging) -> Blueprint:
    """Everything under /voice/team. Signatures are for `Guard.protect`."""
    team = Blueprint("voice_team", __name__)
    urls = paging.exchange.urls

    def speak(page_id: str, work: Speak) -> Response:
        def document(deadline: Deadline) -> Document:
            with within(deadline):
                return render_page(work(), page_id, urls)

        return guard.answer(document)

    @team.post("/voice/team/<page_id>/answered")
    def answered(page_id: str) -> Response:
        sid = webhook.read_sid(form_of(request))
        return speak(page_id, lambda: answer_page(paging, page_id, sid))

    @team.post("/voice/team/<page_id>/keyed/<int:step>")
    def keyed(page_id: str, step: int) -> Response:
        digits = webhook.read_digits(form_of(request))
        return speak(page_id, lambda: key_page(paging, page_id, step, digits))

    @team.post("/voice/team/<page_id>/status")
    def status(page_id: str) -> Response:
        changed = webhook.read_status("", form_of(request))
        if changed is None:
            return reply(None)

        def note(deadline: Deadline) -> Document:
            with within(deadline):
                change_page_status(paging, page_id, changed.status, changed.sid)
            return None

        return guard.answer(note)

    @team.post("/voice/team/<page_id>/fallback")
    def fallback(page_id: str) -> Response:  # noqa: ARG001 - every page's is the same
        return guard.refuse()

    return team
