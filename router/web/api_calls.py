"""The API's endpoints about calls: what a program that holds their scope can read and ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from http import HTTPStatus
from typing import Literal

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

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
from router.errors import InvalidInputError
from router.services.accounts import Scope
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
from router.services.transfer import request_transfer
from router.storage.database import Sessions
from router.web.api_endpoint import actor, endpoint, jsonable, read_body, told_by
from router.web.incident_body import Answer as YesOrNo
from router.web.incident_body import AnswerName
from router.web.transfer_body import TransferBody

CODE = r"^[a-z][a-z0-9_]*$"
CODE_OR_NOTHING = r"^([a-z][a-z0-9_]*)?$"

Apply = Callable[[str, Input], Answer]
"""Applies an input to a call."""


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


def add_calls(api: Blueprint, sessions: Sessions, apply_to_call: Apply) -> None:
    """Add every endpoint below /calls to the blueprint."""
    _add_call(api, sessions, apply_to_call)
    _add_transfers(api, sessions, apply_to_call)
    _add_call_backs(api, sessions, apply_to_call)


def _add_call(api: Blueprint, sessions: Sessions, apply_to_call: Apply) -> None:
    @endpoint(api, "/calls/<call_id>", Scope.CALLS)
    def call(call_id: str) -> ResponseReturnValue:
        record = read_for_screen(sessions, call_id, actor())
        return {one.name: jsonable(getattr(record, one.name)) for one in fields(record)}

    @endpoint(api, "/calls/<call_id>/return_to_911", Scope.CALLS, method="POST")
    def return_to_911(call_id: str) -> ResponseReturnValue:
        body = read_body(ReturnBody)
        check_call(sessions, call_id)
        given = ReturnRequested(actor(), body.reason, skip=body.skip)
        return told_by(apply_to_call(call_id, given))

    @endpoint(api, "/calls/<call_id>/legs", Scope.CALLS)
    def legs(call_id: str) -> ResponseReturnValue:
        return {"legs": [asdict(party) for party in list_parties(sessions, call_id)]}

    @endpoint(
        api,
        "/calls/<call_id>/legs/<leg_id>/<any(hold, unhold, mute, unmute, remove, leave):action>",
        Scope.CALLS,
        method="POST",
    )
    def control(call_id: str, leg_id: str, action: str) -> ResponseReturnValue:
        given = ControlRequested(actor(), leg_id, action)
        party = control_party(sessions, apply_to_call, call_id, given)
        return asdict(party), HTTPStatus.ACCEPTED

    @endpoint(api, "/calls/<call_id>/resolve", Scope.CALLS, method="POST")
    def resolve(call_id: str) -> ResponseReturnValue:
        body = read_body(ResolveBody)
        check_call(sessions, call_id)
        return told_by(apply_to_call(call_id, Resolved(actor(), body.disposition)))

    @endpoint(api, "/calls/<call_id>/answers", Scope.CALLS, method="POST")
    def answers(call_id: str) -> ResponseReturnValue:
        body = read_body(AnswersBody)
        check_call(sessions, call_id)
        told = {str(name): value for name, value in body.answers.items()}
        return told_by(apply_to_call(call_id, AnswersChanged(actor(), told)))

    @endpoint(api, "/calls/<call_id>/protocol", Scope.CALLS, method="POST")
    def protocol(call_id: str) -> ResponseReturnValue:
        body = read_body(ProtocolBody)
        given = ProtocolMoved(actor(), body.move, body.protocol, body.question, body.value)
        return asdict(move_protocol(sessions, apply_to_call, call_id, given))

    @endpoint(api, "/calls/<call_id>/protocol", Scope.CALLS)
    def protocol_now(call_id: str) -> ResponseReturnValue:
        return asdict(read_protocol_run(sessions, call_id))


def _add_transfers(api: Blueprint, sessions: Sessions, apply_to_call: Apply) -> None:
    @endpoint(api, "/calls/<call_id>/transfer", Scope.CALLS, method="POST")
    def transfer(call_id: str) -> ResponseReturnValue:
        body = read_body(TransferBody)
        try:
            told = request_transfer(
                sessions, apply_to_call, call_id, body.to_wish(), asked_by=actor()
            )
        except InvalidInputError as error:
            given = {"given": body.to.number} if error.field == "to.number" else {}
            answer = {"error": error.message, "field": error.field, **given}
            return answer, HTTPStatus.UNPROCESSABLE_ENTITY
        return told_by(told)

    @endpoint(api, "/calls/<call_id>/transfer/introduce", Scope.CALLS, method="POST")
    def introduce(call_id: str) -> ResponseReturnValue:
        check_call(sessions, call_id)
        return told_by(apply_to_call(call_id, TransferIntroduced(actor())))

    @endpoint(api, "/calls/<call_id>/transfer/cancel", Scope.CALLS, method="POST")
    def cancel(call_id: str) -> ResponseReturnValue:
        check_call(sessions, call_id)
        return told_by(apply_to_call(call_id, TransferCancelled(actor())))


def _add_call_backs(api: Blueprint, sessions: Sessions, apply_to_call: Apply) -> None:
    programs = PublishedPrograms()

    @endpoint(api, "/calls/<call_id>/call-backs", Scope.CALLS)
    def call_backs(call_id: str) -> ResponseReturnValue:
        views = list_call_backs(sessions, call_id)
        return {"call_id": call_id, "call_backs": [jsonable(view) for view in views]}

    @endpoint(api, "/calls/<call_id>/call-back", Scope.CALLS, method="POST")
    def call_back(call_id: str) -> ResponseReturnValue:
        call_back_id = request_call_back(sessions, programs, call_id, actor())
        return {"call_id": call_id, "call_back_id": call_back_id}, HTTPStatus.ACCEPTED

    @endpoint(api, "/calls/<call_id>/call-back/cancel", Scope.CALLS, method="POST")
    def call_back_cancel(call_id: str) -> ResponseReturnValue:
        body = read_body(CancelBody)
        check_call(sessions, call_id)
        cancel_call_back(sessions, apply_to_call, call_id, body.reason)
        return {"call_id": call_id, "cancelled": True}
