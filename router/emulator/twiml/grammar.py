"""Which elements TwiML knows, with their attributes and children (the voice SDKs' list).

What each attribute does here: most are honoured. Those in `LOGGED` change nothing without media and
are written down in the event feed; elements in `REFUSED` are what this network has no use of, and
answered with Twilio's error.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """What an element may hold."""

    attributes: frozenset[str]
    children: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _shape(attributes: str = "", children: str = "") -> Shape:
    return Shape(_words(attributes), _words(children))


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
_INLINE = "break emphasis lang phoneme prosody say-as sub w"
_RELAY_LANGUAGE = (
    "code hints speechModel transcriptionProvider ttsProvider voice asrSmartFormat "
    "ttsLanguageTextNormalization ttsTextNormalization"
)
_RELAY = (
    "applicationReconnect asrSmartFormat backgroundNoiseReduction backgroundnoisereduction "
    "customerName debug deepgramSmartFormat deepgramsmartformat dtmfDetection eagerEotThreshold "
    "echoPromptFiltering elevenlabsLanguageTextNormalization elevenlabsTextNormalization events "
    "hints ignoreBackchannel ignorebackchannel includeInPrompt intelligenceService "
    "interruptSensitivity interruptible language partialPromptOnHangup partialPrompts preemptible "
    "profanityFilter reportInputDuringAgentSpeech speechModel speechTimeout speechtimeout "
    "transcriptionLanguage transcriptionProvider ttsLanguage ttsLanguageTextNormalization "
    "ttsProvider ttsTextNormalization turnDetection url voice welcomeGreeting "
    "welcomeGreetingInterruptible"
)

SHAPES: dict[str, Shape] = {
    "Response": _shape(
        "",
        "Connect Dial Echo Enqueue Gather Hangup Leave Pause Pay Play Prompt Queue Record "
        "Redirect Refer Reject Say Sms Start Stop",
    ),
    "Say": _shape("voice language loop", _INLINE + " p s"),
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
    "Enqueue": _shape("action maxQueueSize method waitUrl waitUrlMethod workflowSid", "Task"),
    "Record": _shape(
        "action finishOnKey maxLength method playBeep timeout transcribe transcribeCallback "
        + _RECORDING
    ),
    "Sms": _shape("action from method statusCallback to"),
    "Refer": _shape("action method", "Sip"),
    "Start": _shape("action method", "Recording Siprec Stream Transcription"),
    "Stop": _shape("", "Siprec Stream Transcription"),
    "Connect": _shape(
        "action method",
        "AiSession Autopilot Conversation ConversationRelay ConversationRelaySession Room Stream "
        "VirtualAgent",
    ),
    "Pay": _shape(
        "action bankAccountType chargeAmount currency description input language maxAttempts "
        "method minPostalCodeLength paymentConnector paymentMethod postalCode securityCode "
        "statusCallback statusCallbackMethod timeout tokenType validCardTypes",
        "Parameter Prompt",
    ),
    "Prompt": _shape("attempt cardType errorType for requireMatchingInputs", "Pause Play Say"),
    # Insides of nouns
    "Identity": _shape(),
    "ApplicationSid": _shape(),
    "Parameter": _shape("name value"),
    "Headers": _shape("", "Header"),
    "Header": _shape("name value"),
    "Uri": _shape("password priority username weight"),
    "Task": _shape("priority timeout"),
    "Config": _shape("name value"),
    # Media
    "Stream": _shape(_STREAM + " url audioFormat sampleRate", "Parameter"),
    "Siprec": _shape(_STREAM, "Parameter"),
    "Recording": _shape("channels track " + _RECORDING),
    "Transcription": _shape(
        "enableAutomaticPunctuation hints inboundTrackLabel intelligenceService languageCode name "
        "outboundTrackLabel partialResults profanityFilter speechModel statusCallbackMethod "
        "statusCallbackUrl track transcriptionEngine",
        "Config Parameter",
    ),
    # What <Connect> connects to
    "AiSession": _shape("aiConnector aiSessionConfiguration"),
    "Autopilot": _shape(),
    "Conversation": _shape(
        "inboundAutocreation inboundTimeout method record recordingStatusCallback "
        "recordingStatusCallbackEvent recordingStatusCallbackMethod routingAssignmentTimeout "
        "serviceInstanceSid statusCallback statusCallbackEvent statusCallbackMethod trim url"
    ),
    "ConversationRelay": _shape(_RELAY, "Language Parameter"),
    "ConversationRelaySession": _shape("connector sessionConfiguration"),
    "Language": _shape(_RELAY_LANGUAGE),
    "Room": _shape("participantIdentity"),
    "VirtualAgent": _shape(
        "connectorName language sentimentAnalysis statusCallback statusCallbackMethod",
        "Config Parameter",
    ),
    # What <Say> may hold: SSML
    "break": _shape("strength time"),
    "emphasis": _shape("level", _INLINE),
    "lang": _shape("xml:lang", _INLINE + " p s"),
    "p": _shape("", _INLINE + " s"),
    "phoneme": _shape("alphabet ph"),
    "prosody": _shape("pitch rate volume", _INLINE + " p s"),
    "s": _shape("", _INLINE),
    "say-as": _shape("format interpret-as"),
    "sub": _shape("alias"),
    "w": _shape("role", "break emphasis phoneme prosody say-as sub"),
}

_MEDIA = ("Stream", "Siprec", "Recording", "Transcription")
_SPEECH = ("emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "w")

# Accepted, and written down as an event `accepted`; without media they have nothing to change.
LOGGED: dict[str, frozenset[str]] = {
    "Gather": _words("debug enhanced hints language speechModel"),
    "Dial": _words("events passports recordingConfigurationId ringTone trim"),
    "Number": _words("byoc"),
    "Application": _words("customerId"),
    "Conference": _words("jitterBufferSize recordingConfigurationId region trim"),
    "Record": _words("recordingConfigurationId transcribe transcribeCallback trim"),
    "Uri": _words("password priority username weight"),
    "Config": _words("name value"),
    "Start": _words("action method"),
    **{tag: SHAPES[tag].attributes for tag in (*_MEDIA, *_SPEECH)},
}

# Answered with Twilio's error 13750: what stands behind them is not part of this network.
REFUSED = frozenset(
    [
        "Connect",
        "Pay",
        "Prompt",
        "Task",
        "AiSession",
        "Autopilot",
        "Conversation",
        "ConversationRelay",
        "ConversationRelaySession",
        "Language",
        "Room",
        "VirtualAgent",
    ]
)
REFUSED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "Enqueue": _words("workflowSid"),
    "Queue": _words("postWorkActivitySid reservationSid"),
    **{tag: SHAPES[tag].attributes for tag in REFUSED},
}
