"""Numbers, applications and caller ids by REST, and what they do to calls."""

from __future__ import annotations

import pytest

from tests.emulator.conftest import Stage
from tests.emulator.test_contract import new_address
from tests.emulator.test_rest import place, refused

ANA, LEE = "+15125550102", "+15125550103"


def test_an_application_takes_the_place_of_a_numbers_own_addresses(stage: Stage) -> None:
    stage.app.on("/application", "<Say>Of the application</Say>")
    application = stage.client.applications.create(
        voice_url=stage.app.url("/application"), status_callback=stage.app.url("/ended")
    )
    stage.line(voice_application_sid=application.sid, status_callback=stage.app.url("/own"))
    stage.caller().hears("Of the application")
    stage.net.advance(5)
    assert len(stage.app.to("/ended")) == 1
    assert stage.app.to("/voice") == stage.app.to("/own") == []


def test_the_callers_name_is_looked_up_when_asked_for(stage: Stage) -> None:
    stage.line(voice_caller_id_lookup="true")
    stage.caller()
    assert stage.app.to("/voice")[0]["CallerName"] == "SAM"


def test_a_number_is_picked_from_an_area(stage: Stage) -> None:
    numbers = stage.client.incoming_phone_numbers
    stage.net.phone("+16025550100")
    assert [numbers.create(area_code="602").phone_number for _ in range(2)] == [
        "+16025550101",
        "+16025550102",
    ]


def test_nothing_is_changed_when_anything_is_refused(stage: Stage) -> None:
    stage.line(friendly_name="The line")
    number = stage.client.incoming_phone_numbers.list()[0]
    assert refused(number.update, friendly_name="New", voice_url="nonsense") == (400, 21402)
    assert number.fetch().friendly_name == "The line"


def test_calls_may_be_made_from_a_number_whose_owner_agreed(stage: Stage) -> None:
    stage.line()
    lee = stage.net.phone(LEE, "Lee", on_ring="answer")
    create = stage.client.calls.create
    assert refused(create, to=ANA, from_=LEE, twiml="<Response/>") == (400, 21212)
    asked = stage.client.validation_requests.create(
        phone_number=LEE, status_callback=stage.app.url("/validated")
    )
    lee.hears("enter your verification code")
    lee.presses(asked.validation_code)
    stage.net.advance(1)
    told = stage.app.to("/validated")[0]
    assert (told["VerificationStatus"], told["CallSid"]) == ("success", asked.call_sid)
    known = stage.client.outgoing_caller_ids.list()[0]
    assert (known.sid, known.phone_number) == (told["OutgoingCallerIdSid"], LEE)
    assert create(to=ANA, from_=LEE, twiml="<Response/>")._from == LEE
    known.delete()
    assert refused(create, to=ANA, from_=LEE, twiml="<Response/>") == (400, 21212)


@pytest.mark.parametrize("typed", ["000000", "12", ""])
def test_a_wrong_code_or_none_validates_nothing(stage: Stage, typed: str) -> None:
    lee = stage.net.phone(LEE, "Lee", on_ring="answer")
    stage.client.validation_requests.create(
        phone_number=LEE, status_callback=stage.app.url("/validated")
    )
    stage.net.advance(1)
    if typed:
        lee.presses(typed)
    stage.net.advance(60)
    lee.is_hung_up()
    assert stage.app.to("/validated")[0]["VerificationStatus"] == "failed"
    assert stage.client.outgoing_caller_ids.list() == []


@pytest.mark.parametrize("registered", [True, False])
def test_an_emergency_call_wants_a_registered_address(stage: Stage, *, registered: bool) -> None:
    address = new_address(stage)
    stage.line(**({"emergency_address_sid": address} if registered else {}))
    place(stage, "933")
    codes = [entry["code"] for entry in stage.net.debugger()]
    assert codes == ([] if registered else [22221])
    if registered:
        assert refused(stage.client.addresses(address).delete) == (409, 20409)
