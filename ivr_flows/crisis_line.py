"""The crisis line outside: dialled from the caller's own leg, with 911 behind it (EL1)."""

from __future__ import annotations

from dataclasses import replace

from ivr_flows import moving, return_to_911
from ivr_flows.call import Place, ReturnTo911, Role, Stage
from ivr_flows.context import for_the_line
from ivr_flows.return_to_911 import AT_CRISIS_LINE
from ivr_flows.turn import Turn


def start(turn: Turn, *, reason: str) -> None:
    """Let the caller's leg, which asked, dial the program's crisis line; without one, 911."""
    if turn.program.crisis_line is None:
        return_to_911.start(turn, reason=reason, by=Role.CALLER)
        return
    turn.change(
        returning=ReturnTo911(
            reason=reason,
            requested_by=Role.CALLER,
            skip=True,
            started_at=turn.now,
            by_twiml=True,
            under_way=True,
            crisis_line=True,
        )
    )
    turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
    turn.note("sent_to_crisis_line", reason=reason)
    turn.say("connecting_to_crisis_line")
    moving.dial_911(turn)


def line_answered(turn: Turn) -> None:
    """A counselor picked up: say who comes; then the caller is let in."""
    if moving.is_at_crisis_line(turn.call) and turn.call.returning is not None:
        returning = replace(turn.call.returning, taken=True)
        turn.change(returning=returning, outcome=AT_CRISIS_LINE)
        turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
    turn.change_leg(turn.leg_id, present=True)
    turn.note("line_answered", line=turn.leg.line_id or "")
    turn.answer(*for_the_line(turn, "crisis_line_context"))


def dial_ended(turn: Turn, status: str) -> None:
    """The counselor has hung up, and who stays is reconnected; or nobody answered, and 911 is."""
    talked = turn.leg.present and status in ("completed", "answered")
    turn.change_leg(turn.leg_id, place=Place.FLOW, present=False)
    if return_to_911.taker_is_coming(turn) or return_to_911.is_under_way(turn.call):
        moving.caller_next(turn)  # 911 has been asked for meanwhile
    elif talked:
        return_to_911.after_911(turn)
    else:
        turn.note("crisis_line_not_reached", status=status)
        turn.change(outcome="")
        return_to_911.start(turn, reason="crisis_line_not_reached", by=Role.CALLER)
