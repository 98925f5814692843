"""<Dial>: which kind it is."""

from __future__ import annotations

from .dial_conference import DialConference
from .dial_legs import DialLegs
from .dial_queue import DialQueue
from .parse import Element
from .session import Next, Session


async def dial(session: Session, element: Element) -> Next:
    nouns = [child for child in element.children if child.valid]
    tags = {noun.tag for noun in nouns}
    if tags & {"Conference", "Queue"} and len(nouns) > 1:
        session.warn(13000, "Conference Noun cannot be mixed with Number nouns")
    for noun in nouns:
        if noun.tag == "Conference":
            return await DialConference(session, element, noun).run()
        if noun.tag == "Queue":
            return await DialQueue(session, element, noun).run()
    return await DialLegs(session, element, nouns).run()
