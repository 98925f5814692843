"""Prints, as it happens, who hears and does what, as a listener beside each phone would notice."""

from __future__ import annotations

import re
import textwrap
import threading
from typing import Any, Self

from router.demo.stage import Stage

SENTENCES = {
    "say": "hears    “{text}”",
    "speech": "hears    {who}: “{text}”",
    "talking_with": "is with  {people}",
    "pressed": "presses  {digits}",
    "dialled": "dials    {to}",
    "ringing": "rings",
    "answered": "picks up",
    "missed": "is busy",
    "left": "walks away",
    "signal_lost": "loses the signal",
    "hangup": "is off the line",
    "sms": "reads    “{text}”",
}
OUT_OF_THE_ROOM = frozenset({"wait", "hold", "silence", "ringback", "hangup", "pressed"})
WIDTH = 100
HANGING = 39  # below the first word of what is heard
LINK = re.compile(r"https?://\S+")
LINES = {
    "direct": "the crisis line",
    "transfer": "the transfer line",
    "emergency": "911",
    "front_door": "911",
}


class Narrator:
    """Follows the network's events while it is entered; one play is told by one narrator."""

    def __init__(self, stage: Stage) -> None:
        self._network = stage.network
        self._lines = {
            number: f"{LINES.get(name, name)} ({number})"
            for name, number in stage.stack.seeded.lines.items()
        }
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="narrator", daemon=True)
        self._seen = max((entry["seq"] for entry in self._network.events()), default=0)
        self._start = self._network.now()
        self._with: dict[str, tuple[str, ...]] = {}
        self._last = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=3)

    def _tell(self) -> None:
        while not self._stop.is_set():
            for entry in self._network.events(self._seen, wait=0.5):
                self._seen = entry["seq"]
                sentence = self.sentence_of(entry)
                if sentence:
                    print(self._line(entry, sentence), flush=True)

    def sentence_of(self, entry: dict[str, Any]) -> str:
        """One event in words, "" for what a listener would not notice."""
        if entry["kind"] != "heard":
            return ""
        what, party = entry["what"], entry["party"]
        people = tuple(entry.get("with", ()))
        if what in OUT_OF_THE_ROOM:
            self._with.pop(party, None)
        if what == "talking_with":
            # After an announcement into the room they are with the same people as before.
            if not people or self._with.get(party) == people:
                return ""
            self._with[party] = people
        facts = {**entry, "people": ", ".join(people)}
        if what == "dialled":
            facts["to"] = self._lines.get(entry["to"], entry["to"])
        if what == "sms":
            facts["text"] = LINK.sub("(a link)", entry["text"])
        return SENTENCES.get(what, "").format(**facts)

    def _line(self, entry: dict[str, Any], sentence: str) -> str:
        """Time, name and sentence; the name stands where it changes."""
        name = str(entry["who"] if entry["what"] == "left" else entry["name"])
        shown = "" if name == self._last else name
        self._last = name
        text = f"  {entry['at'] - self._start:6.1f}  {shown:<18.18}  {sentence}"
        return textwrap.fill(
            text, WIDTH, subsequent_indent=" " * HANGING, drop_whitespace=True, tabsize=1
        )
