"""A carrier that plays by Twilio's rules and chooses at random.

What the flows order happens, late, never or twice; what happens is reported, late, never or twice.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ivr_flows import callback, inputs, moving, outputs, parties
from ivr_flows.call import STAFF, Place, Role, Stage
from ivr_flows.inputs import Found
from tests.ivr_flows.story import Story

CALLER = "call-1"
UNHEARD_STEPS = 2  # of four seconds each, with orders that take as long
KEYS = ("", "1", "1", "1", "2", "2", "3", "4", "9", "*", "#", "8", "1234", "12345", "5", "6")
WILLING = ("1", "1", "1", "4", "3", "2", *KEYS)
FROM_PAGES: tuple[inputs.Input, ...] = (
    inputs.AnswersChanged("token", {"medical": "yes"}),
    inputs.AnswersChanged("token", {"asked_police": "no"}),
    inputs.ProtocolMoved("token", "start", "suicidal_thoughts"),
    inputs.ProtocolMoved("token", "answer", question="hurt_today", value="yes"),
    inputs.ProtocolMoved("token", "answer", question="means_near", value="no"),
    inputs.ProtocolMoved("token", "back"),
)
PERSON = "911 this is Lee what is the emergency"
GREETING = "You have reached the records office. Leave a message after the tone."
TRANSFERS: tuple[inputs.Input, ...] = (
    inputs.TransferRequested("token", "desk:clinicians", "together"),
    inputs.TransferRequested("token", "desk:supervisors", "private"),
    inputs.TransferRequested("token", "desk:911", "private"),
    inputs.TransferRequested("token", "directory:interpreter", "together"),
    inputs.TransferRequested("token", "directory:warm_line", "private"),
    inputs.TransferRequested("token", "number:7", "together"),
    inputs.TransferRequested("token", "desk:nextville/clinicians"),
)
IN_MID_TRANSFER: tuple[inputs.Input, ...] = (
    inputs.TransferIntroduced("token"),
    inputs.TransferIntroduced("token"),
    inputs.TransferCancelled("token"),
    inputs.TransferRequested("token", "desk:supervisors"),
)
WAIT_KEYS = ("", "", "", "", "9", "5", "2", "1", "3")
OTHERWISE = {"ivr": Found.FLOW, "": Found.OVER, "whisper": Found.TALK}
"""Where a leg is, of which a reading of the carrier has another word."""
TOLD_AGAIN = (
    inputs.Keyed,
    inputs.QueueLeft,
    inputs.RoomLeft,
    inputs.DialEnded,
    inputs.LegStatusChanged,
    inputs.RoomJoined,
    inputs.SeenInRoom,
    inputs.RoomDeparted,
    inputs.ControlsChanged,
    inputs.CommandDone,
    inputs.CommandFailed,
    inputs.CommandUnknown,
    inputs.LegDetected,
)


class Carrier:
    """Drives a story.

    `on_line` is where each leg really is: ivr, queue, room:N, dial (rings 911), whisper (911 has
    picked up and is asked who is there), talk (with 911). `machines` is the chance that a machine
    picks up a 911 line: it presses nothing, and the carrier may say what it is.
    `rest` is the chance that a command is carried out, `lost` that a status or conference callback
    is not delivered. Without a `switchboard` there are no commands and nobody keeps deadlines. With
    `transfers` they are asked for, introduced and cancelled by the API as well as by key; with
    `party_control` holds, mutes and removals are asked for all the time.
    """

    def __init__(
        self,
        story: Story,
        random: Random,
        *,
        rest: float = 1.0,
        lost: float = 0.0,
        switchboard: bool = True,
        machines: float = 0.3,
        transfers: bool = False,
        repaired: bool = False,
        party_control: bool = False,
    ) -> None:
        self.story = story
        self.random = random
        self.rest = rest
        self.lost = lost
        self.switchboard = switchboard
        self.machines = machines
        self.is_machine: set[str] = set()
        self.transfers = transfers
        self.repaired = repaired
        self.party_control = party_control
        self.on_line: dict[str, str] = {
            leg.id: "ivr" for leg in story.call.legs if leg.place is Place.FLOW
        }
        self.flags: dict[str, bool] = {}
        self.held: set[str] = set()  # on hold in the room they are in
        self.muted: set[str] = set()
        self.controls = 0  # callbacks on hold and mute so far
        self.told_before: list[inputs.Input] = []
        self.asked = 0  # how often the line that the caller dials was asked before
        self._orders: dict[type, Callable[[Any], None]] = {
            outputs.PlaceLeg: self._place,
            outputs.EndLeg: self._end,
            outputs.ReleaseFromQueue: self._release,
            outputs.RedirectLeg: self._redirect,
            outputs.SetEndsRoom: self._set_flag,
            outputs.HoldLeg: self._hold,
            outputs.MuteLeg: self._mute,
            outputs.RemoveLeg: self._remove,
            outputs.CheckLeg: self._look_up,
            outputs.LookInRoom: self._look_in_room,
        }
        for leg in story.call.legs:
            if leg.place is Place.ROOM:
                self.on_line[leg.id] = f"room:{leg.room}"
                self.flags[leg.id] = leg.ends_room
            elif leg.is_answered:
                self.on_line[leg.id] = "ivr"
                self._settle(leg.id)

    # -- the carrier's side ------------------------------------------------------------

    def _settle(self, leg_id: str) -> None:
        """Do what the leg was told last."""
        told = self.story.told.get(leg_id, [])
        if leg_id not in self.on_line or not told:
            return
        last = told[-1]
        self.held.discard(leg_id)
        self.muted.discard(leg_id)
        if isinstance(last, outputs.Wait):
            self.on_line[leg_id] = "queue"
        elif isinstance(last, outputs.JoinRoom):
            self.on_line[leg_id] = f"room:{last.room}"
            self.flags[leg_id] = last.ends_room
            if last.muted:
                self.muted.add(leg_id)
        elif isinstance(last, outputs.Dial911):
            self.on_line[leg_id] = "dial"
        elif isinstance(last, outputs.Ask):
            self.on_line[leg_id] = "ivr"
        elif isinstance(last, outputs.Hangup):
            del self.on_line[leg_id]
            self._report(inputs.LegStatusChanged(leg_id, "completed"))

    def _ask(self, given: inputs.Input) -> None:
        """A request whose answer the leg follows."""
        self.told_before.append(given)
        self.story.give(given)
        self._settle(getattr(given, "leg_id", ""))

    def _report(self, given: inputs.Input) -> None:
        """A callback nobody waits for; it may be lost."""
        if self.random.random() >= self.lost:
            self.told_before.append(given)
            self.story.give(given)

    def _leave(self, leg_id: str, *, pushed_out: bool = False) -> None:
        room = int(self.on_line[leg_id].removeprefix("room:"))
        told = self.story.told[leg_id][-1]
        step = told.step if isinstance(told, outputs.JoinRoom) else self.story.leg(leg_id).step
        self.on_line[leg_id] = "ivr"
        if self.random.random() < 0.5:
            self._report(inputs.RoomDeparted(leg_id, room, pushed_out))
        self._ask(inputs.RoomLeft(leg_id, step))

    def _end_room(self, room: str) -> None:
        others = [leg for leg, where in self.on_line.items() if where == room]
        self.random.shuffle(others)
        for other in others:
            if self.on_line.get(other) == room:
                self._leave(other, pushed_out=True)

    def hang_up(self, leg_id: str) -> None:
        """Let the phone be put down, or its battery die."""
        where = self.on_line.pop(leg_id)
        self.held.discard(leg_id)
        self.muted.discard(leg_id)
        late = self.random.random() < 0.5
        if not late:
            self._over(leg_id, where)
        if where.startswith("room") and self.flags.get(leg_id):
            self._end_room(where)
        if late:
            self._over(leg_id, where)

    def _over(self, leg_id: str, where: str) -> None:
        if where == "queue":
            self.story.give(inputs.QueueLeft(leg_id, self.story.leg(leg_id).step, "hangup"))
        self._report(inputs.LegStatusChanged(leg_id, "completed"))

    # -- what the switchboard orders -----------------------------------------------------

    def carry_out(self, command: outputs.Command) -> None:
        """Perform one command, if the carrier can be reached."""
        order = self._orders.get(type(command))
        if order is None or not self.switchboard:
            return
        if self.random.random() < self.rest:
            order(command)
        elif isinstance(command, outputs.PlaceLeg) and self.random.random() < 0.5:
            self.story.give(inputs.CommandUnknown("PlaceLeg", command.leg_id, "http_503"))
            if self.random.random() < 0.5:
                self._ring(command.leg_id)
        else:
            failed = inputs.CommandFailed(
                type(command).__name__,
                command.leg_id,  # type: ignore[union-attr]
                "no answer",
                permanent=self.random.random() < 0.5,
            )
            self.story.give(failed)

    def _place(self, order: outputs.PlaceLeg) -> None:
        self.story.give(inputs.CommandDone("PlaceLeg", order.leg_id, f"CA{order.leg_id}"))
        self._ring(order.leg_id)

    def _ring(self, leg_id: str) -> None:
        if not self.story.leg(leg_id).is_live:
            return
        fate = self.random.choice(["answer", "answer", "answer", "busy", "silence"])
        if fate == "answer":
            self.on_line[leg_id] = "ivr"
            is_psap = self.story.leg(leg_id).role is Role.PSAP
            if is_psap and self.random.random() < self.machines:
                self.is_machine.add(leg_id)
            self._ask(inputs.LegAnswered(leg_id, f"CA{leg_id}"))
            if is_psap and self.random.random() < 0.7:
                self._detect(leg_id)
        elif fate == "busy":
            self._report(inputs.LegStatusChanged(leg_id, self.random.choice(["busy", "failed"])))

    def _detect(self, leg_id: str) -> None:
        """The carrier says who picked up; it is wrong at times."""
        guesses = ["machine_start", "machine_start", "fax", "unknown"]
        if leg_id not in self.is_machine:
            guesses = ["human", "human", "human", "unknown", "machine_start"]
        self._report(inputs.LegDetected(leg_id, self.random.choice(guesses)))

    def _end(self, order: outputs.EndLeg) -> None:
        is_ringing = callback.is_unreached(self.story.call) and order.leg_id not in self.on_line
        assert order.leg_id != CALLER or is_ringing, "the caller is hung up on"
        if order.leg_id in self.on_line:
            self.hang_up(order.leg_id)
        elif self.story.leg(order.leg_id).is_live:
            self._report(inputs.LegStatusChanged(order.leg_id, "canceled"))

    def _release(self, order: outputs.ReleaseFromQueue) -> None:
        if self.on_line.get(order.leg_id) != "queue":
            return
        step = self.story.leg(order.leg_id).step
        self.on_line[order.leg_id] = "ivr"
        before = self.random.random()
        if before < 0.3:  # the Enqueue's action may be asked first; what it says is not played
            self.story.give(inputs.QueueLeft(order.leg_id, step, "redirected"))
        self._ask(inputs.LegAsked(order.leg_id))
        if before > 0.7:
            self._ask(inputs.QueueLeft(order.leg_id, step, "redirected"))

    def _redirect(self, order: outputs.RedirectLeg) -> None:
        leg_id = order.leg_id
        if leg_id not in self.on_line or self.story.leg(leg_id).step != order.step:
            return
        where = self.on_line[leg_id]
        assert where != "talk", "a caller is taken away from 911"
        self.on_line[leg_id] = "ivr"
        if where.startswith("room") and self.flags.get(leg_id):
            self._end_room(where)
        self._ask(inputs.LegAsked(leg_id))

    def _set_flag(self, order: outputs.SetEndsRoom) -> None:
        if self.on_line.get(order.leg_id) == f"room:{order.room}":
            self.flags[order.leg_id] = order.ends_room
            if self.random.random() >= self.lost:
                done = inputs.CommandDone("SetEndsRoom", order.leg_id, on=order.ends_room)
                self.story.give(done)
        else:
            self._refuse(order, on=order.ends_room)

    def _refuse(self, order: Any, *, on: bool = False) -> None:  # noqa: ANN401 - any command
        name = type(order).__name__
        self.story.give(inputs.CommandFailed(name, order.leg_id, "20404", on=on))

    def _hold(self, order: outputs.HoldLeg) -> None:
        self._switch(order, self.held, order.on)

    def _mute(self, order: outputs.MuteLeg) -> None:
        self._switch(order, self.muted, order.on)

    def _switch(self, order: Any, there: set[str], on: bool) -> None:  # noqa: ANN401
        leg_id = order.leg_id
        assert leg_id != CALLER, "a caller is held or muted in a room"
        if self.on_line.get(leg_id) != f"room:{order.room}":
            self._refuse(order, on=on)
            return
        leg = self.story.leg(leg_id)
        wanted = leg.hold_wanted if there is self.held else leg.mute_wanted
        if on != wanted or (on and not moving.may_be_silenced(self.story.call, leg)):
            return  # void: checked again at execution
        (there.add if on else there.discard)(leg_id)
        if self.random.random() >= self.lost:
            self.story.give(inputs.CommandDone(type(order).__name__, leg_id, on=on))
        self.controls += 1
        held, muted = leg_id in self.held, leg_id in self.muted
        told = inputs.ControlsChanged(leg_id, order.room, held, muted, self.controls)
        self._report(told)

    def _remove(self, order: outputs.RemoveLeg) -> None:
        if self.on_line.get(order.leg_id) != f"room:{order.room}":
            self._refuse(order)
        elif order.leg_id not in {leg.id for leg in self.story.call.staff()}:
            self._leave(order.leg_id)

    def _look_up(self, order: outputs.CheckLeg) -> None:
        if order.leg_id not in self.on_line:
            self.story.give(inputs.LegStatusChanged(order.leg_id, "completed"))

    def _look_in_room(self, order: outputs.LookInRoom) -> None:
        room = f"room:{order.room}"
        there = [leg_id for leg_id, where in self.on_line.items() if where == room]
        if order.leg_id in there:
            others = tuple(leg_id for leg_id in there if leg_id != order.leg_id)
            seen = inputs.SeenInRoom(order.leg_id, order.room, order.step, others)
            self.told_before.append(seen)
            self.story.give(seen)

    # -- what the people do --------------------------------------------------------------

    def act(self) -> None:
        """One thing happens, chosen at random."""
        choice = self.random.random()
        if self.story.commands and choice < 0.5:
            index = self.random.randrange(len(self.story.commands))
            self.carry_out(self.story.commands.pop(index))
        elif choice < 0.6:
            self._time_goes_on(self.random.choice([0.5, 2, 3, 8, 30]))
        elif choice < 0.64 and self.told_before:
            self._tell_again()
        elif choice < 0.66:
            self.story.give(self.random.choice(FROM_PAGES))
        elif choice < (0.85 if self.party_control else 0.68):
            leg = self.random.choice(self.story.call.legs)
            action = self.random.choice(parties.ACTIONS)
            self.story.give(inputs.ControlRequested("token", leg.id, action))
        elif self.transfers and choice < 0.8 and len(self.on_line) > 1:
            under_way = self.story.call.transfer is not None
            self.story.give(self.random.choice(IN_MID_TRANSFER if under_way else TRANSFERS))
        elif self.repaired and choice < 0.84:
            self._reconcile()
        elif self.on_line:
            leg_id = self.random.choice(sorted(self.on_line))
            self._person_acts(leg_id)

    def _reconcile(self) -> None:
        """The repairer has read twice where a leg is, which is not where the call has it."""
        leg = self.random.choice(self.story.call.legs)
        where = self.on_line.get(leg.id, "")
        place, _, room = where.partition(":")
        found = OTHERWISE.get(place) or Found(place)
        if found.value == leg.place.value or (found is Found.OVER and leg.place is Place.PLANNED):
            return
        if found is Found.ROOM and list(self.on_line.values()).count(where) == 1:
            found = Found.ALONE
        self.story.give(
            inputs.Reconciled(leg.id, found, leg.place, leg.step, "completed", int(room or 0))
        )

    def _time_goes_on(self, seconds: float) -> None:
        if self.switchboard:
            self.story.passes(seconds)
        else:
            self.story.lets_time_go(seconds)

    def _tell_again(self) -> None:
        """An input comes again, or late; nobody plays what is answered."""
        given = self.random.choice(self.told_before)
        if isinstance(given, TOLD_AGAIN):
            self.story.gives_unheard(given)

    def _person_acts(self, leg_id: str) -> None:
        where = self.on_line[leg_id]
        if leg_id not in self.story.told:
            self._ask(inputs.LegAsked(leg_id))  # it comes over from another call
            return
        told = self.story.told[leg_id][-1]
        if self.random.random() < 0.05:
            self.hang_up(leg_id)
        elif where == "queue":
            self._tick(leg_id, self.random.choice(WAIT_KEYS))
        elif where == "ivr":
            keys = WILLING if self.transfers and leg_id != CALLER else KEYS
            self._press(leg_id, self.random.choice(keys))
        elif where in ("dial", "whisper", "talk"):
            self._dialled(leg_id)
        elif self.story.leg(leg_id).place is Place.JOINING and self.random.random() < 0.9:
            self._report(inputs.RoomJoined(leg_id, int(where.removeprefix("room:"))))
        elif self.random.random() < 0.3 and isinstance(told, outputs.JoinRoom) and told.star:
            self._leave(leg_id)
            if self.flags.get(leg_id):
                self._end_room(where)

    def _tick(self, leg_id: str, digits: str) -> None:
        answer = self.story.give(inputs.WaitTicked(leg_id, digits))
        if any(isinstance(one, outputs.LeaveQueue) for one in answer):
            step = self.story.leg(leg_id).step
            self.on_line[leg_id] = "ivr"
            self._ask(inputs.QueueLeft(leg_id, step, "leave"))

    def _press(self, leg_id: str, digits: str) -> None:
        told = self.story.told.get(leg_id, [])
        if not told or not isinstance(told[-1], outputs.Ask):
            return
        speech = ""
        if leg_id in self.is_machine:
            digits, speech = "", self.random.choice(["", GREETING])
        elif told[-1].speech and not digits:
            speech = self.random.choice(["", PERSON])
        self._ask(inputs.Keyed(leg_id, told[-1].step, digits, speech))

    def _dialled(self, leg_id: str) -> None:
        step = self.story.leg(leg_id).step
        if self.on_line[leg_id] == "talk":
            self._ask(inputs.DialEnded(leg_id, step, "completed"))
        elif self.on_line[leg_id] == "whisper":
            is_machine = leg_id in self.is_machine
            digits = "" if is_machine else self.random.choice(KEYS)
            keyed = inputs.LineKeyed(leg_id, step, self.asked, digits, GREETING * is_machine)
            self._whisper(leg_id, self.story.gives_unheard(keyed))
        elif self.random.random() < 0.5:
            self.is_machine.discard(leg_id)
            if self.random.random() < self.machines:
                self.is_machine.add(leg_id)
            self._whisper(leg_id, self.story.gives_unheard(inputs.LineAnswered(leg_id, step)))
        else:
            status = self.random.choice(["busy", "no-answer", "failed"])
            self._ask(inputs.DialEnded(leg_id, step, status))

    def _whisper(self, leg_id: str, answer: tuple[outputs.Instruction, ...]) -> None:
        """What a line that the caller's leg dials does with what it is told."""
        last = answer[-1]
        if isinstance(last, outputs.AskLine):
            self.on_line[leg_id], self.asked = "whisper", last.tries
        elif isinstance(last, outputs.Hangup):
            step = self.story.leg(leg_id).step
            status = self.random.choice(["no-answer", "completed"])
            self._ask(inputs.DialEnded(leg_id, step, status))
        else:
            self.on_line[leg_id] = "talk"

    # -- what must hold --------------------------------------------------------------------

    def check(self) -> None:
        """The first duty, as far as one instant shows it."""
        call = self.story.call
        if call.stage is Stage.CLOSED or CALLER not in self.on_line:
            return
        driven = self.on_line[CALLER] in ("queue", "dial", "whisper", "talk", "ivr")
        assert call.due_at is not None or driven, f"no deadline: {call}"
        told = self.story.told[CALLER][-1]
        if isinstance(told, outputs.Hangup):
            may_end = call.caller.flow == "closing" or callback.is_unreached(call)
            assert may_end, f"a live caller is hung up on: {call}"
        takers = [leg.id for leg in call.staff() if leg.role is Role.PSAP]
        if self.on_line[CALLER] == "talk":
            takers.append(CALLER)
        assert len(takers) <= 1, f"two people at 911 have the caller: {takers} {call}"

    def is_with_a_person(self) -> bool:
        """Whether the caller shares a room with staff, or a person on their dial has them."""
        where = self.on_line.get(CALLER, "")
        if where == "talk":
            return True
        staff = [leg.id for leg in self.story.call.legs if leg.role in STAFF or leg.vouched]
        heard = [leg for leg in staff if leg not in self.held | self.muted]
        return where.startswith("room") and any(self.on_line.get(leg) == where for leg in heard)

    def hangs_up_and_nobody_is_rung_on(self, seconds: int = 200) -> bool:
        """The caller leaves: whether no phone rings on once all orders are carried out."""
        if CALLER in self.on_line:
            self.hang_up(CALLER)
        if self.story.caller.is_live:
            self.story.give(inputs.LegStatusChanged(CALLER, "completed"))
        for _ in range(seconds // 10):
            commands, self.story.commands = self.story.commands, []
            for command in commands:
                self.carry_out(command)
            self._time_goes_on(10)
        return self.story.is_at(Stage.CLOSED) and not self.story.rings()

    def loses_a_heard_one(self) -> None:
        """Somebody whom the caller hears in their room drops out of it, if anybody is there."""
        where = self.on_line.get(CALLER, "")
        there = [leg for leg in sorted(self.on_line) if self.on_line[leg] == where != ""]
        heard = [leg for leg in there if leg not in self.held | self.muted | {CALLER}]
        if where.startswith("room") and heard:
            self.hang_up(self.random.choice(heard))

    def is_unheard(self) -> bool:
        """Whether the caller shares a room with people of whom none can be heard by them."""
        where = self.on_line.get(CALLER, "")
        there = {leg for leg, place in self.on_line.items() if place == where} - {CALLER}
        is_alone = there and there <= self.held | self.muted
        return where.startswith("room") and bool(is_alone)

    def drain(self, seconds: int = 1800) -> bool:
        """Whether a caller who stays reaches a person or 911 while nobody else does anything."""
        unheard = 0
        for _ in range(seconds // 4):
            if CALLER not in self.on_line or self.is_with_a_person():
                return True
            commands, self.story.commands = self.story.commands, []
            for command in commands:
                self.carry_out(command)
            if self.rest == 1.0 and not self.lost:
                unheard = unheard + 1 if self.is_unheard() else 0
                assert unheard <= UNHEARD_STEPS, "nobody whom the caller hears comes back to them"
            self._time_goes_on(4)
            self._caller_goes_on(self.on_line.get(CALLER, ""))
            for leg_id in [leg for leg in self.on_line if leg != CALLER]:
                if self.on_line.get(leg_id) == "ivr":
                    self._press(leg_id, "")
        return False

    def _caller_goes_on(self, where: str) -> None:
        """What happens by itself to a caller who does nothing."""
        if where in ("dial", "whisper"):
            self._dialled(CALLER)
        elif where == "queue":
            self._tick(CALLER, "")
        elif where == "ivr":
            self._press(CALLER, "1" if callback.is_awaited(self.story.call) else "")
        elif where and self.story.caller.place is Place.JOINING:
            self._report(inputs.RoomJoined(CALLER, int(where.removeprefix("room:"))))
