"""Every delay and every behaviour Twilio does not promise, as a named setting with a default.

Those marked UNVERIFIED stand for facts nobody has confirmed on the real network: an application
should work under each of their values.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")
Setting = bool | int | float | str
_MOST = 1e9


def _switch(default: T, doc: str, choices: tuple[str, ...] = ()) -> T:
    made: T = field(default=default, metadata={"doc": doc, "choices": choices})
    return made


_ON, _OFF = True, False


@dataclass
class Switches:
    """The settings, with their defaults and what each is."""

    speech_rate: float = _switch(2.5, "words a second in <Say>; 0 speaks at once")
    play_seconds: float = _switch(5.0, "length of every <Play>ed sound")
    dial_setup_seconds: float = _switch(0.3, "from placing a call until the far phone rings")
    callback_latency_seconds: float = _switch(0.0, "carrier's wait before a webhook is sent")
    ring_timeout_buffer: float = _switch(5.0, "Twilio adds about 5 s to Timeout/timeout")
    calls_per_second: float = _switch(1.0, "Twilio: 1 for POST Calls and Participants; 0 = no cap")
    concurrent_calls: int = _switch(0, "live calls an account may have (10004); 0 = no cap")
    concurrent_participants: int = _switch(
        0, "conference participants an account may have (16021); 0 = no cap"
    )
    rest_concurrency: int = _switch(0, "REST requests at once, beyond them 20429; 0 = no cap")
    rest_latency_seconds: float = _switch(0.0, "real seconds every REST request takes")
    webhook_ceiling_seconds: float = _switch(15.0, "Twilio: hard limit over one webhook")
    wait_loop_floor_seconds: float = _switch(1.0, "an Enqueue waitUrl is asked no faster than this")
    amd_seconds: float = _switch(
        2.0, "time answering machine detection takes for a human, with Twilio's thresholds"
    )
    signal_loss_seconds: float = _switch(0.0, "until the carrier notices a dropped cell call")
    softphone_reconnect_seconds: float = _switch(
        5.0, "how long the calls of a softphone whose connection broke wait for it to come back"
    )
    speech_end_seconds: float = _switch(0.0, "pause that ends speech with speechTimeout auto")
    refer_seconds: float = _switch(2.0, "from a <Refer> until its last NOTIFY")
    fetch_media: bool = _switch(
        _ON, "a <Play>'s file is asked for, as Twilio does; off: every file is taken to be there"
    )
    silence_seconds: float = _switch(0.5, "silence shorter than this is left out of transcripts")
    serial_webhooks: str = _switch(
        "auto",
        "one webhook at a time, which makes order exact; auto = in manual time only",
        ("auto", "on", "off"),
    )
    digit_typeahead: bool = _switch(
        _OFF, "UNVERIFIED: keys pressed outside a <Gather> are kept for the next one"
    )
    pause_answers: bool = _switch(_ON, "UNVERIFIED: <Pause> as the first verb answers the call")
    unknown_verb: str = _switch(
        "skip", "UNVERIFIED: after warning 12200, go on with the other verbs", ("skip", "stop")
    )
    dial_action_after_hangup: bool = _switch(
        _ON, "UNVERIFIED: Dial action requested (answer ignored) when the caller hangs up"
    )
    dial_action_after_redirect: bool = _switch(
        _OFF, "UNVERIFIED: Dial action requested (answer ignored) after a REST redirect"
    )
    enqueue_action_after_redirect: bool = _switch(
        _ON, "UNVERIFIED: Enqueue action requested (answer ignored) after a REST redirect"
    )
    participant_join_at: str = _switch(
        "answer", "UNVERIFIED: when a leg added by REST joins", ("answer", "dial")
    )
    conference_end_when_never_started: bool = _switch(
        _ON, "UNVERIFIED: conference-end is sent for a conference that never started"
    )
    kick_hangs_up: bool = _switch(
        _OFF, "UNVERIFIED: a kicked participant's call ends instead of going on in its document"
    )
    hold_url_loops: bool = _switch(
        _OFF, "UNVERIFIED: a HoldUrl's document begins anew at its end, instead of silence"
    )
    held_participant_keeps_flag: bool = _switch(
        _OFF, "UNVERIFIED: EndConferenceOnExit of a participant on hold is silently left as it is"
    )
    retry_keeps_token: bool = _switch(
        _ON, "UNVERIFIED: I-Twilio-Idempotency-Token is the same on every retry"
    )
    member_gone_code: int = _switch(
        21220, "UNVERIFIED: error code when a queue member was dequeued before (status 400)"
    )
    decline_status: str = _switch(
        "busy", "UNVERIFIED: status of a call its callee declined", ("busy", "no-answer", "failed")
    )
    enqueue_action_after_hangup: bool = _switch(
        _ON, "UNVERIFIED: Enqueue action requested (answer ignored) when the caller hangs up"
    )
    action_after_hangup: str = _switch(
        "ignore",
        "UNVERIFIED: what an action answers after the caller hung up; run = its <Sms> and "
        "<Redirect>, which need no caller",
        ("ignore", "run"),
    )
    whisper_pauses: bool = _switch(
        _ON, "UNVERIFIED: <Pause> and <Redirect> may stand in a noun's url document"
    )
    callback_order: str = _switch(
        "as_happened",
        "UNVERIFIED: which leaves first of a call's and a conference's callbacks of one moment",
        ("as_happened", "call_first", "conference_first"),
    )
    conference_callback_method: str = _switch(
        "POST",
        "UNVERIFIED (the documentation contradicts itself): default of a TwiML conference's "
        "statusCallbackMethod; waitMethod = that of the waitUrl",
        ("POST", "waitMethod"),
    )
    wait_url_failure: str = _switch(
        "leaves",
        "UNVERIFIED on the real network: a participant whose waitUrl fails leaves and goes on in "
        "its document (as documented), or stays in silence",
        ("leaves", "stays"),
    )
    redirect_ends_conference: bool = _switch(
        _ON, "UNVERIFIED: endConferenceOnExit also holds for a leg that REST redirects out"
    )
    retry_policy: str = _switch(
        "ct",
        "UNVERIFIED (third parties contradict the documentation): when a webhook is tried again "
        "that names no rp",
        ("ct", "ct,5xx", "ct,rt", "ct,rt,5xx", "all"),
    )
    queue_max_size: int = _switch(
        1_000, "UNVERIFIED (older pages say 100): the size of a queue nobody gave one"
    )
    withheld_caller_id: str = _switch(
        "anonymous", "UNVERIFIED: From of a caller who withholds their number"
    )
    stir_verstat: str = _switch(
        "", "UNVERIFIED set of words: StirVerstat of calls whose party's facts name none"
    )
    request_headers: str = _switch(
        "Accept: */*", "UNVERIFIED: further headers of a webhook, `Name: value`, with ; between"
    )
    parameter_order: str = _switch(
        "as_listed",
        "UNVERIFIED: order of a webhook's parameters",
        ("as_listed", "sorted", "reversed"),
    )
    application_error_seconds: float = _switch(
        0.0, "UNVERIFIED length of that announcement; 0 = as long as its words take"
    )
    application_error_text: str = _switch(
        "We're sorry, an application error has occurred. Goodbye.",
        "UNVERIFIED wording: what a caller hears when a document cannot be had",
    )

    def set(self, name: str, value: object) -> None:
        """Set one switch, from JSON or from command line text; ValueError says what is wrong."""
        known = {f.name: f for f in fields(self)}
        if name not in known:
            raise ValueError(f"no switch named {name!r}; there are: {', '.join(sorted(known))}")
        default = known[name].default
        choices = known[name].metadata["choices"]
        setattr(self, name, _coerce(name, value, default, choices))

    def describe(self) -> dict[str, dict[str, Any]]:
        values = asdict(self)
        return {
            f.name: {
                "value": values[f.name],
                "default": f.default,
                "about": f.metadata["doc"],
                "choices": list(f.metadata["choices"]),
            }
            for f in fields(self)
        }


def _coerce(name: str, value: object, default: object, choices: tuple[str, ...]) -> Setting:
    if isinstance(default, bool):
        text = str(value).lower()
        if text not in ("true", "false", "on", "off", "1", "0"):
            raise ValueError(f"{name} is true or false, not {value!r}")
        return text in ("true", "on", "1")
    if isinstance(default, (int, float)):
        try:
            number = type(default)(str(value))
        except (TypeError, ValueError):
            raise ValueError(f"{name} is a number, not {value!r}") from None
        if not 0 <= number < _MOST:
            raise ValueError(f"{name} cannot be {value!r}")
        return number
    if choices and value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")
    return str(value)
