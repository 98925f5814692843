"""The emulator's stage, for what we say to Twilio over REST."""

from __future__ import annotations

from tests.emulator.conftest import app, stage, thread

__all__ = ["app", "stage", "thread"]
