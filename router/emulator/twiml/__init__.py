"""The interpreter of TwiML: reading documents, and one class a verb."""
