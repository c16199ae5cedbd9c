"""What a scripted model answers: the vocabulary that tests and the demo's persona write their replies in.

say("Hello ", hold, "world")             text, with a pause until the event `hold` is set
say("Let me look.") + use_tool("Read", {"file_path": "a.md"})
overloaded(), prompt_too_long(), …       an HTTP error instead of an answer
cut("half a sen")                        the connection breaks after this text
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A text block. Where a part is an event, the stream waits until it is set."""

    parts: tuple[str | asyncio.Event, ...]

    @property
    def text(self) -> str:
        return "".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Thought:
    """A thinking block."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of one of the client's tools."""

    name: str
    input: Mapping[str, Any]


Block = Text | Thought | ToolUse


@dataclass(frozen=True, slots=True)
class Reply:
    """One assistant message. Replies add up: the blocks of both, in order.

    Args:
        cut: break the connection after the last block instead of ending the message.
        error: send this error inside the stream after the last block instead of ending the message.
        slowness: the pace between chunks is multiplied by this.
        input_tokens: what to report as the prompt's size; None counts the request's characters.
        free: report no tokens at all, so that the CLI reckons no cost.
    """

    blocks: tuple[Block, ...] = ()
    cut: bool = False
    error: Failure | None = None
    slowness: float = 1.0
    input_tokens: int | None = None
    free: bool = False

    def __add__(self, other: Reply) -> Reply:
        return replace(other, blocks=self.blocks + other.blocks)


@dataclass(frozen=True, slots=True)
class Failure:
    """An HTTP error in the API's own shape."""

    status: int
    kind: str
    message: str
    retry_after_s: int | None = None


Answer = Reply | Failure


def say(*parts: str | asyncio.Event, slowness: float = 1.0) -> Reply:
    """A reply of one text block."""
    return Reply((Text(parts),), slowness=slowness)


def think(text: str) -> Reply:
    return Reply((Thought(text),))


def use_tool(name: str, tool_input: Mapping[str, Any]) -> Reply:
    return Reply((ToolUse(name, tool_input),))


def cut(*parts: str | asyncio.Event) -> Reply:
    """Some text, and then the connection breaks."""
    return Reply((Text(parts),), cut=True)


def overloaded() -> Failure:
    return Failure(529, "overloaded_error", "Overloaded")


def rate_limited(retry_after_s: int | None = None) -> Failure:
    return Failure(429, "rate_limit_error", "This request would exceed your rate limit.", retry_after_s)


def credentials_rejected() -> Failure:
    return Failure(401, "authentication_error", "invalid x-api-key")


def forbidden() -> Failure:
    return Failure(403, "permission_error", "Your API key does not have permission to use the specified resource.")


def no_credit() -> Failure:
    return Failure(
        400,
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.",
    )


def prompt_too_long() -> Failure:
    return Failure(400, "invalid_request_error", "prompt is too long: 214000 tokens > 200000 maximum")


def broken() -> Failure:
    return Failure(500, "api_error", "Internal server error")


def unknown_model(model: str = "nonesuch") -> Failure:
    return Failure(404, "not_found_error", f"model: {model}")
