"""The page behind a crew's signed link: accept or decline, then say how far the crew is (DI3, DI4).

The link is the key: nobody signs in and nothing is read from a cookie. Looking changes nothing, for
telephones open links by themselves to preview them.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ivr_flows.outputs import Say
from ivr_flows.prompts import text as prompt_text
from ivr_flows.team_page import PageState, Wish
from router.errors import NotFoundError
from router.policy.dispatch import Status
from router.services.dispatch_moves import Paging
from router.services.message_texts import status_words
from router.services.team_pages import PageView, answer_by_text, report_status, view_page

NAME = "team_link"

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Dispatch request",
        "stands": "The request is",
        "place": "Place",
        "hazards": "Known danger",
        "incident": "Incident",
        "accept": "Accept",
        "decline": "Decline",
        "en_route": "En route",
        "on_scene": "On scene",
        "cleared": "Clear",
        "nothing": "There is nothing for you to do here now.",
        "too_late": "That no longer follows from where the request stands.",
        "gone": "This link is not valid, or no longer.",
    },
    "es": {
        "title": "Solicitud de respuesta",
        "stands": "La solicitud está",
        "place": "Lugar",
        "hazards": "Peligro conocido",
        "incident": "Incidente",
        "accept": "Aceptar",
        "decline": "Rechazar",
        "en_route": "En camino",
        "on_scene": "En el lugar",
        "cleared": "Terminado",
        "nothing": "No hay nada que hacer aquí ahora.",
        "too_late": "Eso ya no corresponde al estado de la solicitud.",
        "gone": "Este enlace no es válido, o ya no lo es.",
    },
}
WISHES = {"accept": Wish.ACCEPT, "decline": Wish.DECLINE}
REPORTS = frozenset({Status.EN_ROUTE.value, Status.ON_SCENE.value, Status.CLEARED.value})


def make_team_link(paging: Paging) -> Blueprint:
    """The blueprint; name it among `console.register`'s own checks: the signature is its check."""
    link = Blueprint(NAME, __name__, template_folder="templates")

    @link.get("/t/<token>")
    def show(token: str) -> ResponseReturnValue:
        try:
            view = view_page(paging, paging.links.read(token))
        except NotFoundError:
            return _gone()
        return _page(view, token, too_late=request.args.get("late") == "1")

    @link.post("/t/<token>")
    def act(token: str) -> ResponseReturnValue:
        wanted = request.form.get("do", "")
        try:
            is_done = _act(paging, paging.links.read(token), wanted)
        except NotFoundError:
            return _gone()
        # A reload of the answer must not repeat the request.
        late = None if is_done else "1"
        return redirect(url_for(f"{NAME}.show", token=token, late=late), HTTPStatus.SEE_OTHER)

    return link


def _act(paging: Paging, page_id: str, wanted: str) -> bool:
    if wanted in WISHES:
        state = answer_by_text(paging, page_id, WISHES[wanted])
        return state in (PageState.ACKNOWLEDGED, PageState.DECLINED)
    return wanted in REPORTS and report_status(paging, page_id, Status(wanted))


def _page(view: PageView, token: str, *, too_late: bool) -> str:
    words = WORDS.get(view.language, WORDS["en"])
    buttons = ["accept", "decline"] if view.may_answer else list(view.may_report)
    return render_template(
        "team_link.html",
        words=words,
        team=view.team,
        status=status_words(view.status, view.language),
        facts=_facts(view, words),
        buttons=[(name, words[name]) for name in buttons],
        action=url_for(f"{NAME}.show", token=token),
        too_late=too_late,
    )


def _facts(view: PageView, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was answered about the place and hazards, in the words that are spoken of them."""
    facts = [
        (words[name], _spoken(name, view.details[name], view.language))
        for name in ("place", "hazards")
        if name in view.details
    ]
    if view.details.get("incident"):
        facts.append((words["incident"], view.details["incident"]))
    return facts


def _spoken(name: str, value: str, language: str) -> str:
    try:
        return prompt_text(Say(f"{name}_{value}", language))
    except KeyError:
        return value.replace("_", " ")


def _gone() -> ResponseReturnValue:
    words = WORDS["en"]
    return render_template("team_link.html", words=words, gone=True), HTTPStatus.NOT_FOUND
