"""Telephone numbers for those who carry a call out; the flows know people and lines by id alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr_flows import targets
from ivr_flows.call import Call
from router.storage.dispatches import find_team_phone
from router.storage.outside_numbers import find_number
from router.storage.programs import find_return_number, list_line_numbers
from router.telephony.sip_address import fill_in, is_sip


@dataclass(frozen=True, slots=True)
class StoredNumbers:
    """Numbers looked up when one is needed, which is rare. `caller_id` is the program's line."""

    session: Session
    caller_id: str

    def find_line_number(self, call: Call, line_id: str) -> str | None:
        """The number (E.164) or SIP address of a 911 line of the program, or of a party outside."""
        kind, _, name = line_id.partition(":")
        if kind == targets.NUMBER:
            return find_number(self.session, call.id, name)
        if kind == targets.TEAM:
            return find_team_phone(self.session, name)
        found = find_return_number(self.session, call.program, line_id)
        return fill_in(found, call) if found is not None and is_sip(found) else found

    def find_caller_id(self, call: Call) -> str | None:
        """The number (E.164) that whoever we ring for the call is shown."""
        return list_line_numbers(self.session, call.program).get(self.caller_id)
