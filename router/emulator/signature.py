"""X-Twilio-Signature: base64(HMAC-SHA1(token, URL + sorted keys and values))."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit


def sign(token: str, url: str, params: Mapping[str, str] | None = None) -> str:
    """Sign `url` (without its fragment) and, for a POST, the form's parameters.

    Twilio signs the values un-encoded and an empty value as its key alone.
    """
    text = url + "".join(key + value for key, value in sorted((params or {}).items()))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def with_body_hash(url: str, body: bytes) -> str:
    """The address a body that is no form is sent to: Twilio names the body's SHA-256 in its query.

    The signature of such a request is over this address alone.
    """
    separator = "&" if urlsplit(url).query else "?"
    return f"{url}{separator}bodySHA256={hashlib.sha256(body).hexdigest()}"
