"""Whether a clinician's return goes ahead of the held calls or waits in turn (RE1, RE2)."""

from __future__ import annotations

from ivr_flows import dialogue, psap_choice, return_to_911
from ivr_flows.call import Role
from ivr_flows.menus import HELP_KEYS, JOIN, REPEAT, SKIP
from ivr_flows.turn import Turn

FLOW = "return_choice"


def begin(turn: Turn) -> None:
    """Return the caller of the clinician who asked, as the program says, or ask which way."""
    hosted = psap_choice.choose(turn).psap.desk
    if turn.program.returns.choice == "ask" and hosted:
        dialogue.ask(turn, FLOW, "which")
    else:
        _return(turn, skip=settle(turn, None))


def settle(turn: Turn, wanted: bool | None) -> bool:  # noqa: FBT001 - as the input has it
    """Whether a return goes ahead: as the person wants it, else as the program says."""
    return turn.program.returns.choice != "join" if wanted is None else wanted


def _return(turn: Turn, *, skip: bool) -> None:
    return_to_911.start(turn, reason="clinician_request", by=Role.CLINICIAN, skip=skip)


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    if digits == SKIP or digits in HELP_KEYS:
        _return(turn, skip=True)
    elif digits == JOIN:
        _return(turn, skip=False)
    elif digits == REPEAT:
        dialogue.ask(turn, FLOW, "which")
    else:
        return False
    return True


dialogue.register(
    FLOW,
    "which",
    dialogue.Node(
        says=lambda turn: (turn.phrase("menu_skip_or_join"),),
        hear=_hear,
        # They asked for 911 and say no more: the quicker way.
        give_up=lambda turn: _return(turn, skip=True),
        timeout_seconds=6,
        tries=1,
    ),
)
