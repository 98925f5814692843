"""/Calls: place, read, redirect and end calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from ..call import Call, Callback, Source
from ..carrier import run_document
from ..errors import TwilioError
from ..formats import is_address, is_number, normalise
from ..twiml.session import Session
from ..twiml.speech import send_tones
from ..urls import is_absolute, split_overrides
from ..world import World
from .base import ROOT, Form, flag, form_of, json, method, no_content, number, page, text, world_of
from .representations import represent_call

MAX_TWIML = 4_000  # Twilio's limit of the Twiml parameter
_DETECTION = ("Enable", "DetectMessageEnd")


def url_of(form: Form, name: str, code: int = 21205) -> str:
    url = text(form, name)
    if url and not is_absolute(split_overrides(url)[0]):
        raise TwilioError(code, f"{name} is not a valid URL: {url}")
    return url


def callback_of(form: Form, name: str = "StatusCallback") -> Callback | None:
    url = url_of(form, name)
    if not url:
        return None
    events = frozenset(
        word for value in form.getall(f"{name}Event", ["completed"]) for word in str(value).split()
    )
    return Callback(url, method(form, f"{name}Method"), events)


def new_call(world: World, form: Form) -> Call:
    """What POST /Calls and POST /Participants have in common: who calls whom, and how."""
    to, sender = normalise(text(form, "To")), normalise(text(form, "From"))
    if not to:
        raise TwilioError(21201)
    if not sender:
        raise TwilioError(21213)
    if not is_address(to):
        raise TwilioError(21211, text(form, "To"))
    own = sender in world.numbers or sender.startswith(("client:", "sip:"))
    if not own and is_number(to):
        raise TwilioError(21212, text(form, "From"))
    limit = world.switches.concurrent_calls
    if limit and len(world.live_calls()) >= limit:
        raise TwilioError(10004)
    timeout = number(form, "Timeout", 60, 0, 600, 21208)
    time_limit = number(form, "TimeLimit", 14_400, 1, 86_400)
    callback = callback_of(form)
    call = Call(world, sender, to, "outbound-api")
    call.callback = callback
    call.ring_timeout = float(timeout)
    call.time_limit = time_limit
    if sender in world.numbers:
        call.phone_number_sid = world.numbers[sender].sid
    return call


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
    detection = text(form, "MachineDetection")
    if detection and detection not in _DETECTION:
        raise TwilioError(21234, detection)
    source, fallback = _source(world, form)
    background = flag(form, "AsyncAmd")
    amd_url = url_of(form, "AsyncAmdStatusCallback")
    digits = text(form, "SendDigits")
    if digits.strip("0123456789*#wWABCD"):
        raise TwilioError(21206, digits)
    call = new_call(world, form)
    call.fallback = fallback

    async def program() -> None:
        if digits:
            await send_tones(Session(call), digits)
        if detection and background:
            world.spawn(_detect_later(call, detection, amd_url))
        elif detection:
            call.extra["AnsweredBy"] = await detect(call, detection)
        await run_document(call, source)

    call.program = program
    world.carrier.queue(call)
    return json(represent_call(world, call), status=201)


async def detect(call: Call, detection: str) -> str:
    """Answering machine detection: takes a while, and knows what the party really is."""
    await call.world.clock.sleep(call.world.switches.amd_seconds)
    if call.answered_by != "machine":
        call.detected_by = call.answered_by = "human"
    else:
        word = "machine_end_beep" if detection == "DetectMessageEnd" else "machine_start"
        call.detected_by = call.answered_by = word
    return call.detected_by


async def _detect_later(call: Call, detection: str, url: str) -> None:
    answered_by = await detect(call, detection)
    if url:
        duration = str(round(call.world.switches.amd_seconds * 1000))
        params = {
            "CallSid": call.sid,
            "AccountSid": call.world.account_sid,
            "AnsweredBy": answered_by,
            "MachineDetectionDuration": duration,
        }
        call.tell("amd", url, "POST", params, complete=True)


def find(request: web.Request) -> Call:
    sid = request.match_info["sid"]
    call = world_of(request).calls.get(sid)
    if call is None:
        raise TwilioError(20404, f"The requested resource {request.path} was not found")
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
        call.callback = callback
    if text(form, "FallbackUrl"):
        call.fallback = Callback(url_of(form, "FallbackUrl"), method(form, "FallbackMethod"))
    if text(form, "TimeLimit"):
        call.later(number(form, "TimeLimit", 1, 1, 86_400), call.hang_up)
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
    chosen = [call for call in reversed(world.calls.values()) if _wanted(call, query)]
    read = world.history.read
    return page(request, "calls", [read(c.sid, _describer(world, c)) for c in chosen])


def _describer(world: World, call: Call) -> Callable[[], dict[str, Any]]:
    return lambda: represent_call(world, call)


def _wanted(call: Call, query: Mapping[str, str]) -> bool:
    status = "queued" if call.status == "initiated" else call.status
    if "To" in query and normalise(query["To"]) != call.to:
        return False
    if "From" in query and normalise(query["From"]) != call.from_:
        return False
    if "Status" in query and query["Status"] != status:
        return False
    parent = call.parent.sid if call.parent else ""
    if query.get("ParentCallSid", parent) != parent:
        return False
    return within(query, "StartTime", call.started) and within(query, "EndTime", call.ended)


def within(query: Mapping[str, str], name: str, moment: float | None) -> bool:
    """Twilio's date filters: Name=, Name<= and Name>=, a day or a moment in UTC."""
    for key, test in ((f"{name}<", "before"), (f"{name}>", "after"), (name, "on")):
        if key not in query:
            continue
        if moment is None:
            return False
        begin, end = _span(query[key], key)
        fine = {"before": moment <= end, "after": moment >= begin, "on": begin <= moment <= end}
        if not fine[test]:
            return False
    return True


def _span(value: str, name: str) -> tuple[float, float]:
    try:
        begin = datetime.fromisoformat(value)
    except ValueError:
        raise TwilioError(20001, f"{name} is not a date: {value}") from None
    begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
    length = timedelta(days=1) if len(value) == len("YYYY-MM-DD") else timedelta(seconds=1)
    return begin.timestamp(), (begin + length).timestamp()


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{ROOT}/Calls.json", create),
        web.get(f"{ROOT}/Calls.json", listing),
        web.get(f"{ROOT}/Calls/{{sid}}.json", fetch),
        web.post(f"{ROOT}/Calls/{{sid}}.json", update),
        web.delete(f"{ROOT}/Calls/{{sid}}.json", delete),
    ]
