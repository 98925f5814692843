"""What the next person is told of a call in one breath: that it comes back, its incident, why."""

from __future__ import annotations

from dataclasses import replace

from ivr_flows.outputs import Say
from ivr_flows.turn import STAFF_LANGUAGE, Turn


def returned_call(turn: Turn, opening: str) -> tuple[Say, ...]:
    """The returned call as 911 hears of it, after the prompt `opening` (RE4)."""
    incident = turn.call.answers.get("incident_number", "")
    returning = turn.call.returning
    says = [turn.phrase(opening)]
    if incident:
        says.append(turn.phrase("offer_incident", incident=f"#{incident}"))
    if returning is not None:
        says.append(turn.phrase("return_because", reason=f"@reason_{returning.reason}"))
        if returning.request:
            says.append(turn.phrase("psap_request", request=f"@request_{returning.request}"))
    return tuple(says)


def for_the_line(turn: Turn, opening: str) -> tuple[Say, ...]:
    """What whoever picks up a line that the caller's own leg dials hears, in staff's language."""
    return tuple(replace(say, language=STAFF_LANGUAGE) for say in returned_call(turn, opening))
