from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from bot import logs
from bot.config import LogFormat


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    structlog.reset_defaults()


@pytest.fixture
def written() -> io.StringIO:
    stream = io.StringIO()
    logs.set_up(LogFormat.JSON, stream)
    return stream


def test_an_event_is_one_json_object_on_one_line(written: io.StringIO) -> None:
    structlog.get_logger("bot.inbox").info("message_taken", thread="T1:C1:1.2", waiting=2)

    event = json.loads(written.getvalue())
    assert written.getvalue().count("\n") == 1
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "message_taken",
        "level": "info",
        "logger": "bot.inbox",
        "thread": "T1:C1:1.2",
        "waiting": 2,
    }


def test_the_standard_library_takes_the_same_way(written: io.StringIO) -> None:
    logging.getLogger("some.library").warning("%d of %s", 3, "four")

    event = json.loads(written.getvalue())
    assert (event["event"], event["logger"], event["level"]) == ("3 of four", "some.library", "warning")


@pytest.mark.parametrize(
    "vendor", ["slack_bolt.AsyncApp", "slack_sdk.socket_mode.aiohttp", "redis", "claude_agent_sdk"]
)
def test_vendors_are_heard_from_warnings_on(written: io.StringIO, vendor: str) -> None:
    logging.getLogger(vendor).info("chatter")
    assert written.getvalue() == ""

    logging.getLogger(vendor).warning("trouble")
    assert "trouble" in written.getvalue()


def test_debug_is_not_logged(written: io.StringIO) -> None:
    structlog.get_logger("bot").debug("detail")

    assert written.getvalue() == ""


def test_warnings_are_logged(written: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)

    assert "old ways" in json.loads(written.getvalue())["event"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("token xoxb-12-34-abCD refused", "token [redacted] refused"),
        ("xoxe.xoxp-1-Mi0yLT", "[redacted]"),
        ("xapp-1-A01-99-ffee", "[redacted]"),
        ("key=sk-ant-api03-AbC_d-E!", "key=[redacted]!"),
        ("redis://user:p%40ss@host:6379/0", "redis://[redacted]@host:6379/0"),
        ("rediss://:pass@host", "rediss://[redacted]@host"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted]"),
        ("wss://slack.com/link/?ticket=12-34&app_id=A", "wss://slack.com/link/?ticket=[redacted]&app_id=A"),
        ("redis://127.0.0.1:6379/0 and a@b.c", "redis://127.0.0.1:6379/0 and a@b.c"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_taken_out(text: str, kept: str) -> None:
    assert logs.redact(text) == kept


def test_secrets_are_found_in_every_part_of_an_event(written: io.StringIO) -> None:
    class Shown:
        def __str__(self) -> str:
            return "xoxb-in-an-object"

    try:
        raise ValueError("xoxb-in-a-traceback")
    except ValueError:
        structlog.get_logger("bot").exception(
            "failed xoxb-in-event",
            one="xoxb-in-text",
            many=["xoxb-in-list"],
            deep={"a": {"b": "xoxb-deep"}},
            it=Shown(),
        )
    logging.getLogger("library").error("as %s", {"token": "xoxb-in-arguments"})

    assert "xoxb-" not in written.getvalue()
    assert written.getvalue().count(logs.REDACTED) == 8  # a traceback shows the line as well
    assert "Traceback" in written.getvalue()


def test_text_is_for_people_and_redacted_too() -> None:
    stream = io.StringIO()
    logs.set_up(LogFormat.TEXT, stream)

    structlog.get_logger("bot").warning("store_away", address="redis://u:p@host")

    assert "store_away" in stream.getvalue()
    assert "u:p" not in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_setting_up_again_replaces_what_was() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.set_up(LogFormat.JSON, first)
    logs.set_up(LogFormat.JSON, second)

    structlog.get_logger("bot").info("once")

    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
