"""Answers what the carrier asks about calls: the port that `router.web.voice` speaks to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ivr_flows.inputs import FailsafeAnswered, Input, LegStatusChanged
from ivr_flows.outputs import Announce
from router.errors import NotFoundError
from router.services.apply_input import Exchange, apply_input
from router.services.lines import note_caller_status, receive_call
from router.storage.database import Deadline, within
from router.storage.outbox import find_row
from router.storage.receipts import ReceiptKey
from router.telephony import twiml
from router.telephony.webhook import Arrival


@dataclass(frozen=True, slots=True)
class CallAnswers:
    """Each method returns a document, or None where nothing is played. Raises NotFoundError."""

    exchange: Exchange

    def arrive(self, arrival: Arrival, deadline: Deadline) -> str | None:
        """A number of ours was rung."""
        return receive_call(self.exchange, arrival, deadline=deadline).document

    def take(
        self, leg_id: str, given: Input, receipt: ReceiptKey | None, deadline: Deadline
    ) -> str | None:
        """Something happened on a leg."""
        answer = apply_input(self.exchange, leg_id, given, receipt=receipt, deadline=deadline)
        if isinstance(given, LegStatusChanged) and answer.step is not None:
            leg = answer.step.call.find_leg(leg_id)
            if leg is not None and leg.moved_to:
                # The carrier goes on telling us of the leg by the address it was placed with.
                moved = replace(given, leg_id=leg.moved_to)
                apply_input(self.exchange, leg.moved_to, moved, deadline=deadline)
        return answer.document

    def change_status(self, sid: str, status: str, deadline: Deadline) -> str | None:
        """The caller's leg, known by its sid alone, changed its status."""
        return note_caller_status(self.exchange, sid, status, deadline=deadline).document

    def failsafe_answered(self, leg_id: str) -> None:
        """The leg was answered by a fail-safe, which rings 911 for it."""
        apply_input(self.exchange, leg_id, FailsafeAnswered(leg_id))

    def announce(self, leg_id: str, token: str, deadline: Deadline) -> str | None:
        """The announcement that was ordered for a leg; `token` is the outbox row's id."""
        with within(deadline), self.exchange.sessions() as session:
            row = find_row(session, int(token)) if _is_row_id(token) else None
            command = row.command() if row is not None and row.leg_id == leg_id else None
        if not isinstance(command, Announce):
            raise NotFoundError("no such announcement was ordered for the leg")
        return twiml.announcement(command.say)


def _is_row_id(token: str) -> bool:
    """Whether the text is a number that PostgreSQL's bigint holds."""
    return token.isascii() and token.isdecimal() and len(token) < 19  # noqa: PLR2004 - its digits
