"""Gives the published settings that a call began with, read once: a version never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from ivr_flows.call import Call
from ivr_flows.facts import Decision
from ivr_flows.program import Program
from ivr_flows.protocols import Protocol
from router.errors import NotFoundError
from router.policy import eligibility
from router.policy.dispatch import Deadlines
from router.policy.eligibility import NOTHING_KNOWN, Circumstances, Policy
from router.programs.protocol_shape import from_stored as from_stored_protocol
from router.programs.reading import from_stored, to_deadlines, to_policy, to_program
from router.storage import protocols
from router.storage.programs import find_version


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a program in the shapes that flows and policies follow.

    `caller_id` names the line whose number is shown to people whom we ring.
    """

    program: Program
    policy: Policy
    deadlines: Deadlines
    caller_id: str
    time_zone: str

    def areas_of(self, answers: Mapping[str, str]) -> Mapping[str, str]:
        """In which areas the place that the answers tell lies, as `area_<name>` and yes or no."""
        return eligibility.areas_of(self.policy, answers)

    def decide(self, answers: Mapping[str, str], known: Circumstances = NOTHING_KNOWN) -> Decision:
        """The policy's decision in the flows' words."""
        return decide_by(self.policy, answers, known)


class PublishedPrograms:
    """Versions of one database, kept once read. One of these serves a process and its threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Published] = {}
        self._protocols: dict[tuple[str, str, int], Protocol] = {}

    def get(self, session: Session, program_id: str, version: int) -> Published:
        """The version of a program. Raises NotFoundError."""
        kept = self._kept.get((program_id, version))
        if kept is None:
            kept = self._kept[program_id, version] = _load(session, program_id, version)
        return kept

    def get_protocol(self, session: Session, program_id: str, name: str, version: int) -> Protocol:
        """The version of a triage protocol. Raises NotFoundError."""
        key = (program_id, name, version)
        kept = self._protocols.get(key)
        if kept is None:
            row = protocols.find_version(session, program_id, name, version)
            if row is None:
                raise NotFoundError(f"the protocol {name} has no version {version}")
            kept = self._protocols[key] = from_stored_protocol(row.document, version)
        return kept

    def list_protocols(self, session: Session, call: Call) -> dict[str, Protocol]:
        """The protocols in force by name; of one that the call is at, the version it began."""
        versions = protocols.list_in_force(session, call.program)
        run = call.protocol
        if run is not None and not run.is_over:
            versions[run.protocol] = run.version
        return {
            name: self.get_protocol(session, call.program, name, version)
            for name, version in versions.items()
        }


def decide_by(
    policy: Policy, answers: Mapping[str, str], known: Circumstances = NOTHING_KNOWN
) -> Decision:
    """A policy's decision in the flows' words."""
    decision = eligibility.decide(policy, answers, known)
    return Decision(
        decision.outcome,
        decision.rule,
        decision.sentence,
        decision.request,
        eligibility.circumstances_of(decision),
        partial(eligibility.explain, decision),
    )


def _load(session: Session, program_id: str, version: int) -> Published:
    found = find_version(session, program_id, version)
    if found is None:
        raise NotFoundError(f"the program {program_id} has no version {version}")
    document = from_stored(found.document)
    return Published(
        program=to_program(document, version),
        policy=to_policy(document, version),
        deadlines=to_deadlines(document),
        caller_id=document.caller_id,
        time_zone=document.time_zone,
    )
