"""SE1, OP1: webhooks that are forged, odd, lost, repeated, late or out of order."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from router.demo.plays import (
    DISPOSITION_BY_PHONE,
    call_direct_line,
    connect,
)
from router.storage.tables import calls, outbox, receipts, timeline
from tests.faults.pace import IS_ALONE
from tests.faults.scene import Scene, until

FORBIDDEN, ALL_RIGHT, NO_CONTENT, SERVER_ERROR = 403, 200, 204, 500
NOTHING = [0, 0, 0, 0]
UNKNOWN = "CA" + "0" * 32
FORM = {"CallSid": UNKNOWN, "From": "+15125550199", "To": "+15125550100", "CallStatus": "ringing"}


def post(scene: Scene, path: str, form: dict[str, str], signature: str | None) -> tuple[int, str]:
    """What a webhook is answered."""
    address = scene.stack.web_url + path
    request = urllib.request.Request(address, urlencode(form).encode())  # noqa: S310 - our own
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    if signature is not None:
        request.add_header("X-Twilio-Signature", signature)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def signed(scene: Scene, path: str, form: dict[str, str]) -> str:
    token = scene.stack.settings.twilio_auth_token.get_secret_value()
    signature: str = RequestValidator(token).compute_signature(scene.stack.web_url + path, form)
    return signature


def known_calls(scene: Scene) -> list[str]:
    """Calls on record; a last callback of theirs may still arrive."""
    with scene.stack.sessions() as session:
        return list(session.scalars(select(calls.c.id)))


def written(scene: Scene, known: list[str]) -> list[int]:
    """How much is on record of other calls than the known ones."""
    columns = (
        calls.c.id,
        func.split_part(receipts.c.leg_id, "-", 1),
        timeline.c.call_id,
        outbox.c.call_id,
    )
    with scene.stack.sessions() as session:
        return [
            session.scalar(select(func.count()).where(call_id.not_in(known))) or 0
            for call_id in columns
        ]


def test_se1_a_forged_webhook_is_refused_and_nothing_is_written(scene: Scene) -> None:
    known = known_calls(scene)
    right = signed(scene, "/voice/inbound", FORM)
    for form, signature in (
        (FORM, None),
        (FORM, ""),
        (FORM, "x" * 28),
        (FORM | {"From": "+15125550198"}, right),
        (FORM | {"Extra": "1"}, right),
    ):
        assert post(scene, "/voice/inbound", form, signature)[0] == FORBIDDEN
    assert post(scene, "/voice/inbound?x=1", FORM, right)[0] == FORBIDDEN
    assert post(scene, "/voice/inbound/status", FORM, right)[0] == FORBIDDEN
    assert written(scene, known) == NOTHING


def test_op1_a_signed_webhook_that_makes_no_sense_is_answered_with_a_way_to_911(
    scene: Scene,
) -> None:
    known = known_calls(scene)
    unknown = "/voice/caller/zzzzzzzzzzzz-1/keyed/3"
    for path, form in (
        (unknown, {"CallSid": UNKNOWN, "Digits": "1"}),
        (unknown, {}),
        ("/voice/caller/zzzzzzzzzzzz-1/wait", {"CallSid": UNKNOWN}),
        ("/voice/caller/x/answered", {"CallSid": UNKNOWN}),
        ("/voice/inbound", {"From": "+15125550199"}),
        ("/voice/inbound", {}),
        ("/voice/nowhere", FORM),
        (unknown, {"CallSid": UNKNOWN, "Digits": "\x00", "Duration": "x"}),
    ):
        status, body = post(scene, path, form, signed(scene, path, form))
        assert status == ALL_RIGHT, path
        assert "<Dial" in body or "<Gather" in body or "<Redirect" in body, path
    for path in ("/voice/caller/zzzzzzzzzzzz-1/status", "/voice/room/zzzzzzzzzzzz/1"):
        assert post(scene, path, FORM, signed(scene, path, FORM))[0] == NO_CONTENT
    assert written(scene, known) == NOTHING


MISCHIEF = {
    "repeated": [{"do": "repeat"}],
    "reordered": [
        {"do": "reorder", "kind": "status", "probability": 0.5, "seconds": 0.5},
        {"do": "reorder", "kind": "conference", "probability": 0.3, "seconds": 0.5},
        {"do": "repeat", "probability": 0.5},
    ],
    "late": [{"do": "delay", "seconds": 0.4 if IS_ALONE else 0.05}],
    "lost": [{"do": "drop", "kind": "status", "probability": 0.5}],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", MISCHIEF)
def test_op1_webhooks_lost_late_twice_or_out_of_order_end_calls_as_they_should(
    scene: Scene, how: str
) -> None:
    mark = scene.last_webhook()
    scene.network.faults(callbacks=MISCHIEF[how], seed=7)
    resolved = scene.caller("Sol")
    call_direct_line(scene.stage, resolved)
    clinician = connect(scene.stage, resolved)
    scene.ends(resolved)
    clinician.phone.hears("how is the call resolved", within=15)
    scene.presses_until(
        clinician, DISPOSITION_BY_PHONE, lambda: scene.call_of(resolved).outcome == "resolved"
    )
    returned = scene.caller("Rita")
    call_direct_line(scene.stage, returned)
    scene.stage.first_to_ring(scene.stage.clinicians)
    scene.presses_until(returned, "9", lambda: scene.call_of(returned).stage == "returning")
    scene.reaches_911(returned, 20, (f"webhooks {how}", "waiting, presses 9"))
    scene.ends(returned)
    scene.network.faults()

    def is_recorded() -> bool:
        """Beside other tests the fail-safe may have brought the caller to 911, unrecorded."""
        outcome = scene.call_of(returned).outcome
        return outcome == "returned_to_911" or (bool(outcome) and not IS_ALONE)

    until(is_recorded, 60, "it is returned")
    bad = [one for one in scene.network.webhooks(mark) if one["status"] >= SERVER_ERROR]
    assert not bad
