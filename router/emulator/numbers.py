"""What calls and texts to the account are for: its phone numbers and its TwiML applications."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Wiring:
    """Where calls and texts to something go: what a number and an application have in common."""

    sid: str
    friendly_name: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    status_callback: str = ""
    status_callback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    created: float = 0.0
    updated: float = 0.0


@dataclass
class Application(Wiring):
    """A TwiML application: where calls of a client party go, or those to several numbers."""

    sms_status_callback: str = ""
    message_status_callback: str = ""
    public_application_connect_enabled: bool = False


@dataclass
class Number(Wiring):
    """An IncomingPhoneNumber of the account."""

    number: str = ""
    voice_application_sid: str = ""
    sms_application_sid: str = ""
    address_sid: str = ""
    emergency_address_sid: str = ""
    emergency_status: str = "Inactive"
    bundle_sid: str = ""
    identity_sid: str = ""
