"""Twilio's REST errors: what is refused, with which status and code."""

from __future__ import annotations

from typing import Any

# code: (HTTP status, message), after Twilio's error dictionary.
MESSAGES: dict[int, tuple[int, str]] = {
    10004: (429, "Call concurrency limit exceeded"),
    16020: (400, "Conference is full"),
    16021: (429, "Failed to join conference due to account concurrency limit exceeded"),
    16022: (404, "Conference does not exist or is completed"),
    16024: (400, "Invalid participant label"),
    16026: (400, "Participant label is in use by another participant"),
    16027: (400, "Participant to be whispered is on hold"),
    16028: (400, "Participant to be whispered is not present in the conference"),
    20001: (400, "Unknown parameters"),
    20002: (400, "Invalid FriendlyName"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20007: (400, "Page size too large"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20010: (403, "Action disabled for account"),
    20404: (404, "The requested resource was not found"),
    20409: (409, "Conflict"),
    20413: (413, "Request Entity Too Large"),
    20422: (400, "Invalid Parameter"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url parameter is required."),
    21206: (400, "Invalid SendDigits"),
    21208: (400, "Invalid Timeout"),
    21209: (400, "Invalid Method"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid From Number (caller ID)"),
    21213: (400, "'From' phone number is required"),
    21218: (400, "Invalid ApplicationSid"),
    21220: (400, "Invalid call state"),
    21221: (400, "Invalid SipAuthUsername. Must be fewer than 256 chars"),
    21223: (400, "Invalid SipAuthPassword. Must be fewer than 256 chars"),
    21225: (400, "SipAuthPassword is required when providing SipAuthUsername"),
    21227: (400, "Headers portion of SIP URI must be fewer than 1024 chars"),
    21234: (400, "Invalid Machine Detection configuration value"),
    21263: (400, "Invalid Answering Machine Detection Parameters"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21300: (400, "Invalid BYOC trunk SID"),
    21401: (400, "Invalid Phone Number"),
    21402: (400, "Invalid Url"),
    21403: (400, "Invalid Method"),
    21420: (400, "ApplicationSid is not accessible"),
    21421: (400, "PhoneNumber is invalid"),
    21422: (400, "PhoneNumber is not available"),
    21450: (400, "Phone number already validated on your account"),
    21451: (400, "Invalid area code"),
    21452: (400, "No phone numbers found in area code"),
    21454: (400, "Invalid CallDelay"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' phone number is not a valid, message-capable number of your account"),
    21609: (400, "Invalid 'StatusCallback'"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21626: (400, "Invalid 'StatusCallbackEvent'"),
    21701: (400, "The Messaging Service does not exist"),
    22003: (400, "Queue is not empty"),
    35111: (400, "SendAt timestamp is missing"),
    35114: (400, "Scheduling does not support this timestamp"),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
    35126: (400, "The ScheduleType value provided is not supported for this channel"),
}


class TwilioError(Exception):
    """A refusal that the REST API puts into words."""

    def __init__(self, code: int, detail: str = "", status: int = 0) -> None:
        default_status, message = MESSAGES.get(code, (400, "Bad request"))
        self.code = code
        self.status = status or default_status
        self.message = f"{message}: {detail}" if detail else message
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
