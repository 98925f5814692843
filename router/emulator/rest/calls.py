"""/Calls: place, read, redirect and end calls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from aiohttp import web

from ..call import Call, Callback, Source
from ..carrier import run_document
from ..errors import TwilioError
from ..formats import EMERGENCY, is_address, is_number, normalise, sip_headers
from ..twiml.session import Session
from ..twiml.speech import send_tones
from ..world import World
from .base import (
    ROOT,
    Form,
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
from .detection import detection_of
from .lists import chosen, page
from .recordings import wants_recording
from .representations import represent_call, status_of

CALL_EVENTS = frozenset(["initiated", "ringing", "answered", "completed"])
MAX_TWIML = 4_000  # Twilio's limit of the Twiml parameter
MAX_SIP_ADDRESS = 255  # Twilio's limits: an address without its headers, and the headers
MAX_SIP_HEADERS = 1_024
MAX_SIP_WORD = 255  # of a SIP user name or password, after Twilio's errors 21221 and 21223


def callback_of(
    form: Form, name: str = "StatusCallback", known: frozenset[str] = CALL_EVENTS
) -> Callback | None:
    """Where to tell of which events; Twilio takes several fields, or several words in one.

    Raises: TwilioError 21609 for a bad address, 21626 for an event there is not.
    """
    url = url_of(form, name, 21609)
    if not url:
        return None
    fields = form.getall(f"{name}Event", ["completed"])
    events = frozenset(word for field in fields for word in field.split())
    if f"{name}Event" in form and events - known:
        raise TwilioError(21626, ", ".join(sorted(events - known)))
    return Callback(url, method(form, f"{name}Method"), events)


def ends_of(world: World, form: Form) -> tuple[str, str]:
    """Who is called and in whose name.

    Raises: TwilioError 21201, 21211, 21212 or 21213 for ends Twilio would not connect.
    """
    to, sender = normalise(text(form, "To")), normalise(text(form, "From"))
    if not to:
        raise TwilioError(21201)
    if not sender:
        raise TwilioError(21213)
    if not is_address(to):
        raise TwilioError(21211, text(form, "To"))
    own = sender in world.numbers or sender in world.caller_ids
    if not own and not sender.startswith(("client:", "sip:")) and is_number(to):
        raise TwilioError(21212, text(form, "From"))
    return to, sender


def new_call(world: World, form: Form) -> Call:
    """What POST /Calls and POST /Participants have in common: who calls whom, and how."""
    to, sender = ends_of(world, form)
    if text(form, "Byoc"):
        raise TwilioError(21300, f"this account has no trunk {text(form, 'Byoc')}")
    _check_sip(form)
    limit = world.switches.concurrent_calls
    if limit and len(world.live_calls()) >= limit:
        raise TwilioError(10004)
    timeout = number(form, "Timeout", 60, 0, 600, 21208)
    time_limit = number(form, "TimeLimit", 14_400, 1, 86_400)
    callback = callback_of(form)
    call = Call(world, sender, to, "outbound-api")
    call.callback = callback
    call.sip_headers = sip_headers(text(form, "To"))
    call.ring_timeout = float(timeout)
    call.time_limit = time_limit
    if sender in world.numbers:
        call.phone_number_sid = world.numbers[sender].sid
        if to in EMERGENCY and not world.numbers[sender].emergency_address_sid:
            world.debugger.report(22221, "Emergency address is not registered", call.sid)
    return call


def _check_sip(form: Form) -> None:
    address, _, headers = text(form, "To").partition("?")
    if address.startswith(("sip:", "sips:")) and len(address) >= MAX_SIP_ADDRESS:
        raise TwilioError(21211, text(form, "To"))
    if address.startswith(("sip:", "sips:")) and len(headers) >= MAX_SIP_HEADERS:
        raise TwilioError(21227)
    if len(text(form, "SipAuthUsername")) > MAX_SIP_WORD:
        raise TwilioError(21221)
    if len(text(form, "SipAuthPassword")) > MAX_SIP_WORD:
        raise TwilioError(21223)
    if text(form, "SipAuthUsername") and not text(form, "SipAuthPassword"):
        raise TwilioError(21225)


def _source(world: World, form: Form) -> tuple[Source, Callback | None]:
    fallback = Callback(url_of(form, "FallbackUrl"), method(form, "FallbackMethod"))
    if text(form, "Url"):
        return Source(url_of(form, "Url"), method(form, "Method")), fallback
    if text(form, "Twiml"):
        if len(text(form, "Twiml")) > MAX_TWIML:
            raise TwilioError(21205, f"Twiml is longer than {MAX_TWIML} characters")
        return Source(twiml=text(form, "Twiml")), fallback
    application = world.applications.get(text(form, "ApplicationSid"))
    if text(form, "ApplicationSid") and application is None:
        raise TwilioError(21218, text(form, "ApplicationSid"))
    if application is None:
        raise TwilioError(21205)
    fallback = Callback(application.voice_fallback_url, application.voice_fallback_method)
    return Source(application.voice_url, application.voice_method), fallback


async def create(request: web.Request) -> web.Response:
    world, form = world_of(request), await form_of(request)
    ends_of(world, form)
    detection = detection_of(form, "AsyncAmdStatusCallback")
    source, fallback = _source(world, form)
    background = flag(form, "AsyncAmd")
    digits = text(form, "SendDigits")
    if digits.strip("0123456789*#wWABCD"):
        raise TwilioError(21206, digits)
    terms = wants_recording(form)
    call = new_call(world, form)
    call.fallback = fallback
    application = world.applications.get(text(form, "ApplicationSid"))
    if call.callback is None and application is not None and application.status_callback:
        call.callback = Callback(application.status_callback, application.status_callback_method)

    async def program() -> None:
        if terms is not None:
            world.recordings.start(call, "OutboundAPI", terms)
        if digits:
            await send_tones(Session(call), digits)
        if detection and background:
            world.spawn(detection.run_beside(call))
        elif detection:
            await detection.run(call)
            call.extra["AnsweredBy"] = call.detected_by
            call.extra["MachineDetectionDuration"] = str(call.detection_ms)
        await run_document(call, source)

    call.program = program
    world.carrier.queue(call)
    return json(represent_call(world, call), status=201)


def find(request: web.Request) -> Call:
    sid = request.match_info["sid"]
    call = world_of(request).calls.get(sid)
    if call is None:
        raise not_found(request)
    return call


async def fetch(request: web.Request) -> web.Response:
    world, call = world_of(request), find(request)
    return json(world.history.read(call.sid, lambda: represent_call(world, call)))


async def update(request: web.Request) -> web.Response:
    world, call, form = world_of(request), find(request), await form_of(request)
    status = text(form, "Status")
    if status not in ("", "canceled", "completed"):
        raise TwilioError(21220, f"Status cannot be set to {status}")
    if text(form, "Url") and text(form, "Twiml"):
        raise TwilioError(21205, "Url and Twiml exclude one another")
    if call.over:
        raise TwilioError(21220, "Call is not in-progress. Cannot redirect.")
    if callback := callback_of(form):
        # An update cannot name events: those subscribed to stay.
        events = call.callback.events if call.callback else callback.events
        call.callback = Callback(callback.url, callback.method, events)
    if "FallbackUrl" in form or "FallbackMethod" in form:
        known = call.fallback or Callback("")
        url = url_of(form, "FallbackUrl") if "FallbackUrl" in form else known.url
        call.fallback = Callback(url, method(form, "FallbackMethod", known.method))
    if text(form, "TimeLimit"):
        call.limit_time(number(form, "TimeLimit", 1, 1, 86_400))
    if status == "canceled" and call.live:
        raise TwilioError(21220, "Call is in-progress and cannot be canceled.")
    if status:
        call.hang_up()
    elif text(form, "Url") or text(form, "Twiml"):
        _redirect(call, _source(world, form)[0])
    return json(represent_call(world, call))


def _redirect(call: Call, source: Source) -> None:
    """Twilio moves a call that is in progress at once; one that rings runs this when answered."""
    if call.live:
        call.take_over(run_document(call, source))
    elif call.direction == "inbound":
        raise TwilioError(21220, "Call is not in-progress. Cannot redirect.")
    else:

        async def program() -> None:
            await run_document(call, source)

        call.program = program


async def delete(request: web.Request) -> web.Response:
    call = find(request)
    if not call.over:
        raise TwilioError(20009)
    del world_of(request).calls[call.sid]
    return no_content()


async def listing(request: web.Request) -> web.Response:
    world, query = world_of(request), request.query
    shown = (
        world.history.read(call.sid, partial(represent_call, world, call))
        for call in reversed(world.calls.values())
        if world.history.shows(call.created) and _may_be_wanted(world, call, query)
    )
    found = chosen(query, shown, words=("To", "From"), spelling=normalise)
    dates = ("StartTime", "EndTime")
    found = chosen(query, found, words=("Status", "ParentCallSid"), dates=dates)
    return page(request, "calls", found)


def _may_be_wanted(world: World, call: Call, query: Mapping[str, str]) -> bool:
    """Spares the making of representations that the commonest filters throw away."""
    if world.faults.stale_seconds or not query.get("Status"):
        return True
    return query["Status"] == status_of(call)


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{ROOT}/Calls.json", create, name="CreateCall"),
        web.get(f"{ROOT}/Calls.json", listing, name="ListCall"),
        web.get(f"{ROOT}/Calls/{{sid}}.json", fetch, name="FetchCall"),
        web.post(f"{ROOT}/Calls/{{sid}}.json", update, name="UpdateCall"),
        web.delete(f"{ROOT}/Calls/{{sid}}.json", delete, name="DeleteCall"),
    ]
