"""What is made of each request parameter Twilio describes: honoured, without effect, or refused.

A parameter without effect is accepted, as by Twilio, and told in the event log with the reason, so
that nobody wonders why it did nothing. Those that change who hears what are never among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from ..world import World

_LONGEST_SHOWN = 100
_SECRET = frozenset(["SipAuthPassword"])


@dataclass(frozen=True)
class Parameters:
    """The parameters of one operation: `idle` gives why, `refused` Twilio's error code."""

    honoured: frozenset[str] = frozenset()
    idle: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def known(self) -> frozenset[str]:
        return self.honoured | set(self.idle) | set(self.refused)


def _does(
    honoured: str = "", idle: dict[str, str] | None = None, refused: dict[str, int] | None = None
) -> Parameters:
    return Parameters(frozenset(honoured.split()), idle or {}, refused or {})


def _dates(name: str) -> str:
    return f"{name} {name}< {name}>"


_PAGE = "PageSize Page PageToken"
_RECORDING = (
    "RecordingChannels RecordingStatusCallback RecordingStatusCallbackEvent"
    " RecordingStatusCallbackMethod RecordingTrack"
)
_DETECTION = (
    "MachineDetection MachineDetectionSilenceTimeout MachineDetectionSpeechEndThreshold"
    " MachineDetectionSpeechThreshold MachineDetectionTimeout"
)
_NEW_CALL = (
    "From To Timeout TimeLimit StatusCallback StatusCallbackEvent StatusCallbackMethod Record"
    f" {_RECORDING} {_DETECTION}"
)
_WIRING = (
    "FriendlyName StatusCallback StatusCallbackMethod VoiceCallerIdLookup VoiceUrl VoiceMethod"
    " VoiceFallbackUrl VoiceFallbackMethod SmsUrl SmsMethod SmsFallbackUrl SmsFallbackMethod"
)
_NUMBER = (
    f"{_WIRING} VoiceApplicationSid SmsApplicationSid AddressSid EmergencyAddressSid"
    " EmergencyStatus"
)

_API = "there is one version of this network's API"
_TRIM = "recordings are silent: trimming the silence would leave nothing"
_IDLE_CALL = {
    "CallReason": "no phone of this network shows a reason",
    "CallToken": "every caller id of this network is trusted",
    "CallerId": "the far phone is shown From",
    "ClientNotificationUrl": "Twilio keeps this for itself",
    "SipAuthPassword": "SIP addresses of this network ask for no password",
    "SipAuthUsername": "SIP addresses of this network ask for no name",
    "Trim": _TRIM,
}
_IDLE_NUMBER = {
    "ApiVersion": _API,
    "BundleSid": "kept and shown; nothing is regulated here",
    "IdentitySid": "kept and shown; nothing is regulated here",
}
_REFUSED_NUMBER = {"TrunkSid": 20422, "VoiceReceiveMode": 20422}
_IDLE_APPLICATION = {
    "ApiVersion": _API,
    "SmsStatusCallback": "kept and shown; Twilio has MessageStatusCallback in its place",
    "PublicApplicationConnectEnabled": "kept and shown; there is no other account to connect",
}
_IDLE_MESSAGE = dict.fromkeys(
    [
        "AddressRetention",
        "Attempt",
        "ContentRetention",
        "ContentVariables",
        "ForceDelivery",
        "MaxPrice",
        "PersistentAction",
        "ProvideFeedback",
        "RiskCheck",
        "SendAsMms",
        "ShortenUrls",
        "SmartEncoded",
        "TrafficType",
    ],
    "texts of this network are delivered as they are, at no price",
) | {"ValidityPeriod": "no text of this network waits that long"}

# By Twilio's name of the operation; one that is not here has no parameters.
PARAMETERS: dict[str, Parameters] = {
    "UpdateAccount": _does("FriendlyName", refused={"Status": 20010}),
    "CreateToken": _does("Ttl"),
    "CreateNewKey": _does("FriendlyName"),
    "UpdateKey": _does("FriendlyName"),
    "ListKey": _does(_PAGE),
    "CreateNewSigningKey": _does("FriendlyName"),
    "UpdateSigningKey": _does("FriendlyName"),
    "ListSigningKey": _does(_PAGE),
    "ListAddress": _does(f"CustomerName FriendlyName EmergencyEnabled IsoCountry {_PAGE}"),
    "CreateAddress": _does(
        "City CustomerName EmergencyEnabled FriendlyName IsoCountry PostalCode Region Street"
        " StreetSecondary",
        {"AutoCorrectAddress": "no address is looked up"},
    ),
    "UpdateAddress": _does(
        "City CustomerName EmergencyEnabled FriendlyName PostalCode Region Street StreetSecondary",
        {"AutoCorrectAddress": "no address is looked up"},
    ),
    "ListApplication": _does(f"FriendlyName {_PAGE}"),
    "CreateApplication": _does(f"{_WIRING} MessageStatusCallback", _IDLE_APPLICATION),
    "UpdateApplication": _does(f"{_WIRING} MessageStatusCallback", _IDLE_APPLICATION),
    "ListCall": _does(
        f"To From ParentCallSid Status {_dates('StartTime')} {_dates('EndTime')} {_PAGE}"
    ),
    "CreateCall": _does(
        f"{_NEW_CALL} ApplicationSid AsyncAmd AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod"
        " FallbackMethod FallbackUrl Method SendDigits Twiml Url",
        _IDLE_CALL,
        {"Byoc": 21300},
    ),
    "UpdateCall": _does(
        "FallbackMethod FallbackUrl Method Status StatusCallback StatusCallbackMethod TimeLimit"
        " Twiml Url"
    ),
    "ListCallEvent": _does(_PAGE),
    "ListCallNotification": _does(f"Log {_dates('MessageDate')} {_PAGE}"),
    "ListRecording": _does(
        f"{_dates('DateCreated')} CallSid ConferenceSid IncludeSoftDeleted {_PAGE}"
    ),
    "FetchRecording": _does("IncludeSoftDeleted"),
    "ListCallRecording": _does(f"{_dates('DateCreated')} {_PAGE}"),
    "CreateCallRecording": _does(_RECORDING, {"Trim": _TRIM}),
    "UpdateCallRecording": _does("PauseBehavior Status"),
    "ListConferenceRecording": _does(f"{_dates('DateCreated')} {_PAGE}"),
    "UpdateConferenceRecording": _does("PauseBehavior Status"),
    "ListConference": _does(
        f"{_dates('DateCreated')} {_dates('DateUpdated')} FriendlyName Status {_PAGE}"
    ),
    "UpdateConference": _does("AnnounceMethod AnnounceUrl Status"),
    "ListParticipant": _does(f"Muted Hold Coaching {_PAGE}"),
    "CreateParticipant": _does(
        f"{_NEW_CALL} AmdStatusCallback AmdStatusCallbackMethod Beep CallSidToCoach Coaching"
        " ConferenceRecord ConferenceRecordingStatusCallback ConferenceRecordingStatusCallbackEvent"
        " ConferenceRecordingStatusCallbackMethod ConferenceStatusCallback"
        " ConferenceStatusCallbackEvent ConferenceStatusCallbackMethod EndConferenceOnExit Label"
        " MaxParticipants Muted StartConferenceOnEnter WaitMethod WaitUrl",
        _IDLE_CALL
        | {
            "CallerDisplayName": "no phone of this network shows a name",
            "ConferenceTrim": _TRIM,
            "EarlyMedia": "who rings is not in the room on this network: it hears no ringing",
            "JitterBufferSize": "no media crosses this network",
            "Region": "no media crosses this network",
        },
        {"Byoc": 21300},
    ),
    "UpdateParticipant": _does(
        "AnnounceMethod AnnounceUrl BeepOnExit CallSidToCoach Coaching EndConferenceOnExit Hold"
        " HoldMethod HoldUrl Muted WaitMethod WaitUrl"
    ),
    "ListIncomingPhoneNumber": _does(f"Beta FriendlyName PhoneNumber Origin {_PAGE}"),
    "CreateIncomingPhoneNumber": _does(
        f"{_NUMBER} AreaCode PhoneNumber", _IDLE_NUMBER, _REFUSED_NUMBER
    ),
    "UpdateIncomingPhoneNumber": _does(
        _NUMBER, _IDLE_NUMBER, _REFUSED_NUMBER | {"AccountSid": 20422}
    ),
    "ListOutgoingCallerId": _does(f"PhoneNumber FriendlyName {_PAGE}"),
    "CreateValidationRequest": _does(
        "CallDelay FriendlyName PhoneNumber StatusCallback StatusCallbackMethod",
        {"Extension": "phones of this network have no extensions"},
    ),
    "UpdateOutgoingCallerId": _does("FriendlyName"),
    "ListQueue": _does(_PAGE),
    "CreateQueue": _does("FriendlyName MaxSize"),
    "UpdateQueue": _does("FriendlyName MaxSize"),
    "ListMember": _does(_PAGE),
    "UpdateMember": _does("Method Url"),
    "ListMessage": _does(f"To From {_dates('DateSent')} {_PAGE}"),
    "CreateMessage": _does(
        "ApplicationSid Body From MediaUrl MessagingServiceSid ScheduleType SendAt StatusCallback"
        " To",
        _IDLE_MESSAGE,
        {"ContentSid": 20404},
    ),
    "UpdateMessage": _does("Body Status"),
}


def note_parameters(world: World, request: web.Request, given: Iterable[tuple[str, str]]) -> None:
    """Say in the event log which parameters of a request that was carried out had no effect."""
    operation = operation_of(request)
    table = PARAMETERS.get(operation, Parameters())
    for name, value in given:
        why = table.idle.get(name)
        if why is None and name in table.known:
            continue
        world.events.add(
            "parameter_without_effect",
            operation=operation or f"{request.method} {request.path}",
            name=name[:_LONGEST_SHOWN],
            value="..." if name in _SECRET else value[:_LONGEST_SHOWN],
            why=why or "Twilio knows no such parameter",
        )


def operation_of(request: web.Request) -> str:
    """Twilio's name of what is asked for; empty where it has none, as for a recording's sound."""
    resource = request.match_info.route.resource
    return (resource.name or "") if resource is not None else ""
