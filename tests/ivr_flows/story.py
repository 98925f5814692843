"""People at phones without a carrier; the call is saved between steps.

Every step is written as a document and read back, so that every story also proves the snapshot.
Everything said to a leg is kept in words; a key pressed answers the last question put to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ivr_flows import inputs, outputs
from ivr_flows.call import Call, Leg, Place, Role, Stage, from_document, to_document
from ivr_flows.engine import advance, arrive
from ivr_flows.facts import (
    HISTORY,
    Announcement,
    Candidate,
    Decision,
    FactNeededError,
    Facts,
    History,
    QueueFacts,
)
from ivr_flows.program import Desk, Line, Outside, Program, Psap, ReturnLine, Transfers
from ivr_flows.prompts import text
from ivr_flows.prompts.en import PROMPTS
from ivr_flows.protocols import Protocol

T = TypeVar("T")

START = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)

PROGRAM = Program(
    name="testville",
    title="Testville",
    version=1,
    psap=Psap(
        id="testville",
        name="Testville 911",
        lines=(
            ReturnLine("priority", "priority", 15),
            ReturnLine("second", "second", 15),
            ReturnLine("general", "general", 20),
        ),
    ),
    lines={
        "direct": Line("direct", "direct"),
        "transfer": Line("transfer", "transfer"),
        "psap": Line("psap", "psap"),
        "front_door": Line("front_door", "front_door_911"),
    },
    desks={
        "clinicians": Desk("clinicians", "clinician"),
        "911": Desk("911", "call_taker", "all_at_once", when_none_free="hold", hold_seconds=60),
    },
    clinician_desk="clinicians",
    call_types={"1": "mental_health", "2": "suicidal"},
    reasons={"1": "mental_health", "2": "other"},
    dispositions={"1": "resolved_by_phone", "2": "team_sent"},
    return_reasons={"1": "danger", "2": "medical"},
    overflow_request="crisis_intervention_officer",
)


def hosted() -> Program:
    """The same program with a hosted 911 desk."""
    return replace(PROGRAM, psap=replace(PROGRAM.psap, desk="911"))


def with_centres(program: Program = PROGRAM, **changes: Any) -> Program:  # noqa: ANN401 - of Psap
    """The program with a second 911 centre, for the area `east` and incidents that begin with E."""
    east = Psap(
        id="east",
        name="East 911",
        lines=(ReturnLine("east-sip", "priority", 10), ReturnLine("east-general", "general", 25)),
        areas=("east",),
        incident_prefixes=("E", "77"),
    )
    return replace(program, psaps={"east": replace(east, **changes)})


def with_clinicians(**changes: Any) -> Program:  # noqa: ANN401 - fields of Desk
    """The program with another setting of the clinicians' desk."""
    clinicians = replace(PROGRAM.desks["clinicians"], **changes)
    return replace(PROGRAM, desks={**PROGRAM.desks, "clinicians": clinicians})


def with_crisis_line(program: Program = PROGRAM) -> Program:
    """The program with a crisis line outside."""
    return replace(program, crisis_line=ReturnLine("crisis-line", "county line", 25))


def with_transfers(program: Program = PROGRAM, **changes: Any) -> Program:  # noqa: ANN401 - fields of Transfers
    """The program with supervisors, an interpreter, a line that takes callers, and a menu."""
    targets = {
        "1": "desk:clinicians",
        "2": "desk:supervisors",
        "3": "directory:interpreter",
        "4": "directory:warm_line",
        "5": "desk:nextville/clinicians",
        "6": "team",
        "7": "desk:911",
    }
    return replace(
        program,
        desks={**program.desks, "supervisors": Desk("supervisors", "supervisor", "all_at_once")},
        directory={
            "interpreter": Outside("interpreter", "the interpreter", is_helper=True),
            "warm_line": Outside("warm_line", "the warm line"),
        },
        transfers=Transfers(**{"targets": targets, **changes}),
    )


def deciding(outcome: str, request: str = "") -> Callable[[Mapping[str, str]], Decision]:
    """A policy that sends every call to one outcome."""
    named = f"outcome_{outcome}"
    sentence = named if named in PROMPTS else "not_for_clinician"
    return lambda _answers: Decision(outcome, "the_rule", sentence, request)


def decide(answers: Mapping[str, str]) -> Decision:
    """A policy for stories: danger goes to 911."""
    if "yes" in (answers.get("danger"), answers.get("medical"), answers.get("imminent_risk")):
        return Decision("return_to_911", "danger", "not_for_clinician")
    return Decision("clinician", "eligible", "")


ASKING = (
    inputs.CallArrived,
    inputs.LegAnswered,
    inputs.Keyed,
    inputs.WaitTicked,
    inputs.QueueLeft,
    inputs.RoomLeft,
    inputs.DialEnded,
    inputs.LineAnswered,
    inputs.LineKeyed,
    inputs.LegAsked,
)


def is_a_document(step: outputs.Step) -> bool:
    """Whether the answer can be played: sentences, then one thing to do. A whisper only speaks."""
    *before, last = step.instructions
    ends = isinstance(last, outputs.Say) and step.call.caller.place is Place.DIAL
    return all(isinstance(one, outputs.Say) for one in before) and (
        ends or not isinstance(last, outputs.Say)
    )


@dataclass
class Story:
    """One call under test."""

    program: Program = PROGRAM
    line: str = "direct"
    now: datetime = START
    people: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "clinicians": ("ana", "ben"),
            "911": ("lee", "kim"),
            "supervisors": ("sam",),
            "nextville/clinicians": ("nell",),
        }
    )
    queue: QueueFacts = field(default_factory=lambda: QueueFacts(1, 60))
    decides: Callable[[Mapping[str, str]], Decision] = decide
    announced: tuple[Announcement, ...] = ()
    taken_by_others: frozenset[str] = frozenset()
    protocols: Mapping[str, Protocol] = field(default_factory=dict)
    history: History = field(default_factory=History)
    wanted_number: str = ""
    call: Call = field(init=False)
    heard: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, list[outputs.Instruction]] = field(default_factory=dict)
    commands: list[outputs.Command] = field(default_factory=list)
    events: list[outputs.Event] = field(default_factory=list)
    ignored: str = ""

    def __post_init__(self) -> None:
        """Ring the line."""
        self.call = arrive("call", self.line, self.program, self.now)
        self.give(inputs.CallArrived("call-1"))

    # -- what happens ---------------------------------------------------------------

    def give(self, given: inputs.Input) -> tuple[outputs.Instruction, ...]:
        """Apply an input, save, reload, and keep what was said and ordered."""
        step = self._advance(given)
        self.call = from_document(json.loads(json.dumps(to_document(step.call))))
        assert self.call == step.call, "the snapshot does not survive being saved"
        leg_id = getattr(given, "leg_id", "")
        if isinstance(given, ASKING):
            assert is_a_document(step), f"no document: {given} {step.instructions}"
        if step.instructions:
            self.told[leg_id] = list(step.instructions)
            for instruction in step.instructions:
                self._hear(leg_id, instruction)
        self.commands += step.commands
        self.events += step.events
        self.ignored = step.ignored
        return step.instructions

    def _advance(self, given: inputs.Input) -> outputs.Step:
        while True:
            try:
                return advance(self.call, given, self._facts(), self.now)
            except FactNeededError as missing:
                if not missing.name.startswith(HISTORY):
                    raise
                self.wanted_number = missing.name.removeprefix(HISTORY)

    def gives_unheard(self, given: inputs.Input) -> tuple[outputs.Instruction, ...]:
        """Apply an input whose answer the leg does not follow: it came twice, or is for another."""
        leg_id = getattr(given, "leg_id", "")
        told = self.told.get(leg_id)
        answer = self.give(given)
        if told is not None:
            self.told[leg_id] = told
        return answer

    def lets_time_go(self, seconds: float) -> None:
        """Let time pass while nobody keeps the deadlines."""
        self.now += timedelta(seconds=seconds)

    def _hear(self, leg_id: str, instruction: outputs.Instruction) -> None:
        says: tuple[outputs.Say, ...] = ()
        if isinstance(instruction, outputs.Say):
            says = (instruction,)
        elif isinstance(instruction, (outputs.Ask, outputs.AskLine, outputs.WaitPiece)):
            says = instruction.says
        self.heard.setdefault(leg_id, []).extend(text(say) for say in says)

    def _facts(self) -> Facts:
        engaged = self.call.engaged_people()
        roster = {
            desk: tuple(Candidate(p, p.title()) for p in people if p not in engaged)
            for desk, people in self.people.items()
        }
        return Facts(
            self.program,
            self.decides,
            roster,
            self.queue,
            announced=self.announced,
            protocols=self.protocols,
            history=replace(self.history, incident_number=self.wanted_number),
            taken_by_others=self.taken_by_others,
            elsewhere={
                "nextville/clinicians": Desk("nextville/clinicians", "clinician"),
                "nextville/nobody": None,
            },
        )

    def presses(self, leg_id: str, digits: str) -> tuple[outputs.Instruction, ...]:
        """Answer the question last put to the leg; "" is silence."""
        leg = self.leg(leg_id)
        return self.give(inputs.Keyed(leg_id, leg.step, digits))

    def waits(self, leg_id: str = "call-1", digits: str = "") -> tuple[outputs.Instruction, ...]:
        """The next piece of the wait, asked for when the last is over."""
        self.now += timedelta(seconds=1)
        return self.give(inputs.WaitTicked(leg_id, digits))

    def passes(self, seconds: float) -> None:
        """Let time pass, with every deadline on its way."""
        end = self.now + timedelta(seconds=seconds)
        while self.call.due_at is not None and self.call.due_at <= end:
            self.now = max(self.now, self.call.due_at)
            before = self.call
            self.give(inputs.TimePassed())
            if self.call.due_at == before.due_at and self.ignored:
                msg = f"a deadline is due and nothing happens: {self.call}"
                raise AssertionError(msg)
        self.now = end

    def answers(self, leg_id: str) -> tuple[outputs.Instruction, ...]:
        """The phone of a placed leg is picked up."""
        return self.give(inputs.LegAnswered(leg_id, sid=f"CA{leg_id}"))

    def line_takes(self, digits: str = "1") -> None:
        """The line that the caller's own leg dials picks up and proves a person there."""
        self.give(inputs.LineAnswered("call-1", self.caller.step))
        self.give(inputs.LineKeyed("call-1", self.caller.step, 0, digits))

    def joins(self, leg_id: str) -> None:
        """The carrier reports the leg in the room it was told to join."""
        self.give(inputs.RoomJoined(leg_id, self.leg(leg_id).room))

    def released(self) -> tuple[outputs.Instruction, ...]:
        """The switchboard fetches the caller out of the queue."""
        release = self.take(outputs.ReleaseFromQueue)
        return self.give(inputs.LegAsked(release.leg_id))

    def enters(self, leg_id: str) -> None:
        """A staff leg joins and the caller follows, as the carrier reports it."""
        self.joins(leg_id)
        self.released()
        self.joins("call-1")

    def comes_out(self, leg_id: str) -> None:
        """A redirected leg asks what to do."""
        redirect = next(
            one for one in self.ordered(outputs.RedirectLeg) if getattr(one, "leg_id", "") == leg_id
        )
        self.commands.remove(redirect)
        self.give(inputs.LegAsked(leg_id))

    def accepts(self, person_id: str) -> str:
        """A person who is rung answers and presses 1; returns their leg."""
        leg_id = self.ringing_leg(person_id)
        self.answers(leg_id)
        self.presses(leg_id, "1")
        return leg_id

    def hangs_up_in_room(self, leg_id: str, *others: str) -> None:
        """The leg that ends the room hangs up in it; the others come out by themselves."""
        self.hangs_up(leg_id)
        for other in others:
            self.leaves_room(other)

    def stars(self, leg_id: str) -> tuple[outputs.Instruction, ...]:
        """The leg presses star: it leaves the room."""
        return self.give(inputs.RoomLeft(leg_id, self.leg(leg_id).step))

    def leaves_room(self, leg_id: str) -> tuple[outputs.Instruction, ...]:
        """The leg's room ended around it."""
        return self.stars(leg_id)

    def hangs_up(self, leg_id: str) -> None:
        """The leg is over."""
        self.give(inputs.LegStatusChanged(leg_id, "completed"))

    # -- what is seen ---------------------------------------------------------------

    def leg(self, leg_id: str) -> Leg:
        """A leg by id."""
        leg = self.call.find_leg(leg_id)
        assert leg is not None, leg_id
        return leg

    @property
    def caller(self) -> Leg:
        """The caller's leg."""
        return self.call.caller

    def is_at(self, stage: Stage) -> bool:
        """Whether the call stands at a stage."""
        return self.call.stage is stage

    def rings(self) -> list[str]:
        """Legs that ring now, by id."""
        ringing = (Place.PLANNED, Place.RINGING)
        return [leg.id for leg in self.call.legs if leg.place in ringing]

    def ringing_leg(self, person_id: str) -> str:
        """The leg that rings a person."""
        return next(o.leg_id for o in self.call.live_offers() if o.person_id == person_id)

    def outside_leg(self) -> str:
        """The newest leg of somebody outside."""
        return [leg.id for leg in self.call.legs if leg.role is Role.OUTSIDE][-1]

    def psap_leg(self) -> str:
        """The newest 911 leg."""
        return [leg.id for leg in self.call.legs if leg.role is Role.PSAP][-1]

    def last(self, leg_id: str) -> outputs.Instruction:
        """What the leg was told last."""
        return self.told[leg_id][-1]

    def said(self, leg_id: str) -> str:
        """All that the leg has heard, as one text."""
        return " ".join(self.heard.get(leg_id, []))

    def take(self, kind: type[T]) -> T:
        """The oldest command of that kind, taken off the list."""
        for command in self.commands:
            if isinstance(command, kind):
                self.commands.remove(command)
                return command
        msg = f"no {kind.__name__} among {self.commands}"
        raise AssertionError(msg)

    def ordered(self, kind: type) -> list[outputs.Command]:
        """Commands of that kind so far."""
        return [command for command in self.commands if isinstance(command, kind)]

    def kinds(self) -> list[str]:
        """The timeline's events, by kind."""
        return [event.kind for event in self.events]


def eligible_direct(story: Story | None = None) -> Story:
    """A first-party caller on the direct line who waits for a clinician."""
    story = story or Story()
    for digits in ("1", "2", "1", "1", ""):
        story.presses("call-1", digits)
    return story


def connected(story: Story | None = None) -> Story:
    """The same, talking with Ana."""
    story = eligible_direct(story)
    story.enters(story.accepts("ana"))
    return story


def transferred(story: Story | None = None) -> Story:
    """A call taker's transfer on a trunk leg, eligible, that waits for a clinician."""
    story = story or Story(line="transfer")
    for digits in ("4711", "1", "1", "2", "2", "2", "1"):
        story.presses("call-1", digits)
    return story


def at_hosted_911(story: Story | None = None) -> Story:
    """A 911 caller of the hosted desk, talking with Lee."""
    story = story or Story(hosted(), "psap")
    kim = story.ringing_leg("kim")
    story.enters(story.accepts("lee"))
    story.hangs_up(kim)
    return story
