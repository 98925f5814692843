"""The control API: people with phones, what they hear, time, faults and switches."""
