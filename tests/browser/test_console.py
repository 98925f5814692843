"""The console in a real browser: fresh within a second, stale when it says so, open to everyone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ivr_flows.call import Stage
from router.services import accounts
from tests.browser.conftest import PHONE, WIDE, House
from tests.web.stage import PASSWORD, add_call, fill

pytestmark = pytest.mark.browser

PAGES = {
    "supervisor": (
        "/board",
        "/calls/c7t2mgb4yk9s",
        "/calls/c7t2mgb4yk9s/return",
        "/calls/z8d4qhv7nc3w/resolve",
        "/nothing-here",
    ),
    "clinician": ("/", "/calls/c7t2mgb4yk9s"),
    "call_taker": ("/",),
    "operator": ("/",),
}


def complaints_of(page: Page) -> list[str]:
    """What the page writes to the console from here on, the status of a missing page apart."""
    told: list[str] = []
    page.on("console", lambda one: told.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


def streaming(page: Page) -> None:
    """Wait until the page shows what the stream sent."""
    expect(page.locator("[data-live][data-by=stream]")).to_be_visible(timeout=20_000)


def check_access(page: Page, where: str) -> None:
    """No violation that axe knows, and nothing wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, f"{where} is wider than the screen"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_ac1_every_page_is_accessible_and_fits(house: House, size: tuple[int, int]) -> None:
    fill(house.room)
    accounts.add_token(
        house.room.sessions, name="CAD", scopes=["read_board", "calls"], created_by="tests"
    )
    for role, paths in PAGES.items():
        page = house.visit("/", role, size=size)
        told = complaints_of(page)
        for path in paths:
            page.goto(f"{house.url}{path}")
            check_access(page, f"{path} for a {role}")
        assert [one for one in told if "404" not in one] == []
        page.context.close()


def test_ac1_the_sign_in_page_says_what_is_wrong(house: House) -> None:
    page = house.browser.new_page()
    house.running.callback(page.close)
    page.goto(f"{house.url}/board")
    expect(page).to_have_url(re.compile(r"/login\?next=/board$"))
    check_access(page, "/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("supervisor@austin.example")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong-password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    check_access(page, "/login, refused")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{house.url}/board")


def test_su1_a_new_caller_comes_to_the_board_by_the_stream(house: House) -> None:
    page = house.visit("/board")
    expect(page.get_by_text("Nobody is on the line.")).to_be_visible()
    streaming(page)
    add_call(house.room, "fresh", Stage.SCREENING)
    # A second on a machine with nothing else to do; tests share theirs.
    expect(page.get_by_role("link", name="fresh")).to_be_visible(timeout=4000)
    expect(page.locator("#stale")).to_be_hidden()


def test_su1_clocks_turn_late_in_shape_and_word(house: House) -> None:
    add_call(house.room, "slow", Stage.WAITING, age_seconds=130, priority=1)
    add_call(house.room, "soon", Stage.WAITING, age_seconds=70)
    page = house.visit("/board")
    slow, soon = page.locator("#callers .clock").all()
    expect(slow).to_have_attribute("data-level", "late")
    expect(soon).to_have_attribute("data-level", "warn")
    expect(slow).to_have_text(re.compile(r"2:\d\d"))
    # Asked anew until it is so: the page's next update may take the node away in between.
    page.wait_for_function(
        """() => getComputedStyle(document.querySelector("#callers .clock"), "::after").content
        === '" long"'"""
    )


def test_a_lost_stream_is_told_polled_around_and_taken_up_again(house: House) -> None:
    page = house.visit("/board")
    streaming(page)
    house.stop_live()
    bar = page.locator("#stale")
    expect(bar).to_contain_text("The live stream is down", timeout=15_000)
    add_call(house.room, "polled", Stage.SCREENING)
    expect(page.get_by_role("link", name="polled")).to_be_visible(timeout=15_000)
    check_access(page, "/board without its stream")
    house.start_live()
    expect(bar).to_be_hidden(timeout=20_000)
    add_call(house.room, "streamed", Stage.SCREENING)
    expect(page.get_by_role("link", name="streamed")).to_be_visible(timeout=10_000)


def test_a_board_that_gets_nothing_tells_its_age(house: House) -> None:
    add_call(house.room, "seen", Stage.SCREENING)
    page = house.visit("/board")
    streaming(page)
    house.stop_live()
    house.stop_web()
    bar = page.locator("#stale")
    expect(bar).to_contain_text("Out of date. Trying to reconnect.", timeout=20_000)
    expect(bar).to_contain_text(re.compile(r"Shown as of 0:\d\d ago"))
    expect(page.get_by_role("link", name="seen")).to_be_visible()


def test_se2_an_ended_session_is_told_on_the_open_board(house: House) -> None:
    page = house.visit("/board")
    streaming(page)
    accounts.sign_out_everywhere(house.room.sessions, "supervisor@austin.example")
    expect(page.locator("#stale")).to_contain_text("You are signed out", timeout=20_000)
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()


def test_the_board_works_without_script(house: House) -> None:
    fill(house.room)
    context = house.browser.new_context(java_script_enabled=False)
    house.running.callback(context.close)
    page = context.new_page()
    page.goto(f"{house.url}/board")
    page.get_by_label("E-mail address").fill("supervisor@austin.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#callers tbody tr")).to_have_count(5)
    add_call(house.room, "later", Stage.SCREENING)
    expect(page.get_by_role("link", name="later")).to_be_visible(timeout=10_000)


def test_focus_stays_where_it_was_when_the_board_changes(house: House) -> None:
    add_call(house.room, "kept", Stage.SCREENING)
    page = house.visit("/board")
    page.locator("#caller-kept").focus()
    add_call(house.room, "other", Stage.SCREENING)
    expect(page.get_by_role("link", name="other")).to_be_visible()
    expect(page.locator("#caller-kept")).to_be_focused()


def test_re1_a_clinician_sends_a_caller_back_by_keyboard(house: House) -> None:
    page = house.visit("/", "clinician")
    add_call(house.room, "c1", Stage.CONNECTED, staff=["maria"])
    back = page.get_by_role("link", name="Back to 911")
    expect(back).to_be_visible(timeout=15_000)
    back.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Send this caller back to 911?")).to_be_visible()
    page.get_by_label("Medical").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Sent back to 911")
    expect(page.get_by_text("The return to 911 began")).to_be_visible()
