"""A story that begins with our ringing the caller of a call that was lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ivr_flows import callback, inputs
from ivr_flows.call import Call, CallBack, Leg, Offer, OfferState, Place, Role
from ivr_flows.program import CallBackPolicy, Program, WaitingPolicy
from tests.ivr_flows.story import PROGRAM, START, Story, eligible_direct

POLICY = CallBackPolicy(
    moments=frozenset(callback.MOMENTS),
    tries=(0, 60),
    welfare_when={"imminent_risk": frozenset({"yes"}), "call_type": frozenset({"suicidal"})},
)


def calling_back(program: Program = PROGRAM, **changes: object) -> Program:
    """The program with call-backs in every moment, and the choice of one in the wait."""
    waiting = WaitingPolicy(call_back_offer=True, text=True)
    policy = replace(POLICY, **changes)  # type: ignore[arg-type]
    return replace(program, call_back=policy, waiting=waiting)


@dataclass
class CalledBack(Story):
    """A call-back under test: `call-1` is the caller's leg, `call-2` who stands by."""

    seek_seconds: int = 0
    to_911: bool = False
    with_clinician: bool = False
    spanish: bool = False
    lost: Call = field(init=False)

    def __post_init__(self) -> None:
        """Lose a caller who waited, and begin."""
        self.lost = eligible_direct(Story(self.program)).call
        back = CallBack("lost", seek_seconds=self.seek_seconds, to_911=self.to_911)
        self.call = callback.arrive(
            "call",
            replace(self.lost, language="es" if self.spanish else "en"),
            back,
            START,
            priority=50,
            queued_at=START,
            desk="clinicians",
        )
        if self.with_clinician:
            leg = Leg(
                "call-2",
                Role.CLINICIAN,
                Place.FLOW,
                flow=callback.FLOW,
                node=callback.STAND_BY,
                sid="CAold",
                person_id="ana",
            )
            offer = Offer("call-2", "ana", "clinicians", OfferState.ACCEPTED, START, None)
            self.call = self.call.with_leg(leg).with_offer(offer)
        self.give(inputs.CallBackBegun())

    def picks_up(self, answered_by: str = "human") -> None:
        """The caller's telephone is picked up."""
        self.give(inputs.LegAnswered("call-1", sid="CAback", answered_by=answered_by))
