"""Processes beside the web: call commands and due-times, dispatches, notifications."""
