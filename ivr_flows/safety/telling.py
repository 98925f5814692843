"""Tells a story of acts in words: time, who, what happened, what is heard, what is ordered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ivr_flows import inputs, outputs, prompts
from ivr_flows.call import Call, Leg, Role
from ivr_flows.outputs import Step
from ivr_flows.safety import calling_back
from ivr_flows.safety.acts import Act, perform
from ivr_flows.safety.carrier import Carrier, Choice
from ivr_flows.safety.continuation import Player, spoken_seconds
from ivr_flows.safety.explore import Found, begin_any
from ivr_flows.safety.violation import Violation
from ivr_flows.safety.world import NOW, Item, Report, World, deadlines_of

ACT_SECONDS = 2.0  # what a person takes to answer, to press a key or to hang up
MOST_TOLD_IN_SILENCE = 60
MOST_WORDS = 12
MOST_SAID = 3

_DEEDS = {
    "answer": "answers",
    "machine": "does not answer, but a machine does",
    "no_answer": "does not answer",
    "hang_up": "hangs up",
    "star": "presses star",
    "line_answers": "rings 911, and the line answers",
    "line_silent": "rings 911, and nobody answers",
    "line_hangs_up": "is left by 911, which hangs up",
    "line_proves": "is let in to 911, where a person has pressed 1",
    "line_is_a_machine": "rings 911, and nobody there presses a key",
    "detected": "is a machine, says the carrier",
    "repair": "is found elsewhere by reading the carrier",
    "reading": "is found elsewhere by reading the carrier, which is told late",
    "stale_tick": "still waits, and no phone is known to ring",
    "failsafe": "is answered by the fail-safe, of which the call is {how}",
}
_OF_NOBODY = {
    "staff_freed": "somebody of the desk is free",
    "transfer": "a transfer to {to} is asked for by the API",
    "team": "a team has acknowledged the call",
    "introduce": "the caller is introduced by the API",
    "cancel_call_back": "nobody needs to be called back any more",
    "cancel_transfer": "the transfer is cancelled by the API",
}
_MISHAPS = {
    "lose": "is lost",
    "delay": "is late",
    "repeat": "comes twice",
}


def tell(carrier: Carrier, found: Found) -> list[str]:
    """The story as lines, from the first ring to what is wrong."""
    teller = _Teller(carrier, found)
    return list(teller.lines())


class _Teller:
    def __init__(self, carrier: Carrier, found: Found) -> None:
        self.carrier = carrier
        self.found = found
        self.seconds = 0.0
        self.alarms: dict[tuple[str, str], float] = {}

    def lines(self) -> Iterator[str]:
        how = self.found.line
        world = begin_any(self.carrier, how)
        is_made = how in calling_back.WAYS
        begun = f"the caller is {how}" if is_made else f"a call comes in on the line {how}"
        yield self._line(begun, world)
        for act in self.found.story:
            before = world
            self._pass_time(world, act)
            self.carrier.last_step = None
            broken = ""
            try:
                world = perform(self.carrier, world, act)
            except Violation as violation:
                broken = f" - {violation.what}"
            self._set_alarms(world)
            words = self._words(before, act)
            if words and (broken or self._is_worth_telling(before, act)):
                yield self._line(words + self._outcome(act) + broken, world, self.carrier.last_step)
        if self.found.mode:
            yield f"From here on {self.found.mode}:"
            yield from self._silence(world)

    def _is_worth_telling(self, before: World, act: Act) -> bool:
        """Leaves out what only confirms, or what an order's own line has told."""
        if act.kind != "run":
            return True
        if not isinstance(before.queue[0], Report):
            return False
        step = self.carrier.last_step
        return step is not None and (bool(step.commands) or bool(_heard(step))) and not step.ignored

    def _silence(self, world: World) -> Iterator[str]:
        player = Player(self.carrier, world, self.found.mode)
        begun = self.seconds
        for _ in range(MOST_TOLD_IN_SILENCE):
            if player.is_over():
                return
            before = player.world
            self.carrier.last_step = None
            try:
                player.step()
            except Violation as violation:
                yield self._line(violation.what, player.world)
                return
            self.seconds = begun + (player.now - NOW) / timedelta(seconds=1)
            words = self._of_silence(player.did, before)
            step = self.carrier.last_step
            if words and step is not None and (step.commands or _heard(step)):
                yield self._line(words, player.world, step)
        yield "... and so on."

    def _of_silence(self, did: tuple[str, Any], before: World) -> str:
        what, about = did
        if what == "arrive":
            return self._item(before.call, about)
        if what == "due":
            return "time passes, and a deadline with it"
        names = {"tick": "goes on waiting", "ivr": "says nothing", "ringing": "is rung"}
        return f"{_who(before.call, about)} {names.get(what, what)}"

    def _pass_time(self, world: World, act: Act) -> None:
        if act.kind in ("due", "unheard"):
            at = self.alarms.get((act.detail, act.leg_id), self.seconds)
            self.seconds = max(self.seconds, at)
        elif act.kind == "key" and not act.detail:
            self.seconds += 3 * spoken_seconds(world.phones[act.leg_id].told)
        elif act.kind not in ("run", "lose", "delay", "repeat", "refuse", "late"):
            self.seconds += ACT_SECONDS

    def _set_alarms(self, world: World) -> None:
        new = {
            (what, leg): (at - NOW).total_seconds() for what, leg, at in deadlines_of(world.call)
        }
        self.alarms = {
            name: self.alarms.get(name, self.seconds + left) for name, left in new.items()
        }

    def _words(self, world: World, act: Act) -> str:
        call = world.call
        who = _who(call, act.leg_id)
        if act.kind in ("run", "lose", "delay", "repeat", "refuse"):
            words = self._item(call, world.queue[0])
            if act.kind == "refuse":
                return f"{words}: the carrier says {act.detail}"
            mishap = _MISHAPS.get(act.kind)
            return words if mishap is None else f"{words}: this {mishap}"
        if act.kind == "late":
            return f"late: {self._item(call, world.late[0][0])}"
        if act.kind == "due":
            return _deadline(call, act)
        if act.kind == "unheard":
            return f"what {who} answers does not reach us, and their time is over"
        if act.kind == "key":
            return f"{who} presses {act.detail}" if act.detail else f"{who} says nothing"
        if act.kind == "tick":
            return f"{who} waits" + (f" and presses {act.detail}" if act.detail else "")
        if act.kind == "page":
            return f"somebody {act.detail}"
        if act.kind in _OF_NOBODY:
            return _OF_NOBODY[act.kind].format(to=act.detail)
        return f"{who} {_DEEDS[act.kind].format(how=act.detail)}"

    def _outcome(self, act: Act) -> str:
        more = []
        if act.choice.outcome != Choice().outcome:
            more.append(f"the policy says {act.choice.outcome.replace('_', ' ')}")
        if act.choice.announced:
            more.append(f"911 has announced it: {act.choice.announced}")
        if not act.choice.is_anyone_free:
            more.append("nobody is free")
        return f" ({', '.join(more)})" if more else ""

    def _item(self, call: Call, item: Item) -> str:
        if not isinstance(item, Report):
            return f"the switchboard: {_order(call, item)}"
        given = item.given
        who = _who(call, getattr(given, "leg_id", ""))
        return f"{who} {_happening(given)}"

    def _line(self, words: str, world: World, step: Step | None = None) -> str:
        line = f"{_clock(self.seconds)}  {words}"
        if step is None:
            return line
        heard = _heard(step)
        if heard:
            line += f"; {heard}"
        if step.commands:
            orders = ", ".join(_order(world.call, one) for one in step.commands)
            line += f"; ordered: {orders}"
        if step.ignored:
            line += f" (ignored: {step.ignored})"
        return line


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _who(call: Call, leg_id: str) -> str:
    leg = call.find_leg(leg_id)
    if leg is None:
        return "somebody"
    return _name(leg)


def _name(leg: Leg) -> str:
    if leg.role is Role.CALLER:
        return "the caller"
    if leg.role is Role.PSAP:
        return f"911's {leg.line_id} line ({leg.id})"
    if leg.role is Role.OUTSIDE:
        return f"somebody outside ({leg.line_id})"
    role = str(leg.role).replace("_", " ")
    return f"{(leg.person_id or leg.id).title()} ({role})"


def _deadline(call: Call, act: Act) -> str:
    who = _who(call, act.leg_id)
    if act.detail == "offer":
        return f"the time of {who} to answer or to decide is over"
    if act.detail == "leg":
        return f"the time that {who} is given is over"
    if act.detail == "ring":
        return "it is time to ring the next one"
    if act.detail == "hold":
        return "the caller has been on hold for long enough"
    return f"the time for {call.stage} is over"


_HAPPENINGS: dict[type, str] = {
    inputs.LegStatusChanged: "is reported {0.status}",
    inputs.RoomJoined: "is reported in room {0.room}",
    inputs.SeenInRoom: "is seen in room {0.room}",
    inputs.RoomDeparted: "is reported out of room {0.room}",
    inputs.RoomLeft: "is out of the room and asks what comes next",
    inputs.QueueLeft: "is out of the queue ({0.result})",
    inputs.LegAsked: "has been fetched and asks what comes next",
    inputs.DialEnded: "has dialled: {0.status}",
    inputs.CommandDone: "is confirmed: {0.command}",
    inputs.CallArrived: "is connected",
    inputs.CallBackBegun: "is to be called back",
    inputs.FailsafeAnswered: "was answered by the fail-safe",
    inputs.Reconciled: "was found by reading the carrier: {0.found}",
}


def _happening(given: inputs.Input) -> str:
    kind = type(given)
    return _HAPPENINGS.get(kind, kind.__name__).format(given)


_ORDERS: dict[type, str] = {
    outputs.PlaceLeg: "ring {who}",
    outputs.EndLeg: "end the line of {who}",
    outputs.ReleaseFromQueue: "take {who} out of the queue",
    outputs.RedirectLeg: "fetch {who}",
    outputs.RemoveLeg: "take {who} out of the room",
    outputs.CheckLeg: "ask whether {who} is still there",
    outputs.LookInRoom: "ask whether {who} is in the room",
    outputs.NotifySupervisor: "tell a supervisor",
}


def _order(call: Call, command: outputs.Command) -> str:
    leg_id = getattr(command, "leg_id", "")
    who = _who(call, leg_id) if leg_id else ""
    if isinstance(command, outputs.SetEndsRoom):
        return f"{who} {'ends' if command.ends_room else 'no longer ends'} the room"
    if isinstance(command, (outputs.HoldLeg, outputs.MuteLeg)):
        verb = "hold" if isinstance(command, outputs.HoldLeg) else "mute"
        return f"{verb} {who}" if command.on else f"do not {verb} {who} any more"
    if isinstance(command, outputs.Announce):
        return f'tell {who} "{_short(prompts.text(command.say))}"'
    return _ORDERS.get(type(command), type(command).__name__).format(who=who)


def _heard(step: Step) -> str:
    said: list[str] = []
    then = ""
    for one in step.instructions:
        if isinstance(one, outputs.Say):
            said.append(prompts.text(one))
        elif isinstance(one, (outputs.Ask, outputs.WaitPiece)):
            said += [prompts.text(say) for say in one.says]
        elif isinstance(one, outputs.JoinRoom):
            then = f"enters room {one.room}"
        elif isinstance(one, outputs.Wait):
            then = "waits"
        elif isinstance(one, outputs.Dial911):
            then = f"hears 911 ringing ({one.line_id})"
        elif isinstance(one, outputs.Hangup):
            then = "the line ends"
    heard = " ".join(f'"{_short(text)}"' for text in said[:MOST_SAID])
    more = " ..." if len(said) > MOST_SAID else ""
    parts = [*([f"hears {heard}{more}"] if said else []), *([then] if then else [])]
    return ", ".join(parts)


def _short(text: str) -> str:
    words = text.split()
    return text if len(words) <= MOST_WORDS else " ".join(words[:MOST_WORDS]) + " ..."
