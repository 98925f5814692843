"""Access tokens of softphones: who may be called as which client, and call through what.

They are JWTs as Twilio's helper libraries make them: signed HS256 with an API key's secret, the key
as issuer, the account as subject, and a voice grant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options

INVALID, EXPIRED, REFUSED = 20101, 20104, 20151
MAX_SECONDS = 24 * 3600  # Twilio: a token lives at most 24 hours


class TokenError(Exception):
    """A token is refused; `code` is Twilio's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class VoiceGrant:
    """What a valid token allows; `expires_at` in seconds since the epoch."""

    identity: str
    application_sid: str
    params: dict[str, str]
    incoming: bool
    expires_at: float


def read_token(token: str, account_sid: str, keys: dict[str, str], now: float) -> VoiceGrant:
    """The grant of a token signed with one of `keys` (API key SID: secret).

    `now` is the wall clock, which the application that made the token goes by, whatever the
    network's own time does. TokenError with 20101 (not a valid token of this account) or 20104.
    """
    claims = _verified(token, keys)
    if claims.get("sub") != account_sid:
        raise TokenError(INVALID, f"the token's subject is not the account {account_sid}")
    expires_at, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires_at, (int, float)) or not isinstance(not_before, (int, float)):
        raise TokenError(INVALID, "the token's exp or nbf is missing or not a number")
    if expires_at <= now:
        raise TokenError(EXPIRED, "the token has expired")
    if not_before > now + 1 or expires_at > now + MAX_SECONDS + 1:
        raise TokenError(INVALID, "the token is not valid yet, or for longer than 24 hours")
    return _grant(claims, float(expires_at))


def _verified(token: str, keys: dict[str, str]) -> dict[str, Any]:
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise TokenError(INVALID, f"not a JWT: {error}") from None
    secret = keys.get(issuer) if isinstance(issuer, str) else None
    if secret is None:
        raise TokenError(INVALID, f"the token's issuer {issuer!r} is no API key of this account")
    # Times are the caller's to check, by its own clock.
    unchecked: Options = {
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
        "verify_sub": False,
        "verify_jti": False,
    }
    try:
        claims: dict[str, Any] = jwt.decode(token, secret, ["HS256"], options=unchecked)
    except jwt.InvalidTokenError:
        raise TokenError(INVALID, f"the signature is not that of the key {issuer}") from None
    return claims


def _grant(claims: dict[str, Any], expires_at: float) -> VoiceGrant:
    grants = claims.get("grants")
    identity = grants.get("identity") if isinstance(grants, dict) else None
    voice = grants.get("voice") if isinstance(grants, dict) else None
    if not isinstance(identity, str) or not identity or not isinstance(voice, dict):
        raise TokenError(INVALID, "the token has no identity or no voice grant")
    outgoing, incoming = voice.get("outgoing", {}), voice.get("incoming", {})
    if not isinstance(outgoing, dict) or not isinstance(incoming, dict):
        raise TokenError(INVALID, "the voice grant's outgoing and incoming must be objects")
    params = outgoing.get("params") or {}
    return VoiceGrant(
        identity,
        str(outgoing.get("application_sid") or ""),
        {str(k): str(v) for k, v in params.items()} if isinstance(params, dict) else {},
        incoming.get("allow") is True,
        expires_at,
    )
