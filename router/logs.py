"""Logs: static event names, ids beside them, and no telephone number whole.

    log = get_logger(__name__)
    with bound(call_id=call.id):
        log.info("offer_accepted", leg_id=leg.id)

Our own lines and other libraries' go through the same formatter, so both are redacted.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

KEPT_DIGITS = 2
NUMBER = re.compile(
    r"(?:\+|%2B) ?[1-9](?:[ .()-]*\d){6,14}(?!\d)"  # international, spaced or not
    r"|(?<![A-Za-z0-9.])(?:1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\w|\.\d)",  # American
    re.IGNORECASE,
)
NOISY = ("twilio.http_client", "urllib3", "kombu", "amqp")  # they log requests with their numbers


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for a module; events are named in words_joined_so and never hold values."""
    return structlog.stdlib.get_logger(name)


def bound(**ids: object) -> AbstractContextManager[None]:
    """Put ids (never names or numbers) on every line logged inside the block."""
    return structlog.contextvars.bound_contextvars(**ids)


def configure_logging(level: str, form: Literal["json", "plain"]) -> None:
    """Send all logs of this process to stderr; may be called again with other values.

    Under Celery set worker_hijack_root_logger to False and call this from its setup_logging signal.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,  # text without local variables
                redact,
                *_rendering(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask every telephone number of a log line, however deep it sits."""
    return {key: _masked(value) for key, value in event.items()}


def mask_numbers(text: str) -> str:
    """`text` with its telephone numbers cut down to their last two digits."""
    return NUMBER.sub(lambda found: f"***{_digits(found.group())[-KEPT_DIGITS:]}", text)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _masked(value: object) -> object:
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, Mapping):
        return {_masked(key): _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, (bool, float)):
        return value
    masked = mask_numbers(str(value))
    return value if isinstance(value, int) and masked == str(value) else masked


def _rendering(form: str) -> list[Processor]:
    if form == "json":
        return [structlog.processors.JSONRenderer(sort_keys=False, default=str)]
    return [_with_exception_last]


def _with_exception_last(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line for people: time, level, event, then the rest as key=value."""
    fields: dict[str, Any] = dict(event)
    time, level = str(fields.pop("timestamp", ""))[11:23], fields.pop("level", "")
    words, exception = fields.pop("event", ""), fields.pop("exception", "")
    rest = " ".join(f"{key}={value}" for key, value in fields.items() if key != "logger")
    line = f"{time} {level:<8} {words} {rest}".rstrip()
    return f"{line}\n{exception}" if exception else line
