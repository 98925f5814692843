"""RE5: calls hear of the fail-safe as soon as they can be told, whatever becomes of the others."""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from router.errors import NotFoundError
from router.web import failsafe_news
from router.web.failsafe_news import FailsafeNews

PATIENCE_SECONDS = 30.0


class Calls:
    """Calls that can be told once `obstacle` raises nothing any more."""

    def __init__(self) -> None:
        self.tried: SimpleQueue[str] = SimpleQueue()
        self.obstacle: Callable[[str], None] = lambda _: None
        self.told: SimpleQueue[str] = SimpleQueue()

    def tell(self, leg_id: str) -> None:
        self.tried.put(leg_id)
        self.obstacle(leg_id)
        self.told.put(leg_id)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failsafe_news, "AGAIN_SECONDS", 0.001)


@pytest.fixture
def calls() -> Calls:
    return Calls()


def refuses(*legs: str, error: type[Exception] = ConnectionError) -> Callable[[str], None]:
    def refuse(leg_id: str) -> None:
        if leg_id in legs:
            raise error(leg_id)

    return refuse


def test_re5_what_cannot_be_told_is_told_when_the_database_is_back(calls: Calls) -> None:
    calls.obstacle = refuses("a-1")
    FailsafeNews(calls.tell).add("a-1")
    for _ in range(3):
        assert calls.tried.get(timeout=PATIENCE_SECONDS) == "a-1"
    calls.obstacle = refuses()
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "a-1"


def test_re5_one_calls_trouble_holds_up_no_other(calls: Calls) -> None:
    calls.obstacle = refuses("a-1", error=ZeroDivisionError)
    news = FailsafeNews(calls.tell)
    news.add("a-1")
    news.add("b-1")
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "b-1"


def test_re5_news_of_long_ago_is_not_told(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    news = FailsafeNews(calls.tell)
    monkeypatch.setattr(failsafe_news, "LONGEST_SECONDS", 0.0)
    news.add("a-1")
    monkeypatch.undo()
    news.add("b-1")
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "b-1"
    assert calls.tried.qsize() == 1


def test_re5_a_leg_of_no_call_is_not_tried_again(calls: Calls) -> None:
    calls.obstacle = refuses("a-1", error=NotFoundError)
    news = FailsafeNews(calls.tell)
    news.add("a-1")
    news.add("b-1")
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "b-1"
    news.add("c-1")
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "c-1"
    assert [calls.tried.get(timeout=PATIENCE_SECONDS) for _ in range(3)] == ["a-1", "b-1", "c-1"]


def test_a_forked_process_begins_a_thread_of_its_own(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    news = FailsafeNews(calls.tell)
    news.add("a-1")
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "a-1"
    monkeypatch.setattr(os, "getpid", lambda: -1)
    news.add("b-1")
    assert calls.told.get(timeout=PATIENCE_SECONDS) == "b-1"
