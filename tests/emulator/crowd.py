"""Many independent calls of every sort, drawn by number, and the one application they all reach.

Everything the network does takes whole beats, everything people do falls half a beat beside that
or follows from what they hear. So the order of what one person hears does not hang on how long an
answer takes, as long as that is well under half a beat.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web
from twilio.rest import Client

from router.emulator.client import Entry, Network
from tests.emulator.conftest import App

BEAT = 0.5
WORDS_A_BEAT = 5
LINES = {f"+1512555010{n}": kind for n, kind in enumerate(["menu", "queue", "room", "dial"])}
LINES |= {"+15125550110": "agent", "+15125550111": "host", "+15125550112": "voicemail"}
LINES |= {"+15125550113": "busy", "+15125550114": "rejected", "+15125550115": "broken"}
NUMBERS = {kind: number for number, kind in LINES.items()}
SWITCHES = {
    "speech_rate": WORDS_A_BEAT / BEAT,
    "play_seconds": 2 * BEAT,
    "dial_setup_seconds": BEAT,
    "ring_timeout_buffer": 0,
    "silence_seconds": 0.75 * BEAT,
}
QUIET_SECONDS = 60.0  # a crowd that has not gone home by then never will
Step = dict[str, Any]


def spoken(label: str, beats: float) -> str:
    """A sentence that begins with `label` and takes so many beats to say."""
    words = label.split()
    words += ["and", "so", "it", "goes", "on"] * 20
    return f"<Say>{' '.join(words[: round(beats * WORDS_A_BEAT)])}</Say>"


# The application: what it answers is a matter of the address and the form alone.


def answer(path: str, form: Mapping[str, str]) -> str:
    """The document for a webhook; the caller's number says whose queue and room it is."""
    index = form["From"][-4:] if form["From"].startswith("+1") else ""
    verbs = _DOCUMENTS[path](index, form) if path in _DOCUMENTS else ""
    return f"<Response>{verbs}</Response>"


def _menu_key(_: str, form: Mapping[str, str]) -> str:
    known = {
        "1": spoken("goodbye", 2) + "<Hangup/>",
        "2": "<Redirect>/menu/sub</Redirect>",
        "*": "<Redirect>/menu</Redirect>",
    }
    return known.get(form["Digits"], spoken("wrong key", 1) + "<Redirect>/menu</Redirect>")


def _dial(index: str, form: Mapping[str, str]) -> str:
    screened = ' url="/dial/whisper"' if int(index) % 3 == 0 else ""
    bridge = "true" if int(index) % 2 else "false"
    return (
        spoken("calling", 1)
        + f'<Dial timeout="2" action="/dial/done" answerOnBridge="{bridge}">'
        + f"<Number{screened}>+1602555{index}</Number></Dial>"
    )


def _dialed(index: str, form: Mapping[str, str]) -> str:
    if form["DialCallStatus"] != "completed":
        return spoken(f"they were {form['DialCallStatus']}", 1) + "<Redirect>/voicemail</Redirect>"
    if int(index) % 2:
        return spoken("thank you", 1)
    transfer = f'<Dial timeout="2" action="/dial/over"><Number>+1919555{index}</Number></Dial>'
    return spoken("transferring", 1) + transfer


def _left(_: str, form: Mapping[str, str]) -> str:
    if form["QueueResult"] == "leave":
        return "<Redirect>/voicemail</Redirect>"
    return spoken("finished", 1)


def _room(index: str, form: Mapping[str, str]) -> str:
    ends = "true" if int(index) % 3 == 0 else "false"
    return (
        f'<Dial action="/room/done"><Conference startConferenceOnEnter="false" waitUrl="/room/wait"'
        f' endConferenceOnExit="{ends}" beep="false">room {index}</Conference></Dial>'
    )


def _gather(action: str, prompt: str, options: str) -> str:
    return f'<Gather action="{action}" timeout="1" {options}>{prompt}</Gather>'


_DOCUMENTS: dict[str, Callable[[str, Mapping[str, str]], str]] = {
    "/menu": lambda _, __: (
        _gather("/menu/key", spoken("menu", 2), 'numDigits="1"')
        + spoken("nothing pressed", 1)
        + "<Redirect>/menu</Redirect>"
    ),
    "/menu/key": _menu_key,
    "/menu/sub": lambda _, __: (
        _gather("/menu/code", spoken("code", 1), "") + "<Redirect>/menu/sub</Redirect>"
    ),
    "/menu/code": lambda _, form: spoken(f"noted {form['Digits']}", 1),
    "/queue": lambda index, _: (
        spoken("welcome", 1)
        + f'<Enqueue waitUrl="/queue/wait" action="/queue/left">queue {index}</Enqueue>'
    ),
    "/queue/wait": lambda _, form: _gather(
        "/queue/key",
        spoken(f"waiting as number {form['QueuePosition']}", 2) + "<Play>/music.mp3</Play>",
        'numDigits="1"',
    ),
    "/queue/key": lambda _, form: "<Leave/>" if form["Digits"] == "1" else spoken("stay", 1),
    "/queue/left": _left,
    "/queue/whisper": lambda _, __: spoken("connecting", 1),
    "/agent": lambda index, _: (
        spoken("one moment", 4.6)
        + f'<Dial hangupOnStar="true"><Queue url="/queue/whisper">queue {index}</Queue></Dial>'
        + spoken("call over", 1)
    ),
    "/room": _room,
    "/room/wait": lambda _, __: (
        spoken("holding", 2) + '<Pause length="1"/><Redirect>/room/wait</Redirect>'
    ),
    "/room/done": lambda _, __: spoken("the room is empty", 1),
    "/host": lambda index, _: (
        spoken("joining", 2.6)
        + f'<Dial><Conference beep="false">room {index}</Conference></Dial>'
        + spoken("call over", 1)
    ),
    "/dial": _dial,
    "/dial/whisper": lambda _, __: (
        _gather("/dial/accept", spoken("accept", 1), 'numDigits="1"') + "<Hangup/>"
    ),
    "/dial/accept": lambda _, form: "" if form["Digits"] == "1" else "<Hangup/>",
    "/dial/done": _dialed,
    "/dial/over": lambda _, form: spoken(f"transfer was {form['DialCallStatus']}", 1),
    "/voicemail": lambda _, __: (
        spoken("message", 1)
        + '<Record timeout="1" maxLength="3" finishOnKey="#" action="/voicemail/done"/>'
        + spoken("nothing recorded", 1)
    ),
    "/voicemail/done": lambda _, __: spoken("message kept", 1),
    "/busy": lambda _, __: '<Reject reason="busy"/>',
    "/rejected": lambda _, __: "<Reject/>",
}


def open_lines(app: App, client: Client) -> None:
    """Let `app` answer so, and point the lines at it."""
    for path in _DOCUMENTS:
        app.on(path, partial(answer, path))
    app.on("/broken", (500, "no"))
    app.on("/music.mp3", lambda _: web.Response(body=b"", content_type="audio/mpeg"))
    for number, kind in LINES.items():
        client.incoming_phone_numbers.create(phone_number=number, voice_url=app.url(f"/{kind}"))


# The people.


@dataclass
class Person:
    """A phone with what its owner does, and which line they call, if any."""

    number: str
    name: str
    script: list[Step] = field(default_factory=list)
    on_ring: Step = field(default_factory=lambda: {"do": "manual"})
    dials: str = ""


class Scene:
    """The people of one call; all they do is decided by its number and the seed."""

    def __init__(self, index: int, seed: int) -> None:
        self.index = index
        self.chance = random.Random(f"{seed}/{index}")
        self.caller = Person(f"+1512556{index:04}", f"Caller {index}")
        self.people = [self.caller]
        kind = self.chance.choices(list(_SCENES), _WEIGHTS)[0]
        self.caller.dials = NUMBERS[kind]
        self.caller.script = _SCENES[kind](self)

    def other(self, area: str, name: str, **facts: Any) -> Person:  # noqa: ANN401 - a Person's
        person = Person(f"+1{area}555{self.index:04}", f"{name} {self.index}", **facts)
        self.people.append(person)
        return person

    def beats(self, low: int, high: int) -> float:
        """Some time that ends half a beat beside all that the network does."""
        return (self.chance.randint(low, high) + 0.5) * BEAT

    def maybe(self, share: float = 0.5) -> bool:
        return self.chance.random() < share

    def talks(self, name: str, to: str, beats: float) -> list[Step]:
        return [{"talking_with": to, "wait": beats * BEAT, "says": f"Hello from {name}"}]


def _menu(scene: Scene) -> list[Step]:
    steps: list[Step] = []
    for _ in range(scene.chance.randint(0, 2)):
        deed = scene.chance.choice(["wrong", "star", "nothing"])
        if deed == "nothing":
            steps.append({"hears": "nothing pressed"})
        else:
            key = "*" if deed == "star" else scene.chance.choice("3456789#")
            # A pound key before any digit is no key: the timeout has to come by itself.
            steps.append({"hears": "menu", "wait": scene.beats(0, 2), "presses": key})
    end = scene.chance.choice(["goodbye", "code", "half a code", "hang up"])
    if end == "hang up":
        return [*steps, {"hears": "menu", "wait": scene.beats(0, 3), "hang_up": True}]
    key = "1" if end == "goodbye" else "2"
    steps.append({"hears": "menu", "wait": scene.beats(0, 3), "presses": key})
    if end == "code":
        steps.append({"hears": "code", "wait": scene.beats(0, 1), "presses": "12#"})
    elif end == "half a code":
        steps.append({"hears": "code", "wait": scene.beats(0, 1), "presses": "7"})
    elif scene.maybe():
        steps.append({"hears": "goodbye", "wait": scene.beats(0, 1), "hang_up": True})
    return steps


def _queue(scene: Scene) -> list[Step]:
    end = scene.chance.choice(["agent", "agent", "leave", "hang up"])
    waiting: Step = {"hears": "waiting", "wait": scene.beats(0, 4)}
    if end == "hang up":
        return [waiting | {"hang_up": True}]
    if end == "leave":
        return [waiting | {"presses": "1"}, *_message(scene)]
    agent = scene.other("602", "Agent", dials=NUMBERS["agent"])
    agent.script = scene.talks(agent.name, scene.caller.name, 1)
    agent_ends = scene.maybe()
    deed: Step = {"presses": "*"} if scene.maybe() else {"hang_up": True}
    if agent_ends:
        agent.script.append({"wait": 2 * BEAT} | deed)
    talks = scene.talks(scene.caller.name, agent.name, 2)
    return talks if agent_ends else [*talks, {"wait": 2 * BEAT, "hang_up": True}]


def _room_people(scene: Scene) -> list[Step]:
    if scene.maybe(0.2):
        return [{"hears": "holding", "wait": scene.beats(0, 4), "hang_up": True}]
    host = scene.other("602", "Host", dials=NUMBERS["host"])
    host.script = scene.talks(host.name, scene.caller.name, 1)
    talks = scene.talks(scene.caller.name, host.name, 2)
    host_ends = scene.maybe()
    # Whoever stays hears nobody for a while, then goes as well.
    host.script.append({"wait": (2 if host_ends else 4) * BEAT, "hang_up": True})
    return [*talks, {"wait": (4 if host_ends else 2) * BEAT, "hang_up": True}]


def _dial_people(scene: Scene) -> list[Step]:
    do = scene.chance.choice(
        ["answer", "answer", "answer", "busy", "decline", "no_answer", "unreachable", "voicemail"]
    )
    callee = scene.other("602", "Callee", on_ring={"do": do, "after": scene.beats(0, 1)})
    if do == "no_answer" and scene.maybe():
        return [{"hears": "calling", "wait": scene.beats(2, 4), "hang_up": True}]
    if do not in ("answer", "voicemail"):
        return _message(scene)
    if scene.index % 3 == 0 and do == "answer" and scene.maybe(0.7):
        key = "1" if scene.maybe(0.7) else "9"
        callee.script = [{"hears": "accept", "wait": scene.beats(0, 2), "presses": key}]
    callee.script += scene.talks(callee.name, scene.caller.name, 1)
    callee.script.append({"wait": 2 * BEAT, "hang_up": True})
    third = scene.other("919", "Third", on_ring={"do": "answer", "after": scene.beats(0, 1)})
    third.script = [*scene.talks(third.name, scene.caller.name, 1), {"wait": BEAT, "hang_up": True}]
    return scene.talks(scene.caller.name, callee.name, 2)


def _message(scene: Scene) -> list[Step]:
    end = scene.chance.choice(["pound", "silence", "hang up", "nothing"])
    if end == "nothing":
        return []
    # The message's prompt takes a beat, so the first of these falls into the recording.
    said: Step = {"hears": "message", "wait": scene.beats(1, 1), "says": "It is me, call back"}
    if end == "pound":
        return [said, {"wait": BEAT, "presses": "#"}]
    return [said, {"wait": BEAT, "hang_up": True}] if end == "hang up" else [said]


_SCENES: dict[str, Callable[[Scene], list[Step]]] = {
    "menu": _menu,
    "queue": _queue,
    "room": _room_people,
    "dial": _dial_people,
    "voicemail": _message,
    "busy": lambda _: [],
    "rejected": lambda _: [],
    "broken": lambda _: [],
}
_WEIGHTS = (4, 5, 4, 6, 2, 1, 1, 1)


# The play.


def play(net: Network, calls: int, seed: int, gap: float) -> dict[str, list[Entry]]:
    """Let `calls` of them call, `gap` seconds apart; every party's transcript without its times."""
    scenes = [Scene(index, seed) for index in range(calls)]
    net.switches(**SWITCHES)
    come(net, scenes)
    for scene in scenes:
        for person in scene.people:
            if person.dials:
                net.request("POST", f"parties/{person.number}/dial", {"to": person.dials})
        _pass(net, gap)
    began = net.now()
    while live := [leg for leg in net.state()["calls"] if leg["ended"] is None]:
        if net.now() - began > QUIET_SECONDS:
            raise AssertionError(f"after {QUIET_SECONDS:g} s still on the phone: {live}")
        _pass(net, BEAT)
    return {person.number: _told(net, person.number) for person in _everybody(scenes)}


def come(net: Network, scenes: Iterable[Scene]) -> None:
    """Put everybody at their phones."""
    for person in _everybody(scenes):
        net.phone(person.number, person.name, script=person.script, on_ring=person.on_ring)


def _everybody(scenes: Iterable[Scene]) -> list[Person]:
    return [person for scene in scenes for person in scene.people]


def _pass(net: Network, seconds: float) -> None:
    if net.steps_time:
        net.advance(seconds)
    else:
        time.sleep(seconds)


def _told(net: Network, number: str) -> list[Entry]:
    entries = net.request("GET", f"parties/{number}/transcript")["entries"]
    return [{k: v for k, v in e.items() if k not in ("seq", "at", "call")} for e in entries]


def differences(one: Mapping[str, list[Entry]], two: Mapping[str, list[Entry]]) -> list[str]:
    """Both transcripts of every party who heard something else the second time."""
    return [
        "\n".join([number, *map(str, told), "  the other time:", *map(str, two[number])])
        for number, told in one.items()
        if told != two[number]
    ]
