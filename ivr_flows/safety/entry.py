"""What may be asked of a call before anybody is sought: a triage protocol, an announced incident.

The protocol has a question of each kind that a telephone can ask, with a branch, one that may be
left out, and both audiences. Incidents are announced in each way that a call can be matched by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr_flows.facts import Announcement
from ivr_flows.program import Program, ProtocolUse
from ivr_flows.protocols import Audience, Choice, Kind, Outcome, Protocol, Question

NAME = "explored"
_ASKS: Mapping[str, Mapping[str, str]] = {
    str(audience): {"en": "Is it so?"} for audience in Audience
}
PROTOCOL = Protocol(
    name=NAME,
    version=1,
    title="Explored",
    languages=("en",),
    questions={
        "hurt": Question("hurt", Kind.YES_NO, _ASKS, branches={"yes": "age"}, then="who"),
        "age": Question("age", Kind.NUMBER, _ASKS, then="who", required=False, most=99999),
        "who": Question(
            "who",
            Kind.CHOICE,
            _ASKS,
            choices=(Choice("1", "me", {"en": "me"}), Choice("2", "you", {"en": "you"})),
        ),
    },
    outcomes=(Outcome("done", "low"),),
)
USES = tuple(ProtocolUse(NAME, audience, {}) for audience in Audience)

_TOLD = {
    "call_type": "suicidal",
    "caller_party": "first",
    **dict.fromkeys(("weapon", "violence", "crime", "medical", "imminent_risk"), "no"),
}
"""What is announced leaves one of the call taker's questions open."""
_ONE = Announcement("one", "E-4711", "12345", _TOLD, 10.0)
_TWO = replace(_ONE, id="two", number="E-4712", code="54321")
ANNOUNCED: Mapping[str, tuple[Announcement, ...]] = {
    "": (),
    "by its number": (replace(_ONE, by_number=True),),
    "by time": (_ONE,),
    "by code": (_ONE, _TWO),
}
"""What 911 has announced, by how a call that comes in can be told to be about it."""


def asking(program: Program) -> Program:
    """The program, which asks the protocol in every call."""
    return replace(program, protocols=USES)
