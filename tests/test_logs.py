"""Logs: one line an event, ids beside it, and no telephone number whole."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from router.logs import bound, configure_logging, get_logger, mask_numbers


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """The root logger as it was, after each test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged, a line an entry."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to +15125550123 now", "to ***23 now"),
        ("+1 (512) 555-0123", "***23"),
        ("%2B15125550123", "***23"),
        ("To=%2b15125550123&From=5125550199", "To=***23&From=***99"),
        ("sip:+15125550123@psap.test", "sip:***23@psap.test"),
        ("tel:5125550123", "tel:***23"),
        ("(512) 555-0123", "***23"),
        ("512.555.0123, 1-512-555-0199", "***23, ***99"),
        ("+442079460123", "***23"),
        ("Key (phone)=(+15125550123) already exists", "Key (phone)=(***23) already exists"),
    ],
)
def test_a_number_keeps_two_digits(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "CA00112233445566778899aabbccddeeff",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-22T22:08:00.123456Z",
        "1763850000.123456",
        "1763850000123",
        "127.0.0.1:5432",
        "took 0.5125550123 s",
        "911",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert mask_numbers(text) == text


def test_ids_are_bound_and_numbers_masked_however_deep(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    with bound(call_id="c1"):
        get_logger("here").info("leg_placed", leg={"to": ["+15125550123", 5125550199]}, tries=2)
    get_logger("here").info("later")
    first, second = lines(capsys)
    assert first["event"] == "leg_placed"
    assert first["call_id"] == "c1"
    assert first["tries"] == 2
    assert first["leg"] == {"to": ["***23", "***99"]}
    assert "call_id" not in second


def test_an_exception_is_logged_without_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    caller = "+15125550123"
    try:
        raise ValueError(f"{caller} cannot be called")  # noqa: TRY301 - it is what is tested
    except ValueError:
        get_logger("here").exception("webhook_failed")
    [line] = lines(capsys)
    assert "***23 cannot be called" in line["exception"]
    assert caller not in json.dumps(line)


def test_other_libraries_lines_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    logging.getLogger("library").warning("dialing %s", "+15125550123", extra={"to": "5125550123"})
    logging.getLogger("twilio.http_client").info("POST To=+15125550123")
    [line] = lines(capsys)
    assert line["event"] == "dialing ***23"
    assert line["to"] == "***23"
    assert line["level"] == "warning"


def test_configuring_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("DEBUG", "json")
    configure_logging("WARNING", "plain")
    get_logger("here").info("unheard")
    get_logger("here").warning("heard", call_id="c1")
    assert capsys.readouterr().err.rstrip().endswith("warning  heard call_id=c1")
