"""Twilio's requests as they come over the wire, signed, with the parameters it really sends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

LINE = "+15125550100"
ACTION = re.compile(r'<(?:Gather|Enqueue|Dial)\b[^>]* action="([^"#]+)')
# Parameters of every voice webhook, as Twilio documents them; the caller's place is what a carrier
# tells, and is long enough to weigh in the signature.
COMMON = {
    "AccountSid": "AC" + "0" * 32,
    "ApiVersion": "2010-04-01",
    "CallStatus": "in-progress",
    "Called": LINE,
    "CalledCity": "AUSTIN",
    "CalledCountry": "US",
    "CalledState": "TX",
    "CalledZip": "78701",
    "CallerCity": "AUSTIN",
    "CallerCountry": "US",
    "CallerState": "TX",
    "CallerZip": "78701",
    "Direction": "inbound",
    "FromCity": "AUSTIN",
    "FromCountry": "US",
    "FromState": "TX",
    "FromZip": "78701",
    "To": LINE,
    "ToCity": "AUSTIN",
    "ToCountry": "US",
    "ToState": "TX",
    "ToZip": "78701",
}


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes requests for the application known as `public_url`, signed with its token."""

    public_url: str
    token: str

    def form(self, path: str, **values: str) -> tuple[str, dict[str, str]]:
        """The urlencoded body and the headers of one POST."""
        parameters = {**COMMON, **values}
        text = self.public_url + path + "".join(k + parameters[k] for k in sorted(parameters))
        digest = hmac.new(self.token.encode(), text.encode(), hashlib.sha1).digest()
        return urlencode(parameters), {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }

    def request(self, path: str, values: Mapping[str, str]) -> bytes:
        """The whole request as bytes."""
        body, headers = self.form(path, **values)
        host = urlsplit(self.public_url).netloc
        lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def arrival(number: int) -> dict[str, str]:
    """What a new caller's first request says; `number` tells callers apart."""
    area, last = 200 + number // 100 % 800, 100 + number % 100
    caller = f"+1{area}555{last:04}"
    return {
        "CallSid": f"CA{number:032x}",
        "From": caller,
        "Caller": caller,
        "CallStatus": "ringing",
    }


def action_path(document: str) -> str:
    """The path of the address that the document's question goes to, "" for a document without."""
    found = ACTION.search(document)
    return urlsplit(found[1]).path if found else ""
