"""Every verb, noun, attribute and value of the voice SDKs' grammar: honoured, logged or refused.

What is honoured does what Twilio documents (the tests of each verb show it); what is logged is
accepted and written down as an `accepted` event; what is refused is answered with Twilio's error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from router.emulator.debugger import WARNINGS
from router.emulator.twiml.grammar import LOGGED, REFUSED, REFUSED_ATTRIBUTES, SHAPES
from router.emulator.twiml.parse import parse
from router.emulator.twiml.session import VERBS
from tests.emulator.conftest import Stage

SPEC = Path(__file__).parents[3] / "shared/spec"
GRAMMAR = SPEC / "twiml_voice_grammar.json"
CODES = SPEC / "twilio_error_codes.voice-subset.json"
needs_grammar = pytest.mark.skipif(not GRAMMAR.exists(), reason="../shared is not here")

# What the SDKs take as arguments but send as an element's text.
TEXTS = {
    "Application": {"applicationSid"},
    "Client": {"identity"},
    "Dial": {"number"},
    "Enqueue": {"name"},
    "Play": {"url"},
    "Say": {"message"},
    "Sip": {"sipUrl"},
    "Uri": {"sipUrl"},
    **{tag: {"words"} for tag in ("emphasis", "lang", "p", "prosody", "s", "w")},
}
# The grammar's names of types that are not the names of elements.
TAGS = {
    "SipUri": "Uri",
    "SsmlBreak": "break",
    "SsmlEmphasis": "emphasis",
    "SsmlLang": "lang",
    "SsmlPhoneme": "phoneme",
    "SsmlProsody": "prosody",
    "SsmlSayAs": "say-as",
    "SsmlSub": "sub",
    "SsmlW": "w",
}
VALUES = {
    "boolean": "true",
    "number": "5",
    "string": "words",
}
URLS = {"url", "action", "waitUrl", "referUrl", "eventCallbackUrl", "statusCallback"}
SPECIAL = {
    "callerId": "+15125550100",
    "coach": "",
    "finishOnKey": "1",
    "speechTimeout": "auto",
    "speechModel": "phone_call",
    "machineDetection": "Enable",
    "machineDetectionSilenceTimeout": "2000",
    "machineDetectionSpeechEndThreshold": "500",
    "machineDetectionSpeechThreshold": "1000",
    "sendDigits": "1",
    "digits": "1",
    "to": "+15125550102",
    "from": "+15125550100",
    "interpret-as": "date",
}
PARENTS = {
    "Number": ("Dial",),
    "Client": ("Dial",),
    "Conference": ("Dial",),
    "Queue": ("Dial",),
    "Sim": ("Dial",),
    "Sip": ("Dial",),
    "WhatsApp": ("Dial",),
    "Application": ("Dial",),
    "ApplicationSid": ("Dial", "Application"),
    "Identity": ("Dial", "Client"),
    "Parameter": ("Dial", "Client"),
    "Headers": ("Dial", "Sip"),
    "Header": ("Dial", "Sip", "Headers"),
    "Uri": ("Dial", "Sip"),
    "Task": ("Enqueue",),
    "Config": ("Start", "Transcription"),
    **dict.fromkeys(("Stream", "Siprec", "Recording", "Transcription"), ("Start",)),
    "Language": ("Connect", "ConversationRelay"),
    **dict.fromkeys(SHAPES["Connect"].children - {"Stream"}, ("Connect",)),
    **dict.fromkeys(SHAPES["Say"].children, ("Say",)),
}
BODIES = {
    "Number": "+15125550102",
    "Client": "ana",
    "Identity": "ana",
    "Sip": "sip:lee@psap.example",
    "Uri": "sip:lee@psap.example",
    "WhatsApp": "+15125550102",
    "Sim": "DE" + "0" * 32,
    "Conference": "room",
    "Queue": "support",
    "Enqueue": "support",
    "Dial": "+15125550102",
    "Say": "Hello",
    "Sms": "Hello",
    "Refer": "<Sip>sip:lee@psap.example</Sip>",
    "Play": "http://music.example/song.mp3",
}


@lru_cache(maxsize=1)
def grammar() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GRAMMAR.read_text(encoding="utf-8"))
    return found


def real_attributes(tag: str) -> set[str]:
    return set(grammar()["elements"][tag]["attributes"]) - TEXTS.get(tag, set())


def handling(tag: str, attribute: str = "") -> str:
    """The row of the table: what becomes of an element or of one of its attributes."""
    if attribute in REFUSED_ATTRIBUTES.get(tag, ()) or (not attribute and tag in REFUSED):
        return "refused"
    return "logged" if attribute in LOGGED.get(tag, ()) else "honoured"


def value_of(attribute: str, kind: str) -> str:
    if attribute in SPECIAL:
        return SPECIAL[attribute]
    if attribute in URLS or ("Callback" in attribute and "Method" not in attribute):
        return "words" if "Event" in attribute else "http://127.0.0.1:1/x"
    return "POST" if "ethod" in attribute and attribute != "paymentMethod" else VALUES[kind]


def rows() -> Iterator[tuple[str, str, str]]:
    """Element, attribute and a value: every one of an enumeration, else one that is right."""
    types = {TAGS.get(tag, tag): kinds for tag, kinds in grammar()["node_attribute_types"].items()}
    enums = grammar()["node_enums"]
    for tag in grammar()["elements"]:
        if tag != "Response":
            yield tag, "", ""
        for attribute in sorted(real_attributes(tag)):
            kind = types.get(tag, {}).get(attribute, "string").removesuffix("[]")
            for value in enums.get(kind, [value_of(attribute, kind)] if kind in VALUES else []):
                yield tag, attribute, value


def document(tag: str, attributes: str) -> str:
    body = f"<{tag} {attributes}>{BODIES.get(tag, '')}</{tag}>"
    if tag == "Queue" or tag not in PARENTS:
        body = body if tag in VERBS else f"<Dial timeout='1'>{body}</Dial>"
        return f"<Response>{body}</Response>"
    for parent in reversed(PARENTS[tag]):
        rest = "timeout='1'" if parent == "Dial" else ""
        words = {"Say": "Hello", "Sip": BODIES["Sip"]}.get(parent, "") if tag != "Uri" else ""
        body = f"<{parent} {rest}>{words}{body}</{parent}>"
    return f"<Response>{body}</Response>"


@needs_grammar
def test_the_grammar_is_known_whole() -> None:
    elements = grammar()["elements"]
    assert {tag: real_attributes(tag) - SHAPES[tag].attributes for tag in elements} == {
        tag: set() for tag in elements
    }
    for tag, element in elements.items():
        assert set(element["children"]) == set(SHAPES[tag].children), tag
    # Twilio's own documents hold these, which the SDKs' grammar leaves out or writes otherwise.
    more = {(tag, a) for tag in elements for a in SHAPES[tag].attributes - real_attributes(tag)}
    assert more <= {("Pay", "method")} | {("ConversationRelay", a) for a in _lower()}
    for table in (LOGGED, REFUSED_ATTRIBUTES):
        for tag, attributes in table.items():
            assert attributes <= SHAPES[tag].attributes, tag


def _lower() -> set[str]:
    return {a for a in SHAPES["ConversationRelay"].attributes if a == a.lower()}


@needs_grammar
def test_every_row_parses_without_a_warning_of_the_schema() -> None:
    counted = {"honoured": 0, "logged": 0, "refused": 0}
    for tag, attribute, value in rows():
        given = f"{attribute}={quoteattr(value)}" if attribute else ""
        parsed = parse(document(tag, given))
        assert parsed.warnings == [], (tag, attribute, value)
        counted[handling(tag, attribute)] += 1
    assert counted["honoured"] > 250
    assert counted["logged"] > 100
    assert counted["refused"] > 50


def play_all(stage: Stage, documents: list[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every document in a call of its own, all at once: its CallSid and what was said of it."""
    stage.net.switches(speech_rate=0, play_seconds=0, ring_timeout_buffer=0, refer_seconds=0)
    stage.line(lambda params: documents[int(params["From"][len("sip:p") :].partition("@")[0])])
    sids = []
    for number in range(len(documents)):
        phone = stage.net.phone(f"sip:p{number}@pbx.example")
        sids.append(phone.dials("+15125550100"))
    stage.net.advance(2)
    told: dict[str, list[dict[str, Any]]] = {sid: [] for sid in sids}
    for entry in stage.net.debugger():
        told.setdefault(entry["call_sid"], []).append(entry)
    return [(sid, told[sid]) for sid in sids]


def filled(tag: str, attribute: str, value: str) -> str:
    """The attributes of a row's element: the one meant, and what it cannot be without."""
    given = {attribute: value} if attribute else {}
    if attribute == "username":
        given["password"] = "secret"
    if tag == "Header":
        given = {"name": "X-Case", "value": "1"} | ({"value": value} if attribute else {})
    return " ".join(f"{name}={quoteattr(text)}" for name, text in given.items())


@needs_grammar
def test_every_row_runs(stage: Stage) -> None:
    """Each attribute in a call: nothing breaks, and it is logged or refused as the table says."""
    some = list({(tag, attribute): value for tag, attribute, value in rows()}.items())
    documents = [document(tag, filled(tag, name, value)) for (tag, name), value in some]
    played = play_all(stage, documents)
    noted = {
        (event["call"], event["element"], name)
        for event in stage.net.events()
        if event["kind"] == "accepted"
        for name in event["attributes"]
    }
    wrong = []
    for ((tag, attribute), value), (sid, entries) in zip(some, played, strict=True):
        kind, codes = handling(tag, attribute), {e["code"] for e in entries} - _UNREACHABLE
        fine = codes == (
            {13750} if kind == "refused" or "Connect" in PARENTS.get(tag, ()) else set()
        )
        logged = (sid, tag, attribute) in noted
        if not fine or logged != (kind == "logged"):
            wrong.append((tag, attribute, value, kind, codes, logged))
    assert wrong == []


# A sound or a document at an address where nobody is; a queue or an application that is not there;
# an address that is not one of a phone.
_UNREACHABLE = {11200, 11205, 13215, 13223, 13240, 15003, 21262}


WRONG = [
    ("<say>no</say>", 12200),
    ("<Say Voice='alice'>no</Say>", 12200),
    ("<Message>no</Message>", 12200),
    ("<Gather><Dial>+15125550102</Dial></Gather>", 12200),
    ("<Number>+15125550102</Number>", 12200),
    ("<Say><blink>no</blink></Say>", 12200),
    ("<Say loop='x'>a</Say>", 13510),
    ("<Say voice='?'>a</Say>", 13511),
    ("<Say language='?'>a</Say>", 13512),
    ("<Say/>", 13520),
    (f"<Say>{'a' * 4097}</Say>", 13521),
    ("<Play loop='x'>http://music.example/a.mp3</Play>", 13410),
    ("<Play digits='x'/>", 13430),
    ("<Pause length='x'/>", 13910),
    ("<Redirect method='PUT'>http://127.0.0.1:1/</Redirect>", 13710),
    ("<Reject reason='tired'/>", 13810),
    ("<Gather finishOnKey='ab'/>", 13310),
    ("<Gather method='PUT'/>", 13312),
    ("<Gather timeout='x'/>", 13313),
    ("<Gather numDigits='0'/>", 13314),
    ("<Gather input='smell'/>", 13326),
    ("<Gather speechTimeout='x'/>", 13327),
    ("<Gather maxSpeechTime='99'/>", 13328),
    ("<Gather partialResultCallbackMethod='PUT'/>", 13329),
    (f"<Gather hints='{',' * 500}'/>", 13330),
    ("<Gather language='?'/>", 13331),
    ("<Gather bargeIn='x'/>", 13332),
    ("<Gather profanityFilter='x'/>", 13333),
    ("<Gather speechModel='?'/>", 13334),
    ("<Gather speechModel='default' speechTimeout='auto'/>", 13335),
    ("<Gather actionOnEmptyResult='x'/>", 13338),
    ("<Record method='PUT'/>", 13610),
    ("<Record timeout='0'/>", 13611),
    ("<Record maxLength='0'/>", 13612),
    ("<Record finishOnKey='x'/>", 13613),
    ("<Record transcribe='x'/>", 13614),
    ("<Record playBeep='x'/>", 13616),
    ("<Record trim='x'/>", 13699),
    ("<Record recordingStatusCallbackEvent='x'/>", 13621),
    ("<Dial method='PUT'>+15125550102</Dial>", 13210),
    ("<Dial timeout='x'>+15125550102</Dial>", 13212),
    ("<Dial hangupOnStar='x'>+15125550102</Dial>", 13213),
    ("<Dial callerId='?'>+15125550102</Dial>", 13214),
    ("<Dial callerId='+15125550177'>+15125550102</Dial>", 13247),
    ("<Dial timeLimit='x'>+15125550102</Dial>", 13216),
    ("<Dial record='x'>+15125550102</Dial>", 13217),
    ("<Dial sequential='x'>+15125550102</Dial>", 13218),
    ("<Dial answerOnBridge='x'>+15125550102</Dial>", 13219),
    ("<Dial ringTone='?'>+15125550102</Dial>", 13220),
    ("<Dial><Number sendDigits='x'>+15125550102</Number></Dial>", 13222),
    ("<Dial>nobody</Dial>", 13223),
    ("<Dial><Conference muted='x'>room</Conference></Dial>", 13230),
    ("<Dial><Conference endConferenceOnExit='x'>room</Conference></Dial>", 13231),
    ("<Dial><Conference startConferenceOnEnter='x'>room</Conference></Dial>", 13232),
    ("<Dial><Conference waitUrl='/w' waitMethod='PUT'>room</Conference></Dial>", 13234),
    ("<Dial><Conference beep='x'>room</Conference></Dial>", 13235),
    ("<Dial><Conference/></Dial>", 13237),
    ("<Dial><Conference trim='x'>room</Conference></Dial>", 13239),
    ("<Dial><Conference participantLabel='a/b'>room</Conference></Dial>", 16023),
    ("<Dial><Number>+15125550102</Number><Conference>r</Conference></Dial>", 13000),
    ("<Dial><Sip>nowhere</Sip></Dial>", 13243),
    ("<Dial><Sip username='u'>sip:a@b.example</Sip></Dial>", 13249),
    ("<Dial><Sip><Uri>sip:a@b.example</Uri><Uri>sip:c@b.example</Uri></Sip></Dial>", 13250),
    ("<Dial><Sip>sip:a@b.example?Bad=1</Sip></Dial>", 13252),
    (f"<Dial><Sip>sip:a@b.example?X-A={'1' * 200}</Sip></Dial>", 0),
    ("<Connect><Stream url='wss://a.example'/></Connect>", 13750),
    ("<Start><Recording recordingStatusCallback='/relative'/></Start>", 11200),
]  # fmt: skip


def test_a_wrong_value_has_twilios_number(stage: Stage) -> None:
    played = play_all(stage, [f"<Response>{document}</Response>" for document, _ in WRONG])
    found = []
    for (_, code), (_, entries) in zip(WRONG, played, strict=True):
        mine = [e for e in entries if e["code"] not in _UNREACHABLE - {code}][:1]
        found.append((mine[0]["code"], mine[0]["kind"]) if mine else (0, ""))
    levels = {True: "warning", False: "error"}
    wanted = [(code, levels[code in WARNINGS] if code else "") for _, code in WRONG]
    assert {d: f for (d, _), f in zip(WRONG, found, strict=True)} == {
        d: w for (d, _), w in zip(WRONG, wanted, strict=True)
    }


@pytest.mark.skipif(not CODES.exists(), reason="../shared is not here")
def test_what_is_a_warning_is_what_twilio_publishes() -> None:
    published = json.loads(CODES.read_text(encoding="utf-8"))["codes"]
    warnings = {int(code) for code, about in published.items() if about["log_level"] == "WARNING"}
    assert {code for code in WARNINGS if str(code) in published} == WARNINGS
    assert warnings - WARNINGS <= {c for c in warnings if not 11000 <= c < 17000}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ('<Pay action="/after"/>', "payment-connector-error"),
        ('<Connect action="/after"><Room>r</Room></Connect>', None),
        ('<Enqueue action="/after" workflowSid="WW1"><Task>{}</Task></Enqueue>', None),
    ],
)
def test_after_what_is_refused_the_action_is_asked_for(
    stage: Stage, document: str, told: str | None
) -> None:
    stage.line(f"<Response>{document}<Say>Unreachable</Say></Response>")
    stage.app.on("/after", "<Say>Afterwards</Say>")
    stage.caller().hears("Afterwards")
    assert stage.app.to("/after")[0].get("Result") == told
    assert {e["code"] for e in stage.net.debugger()} == {13750}


def test_without_an_action_the_next_verb_follows(stage: Stage) -> None:
    stage.line("<Connect><Stream url='wss://a.example'/></Connect><Pay/><Prompt/><Say>Next</Say>")
    stage.caller().hears("Next")


def test_echo(stage: Stage) -> None:
    stage.line("<Echo/><Say>Unreachable</Say>")
    caller = stage.caller()
    caller.says("Is anybody there")
    assert caller.hears("anybody there")["who"] == "echo"
    caller.hangs_up()
    stage.net.advance(1)
    assert "say Unreachable" not in stage.transcript(caller)


def test_say_is_heard_without_its_markup(stage: Stage) -> None:
    stage.line(
        '<Say voice="Polly.Joanna" language="en-US">Call <sub alias="nine one one">911</sub>'
        '<break time="3s"/> <emphasis level="strong">now</emphasis></Say><Say>Next</Say>'
    )
    caller = stage.caller()
    entry = caller.hears("Call nine one one now")
    assert (entry["voice"], entry["language"]) == ("Polly.Joanna", "en-US")
    stage.net.advance(4.9)  # five words, and three seconds
    assert "say Next" not in stage.transcript(caller)
    caller.hears("Next")
