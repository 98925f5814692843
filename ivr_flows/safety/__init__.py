"""Explores every state of the flows and proves the first duty: a live caller is never alone.

It runs the real `engine.advance` against an exhaustive carrier: wherever more than one thing may
happen next - a key, a hang-up, a deadline, silence; a command or callback lost, late, refused or
told twice - each is tried, until no state is new. There is no second model of the flows. In every
state it checks what one instant shows (`promises`), and it plays the call on in silence, in real
seconds, while more or less of the carrier and of us works (`continuation`):

1. a person or 911 is reached within the policy's bound, from every state;
2. no cycle without a deadline: whatever a live caller hears comes back by itself or is due, no
   deadline passes without effect, and nothing leads to itself without time;
3. no leg is left ringing after its call or its offer has ended, and the record ends;
4. nobody is claimed twice: no person on two live legs, nobody offered what another has accepted;
5. no caller is alone in a room beyond the policy's grace, and nobody is hung up on.

What makes two situations one state (`world.key`), the abstraction:

* parties are capped: so many people a desk, so many lines of each 911 centre; people of a desk in
  the same situation are one another's equals;
* time stands still while states are explored: a deadline that is set may pass before or after any
  other, so every order is tried, also such as durations forbid. Seconds count in continuations,
  which begin with every deadline at its full length and therefore take the longest;
* counters are saturated where they no longer change what follows (tries, drops, rounds, ticks);
* answers are left out: the policy's decision is chosen freely among all its kinds each time it is
  asked, and so is whether anybody of the desk is free. Earlier calls are not explored, nor speech;
* a triage protocol and announced incidents (`entry`) are asked in a part of their own, which ends
  where the questions do: from there on the call goes on like any other;
* of calls that we make (`calling_back`), nobody is alone in one before they have said to be the
  caller; until then what is proven is that its record ends, and nobody rings or waits on for it;
* a repair (`repairing`) may be told whenever a phone is not where the record has it, as it is or
  as it was one other thing ago. What continuations prove holds without any repair;
* the fail-safe answers a caller in a part of its own: the call is told so, or whoever would fetch
  the caller asks the carrier first, or the repair finds out;
* of transfers, those to the targets named in the limits, by the star menu and by the API;
* keys are tried once for each class that a question treats alike; silence at a question is
  silence until it gives up;
* what the flows order at once happens at once and in that order. Anything else is a fault, of
  which a story has a bounded number: lost, late (one other thing happens first), told twice,
  refused, an answer that does not reach us, a page or the API that interferes.

Each part of `verify.PASSES` is wide in one direction and cut in the others, by the number of acts
of a story above all, because their product is too large; the parts print their cuts. Not explored
at all is what `verify.NOT_EXPLORED` names.
"""
