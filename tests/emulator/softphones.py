"""What the tests of softphones share: API keys and access tokens, as an application makes them."""

from __future__ import annotations

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from tests.emulator.conftest import ACCOUNT, Stage

KEY = "SK" + "0123456789abcdef" * 2
SECRET = "a secret of thirty-two characters"


def make_token(
    identity: str = "ana",
    *,
    application: str | None = None,
    incoming: bool = True,
    ttl: int = 3600,
    key: str = KEY,
    secret: str = SECRET,
    account: str = ACCOUNT,
) -> str:
    """A token by Twilio's own helper library."""
    token = AccessToken(account, key, secret, identity=identity, ttl=ttl)
    token.add_grant(
        VoiceGrant(incoming_allow=incoming, outgoing_application_sid=application or None)
    )
    jwt: str = token.to_jwt()
    return jwt


def make_application(stage: Stage, verbs: str = "<Say>Hello</Say>") -> str:
    """A TwiML application whose voice URL answers `verbs`; its SID."""
    stage.app.on("/app", verbs)
    sid = stage.client.applications.create(
        friendly_name="desk", voice_url=stage.app.url("/app")
    ).sid
    assert sid is not None
    return str(sid)
