"""The HTTP API, version 1: for programs that hold a token of the right scope."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, current_app, g, request
from flask.typing import ResponseReturnValue

from ivr_flows.inputs import Input
from router.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SwitchbackError,
    UnavailableError,
)
from router.services.accounts import Scope, use_token
from router.services.announce import announce_incident
from router.services.apply_input import Answer
from router.services.sign_on import sign_off, sign_on
from router.storage.database import Sessions
from router.web.api_calls import add_calls
from router.web.api_endpoint import SCOPES, actor, endpoint, read_body
from router.web.board import feed_of, to_document
from router.web.incident_body import IncidentBody, simplify


def make_api(sessions: Sessions, apply_to_call: Callable[[str, Input], Answer]) -> Blueprint:
    """The blueprint `api` at /api/v1. It takes tokens only, never a browser's session."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")

    @api.before_request
    def admit() -> ResponseReturnValue | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        found = use_token(sessions, token.strip()) if scheme.lower() == "bearer" and token else None
        if found is None:
            answer = {"error": "Send a token: Authorization: Bearer sb_..."}
            return answer, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}
        needed = SCOPES.get(request.endpoint or "")
        if needed is None or needed not in found.scopes:
            return {"error": f"This token lacks the scope {needed}."}, HTTPStatus.FORBIDDEN
        g.api_token = found
        return None

    @endpoint(api, "/board", Scope.READ_BOARD)
    def board() -> ResponseReturnValue:
        shown = feed_of(current_app).latest()
        return {"at": shown.read_at.isoformat(), **to_document(shown.board)}

    add_calls(api, sessions, apply_to_call)
    _add_incidents_and_roster(api, sessions)
    api.register_error_handler(SwitchbackError, _explain)
    return api


def _add_incidents_and_roster(api: Blueprint, sessions: Sessions) -> None:
    @endpoint(api, "/incidents", Scope.INCIDENTS, method="POST")
    def incidents() -> ResponseReturnValue:
        body = read_body(IncidentBody, simplify)
        done = announce_incident(sessions, body.to_announcing(), announced_by=actor())
        answer = {
            "program": done.program_id,
            "incident_id": done.incident_id,
            "incident_number": done.number,
            "transfer_code": done.code,
            "expires_at": done.expires_at.isoformat(),
            "call_id": done.call_id,
        }
        return answer, HTTPStatus.CREATED if done.is_new else HTTPStatus.OK

    @endpoint(api, "/roster/<person_id>/sign_on", Scope.ROSTER, method="POST")
    def roster_sign_on(person_id: str) -> ResponseReturnValue:
        sign_on(sessions, person_id)
        return {"person_id": person_id, "signed_on": True}

    @endpoint(api, "/roster/<person_id>/sign_off", Scope.ROSTER, method="POST")
    def roster_sign_off(person_id: str) -> ResponseReturnValue:
        sign_off(sessions, person_id)
        return {"person_id": person_id, "signed_on": False}


_CODES: dict[type[SwitchbackError], HTTPStatus] = {
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    ConflictError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def _explain(error: SwitchbackError) -> ResponseReturnValue:
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
    if code is None:
        raise error
    if isinstance(error, InvalidInputError):
        return {"error": error.message, "field": error.field}, code
    return {"error": str(error)}, code
