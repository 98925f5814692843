"""The phones page in a real Chromium, narrow and wide, with an accessibility scan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.emulator.conftest import LINE, Stage

pytestmark = pytest.mark.browser


@pytest.fixture(params=[390, 1280])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": request.param, "height": 844})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert problems == []


def test_a_call_dialled_from_the_page(stage: Stage, page: Page) -> None:
    stage.net.time("real")
    stage.net.switches(speech_rate=20)
    stage.line('<Gather numDigits="1" action="/key"><Say>Press one now</Say></Gather><Bad/>')
    stage.app.on("/key", "<Dial><Conference>room</Conference></Dial>")
    stage.net.phone("+15125550101", "Sam")
    page.goto(f"{stage.world.base_url}/phones")
    expect(page.get_by_label("Call or text")).to_have_value(LINE)
    page.get_by_role("button", name="Dial").click()
    heard = page.get_by_role("list", name="Heard")
    expect(heard).to_contain_text("Press one now")
    page.get_by_role("button", name="Key 1").click()
    expect(page.get_by_role("region", name="Live legs")).to_contain_text("in room, alone")
    expect(page.get_by_role("region", name="Conferences")).to_contain_text("Sam")
    hooks = page.get_by_role("region", name="Webhooks")
    expect(hooks).to_contain_text("/key")
    hooks.get_by_text("/voice").click()
    expect(hooks).to_contain_text("X-Twilio-Signature")
    expect(page.get_by_role("region", name="Warnings")).to_contain_text("12200")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0
    page.get_by_role("button", name="Hang up").click()
    expect(page.locator("#now")).to_have_text("No call")


def test_a_phone_is_added_rings_and_is_answered(stage: Stage, page: Page) -> None:
    stage.net.time("real")
    stage.line()
    page.goto(f"{stage.world.base_url}/phones")
    page.get_by_text("Add a phone").click()
    page.get_by_label("Number").fill("nonsense")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("E.164")
    page.get_by_label("Number").fill("+15125550102")
    page.get_by_label("Name").fill("Ana")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Phone", exact=True)).to_have_value("+15125550102")
    stage.client.calls.create(
        to="+15125550102", from_=LINE, twiml="<Response><Say>Good evening Ana</Say></Response>"
    )
    expect(page.locator("#now")).to_contain_text("Ringing")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("list", name="Heard")).to_contain_text("Good evening Ana")
