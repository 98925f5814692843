"""How an endpoint of the API is declared, reads its body, and answers what a call made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from router.errors import InvalidInputError
from router.services.accounts import Scope
from router.services.apply_input import Answer
from router.storage.accounts import TokenRow

SCOPES: dict[str, Scope] = {}
"""The scope each endpoint needs. An endpoint that is not here is refused."""

_View = TypeVar("_View", bound=Callable[..., Any])
_Body = TypeVar("_Body", bound=BaseModel)


def endpoint(
    api: Blueprint, rule: str, scope: Scope, *, method: str = "GET"
) -> Callable[[_View], _View]:
    """Declare a view of the API, and the scope that its caller's token needs."""

    def decorate(view: _View) -> _View:
        api.add_url_rule(rule, view.__name__, view, methods=[method])
        SCOPES[f"{api.name}.{view.__name__}"] = scope
        return view

    return decorate


def read_body(
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


def actor() -> str:
    """Who asks, as timelines name them."""
    token: TokenRow = g.api_token
    return f"token-{token.id}"


def refusal_of(answer: Answer) -> str:
    """Why the call took no notice of what was asked of it, or ""."""
    return "" if answer.step is None else answer.step.ignored


def told_by(answer: Answer) -> ResponseReturnValue:
    """202, or 409 with the reason why nothing was done."""
    refused = refusal_of(answer)
    if refused:
        return {"error": f"Not done: {refused}."}, HTTPStatus.CONFLICT
    return {"call_id": answer.call_id, "accepted": True}, HTTPStatus.ACCEPTED


def jsonable(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    """The value as JSON has it, with instants in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: jsonable(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value
