"""Phones in the hands of a test or a demo: a synchronous client of the control API.

    net = Network("http://127.0.0.1:8200")
    caller = net.phone("+15125550101", name="Sam")
    caller.dials("+15125550100")
    caller.hears("press one")
    caller.presses("1")

`within` counts real seconds. A network made with `steps_time=True` runs an emulator whose time is
moved by hand: then `within` counts its seconds, and waiting moves them.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

Entry = dict[str, Any]
_POLL_SECONDS = 0.5
_STEP_SECONDS = 0.25
_HTTP_SECONDS = 90.0
PATIENCE_SECONDS = 10.0  # what is expected comes in a fraction of it; a machine may be busy


class NetworkError(Exception):
    """The emulator refused a request; `field` is the one at fault."""

    def __init__(self, status: int, field: str, message: str) -> None:
        super().__init__(f"{status} {field}: {message}")
        self.status, self.field, self.message = status, field, message


class Network:
    """The emulator's control API."""

    def __init__(self, base_url: str, *, steps_time: bool = False) -> None:
        self.base_url = base_url.rstrip("/")
        self.steps_time = steps_time

    def request(self, method: str, path: str, body: Entry | None = None) -> Entry:
        """One JSON request to the control API."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.base_url}/control/{path}"
        request = urllib.request.Request(url, data, method=method)  # noqa: S310 - our own address
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(  # noqa: S310 - as above
                request, timeout=_HTTP_SECONDS
            ) as response:
                answer: Entry = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                answer = json.load(error)
            raise NetworkError(error.code, answer["field"], answer["error"]) from None

    def _read(self, path: str, name: str, **query: object) -> list[Entry]:
        entries: list[Entry] = self.request("GET", f"{path}?{urlencode(query)}")[name]
        return entries

    def phone(
        self,
        number: str,
        name: str | None = None,
        people: list[str] | None = None,
        on_ring: str | dict[str, Any] = "manual",
        script: list[dict[str, Any]] | None = None,
        **profile: object,
    ) -> Phone:
        """A party at `number`; further profile: lines, facts, greeting."""
        body: dict[str, Any] = {"number": number, "on_ring": on_ring, **profile}
        if name is not None:
            body["name"] = name
        if people is not None:
            body["people"] = people
        if script is not None:
            body["script"] = script
        return Phone(self, self.request("POST", "parties", body)["number"])

    def numbers(self) -> list[Entry]:
        """The account's own numbers and where their calls go."""
        numbers: list[Entry] = self.state()["numbers"]
        return numbers

    def state(self) -> Entry:
        """Calls, legs (what each hears), conferences, queues, numbers, parties."""
        return self.request("GET", "state")

    def events(self, after: int = 0, wait: float = 0) -> list[Entry]:
        """The one ordered feed of everything."""
        return self._read("events", "events", after=after, wait=wait)

    def webhooks(self, after: int = 0, wait: float = 0) -> list[Entry]:
        """Every webhook sent, with its answer."""
        return self._read("webhooks", "webhooks", after=after, wait=wait)

    def send_webhook(self, url: str, **options: object) -> Entry:
        """Send the application a signed webhook and see its answer (status, body, error ...).

        `params` make a form, `json` a JSON body; `method` is POST unless said otherwise, and
        `call_sid` names a call in the log.
        """
        return self.request("POST", "webhooks", {"url": url, **options})

    def debugger(self, after: int = 0, wait: float = 0, **only: object) -> list[Entry]:
        """Warnings and errors with Twilio's codes; `only`: level, code, call_sid, since, until."""
        return self._read("debugger", "entries", after=after, wait=wait, **only)

    def unexpected_rings(self, after: int = 0, wait: float = 0) -> list[Entry]:
        """Calls and texts to numbers where nobody is."""
        return self._read("unexpected_rings", "rings", after=after, wait=wait)

    def parties(self) -> list[Entry]:
        """Everybody on the network, with their live calls."""
        parties: list[Entry] = self.request("GET", "parties")["parties"]
        return parties

    def advance(self, seconds: float = 0) -> None:
        """Move time that is set by hand; everything due has settled afterwards."""
        self.request("POST", "time/advance", {"seconds": seconds})

    def time(self, mode: str, speed: float = 1) -> None:
        """Let time run real, fast or manual."""
        self.request("POST", "time", {"mode": mode, "speed": speed})
        self.steps_time = mode == "manual"

    def faults(self, **faults: object) -> None:
        """Replace the faults: callbacks=[...], rest=[...], stale_seconds=, seed=."""
        self.request("PUT", "faults", faults)

    def read_faults(self) -> Entry:
        """The faults in force."""
        return self.request("GET", "faults")

    def switches(self, **switches: object) -> Entry:
        """Set the switches named; all of them, with value, default and what each is."""
        return self.request("PUT", "switches", switches)

    def reset(self) -> None:
        """End and forget everything except numbers, applications and switches."""
        self.request("POST", "reset", {})

    def pass_time(self, deadline: float) -> bool:
        """Let time pass while something is awaited; False when the deadline is over."""
        if self.steps_time:
            if self.now() >= deadline:
                return False
            self.advance(_STEP_SECONDS)
            return True
        return time.monotonic() < deadline

    def deadline(self, within: float) -> float:
        """The moment `within` seconds from now, on the clock that waiting goes by."""
        return (self.now() if self.steps_time else time.monotonic()) + within

    def now(self) -> float:
        """The network's clock."""
        now: float = self.request("GET", "time")["now"]
        return now


class Phone:
    """A party's phone: what it does, and what is expected to be heard on it."""

    def __init__(self, network: Network, number: str) -> None:
        self.network, self.number = network, number
        self._path = f"parties/{quote(number, safe='')}"
        self._seen = 0

    def __repr__(self) -> str:
        return f"Phone({self.number!r})"

    def _do(self, deed: str, **body: object) -> Entry:
        return self.network.request("POST", f"{self._path}/{deed}", body)

    def listens_from_now(self) -> None:
        """Take what the phone has heard so far, of earlier calls, as heard."""
        self._seen = max((entry["seq"] for entry in self.transcript()), default=0)

    def dials(self, to: str, **options: object) -> str:
        """Call `to`; the call's SID."""
        sid: str = self._do("dial", to=to, **options)["call"]
        return sid

    # With several lines, `call` names the one meant; else it is the newest that fits.

    def answers(self, call: str = "") -> None:
        """Pick up."""
        self._do("answer", call=call)

    def declines(self, call: str = "") -> None:
        """Refuse the call that rings."""
        self._do("decline", call=call)

    def presses(self, digits: str, call: str = "") -> None:
        """Press keys."""
        self._do("press", digits=digits, call=call)

    def says(self, text: str, who: str = "", call: str = "") -> None:
        """Speak; `who` is one of the people at this phone."""
        self._do("speak", text=text, who=who, call=call)

    def hangs_up(self, call: str = "") -> None:
        """Put the phone down."""
        self._do("hang_up", call=call)

    def loses_signal(self, call: str = "") -> None:
        """Drop out as a cell phone does: silence both ways until the carrier notices."""
        self._do("lose_signal", call=call)

    def refers(self, to: str, call: str = "") -> None:
        """A SIP phone asks for `to` in its place (SIP REFER)."""
        self._do("refer", to=to, call=call)

    def leaves(self, who: str) -> None:
        """One of the people at this phone walks away; the leg stays."""
        self._do("leave", who=who)

    def texts(self, to: str, text: str) -> str:
        """Send an SMS; its SID."""
        sid: str = self._do("text", to=to, text=text)["message"]
        return sid

    def changes(self, **profile: object) -> None:
        """Change on_ring, script, name, people, lines, facts or greeting."""
        self.network.request("PATCH", self._path, profile)

    def state(self) -> Entry:
        """The party, with its live calls and what each hears."""
        return self.network.request("GET", self._path)

    def transcript(self, after: int = 0, wait: float = 0) -> list[Entry]:
        """Everything that happened at this phone, in order."""
        query = urlencode({"after": after, "wait": wait})
        entries: list[Entry] = self.network.request("GET", f"{self._path}/transcript?{query}")[
            "entries"
        ]
        return entries

    # What is expected

    def rings(self, within: float = PATIENCE_SECONDS) -> Entry:
        """Wait until the phone rings."""
        return self._expect("to ring", within, lambda e: e["kind"] == "ringing")

    def hears(self, text: str, within: float = PATIENCE_SECONDS) -> Entry:
        """Wait until a prompt or a person says `text` after the last thing that was expected."""
        wanted = text.lower()
        return self._expect(
            f"to hear {text!r}",
            within,
            lambda e: e["kind"] in _AUDIBLE and wanted in str(e.get("text", "")).lower(),
        )

    def does_not_hear(self, text: str, within: float = 1) -> None:
        """Nothing says `text` during `within` seconds (nor since the last thing expected)."""
        deadline = self.network.deadline(within)
        seen = self._seen
        while True:
            for entry in self.transcript(seen):
                seen = entry["seq"]
                if entry["kind"] in _AUDIBLE and text.lower() in str(entry.get("text", "")).lower():
                    self._fail(f"not to hear {text!r}")
            if not self.network.pass_time(deadline):
                return
            if not self.network.steps_time:
                self.transcript(seen, min(_POLL_SECONDS, max(0, deadline - time.monotonic())))

    def texted(self, text: str, within: float = PATIENCE_SECONDS) -> Entry:
        """Wait for an SMS with `text` in it."""
        wanted = text.lower()
        return self._expect(
            f"to be texted {text!r}",
            within,
            lambda e: e["kind"] == "sms" and wanted in e["text"].lower(),
        )

    def is_hung_up(self, within: float = PATIENCE_SECONDS) -> Entry:
        """Wait until the call is over."""
        return self._expect("to be hung up", within, lambda e: e["kind"] == "hangup")

    def is_talking_with(self, name: str, within: float = PATIENCE_SECONDS) -> None:
        """Wait until this phone and `name` hear each other (now, not at some time before)."""

        def both(hears: Entry) -> bool:
            return name in hears["with"] and name in hears["heard_by"]

        self._expect_now(f"to be talking with {name}", within, both)

    def is_hearing(self, kind: str, within: float = PATIENCE_SECONDS) -> None:
        """Wait until what is heard now is of `kind`: hold, wait, play, silence, ringback ..."""
        self._expect_now(f"to be hearing {kind}", within, lambda hears: hears["kind"] == kind)

    def _expect(self, what: str, within: float, matches: Callable[[Entry], bool]) -> Entry:
        deadline = self.network.deadline(within)
        seen, wait = self._seen, 0.0
        if self.network.steps_time:
            self.network.advance(0)
        while True:
            for entry in self.transcript(seen, wait):
                seen = entry["seq"]
                if matches(entry):
                    self._seen = seen
                    return entry
            if not self.network.pass_time(deadline):
                self._fail(what)
            if not self.network.steps_time:
                wait = min(_POLL_SECONDS, max(0.0, deadline - time.monotonic()))

    def _expect_now(self, what: str, within: float, matches: Callable[[Entry], bool]) -> None:
        deadline = self.network.deadline(within)
        while True:
            entries = self.transcript()
            if any(matches(call["hears"]) for call in self.state()["calls"]):
                return
            if not self.network.pass_time(deadline):
                self._fail(what)
            if not self.network.steps_time:
                last = entries[-1]["seq"] if entries else 0
                self.transcript(last, min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))

    def _fail(self, what: str) -> None:
        lines = [_line(entry, self._seen) for entry in self.transcript()]
        told = "\n".join(lines) or "  (nothing)"
        raise AssertionError(
            f"expected {self.number} {what}; its transcript (> not yet matched):\n{told}"
        )


# What a person hears spoken or played, as against what they do.
_AUDIBLE = ("say", "play", "speech")


def _line(entry: Entry, seen: int) -> str:
    facts = {k: v for k, v in entry.items() if k not in ("seq", "at", "kind", "call")}
    mark = ">" if entry["seq"] > seen else " "
    return f"{mark} {entry['at']:.2f} {entry['kind']} {facts or ''}"
