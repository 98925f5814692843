"""The legs of pages, a team's and the welfare requests to 911: answered, keyed, over."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from flask import Blueprint, Response, request

from ivr_flows.outputs import Instruction
from router.services import team_pages, welfare
from router.services.dispatch_moves import Paging
from router.storage.database import Deadline, within
from router.telephony import webhook
from router.telephony.twiml import render_page
from router.web.signed import Document, form_of, reply
from router.web.voice import Guard

Speak = Callable[[], tuple[Instruction, ...]]
KINDS: dict[str, ModuleType] = {"team": team_pages, "welfare": welfare}


def make_voice_team(guard: Guard, paging: Paging) -> Blueprint:
    """Everything under /voice/team and /voice/welfare. Signatures are for `Guard.protect`."""
    pages = Blueprint("voice_team", __name__)
    urls = paging.exchange.urls

    def speak(kind: str, page_id: str, work: Speak) -> Response:
        def document(deadline: Deadline) -> Document:
            with within(deadline):
                return render_page(work(), page_id, urls, kind=kind)

        return guard.answer(document)

    @pages.post("/voice/<any(team, welfare):kind>/<page_id>/answered")
    def answered(kind: str, page_id: str) -> Response:
        sid = webhook.read_sid(form_of(request))
        return speak(kind, page_id, lambda: KINDS[kind].answer_page(paging, page_id, sid))

    @pages.post("/voice/<any(team, welfare):kind>/<page_id>/keyed/<int:step>")
    def keyed(kind: str, page_id: str, step: int) -> Response:
        digits = webhook.read_digits(form_of(request))
        return speak(kind, page_id, lambda: KINDS[kind].key_page(paging, page_id, step, digits))

    @pages.post("/voice/<any(team, welfare):kind>/<page_id>/status")
    def status(kind: str, page_id: str) -> Response:
        changed = webhook.read_status("", form_of(request))
        if changed is None:
            return reply(None)

        def note(deadline: Deadline) -> Document:
            with within(deadline):
                KINDS[kind].change_page_status(paging, page_id, changed.status, changed.sid)
            return None

        return guard.answer(note)

    @pages.post("/voice/<any(team, welfare):kind>/<page_id>/fallback")
    def fallback(kind: str, page_id: str) -> Response:  # noqa: ARG001 - every page's is the same
        return guard.refuse()

    return pages
