"""DI3 and DI4: the signed link of a page, without a sign-in and without a secret in a cookie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from router.app import create_app
from router.config import Settings
from router.services.advance_dispatch import advance_dispatch
from router.services.dispatch_moves import Paging
from router.services.page_links import VALID_SECONDS, PageLinks
from tests.services.conftest import Line, clock, line, line_on
from tests.services.fake_carrier import FakeCarrier
from tests.services.test_dispatch import NORTH, Teams

__all__ = ["clock", "line", "line_on"]  # fixtures


@pytest.fixture
def crew(line: Line, settings: Settings) -> Teams:
    links = PageLinks(settings.public_url, settings.secret_key.get_secret_value())
    made = Teams(line, Paging(line.exchange, links), FakeCarrier(now=lambda: line.clock.at))
    made.add("north", NORTH, 1)
    return made


@pytest.fixture
def client(crew: Teams, settings: Settings, tmp_path: Path) -> FlaskClient:
    aimed = settings.model_copy(update={"state_dir": tmp_path})
    return create_app(aimed, crew.line.exchange.sessions).test_client()


@pytest.fixture
def paged(crew: Teams) -> tuple[str, str]:
    """A request and the path of the first member's link."""
    dispatch_id = crew.ask()
    advance_dispatch(crew.paging, dispatch_id)
    page = crew.pages(dispatch_id)["nia", "sms"]
    return dispatch_id, re.sub(r"https?://[^/]+", "", crew.paging.links.link(page.id))


def buttons(html: str) -> list[str]:
    return re.findall(r'name="do" value="(\w+)"', html)


def test_di3_a_crew_accepts_and_reports_by_its_link(
    client: FlaskClient, crew: Teams, paged: tuple[str, str]
) -> None:
    dispatch_id, path = paged
    shown = client.get(path)
    assert shown.status_code == 200
    assert buttons(shown.text) == ["accept", "decline"]
    assert "the place on the incident" in shown.text
    assert client.get(path).text == shown.text  # looking changes nothing
    client.post(path, data={"do": "accept"})
    assert crew.request(dispatch_id).status == "acknowledged"
    for wanted, left in (
        ("en_route", ["on_scene", "cleared"]),
        ("on_scene", ["cleared"]),
        ("cleared", []),
    ):
        answer = client.post(path, data={"do": wanted}, follow_redirects=True)
        assert crew.request(dispatch_id).status == wanted
        assert buttons(answer.text) == left
    assert "Set-Cookie" not in shown.headers


@pytest.mark.parametrize("wanted", ["cleared", "nonsense", ""])
def test_what_does_not_follow_is_refused_in_words(
    client: FlaskClient, crew: Teams, paged: tuple[str, str], wanted: str
) -> None:
    dispatch_id, path = paged
    answer = client.post(path, data={"do": wanted}, follow_redirects=True)
    assert answer.status_code == 200
    assert "no longer follows" in answer.text
    assert crew.request(dispatch_id).status == "assigned"


def test_se1_a_forged_or_old_link_opens_nothing(
    client: FlaskClient, crew: Teams, paged: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch_id, path = paged
    for forged in (path[:-1], "/t/x", path.replace("/t/", "/t/a")):
        assert client.get(forged).status_code == 404
        assert client.post(forged, data={"do": "accept"}).status_code == 404
    monkeypatch.setattr("router.services.page_links.VALID_SECONDS", -1)
    assert VALID_SECONDS > 0
    assert client.get(path).status_code == 404
    assert crew.request(dispatch_id).status == "assigned"
