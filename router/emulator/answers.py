"""What the application answers: bodies read and decoded, and kept where HTTP allows it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import aiohttp

MAX_KEPT_BODY = 64 * 1024
MAX_KEPT_ANSWERS = 500
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([\w.-]+)["']""")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


async def read(response: aiohttp.ClientResponse) -> bytes:
    """The body, as far as anybody could want it: an endless one is cut off."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > MAX_KEPT_BODY * 4:
            break
    return bytes(body)


def decode(body: bytes, charset: str | None) -> str:
    """Text by its byte order mark, the header's charset, its XML declaration, or as UTF-8."""
    declared = _DECLARED.match(body)
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if body.startswith(mark)), None)
    for name in (marked, charset, declared[1].decode() if declared else None):
        try:
            if name:
                return body.decode(name, "replace")
        except LookupError:
            continue
    return body.decode("utf-8", "replace")


@dataclass
class Kept:
    """An answer to a GET that may be asked for again with its validators."""

    etag: str
    last_modified: str
    body: str
    content_type: str

    def conditions(self) -> dict[str, str]:
        wanted = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in wanted.items() if value}


class Cache:
    """Twilio caches what it GETs (documents and sounds) by ETag and Last-Modified, never a POST."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def find(self, method: str, url: str) -> Kept | None:
        return self._kept.get(url) if method == "GET" else None

    def keep(self, response: aiohttp.ClientResponse, url: str, body: str) -> None:
        """Keep a good answer that can be validated, unless it asks not to be stored."""
        headers = response.headers
        etag, modified = headers.get("ETag", ""), headers.get("Last-Modified", "")
        refuses = "no-store" in headers.get("Cache-Control", "")
        if response.method != "GET" or response.status != 200 or refuses:  # noqa: PLR2004 - OK
            return
        if etag or modified:
            self._kept.pop(url, None)
            self._kept[url] = Kept(etag, modified, body, response.content_type)
            while len(self._kept) > MAX_KEPT_ANSWERS:
                del self._kept[next(iter(self._kept))]
