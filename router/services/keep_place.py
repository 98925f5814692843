"""Keeps where a caller is out of the plain answers: encrypted, beside what follows from it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from ivr_flows.call import Call
from ivr_flows.outputs import Step
from router.policy.eligibility import Policy, areas_of

ZIP = "zip"


def take_place_out(step: Step, policy: Policy) -> tuple[Step, str]:
    """The step with its zip code replaced by the areas it lies in, and the place in words, or "".

    Rules go on to ask about areas; nobody else needs the place from the call's answers.
    """
    answers = step.call.answers
    if not answers.get(ZIP):
        return step, ""
    kept = {name: value for name, value in answers.items() if name != ZIP}
    call: Call = replace(step.call, answers=MappingProxyType(kept | areas_of(policy, answers)))
    return replace(step, call=call), f"zip code {answers[ZIP]}"
