"""Twilio's voice webhooks: read the form, hand it to the call, answer in time whatever happens.

Nothing here decides about calls. An error, a late answer and an address nobody knows all become
the fail-safe of the role that the address names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from ivr_flows.call import Role
from ivr_flows.inputs import Input, LineAnswered
from router.errors import NotFoundError
from router.logs import bound, get_logger
from router.storage.database import Deadline, DeadlineExceededError
from router.storage.receipts import ReceiptKey
from router.telephony import webhook
from router.telephony.signature import SignatureChecker
from router.telephony.webhook import Arrival, is_leg_id
from router.web.crew import AllBusyError, Crew, TimeUpError
from router.web.failsafe import Failsafe, read_path
from router.web.signed import (
    FORBIDDEN,
    Document,
    form_of,
    repetition_token,
    reply,
    require_signature,
)

log = get_logger(__name__)

# The work is told to end a little before we stop waiting for it: then it rolls back by itself, and
# what was answered and what was written agree.
WORK_SHARE = 0.95
# Faults whose name says all there is to say; others are logged with where they came from.
_EXPECTED = (TimeUpError, AllBusyError, DeadlineExceededError, NotFoundError)
ROLES = frozenset(role.value for role in Role)


class Answers(Protocol):
    """What the calls say; each returns a document, or None where nothing is played."""

    def arrive(self, arrival: Arrival, deadline: Deadline) -> Document:
        """A number of ours was rung."""

    def take(
        self, leg_id: str, given: Input, receipt: ReceiptKey | None, deadline: Deadline
    ) -> Document:
        """Something happened on a leg. Raises NotFoundError for a leg of no call."""

    def change_status(self, sid: str, status: str, deadline: Deadline) -> Document:
        """The caller's leg, known by its sid alone, changed its status."""

    def announce(self, leg_id: str, token: str, deadline: Deadline) -> Document:
        """The announcement that was ordered for a leg."""

    def failsafe_answered(self, leg_id: str) -> None:
        """A fail-safe that rings 911 has answered a caller's leg."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What every webhook needs: who answers, in what time, and what is said if nobody does.

    `tell_failsafe` is given the caller's leg for which that rings 911; it returns at once.
    """

    checker: SignatureChecker
    failsafe: Failsafe
    tell_failsafe: Callable[[str], None]
    crew: Crew
    deadline_seconds: float

    def answer(self, work: Callable[[Deadline], Document]) -> Response:
        """What `work` says in time, else the fail-safe of the address that was asked."""
        call_id = read_path(request.path).call_id
        deadline = Deadline.after(self.deadline_seconds * WORK_SHARE)
        with bound(call_id=call_id):
            try:
                return reply(self.crew.run(lambda: work(deadline), self.deadline_seconds))
            except _EXPECTED as error:
                log.error("webhook_failed", path=request.path, error=type(error).__name__)  # noqa: TRY400
            except Exception:
                log.exception("webhook_failed", path=request.path)
            return self.refuse()

    def protect(self, app: Flask) -> None:
        """Check every signature; what no route and no webhook answers is still a fail-safe."""
        app.before_request(require_signature(self.checker))

        @app.errorhandler(Exception)
        def rescue(error: Exception) -> Response | HTTPException:
            unknown = isinstance(error, (NotFound, MethodNotAllowed))
            if not g.get("is_signed") or (isinstance(error, HTTPException) and not unknown):
                return error if isinstance(error, HTTPException) else Response(status=FORBIDDEN)
            log.error("webhook_unknown", path=request.path, exc_info=None if unknown else error)
            return self.refuse()

    def refuse(self) -> Response:
        """The fail-safe of the address that was asked."""
        target = read_path(request.path)
        if target.dials_911:
            self.tell_failsafe(target.leg_id)
        return reply(self.failsafe.answer(request.path, request.args, form_of(request)))


def make_voice(guard: Guard, answers: Answers) -> Blueprint:
    """Everything under /voice but the team's pages. Signatures are for `Guard.protect`."""
    voice = Blueprint("voice", __name__)
    _add_numbers(voice, guard, answers)
    _add_legs(voice, guard, answers)
    _add_rooms(voice, guard, answers)
    _add_failsafe(voice, guard)
    return voice


def _add_numbers(voice: Blueprint, guard: Guard, answers: Answers) -> None:
    @voice.post("/voice/inbound")
    def inbound() -> Response:
        arrival = webhook.read_arrival(form_of(request))
        if arrival is None:
            log.error("inbound_without_sid")
            return guard.refuse()
        return guard.answer(lambda deadline: answers.arrive(arrival, deadline))

    @voice.post("/voice/inbound/status")
    def inbound_status() -> Response:
        form = form_of(request)
        changed, sid = webhook.read_status("", form), webhook.read_sid(form)
        if changed is None or not sid:
            return reply(None)
        return guard.answer(lambda deadline: answers.change_status(sid, changed.status, deadline))


def _add_legs(voice: Blueprint, guard: Guard, answers: Answers) -> None:
    def take(
        leg_id: str, given: Input, receipt: ReceiptKey | None, role: str = Role.CALLER.value
    ) -> Response:
        if role not in ROLES or not is_leg_id(leg_id):
            log.error("webhook_of_no_leg", path=request.path)
            return guard.refuse()
        return guard.answer(lambda deadline: answers.take(leg_id, given, receipt, deadline))

    @voice.post("/voice/<role>/<leg_id>/<any(answered, ask, wait, whisper):action>")
    def leg(role: str, leg_id: str, action: str) -> Response:
        given = _ACTIONS[action](leg_id, form_of(request))
        return take(leg_id, given, _receipt(leg_id, action), role)

    @voice.post(
        '/voice/<role>/<leg_id>/<any(keyed, "queue-left", "dial-ended", whisper):action>/<int:step>'
    )
    def leg_step(role: str, leg_id: str, action: str, step: int) -> Response:
        given = _STEPS[action](leg_id, step, form_of(request))
        return take(leg_id, given, ReceiptKey(leg_id, action, str(step)), role)

    @voice.post("/voice/<role>/<leg_id>/room-left/<int:step>/<int:room>")
    def room_left(role: str, leg_id: str, step: int, room: int) -> Response:  # noqa: ARG001 - for the fail-safe
        given = webhook.read_room_left(leg_id, step, form_of(request))
        return take(leg_id, given, ReceiptKey(leg_id, "room-left", str(step)), role)

    @voice.post("/voice/<role>/<leg_id>/line-keyed/<int:step>/<int:tries>")
    def line_keyed(role: str, leg_id: str, step: int, tries: int) -> Response:
        given = webhook.read_line_keyed(leg_id, step, tries, form_of(request))
        return take(leg_id, given, ReceiptKey(leg_id, "line-keyed", f"{step}-{tries}"), role)

    @voice.post("/voice/<role>/<leg_id>/detected")
    def detected(role: str, leg_id: str) -> Response:
        given = webhook.read_detected(leg_id, form_of(request))
        return reply(None) if given is None else take(leg_id, given, None, role)

    @voice.post("/voice/<role>/<leg_id>/hold")
    def hold(role: str, leg_id: str) -> Response:  # noqa: ARG001 - read from the path
        return reply(guard.failsafe.answer(request.path, request.args, form_of(request)))

    @voice.post("/voice/<role>/<leg_id>/status")
    def leg_status(role: str, leg_id: str) -> Response:
        changed = webhook.read_status(leg_id, form_of(request))
        return reply(None) if changed is None else take(leg_id, changed, None, role)


def _add_rooms(voice: Blueprint, guard: Guard, answers: Answers) -> None:
    @voice.post("/voice/room/<call_id>/<int:generation>")
    def room(call_id: str, generation: int) -> Response:
        event = webhook.read_room_event(generation, form_of(request))
        if event is None or not event.leg_id.startswith(f"{call_id}-"):
            return reply(None)
        return guard.answer(lambda deadline: answers.take(event.leg_id, event, None, deadline))

    @voice.post("/voice/announce/<leg_id>/<token>")
    def announce(leg_id: str, token: str) -> Response:
        return guard.answer(lambda deadline: answers.announce(leg_id, token, deadline))


def _add_failsafe(voice: Blueprint, guard: Guard) -> None:
    @voice.post("/voice/failsafe/<int:tries>/<int:talks>")
    def dialled(tries: int, talks: int) -> Response:
        psap = request.args.get("psap", "")
        return reply(guard.failsafe.dial_911(form_of(request), tries=tries, talks=talks, psap=psap))

    @voice.post("/voice/inbound/fallback")
    @voice.post("/voice/<role>/<leg_id>/fallback")
    def fallback(role: str = "", leg_id: str = "") -> Response:  # noqa: ARG001 - read from the path
        log.error(
            "fallback_asked", path=request.path, error_code=form_of(request).get("ErrorCode", "")
        )
        return guard.refuse()


def _line_answered(leg_id: str, _: Mapping[str, str]) -> LineAnswered:
    return LineAnswered(leg_id)


_ACTIONS: Mapping[str, Callable[[str, Mapping[str, str]], Input]] = {
    "answered": webhook.read_answered,
    "ask": webhook.read_ask,
    "wait": webhook.read_wait,
    "whisper": _line_answered,
}
_STEPS: Mapping[str, Callable[[str, int, Mapping[str, str]], Input]] = {
    "keyed": webhook.read_keyed,
    "queue-left": webhook.read_queue_left,
    "dial-ended": webhook.read_dial_ended,
    "whisper": webhook.read_whisper,
}


def _receipt(leg_id: str, action: str) -> ReceiptKey | None:
    """Answering happens once; other requests without a step are told apart by Twilio."""
    if action == "answered":
        return ReceiptKey(leg_id, action)
    token = repetition_token(request)
    return ReceiptKey(leg_id, action, token) if token and action == "ask" else None
