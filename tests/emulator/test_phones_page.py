"""The phones page in a real Chromium, narrow and wide, with an accessibility scan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.emulator.conftest import LINE, Stage

pytestmark = pytest.mark.browser
SAM, ANA = "+15125550101", "+15125550102"


@pytest.fixture(params=[390, 1280])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from _page(browser, request.param, "light")


@pytest.fixture
def wide(browser: Browser) -> Iterator[Page]:
    yield from _page(browser, 1280, "dark")


def _page(browser: Browser, width: int, scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def phone(page: Page, number: int) -> Locator:
    return page.get_by_role("region", name=f"Phone {number}")


def is_sound(page: Page) -> None:
    """No accessibility violation, and nothing wider than the window."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0


def test_two_phones_talk_on_one_screen_and_the_log_tells_how(stage: Stage, page: Page) -> None:
    """Caller and clinician, by hand: dial, hear, keys, ring, answer, speak; then every log."""
    stage.line('<Gather numDigits="1" action="/key"><Say>Press one now</Say></Gather><Bad/>')
    stage.app.on("/key", f'<Dial action="/gone"><Number>{ANA}</Number></Dial>')
    stage.app.on("/gone", (500, "broken"))
    stage.net.phone(SAM, "Sam")
    stage.net.phone(ANA, "Ana")
    page.goto(f"{stage.world.base_url}/phones")
    sam, ana = phone(page, 1), phone(page, 2)
    expect(sam.get_by_label("Call or text")).to_have_value(LINE)
    expect(ana.get_by_role("combobox", name="Phone", exact=True)).to_have_value(ANA)
    sam.get_by_role("button", name="Dial").click()
    expect(sam.get_by_role("list", name="Heard")).to_contain_text("Press one now")
    # A key of the keyboard, with the focus on the keypad.
    expect(sam.get_by_role("button", name="Key 5")).to_be_enabled()
    sam.get_by_role("button", name="Key 5").focus()
    page.keyboard.press("1")
    expect(sam.get_by_role("list", name="Heard")).to_contain_text("pressed 1")
    stage.net.advance(0)
    expect(ana.get_by_role("status")).to_have_text(f"Ringing: {SAM}")
    ana.get_by_role("button", name="Answer").click()
    expect(sam.get_by_role("status")).to_have_text("hears Ana")
    ana.get_by_label("Say or text").fill("How are you")
    ana.get_by_role("button", name="Say", exact=True).click()
    expect(sam.get_by_role("list", name="Heard")).to_contain_text("Ana: How are you")
    live = page.get_by_role("region", name="Live")
    expect(live).to_contain_text("hears Sam")
    ana.get_by_role("button", name="Hang up").click()
    expect(sam.get_by_role("status")).not_to_have_text("hears Ana")
    live.get_by_text("Calls that are over").click()
    expect(live.get_by_role("list", name="Calls that are over")).to_contain_text(
        "Ana completed, 0 s"
    )

    hooks = page.get_by_role("region", name="Webhooks")
    hooks.get_by_text("/key").click()
    expect(hooks).to_contain_text("X-Twilio-Signature")
    expect(hooks.get_by_role("definition").get_by_text("1", exact=True)).to_be_visible()
    expect(hooks.locator("pre")).to_contain_text(f'  <Dial action="/gone">\n    <Number>{ANA}')
    hooks.get_by_label("Only failures and retries").check()
    expect(hooks.get_by_role("listitem")).to_have_count(1)
    expect(hooks.get_by_role("listitem")).to_contain_text("500, error 11200")
    trouble = page.get_by_role("region", name="Warnings")
    expect(trouble).to_contain_text("error 11200")
    expect(trouble).to_contain_text("the fallback URL is asked next")
    is_sound(page)


def test_the_log_shows_one_call(stage: Stage, wide: Page) -> None:
    stage.line("<Enqueue waitUrl='/wait'>desk</Enqueue>")
    stage.app.on("/wait", "<Play>music</Play>")
    stage.caller(SAM, "Sam")
    stage.caller(ANA, "Ana")
    wide.goto(f"{stage.world.base_url}/phones")
    hooks = wide.get_by_role("region", name="Webhooks")
    expect(wide.get_by_role("list", name="Queues")).to_contain_text("Sam, Ana")
    expect(hooks.get_by_text("/voice")).to_have_count(2)
    wide.get_by_role("button", name="Webhooks of the call of Ana").click()
    expect(hooks.get_by_text("/voice")).to_have_count(1)
    hooks.get_by_role("combobox", name="Call", exact=True).select_option("")
    expect(hooks.get_by_text("/voice")).to_have_count(2)


def test_a_phone_is_added_and_texts(stage: Stage, wide: Page) -> None:
    stage.app.on("/sms", "<Message>Got it</Message>")
    stage.client.incoming_phone_numbers.create(
        phone_number=LINE, voice_url=stage.app.url("/voice"), sms_url=stage.app.url("/sms")
    )
    wide.goto(f"{stage.world.base_url}/phones")
    one = phone(wide, 1)
    one.get_by_label("New number").fill("nonsense")
    one.get_by_role("button", name="Add").click()
    expect(one.get_by_role("alert")).to_contain_text("E.164")
    one.get_by_label("New number").fill(ANA)
    one.get_by_label("Name").fill("Ana")
    one.get_by_role("button", name="Add").click()
    expect(one.get_by_role("combobox", name="Phone", exact=True)).to_have_value(ANA)
    one.get_by_label("Say or text").fill("Hello line")
    one.get_by_role("button", name="Send as text").click()
    texts = wide.get_by_role("region", name="Texts")
    expect(texts).to_contain_text("Hello line")
    stage.net.advance(1)
    expect(one.get_by_role("list", name="Heard")).to_contain_text("Got it")
    expect(texts).to_contain_text("Got it delivered")
    one.get_by_text("Set up or add a phone").click()
    one.get_by_label("When it rings").select_option("busy")
    expect(one.locator(".problem")).to_be_empty()
    wide.reload()
    expect(phone(wide, 1).get_by_role("combobox", name="Phone", exact=True)).to_have_value(ANA)
    assert stage.net.phone(ANA).state()["name"] == "Ana"


def test_time_faults_and_switches_are_in_ones_hand(stage: Stage, wide: Page) -> None:
    stage.line("<Say>One two three four five</Say><Say>The second</Say>")
    sam = stage.caller(SAM, "Sam")
    wide.goto(f"{stage.world.base_url}/phones")
    status = wide.locator("#network")
    expect(status).to_contain_text("time by hand")
    heard = phone(wide, 1).get_by_role("list", name="Heard")
    expect(heard).to_contain_text("One two")
    wide.get_by_role("button", name="+1 s", exact=True).click()
    wide.get_by_label("Seconds", exact=True).fill("1.5")
    wide.get_by_role("button", name="Advance").click()
    expect(heard).to_contain_text("The second")
    wide.get_by_role("radio", name="Fast").check()
    expect(status).to_contain_text("time 10")
    wide.get_by_role("radio", name="By hand").check()
    expect(status).to_contain_text("time by hand")

    settings = wide.get_by_role("region", name="Faults and switches")
    settings.locator("#faults summary").click()
    settings.get_by_label("Does").select_option("drop")
    settings.get_by_label("N or chance").fill("2")
    settings.get_by_role("button", name="Add this fault").click()
    expect(settings.get_by_role("list", name="Faults in force")).to_contain_text("drop")
    faults = stage.net.request("GET", "faults")
    assert (faults["callbacks"][0]["do"], faults["callbacks"][0]["next"]) == ("drop", 2)
    settings.locator("#switch-list summary").click()
    settings.get_by_role("checkbox", name="pause answers").click()
    expect(settings.locator("#switches-count")).to_have_text("2 changed")
    assert stage.world.switches.pause_answers is False
    settings.get_by_label("unknown verb").select_option("stop")
    settings.get_by_role("button", name="unknown verb: back to skip").click()
    expect(settings.locator("#switches-count")).to_have_text("2 changed")
    is_sound(wide)
    settings.get_by_role("button", name="Remove the fault").click()
    expect(settings.locator("#faults-count")).to_have_text("none in force")

    wide.once("dialog", lambda dialog: dialog.accept())
    settings.get_by_role("button", name="Reset the network").click()
    expect(phone(wide, 1).locator(".heard")).to_be_empty()
    expect(wide.get_by_role("region", name="Webhooks")).to_contain_text("No webhooks")
    assert sam.number not in str(stage.net.state()["parties"])
