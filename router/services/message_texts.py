"""The texts of our messages, by language. None of them holds anything about a caller."""

from __future__ import annotations

from collections.abc import Mapping

_EN: Mapping[str, str] = {
    "page": (
        "Switchback dispatch for {team}: a clinician asks for an in-person response. "
        "Reply 1 to accept, 2 to decline. Details: {link}"
    ),
    "page_taken": "Switchback: {team} has accepted. Details: {link}",
    "page_over": "Switchback: the request to {team} is no longer waiting. Thank you.",
    "page_cancelled": "Switchback: the request to {team} is cancelled. Please stand down.",
    "reply_acknowledged": (
        "Accepted, thank you. Reply ROUTE when you set out, SCENE when you are there, "
        "CLEAR when you have finished."
    ),
    "reply_declined": "Declined. The request goes to another team.",
    "reply_withdrawn": "This request is no longer waiting for you. Thank you.",
    "reply_noted": "Noted: {status}.",
    "reply_refused": "Not noted: the request cannot be {status} now.",
    "reply_not_understood": "Reply 1 to accept or 2 to decline.",
    "reply_nothing_waits": "No request waits for you.",
    "offer_missed": "Switchback: {person} did not answer an offered call.",
    "paused_after_missed_offers": (
        "Switchback: {person} missed several offered calls in a row and is paused."
    ),
    "no_team": (
        "Switchback: no response team is free for a dispatch request. "
        "It returns to 911 in a minute unless a team is found."
    ),
    "dispatch_unanswered": (
        "Switchback: no response team took a dispatch request. "
        "The clinician was told to return the call to 911."
    ),
    "unknown_leg": (
        "Switchback: a telephone line of ours is in use without a call on the board. "
        "Somebody may be talking with 911 by the fail-safe; it was left as it is."
    ),
    "welfare_unacknowledged": (
        "Switchback: 911 has not acknowledged a welfare request about a lost caller. "
        "Please call 911 yourself; the call's record has the details."
    ),
    "caller_waiting": (
        "{title}: you asked for this message. If anyone is in danger, call 911. "
        "To reach us again, call {number}."
    ),
    "approval_needed": "Switchback: a dispatch request waits for your approval.",
    "other": "Switchback: please look at the live board ({subject}).",
}
_ES: Mapping[str, str] = {
    "page": (
        "Despacho de Switchback para {team}: un clínico pide una respuesta en persona. "
        "Responda 1 para aceptar, 2 para rechazar. Detalles: {link}"
    ),
    "page_taken": "Switchback: {team} ha aceptado. Detalles: {link}",
    "page_over": "Switchback: la solicitud a {team} ya no espera. Gracias.",
    "page_cancelled": "Switchback: la solicitud a {team} está cancelada. No acudan, por favor.",
    "reply_acknowledged": (
        "Aceptada, gracias. Responda ROUTE al salir, SCENE al llegar, CLEAR al terminar."
    ),
    "reply_declined": "Rechazada. La solicitud pasa a otro equipo.",
    "reply_withdrawn": "Esta solicitud ya no le espera. Gracias.",
    "reply_noted": "Anotado: {status}.",
    "reply_refused": "No anotado: la solicitud no puede estar {status} ahora.",
    "reply_not_understood": "Responda 1 para aceptar o 2 para rechazar.",
    "caller_waiting": (
        "{title}: usted pidió este mensaje. Si alguien está en peligro, llame al 911. "
        "Para volver a comunicarse, llame al {number}."
    ),
    "reply_nothing_waits": "Ninguna solicitud le espera.",
}
_TEXTS: Mapping[str, Mapping[str, str]] = {"en": _EN, "es": _ES}

STATUS_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "requested": "requested",
        "approved": "approved",
        "assigned": "waiting for an answer",
        "acknowledged": "accepted",
        "en_route": "en route",
        "on_scene": "on scene",
        "cleared": "clear",
        "cancelled": "cancelled",
        "unanswered": "closed without a team",
    },
    "es": {
        "requested": "solicitada",
        "approved": "aprobada",
        "assigned": "en espera de respuesta",
        "acknowledged": "aceptada",
        "en_route": "en camino",
        "on_scene": "en el lugar",
        "cleared": "terminada",
        "cancelled": "cancelada",
        "unanswered": "cerrada sin equipo",
    },
}


def text(name: str, language: str, **words: str) -> str:
    """A message's text, English where the language lacks it. Raises KeyError."""
    sentence = _TEXTS.get(language, _EN).get(name) or _EN[name]
    return sentence.format(**words)


def has_text(name: str) -> bool:
    """Whether there is a text of that name."""
    return name in _EN


def status_words(status: str, language: str) -> str:
    """A request's status as people say it."""
    return STATUS_WORDS.get(language, STATUS_WORDS["en"])[status]
