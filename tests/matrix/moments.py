"""The moments of a call, one set-up for each party in each; and what a party may do in it.

A party's moment is the one in which the call is when the party acts. What a party cannot be in is
in the table too, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from router.emulator.party import OnRing
from tests.calls.scripts import NO_DANGER
from tests.matrix.people import Cast, Someone

WRONG_KEY = "8"


class Party(StrEnum):
    """Who acts."""

    CALLER = "caller"
    CALL_TAKER = "call taker"
    CLINICIAN = "clinician"
    SECOND_CLINICIAN = "second clinician"
    INTERPRETER = "interpreter"
    LINE_911 = "911 line"


class Moment(StrEnum):
    """When they act."""

    RINGING = "ringing"
    CONSULTING = "consulting"
    INTRODUCED = "introduced"
    HELD = "held"
    RETURNING = "returning"


class Act(StrEnum):
    """What they do."""

    HANGS_UP = "hangs up"
    LOSES_SIGNAL = "loses signal"
    DOES_NOTHING = "does nothing"
    WRONG_KEY = "presses a wrong key"


@dataclass(frozen=True)
class SetUp:
    """Leads a call to a moment.

    `hosted`: whether 911 has to be a desk of ours or a centre outside; None where either will do.
    """

    lead: Callable[[Cast], None]
    hosted: bool | None = None


@dataclass(frozen=True)
class Missing:
    """Why a party has no such moment."""

    reason: str


# --- how a call gets there ------------------------------------------------------------


def clinician_rings(cast: Cast) -> None:
    """A caller from the front door waits, and a clinician is rung."""
    caller = cast.caller
    caller.dials("front_door")
    for question, key in _QUESTIONS[cast.language]:
        caller.answers_question(question, key)
    cast.clinician.rings()


def clinician_talks(cast: Cast) -> None:
    clinician_rings(cast)
    cast.clinician.accepts()
    cast.clinician.talks_with("Jo")


def clinician_holds(cast: Cast) -> None:
    """The clinician has pressed star; the caller is held."""
    clinician_talks(cast)
    _opens_menu(cast.clinician)


def second_is_rung(cast: Cast) -> None:
    """The clinician, back with the caller, has a colleague rung."""
    _rings_for_transfer(cast, "1")
    cast.second_clinician.rings()


def second_consults(cast: Cast) -> None:
    """The two clinicians speak in private; the caller waits."""
    second_is_rung(cast)
    cast.second_clinician.accepts()
    cast.clinician.talks_with(cast.second_clinician.name)
    cast.network.pass_time(1)


def second_introduced(cast: Cast) -> None:
    """Caller and both clinicians are together."""
    second_consults(cast)
    _introduces(cast, cast.second_clinician)


def interpreter_is_rung(cast: Cast) -> None:
    """The clinician, back with the caller, has an interpreter rung."""
    _rings_for_transfer(cast, "4")
    cast.interpreter.rings()


def interpreter_consults(cast: Cast) -> None:
    """Clinician and interpreter speak in private; the caller waits."""
    interpreter_is_rung(cast)
    cast.interpreter.answers()
    cast.clinician.talks_with(cast.interpreter.name)
    cast.network.pass_time(1)


def interpreter_introduced(cast: Cast) -> None:
    """Caller, clinician and interpreter are together."""
    interpreter_consults(cast)
    _introduces(cast, cast.interpreter)


def interpreter_while_held(cast: Cast) -> None:
    """The clinician is at the menu."""
    interpreter_introduced(cast)
    _opens_menu(cast.clinician)


def interpreter_while_returning(cast: Cast) -> None:
    """911 is rung for all three."""
    interpreter_while_held(cast)
    _sends_back(cast, cast.clinician)


def second_rings(cast: Cast) -> None:
    """The first clinician's line has dropped."""
    clinician_talks(cast)
    cast.clinician.loses_signal()
    cast.second_clinician.rings()


def second_talks(cast: Cast) -> None:
    second_rings(cast)
    cast.second_clinician.accepts()
    cast.second_clinician.talks_with("Jo")


def second_holds(cast: Cast) -> None:
    second_talks(cast)
    _opens_menu(cast.second_clinician)


def clinician_returns(cast: Cast) -> None:
    """The clinician has sent the caller back, and stays with them while 911 is rung."""
    clinician_holds(cast)
    _sends_back(cast, cast.clinician)


def second_returns(cast: Cast) -> None:
    second_holds(cast)
    _sends_back(cast, cast.second_clinician)


def line_listens(cast: Cast) -> None:
    """911's line has been picked up and hears who comes; no key has been pressed."""
    clinician_returns(cast)
    cast.line_911.answers()
    cast.line_911.hears("press 1")


def line_introduced(cast: Cast) -> None:
    """911, the clinician and the caller are together."""
    line_listens(cast)
    cast.line_911.presses("1")
    cast.line_911.talks_with("Jo", cast.clinician.name)


def line_while_held(cast: Cast) -> None:
    """911 is with the caller, and the clinician at the menu."""
    line_introduced(cast)
    _opens_menu(cast.clinician)
    cast.caller.talks_with(cast.line_911.name)


def line_rung_by_the_caller(cast: Cast) -> None:
    """A caller in danger: their own leg dials the 911 centre's line."""
    cast.caller.dials("front_door")
    cast.caller.answers_question(*_QUESTIONS[cast.language][0])
    cast.caller.hears(_DANGER[cast.language])
    cast.caller.presses("1")
    cast.line_911.rings()


def call_taker_rings(cast: Cast) -> None:
    """A 911 call is held for the hosted desk, whose call takers are rung."""
    cast.caller.dials("emergency")
    cast.call_taker.rings()


def call_taker_talks(cast: Cast) -> None:
    call_taker_rings(cast)
    cast.call_taker.accepts()
    cast.call_taker.talks_with("Jo")


def call_taker_holds(cast: Cast) -> None:
    call_taker_talks(cast)
    _opens_menu(cast.call_taker)


def call_taker_seeks(cast: Cast) -> None:
    """The call taker has keyed a transfer; a clinician is rung."""
    call_taker_holds(cast)
    giver = cast.call_taker
    giver.answers_question("press 4", "4")
    giver.answers_question("who do you need", "1")
    giver.answers_question("incident number", "4711#")
    for question, key in zip(_TRANSFER, ("1", "1", *NO_DANGER), strict=True):
        giver.answers_question(question, key)
    cast.clinician.rings()


def call_taker_consults(cast: Cast) -> None:
    """The clinician has picked up and hears what the call is about."""
    call_taker_seeks(cast)
    cast.clinician.answers()
    cast.clinician.hears("press 1")


def call_taker_introduces(cast: Cast) -> None:
    """Caller, call taker and clinician are together."""
    call_taker_consults(cast)
    cast.clinician.presses("1")
    cast.caller.talks_with(cast.call_taker.name, cast.clinician.name)


def call_taker_rung_for_return(cast: Cast) -> None:
    clinician_returns(cast)
    cast.call_taker.rings()


_QUESTIONS = {
    "en": (("do you need police", "4"), ("in danger", "2"), ("about yourself", "1")),
    "es": (
        ("do you need police", "5"),
        ("policía", "4"),
        ("peligro", "2"),
        ("usted", "1"),
    ),
}
_DANGER = {"en": "in danger", "es": "peligro"}
_TRANSFER = (
    "call type",
    "speaks about themselves",
    "weapon",
    "medical",
    "risk to life",
    "officer",
)


def _opens_menu(person: Someone) -> None:
    person.presses("*")
    person.hears("to go back to your caller")


def _rings_for_transfer(cast: Cast, key: str) -> None:
    clinician_holds(cast)
    cast.clinician.answers_question("press 4", "4")
    cast.clinician.answers_question("who do you need", key)
    cast.clinician.talks_with("Jo")


def _introduces(cast: Cast, receiver: Someone) -> None:
    cast.clinician.presses("*")
    cast.clinician.hears("press 1")
    cast.clinician.presses("1")
    cast.caller.talks_with(cast.clinician.name, receiver.name)


def _sends_back(cast: Cast, clinician: Someone) -> None:
    clinician.presses("9")
    clinician.talks_with("Jo")
    cast.network.pass_time(1)


# --- the table ------------------------------------------------------------------------

_P, _M = Party, Moment
SET_UPS: dict[tuple[Party, Moment], SetUp | Missing] = {
    (_P.CALLER, _M.RINGING): SetUp(clinician_rings),
    (_P.CALLER, _M.CONSULTING): SetUp(second_consults),
    (_P.CALLER, _M.INTRODUCED): SetUp(second_introduced),
    (_P.CALLER, _M.HELD): SetUp(clinician_holds),
    (_P.CALLER, _M.RETURNING): SetUp(clinician_returns),
    (_P.CALL_TAKER, _M.RINGING): SetUp(call_taker_rings, hosted=True),
    (_P.CALL_TAKER, _M.CONSULTING): SetUp(call_taker_consults, hosted=True),
    (_P.CALL_TAKER, _M.INTRODUCED): SetUp(call_taker_introduces, hosted=True),
    (_P.CALL_TAKER, _M.HELD): SetUp(call_taker_holds, hosted=True),
    (_P.CALL_TAKER, _M.RETURNING): SetUp(call_taker_rung_for_return, hosted=True),
    (_P.CLINICIAN, _M.RINGING): SetUp(clinician_rings),
    (_P.CLINICIAN, _M.CONSULTING): SetUp(second_consults),
    (_P.CLINICIAN, _M.INTRODUCED): SetUp(call_taker_introduces, hosted=True),
    (_P.CLINICIAN, _M.HELD): SetUp(clinician_holds),
    (_P.CLINICIAN, _M.RETURNING): SetUp(clinician_returns),
    (_P.SECOND_CLINICIAN, _M.RINGING): SetUp(second_is_rung),
    (_P.SECOND_CLINICIAN, _M.CONSULTING): SetUp(second_consults),
    (_P.SECOND_CLINICIAN, _M.INTRODUCED): SetUp(second_introduced),
    (_P.SECOND_CLINICIAN, _M.HELD): SetUp(second_holds),
    (_P.SECOND_CLINICIAN, _M.RETURNING): SetUp(second_returns),
    (_P.INTERPRETER, _M.RINGING): SetUp(interpreter_is_rung),
    (_P.INTERPRETER, _M.CONSULTING): SetUp(interpreter_consults),
    (_P.INTERPRETER, _M.INTRODUCED): SetUp(interpreter_introduced),
    (_P.INTERPRETER, _M.HELD): SetUp(interpreter_while_held),
    (_P.INTERPRETER, _M.RETURNING): SetUp(interpreter_while_returning),
    (_P.LINE_911, _M.RINGING): SetUp(clinician_returns, hosted=False),
    (_P.LINE_911, _M.CONSULTING): SetUp(line_listens, hosted=False),
    (_P.LINE_911, _M.INTRODUCED): SetUp(line_introduced, hosted=False),
    (_P.LINE_911, _M.HELD): SetUp(line_while_held, hosted=False),
    (_P.LINE_911, _M.RETURNING): SetUp(line_rung_by_the_caller, hosted=False),
}


def who(cast: Cast, party: Party) -> Someone:
    """The person who plays the party."""
    return {
        Party.CALLER: cast.caller,
        Party.CALL_TAKER: cast.call_taker,
        Party.CLINICIAN: cast.clinician,
        Party.SECOND_CLINICIAN: cast.second_clinician,
        Party.INTERPRETER: cast.interpreter,
        Party.LINE_911: cast.line_911,
    }[party]


def perform(act: Act, person: Someone) -> None:
    """Do it, with the phone ringing or in the hand. Who has done it does not help any more."""
    person.party.profile.on_ring = OnRing("manual")
    if act is Act.HANGS_UP:
        person.hangs_up()
    elif act is Act.LOSES_SIGNAL:
        person.loses_signal()
    elif act is Act.WRONG_KEY:
        if person.is_ringing():
            person.answers()
            person.network.pass_time(1)
        person.presses(WRONG_KEY)
