"""What happens on the phone: pure functions, no clock, no randomness, no input or output."""
