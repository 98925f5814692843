"""Six calls, each played by people at phones and checked to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_flows.call import Stage as CallStage
from router.demo.cast import FIRST_PARTY
from router.demo.stage import Person, PlayError, Stage
from router.policy.outcomes import Outcome

NO_DANGER = ("2", "2", "2", "1")  # the call taker's keys, as their flow asks after the party
MENTAL_HEALTH, SUICIDAL = "1", "2"
DISPOSITION_BY_PHONE, DISPOSITION_TEAM = "1", "3"
HELD_CALLS = 11
TALKING_CALL_TAKERS = 2


@dataclass(frozen=True, slots=True)
class Play:
    """One call: its letter, what it shows, and how it goes."""

    letter: str
    title: str
    perform: Callable[[Stage], str]


def transfer(stage: Stage, trunk: Person, incident: str, call_type: str, party: str = "") -> None:
    """The call taker keys a transfer on the leg that carries the caller.

    `party` is the key for whom the call is about, "" for such as the program's clinicians take.
    """
    phone = trunk.phone
    phone.dials(stage.stack.seeded.lines["transfer"])
    phone.hears("incident number")
    phone.presses(f"{incident}#")
    phone.hears("call type")
    phone.presses(call_type)
    questions = ("caller speaks", "weapon", "medical", "risk", "officer")
    keys = (party or stage.script.party, *NO_DANGER)
    for question, key in zip(questions, keys, strict=True):
        phone.hears(question)
        phone.presses(key)


def connect(stage: Stage, caller: Person, *, without: tuple[Person, ...] = ()) -> Person:
    """Whoever is offered the call accepts; returns the clinician, who talks with the caller."""
    clinician = stage.first_to_ring([one for one in stage.clinicians if one not in without])
    stage.answers_and_accepts(clinician, "crisis call")
    clinician.phone.is_talking_with(caller.name, within=10)
    return clinician


def call_direct_line(stage: Stage, caller: Person) -> None:
    """The caller answers the direct line's questions: nobody is in danger."""
    phone, script = caller.phone, stage.script
    phone.dials(stage.stack.seeded.lines["direct"])
    for question, key in (
        ("for english", "1"),
        ("danger", "2"),
        ("about yourself", script.party),
        ("what is the call about", script.reason),
        ("zip code", f"{script.zip_code}#"),
    ):
        phone.hears(question)
        phone.presses(key)


def choose_after_call(clinician: Person, disposition: str) -> None:
    """The caller has hung up: the clinician says how it ended."""
    clinician.phone.hears("how is the call resolved", within=15)
    clinician.phone.presses(disposition)
    clinician.phone.is_hung_up(within=10)


def take_at_911(stage: Stage, caller: Person, heard: str = "") -> Person:
    """Whoever of 911 rings first takes the returned call: at the hosted desk, or a line outside."""
    taker = stage.first_to_ring((*stage.call_takers, *stage.outside))
    hosted = taker in stage.call_takers
    taker.phone.rings()
    taker.phone.answers()
    taker.phone.hears(heard or ("coming back" if hosted else "with a caller for you"))
    taker.phone.hears("press 1")
    taker.phone.presses("1")
    taker.phone.is_talking_with(caller.name, within=10)
    return taker


def panic_attack(stage: Stage) -> str:
    """(a) A caller about themselves, alone at home: by phone, as the program says."""
    if stage.crisis_line is not None and stage.script.alone is Outcome.CRISIS_LINE:
        return panic_attack_at_crisis_line(stage, stage.crisis_line)
    return panic_attack_resolved(stage)


def panic_attack_at_crisis_line(stage: Stage, crisis_line: Person) -> str:
    """The program diverts callers about themselves to the county's crisis line."""
    trunk = stage.caller("Trunk line 4", people=["Lee (911)", "Sam (caller)"])
    transfer(stage, trunk, "4711", MENTAL_HEALTH, FIRST_PARTY)
    trunk.phone.hears("connecting you to the crisis line")
    crisis_line.phone.rings()
    crisis_line.phone.answers()
    crisis_line.phone.hears("transferring a caller to you")
    crisis_line.phone.is_talking_with("Sam (caller)", within=10)
    trunk.phone.says("Sam is having a panic attack at home. I will let you talk.", "Lee (911)")
    trunk.phone.leaves("Lee (911)")
    crisis_line.phone.says("Hello Sam. I am with you. Let us breathe together.")
    trunk.phone.hears("breathe together")
    trunk.phone.hangs_up()
    stage.ends(trunk, "crisis_line")
    return "helped by the county crisis line"


def panic_attack_resolved(stage: Stage) -> str:
    """Transfer on a shared trunk leg; the call taker leaves; the clinician resolves."""
    trunk = stage.caller("Trunk line 4", people=["Lee (911)", "Sam (caller)"])
    transfer(stage, trunk, "4711", MENTAL_HEALTH)
    clinician = stage.first_to_ring(stage.clinicians)
    stage.answers_and_accepts(clinician, "incident 4, 7, 1, 1")
    clinician.phone.is_talking_with("Sam (caller)", within=10)
    trunk.phone.says("Sam is having a panic attack at home. I will let you talk.", "Lee (911)")
    trunk.phone.leaves("Lee (911)")
    clinician.phone.says("Hello Sam. I am with you. Let us breathe together.")
    trunk.phone.hears("breathe together")
    trunk.phone.says("Thank you. It is getting better.", "Sam (caller)")
    clinician.phone.presses("*")
    clinician.phone.hears("end the call as resolved")
    clinician.phone.presses("2")
    clinician.phone.hears("how is the call resolved")
    clinician.phone.presses(DISPOSITION_BY_PHONE)
    clinician.phone.hears("to end the call with your caller")
    clinician.phone.presses("1")
    trunk.phone.hears("take care", within=10)
    trunk.phone.is_hung_up(within=15)
    stage.ends(trunk, "resolved")
    return "resolved by phone"


def team_sent(stage: Stage) -> str:
    """(b) The clinician sends a team; a member acknowledges by key."""
    trunk = stage.caller("Trunk line 5", people=["Kim (911)", "Alex (caller)"])
    transfer(stage, trunk, "4712", SUICIDAL)
    clinician = connect(stage, Person("Alex (caller)", trunk.phone))
    trunk.phone.leaves("Kim (911)")
    clinician.phone.presses("*")
    clinician.phone.hears("to send a team")
    clinician.phone.presses("3")
    for question, key in (("known danger", "2"), ("the place", "1"), ("press 1 to send", "1")):
        clinician.phone.hears(question)
        clinician.phone.presses(key)
    clinician.phone.is_talking_with("Alex (caller)", within=10)
    responder = stage.first_to_ring(stage.responders, within=20)
    stage.answers_and_accepts(responder, "in-person response")
    clinician.phone.hears("is coming", within=15)
    clinician.phone.says("A team is coming to you now, Alex.")
    trunk.phone.hears("team is coming to you")
    stage.report(responder, "en_route")
    clinician.phone.hears("on the way", within=15)
    stage.report(responder, "on_scene", "cleared")
    trunk.phone.hangs_up()
    choose_after_call(clinician, DISPOSITION_TEAM)
    stage.ends(trunk, "dispatched")
    return f"dispatched, acknowledged by {responder.name}"


def returned(stage: Stage) -> str:
    """(c) The call escalates, and goes back to 911 as the program says."""
    if stage.is_hosted:
        return returned_past_held_calls(stage)
    return returned_to_the_next_line(stage)


def returned_to_the_next_line(stage: Stage) -> str:
    """The 911 center is outside: its priority line is busy, its second line takes the call."""
    trunk = stage.caller("Trunk line 6", people=["Pat (911)", "Robin (caller)"])
    transfer(stage, trunk, "4713", MENTAL_HEALTH)
    robin = Person("Robin (caller)", trunk.phone)
    clinician = connect(stage, robin)
    trunk.phone.leaves("Pat (911)")
    stage.outside[0].phone.changes(on_ring="busy")
    trunk.phone.says("He has a knife now.", "Robin (caller)")
    clinician.phone.presses("*")
    clinician.phone.hears("to go back to 9 1 1")
    clinician.phone.presses("9")
    clinician.phone.hears("trying the next line", within=15)
    taker = take_at_911(stage, robin)
    clinician.phone.hears("9 1 1 is on the line", within=10)
    clinician.phone.hangs_up()
    taker.phone.says("I am here, Robin. Officers are on the way.")
    trunk.phone.hears("officers are on the way")
    trunk.phone.hangs_up()
    stage.ends(trunk, "returned_to_911")
    return f"at 911 on the {taker.name.removeprefix('911 ')}, its priority line was busy"


def returned_past_held_calls(stage: Stage) -> str:
    """The call escalates: back to 911 past eleven held calls, bridged until 911 is there."""
    trunk = stage.caller("Trunk line 6", people=["Pat (911)", "Robin (caller)"])
    transfer(stage, trunk, "4713", MENTAL_HEALTH)
    clinician = connect(stage, Person("Robin (caller)", trunk.phone))
    trunk.phone.leaves("Pat (911)")
    with stage.only_on_duty(TALKING_CALL_TAKERS):
        held, talking = _fill_911(stage)
        trunk.phone.says("He has a knife now.", "Robin (caller)")
        clinician.phone.presses("*")
        clinician.phone.hears("to go back to 9 1 1")
        clinician.phone.presses("9")
        clinician.phone.is_talking_with("Robin (caller)", within=10)
        talking[0].phone.hangs_up()  # a call taker becomes free with eleven calls holding
        taker = take_at_911(stage, Person("Robin (caller)", trunk.phone))
        if any(stage.call_of(caller).staff() for caller in held):
            raise PlayError("a held call was answered before the returned one")
        clinician.phone.hears("9 1 1 is on the line", within=10)
        clinician.phone.says("Robin, this is 911. They will help you now.")
        clinician.phone.hangs_up()
        taker.phone.says("I am here, Robin. Officers are on the way.")
        trunk.phone.hears("officers are on the way")
        for caller in (*held, *talking[1:]):
            caller.phone.hangs_up()
    trunk.phone.hangs_up()
    stage.ends(trunk, "returned_to_911")
    return f"at 911 with {taker.name}, ahead of {len(held)} held calls"


def _fill_911(stage: Stage) -> tuple[list[Person], list[Person]]:
    """Two call takers talk, the others are signed off, and eleven calls hold."""
    emergency = stage.stack.seeded.lines["emergency"]
    talking = []
    for number in range(TALKING_CALL_TAKERS):
        caller = stage.caller(f"911 caller {number + 1}")
        caller.phone.dials(emergency)
        taker = stage.first_to_ring(stage.call_takers)
        stage.answers_and_accepts(taker, "9 1 1 call")
        taker.phone.is_talking_with(caller.name, within=10)
        talking.append(caller)
    held = [stage.caller(f"held caller {number + 1}") for number in range(HELD_CALLS)]
    for caller in held:
        caller.phone.dials(emergency)
        caller.phone.hears("next call taker")
    return held, talking


def nobody_accepts(stage: Stage) -> str:
    """(d) Every clinician declines, or none is there: the program's rule applies."""
    if not stage.script.unanswered:
        return waits_for_the_next(stage)
    return returned_with_a_request(stage)


def waits_for_the_next(stage: Stage) -> str:
    """No clinician is there: the caller waits in line, and the first to come on duty takes it."""
    stage.sign_off(*stage.clinicians)
    caller = stage.caller("Jo")
    call_direct_line(stage, caller)
    caller.phone.hears("still connected", within=30)
    stage.sign_on(*stage.clinicians)
    clinician = stage.first_to_ring(stage.clinicians, within=90)
    stage.answers_and_accepts(clinician, "crisis call")
    clinician.phone.is_talking_with(caller.name, within=10)
    caller.phone.hangs_up()
    choose_after_call(clinician, DISPOSITION_BY_PHONE)
    stage.until(caller, lambda call: call.outcome == "resolved", "to be resolved")
    return f"resolved with {clinician.name}, who came on duty"


def returned_with_a_request(stage: Stage) -> str:
    """The caller goes back to 911 with what the program asks for."""
    for clinician in stage.clinicians:
        clinician.phone.changes(on_ring={"do": "decline", "after": 0.5})
    caller = stage.caller("Jo")
    call_direct_line(stage, caller)
    taker = take_at_911(stage, caller, stage.script.unanswered)
    taker.phone.says("911, I am sending an officer.")
    caller.phone.hears("officer", within=10)
    caller.phone.hangs_up()
    stage.ends(caller, "returned_to_911")
    return f"at 911 with {taker.name}, an officer requested"


def presses_nine(stage: Stage) -> str:
    """(e) The caller presses 9 while waiting."""
    stage.wait_for_clinicians(1)
    caller = stage.caller("Chris")
    call_direct_line(stage, caller)
    stage.first_to_ring(stage.clinicians)
    caller.phone.presses("9")
    taker = take_at_911(stage, caller)
    caller.phone.hangs_up()
    stage.ends(caller, "returned_to_911")
    return f"at 911 with {taker.name}"


def clinician_dies(stage: Stage) -> str:
    """(f) The clinician's phone dies: a voice at once, then the next clinician."""
    print("  (first, two clinicians finish their records: they have a minute)")
    stage.wait_for_clinicians(2)
    caller = stage.caller("Dana")
    call_direct_line(stage, caller)
    first = connect(stage, caller)
    first.phone.loses_signal()
    caller.phone.hears("dropped", within=3)
    second = connect(stage, caller, without=(first,))
    second.phone.says("Hello Dana, I have you now.")
    caller.phone.hears("i have you now")
    caller.phone.hangs_up()
    choose_after_call(second, DISPOSITION_BY_PHONE)
    stage.until(caller, lambda call: call.outcome == "resolved", "to be resolved")
    call = stage.call_of(caller)
    if call.stage is not CallStage.CLOSED:
        raise PlayError("the call is not closed")
    return f"resolved with {second.name} after {first.name}'s phone died"


PLAYS = (
    Play("a", "A panic attack, helped by phone", panic_attack),
    Play("b", "Thoughts of suicide, a team sent", team_sent),
    Play("c", "It escalates: back to 911", returned),
    Play("d", "Nobody accepts", nobody_accepts),
    Play("e", "The caller presses 9 while waiting", presses_nine),
    Play("f", "The clinician's phone dies", clinician_dies),
)
