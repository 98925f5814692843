"""The ways in: Twilio's webhooks, the API, the console. They parse, call a service and answer."""
