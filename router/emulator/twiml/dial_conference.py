"""<Dial><Conference>."""

from __future__ import annotations

from ..call import HUNG_UP, Call, Callback, Source
from ..conference import MAX_LABEL, MAX_PARTICIPANTS, MINIMUM, Conference, Participant, Terms
from ..sids import is_sid
from .dial_base import Dial, Result
from .parse import Element
from .session import Session


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
        self.participant.on_left = lambda _: self.inbox.put_nowait(("left", None))
        self.call.answer()
        conference.join(self.participant)
        await self.until_over(frozenset(["left"]))
        conference.remove_participant(self.participant, HUNG_UP)
        return {"DialCallStatus": "answered", "DialBridged": "true"}

    def release(self, reason: str) -> Result:
        if self.participant is not None:
            self.participant.conference.remove_participant(self.participant, reason)
        return {"DialCallStatus": "answered", "DialBridged": "true"}

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
            beep=read.choice("beep", ("true", "false", "onEnter", "onExit"), "true", 13235),
            wait=self._wait(),
        )
        return Participant(self.call, conference, terms)

    def _wait(self) -> Source | None:
        """None means Twilio's own music; an empty address means silence."""
        if not self.noun.has("waitUrl"):
            return None
        if not self.noun.get("waitUrl"):
            return Source()
        method = self.session.attributes(self.noun).method("waitMethod", 13234)
        return self.session.source(self.noun.get("waitUrl"), method, {}, "wait") or Source()

    def _callback(self) -> Callback | None:
        """The conference's events; TwiML's default is none of them."""
        if not self.noun.has("statusCallback"):
            return None
        read = self.session.attributes(self.noun)
        target = self.session.source(self.noun.get("statusCallback"), "POST", {}, "conference")
        if target is None:
            return None
        events = frozenset(read.words("statusCallbackEvent"))
        return Callback(target.url, read.method("statusCallbackMethod"), events)
