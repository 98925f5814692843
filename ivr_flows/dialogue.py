"""Questions on the keypad: asking, hearing, two gentle tries, then a person.

A flow registers its questions as nodes; where a leg stands is `leg.flow` and `leg.node`, so that
any question can be asked again from the stored call alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_flows.call import Place, Role
from ivr_flows.outputs import Ask, Say
from ivr_flows.turn import Turn

GENTLE_TRIES = 2


@dataclass(frozen=True, slots=True)
class Node:
    """One question.

    `says` gives what is asked; `hear` takes keys and speech and tells whether it understood;
    `give_up` takes the leg to a person after silence or unknown keys. `digits` as in Ask. `speech`
    lets the answer be spoken.
    """

    says: Callable[[Turn], tuple[Say, ...]]
    hear: Callable[[Turn, str, str], bool]
    give_up: Callable[[Turn], None]
    digits: int = 1
    timeout_seconds: int = 6
    speech: bool = False
    silence_is_an_answer: bool = False
    tries: int = GENTLE_TRIES


_NODES: dict[tuple[str, str], Node] = {}


def register(flow: str, name: str, node: Node) -> None:
    """Make a question known under its flow and name."""
    _NODES[flow, name] = node


def find_node(flow: str, name: str) -> Node | None:
    """The question of that flow and name, or None."""
    return _NODES.get((flow, name))


def ask(turn: Turn, flow: str, name: str, *before: Say, **changes: object) -> None:
    """Put the question to the leg that asked, after the sentences `before`."""
    node = _NODES[flow, name]
    due_at = None
    if turn.leg.role is not Role.CALLER:
        due_at = turn.after(turn.program.menu_seconds)
    tries = turn.leg.tries if (turn.leg.flow, turn.leg.node) == (flow, name) else 0
    place = {"place": Place.FLOW, "flow": flow, "node": name, "tries": tries, "due_at": due_at}
    step = turn.next_step(**{**place, **changes})
    turn.answer(
        Ask(
            (*before, *node.says(turn)),
            step,
            node.digits,
            node.timeout_seconds,
            node.speech,
        ),
    )


def ask_again(turn: Turn) -> bool:
    """Repeat the question the leg stands at, as the same step. False when it stands at none."""
    node = _NODES.get((turn.leg.flow, turn.leg.node))
    if node is None:
        return False
    says = node.says(turn)
    turn.answer(Ask(says, turn.leg.step, node.digits, node.timeout_seconds, node.speech))
    return True


def hear(turn: Turn, digits: str, speech: str) -> None:
    """Take the answer to the question the leg stands at.

    Silence and unknown keys get two more tries.
    """
    flow, name = turn.leg.flow, turn.leg.node
    node = _NODES[flow, name]
    silent = not digits and not speech
    if (node.silence_is_an_answer or not silent) and node.hear(turn, digits, speech):
        if turn.leg.tries and (turn.leg.flow, turn.leg.node) != (flow, name):
            turn.change_leg(turn.leg_id, tries=0)
        return
    tries = turn.leg.tries + 1
    turn.note("not_understood" if digits or speech else "silence", question=name, tries=str(tries))
    turn.change_leg(turn.leg_id, tries=tries)
    if tries > node.tries:
        turn.change_leg(turn.leg_id, tries=0)
        node.give_up(turn)
        return
    ask(turn, flow, name, turn.phrase("not_heard" if silent else "not_understood"))
