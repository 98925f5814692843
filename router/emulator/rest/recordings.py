"""/Recordings: of the account, of a call and of a conference, and their sound."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from aiohttp import web

from ..errors import TwilioError
from ..recordings import Recording, Terms
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
    text,
    url_of,
    world_of,
)
from .lists import chosen, page
from .representations import Json, represent_recording

_EVENTS = frozenset(["in-progress", "completed", "absent"])
# The fields of /Recordings that Twilio leaves out of a call's or a conference's own recordings.
_ONLY_OF_THE_ACCOUNT = ("media_url", "subresource_uris")
_CURRENT = "Twilio.CURRENT"  # the recording in progress, by that name


def terms_of(form: Form, prefix: str = "Recording") -> Terms:
    """How a form wants a call or (by another prefix) a conference recorded.

    Raises: TwilioError 21205, 21209 or 20001 for a field Twilio has no such value of.
    """
    words = {w for value in form.getall(f"{prefix}StatusCallbackEvent", []) for w in value.split()}
    if words - _EVENTS:
        raise TwilioError(20001, f"{prefix}StatusCallbackEvent: {', '.join(sorted(words))}")
    if prefix == "Recording":
        choice(form, "Trim", ("do-not-trim", "trim-silence"))
    channels = choice(form, "RecordingChannels", ("mono", "dual"))
    return Terms(
        url_of(form, f"{prefix}StatusCallback"),
        method(form, f"{prefix}StatusCallbackMethod"),
        frozenset(words or ["completed"]),
        2 if channels == "dual" else 1,
        choice(form, "RecordingTrack", ("both", "inbound", "outbound")),
    )


def _represent(world: World, recording: Recording, scope: str) -> Json:
    """As the list it was asked for from shows it: the account's, a call's or a conference's."""
    read = partial(represent_recording, world, recording)
    body = dict(world.history.read(recording.sid, read))
    if not scope:
        return body
    body = {key: value for key, value in body.items() if key not in _ONLY_OF_THE_ACCOUNT}
    body["uri"] = body["uri"].replace("/Recordings/", f"/{scope}/Recordings/")
    if scope.startswith("Calls/"):
        body["track"] = recording.terms.track
    return body


def _scope(request: web.Request) -> str:
    """`Calls/CA…` or `Conferences/CF…` where the address names one that exists."""
    call, conference = (request.match_info.get(key) for key in ("call", "conference"))
    world = world_of(request)
    if call is not None and call not in world.calls:
        raise not_found(request)
    if conference is not None and conference not in world.conferences.by_sid:
        raise not_found(request)
    return f"Calls/{call}" if call else f"Conferences/{conference}" if conference else ""


def _in_scope(request: web.Request) -> Iterator[Recording]:
    world, scope = world_of(request), _scope(request)
    deleted = request.query.get("IncludeSoftDeleted", "false").lower() == "true"
    for recording in reversed(world.recordings.by_sid.values()):
        owners = (f"Calls/{recording.call_sid}", f"Conferences/{recording.conference_sid}")
        belongs = not scope or scope == owners[1 if recording.conference_sid else 0]
        if belongs and (deleted or not recording.deleted):
            yield recording


def find(request: web.Request) -> Recording:
    sid = request.match_info["sid"]
    for recording in _in_scope(request):
        if recording.sid == sid or (sid == _CURRENT and recording.live):
            return recording
    raise not_found(request)


async def listing(request: web.Request) -> web.Response:
    world, scope = world_of(request), _scope(request)
    shown = (
        _represent(world, recording, scope)
        for recording in _in_scope(request)
        if world.history.shows(recording.created)
    )
    words = () if scope else ("CallSid", "ConferenceSid")
    found = chosen(request.query, shown, words=words, dates=("DateCreated",))
    return page(request, "recordings", found)


async def fetch(request: web.Request) -> web.Response:
    return json(_represent(world_of(request), find(request), _scope(request)))


async def start(request: web.Request) -> web.Response:
    """Record a call that is in progress, from now."""
    world, form = world_of(request), await form_of(request)
    terms, scope = terms_of(form), _scope(request)
    call = world.calls[request.match_info["call"]]
    if not call.live:
        message = "Requested resource is not eligible for recording"
        raise TwilioError(21220, message)
    recording = world.recordings.start(call, "StartCallRecordingAPI", terms)
    return json(_represent(world, recording, scope), status=201)


async def update(request: web.Request) -> web.Response:
    """Pause, resume or stop a recording that is in progress."""
    world, recording, form = world_of(request), find(request), await form_of(request)
    if not text(form, "Status"):
        raise TwilioError(20001, "Status is required")
    status = choice(form, "Status", ("stopped", "paused", "in-progress"))
    skip = choice(form, "PauseBehavior", ("silence", "skip")) == "skip"
    if not recording.live:
        raise TwilioError(21220, f"the recording is {recording.status}")
    if status == "paused":
        world.recordings.pause(recording, skip=skip)
    elif status == "in-progress":
        world.recordings.resume(recording)
    else:
        world.recordings.stop(recording)
    body = _represent(world, recording, _scope(request))
    # Twilio answers with what was asked for; a moment later the recording is completed.
    return json(body | {"status": status})


async def delete(request: web.Request) -> web.Response:
    recording = find(request)
    if recording.live:
        raise TwilioError(20009)
    world_of(request).recordings.delete(recording)
    return no_content()


async def sound(request: web.Request) -> web.StreamResponse:
    """The sound as WAV, which is Twilio's format where the address has no extension."""
    recording = find(request)
    if recording.ended is None or recording.deleted:
        raise not_found(request)
    query = request.query
    two = query.get("RequestedChannels", str(recording.terms.channels)) == "2"
    channels = 2 if two else 1
    response = web.StreamResponse(headers={"Content-Type": "audio/x-wav"})
    response.content_length = recording.sound_bytes(channels)
    await response.prepare(request)
    if request.method != "HEAD":
        async for piece in recording.sound(channels):
            await response.write(piece)
    await response.write_eof()
    return response


async def no_mp3(request: web.Request) -> web.Response:
    find(request)
    raise TwilioError(20404, "This network makes sound as WAV only: ask for .wav")


def wants_recording(form: Form) -> Terms | None:
    """The terms of `Record=true`, which calls and participants have in common."""
    return terms_of(form) if flag(form, "Record") else None


def routes() -> list[web.RouteDef]:
    account, call = f"{ROOT}/Recordings", f"{ROOT}/Calls/{{call}}/Recordings"
    conference = f"{ROOT}/Conferences/{{conference}}/Recordings"
    return [
        web.get(f"{account}.json", listing, name="ListRecording"),
        web.get(f"{account}/{{sid}}.json", fetch, name="FetchRecording"),
        web.delete(f"{account}/{{sid}}.json", delete, name="DeleteRecording"),
        web.get(f"{account}/{{sid}}.wav", sound),
        web.get(f"{account}/{{sid}}.mp3", no_mp3),
        web.get(f"{account}/{{sid}}", sound),
        web.get(f"{call}.json", listing, name="ListCallRecording"),
        web.post(f"{call}.json", start, name="CreateCallRecording"),
        web.get(f"{call}/{{sid}}.json", fetch, name="FetchCallRecording"),
        web.post(f"{call}/{{sid}}.json", update, name="UpdateCallRecording"),
        web.delete(f"{call}/{{sid}}.json", delete, name="DeleteCallRecording"),
        web.get(f"{conference}.json", listing, name="ListConferenceRecording"),
        web.get(f"{conference}/{{sid}}.json", fetch, name="FetchConferenceRecording"),
        web.post(f"{conference}/{{sid}}.json", update, name="UpdateConferenceRecording"),
        web.delete(f"{conference}/{{sid}}.json", delete, name="DeleteConferenceRecording"),
    ]
