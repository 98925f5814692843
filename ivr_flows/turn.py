"""One input being worked out: what changes, what is said, what must be done; then a Step."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from ivr_flows.call import HELD_STAGES, Call, Leg, Place, Role, Stage
from ivr_flows.copies import changed
from ivr_flows.facts import Facts
from ivr_flows.outputs import Announce, Command, Event, Instruction, Say, Step
from ivr_flows.program import Program
from ivr_flows.prompts import seconds

STAFF_LANGUAGE = "en"


class Turn:
    """The work on one input. `leg_id` is the leg that asked, "" when nobody waits for an answer.

    Changes stay inside the turn until `finish`, so `advance` is a function of its arguments.
    """

    def __init__(self, call: Call, facts: Facts, now: datetime, leg_id: str = "") -> None:
        self.call = call
        self.facts = facts
        self.now = now
        self.leg_id = leg_id
        self._instructions: list[Instruction] = []
        self._commands: list[Command] = []
        self._events: list[Event] = []

    @property
    def program(self) -> Program:
        """The settings of the call's program."""
        return self.facts.program

    @property
    def leg(self) -> Leg:
        """The leg that asked. Raises KeyError when no leg did."""
        return self.get_leg(self.leg_id)

    def get_leg(self, leg_id: str) -> Leg:
        """A leg of the call by id. Raises KeyError."""
        leg = self.call.find_leg(leg_id)
        if leg is None:
            raise KeyError(leg_id)
        return leg

    def after(self, seconds: float) -> datetime:
        """The instant `seconds` from now."""
        return self.now + timedelta(seconds=seconds)

    def change(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Call
        """Set fields of the call."""
        self.call = changed(self.call, **changes)

    def change_leg(self, leg_id: str, **changes: Any) -> Leg:  # noqa: ANN401 - fields of Leg
        """Set fields of a leg and return it."""
        leg = changed(self.get_leg(leg_id), **changes)
        self.call = self.call.with_leg(leg)
        return leg

    def enter_stage(self, stage: Stage, due_in_seconds: float | None) -> None:
        """Move the call to a stage with its deadline."""
        due_at = None if due_in_seconds is None else self.after(due_in_seconds)
        self.change(stage=stage, stage_at=self.now, stage_due_at=due_at, next_ring_at=None)
        if stage not in HELD_STAGES:
            self.change(hold_until_at=None)
        caller = self.call.caller
        if caller.place is Place.QUEUE:
            # The next piece of the wait tells what is new.
            self.change_leg(caller.id, ticks=0, news="")

    def remember(self, **answers: str) -> None:
        """Keep answers on the call; a danger told meanwhile (EL6) stays a yes."""
        told = dict.fromkeys(self.call.dangers, "yes")
        self.change(answers=MappingProxyType({**self.call.answers, **answers, **told}))

    def language_of(self, leg: Leg) -> str:
        """The language spoken on a leg: the caller's own, English for staff."""
        if leg.role is Role.CALLER and not leg.shared:
            return self.call.language
        return STAFF_LANGUAGE

    def phrase(self, prompt: str, **parameters: str) -> Say:
        """A prompt in the language of the leg that asked."""
        return Say(prompt, self.language_of(self.leg), MappingProxyType(parameters))

    def answer(self, *instructions: Instruction) -> None:
        """Add instructions for the leg that asked."""
        self._instructions.extend(instructions)

    def say(self, prompt: str, **parameters: str) -> None:
        """Speak to the leg that asked."""
        self.answer(self.phrase(prompt, **parameters))

    def next_step(self, **changes: Any) -> int:  # noqa: ANN401 - fields of Leg
        """Count one more answer on the leg that asked, set its fields, return the step's number."""
        return self.change_leg(self.leg_id, step=self.leg.step + 1, **changes).step

    def tell(self, leg: Leg, prompt: str) -> None:
        """Speak to a leg that did not ask: in the room at once, else when it is back there."""
        if leg.id == self.leg_id and not self.is_answered and leg.place is Place.FLOW:
            self.say(prompt)
        elif leg.place is Place.ROOM and leg.room == self.call.room:
            self.do(Announce(leg.id, leg.room, Say(prompt, self.language_of(leg))))
        elif leg.is_live:
            self.change_leg(leg.id, news=prompt)

    def do(self, command: Command) -> None:
        """Order a command, once."""
        if command not in self._commands:
            self._commands.append(command)

    def note(self, kind: str, leg_id: str = "", **details: str) -> None:
        """Write a line of the timeline."""
        self._events.append(Event(kind, leg_id or self.leg_id, MappingProxyType(details)))

    @property
    def spoken_seconds(self) -> float:
        """How long the leg that asked listens before it does what it was told."""
        return sum(seconds(one) for one in self._instructions if isinstance(one, Say))

    @property
    def is_answered(self) -> bool:
        """Whether the leg that asked has been told anything yet."""
        return bool(self._instructions)

    def end_leg(self, leg_id: str) -> None:
        """Record that a leg is over."""
        self.change_leg(leg_id, place=Place.ENDED, due_at=None)

    def finish(self, ignored: str = "") -> Step:
        """The step that this turn adds up to."""
        return Step(
            call=changed(self.call, version=self.call.version + 1),
            instructions=tuple(self._instructions),
            commands=tuple(self._commands),
            events=tuple(self._events),
            ignored=ignored,
        )
