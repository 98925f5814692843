"""A telephone company in a box: Twilio Programmable Voice on the loopback, in its own process."""
