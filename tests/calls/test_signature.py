"""Nobody but the carrier gets an answer (SE1)."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from router.demo.stage import Stage
from router.storage.tables import calls, receipts

INBOUND = {"CallSid": "CA" + "0" * 32, "From": "+15125550199", "To": "+15125550100"}


@pytest.mark.parametrize("signature", [None, "", "bm90IHNpZ25lZA=="])
@pytest.mark.parametrize(
    "path", ["/voice/inbound", "/voice/caller/aaaaaaaaaaaa-1/keyed/1", "/sms/inbound"]
)
def test_se1_an_unsigned_webhook_is_refused_and_writes_nothing(
    stage: Stage, path: str, signature: str | None
) -> None:
    def rows() -> list[int]:
        with stage.stack.sessions() as session:
            tables = (calls, receipts)
            return [session.scalar(select(func.count()).select_from(t)) or 0 for t in tables]

    before = rows()
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    web = HTTPConnection("127.0.0.1", stage.stack.ports["web"], timeout=5)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    web.request("POST", path, urlencode(INBOUND), {**form, **headers})
    assert web.getresponse().status == 403
    web.close()
    assert rows() == before
