"""/Conferences and their /Participants."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..call import HUNG_UP, UPDATED, Callback, Source
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
from ..sids import is_sid
from ..world import World
from .base import ROOT, Form, flag, form_of, json, method, no_content, number, page, text, world_of
from .calls import callback_of, detect, new_call, url_of, within
from .representations import represent_conference, represent_participant

_EVENTS = frozenset(["start", "end"])  # Twilio's default for legs added by REST


def find(request: web.Request, key: str = "sid") -> Conference:
    conference = world_of(request).conferences.by_sid.get(request.match_info[key])
    if conference is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return conference


async def fetch(request: web.Request) -> web.Response:
    return json(_read(world_of(request), find(request)))


def _read(world: World, conference: Conference) -> dict[str, Any]:
    return world.history.read(conference.sid, lambda: represent_conference(world, conference))


async def listing(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    found = [
        conference
        for conference in reversed(world.conferences.by_sid.values())
        if query.get("FriendlyName", conference.name) == conference.name
        and query.get("Status", conference.status) == conference.status
        and within(query, "DateCreated", conference.created)
        and within(query, "DateUpdated", conference.updated)
    ]
    return page(request, "conferences", [_read(world, c) for c in found])


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
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
    return participant


def _people(request: web.Request) -> list[dict[str, Any]]:
    """The participants as REST shows them, which may be as they were some time ago."""
    conference = find(request, "conference")
    key = f"{conference.sid}/people"
    return list(world_of(request).history.read(key, conference.represent_people).values())


async def list_participants(request: web.Request) -> web.Response:
    query = request.query
    found = [
        person
        for person in _people(request)
        if all(
            query.get(word, str(person[word.lower()])).lower() == str(person[word.lower()]).lower()
            for word in ("Muted", "Hold", "Coaching")
        )
    ]
    return page(request, "participants", found)


async def fetch_participant(request: web.Request) -> web.Response:
    """By CallSid or label; Twilio never returns one that is finished."""
    key = request.match_info["sid"]
    for person in _people(request):
        if key in (person["call_sid"], person["label"]):
            return json(person)
    raise TwilioError(20404, f"The requested resource {request.path} was not found")


def _conference_for(world: World, key: str) -> Conference:
    if not is_sid(key, "CF"):
        return world.conferences.open(key)
    conference = world.conferences.by_sid.get(key)
    if conference is None or conference.status == "completed":
        raise TwilioError(16022)
    return conference


async def add_participant(request: web.Request) -> web.Response:
    """Ring somebody straight into a conference: they are in it as soon as they answer."""
    world, form = world_of(request), await form_of(request)
    label = text(form, "Label")
    if len(label) > MAX_LABEL or "/" in label or is_sid(label, "CA"):
        raise TwilioError(16024)
    terms = Terms(
        label,
        start_on_enter=flag(form, "StartConferenceOnEnter", default=True),
        end_on_exit=flag(form, "EndConferenceOnExit"),
        muted=flag(form, "Muted"),
        beep=text(form, "Beep", "true"),
        wait=_wait(form),
    )
    coaching = flag(form, "Coaching")
    number(form, "MaxParticipants", MAX_PARTICIPANTS, MINIMUM, MAX_PARTICIPANTS)
    subscription = _subscription(form)
    conference = _conference_for(world, request.match_info["conference"])
    if label and conference.find(label) is not None:
        raise TwilioError(16026)
    coached = conference.find(text(form, "CallSidToCoach")) if coaching else None
    if coaching and coached is None:
        raise TwilioError(16028)
    terms.coaches = coached.call if coached else None
    participant = Participant(new_call(world, form), conference, terms)
    conference.subscribe(subscription)
    conference.pending.append(participant)
    _ring(world, participant, form)
    return json(represent_participant(world, participant), status=201)


def _ring(world: World, participant: Participant, form: Form) -> None:
    call, conference = participant.call, participant.conference
    detection, amd_url = text(form, "MachineDetection"), url_of(form, "AmdStatusCallback")

    async def program() -> None:
        if detection:
            world.spawn(_detect(participant, detection, amd_url))
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


async def _detect(participant: Participant, detection: str, url: str) -> None:
    answered_by = await detect(participant.call, detection)
    if url:
        params = {"CallSid": participant.call.sid, "AnsweredBy": answered_by}
        participant.call.tell("amd", url, "POST", params)


def _wait(form: Form) -> Source | None:
    if "WaitUrl" not in form:
        return None
    url = url_of(form, "WaitUrl")
    return Source(url, method(form, "WaitMethod"), kind="wait")


def _subscription(form: Form) -> Callback | None:
    callback = callback_of(form, "ConferenceStatusCallback")
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
        on_exit = flag(form, "BeepOnExit")
        enters = participant.beep in ("true", "onEnter")
        words = {(True, True): "true", (True, False): "onEnter", (False, True): "onExit"}
        participant.beep = words.get((enters, on_exit), "false")
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
        web.get(f"{ROOT}/Conferences.json", listing),
        web.get(f"{ROOT}/Conferences/{{sid}}.json", fetch),
        web.post(f"{ROOT}/Conferences/{{sid}}.json", update),
        web.get(f"{people}.json", list_participants),
        web.post(f"{people}.json", add_participant),
        web.get(f"{people}/{{sid}}.json", fetch_participant),
        web.post(f"{people}/{{sid}}.json", update_participant),
        web.delete(f"{people}/{{sid}}.json", kick),
    ]
