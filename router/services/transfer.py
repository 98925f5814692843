"""Transfers asked for over the API: the target checked, a number kept, then the call is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr_flows import targets
from ivr_flows.inputs import Input, TransferRequested
from router.errors import InvalidInputError, NotFoundError
from router.services.apply_input import Answer
from router.services.edit_roster import parse_phone
from router.services.publish_program import CRISIS_LINE, DIRECTORY
from router.storage.calls import find_call
from router.storage.database import Sessions
from router.storage.outside_numbers import add_number
from router.storage.people import find_person_by_phone
from router.storage.programs import find_line, list_return_numbers

EMERGENCY = frozenset({"911", "112", "933", "988", "+1911", "+1112", "+1933", "+1988"})
RETURN_INSTEAD = "to reach 911, use return_to_911: it goes ahead of held calls"


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to: exactly one of desk (with or without another program), directory, number, team."""

    desk: str = ""
    program: str = ""
    directory: str = ""
    number: str = ""
    team: bool = False
    consult: str = ""
    reason: str = ""


def request_transfer(
    sessions: Sessions,
    apply_to_call: Callable[[str, Input], Answer],
    call_id: str,
    wish: Wish,
    *,
    asked_by: str,
) -> Answer:
    """Tell the call whom to ring.

    Raises NotFoundError for a call nobody knows, and InvalidInputError, naming the field, for a
    target that cannot be one.
    """
    with sessions.begin() as session:
        found = find_call(session, call_id)
        if found is None:
            raise NotFoundError("there is no such call")
        program_id = found.call.program
        to = _target(session, program_id, call_id, wish, asked_by)
    return apply_to_call(call_id, TransferRequested(asked_by, to, wish.consult, wish.reason))


def _target(session: Session, program_id: str, call_id: str, wish: Wish, asked_by: str) -> str:
    named = [wish.desk, wish.directory, wish.number, wish.team]
    if sum(map(bool, named)) != 1 or (wish.program and not wish.desk):
        raise InvalidInputError(
            "to", "name one of desk (in another program with program), directory, number or team"
        )
    if wish.desk:
        is_elsewhere = wish.program not in ("", program_id)
        return f"{targets.DESK}:{f'{wish.program}/' if is_elsewhere else ''}{wish.desk}"
    if wish.directory:
        return f"{targets.DIRECTORY}:{wish.directory}"
    if wish.team:
        return targets.TEAM
    number = _check_number(session, program_id, wish.number)
    return f"{targets.NUMBER}:{add_number(session, call_id, number, asked_by)}"


def _check_number(session: Session, program_id: str, typed: str) -> str:
    """The number in full (E.164). Raises InvalidInputError, which does not repeat it."""
    if typed.strip() in EMERGENCY:
        instead = "give the ten-digit number of a crisis line" if "988" in typed else RETURN_INSTEAD
        raise InvalidInputError("to.number", instead)
    try:
        number = parse_phone(typed)
    except InvalidInputError as error:
        raise InvalidInputError("to.number", error.message) from None
    ours = find_line(session, number)
    if ours is not None:
        raise InvalidInputError(
            "to.number", f'is our own line "{ours.name}"; name a desk to transfer to instead'
        )
    if find_person_by_phone(session, number) is not None:
        raise InvalidInputError(
            "to.number", "is the phone of somebody of ours; name their desk instead"
        )
    for owner, _line, outside, _seconds in list_return_numbers(session, program_id):
        if outside == number and owner not in (CRISIS_LINE, DIRECTORY):
            raise InvalidInputError("to.number", f"is a line of 911; {RETURN_INSTEAD}")
    return number
