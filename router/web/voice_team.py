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
"""What answers each kind of page; the kind stands in its addresses."""


def make_voice_team(guard: Guard, paging: Paging) -> Blueprint:
    """Everything under /voice/team and /voice/welfare. Signatures are for `Guard.protect`."""
    blueprint = Blueprint("voice_team", __name__)
    for kind, pages in KINDS.items():
        _add_pages(blueprint, guard, paging, kind, pages)
    return blueprint


def _add_pages(
    blueprint: Blueprint, guard: Guard, paging: Paging, kind: str, pages: ModuleType
) -> None:
    urls = paging.exchange.urls

    def speak(work: Speak, page_id: str) -> Response:
        def document(deadline: Deadline) -> Document:
            with within(deadline):
                return render_page(work(), page_id, urls, kind=kind)

        return guard.answer(document)

    @blueprint.post(f"/voice/{kind}/<page_id>/answered", endpoint=f"{kind}_answered")
    def answered(page_id: str) -> Response:
        sid = webhook.read_sid(form_of(request))
        return speak(lambda: pages.answer_page(paging, page_id, sid), page_id)

    @blueprint.post(f"/voice/{kind}/<page_id>/keyed/<int:step>", endpoint=f"{kind}_keyed")
    def keyed(page_id: str, step: int) -> Response:
        digits = webhook.read_digits(form_of(request))
        return speak(lambda: pages.key_page(paging, page_id, step, digits), page_id)

    @blueprint.post(f"/voice/{kind}/<page_id>/status", endpoint=f"{kind}_status")
    def status(page_id: str) -> Response:
        changed = webhook.read_status("", form_of(request))
        if changed is None:
            return reply(None)

        def note(deadline: Deadline) -> Document:
            with within(deadline):
                pages.change_page_status(paging, page_id, changed.status, changed.sid)
            return None

        return guard.answer(note)

    @blueprint.post(f"/voice/{kind}/<page_id>/fallback", endpoint=f"{kind}_fallback")
    def fallback(page_id: str) -> Response:  # noqa: ARG001 - every page's is the same
        return guard.refuse()
