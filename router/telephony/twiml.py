"""Instructions for one leg, rendered as the TwiML document that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from twilio.twiml import TwiML
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from ivr_flows import prompts as catalogue
from ivr_flows.call import Call, Leg, Place, room_name
from ivr_flows.outputs import (
    Ask,
    AskLine,
    Dial911,
    Hangup,
    Instruction,
    JoinRoom,
    LeaveQueue,
    MoveTo,
    Nothing,
    Say,
    Wait,
    WaitPiece,
)
from router.telephony.sip_address import is_sip
from router.telephony.urls import Urls

MAX_SILENCE_SECONDS = 8  # a piece of the wait may not keep the caller longer from the next decision
MAX_PARTICIPANTS = 20
MAX_QUEUE_SIZE = 5000  # Twilio's own limit; its default of 1000 would turn callers away
ROOM_EVENTS = "join leave start end mute hold"


class UnspeakableError(ValueError):
    """The instructions make no document: no end, more after the end, or a line without a number."""


class Numbers(Protocol):
    """Telephone numbers, which the flows never see. Asked only when a document needs one."""

    def find_line_number(self, call: Call, line_id: str) -> str | None:
        """The number (E.164) or SIP address of a 911 return line of the call's program."""

    def find_caller_id(self, call: Call) -> str | None:
        """The number (E.164) that 911 is shown when we ring it for the call."""


class Prompts(Protocol):
    """The catalogue of spoken sentences."""

    def text(self, say: Say) -> str:
        """The sentence."""

    def voice(self, language: str) -> tuple[str, str]:
        """Twilio's voice and language attribute of a language of ours."""


def render(
    instructions: Iterable[Instruction],
    call: Call,
    leg: Leg,
    urls: Urls,
    numbers: Numbers,
    prompts: Prompts = catalogue,
) -> str:
    """The document that makes Twilio do `instructions` on `leg`.

    A document whose end is reached hangs the leg up, so only `Hangup` and `Nothing` may end one:
    raises UnspeakableError for anything else that would, as for a 911 line without a number.
    """
    document = _Document(call, leg, urls.of(call), numbers, prompts)
    for instruction in instructions:
        document.add(instruction)
    return document.finish()


def render_page(
    instructions: Iterable[Instruction],
    page_id: str,
    urls: Urls,
    prompts: Prompts = catalogue,
    *,
    kind: str = "team",
) -> str:
    """The document spoken to a responder who is paged: a question, or a last word.

    Raises UnspeakableError for an instruction that a page has no use for.
    """
    response = VoiceResponse()
    for instruction in instructions:
        if isinstance(instruction, Say):
            speak(response, instruction, prompts)
        elif isinstance(instruction, Ask):
            action = urls.page_keyed(page_id, instruction.step, kind)
            add_question(response, instruction, action, prompts)
        elif isinstance(instruction, Hangup):
            response.hangup()
        else:
            raise UnspeakableError(f"a page cannot {type(instruction).__name__}")
    return str(response)


def text_answer(body: str) -> str:
    """The document that answers a text message with one, or with none for ""."""
    response = MessagingResponse()
    if body:
        response.message(body)
    return str(response)


def announcement(say: Say, prompts: Prompts = catalogue) -> str:
    """The document spoken to one leg inside a room."""
    response = VoiceResponse()
    speak(response, say, prompts)
    return str(response)


def empty() -> str:
    """The document that does nothing."""
    return str(VoiceResponse())


def queue_name(call: Call) -> str:
    """The Twilio queue the call waits in."""
    return queue_of(call.program)


def queue_of(program_id: str) -> str:
    """The Twilio queue of a program's callers; the order in it is ours."""
    return f"switchboard.{program_id}"


def speak(parent: TwiML, say: Say, prompts: Prompts) -> None:
    """Add a sentence in the voice of its language."""
    voice, language = prompts.voice(say.language)
    parent.say(prompts.text(say), voice=voice, language=language)


def add_question(response: VoiceResponse, ask: Ask, action: str, prompts: Prompts) -> None:
    """Ask. Silence comes back too, by `actionOnEmptyResult` or else by the redirect."""
    _gather(response, ask, ask.digits, action, prompts)
    response.redirect(action, method="POST")


def _gather(
    response: VoiceResponse, ask: Ask | AskLine, digits: int, action: str, prompts: Prompts
) -> None:
    language = prompts.voice(ask.says[-1].language if ask.says else "")[1] if ask.speech else None
    gather = response.gather(
        action=action,
        method="POST",
        input="dtmf speech" if ask.speech else "dtmf",
        timeout=ask.timeout_seconds,
        num_digits=digits or None,
        # One key answers a menu: pound and star are answers there, not the end of one.
        finish_on_key="" if digits == 1 else "#",
        language=language,
        speech_timeout="auto" if ask.speech else None,
        action_on_empty_result=True,
    )
    for say in ask.says:
        speak(gather, say, prompts)


def add_room(
    response: VoiceResponse,
    *,
    name: str,
    label: str,
    action: str,
    callback: str,
    join: JoinRoom,
) -> None:
    """Put the leg into a room. Every join says all of it: the first to come sets the room up."""
    dial = response.dial(action=action, method="POST", hangup_on_star=join.star)
    dial.conference(
        name,
        participant_label=label,
        start_conference_on_enter=True,
        end_conference_on_exit=join.ends_room,
        beep=False,
        muted=join.muted or None,  # unsaid is not muted
        wait_url="",  # silence: a wait document that is not found would keep the room shut
        max_participants=MAX_PARTICIPANTS,
        status_callback=callback,
        status_callback_event=ROOM_EVENTS,
        status_callback_method="POST",
    )


class _Document:
    """One answer in the making."""

    def __init__(
        self, call: Call, leg: Leg, urls: Urls, numbers: Numbers, prompts: Prompts
    ) -> None:
        self._call = call
        self._leg = leg
        self._urls = urls
        self._numbers = numbers
        self._prompts = prompts
        self._response = VoiceResponse()
        self._closed_by = ""
        self._verbs: dict[type, Callable[..., None]] = {
            Say: self._say,
            Ask: self._ask,
            AskLine: self._ask_line,
            Wait: self._wait,
            WaitPiece: self._wait_piece,
            LeaveQueue: self._leave_queue,
            JoinRoom: self._join_room,
            Dial911: self._dial_911,
            MoveTo: self._move_to,
            Hangup: self._hang_up,
            Nothing: self._nothing,
        }

    def add(self, instruction: Instruction) -> None:
        kind = type(instruction).__name__
        if self._closed_by:
            raise UnspeakableError(f"{kind} after {self._closed_by} would never be reached")
        self._verbs[type(instruction)](instruction)
        if not isinstance(instruction, Say):
            self._closed_by = kind

    def finish(self) -> str:
        # While the leg rings 911 by TwiML, only the line it rang asks anything of us: at the end of
        # what it is told, the caller is let in to it.
        if not self._closed_by and self._leg.place is not Place.DIAL:
            raise UnspeakableError("the document would end in a hang-up nobody asked for")
        return str(self._response)

    def _say(self, say: Say) -> None:
        speak(self._response, say, self._prompts)

    def _ask(self, ask: Ask) -> None:
        action = self._urls.keyed(self._leg, ask.step)
        add_question(self._response, ask, action, self._prompts)

    def _ask_line(self, ask: AskLine) -> None:
        """Only Say, Gather and Hangup are sure to work before a dialled line is bridged."""
        action = self._urls.line_keyed(self._leg, ask.step, ask.tries)
        _gather(self._response, ask, 1, action, self._prompts)
        self._response.hangup()  # reached only if silence does not come back: the next line

    def _wait(self, wait: Wait) -> None:
        self._response.enqueue(
            queue_name(self._call),
            action=self._urls.queue_left(self._leg, wait.step),
            method="POST",
            wait_url=self._urls.wait(self._leg),
            wait_url_method="POST",
            max_queue_size=MAX_QUEUE_SIZE,
        )

    def _wait_piece(self, piece: WaitPiece) -> None:
        action = self._urls.wait(self._leg)
        seconds = min(max(piece.seconds, 1), MAX_SILENCE_SECONDS)
        gather = self._response.gather(
            action=action,
            method="POST",
            input="dtmf",
            timeout=1,
            num_digits=1,
            finish_on_key="",
            action_on_empty_result=True,
        )
        for say in piece.says:
            speak(gather, say, self._prompts)
        if seconds > 1:
            gather.pause(length=seconds - 1)  # the last second is the Gather's own time-out
        self._response.redirect(action, method="POST")

    def _leave_queue(self, _: LeaveQueue) -> None:
        self._response.leave()

    def _join_room(self, join: JoinRoom) -> None:
        add_room(
            self._response,
            name=room_name(self._call.id, join.room),
            label=self._leg.id,
            action=self._urls.room_left(self._leg, join.step, join.room),
            callback=self._urls.room(self._call.id, join.room),
            join=join,
        )

    def _dial_911(self, dial: Dial911) -> None:
        number = self._numbers.find_line_number(self._call, dial.line_id)
        if number is None:
            raise UnspeakableError(f"911 line {dial.line_id!r} has no number")
        if dial.pause_seconds:
            self._response.pause(length=dial.pause_seconds)
        verb = self._response.dial(
            action=self._urls.dial_ended(self._leg, dial.step),
            method="POST",
            timeout=dial.ring_seconds,
            answer_on_bridge=False,
            caller_id=self._numbers.find_caller_id(self._call),
        )
        ring = verb.sip if is_sip(number) else verb.number
        ring(number, url=self._urls.whisper(self._leg, dial.step), method="POST")

    def _move_to(self, move: MoveTo) -> None:
        moved = replace(self._leg, id=move.leg_id)
        self._response.redirect(self._urls.ask(moved), method="POST")

    def _hang_up(self, _: Hangup) -> None:
        self._response.hangup()

    def _nothing(self, _: Nothing) -> None:
        """The document stays as it is."""
