"""Lists: Twilio's filters, its pages and the links between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from ..errors import TwilioError
from .base import json

# Twilio: 50 a page, at most 1,000.
PAGE_SIZE, MAX_PAGE_SIZE = 50, 1_000
_MOST = 10**9
Json = dict[str, Any]
Query = Mapping[str, str]


def field_of(name: str) -> str:
    """A filter's field of the resource: ParentCallSid is parent_call_sid."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def chosen(
    query: Query,
    items: Iterable[Json],
    *,
    words: tuple[str, ...] = (),
    dates: tuple[str, ...] = (),
    spelling: Callable[[str], str] = str,
) -> Iterator[Json]:
    """Those resources, as REST shows them, that every filter of the query lets through.

    `words` must be equal, as `spelling` writes them; `dates` take Name=, Name< and Name>.
    An empty filter is none. Raises: TwilioError 20001 for a date that is none.
    """
    wanted = {name: spelling(query[name]) for name in words if query.get(name)}
    spans = [
        (name, test, _span(query[name + test], name + test))
        for name in dates
        for test in ("", "<", ">")
        if query.get(name + test)
    ]

    def fits(item: Json) -> bool:
        for name, value in wanted.items():
            found = item[field_of(name)]
            if found is None or spelling(str(found)) != value:
                return False
        return all(_within(item[field_of(name)], test, *span) for name, test, span in spans)

    return (item for item in items if fits(item))


def _within(date: str | None, test: str, begin: float, end: float) -> bool:
    """Twilio's date filters: a day or a moment in UTC; Name< and Name> include it."""
    if date is None:
        return False
    moment = parsedate_to_datetime(date).timestamp()
    if test == "<":
        return moment < end
    return moment >= begin if test == ">" else begin <= moment < end


def _span(value: str, name: str) -> tuple[float, float]:
    try:
        begin = datetime.fromisoformat(value)
        begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
        length = timedelta(days=1) if len(value) == len("YYYY-MM-DD") else timedelta(seconds=1)
        return begin.timestamp(), (begin + length).timestamp()
    except (ValueError, OverflowError):
        raise TwilioError(20001, f"{name} is not a date: {value}") from None


def page(request: web.Request, name: str, items: Iterable[Json]) -> web.Response:
    """One page of a list. Items beyond it are not looked at: a list may be long.

    A PageToken names the item the page follows (PA) or precedes (PB), so that pages neither
    repeat nor leave out anything when new items arrive at the front while somebody reads on.
    """
    query = request.query
    size = _number(query, "PageSize", PAGE_SIZE)
    if size < 1:
        raise TwilioError(20001, "PageSize must be at least 1")
    if size > MAX_PAGE_SIZE:
        raise TwilioError(20007, f"PageSize must be between 1 and {MAX_PAGE_SIZE}")
    index = max(0, _number(query, "Page", 0))
    window, before = _window(items, query.get("PageToken", ""), index, size)
    shown, more = window[:size], len(window) > size
    others = [(k, v) for k, v in query.items() if k not in ("Page", "PageSize", "PageToken")]

    def uri(at: int, token: str = "") -> str:
        extra = [("PageToken", token)] if token else []
        return f"{request.path}?{urlencode([*others, ('PageSize', size), ('Page', at), *extra])}"

    has_previous = before and shown
    start = index * size
    return json(
        {
            name: shown,
            "page": index,
            "page_size": size,
            "start": start,
            "end": max(start, start + len(shown) - 1),
            "uri": request.path_qs,
            "first_page_uri": uri(0),
            "next_page_uri": uri(index + 1, f"PA{_key(shown[-1])}") if more else None,
            "previous_page_uri": (
                uri(max(0, index - 1), f"PB{_key(shown[0])}") if has_previous else None
            ),
        }
    )


def _window(items: Iterable[Json], token: str, index: int, size: int) -> tuple[list[Json], bool]:
    """The items of a page and one more if there is one, and whether there are any before it."""
    iterator = iter(items)
    direction, key = token[:2], token[2:]
    if not token:
        window = list(islice(iterator, index * size, (index + 1) * size + 1))
        return window, index > 0
    if direction not in ("PA", "PB"):
        raise TwilioError(20001, f"PageToken is not one of this list: {token}")
    seen: list[Json] = []
    for item in iterator:
        if _key(item) != key:
            seen.append(item)
        elif direction == "PA":
            return list(islice(iterator, size + 1)), True
        else:
            start = max(0, len(seen) - size)
            return [*seen[start:], item], start > 0
    # The item is gone meanwhile, as a queue's member may be: go by the page's number.
    return seen[index * size : (index + 1) * size + 1], index > 0


def _key(item: Json) -> str:
    return str(item.get("sid") or item.get("call_sid") or item.get("key", ""))


def _number(query: Query, name: str, default: int) -> int:
    try:
        value = int(query.get(name) or default)
    except ValueError:
        raise TwilioError(20001, f"{name} must be a number") from None
    return min(max(value, -1), _MOST)
