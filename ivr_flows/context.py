"""What the next person is told of a call in one breath: that it comes back, its incident, why."""

from __future__ import annotations

from dataclasses import replace

from ivr_flows.call import Transfer
from ivr_flows.outputs import Say
from ivr_flows.protocols import RISK
from ivr_flows.turn import STAFF_LANGUAGE, Turn

DANGERS = ("weapon", "violence", "crime", "medical", "imminent_risk")


def transferred_call(turn: Turn, transfer: Transfer) -> tuple[Say, ...]:
    """A transferred call as its receiver hears of it before they speak (TR6)."""
    what = turn.call.answers.get("call_type") or turn.call.answers.get("reason") or "unknown"
    says = [given_by(turn, transfer)]
    if transfer.reason:
        says.append(turn.phrase("return_because", reason=f"@reason_{transfer.reason}"))
    says.append(turn.phrase("transfer_summary", what=f"@call_type_{what}"))
    return (*says, *known_of_call(turn))


def given_by(turn: Turn, transfer: Transfer) -> Say:
    """Who gives the call, by their role: names of colleagues are theirs to say."""
    giver = turn.call.find_leg(transfer.giver)
    role = "unknown" if giver is None else giver.role.value
    return turn.phrase("transfer_from", giver=f"@giver_{role}")


def known_of_call(turn: Turn) -> tuple[Say, ...]:
    """Incident, language, risk and the dangers that were told, each where there is one (TR6)."""
    call, answers = turn.call, turn.call.answers
    says: list[Say] = []
    if answers.get("incident_number"):
        says.append(turn.phrase("offer_incident", incident=f"#{answers['incident_number']}"))
    if call.language != "en":
        says.append(turn.phrase("offer_language", language=f"@language_{call.language}"))
    if answers.get(RISK):
        says.append(turn.phrase("offer_risk", risk=answers[RISK].replace("_", " ")))
    told = [name for name in DANGERS if answers.get(name) == "yes" or name in call.dangers]
    return (
        *says,
        *(turn.phrase("transfer_danger", danger=f"@reason_{name}") for name in told),
    )


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
