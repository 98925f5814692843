"""Webhook addresses: relative ones, and Twilio's connection overrides in the fragment."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urldefrag, urlencode, urljoin, urlsplit

LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])


# Twilio's edge locations; a webhook leaves through the first, a retry through the next.
EDGES = frozenset(
    [
        "ashburn",
        "dublin",
        "frankfurt",
        "roaming",
        "sao-paulo",
        "singapore",
        "sydney",
        "tokyo",
        "umatilla",
    ]
)
_POLICIES = frozenset(["4xx", "5xx", "ct", "rt", "all"])


@dataclass(frozen=True)
class Overrides:
    """Twilio's defaults: connect 5 s, read and total 15 s, one retry, on connection failure.

    `problems` are the Twilio error codes of what cannot be meant, with what is wrong.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = field(default_factory=lambda: frozenset(["ct"]))
    edges: tuple[str, ...] = ()
    sni: bool = True
    problems: tuple[tuple[int, str], ...] = ()

    def edge(self, attempt: int) -> str:
        return self.edges[attempt % len(self.edges)] if self.edges else ""


def split_overrides(url: str, policy: str = "ct") -> tuple[str, Overrides]:
    """The address to request (and to sign) and what its fragment asks for.

    `policy` is the default of rp. A number out of bounds counts as the nearest that is possible.
    """
    plain, fragment = urldefrag(url)
    options = {key: values[-1] for key, values in parse_qs(fragment).items()}
    problems = []
    words = frozenset(options.get("rp", policy).split(","))
    if words - _POLICIES:
        problems.append((11243, f"HTTP retry policy is invalid: '{options['rp']}'"))
        words = frozenset(policy.split(","))
    edges = tuple(filter(None, options.get("e", "").split(",")))
    if not EDGES.issuperset(edges):
        problems.append((11240, f"HTTP connection edge location is invalid: '{options['e']}'"))
        edges = ()
    return plain, Overrides(
        connect=_milliseconds(options.get("ct"), 5000, 10_000),
        read=_milliseconds(options.get("rt"), 15_000, 15_000),
        total=_milliseconds(options.get("tt"), 15_000, 15_000),
        retries=_bounded(options.get("rc"), 1, 0, 5),
        retry_on=frozenset(["4xx", "5xx", "ct", "rt"]) if "all" in words else words,
        edges=edges,
        sni=options.get("sni", "y") != "n",
        problems=tuple(problems),
    )


def resolve(base: str, url: str) -> str:
    """An action address against the document it stands in; empty means the document itself."""
    if not url:
        return urldefrag(base)[0]
    return urljoin(urldefrag(base)[0], url)


def with_query(url: str, params: dict[str, str]) -> str:
    if not params:
        return url
    return url + ("&" if urlsplit(url).query else "?") + urlencode(params)


def is_local(url: str) -> bool:
    """Whether `url` lies on this machine."""
    return (urlsplit(url).hostname or "") in LOOPBACK


def is_absolute(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _bounded(text: str | None, default: int, low: int, high: int) -> int:
    if text is None or not text.isdigit():
        return default
    return min(max(int(text), low), high)


def _milliseconds(text: str | None, default: int, high: int) -> float:
    return _bounded(text, default, 100, high) / 1000
