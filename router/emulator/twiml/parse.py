"""Reads a TwiML document, warning where Twilio's own schema would."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field

from .grammar import SHAPES

# Elements whose insides are prose (SSML) or not interpreted here.
_OPAQUE = frozenset(["Say", "Task", "Pay", "Prompt", "Connect", "Start", "Stop", "Headers"])
MAX_BYTES = 64 * 1024  # Twilio: a TwiML answer over 64 kB is error 11750


@dataclass
class Element:
    """An element; one that does not belong where it stands is kept as not valid."""

    tag: str
    attributes: Mapping[str, str]
    text: str
    children: list[Element] = field(default_factory=list)
    valid: bool = True

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes


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
    if len(text.encode()) > MAX_BYTES:
        raise ParseError(11750, "TwiML response body too large")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ParseError(12100, "Document parse failure: no document type is allowed")
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 - entities were refused above
    except ET.ParseError as error:
        raise ParseError(12100, f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise ParseError(12100, f"The root element must be Response, not {root.tag}")
    warnings: list[tuple[int, str]] = []
    response = _element(root, warnings)
    return Document(response.children, warnings)


def _element(node: ET.Element, warnings: list[tuple[int, str]]) -> Element:
    shape = SHAPES[node.tag]
    for name in node.attrib:
        plain = not name.startswith("{")
        if plain and node.tag != "Response" and name not in shape.attributes:
            _warn(warnings, f"Attribute '{name}' is not allowed in element '{node.tag}'")
    text = "".join(node.itertext()) if node.tag == "Say" else node.text or ""
    element = Element(node.tag, dict(node.attrib), " ".join(text.split()))
    if node.tag in _OPAQUE:
        return element
    for child in node:
        if child.tag in shape.children and child.tag in SHAPES:
            element.children.append(_element(child, warnings))
        elif child.tag in shape.children:
            element.children.append(Element(child.tag, dict(child.attrib), child.text or ""))
        else:
            _warn(warnings, f"Element '{child.tag}' is not allowed in element '{node.tag}'")
            element.children.append(Element(str(child.tag), dict(child.attrib), "", valid=False))
    return element


def _warn(warnings: list[tuple[int, str]], message: str) -> None:
    warnings.append((12200, f"Schema validation warning: {message}"))
