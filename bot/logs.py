"""Where log lines go, and in what shape.

Everything, the standard library's logging included, is rendered by structlog and written to one stream, one line an
event. Log calls carry no secrets; the redaction here is the last defence, for what vendors and tracebacks print.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

from bot.config import LogFormat

QUIET: Final = ("slack_bolt", "slack_sdk", "redis", "claude_agent_sdk", "aiohttp", "asyncio", "mcp")
"""Vendors log every frame and request at DEBUG and INFO, contents included."""

REDACTED: Final = "[redacted]"

_SECRETS: Final = (
    re.compile(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]+"),  # Slack's tokens
    re.compile(r"\bsk-ant-[A-Za-z0-9_-]+"),  # Anthropic's keys
    re.compile(r"(?<=://)[^\s/@]*:[^\s/@]+(?=@)"),  # user:password@ in any address
    re.compile(r"(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?<=[?&]ticket=)[^&\s]+"),  # a Socket Mode address is a key
)


def redact(text: str) -> str:
    """The text with everything that has the shape of a secret taken out."""
    for shape in _SECRETS:
        text = shape.sub(REDACTED, text)
    return text


def set_up(log_format: LogFormat, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to one stream. The last call wins.

    Args:
        log_format: one JSON object a line, or text for people.
        stream: where to; stderr when None. Not stdout, which belongs to what a command has to say.
        level: the least that is logged; vendors are kept at WARNING.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(log_format, stream)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _rendering(log_format: LogFormat, stream: TextIO) -> list[Processor]:
    last: Processor = (
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    # Tracebacks become text before the redaction, which then sees them too.
    return [structlog.processors.StackInfoRenderer(), structlog.processors.format_exc_info, _redact_event, last]


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _redacted(value) for name, value in event.items()}


def _redacted(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact(value)
        case Mapping():
            return {str(key): _redacted(item) for key, item in value.items()}
        case Sequence() | set() | frozenset() if not isinstance(value, bytes | bytearray):
            return [_redacted(item) for item in value]
        case _:
            return redact(str(value))
