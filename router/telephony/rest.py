"""Commands carried out over Twilio's REST API.

Every request has a time-out and none is repeated here: the result says whether it is known to have
happened, known not to have, or unknown. Results carry codes, never Twilio's texts, which quote
telephone numbers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from requests.exceptions import ConnectionError as WireError
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from ivr_flows.call import Call, Leg, Place, Role, room_name
from ivr_flows.outputs import (
    CarrierCommand,
    EndLeg,
    HoldLeg,
    LookInRoom,
    MuteLeg,
    PlaceLeg,
    RedirectLeg,
    ReleaseFromQueue,
    RemoveLeg,
    RescueCaller,
    RoomCommand,
    SetEndsRoom,
)
from router.telephony.twiml import queue_name
from router.telephony.urls import Urls
from router.telephony.webhook import CALL_STATUSES, Phase

TIMEOUT_SECONDS = 4.0  # Twilio's own client waits for ever
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
INVALID_CALL_STATE = "21220"
RESOURCE_NOT_FOUND = "20404"
NO_ROOM = "no_room"
IN_ROOM = "connected"  # Twilio's status of a participant who is in the conference
TOO_MANY_REQUESTS = 429  # "never processed and always safe to retry"
NOT_FOUND = 404
SERVER_ERRORS = 500
GREETING_MILLISECONDS = 6000
"""Speech longer than this is a machine's; a call taker's "911, what is the address of the
emergency?" is longer than Twilio's usual 2.4 s. https://www.twilio.com/docs/voice/answering-machine-detection"""
LISTED = 50  # calls to one number that a look-up goes through, newest first

_T = TypeVar("_T")

NO_DETECTION: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Done:
    """Twilio did it. `sid` names the leg or message; `status` is Twilio's word for its state.

    `there` holds the sids of the legs in a room that was looked into.
    """

    sid: str = ""
    status: str = ""
    there: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not happen. `permanent` says that the same again cannot succeed."""

    code: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened: look it up before anything else is done."""

    reason: str


Result = Done | Failed | Unknown


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call as Twilio lists it."""

    sid: str
    status: str
    created_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether Twilio says that the call has ended."""
        return CALL_STATUSES.get(self.status) is Phase.OVER


class Carrier:
    """One Twilio account, as the switchboard and the workers use it. Safe to share between threads.

    `base_url` replaces https://api.twilio.com, for the emulator.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        urls: Urls,
        *,
        base_url: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        silent = logging.getLogger(f"{__name__}.wire")
        silent.disabled = True  # it would write the numbers that are looked up
        self._urls = urls
        self._client = Client(
            account_sid,
            auth_token,
            http_client=TwilioHttpClient(timeout=timeout_seconds, logger=silent),
        )
        if base_url:
            self._client.api.base_url = base_url.rstrip("/")
        self._queue_sids: dict[str, str] = {}
        self._guard = threading.Lock()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.http_client.session.close()

    def execute(
        self,
        command: CarrierCommand,
        call: Call,
        *,
        to_e164: str = "",
        from_e164: str = "",
        token: str = "",
    ) -> Result:
        """Carry out one command for a leg of `call`, as it stands in the database now.

        `PlaceLeg` needs both numbers, `Announce` the outbox row's id as `token`. `CheckLeg` gives
        `Done` with the leg's status, `LookInRoom` with who is there. Whether the command still
        holds is for the one who asks.
        """
        leg = call.find_leg(command.leg_id)
        if leg is None:
            return Failed("no_leg", permanent=True)
        if isinstance(command, PlaceLeg):
            return self.place_leg(leg, to_e164, from_e164, command.ring_seconds)
        if isinstance(command, RoomCommand):
            return self._execute_in_room(command, room_name(call.id, command.room), leg, token)
        if not leg.sid:
            return Failed("no_sid", permanent=True)
        if isinstance(command, LookInRoom):
            return self.look_in_room(room_name(call.id, command.room))
        if isinstance(command, EndLeg) and leg.role is Role.CALLER:
            return self.cancel_ring(leg.sid)
        if isinstance(command, EndLeg):
            return self.end_call(leg.sid, is_answered=leg.place not in _UNANSWERED)
        if isinstance(command, ReleaseFromQueue):
            return self.release_from_queue(queue_name(call), leg.sid, self._urls.of(call).ask(leg))
        if isinstance(command, (RedirectLeg, RescueCaller)):
            return self.redirect(leg.sid, _where_to(command, self._urls.of(call), leg))
        return self.check(leg.sid)

    def _execute_in_room(self, command: RoomCommand, room: str, leg: Leg, token: str) -> Result:
        if isinstance(command, SetEndsRoom):
            return self.set_ends_room(room, leg, ends_room=command.ends_room)
        if isinstance(command, HoldLeg):
            return self.set_hold(room, leg, on=command.on)
        if isinstance(command, MuteLeg):
            return self.set_mute(room, leg, on=command.on)
        if isinstance(command, RemoveLeg):
            return self.remove(room, leg)
        return self.announce(room, leg, token)

    def place_leg(self, leg: Leg, to_e164: str, from_e164: str, ring_seconds: int) -> Result:
        """Ring a leg of a call; it asks its `answered` address when it is picked up.

        Who picks up a 911 line is told to its `detected` address, while the leg is spoken to.
        """
        return self.place_call(
            to_e164,
            from_e164,
            url=self._urls.answered(leg),
            fallback_url=self._urls.fallback(leg),
            status_url=self._urls.status(leg),
            ring_seconds=ring_seconds,
            detection=self._detection_for(leg),
        )

    def _detection_for(self, leg: Leg) -> Mapping[str, Any]:
        if leg.role is Role.CALLER:
            # Who is called back is told nothing before we know who or what picked up: a machine
            # when its greeting is over, where a message could be left.
            return {"machine_detection": "DetectMessageEnd"}
        if leg.role is Role.PSAP:  # beside the document, which is not held up
            return {
                "machine_detection": "Enable",
                "machine_detection_speech_threshold": GREETING_MILLISECONDS,
                "async_amd": "true",
                "async_amd_status_callback": self._urls.detected(leg),
                "async_amd_status_callback_method": "POST",
            }
        return NO_DETECTION

    def place_page(
        self, page_id: str, to_e164: str, from_e164: str, ring_seconds: int, kind: str = "team"
    ) -> Result:
        """Ring a responder, or with the kind `welfare` a line of 911, for a page."""
        return self.place_call(
            to_e164,
            from_e164,
            url=self._urls.page_answered(page_id, kind),
            fallback_url=self._urls.page_fallback(page_id, kind),
            status_url=self._urls.page_status(page_id, kind),
            ring_seconds=ring_seconds,
        )

    def place_call(
        self,
        to_e164: str,
        from_e164: str,
        *,
        url: str,
        fallback_url: str,
        status_url: str,
        ring_seconds: int,
        detection: Mapping[str, Any] = NO_DETECTION,
    ) -> Result:
        """Start a call. `Done.sid` is its CallSid.

        `to_e164` may also be a SIP address. `detection` is how the carrier is to find out whether a
        machine picked up.
        """
        if not to_e164 or not from_e164:
            return Failed("no_number", permanent=True)
        return _attempt(
            lambda: self._client.calls.create(
                to=to_e164,
                from_=from_e164,
                url=url,
                method="POST",
                fallback_url=fallback_url,
                fallback_method="POST",
                status_callback=status_url,
                status_callback_method="POST",
                status_callback_event=CALL_EVENTS,
                timeout=ring_seconds,
                **detection,
            )
        )

    def end_call(self, sid: str, *, is_answered: bool) -> Result:
        """Stop a call that rings or end one that is answered; one that is over already is done."""
        statuses = ["completed"] if is_answered else ["canceled", "completed"]
        result: Result = Failed("no_status", permanent=True)
        for status in statuses:  # picked up in this very moment, it can no longer be cancelled
            result = _attempt(partial(self._client.calls(sid).update, status=status))
            if result != Failed(INVALID_CALL_STATE, permanent=True):
                return result
        return Done(sid, "completed")

    def cancel_ring(self, sid: str) -> Result:
        """Stop a call that rings; one that was picked up in this very moment is left alone."""
        return _attempt(lambda: self._client.calls(sid).update(status="canceled"))

    def redirect(self, sid: str, url: str) -> Result:
        """Make a live leg ask `url`, wherever it is. It leaves a room or queue at once."""
        return _attempt(lambda: self._client.calls(sid).update(url=url, method="POST"))

    def release_from_queue(self, queue: str, sid: str, url: str) -> Result:
        """Take a waiting leg out of the queue named `queue`; it asks `url`.

        Fails permanently when the leg does not wait there: somebody else was faster, or it hung up.
        """
        result: Result = Failed("no_queue", permanent=True)
        tried = ""
        for cached in (True, False):  # a queue deleted and made anew has another sid
            queue_sid = self._find_queue_sid(queue, cached=cached)
            if not isinstance(queue_sid, str):
                return queue_sid
            if queue_sid in ("", tried):
                continue
            tried = queue_sid
            member = self._client.queues(queue_sid).members(sid)
            result = _attempt(partial(member.update, url=url, method="POST"), sid=sid)
            if result != Failed(RESOURCE_NOT_FOUND, permanent=True):
                return result
        return result

    def set_ends_room(self, room: str, leg: Leg, *, ends_room: bool) -> Result:
        """Change whether the room ends when the leg leaves it."""
        return self._update_participant(room, leg, end_conference_on_exit=ends_room)

    def set_hold(self, room: str, leg: Leg, *, on: bool) -> Result:
        """Put a leg in the room on hold, where it hears our hold document, or bring it back."""
        if not on:
            return self._update_participant(room, leg, hold=False)
        # HoldMethod is GET unless said otherwise.
        url = self._urls.hold(leg)
        return self._update_participant(room, leg, hold=True, hold_url=url, hold_method="POST")

    def set_mute(self, room: str, leg: Leg, *, on: bool) -> Result:
        """Let a leg in the room hear without being heard, or be heard again."""
        return self._update_participant(room, leg, muted=on)

    def remove(self, room: str, leg: Leg) -> Result:
        """Take a leg out of the room. Whether its call goes on is for the carrier to say."""
        return self._change_participant(room, leg, lambda participant: participant.delete())

    def announce(self, room: str, leg: Leg, token: str) -> Result:
        """Play the announcement ordered by the outbox row `token` to one leg in the room."""
        url = self._urls.announce(leg.id, token)
        return self._update_participant(room, leg, announce_url=url, announce_method="POST")

    def look_in_room(self, room: str) -> Done | Failed:
        """Ask who is in a room: `Done.there`; nobody where Twilio knows no such room.

        It may be a moment old: who has just come may be missing. Without an answer it fails, to be
        asked again.
        """
        conference = self._find_room(room)
        found: list[Any] = []
        if isinstance(conference, (Failed, Unknown)):
            result: Result = conference
        else:
            result = _attempt(lambda: found.extend(conference.participants.list(limit=LISTED)))
        if isinstance(result, Failed) and result.code in (NO_ROOM, RESOURCE_NOT_FOUND):
            return Done()
        if not isinstance(result, Done):
            return _unanswered(result)
        return Done(there=frozenset(one.call_sid for one in found if one.status == IN_ROOM))

    def check(self, sid: str) -> Result:
        """Ask for a leg's status: `Done.status`. It may be seconds old (Law 1: ask twice)."""
        return _attempt(lambda: self._client.calls(sid).fetch())

    def find_dialled(self, sid: str) -> Phase | Failed | Unknown:
        """How far the line is that a leg's own document rings; `Phase.OVER` where it rings none.

        It may be seconds old. https://www.twilio.com/docs/voice/api/call-resource: ParentCallSid
        """
        rung = self.ask(lambda client: client.calls.list(parent_call_sid=sid, limit=LISTED))
        if not isinstance(rung, list):
            return rung
        phases = {CALL_STATUSES.get(one.status) for one in rung}
        return next((one for one in (Phase.LIVE, Phase.COMING) if one in phases), Phase.OVER)

    def ask(self, question: Callable[[Client], _T]) -> _T | Failed | Unknown:
        """The answer to what is asked of Twilio's client, or why there is none."""
        answers: list[_T] = []
        result = _attempt(lambda: answers.append(question(self._client)))
        return answers[0] if isinstance(result, Done) else result

    def list_placed(
        self,
        to_e164: str,
        from_e164: str,
        since: datetime,
        exclude_sids: Collection[str] = (),
    ) -> list[PlacedCall] | Failed | Unknown:
        """Calls placed between two numbers since `since`, newest first, without those named.

        Finds out what became of a `PlaceLeg` whose answer never came. Twilio's list lags behind, so
        an empty one counts only when asked twice.
        """
        found: list[PlacedCall] = []

        def ask() -> None:
            listed = self._client.calls.list(to=to_e164, from_=from_e164, limit=LISTED)
            found.extend(
                PlacedCall(one.sid, one.status, one.date_created)
                for one in listed
                if one.date_created >= since.replace(microsecond=0)  # Twilio tells whole seconds
                and one.sid not in exclude_sids
            )

        result = _attempt(ask)
        return found if isinstance(result, Done) else result

    def send_message(self, to_e164: str, from_e164: str, body: str, status_url: str) -> Result:
        """Send a text. `Done.sid` is its MessageSid."""
        return _attempt(
            lambda: self._client.messages.create(
                to=to_e164, from_=from_e164, body=body, status_callback=status_url
            )
        )

    def _update_participant(self, room: str, leg: Leg, **changes: object) -> Result:
        return self._change_participant(
            room, leg, lambda participant: participant.update(**changes)
        )

    def _change_participant(self, room: str, leg: Leg, change: Callable[[Any], object]) -> Result:
        conference = self._find_room(room)
        if isinstance(conference, (Failed, Unknown)):
            return conference
        sid = leg.sid or ""
        return _attempt(lambda: change(conference.participants(sid or leg.id)), sid=sid)

    def _find_room(self, room: str) -> Any | Failed | Unknown:  # noqa: ANN401 - the client's own type
        """The live conference of that name; `NO_ROOM` when there is none."""
        found: list[Any] = []
        result = _attempt(
            lambda: found.extend(self._client.conferences.list(friendly_name=room, limit=LISTED))
        )
        if not isinstance(result, Done):
            return result
        live = [one for one in found if one.status != "completed"]
        return live[0] if live else Failed(NO_ROOM, permanent=True)

    def _find_queue_sid(self, name: str, *, cached: bool) -> str | Failed | Unknown:
        """The queue's sid, "" when there is none. Twilio cannot search queues by name."""
        if not cached or name not in self._queue_sids:
            found: list[Any] = []
            result = _attempt(lambda: found.extend(self._client.queues.list(page_size=1000)))
            if not isinstance(result, Done):
                return result
            with self._guard:
                self._queue_sids = {queue.friendly_name: queue.sid for queue in found}
        return self._queue_sids.get(name, "")


def _where_to(command: RedirectLeg | RescueCaller, urls: Urls, leg: Leg) -> str:
    return urls.ask(leg) if isinstance(command, RedirectLeg) else urls.fallback(leg)


_UNANSWERED = frozenset({Place.PLANNED, Place.RINGING})


def _attempt(request: Callable[[], Any], *, sid: str = "") -> Result:
    """One request, its answer and its failures as a result."""
    try:
        answer = request()
    except (TwilioRestException, TwilioServiceException) as error:
        return _refusal(error.status, error.code)
    except ConnectTimeout:
        return Failed("unreachable", permanent=False)
    except WireError as error:
        if _was_never_sent(error):
            return Failed("unreachable", permanent=False)
        return Unknown("connection_lost")
    except RequestException as error:
        return Unknown(type(error).__name__)
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
        return Unknown("unreadable_answer")
    return Done(
        sid or str(getattr(answer, "sid", "") or ""), str(getattr(answer, "status", "") or "")
    )


def _unanswered(result: Failed | Unknown) -> Failed:
    """What a question comes to that has no answer: no harm is done by asking again."""
    return result if isinstance(result, Failed) else Failed(result.reason, permanent=False)


def _refusal(status: int, code: int | None) -> Failed | Unknown:
    if status >= SERVER_ERRORS:
        return Unknown(f"http_{status}")
    if status == NOT_FOUND:
        return Failed(RESOURCE_NOT_FOUND, permanent=True)
    return Failed(str(code or status), permanent=status != TOO_MANY_REQUESTS)


def _was_never_sent(error: WireError) -> bool:
    """Whether no connection was made, so that Twilio cannot have seen the request."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)
