"""Switchback: clinicians brought into 911 calls."""
