"""What people at phones do again and again."""

from __future__ import annotations

from contextlib import suppress

from router.demo.stage import Stage
from router.emulator.client import Phone

TARGETS = {
    "clinicians": "1",
    "supervisors": "2",
    "911": "3",
    "interpreter": "4",
    "warm_line": "5",
    "team": "6",
}
NO_DANGER = ("2", "2", "2", "1")  # weapon or violence, medical, risk to life, asked for police
SAID_AGAIN = 5


def dials_direct(stage: Stage, caller: Phone, *, until: str = "") -> None:
    """Call the direct line about oneself, without danger; stop before the question `until`."""
    caller.dials(stage.stack.seeded.lines["direct"])
    for question, key in (
        ("for english, press 1", "1"),
        ("in danger", "2"),
        ("about yourself", "1"),
        ("what is the call about", "1"),
        ("zip code", "78701#"),
    ):
        caller.hears(question)
        if until and until in question:
            return
        caller.presses(key)


def keys_transfer(
    phone: Phone, incident: str = "4711", danger: tuple[str, ...] = NO_DANGER
) -> None:
    """Key a transfer of a mental-health call whose caller speaks about themselves."""
    phone.hears("incident number")
    phone.presses(f"{incident}#")
    for question, key in zip(
        ("call type", "speaks about themselves", "weapon", "medical", "risk to life", "officer"),
        ("1", "1", *danger),
        strict=False,
    ):
        phone.hears(question)
        phone.presses(key)


def accepts(phone: Phone, heard: str = "crisis call", within: float = 10) -> None:
    """Ring, pick up, hear the summary, press 1."""
    phone.rings(within)
    phone.answers()
    phone.hears(heard)
    phone.hears("press 1")
    phone.presses("1")


def connects(stage: Stage, caller: Phone, clinician: Phone, name: str = "Jo") -> None:
    """The caller of the direct line reaches the clinician."""
    dials_direct(stage, caller)
    accepts(clinician)
    clinician.is_talking_with(name)


def is_heard(speaker: Phone, text: str, listener: Phone) -> None:
    """Say it, and again when it was lost: people are apart while a room forms anew."""
    for _ in range(SAID_AGAIN):
        speaker.says(text)
        with suppress(AssertionError):
            listener.hears(text, within=1)
            return
    speaker.says(text)
    listener.hears(text)


def records(clinician: Phone, key: str = "1") -> None:
    """The caller has gone: say how the call ended."""
    clinician.hears("how is the call resolved", within=10)
    clinician.presses(key)
    clinician.hears("record is complete")
    clinician.is_hung_up()


def opens_menu(clinician: Phone, item: str) -> None:
    """Press star and hear the item."""
    clinician.presses("*")
    clinician.hears(item)


def chooses(giver: Phone, target: str) -> None:
    """Press star, then 4, and the key of whom the caller is to be transferred to."""
    opens_menu(giver, "transfer your caller, press 4")
    giver.presses("4")
    giver.hears("who do you need")
    giver.presses(TARGETS[target])
