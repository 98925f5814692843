"""The parties of a call, and what may be done about one: hold, mute, remove, leave (TR3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_flows import moving, parties
from ivr_flows.call import Call, Leg, Role
from ivr_flows.inputs import ControlRequested, Input
from router.errors import ConflictError, NotFoundError
from router.services.apply_input import Answer
from router.storage.calls import find_call
from router.storage.database import Sessions


@dataclass(frozen=True, slots=True)
class Party:
    """One party of a call that is on the line or was.

    `held` and `muted` are as the carrier has told, `hold_wanted` and `mute_wanted` as was asked; a
    caller on hold waits outside the room. `actions` may be asked for now.
    """

    leg_id: str
    role: str
    place: str
    person_id: str
    answers_for_caller: bool
    held: bool
    muted: bool
    hold_wanted: bool
    mute_wanted: bool
    actions: tuple[str, ...]


def list_parties(sessions: Sessions, call_id: str) -> list[Party]:
    """Everybody who picked up in this call, in the order in which they came.

    Raises NotFoundError when there is no such call.
    """
    with sessions() as session:
        found = find_call(session, call_id)
    if found is None:
        raise NotFoundError("there is no such call")
    call = found.call
    return [party_of(call, leg) for leg in call.legs if leg.is_answered or leg.room]


def party_of(call: Call, leg: Leg) -> Party:
    """The party on a leg of the call."""
    waits = leg.role is Role.CALLER and moving.is_caller_held(call)
    is_held = leg.is_live and (leg.held or waits)
    return Party(
        leg_id=leg.id,
        role=leg.role.value,
        place=leg.place.value,
        person_id=leg.person_id or "",
        answers_for_caller=leg in call.staff(),
        held=is_held,
        muted=leg.is_live and leg.muted,
        hold_wanted=leg.is_live and (leg.hold_wanted or waits),
        mute_wanted=leg.is_live and leg.mute_wanted,
        actions=tuple(
            action for action in parties.ACTIONS if not parties.find_refusal(call, leg, action)
        ),
    )


def control_party(
    sessions: Sessions,
    apply_to_call: Callable[[str, Input], Answer],
    call_id: str,
    given: ControlRequested,
) -> Party:
    """Do what is asked about one party; the party as it stands then.

    Raises NotFoundError for an unknown call or leg, ConflictError that says what to do instead.
    """
    if not any(party.leg_id == given.leg_id for party in list_parties(sessions, call_id)):
        raise NotFoundError(f"call {call_id} has no party {given.leg_id}: list its legs")
    answer = apply_to_call(call_id, given)
    step = answer.step
    if step is not None and step.ignored:
        raise ConflictError(f"Not done: {step.ignored}.")
    return next(one for one in list_parties(sessions, call_id) if one.leg_id == given.leg_id)
