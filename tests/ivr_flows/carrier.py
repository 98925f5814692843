"""A carrier that plays by Twilio's rules and chooses at random: what the flows order happens, late, never or twice."""

from __future__ import annotations

from random import Random

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Role, Stage

from story import Story  # isort: skip


class Carrier:
    """Drives a story. `true_room` is where each leg really is, as the carrier knows it."""

    def __init__(self, story: Story, random: Random) -> None:
        self.story = story
        self.random = random
        self.on_line: dict[str, str] = {"call-1": "ivr"}  # leg -> ivr, queue, room:N, dial
        self.rest_works = True
        self.callbacks_arrive = True

    # -- the carrier's side ------------------------------------------------------------

    def settle(self, leg_id: str) -> None:
        """Do what the leg was told last."""
        told = self.story.told.get(leg_id, [])
        if leg_id not in self.on_line or not told:
            return
        last = told[-1]
        if isinstance(last, outputs.Wait):
            self.on_line[leg_id] = "queue"
        elif isinstance(last, outputs.JoinRoom):
            self.on_line[leg_id] = f"room:{last.room}"
        elif isinstance(last, outputs.Dial911):
            self.on_line[leg_id] = "dial"
        elif isinstance(last, outputs.Ask):
            self.on_line[leg_id] = "ivr"
        elif isinstance(last, outputs.Hangup):
            del self.on_line[leg_id]
            self._report(inputs.LegStatusChanged(leg_id, "completed"))

    def give(self, given: inputs.Input) -> None:
        """Let the application know, and do what it answers."""
        self.story.give(given)
        leg_id = getattr(given, "leg_id", "")
        if leg_id:
            self.settle(leg_id)

    def _report(self, given: inputs.Input) -> None:
        if self.callbacks_arrive:
            self.give(given)

    def leave_room(self, leg_id: str) -> None:
        """A leg goes out of its room by star; if it carried the flag, everyone goes."""
        room = self.on_line[leg_id]
        flag = self.story.leg(leg_id).ends_room
        self._leave(leg_id)
        if flag:
            self._end_room(room)

    def _leave(self, leg_id: str) -> None:
        told = self.story.told[leg_id][-1]
        step = told.step if isinstance(told, outputs.JoinRoom) else self.story.leg(leg_id).step
        self.on_line[leg_id] = "ivr"
        self.give(inputs.RoomLeft(leg_id, step))

    def _end_room(self, room: str) -> None:
        others = [leg for leg, where in self.on_line.items() if where == room]
        self.random.shuffle(others)
        for other in others:
            self._leave(other)

    def hang_up(self, leg_id: str) -> None:
        """The phone is put down, or its battery dies."""
        where = self.on_line.pop(leg_id)
        flag = where.startswith("room") and self.story.leg(leg_id).ends_room
        late = self.random.random() < 0.5
        if not late:
            self.give(inputs.LegStatusChanged(leg_id, "completed"))
        if flag:
            self._end_room(where)
        if late:
            self.give(inputs.LegStatusChanged(leg_id, "completed"))

    def carry_out(self, command: outputs.Command) -> None:
        """The switchboard performs one command."""
        if isinstance(command, (outputs.RequestDispatch, outputs.NotifySupervisor)):
            return
        leg_id = command.leg_id
        name = type(command).__name__
        if not self.rest_works:
            self.give(inputs.CommandFailed(name, leg_id, "no answer"))
            return
        if isinstance(command, outputs.PlaceLeg):
            self._place(leg_id)
        elif isinstance(command, outputs.EndLeg):
            if leg_id in self.on_line:
                self.hang_up(leg_id)
            elif self.story.leg(leg_id).is_live:
                self.give(inputs.LegStatusChanged(leg_id, "canceled"))
        elif isinstance(command, outputs.ReleaseFromQueue):
            if self.on_line.get(leg_id) == "queue":
                self.on_line[leg_id] = "ivr"
                self.give(inputs.LegAsked(leg_id))
        elif isinstance(command, outputs.RedirectLeg):
            if leg_id in self.on_line and self.story.leg(leg_id).step == command.step:
                self.on_line[leg_id] = "ivr"
                self.give(inputs.LegAsked(leg_id))
        elif isinstance(command, outputs.SetEndsRoom):
            self.give(inputs.CommandDone(name, leg_id))
        elif isinstance(command, outputs.CheckLeg) and leg_id not in self.on_line:
            self.give(inputs.LegStatusChanged(leg_id, "completed"))

    def _place(self, leg_id: str) -> None:
        self.give(inputs.CommandDone("PlaceLeg", leg_id, f"CA{leg_id}"))
        if not self.story.leg(leg_id).is_live:
            return
        fate = self.random.choice(["answer", "answer", "answer", "busy", "silence"])
        if fate == "answer":
            self.on_line[leg_id] = "ivr"
            self.give(inputs.LegAnswered(leg_id, f"CA{leg_id}"))
        elif fate == "busy":
            self.give(inputs.LegStatusChanged(leg_id, "busy"))

    # -- what the people do --------------------------------------------------------------

    def act(self) -> None:
        """One thing happens, chosen at random."""
        choice = self.random.random()
        if self.story.commands and choice < 0.5:
            index = self.random.randrange(len(self.story.commands))
            self.carry_out(self.story.commands.pop(index))
        elif choice < 0.6:
            self.story.passes(self.random.choice([0.5, 2, 3, 8, 30]))
        elif self.on_line:
            leg_id = self.random.choice(sorted(self.on_line))
            self.person_acts(leg_id, may_hang_up=True)

    def person_acts(self, leg_id: str, *, may_hang_up: bool) -> None:
        """The person on a leg does something their phone allows."""
        where = self.on_line[leg_id]
        if may_hang_up and self.random.random() < 0.06:
            self.hang_up(leg_id)
        elif where == "queue":
            self._tick(leg_id, self.random.choice(["", "", "", "", "9", "5"]))
        elif where == "ivr":
            keys = ["", "1", "1", "1", "2", "2", "3", "4", "9", "*", "#", "8", "1234", "5"]
            self._press(leg_id, self.random.choice(keys))
        elif where == "dial":
            self._dialled(leg_id)
        elif self.story.leg(leg_id).place is Place.JOINING:
            self._report(inputs.RoomJoined(leg_id, int(where.removeprefix("room:"))))
        elif self.random.random() < 0.3:
            told = self.story.told[leg_id][-1]
            if isinstance(told, outputs.JoinRoom) and told.star:
                self.leave_room(leg_id)

    def _tick(self, leg_id: str, digits: str) -> None:
        answer = self.story.give(inputs.WaitTicked(leg_id, digits))
        if any(isinstance(one, outputs.LeaveQueue) for one in answer):
            step = self.story.leg(leg_id).step
            self.on_line[leg_id] = "ivr"
            self.give(inputs.QueueLeft(leg_id, step, "leave"))

    def _press(self, leg_id: str, digits: str) -> None:
        told = self.story.told.get(leg_id, [])
        if told and isinstance(told[-1], outputs.Ask):
            self.give(inputs.Keyed(leg_id, told[-1].step, digits))

    def _dialled(self, leg_id: str) -> None:
        step = self.story.leg(leg_id).step
        if self.random.random() < 0.5:
            self.story.give(inputs.LineAnswered(leg_id))
            self.give(inputs.DialEnded(leg_id, step, "completed"))
        else:
            status = self.random.choice(["busy", "no-answer", "failed"])
            self.give(inputs.DialEnded(leg_id, step, status))

    # -- what must hold --------------------------------------------------------------------

    def check(self) -> None:
        """The first duty, as far as one instant shows it."""
        call = self.story.call
        caller = call.caller
        if call.stage is Stage.CLOSED or "call-1" not in self.on_line:
            return
        where = self.on_line["call-1"]
        driven = where in ("queue", "dial", "ivr")
        assert call.due_at is not None or driven, f"no deadline: {call}"
        told = self.story.told["call-1"][-1]
        if isinstance(told, outputs.Hangup):
            assert caller.flow == "closing", f"a live caller is hung up on: {call}"

    def is_with_a_person(self) -> bool:
        """Whether the caller shares a room with staff, or 911 is on their own dial."""
        where = self.on_line.get("call-1", "")
        if where == "dial":
            return True
        staff = [leg.id for leg in self.story.call.legs if leg.role is not Role.CALLER]
        return where.startswith("room") and any(self.on_line.get(leg) == where for leg in staff)

    def drain(self, seconds: int = 1800) -> bool:
        """Nobody on staff does anything more, the caller stays: do they reach a person or 911 in that time?"""
        for _ in range(seconds // 4):
            if "call-1" not in self.on_line or self.is_with_a_person():
                return True
            commands, self.story.commands = self.story.commands, []
            for command in commands:
                self.carry_out(command)
            self.story.passes(4)
            where = self.on_line.get("call-1", "")
            if where == "queue":
                self._tick("call-1", "")
            elif where == "ivr":
                self._press("call-1", "")
            elif where and self.story.caller.place is Place.JOINING:
                self.give(inputs.RoomJoined("call-1", int(where.removeprefix("room:"))))
            for leg_id in [leg for leg in self.on_line if leg != "call-1"]:
                if self.on_line.get(leg_id) == "ivr":
                    self._press(leg_id, "")
        return False
