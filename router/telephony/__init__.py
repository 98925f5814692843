"""Twilio's contract, both ways: signed forms in, TwiML and REST out. It decides nothing."""
