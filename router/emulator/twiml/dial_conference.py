"""<Dial><Conference>."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..call import HUNG_UP, Call, Callback, Source
from ..conference import MAX_LABEL, MAX_PARTICIPANTS, MINIMUM, Conference, Participant, Terms
from ..formats import rfc2822
from ..sids import is_sid
from ..webhooks import Webhook
from .dial_base import CONFERENCE_EVENTS, Dial, Result
from .parse import Element
from .recording import read_terms
from .session import Session

if TYPE_CHECKING:
    from ..recordings import Recording

_BEEPS = ("true", "false", "onEnter", "onExit")
_RECORD = ("do-not-record", "record-from-start", "true", "false")
_JOINED: Result = {"DialCallStatus": "answered", "DialBridged": "true"}


class DialConference(Dial):
    """Joins the leg to a conference until it leaves or the conference ends."""

    def __init__(self, session: Session, element: Element, noun: Element) -> None:
        super().__init__(session, element)
        self.noun = noun
        self.participant: Participant | None = None

    async def connect(self) -> Result:
        conference = self._conference()
        if conference is None:
            return {"DialCallStatus": "failed"}
        self.participant = self._participant(conference)
        if self.participant is None:
            return {"DialCallStatus": "failed"}
        conference.subscribe(self._callback())
        self._record(conference)
        self.start_recording("answer")
        self.participant.on_left = lambda _: self.inbox.put_nowait(("left", None))
        self.call.answer()
        conference.join(self.participant)
        await self.until_over(frozenset(["left"]))
        conference.remove_participant(self.participant, HUNG_UP)
        return _JOINED | self.stop_recording()

    def release(self, reason: str) -> Result:
        if self.participant is not None:
            self.participant.conference.remove_participant(self.participant, reason)
        return _JOINED | self.stop_recording()

    def _conference(self) -> Conference | None:
        name = self.noun.text
        if not name:
            self.session.warn(13237, "Dial->Conference: Invalid Conference Name")
            return None
        read = self.session.attributes(self.noun)
        limit = read.number("maxParticipants", MAX_PARTICIPANTS, low=MINIMUM, high=MAX_PARTICIPANTS)
        conferences = self.world.conferences
        if is_sid(name, "CF") and name in conferences.by_sid:
            return conferences.by_sid[name]
        conference = conferences.open(name, limit)
        if len(conference.seats) >= conference.limit:
            self.session.warn(16020, "Conference is full")
            return None
        if conferences.at_limit():
            message = "Failed to join conference due to account concurrency limit exceeded"
            self.session.warn(16021, message)
            return None
        return conference

    def _participant(self, conference: Conference) -> Participant | None:
        read = self.session.attributes(self.noun)
        label = read.text("participantLabel")
        if label and (len(label) > MAX_LABEL or "/" in label or is_sid(label, "CA")):
            self.session.warn(16023, "Dial->Conference: Invalid participant label")
            label = ""
        if label and conference.find(label) is not None:
            self.session.warn(16025, "Participant label is in use by another participant")
            return None
        coaches: Call | None = None
        if read.text("coach"):
            found = conference.find(read.text("coach"))
            if found is None:
                self.session.warn(13240, "Dial->Conference: Invalid Whisper SID")
                return None
            coaches = found.call
        terms = Terms(
            label=label,
            start_on_enter=read.flag("startConferenceOnEnter", default=True, code=13232),
            end_on_exit=read.flag("endConferenceOnExit", default=False, code=13231),
            muted=read.flag("muted", default=False, code=13230),
            coaches=coaches,
            beep=read.choice("beep", _BEEPS, "true", 13235),
            wait=self._wait(),
        )
        return Participant(self.call, conference, terms)

    def _wait(self) -> Source | None:
        """None means Twilio's own music; an empty address means silence."""
        if not self.noun.has("waitUrl"):
            return None
        if not self.noun.get("waitUrl"):
            return Source()
        url, method = self.noun.get("waitUrl"), self._wait_method()
        return self.session.source(url, method, {}, "wait") or Source()

    def _callback(self) -> Callback | None:
        """The conference's events; TwiML's default is none of them."""
        if not self.noun.has("statusCallback"):
            return None
        read = self.session.attributes(self.noun)
        target = self.session.source(self.noun.get("statusCallback"), "POST", {}, "conference")
        if target is None:
            return None
        events = frozenset(read.words("statusCallbackEvent", CONFERENCE_EVENTS))
        default = "POST"
        if self.world.switches.conference_callback_method == "waitMethod":
            default = self._wait_method()
        return Callback(target.url, read.method("statusCallbackMethod", default=default), events)

    def _wait_method(self) -> str:
        """Twilio: POST for a waitUrl of the application, GET for its own music."""
        default = "POST" if self.noun.has("waitUrl") else "GET"
        return self.session.attributes(self.noun).method("waitMethod", 13234, default)

    def _record(self, conference: Conference) -> None:
        """Record from the start; as with the events, the first participant decides."""
        read = self.session.attributes(self.noun)
        terms = read_terms(self.session, self.noun)
        wanted = read.choice("record", _RECORD, "do-not-record")
        first = not conference.seats and not conference.on_start
        if wanted not in ("record-from-start", "true") or not first:
            return
        url = read.text("eventCallbackUrl")
        target = self.session.source(url, "POST", {}, "conference-record") if url else None

        def start() -> None:
            recordings = self.world.recordings
            recording = recordings.start_conference(conference, self.call.sid, terms)
            if target is not None:
                conference.on_end.append(lambda: self._tell_end(recording, target.url))

        conference.on_start.append(start)

    def _tell_end(self, recording: Recording, url: str) -> None:
        """The older callback of a recorded conference."""
        params = {
            "AccountSid": self.world.account_sid,
            "ConferenceSid": recording.conference_sid or "",
            "EventName": "conference-record-end",
            "RecordingUrl": recording.media_url(self.world),
            "Duration": str(recording.duration),
            "RecordingFileSize": str(recording.sound_bytes(recording.terms.channels)),
            "Timestamp": rfc2822(self.world.clock.now()),
        }
        hook = Webhook("conference-record", url, params)
        self.world.webhooks.tell(recording.conference_sid or recording.sid, hook)
