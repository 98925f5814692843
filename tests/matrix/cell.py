"""One cell of the failure matrix: a call is led to a moment, and a party acts.

The caller's life after that is measured from their phone's transcript, in the network's seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr_flows import waiting
from ivr_flows.call import Stage
from ivr_flows.outputs import Say
from ivr_flows.prompts import text
from tests.matrix.moments import Act, Moment, Party, perform, who
from tests.matrix.network import Network
from tests.matrix.people import Cast, Entry, Someone
from tests.matrix.trouble import begin, prepare

VOICE_SECONDS = 2.0
"""A caller hears a voice by then, from our being told of what a party did (issue 4, "Shows").

One whose own leg rings 911's line hears it ring instead until a person there has pressed a key: to
speak to them would take them away from the line.
"""

VOICE_IN_TROUBLE_SECONDS = float(waiting.PIECE_SECONDS)
"""The same where the carrier refuses us, or the database fails over: one piece of the wait."""

QUIET_SECONDS = float(waiting.PIECE_SECONDS)
"""The longest a caller ever hears neither voice nor person nor 911's line ringing, with nothing to
be told of: as long as one piece of the wait.
"""

PERSON_SECONDS = 300.0
"""A caller who stays is with a person for good by then. The longest the programs allow is a private
consultation that nobody ends, 180 s, and in trouble the rings at 911 that follow it.
"""

ALONE_SECONDS = 1.5
SETTLED_SECONDS = 4.0
SOUGHT_IN_VAIN_SECONDS = 60.0
GONE_SECONDS = 3.0
CLOSING_SECONDS = 40.0
REPAIR_SECONDS = 60.0
ROOM = re.compile(r"[a-z0-9]+\.\d+")
VOICES = frozenset({"say", "play"})
GOODBYE = "clinician_has_ended_the_call"
OUTSIDE = "911 "  # how the names of 911's lines outside begin


@dataclass(frozen=True)
class Cell:
    """A party, a moment and an act."""

    party: Party
    moment: Moment
    act: Act

    def __str__(self) -> str:
        return f"{self.party}, {self.moment}: {self.act}"

    @property
    def slug(self) -> str:
        """The cell as a test's id has it."""
        return f"{self.party}-{self.moment}-{self.act}".replace(" ", "_")


@dataclass(frozen=True)
class Measured:
    """What became of a cell. Seconds count from our being told of the act.

    `voice` is the longer of the times to a voice after the first we were told, and after every
    person whom the caller lost; None where we were told of nothing, or the caller has gone.
    """

    ended_with: str
    voice: float | None = None
    person: float | None = None
    quiet: float = 0.0


@dataclass(frozen=True)
class Heard:
    """What a caller heard from `at` to `until`."""

    at: float
    until: float
    kind: str
    people: tuple[str, ...]
    where: str

    @property
    def is_with_someone(self) -> bool:
        return self.kind == "talking_with" and bool(self.people)

    @property
    def is_voice(self) -> bool:
        return self.kind in VOICES or self.is_with_someone


SOUNDS = VOICES | {"talking_with", "wait", "hold", "silence", "ringback"}


def hearing_of(entries: list[Entry], now: float) -> list[Heard]:
    """The transcript as one stretch after another of what the phone's owner heard."""
    sounds = [entry for entry in entries if entry["kind"] in SOUNDS | {"hangup"}]
    found = []
    for place, entry in enumerate(sounds):
        until = sounds[place + 1]["at"] if place + 1 < len(sounds) else now
        people = tuple(n for n in entry.get("with", ()) if n in entry.get("heard_by", ()))
        found.append(Heard(entry["at"], until, entry["kind"], people, str(entry.get("where", ""))))
    return found


def play(
    network: Network,
    cell: Cell,
    cast: Cast,
    lead: Callable[[Cast], None],
    trouble: Mapping[str, str] | None = None,
) -> Measured:
    """Play a cell until the caller is with a person for good, or has gone and nobody is left.

    Raises AssertionError, with what everybody heard, where that does not come to pass.
    """
    trouble = trouble or {}
    prepare(network, trouble)
    with network.keeping_the_failsafes_time():
        lead(cast)
        try:
            return _act_and_measure(network, cell, cast, trouble)
        except AssertionError as error:
            error.add_note(cast.tell())
            error.add_note("\n".join(network.story()))
            raise


def _act_and_measure(
    network: Network, cell: Cell, cast: Cast, trouble: Mapping[str, str]
) -> Measured:
    person = who(cast, cell.party)
    cast.everybody_helps(but=person)
    sids = {call.sid for call in (*person.party.calls, *cast.caller.party.calls)}
    acted_at, last_told = round(network.now, 3), network.last_told()
    mend = begin(network, trouble)
    perform(cell.act, person)
    if not cast.caller.is_on_a_call():
        everything_ends(network, mend if trouble else None)
        return Measured("caller has gone")
    told = (sids, last_told)
    if cell.act is Act.DOES_NOTHING:
        # Told of when it ends: a ring's time, a question's. Until then nothing has happened.
        told = ({call.sid for call in person.party.calls}, last_told)
    most = VOICE_IN_TROUBLE_SECONDS if trouble else VOICE_SECONDS
    measured = play_on(network, cast, acted_at, told, voice_seconds=most)
    assert measured.person is not None, "the caller was let go, and not kept with a person"
    return measured


def play_on(
    network: Network,
    cast: Cast,
    since: float,
    told: tuple[set[str], int] | None = None,
    voice_seconds: float = VOICE_SECONDS,
) -> Measured:
    """Let time pass until the caller is with a person for good; what they heard meanwhile.

    `told` names the calls of which we have to be told after a webhook's number: from that on, or
    else from `since`, the seconds count. A caller of whom a clinician has taken leave may be gone.
    """
    until_then = _settled(network, cast.caller)

    def is_over() -> bool:
        return not cast.caller.is_on_a_call() or until_then()

    assert network.pass_time(PERSON_SECONDS, is_over), (
        f"nobody is with the caller for good after {PERSON_SECONDS:.0f} s"
    )
    heard = hearing_of(cast.caller.transcript(), network.now)
    if not cast.caller.is_on_a_call():
        assert _has_been_let_go(cast.caller), "the caller was hung up on"
        return Measured("told how to reach 911 again, and let go")
    told_at = network.told_at(*told) if told is not None else None
    measured = _measure(heard, round(since, 3), told_at)
    _check(measured, heard, voice_seconds)
    return measured


def _has_been_let_go(caller: Someone) -> bool:
    """Whether a person ended the call, and the caller was told how to reach 911."""
    spoken = [str(one.get("text", "")) for one in caller.transcript() if one["kind"] == "say"]
    return any(text(Say(GOODBYE, language)) in spoken for language in ("en", "es"))


def everything_ends(network: Network, mend: Callable[[], None] | None = None) -> None:
    """The caller has gone: no phone rings on, and when all have hung up nobody stays claimed.

    In trouble phones may ring for longer; once that is over, the repair finds out the rest.
    """
    network.pass_time(GONE_SECONDS)
    if mend is None:
        ringing = network.ringing()
        assert not ringing, f"phones ring for a caller who has gone: {ringing}"
    else:
        mend()
        network.everybody_hangs_up()
        network.pass_time(REPAIR_SECONDS)  # who was rung meanwhile has picked up
    network.everybody_hangs_up()
    seconds = CLOSING_SECONDS if mend is None else REPAIR_SECONDS
    assert network.pass_time(seconds, network.is_at_rest), (
        f"not over {seconds:.0f} s after the last has hung up: {network.unfinished()}"
    )


def _settled(network: Network, caller: Someone) -> Callable[[], bool]:
    """Holds once the caller has been with the same people for a while and nobody is sought.

    Where the carrier refuses all requests 911 is sought for ever, and the caller cannot be moved:
    whoever then stays with them for a minute is there for good.
    """
    since = network.now
    people = caller.partners()

    def holds() -> bool:
        nonlocal since, people
        if caller.partners() != people:
            since, people = network.now, caller.partners()
        if not people or network.now < since + SETTLED_SECONDS:
            return False
        if any(name.startswith(OUTSIDE) for name in people):
            return True
        if network.world.faults.rest and network.now >= since + SOUGHT_IN_VAIN_SECONDS:
            return True
        call = network.calls()[0]
        is_taken = call.returning is not None and call.returning.taken
        return call.stage is Stage.CONNECTED or (call.stage is Stage.RETURNING and is_taken)

    return holds


def _measure(heard: list[Heard], acted_at: float, first_told_at: float | None) -> Measured:
    """The caller's life after the act, which we were first told of at `first_told_at`."""
    end = heard[-1].until
    voices = [] if first_told_at is None else [_until_a_voice(heard, first_told_at)]
    told_at = acted_at if first_told_at is None else first_told_at
    for place, stretch in enumerate(heard[:-1]):
        if stretch.is_with_someone and stretch.until >= acted_at:
            following = (later.at for later in heard[place + 1 :] if later.is_voice)
            voices.append(max(0.0, next(following, end) - max(told_at, stretch.until)))
    together = len(heard)
    while together and heard[together - 1].is_with_someone:
        together -= 1
    alone_until = heard[together].at if together < len(heard) else end
    people = ", ".join(heard[-1].people)
    quiet = longest(heard, acted_at, lambda one: not one.is_voice and one.kind != "ringback")
    voice = max(voices, default=None)
    return Measured(people, voice, max(0.0, alone_until - told_at), quiet)


def _until_a_voice(heard: list[Heard], moment: float) -> float:
    """Seconds from a moment until a voice, or 911's line ringing; none if one is heard in it."""
    told = (one for one in heard if one.is_voice or one.kind == "ringback")
    return next(
        (max(0.0, one.at - moment) for one in told if one.until > moment), heard[-1].until - moment
    )


def longest(heard: list[Heard], since: float, matches: Callable[[Heard], bool]) -> float:
    """The longest time without interruption for which it matches."""
    worst = lasted = 0.0
    for one in heard:
        lasted = lasted + max(0.0, one.until - max(one.at, since)) if matches(one) else 0.0
        worst = max(worst, lasted)
    return worst


def _check(measured: Measured, heard: list[Heard], voice_seconds: float) -> None:
    alone = longest(heard, 0, lambda one: not one.is_voice and bool(ROOM.fullmatch(one.where)))
    assert alone <= ALONE_SECONDS, f"the caller was alone in a room for {alone:.1f} s"
    assert measured.voice is None or measured.voice <= voice_seconds, (
        f"the caller heard no voice for {measured.voice:.1f} s after we were told"
    )
    assert measured.quiet <= QUIET_SECONDS, f"the caller heard nothing for {measured.quiet:.1f} s"
