"""TR7: a process knows when the address that it sends callers to has stopped answering."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from router.telephony import own_address
from router.telephony.own_address import OwnAddress
from router.telephony.urls import Urls


@contextmanager
def answering(port: int, status: int) -> Iterator[str]:
    """Something that answers every request with a status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _nothing_stays_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_address, "FRESH_SECONDS", 0.0)


@pytest.mark.parametrize(("status", "dead"), [(200, False), (404, False), (500, True), (503, True)])
def test_tr7_an_address_that_answered_and_fails_is_dead(status: int, dead: bool) -> None:
    with answering(0, 200) as url:
        own = OwnAddress(Urls(url))
        assert not own.is_dead()
    assert own.is_dead()
    with answering(int(url.rpartition(":")[2]), status):
        assert own.is_dead() is dead


def test_tr7_who_never_had_an_answer_says_nothing() -> None:
    with answering(0, 200) as url:
        own = OwnAddress(Urls(url))
    assert not own.is_dead()


def test_tr7_an_answer_is_good_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_address, "FRESH_SECONDS", 60.0)
    with answering(0, 200) as url:
        own = OwnAddress(Urls(url))
        assert not own.is_dead()
    assert not own.is_dead()
