"""Reading attributes as Twilio does: a wrong value is a warning and the default holds."""

from __future__ import annotations

from collections.abc import Callable

from .parse import Element

Warn = Callable[[int, str], None]


class Attributes:
    """The attributes of one element, with its warnings sent to the call's debugger."""

    def __init__(self, element: Element, warn: Warn) -> None:
        self._element = element
        self._warn = warn

    def _wrong(self, name: str, code: int) -> None:
        value = self._element.get(name)
        self._warn(code, f"{self._element.tag}: Invalid {name} value '{value}'")

    def text(self, name: str, default: str = "") -> str:
        return self._element.get(name, default)

    def flag(self, name: str, *, default: bool, code: int = 12200) -> bool:
        value = self._element.get(name).lower()
        if value in ("true", "false"):
            return value == "true"
        if self._element.has(name):
            self._wrong(name, code)
        return default

    def number(
        self, name: str, default: int, code: int = 12200, low: int = 0, high: int = 1_000_000
    ) -> int:
        value = self._element.get(name).strip()
        if not self._element.has(name):
            return default
        if value.isdigit() and low <= int(value) <= high:
            return int(value)
        self._wrong(name, code)
        return default

    def method(self, name: str = "method", code: int = 12200, default: str = "POST") -> str:
        value = self._element.get(name).upper()
        if value in ("GET", "POST"):
            return value
        if self._element.has(name):
            self._wrong(name, code)
        return default

    def choice(self, name: str, choices: tuple[str, ...], default: str, code: int = 12200) -> str:
        value = self._element.get(name, default)
        if value in choices or not self._element.has(name):
            return value
        self._wrong(name, code)
        return default

    def words(
        self, name: str, choices: tuple[str, ...], default: str = "", code: int = 12200
    ) -> list[str]:
        """A list of words separated by blanks (events), as the SDKs write them."""
        given = self._element.get(name, default).split()
        known = [word for word in given if word in choices]
        if len(known) < len(given):
            self._wrong(name, code)
        return known

    def check(self, name: str, *, fine: bool, code: int) -> None:
        """Warn of a value that changes nothing here but that Twilio would complain of."""
        if self._element.has(name) and not fine:
            self._wrong(name, code)
