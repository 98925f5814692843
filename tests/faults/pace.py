"""How strict the fault tests are: alone on the machine, or beside the rest of the suite.

`dev.py soak faults` plays them alone. There seconds are promises to callers and are asserted as
they were given. Beside other tests the machine has other things to do: what happens is asserted
(who the caller is with, exactly once, nothing lost), within times that only a program that has
stopped would exceed.
"""

from __future__ import annotations

import os

import pytest

IS_ALONE = os.environ.get("SWITCHBACK_FAULTS") == "alone"
BUSY_SECONDS = 10.0
"""What is granted beyond a promise on a machine that is busy with other tests."""

soak_only = pytest.mark.skipif(
    not IS_ALONE, reason="long by design: dev.py soak faults plays it, alone on the machine"
)


def granted(seconds: float) -> float:
    """The seconds granted for what is promised within `seconds`."""
    return seconds if IS_ALONE else seconds + BUSY_SECONDS
