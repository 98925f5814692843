"""The HTTP API, version 1: for programs that hold a token of the right scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from flask import Blueprint, current_app, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr_flows.inputs import (
    AnswersChanged,
    ControlRequested,
    Input,
    ProtocolMoved,
    Resolved,
    ReturnRequested,
    TransferCancelled,
    TransferIntroduced,
)
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
from router.services.control_party import control_party, list_parties
from router.services.load_program import PublishedPrograms
from router.services.protocols import move_protocol, read_protocol_run
from router.services.read_record import check_call, read_for_screen
from router.services.request_call_back import (
    cancel_call_back,
    list_call_backs,
    request_call_back,
)
from router.services.sign_on import sign_off, sign_on
from router.services.transfer import request_transfer
from router.storage.accounts import TokenRow
from router.storage.database import Sessions
from router.web.board import feed_of, to_document
from router.web.incident_body import Answer as YesOrNo
from router.web.incident_body import AnswerName, IncidentBody, simplify
from router.web.transfer_body import TransferBody

CODE = r"^[a-z][a-z0-9_]*$"
CODE_OR_NOTHING = r"^([a-z][a-z0-9_]*)?$"
SCOPES: dict[str, Scope] = {}
"""The scope each endpoint needs. An endpoint that is not here is refused."""

_View = TypeVar("_View", bound=Callable[..., Any])
_Body = TypeVar("_Body", bound=BaseModel)


class ReturnBody(BaseModel):
    """Why a caller goes back to 911, and whether ahead of held calls; else the program decides."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(pattern=CODE, max_length=60)
    skip: bool | None = None


class CancelBody(BaseModel):
    """Why a caller need not be called back."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(pattern=CODE, max_length=60)


class ResolveBody(BaseModel):
    """How a call ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    disposition: str = Field(pattern=CODE, max_length=60)


class AnswersBody(BaseModel):
    """What is newly known of a call; true and false stand for yes and no."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[AnswerName, YesOrNo] = Field(min_length=1)


class ProtocolBody(BaseModel):
    """One move on a triage protocol."""

    model_config = ConfigDict(extra="forbid", strict=True)

    move: Literal["start", "answer", "back", "start_over"]
    protocol: str = Field(default="", pattern=CODE_OR_NOTHING, max_length=60)
    question: str = Field(default="", pattern=CODE_OR_NOTHING, max_length=60)
    value: str = Field(default="", max_length=2000)


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

    @_endpoint(api, "/board", Scope.READ_BOARD)
    def board() -> ResponseReturnValue:
        shown = feed_of(current_app).latest()
        return {"at": shown.read_at.isoformat(), **to_document(shown.board)}

    _add_calls(api, sessions, apply_to_call)
    _add_transfers(api, sessions, apply_to_call)
    _add_incidents_and_roster(api, sessions)
    api.register_error_handler(SwitchbackError, _explain)
    return api


def _add_calls(
    api: Blueprint, sessions: Sessions, apply_to_call: Callable[[str, Input], Answer]
) -> None:
    @_endpoint(api, "/calls/<call_id>/return_to_911", Scope.CALLS, method="POST")
    def return_to_911(call_id: str) -> ResponseReturnValue:
        body = _body(ReturnBody)
        check_call(sessions, call_id)
        given = ReturnRequested(_actor(), body.reason, skip=body.skip)
        return _told(apply_to_call(call_id, given))

    @_endpoint(api, "/calls/<call_id>/legs", Scope.CALLS)
    def legs(call_id: str) -> ResponseReturnValue:
        return {"legs": [asdict(party) for party in list_parties(sessions, call_id)]}

    @_endpoint(
        api,
        "/calls/<call_id>/legs/<leg_id>/<any(hold, unhold, mute, unmute, remove, leave):action>",
        Scope.CALLS,
        method="POST",
    )
    def control(call_id: str, leg_id: str, action: str) -> ResponseReturnValue:
        given = ControlRequested(_actor(), leg_id, action)
        party = control_party(sessions, apply_to_call, call_id, given)
        return asdict(party), HTTPStatus.ACCEPTED

    @_endpoint(api, "/calls/<call_id>/resolve", Scope.CALLS, method="POST")
    def resolve(call_id: str) -> ResponseReturnValue:
        body = _body(ResolveBody)
        check_call(sessions, call_id)
        return _told(apply_to_call(call_id, Resolved(_actor(), body.disposition)))

    _add_call_backs(api, sessions, apply_to_call)

    @_endpoint(api, "/calls/<call_id>/answers", Scope.CALLS, method="POST")
    def answers(call_id: str) -> ResponseReturnValue:
        body = _body(AnswersBody)
        check_call(sessions, call_id)
        told = {str(name): value for name, value in body.answers.items()}
        return _told(apply_to_call(call_id, AnswersChanged(_actor(), told)))

    @_endpoint(api, "/calls/<call_id>/protocol", Scope.CALLS, method="POST")
    def protocol(call_id: str) -> ResponseReturnValue:
        body = _body(ProtocolBody)
        given = ProtocolMoved(_actor(), body.move, body.protocol, body.question, body.value)
        return asdict(move_protocol(sessions, apply_to_call, call_id, given))

    @_endpoint(api, "/calls/<call_id>/protocol", Scope.CALLS)
    def protocol_now(call_id: str) -> ResponseReturnValue:
        return asdict(read_protocol_run(sessions, call_id))


def _add_transfers(
    api: Blueprint, sessions: Sessions, apply_to_call: Callable[[str, Input], Answer]
) -> None:
    @_endpoint(api, "/calls/<call_id>", Scope.CALLS)
    def call(call_id: str) -> ResponseReturnValue:
        record = read_for_screen(sessions, call_id, _actor())
        return {one.name: jsonable(getattr(record, one.name)) for one in fields(record)}

    @_endpoint(api, "/calls/<call_id>/transfer", Scope.CALLS, method="POST")
    def transfer(call_id: str) -> ResponseReturnValue:
        body = _body(TransferBody)
        try:
            told = request_transfer(
                sessions, apply_to_call, call_id, body.to_wish(), asked_by=_actor()
            )
        except InvalidInputError as error:
            given = {"given": body.to.number} if error.field == "to.number" else {}
            answer = {"error": error.message, "field": error.field, **given}
            return answer, HTTPStatus.UNPROCESSABLE_ENTITY
        return _told(told)

    @_endpoint(api, "/calls/<call_id>/transfer/introduce", Scope.CALLS, method="POST")
    def introduce(call_id: str) -> ResponseReturnValue:
        check_call(sessions, call_id)
        return _told(apply_to_call(call_id, TransferIntroduced(_actor())))

    @_endpoint(api, "/calls/<call_id>/transfer/cancel", Scope.CALLS, method="POST")
    def cancel(call_id: str) -> ResponseReturnValue:
        check_call(sessions, call_id)
        return _told(apply_to_call(call_id, TransferCancelled(_actor())))


def _add_call_backs(
    api: Blueprint, sessions: Sessions, apply_to_call: Callable[[str, Input], Answer]
) -> None:
    programs = PublishedPrograms()

    @_endpoint(api, "/calls/<call_id>/call-backs", Scope.CALLS)
    def call_backs(call_id: str) -> ResponseReturnValue:
        views = list_call_backs(sessions, call_id)
        return {"call_id": call_id, "call_backs": [jsonable(view) for view in views]}

    @_endpoint(api, "/calls/<call_id>/call-back", Scope.CALLS, method="POST")
    def call_back(call_id: str) -> ResponseReturnValue:
        call_back_id = request_call_back(sessions, programs, call_id, _actor())
        return {"call_id": call_id, "call_back_id": call_back_id}, HTTPStatus.ACCEPTED

    @_endpoint(api, "/calls/<call_id>/call-back/cancel", Scope.CALLS, method="POST")
    def call_back_cancel(call_id: str) -> ResponseReturnValue:
        body = _body(CancelBody)
        check_call(sessions, call_id)
        cancel_call_back(sessions, apply_to_call, call_id, body.reason)
        return {"call_id": call_id, "cancelled": True}


def jsonable(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    """The value as JSON has it, with instants in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: jsonable(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _add_incidents_and_roster(api: Blueprint, sessions: Sessions) -> None:
    @_endpoint(api, "/incidents", Scope.INCIDENTS, method="POST")
    def incidents() -> ResponseReturnValue:
        body = _body(IncidentBody, simplify)
        done = announce_incident(sessions, body.to_announcing(), announced_by=_actor())
        answer = {
            "program": done.program_id,
            "incident_id": done.incident_id,
            "incident_number": done.number,
            "transfer_code": done.code,
            "expires_at": done.expires_at.isoformat(),
            "call_id": done.call_id,
        }
        return answer, HTTPStatus.CREATED if done.is_new else HTTPStatus.OK

    @_endpoint(api, "/roster/<person_id>/sign_on", Scope.ROSTER, method="POST")
    def roster_sign_on(person_id: str) -> ResponseReturnValue:
        sign_on(sessions, person_id)
        return {"person_id": person_id, "signed_on": True}

    @_endpoint(api, "/roster/<person_id>/sign_off", Scope.ROSTER, method="POST")
    def roster_sign_off(person_id: str) -> ResponseReturnValue:
        sign_off(sessions, person_id)
        return {"person_id": person_id, "signed_on": False}


def _endpoint(
    api: Blueprint, rule: str, scope: Scope, *, method: str = "GET"
) -> Callable[[_View], _View]:
    def decorate(view: _View) -> _View:
        api.add_url_rule(rule, view.__name__, view, methods=[method])
        SCOPES[f"{api.name}.{view.__name__}"] = scope
        return view

    return decorate


def refusal_of(answer: Answer) -> str:
    """Why the call took no notice of what was asked of it, or ""."""
    return "" if answer.step is None else answer.step.ignored


def _told(answer: Answer) -> ResponseReturnValue:
    """202, or 409 with the reason why nothing was done."""
    refused = refusal_of(answer)
    if refused:
        return {"error": f"Not done: {refused}."}, HTTPStatus.CONFLICT
    return {"call_id": answer.call_id, "accepted": True}, HTTPStatus.ACCEPTED


def _actor() -> str:
    token: TokenRow = g.api_token
    return f"token-{token.id}"


def _body(
    kind: type[_Body], simplify: Callable[[dict[str, Any]], Mapping[str, Any]] = dict
) -> _Body:
    """The request's JSON, checked. Raises InvalidInputError naming the field."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise InvalidInputError("body", "send a JSON object as application/json")
    try:
        return kind.model_validate(simplify(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = [str(part) for part in first["loc"] if part != "[key]"]
        field = ".".join(path) or "body"
        raise InvalidInputError(field, first["msg"]) from None


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
