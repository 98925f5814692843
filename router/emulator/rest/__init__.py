"""Twilio's REST API, one file a resource."""
