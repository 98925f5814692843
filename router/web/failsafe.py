"""What is answered when nothing else can be: it needs neither database nor network (Law 4).

The address alone, by the role in it, chooses the document. Its sentences stand here and not among
the prompts, so that no fault elsewhere can silence them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from itsdangerous import BadSignature, TimestampSigner
from twilio.twiml.voice_response import VoiceResponse

from ivr_flows.call import WITHOUT_MENU, Role, call_id_of, room_name
from ivr_flows.outputs import JoinRoom
from router.logs import get_logger
from router.telephony.failsafe_file import FailsafeNumbers
from router.telephony.twiml import add_room, empty
from router.telephony.urls import Urls
from router.telephony.webhook import DIAL_STATUSES, is_leg_id

log = get_logger(__name__)

HOLD_SECONDS = 20  # a fail-over takes less; longer, and the caller is alone
HOLD_PIECE_SECONDS = 8  # one piece of it, its sentence included
HOLD_PAUSE_SECONDS = 4  # between two sentences to a party on hold in a room
RING_SECONDS = 30
CONVERSATION_SECONDS = 10  # shorter, and nobody at 911 has heard the caller
TALKS = 2  # conversations with 911 after which it is rung again only for a key
REJOINS = 3
ASKS = 3

PSAP = re.compile(r"[a-z0-9._-]{1,81}")  # a program, a dot and its 911 centre

EN, ES = "en-US", "es-US"
Speech = tuple[tuple[str, str], ...]

CONNECTING: Speech = (
    (EN, "We have a technical problem. Stay on the line. We are connecting you to 9 1 1."),
    (ES, "Tenemos un problema técnico. No cuelgue. Le comunicamos con el 9 1 1."),
)
NEXT_LINE: Speech = (
    (EN, "That line did not answer. Stay on the line. We are trying again."),
    (ES, "Esa línea no contestó. No cuelgue. Lo intentamos de nuevo."),
)
CLOSED: Speech = (
    (EN, "The line to 9 1 1 has closed. If you still need help, stay on the line."),
    (ES, "La línea con el 9 1 1 se cerró. Si aún necesita ayuda, no cuelgue."),
)
KEY_FOR_911: Speech = (
    (EN, "The line to 9 1 1 has closed. If you still need help, press any key."),
    (ES, "La línea con el 9 1 1 se cerró. Si aún necesita ayuda, oprima cualquier tecla."),
)
DIAL_YOURSELF: Speech = (
    (EN, "We have a technical problem. Please hang up and dial 9 1 1 now."),
    (ES, "Tenemos un problema técnico. Por favor cuelgue y marque 9 1 1 ahora."),
)
HOLD: Speech = (
    (EN, "Please stay on the line. Press 9 for 9 1 1."),
    (ES, "Por favor no cuelgue. Oprima 9 para el 9 1 1."),
)
HOLD_STAFF: Speech = ((EN, "You are on hold. For your menu, press star."),)
HOLD_PARTY: Speech = ((EN, "You are on hold. Please stay on the line."),)
ONE_MOMENT: Speech = ((EN, "One moment please."),)
SORRY: Speech = ((EN, "We are sorry, there is a technical problem. Goodbye."),)
SORRY_PSAP: Speech = (
    (EN, "This is the crisis line. We have a technical problem. The caller will dial you."),
)
RETURNING: Speech = ((EN, "This is the crisis line, with a caller for you. Here is the caller."),)

# For a fault in this very module: no builder, no numbers, no address.
LAST_WORDS = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    '<Say language="en-US">Please hang up and dial 9 1 1 now.</Say>'
    '<Say language="es-US">Por favor cuelgue y marque 9 1 1 ahora.</Say>'
    '<Pause length="5" /><Redirect /></Response>'
)

HOLD_POINT = "hold"
CALLER, NOTICE, PAGE, ROOM, ANNOUNCE = Role.CALLER.value, "notice", "page", "room", "announce"
_OF_911 = ("whisper", "line-keyed")  # points at which the line that was rung is spoken to
_STAFF = frozenset(role.value for role in Role) - {CALLER}


@dataclass(frozen=True, slots=True)
class Target:
    """What an address is for, read from its path alone.

    `role` is a leg's role, or `notice` (nothing is played), `page` or `announce`. What cannot be
    read is taken for a caller's.
    """

    role: str
    leg_id: str = ""
    point: str = ""
    step: int = 0
    room: int = 0

    @property
    def call_id(self) -> str:
        """The call, or "" for an address without a leg."""
        return call_id_of(self.leg_id)

    @property
    def dials_911(self) -> bool:
        """Whether the fail-safe's answer rings 911 from the leg, which is known."""
        waits = self.point in ("wait", *_OF_911)
        return self.role == CALLER and bool(self.leg_id) and not waits


def read_path(path: str) -> Target:
    """The target of a path under /voice or /sms."""
    parts = path.strip("/").split("/")
    if parts[0] != "voice" or parts[-1] in ("status", "detected") or parts[1:2] == ["room"]:
        return Target(NOTICE)
    match parts[1:]:
        case ["announce", *_]:
            return Target(ANNOUNCE)
        case ["team" | "welfare", *_]:
            return Target(PAGE)
        case [role, leg_id, point, *rest] if role == CALLER or role in _STAFF:
            numbers = [int(part) for part in rest if part.isascii() and part.isdecimal()][:2]
            step, room = (*numbers, 0, 0)[:2]
            return Target(role, leg_id if is_leg_id(leg_id) else "", point, step, room)
    return Target(CALLER)


class Failsafe:
    """Answers by role. `numbers` come from the disk, `secret` signs the start of a hold."""

    def __init__(self, urls: Urls, numbers: FailsafeNumbers, secret: str) -> None:
        self._urls = urls
        self._numbers = numbers
        self._signer = TimestampSigner(secret, salt="failsafe-hold")

    def answer(self, path: str, query: Mapping[str, str], form: Mapping[str, str]) -> str | None:
        """The document for a request to `path`; None where nothing is played. Never raises."""
        target = read_path(path)
        try:
            return self._answer(target, query, form)
        except Exception:
            log.exception("failsafe_broken", call_id=target.call_id, role=target.role)
            return None if target.role == NOTICE else LAST_WORDS

    def _answer(
        self, target: Target, query: Mapping[str, str], form: Mapping[str, str]
    ) -> str | None:
        if target.role == NOTICE:
            return None
        if target.role == ANNOUNCE:
            return empty()
        if target.role == PAGE:
            return _goodbye(SORRY)
        if target.point in _OF_911:
            return _spoken(RETURNING)  # no proof is asked: nothing may keep the caller from 911
        if target.point == HOLD_POINT and target.role != CALLER:
            return self._hold_party(target)
        if target.point == "wait":
            return self._hold(target, query, form)
        if target.role == CALLER:
            return self.dial_911(form, tries=0, talks=0, psap=query.get("psap", ""))
        return self._staff(target, query, form)

    def dial_911(self, form: Mapping[str, str], *, tries: int, talks: int, psap: str = "") -> str:
        """Ring 911's lines from outside, one after another and over again, till one is reached.

        `psap` names the caller's 911 centre, where the address that was asked knew it. `tries`
        counts the lines rung, `talks` the conversations that 911 has ended; both stand in the
        address of the next request, whose `form` says how the last line answered.
        """
        reached = tries > 0 and _was_reached(form)
        talks += reached
        response = VoiceResponse()
        centre = f"?psap={psap}" if PSAP.fullmatch(psap) else ""
        action = self._urls.at(f"/voice/failsafe/{tries + 1}/{talks}{centre}")
        ours = [number for number in (form.get("To", ""), form.get("From", "")) if number]
        lines = self._numbers.numbers(*ours, psap=psap)
        if not lines:
            _say(response, DIAL_YOURSELF)
            response.pause(length=5)
            response.redirect(action, method="POST")
            return str(response)
        if reached and talks >= TALKS and not form.get("Digits"):
            again = self._urls.at(f"/voice/failsafe/0/{talks}{centre}")
            gather = response.gather(
                action=again,
                method="POST",
                input="dtmf",
                num_digits=1,
                finish_on_key="",
                timeout=10,
            )
            _say(gather, KEY_FOR_911)
            response.hangup()  # a person at 911 has ended this call, again
            return str(response)
        if reached:
            _say(response, CLOSED)
            response.pause(length=5)
        elif tries:
            _say(response, NEXT_LINE)
            response.pause(
                length=1
            )  # a line that fails at once must not be rung ten times a second
        else:
            _say(response, CONNECTING)
        dial = response.dial(
            action=action, method="POST", timeout=RING_SECONDS, caller_id=_caller_id(form)
        )
        dial.number(lines[tries % len(lines)])
        return str(response)

    def _hold(self, target: Target, query: Mapping[str, str], form: Mapping[str, str]) -> str:
        """Wait a little for the database, then leave the queue: its action asks, or dials 911.

        The wait's own address is asked each time, so the wait goes on as before once we are back.
        """
        response = VoiceResponse()
        token = query.get("hold") or self._signer.sign(target.leg_id).decode()
        if form.get("Digits") or self._held_seconds(token) > HOLD_SECONDS - HOLD_PIECE_SECONDS:
            response.leave()
            return str(response)
        psap = query.get("psap", "")
        centre = f"&psap={psap}" if PSAP.fullmatch(psap) else ""
        action = self._urls.at(f"/voice/{target.role}/{target.leg_id}/wait?hold={token}{centre}")
        gather = response.gather(
            action=action,
            method="POST",
            input="dtmf",
            num_digits=1,
            finish_on_key="",
            timeout=1,
            action_on_empty_result=True,
        )
        _say(gather, HOLD)
        response.redirect(action, method="POST")
        return str(response)

    def _hold_party(self, target: Target) -> str:
        """What a party on hold in a room hears: it stands here because it needs nothing else."""
        here = self._urls.at(f"/voice/{target.role}/{target.leg_id}/{HOLD_POINT}")
        has_menu = target.role not in {role.value for role in WITHOUT_MENU}
        response = VoiceResponse()
        _say(response, HOLD_STAFF if has_menu else HOLD_PARTY)
        response.pause(length=HOLD_PAUSE_SECONDS)
        # Twilio does not say whether a HoldUrl's document begins anew at its end: this has none.
        response.redirect(here, method="POST")
        return str(response)

    def _held_seconds(self, token: str) -> float:
        """Seconds since the hold began; a token that is not ours counts as over."""
        try:
            _, started_at = self._signer.unsign(token, return_timestamp=True)
        except BadSignature:
            return HOLD_SECONDS
        return time.time() - started_at.timestamp()

    def _staff(self, target: Target, query: Mapping[str, str], form: Mapping[str, str]) -> str:
        """A leg in a room goes back to it; one at a question asks again; an offer is let go."""
        if target.point == "fallback":
            failed = read_path(urlsplit(form.get("ErrorUrl", "")).path)
            if failed.leg_id == target.leg_id and failed.point != "fallback":
                target = failed
        tries = _count(query.get("tries", ""))
        is_psap = target.role == Role.PSAP.value
        if target.point == "room-left" and target.leg_id and tries < REJOINS:
            return self._rejoin(target, tries)
        if target.leg_id and tries < ASKS and (is_psap or target.point not in _OFFERED):
            response = VoiceResponse()
            _say(response, ONE_MOMENT)
            response.pause(length=2)
            asked = f"/voice/{target.role}/{target.leg_id}/ask?tries={tries + 1}"
            response.redirect(self._urls.at(asked), method="POST")
            return str(response)
        return _goodbye(SORRY_PSAP if is_psap else SORRY)

    def _rejoin(self, target: Target, tries: int) -> str:
        """Back into the room that the address names.

        The leg ends the room when it leaves, because nobody can say who else would: that costs a
        blip and never a caller. A party outside answers for nobody, and ends none.
        """
        answers = target.role != Role.OUTSIDE.value
        left = f"/voice/{target.role}/{target.leg_id}/room-left/{target.step}/{target.room}"
        response = VoiceResponse()
        _say(response, ONE_MOMENT)
        add_room(
            response,
            name=room_name(target.call_id, target.room),
            label=target.leg_id,
            action=self._urls.at(f"{left}?tries={tries + 1}"),
            callback=self._urls.room(target.call_id, target.room),
            join=JoinRoom(target.room, target.step, star=False, ends_room=answers),
        )
        return str(response)


_OFFERED = frozenset({"answered", "fallback"})


def _say(parent: VoiceResponse, speech: Speech) -> None:
    for language, sentence in speech:
        parent.say(sentence, language=language)


def _spoken(speech: Speech) -> str:
    response = VoiceResponse()
    _say(response, speech)
    return str(response)


def _goodbye(speech: Speech) -> str:
    response = VoiceResponse()
    _say(response, speech)
    response.hangup()
    return str(response)


def _was_reached(form: Mapping[str, str]) -> bool:
    """Whether the line that was rung talked with the caller."""
    duration = _count(form.get("DialCallDuration", ""))
    return DIAL_STATUSES.get(form.get("DialCallStatus", ""), False) and (
        duration >= CONVERSATION_SECONDS
    )


def _caller_id(form: Mapping[str, str]) -> str | None:
    """Our own number where the caller's is withheld; otherwise Twilio shows the caller's."""
    return None if form.get("From", "").startswith("+") else form.get("To") or None


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004
