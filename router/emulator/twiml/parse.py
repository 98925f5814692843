"""Reads a TwiML document, warning where Twilio's own schema would."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .grammar import SHAPES

MAX_BYTES = 64 * 1024  # Twilio: a TwiML answer over 64 kB is error 11750
VERSIONS = ("2008-08-01", "2010-04-01")  # of Twilio's API; another one on <Response> is 12101
_XML = "{http://www.w3.org/XML/1998/namespace}"
_BYTE_ORDER_MARK = "\ufeff"
# Seconds of an SSML <break> by its strength; medium is the default.
_BREAKS = {"none": 0.0, "x-weak": 0.0, "weak": 0.25, "medium": 0.5, "strong": 1.0, "x-strong": 1.5}
_SECONDS = re.compile(r"^(\d+(?:\.\d+)?)(ms|s)$")


@dataclass
class Element:
    """An element; one that does not belong where it stands is kept as not valid.

    `rest_seconds` are the silences that a <Say>'s <break>s ask for; `at_hand` marks a sound that
    has been fetched already.
    """

    tag: str
    attributes: Mapping[str, str]
    text: str
    children: list[Element] = field(default_factory=list)
    valid: bool = True
    rest_seconds: float = 0.0
    at_hand: bool = False

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes

    def child(self, tag: str) -> Element | None:
        return next((c for c in self.children if c.tag == tag and c.valid), None)

    def parameters(self) -> dict[str, str]:
        """The <Parameter>s of a <Client> or an <Application>."""
        given = [c for c in self.children if c.tag == "Parameter" and c.get("name")]
        return {c.get("name"): c.get("value") for c in given}

    def walk(self) -> Iterator[Element]:
        """The element and all valid ones inside it."""
        yield self
        for child in self.children:
            if child.valid:
                yield from child.walk()


@dataclass
class Document:
    """The verbs of a <Response>, and what is wrong with them."""

    verbs: list[Element]
    warnings: list[tuple[int, str]]


class ParseError(Exception):
    """The document cannot be run: a Twilio error code and what is wrong."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse(text: str) -> Document:
    """Read `text`; ParseError with Twilio's code when it cannot be run."""
    if len(text.encode()) > MAX_BYTES:
        raise ParseError(11750, "TwiML response body too large")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ParseError(12100, "Document parse failure: no document type is allowed")
    try:
        root = ET.fromstring(text.removeprefix(_BYTE_ORDER_MARK).strip())  # noqa: S314 - entities were refused above
    except ET.ParseError as error:
        raise ParseError(12100, f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise ParseError(12100, f"The root element must be Response, not {root.tag}")
    version = root.attrib.pop("version", VERSIONS[-1])
    if version not in VERSIONS:
        raise ParseError(12101, f"Invalid Twilio Markup XML version: {version}")
    warnings: list[tuple[int, str]] = []
    response = _element(root, warnings)
    return Document(response.children, warnings)


def _element(node: ET.Element, warnings: list[tuple[int, str]]) -> Element:
    shape = SHAPES[node.tag]
    attributes = {name.replace(_XML, "xml:"): value for name, value in node.attrib.items()}
    for name in attributes:
        plain = not name.startswith("{")
        if plain and node.tag != "Response" and name not in shape.attributes:
            _warn(warnings, f"Attribute '{name}' is not allowed in element '{node.tag}'")
    text = _spoken(node) if node.tag == "Say" else node.text or ""
    element = Element(node.tag, attributes, " ".join(text.split()))
    if node.tag == "Say":
        element.rest_seconds = sum(_rest(pause) for pause in node.iter("break"))
    for child in node:
        if child.tag in shape.children:
            element.children.append(_element(child, warnings))
        else:
            _warn(warnings, f"Element '{child.tag}' is not allowed in element '{node.tag}'")
            element.children.append(Element(str(child.tag), dict(child.attrib), "", valid=False))
    return element


def _spoken(node: ET.Element) -> str:
    """The words of a <Say>: its SSML without the tags, and a <sub>'s alias for what is in it."""
    words = node.text or ""
    for child in node:
        alias = child.get("alias") if child.tag == "sub" else None
        words += alias if alias is not None else _spoken(child)
        words += child.tail or ""
    return words


def _rest(pause: ET.Element) -> float:
    given = _SECONDS.match(pause.get("time", ""))
    if given is None:
        return _BREAKS.get(pause.get("strength", "medium"), 0.0)
    return float(given[1]) / (1000 if given[2] == "ms" else 1)


def _warn(warnings: list[tuple[int, str]], message: str) -> None:
    warnings.append((12200, f"Schema validation warning: {message}"))
