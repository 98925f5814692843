"""What TwiML says of a recording: on <Record>, <Dial>, <Conference> and <Start><Recording>."""

from __future__ import annotations

from ..recordings import Recording, Terms
from ..urls import is_absolute
from .parse import Element
from .session import Session

EVENTS = ("in-progress", "completed", "absent")
TRIMS = ("trim-silence", "do-not-trim")


def read_terms(
    session: Session, element: Element, *, channels: int = 1, track: str = "both"
) -> Terms:
    """How to record and whom to tell, from the recording attributes of `element`."""
    read = session.attributes(element)
    # Trimming changes the sound, which is not kept; a wrong word is told of all the same.
    read.choice("trim", TRIMS, "", 13239 if element.tag == "Conference" else 13699)
    url = read.text("recordingStatusCallback")
    if url:
        target = session.source(url, "POST", {}, "recording")
        url = target.url if target is not None else ""
    return Terms(
        url,
        read.method("recordingStatusCallbackMethod"),
        frozenset(read.words("recordingStatusCallbackEvent", EVENTS, "completed", 13621)),
        channels,
        track,
    )


def record_call(session: Session, element: Element) -> Recording | None:
    """<Start><Recording>. Seen on real accounts: a relative callback address is error 11200."""
    read = session.attributes(element)
    callback = read.text("recordingStatusCallback")
    if callback and not is_absolute(callback):
        session.warn(11200, f"Recording: recordingStatusCallback must be absolute: '{callback}'")
        return None
    channels = read.choice("channels", ("mono", "dual"), "dual")
    track = read.choice("track", ("inbound", "outbound", "both"), "both")
    terms = read_terms(session, element, channels=2 if channels == "dual" else 1, track=track)
    return session.world.recordings.start(session.call, "StartCallRecordingTwiML", terms)
