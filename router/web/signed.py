"""Twilio's requests, checked once for every address it may ask: no signature, no answer."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask import Request, Response, abort, g, request
from werkzeug.exceptions import HTTPException

from router.logs import get_logger
from router.telephony.signature import (
    JSON_BODY_LIMIT,
    SETTINGS_HEADER,
    SIGNATURE_HEADER,
    SignatureChecker,
    SignedRequest,
)

log = get_logger(__name__)

FORBIDDEN = 403
Document = str | None


def require_signature(checker: SignatureChecker) -> Callable[[], None]:
    """A `before_request` that lets nothing through but what Twilio signed."""

    def check() -> None:
        if not _is_signed(checker, request):
            log.warning("webhook_not_signed", path=request.path)
            abort(FORBIDDEN)
        g.is_signed = True

    return check


def form_of(asked: Request) -> dict[str, str]:
    """The parameters Twilio sent: the form, or the query of a GET. Of a repeated one, the first."""
    return (asked.form if asked.method == "POST" else asked.args).to_dict()


def reply(document: Document) -> Response:
    """The answer to Twilio: a document, or 204 where nothing is played."""
    if document is None:
        return Response(status=204)
    return Response(document, content_type="text/xml; charset=utf-8")


def repetition_token(asked: Request) -> str:
    """What tells a request's repetition from a new one, or "" when Twilio does not say."""
    return asked.headers.get("I-Twilio-Idempotency-Token", "")[:64]


def _is_signed(checker: SignatureChecker, asked: Request) -> bool:
    try:
        asked.max_content_length = JSON_BODY_LIMIT
        body = asked.get_data(cache=True).decode() if asked.is_json else None
        return checker.is_signed(
            SignedRequest(
                path=_signed_path(asked),
                form=asked.form,
                body=body,
                signature=asked.headers.get(SIGNATURE_HEADER, ""),
                settings=asked.headers.get(SETTINGS_HEADER, ""),
            )
        )
    except (HTTPException, ValueError, TypeError) as error:
        log.warning("webhook_unreadable", error=type(error).__name__)
        return False


def _signed_path(asked: Request) -> str:
    """The path and query as they stood on the wire: what was signed is not decoded."""
    raw = str(asked.environ.get("RAW_URI") or asked.environ.get("REQUEST_URI") or "")
    if raw.startswith("/"):
        return raw
    query = asked.query_string.decode("latin-1")
    return quote(asked.root_path + asked.path) + (f"?{query}" if query else "")
