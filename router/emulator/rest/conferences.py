"""/Conferences and their /Participants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from ..call import HUNG_UP, UPDATED, Call, Callback, Source
from ..conference import (
    ADD_FAILED,
    ENDED_BY_API,
    MAX_LABEL,
    MAX_PARTICIPANTS,
    MINIMUM,
    Conference,
    Participant,
    Terms,
)
from ..errors import TwilioError
from ..recordings import Terms as RecordingTerms
from ..sids import is_sid
from ..world import World
from .base import (
    ROOT,
    Form,
    choice,
    flag,
    form_of,
    json,
    method,
    no_content,
    not_found,
    number,
    text,
    url_of,
    world_of,
)
from .calls import callback_of, ends_of, new_call
from .detection import detection_of
from .lists import chosen, page
from .recordings import terms_of, wants_recording
from .representations import represent_conference, represent_participant

_EVENTS = frozenset(["start", "end"])  # Twilio's default for legs added by REST
_CONFERENCE_EVENTS = frozenset(
    ["start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"]
)
_BEEPS = ("true", "false", "onEnter", "onExit")
_CONFERENCE_RECORD = ("do-not-record", "record-from-start", "true", "false")
# Of /Calls only: Twilio warns with 21263 of these on a participant.
_ASYNC_DETECTION = ("AsyncAmd", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")


def find(request: web.Request, key: str = "sid") -> Conference:
    conference = world_of(request).conferences.by_sid.get(request.match_info[key])
    if conference is None:
        raise not_found(request)
    return conference


async def fetch(request: web.Request) -> web.Response:
    return json(_read(world_of(request), find(request)))


def _read(world: World, conference: Conference) -> dict[str, Any]:
    return world.history.read(conference.sid, lambda: represent_conference(world, conference))


async def listing(request: web.Request) -> web.Response:
    world = world_of(request)
    shown = (
        _read(world, conference)
        for conference in reversed(world.conferences.by_sid.values())
        if world.history.shows(conference.created)
    )
    words, dates = ("FriendlyName", "Status"), ("DateCreated", "DateUpdated")
    return page(request, "conferences", chosen(request.query, shown, words=words, dates=dates))


async def update(request: web.Request) -> web.Response:
    conference, form = find(request), await form_of(request)
    status = text(form, "Status")
    if status not in ("", "completed"):
        raise TwilioError(20001, "Status can only be set to completed")
    announce_url = url_of(form, "AnnounceUrl")
    if (status or announce_url) and conference.status == "completed":
        raise TwilioError(16022)
    if status:
        conference.end("conference-ended-via-api", ENDED_BY_API)
    elif announce_url:
        source = Source(announce_url, method(form, "AnnounceMethod"), kind="announce")
        conference.announce(conference.participants, source)
    return json(represent_conference(world_of(request), conference))


# Participants


def _participant(request: web.Request) -> Participant:
    conference = find(request, "conference")
    participant = conference.find(request.match_info["sid"])
    if participant is None:
        raise not_found(request)
    return participant


def _people(request: web.Request) -> list[dict[str, Any]]:
    """The participants as REST shows them, which may be as they were some time ago."""
    conference = find(request, "conference")
    key = f"{conference.sid}/people"
    return list(world_of(request).history.read(key, conference.represent_people).values())


async def list_participants(request: web.Request) -> web.Response:
    words = ("Muted", "Hold", "Coaching")
    found = chosen(request.query, _people(request), words=words, spelling=str.lower)
    return page(request, "participants", found)


async def fetch_participant(request: web.Request) -> web.Response:
    """By CallSid or label; Twilio never returns one that is finished."""
    key = request.match_info["sid"]
    for person in _people(request):
        if key in (person["call_sid"], person["label"]):
            return json(person)
    raise not_found(request)


def _active(world: World, key: str) -> Conference | None:
    """The conference of a sid, which must not be over, or the active one of a name."""
    if not is_sid(key, "CF"):
        return world.conferences.active(key)
    conference = world.conferences.by_sid.get(key)
    if conference is None or conference.status == "completed":
        raise TwilioError(16022)
    return conference


async def add_participant(request: web.Request) -> web.Response:
    """Ring somebody straight into a conference: they are in it as soon as they answer."""
    world, form = world_of(request), await form_of(request)
    ends_of(world, form)
    terms = _terms_of(form)
    flag(form, "EarlyMedia", default=True)
    if any(name in form for name in _ASYNC_DETECTION):
        raise TwilioError(21263, "a participant's detection is always asynchronous")
    limit = number(form, "MaxParticipants", MAX_PARTICIPANTS, MINIMUM, MAX_PARTICIPANTS)
    subscription, detection = _subscription(form), detection_of(form, "AmdStatusCallback")
    recording, all_recorded = wants_recording(form), _conference_recording(form)
    key = request.match_info["conference"]
    active = _active(world, key)
    _check_room(world, active, terms.label)
    terms.coaches = _coached(active, form)
    call = new_call(world, form)
    conference = active or world.conferences.open(key, limit)
    participant = Participant(call, conference, terms)
    conference.subscribe(subscription)
    conference.pending.append(participant)
    if all_recorded is not None and not conference.live and not conference.on_start:
        conference.on_start.append(
            partial(world.recordings.start_conference, conference, call.sid, all_recorded)
        )

    def answered() -> None:
        if recording is not None:
            world.recordings.start(call, "OutboundAPI", recording)
        if detection is not None:
            world.spawn(detection.run_beside(call))

    _ring(world, participant, answered)
    return json(represent_participant(world, participant), status=201)


def _terms_of(form: Form) -> Terms:
    label = text(form, "Label")
    if len(label) > MAX_LABEL or "/" in label or is_sid(label, "CA"):
        raise TwilioError(16024)
    return Terms(
        label,
        start_on_enter=flag(form, "StartConferenceOnEnter", default=True),
        end_on_exit=flag(form, "EndConferenceOnExit"),
        muted=flag(form, "Muted"),
        beep=choice(form, "Beep", _BEEPS),
        wait=_wait(form),
    )


def _check_room(world: World, conference: Conference | None, label: str) -> None:
    """Raises: TwilioError 16026, 16020 or 16021 when nobody (of this label) can be added."""
    if conference is not None:
        if label and conference.find(label) is not None:
            raise TwilioError(16026)
        if len(conference.seats) + len(conference.pending) >= conference.limit:
            raise TwilioError(16020)
    if world.conferences.at_limit():
        raise TwilioError(16021)


def _coached(conference: Conference | None, form: Form) -> Call | None:
    if not flag(form, "Coaching"):
        return None
    coached = conference.find(text(form, "CallSidToCoach")) if conference else None
    if coached is None:
        raise TwilioError(16028)
    return coached.call


def _ring(world: World, participant: Participant, answered: Callable[[], None]) -> None:
    call, conference = participant.call, participant.conference

    async def program() -> None:
        answered()
        if participant in conference.pending:
            conference.join(participant)

    def watch(_: object, what: str) -> None:
        if what == "left":
            participant.on_left = lambda _: None
            conference.remove_participant(participant, UPDATED)
        elif what == "ended":
            reason = ADD_FAILED if call.started is None else HUNG_UP
            conference.remove_participant(participant, reason)

    call.program = program
    call.watch(watch)
    # A leg that was only placed for the conference has nothing else to do.
    participant.on_left = lambda _: call.later(0, call.hang_up)
    early = world.switches.participant_join_at == "dial"
    world.carrier.queue(call, (lambda: conference.join(participant)) if early else None)


def _conference_recording(form: Form) -> RecordingTerms | None:
    wanted = choice(form, "ConferenceRecord", _CONFERENCE_RECORD).lower()
    choice(form, "ConferenceTrim", ("trim-silence", "do-not-trim"))
    if wanted not in ("true", "record-from-start"):
        return None
    return terms_of(form, "ConferenceRecording")


def _wait(form: Form) -> Source | None:
    if "WaitUrl" not in form:
        return None
    url = url_of(form, "WaitUrl")
    return Source(url, method(form, "WaitMethod"), kind="wait")


def _subscription(form: Form) -> Callback | None:
    callback = callback_of(form, "ConferenceStatusCallback", _CONFERENCE_EVENTS)
    if callback is None or "ConferenceStatusCallbackEvent" in form:
        return callback
    return Callback(callback.url, callback.method, _EVENTS)


async def update_participant(request: web.Request) -> web.Response:
    participant, form = _participant(request), await form_of(request)
    conference = participant.conference
    hold_url, announce_url = url_of(form, "HoldUrl"), url_of(form, "AnnounceUrl")
    if not participant.connected:
        raise TwilioError(20404, "The participant is not connected yet")
    _update_coaching(participant, form)
    if "Muted" in form:
        conference.set_muted(participant, muted=flag(form, "Muted"))
    if "Hold" in form:
        # Twilio: HoldMethod is GET unless said otherwise.
        source = Source(hold_url, method(form, "HoldMethod", "GET"), kind="hold")
        hold = flag(form, "Hold")
        conference.set_hold(participant, source if hold_url else None, hold=hold)
    if "EndConferenceOnExit" in form:
        conference.set_end_on_exit(participant, value=flag(form, "EndConferenceOnExit"))
    if "BeepOnExit" in form:
        conference.set_beep(participant, on_exit=flag(form, "BeepOnExit"))
    if (wait := _wait(form)) is not None:
        conference.set_wait(participant, wait)
    if announce_url:
        source = Source(announce_url, method(form, "AnnounceMethod"), kind="announce")
        conference.announce([participant], source)
    return json(represent_participant(world_of(request), participant))


def _update_coaching(participant: Participant, form: Form) -> None:
    if "Coaching" not in form and "CallSidToCoach" not in form:
        return
    coaching = flag(form, "Coaching", default=participant.coaching)
    coaches = participant.coaches
    if "CallSidToCoach" in form:
        coached = participant.conference.find(text(form, "CallSidToCoach"))
        if coached is None:
            raise TwilioError(16028)
        coaches = coached.call
    if coaching and coaches is None:
        raise TwilioError(16028, "CallSidToCoach is required")
    participant.conference.set_coaching(participant, coaches, on=coaching)


async def kick(request: web.Request) -> web.Response:
    participant = _participant(request)
    call = participant.call
    if not participant.connected:
        call.finish("canceled")
    participant.conference.remove_participant(participant, UPDATED, kick=True)
    if world_of(request).switches.kick_hangs_up:
        call.hang_up()
    return no_content()


def routes() -> list[web.RouteDef]:
    people = f"{ROOT}/Conferences/{{conference}}/Participants"
    return [
        web.get(f"{ROOT}/Conferences.json", listing, name="ListConference"),
        web.get(f"{ROOT}/Conferences/{{sid}}.json", fetch, name="FetchConference"),
        web.post(f"{ROOT}/Conferences/{{sid}}.json", update, name="UpdateConference"),
        web.get(f"{people}.json", list_participants, name="ListParticipant"),
        web.post(f"{people}.json", add_participant, name="CreateParticipant"),
        web.get(f"{people}/{{sid}}.json", fetch_participant, name="FetchParticipant"),
        web.post(f"{people}/{{sid}}.json", update_participant, name="UpdateParticipant"),
        web.delete(f"{people}/{{sid}}.json", kick, name="DeleteParticipant"),
    ]
