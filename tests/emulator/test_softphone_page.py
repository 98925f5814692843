"""The driver in a real Chromium, in a page written as for Twilio's Voice SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page

from router.emulator.client import Phone
from tests.emulator.conftest import LINE, Answerer, Stage
from tests.emulator.softphones import KEY, SECRET, make_application, make_token

pytestmark = pytest.mark.browser

# What an application's own page does with the SDK; only where the file comes from is ours.
_SCRIPT = """
  const happened = [];
  const note = (who, names, thing) => {
    for (const name of names) {
      thing.on(name, (first) => {
        happened.push([who, name, first?.code, first?.text].filter(Boolean).join(" "));
      });
    }
  };
  const watch = (call) => {
    window.call = call;
    note("call", ["ringing", "accept", "disconnect", "cancel", "reject", "mute", "error", "hears",
                  "reconnecting", "reconnected"], call);
  };
  const begin = async (token, options = {}) => {
    window.device = new Device(token, options);
    note("device", ["registering", "registered", "unregistered", "error", "tokenWillExpire",
                    "destroyed"], device);
    device.on("incoming", (call) => { watch(call); happened.push("device incoming"); });
    await device.register().catch((error) => happened.push(`refused ${error?.code}`));
  };
  const dial = async (params) => watch(await device.connect({ params }));
  Object.assign(window, { happened, begin, dial });
"""
_MODULE = """<!doctype html><title>Desk</title>
<script type="importmap">{"imports": {"@twilio/voice-sdk": "EMULATOR/static/softphone.js"}}</script>
<script type="module">
import { Device, Call } from "@twilio/voice-sdk"; window.Call = Call;SCRIPT</script>
"""
_CLASSIC = """<!doctype html><title>Desk</title><script src="EMULATOR/static/twilio.js"></script>
<script>const { Device } = window.Twilio; window.Call = Twilio.Call;SCRIPT</script>
"""


class Desk:
    """One browser tab with the application's page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(url)
        page.wait_for_function("Boolean(window.begin)")

    def begins(self, token: str, **options: object) -> Desk:
        self.page.evaluate("([token, options]) => begin(token, options)", [token, options])
        return self

    def does(self, script: str) -> object:
        value: object = self.page.evaluate(script)
        return value

    def sees(self, *happened: str) -> None:
        """Wait until all these have happened, in this order."""
        self.page.wait_for_function(
            """(wanted) => {
              let at = 0;
              for (const one of happened) if (one === wanted[at]) at += 1;
              return at === wanted.length;
            }""",
            arg=list(happened),
            timeout=5_000,
        )

    def is_in(self, state: str) -> None:
        self.page.wait_for_function("(state) => call.status() === state", arg=state, timeout=5_000)


Opener = Callable[..., Desk]


def until(stage: Stage, is_so: Callable[[], bool]) -> None:
    """Wait for what a page has asked for: the browser goes by real time, whatever the network's."""
    seen = 0
    while not is_so():
        events = stage.net.events(seen, wait=5)
        assert events, "nothing has happened for 5 seconds"
        seen = events[-1]["seq"]


def is_over(stage: Stage, phone: Phone) -> Callable[[], bool]:
    return lambda: stage.transcript(phone, "hangup") != []


def _page(html: str) -> Answerer:
    text = html.replace("SCRIPT", _SCRIPT)
    return lambda _: web.Response(text=text, content_type="text/html")


@pytest.fixture
def desk(stage: Stage, browser: Browser) -> Iterator[Opener]:
    """Opens tabs; stage.app serves the page, so it comes from another origin than the driver."""
    stage.net.request("POST", "api_keys", {"sid": KEY, "secret": SECRET})
    for path, source in (("/desk", _MODULE), ("/classic", _CLASSIC)):
        stage.app.on(path, _page(source.replace("EMULATOR", stage.world.base_url)))
    stage.app.on("/favicon.ico", (204, ""))
    context = browser.new_context()
    desks: list[Desk] = []

    def open_one(path: str = "/desk") -> Desk:
        desks.append(Desk(context.new_page(), stage.app.url(path)))
        return desks[-1]

    yield open_one
    context.close()
    assert [problem for one in desks for problem in one.problems] == []


def rings(stage: Stage) -> str:
    sid = stage.client.calls.create(
        to="client:ana", from_=LINE, twiml="<Response><Say>Good evening</Say></Response>"
    ).sid
    stage.net.advance(1)
    return str(sid)


@pytest.mark.parametrize("path", ["/desk", "/classic"])
def test_an_incoming_call_is_accepted_talks_and_is_hung_up(
    stage: Stage, desk: Opener, path: str
) -> None:
    stage.line("<Dial><Client>ana<Parameter name='case' value='17'/></Client></Dial>")
    ana = desk(path).begins(make_token())
    ana.sees("device registering", "device registered")
    assert ana.does("[device.state, device.identity, device.isBusy]") == [
        "registered",
        "ana",
        False,
    ]
    sam = stage.caller()
    ana.sees("device incoming")
    facts = ana.does("[call.parameters.From, call.parameters.To, call.direction, call.status()]")
    assert facts == [sam.number, "client:ana", "INCOMING", "pending"]
    assert ana.does("[call.customParameters.get('case'), device.calls.length]") == ["17", 1]
    ana.does("call.accept()")
    ana.sees("call accept")
    assert ana.does("[call.status(), device.isBusy, device.calls.length]") == ["open", True, 0]
    sam.is_talking_with("ana")
    sam.says("Hello there")
    ana.sees("call hears Hello there")
    ana.does("call.say('How can I help')")
    ana.sees("call hears How can I help")
    sam.hears("how can I help")
    ana.does("call.mute(); call.say('Unheard'); call.mute(false); call.say('Back again')")
    ana.sees("call hears Back again")
    sam.hears("back again")
    assert "speech Unheard" not in stage.transcript(sam)
    assert ana.does("call.isMuted()") is False
    ana.does("call.disconnect()")
    ana.sees("call mute", "call mute", "call disconnect")
    until(stage, is_over(stage, sam))
    assert ana.does("[call.status(), device.isBusy]") == ["closed", False]


def test_an_outgoing_call_reaches_a_gather_by_keys(stage: Stage, desk: Opener) -> None:
    application = make_application(stage, "<Gather action='/key'><Say>Press one</Say></Gather>")
    stage.app.on("/key", "<Say>Thank you</Say>")
    ana = desk().begins(make_token(application=application))
    ana.does("dial({ To: '+15125550199', room: 7 })")
    ana.sees("call ringing", "call accept", "call hears Press one")
    assert stage.app.to("/app")[0]["room"] == "7"
    assert ana.does("call.parameters.CallSid") == stage.app.to("/app")[0]["CallSid"]
    assert ana.does("(() => { try { call.sendDigits('x') } catch (e) { return e.name } })()") == (
        "InvalidArgumentError"
    )
    ana.does("call.sendDigits('1#')")
    ana.sees("call hears Thank you")
    assert stage.app.to("/key")[0]["Digits"] == "1"
    stage.net.advance(60)
    ana.sees("call disconnect")


def test_calls_that_are_refused(stage: Stage, desk: Opener) -> None:
    ana = desk().begins(make_token(application="AP" + "0" * 32))
    ana.does("dial({})")
    ana.sees("call error 31001", "call disconnect")
    sid = rings(stage)
    ana.sees("device incoming")
    ana.does("call.reject()")
    ana.sees("call reject")
    assert ana.does("[call.status(), device.calls.length]") == ["closed", 0]
    until(stage, lambda: stage.client.calls(sid).fetch().status == "busy")
    second = rings(stage)
    ana.page.wait_for_function("call.status() === 'pending'")
    stage.client.calls(second).update(status="completed")
    ana.sees("call cancel")
    assert ana.does("call.status()") == "closed"


def test_two_tabs_ring_and_the_first_has_the_call(stage: Stage, desk: Opener) -> None:
    first, second = desk().begins(make_token()), desk().begins(make_token())
    rings(stage)
    first.sees("device incoming")
    second.sees("device incoming")
    second.does("call.accept()")
    second.sees("call accept", "call hears Good evening")
    first.sees("call cancel")
    # A busy Device takes no second call unless it says so; another tab does.
    rings(stage)
    first.sees("device incoming", "device incoming")
    assert second.does("happened.filter((one) => one === 'device incoming').length") == 1


def test_tokens_expire_and_are_renewed(stage: Stage, desk: Opener) -> None:
    late = desk().begins(make_token(ttl=-5))
    late.sees("device registering", "device error 20104", "device unregistered", "refused 20104")
    late.begins(make_token(secret=SECRET[::-1]))
    late.sees("refused 20101")
    ana = desk().begins(make_token(ttl=20), tokenRefreshMs=19_700)
    ana.sees("device tokenWillExpire")
    ana.does(f"device.updateToken('{make_token()}')")
    ana.does("device.unregister()")
    ana.sees("device unregistered")
    ana.does("device.destroy()")
    ana.sees("device destroyed")
    assert ana.does("device.register().catch((error) => error.name)") == "InvalidStateError"


def test_a_call_survives_a_broken_connection_within_the_grace(stage: Stage, desk: Opener) -> None:
    ana = desk().begins(make_token())
    sid = rings(stage)
    ana.sees("device incoming")
    ana.does("call.accept()")
    ana.is_in("open")
    stage.net.request("POST", "softphones/drop", {"identity": "ana"})
    ana.sees("call reconnecting 53001", "device unregistered", "call reconnected")
    ana.sees("device registered", "device registering", "device registered")
    ana.is_in("open")
    assert stage.client.calls(sid).fetch().status == "in-progress"
    stage.net.request("POST", "softphones/drop", {"identity": "ana", "refuse_seconds": 0.4})
    ana.is_in("reconnecting")
    stage.net.advance(6)
    assert stage.client.calls(sid).fetch().status == "completed"
    ana.sees("call error 31005", "call disconnect")
    # A network that has forgotten everything finds the page registered again.
    stage.net.reset()
    ana.does("happened.length = 0")
    ana.page.wait_for_function("device.state === 'registered'")
    until(stage, lambda: stage.net.state()["parties"] != [])
    rings(stage)
    ana.sees("device incoming")


def test_a_page_that_is_left_hangs_up(stage: Stage, desk: Opener) -> None:
    stage.line("<Dial action='/done'><Client>ana</Client></Dial>")
    ana = desk().begins(make_token())
    sam = stage.caller()
    ana.sees("device incoming")
    ana.does("call.accept()")
    ana.is_in("open")
    ana.page.goto("about:blank")
    until(stage, is_over(stage, sam))
    assert stage.app.to("/done")[0]["DialCallStatus"] == "completed"
