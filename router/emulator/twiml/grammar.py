"""Which elements TwiML knows, with their attributes and children (the voice SDKs' list)."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """What an element may hold."""

    attributes: frozenset[str]
    children: frozenset[str]


def _shape(attributes: str = "", children: str = "") -> Shape:
    return Shape(frozenset(attributes.split()), frozenset(children.split()))


_NOUN = "url method statusCallback statusCallbackEvent statusCallbackMethod"
_AMD = (
    "machineDetection machineDetectionSilenceTimeout machineDetectionSpeechEndThreshold "
    "machineDetectionSpeechThreshold machineDetectionTimeout amdStatusCallback "
    "amdStatusCallbackMethod"
)
_RECORDING = (
    "recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod "
    "recordingConfigurationId trim"
)
_STREAM = "name track statusCallback statusCallbackMethod connectorName"
_SSML = "break emphasis lang p phoneme prosody s say-as sub w"

SHAPES: dict[str, Shape] = {
    "Response": _shape(
        "",
        "Connect Dial Echo Enqueue Gather Hangup Leave Pause Pay Play Prompt Queue Record "
        "Redirect Refer Reject Say Sms Start Stop",
    ),
    "Say": _shape("voice language loop", _SSML),
    "Play": _shape("loop digits"),
    "Pause": _shape("length"),
    "Redirect": _shape("method"),
    "Reject": _shape("reason", "Parameter"),
    "Hangup": _shape("", "Parameter"),
    "Leave": _shape(),
    "Echo": _shape(),
    "Gather": _shape(
        "action actionOnEmptyResult bargeIn debug enhanced finishOnKey hints input language "
        "maxSpeechTime method numDigits partialResultCallback partialResultCallbackMethod "
        "profanityFilter speechModel speechTimeout timeout",
        "Pause Play Say",
    ),
    "Dial": _shape(
        "action answerOnBridge callerId events hangupOnStar method passports record "
        "recordingTrack referMethod referUrl ringTone sequential timeLimit timeout " + _RECORDING,
        "Application Client Conference Number Queue Sim Sip WhatsApp",
    ),
    "Number": _shape(f"{_NOUN} {_AMD} byoc sendDigits"),
    "Client": _shape(_NOUN, "Identity Parameter"),
    "Sip": _shape(f"{_NOUN} {_AMD} username password", "Headers Uri"),
    "Application": _shape(f"{_NOUN} copyParentTo customerId", "ApplicationSid Parameter"),
    "WhatsApp": _shape(_NOUN),
    "Sim": _shape(),
    "Conference": _shape(
        "beep coach endConferenceOnExit eventCallbackUrl jitterBufferSize maxParticipants muted "
        "participantLabel record region startConferenceOnEnter statusCallback statusCallbackEvent "
        "statusCallbackMethod waitMethod waitUrl " + _RECORDING
    ),
    "Queue": _shape("method postWorkActivitySid reservationSid url"),
    "Enqueue": _shape(
        "action maxQueueSize method waitUrl waitUrlMethod workflowSid",
        "Task",
    ),
    "Record": _shape(
        "action finishOnKey maxLength method playBeep timeout transcribe transcribeCallback "
        + _RECORDING
    ),
    "Sms": _shape("action from method statusCallback to"),
    "Refer": _shape("action method", "Sip"),
    "Start": _shape("action method", "Recording Siprec Stream Transcription"),
    "Stop": _shape("", "Siprec Stream Transcription"),
    "Connect": _shape("action method", "Conversation ConversationRelay Room Stream VirtualAgent"),
    "Stream": _shape(_STREAM + " url audioFormat sampleRate", "Parameter"),
    "Siprec": _shape(_STREAM, "Parameter"),
    "Identity": _shape(),
    "Parameter": _shape("name value"),
}
