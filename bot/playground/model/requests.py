"""A request to the Messages API, parsed once: what the model is shown, and who asks."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What the CLI puts between the person's words: reminders, where it put an image, what it says of an interrupted turn.
_REMINDER = re.compile(
    r"<(system-reminder|local-command-[a-z]+|command-[a-z]+)>.*?</\1>\s*"
    r"|^\[Image: source: [^\n]*\]$|^\[Request interrupted by user[^\n]*\]$",
    re.DOTALL | re.MULTILINE,
)
_NOT_A_PERSON = ("Continue from where you left off.", "Caveat: The messages below")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image the model is shown."""

    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool that the model called gave back."""

    tool_use_id: str
    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation, with the client's own reminders taken out of `text`."""

    role: str
    text: str
    pictures: tuple[Picture, ...] = ()
    results: tuple[ToolResult, ...] = ()
    tools_used: tuple[str, ...] = ()

    @property
    def from_person(self) -> bool:
        """Whether a person wrote it, as opposed to the model, a tool, or the client itself."""
        return self.role == "user" and bool(self.text or self.pictures) and not self.text.startswith(_NOT_A_PERSON)


@dataclass(frozen=True, slots=True)
class Request:
    """One `POST /v1/messages`."""

    model: str
    system: str
    messages: tuple[Said, ...]
    tools: tuple[str, ...]
    max_tokens: int
    stream: bool
    raw: Mapping[str, Any]
    """The body as it came, for a test that needs what is not parsed here."""

    @property
    def texts(self) -> list[str]:
        """The conversation as plain text, one string a message."""
        return [said.text for said in self.messages]

    @property
    def prompts(self) -> list[str]:
        """What people said, oldest first."""
        return [said.text for said in self.messages if said.from_person]

    @property
    def prompt(self) -> str:
        """What a person said last; empty when nobody did."""
        return self.prompts[-1] if self.prompts else ""

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """What the tools that the model called last gave back."""
        return next((said.results for said in reversed(self.messages) if said.results), ())

    @property
    def from_agent(self) -> bool:
        """False for what the CLI asks on its own behalf: titles, web searches, checks of the quota."""
        return bool(set(self.tools) - {"web_search"}) and self.max_tokens > 1

    @property
    def characters(self) -> int:
        return len(json.dumps(self.raw))


def parse_request(body: Mapping[str, Any]) -> Request:
    """Raises KeyError or TypeError when the body is not a Messages request."""
    return Request(
        model=body["model"],
        system="\n".join(_texts(body.get("system", ""))),
        messages=tuple(_said(message) for message in body["messages"]),
        tools=tuple(tool.get("name", "") for tool in body.get("tools") or ()),
        max_tokens=int(body.get("max_tokens", 0)),
        stream=bool(body.get("stream", False)),
        raw=body,
    )


def _said(message: Mapping[str, Any]) -> Said:
    blocks = list(_blocks(message["content"]))
    return Said(
        role=message["role"],
        text=_REMINDER.sub("", "\n".join(_texts(blocks))).strip(),
        pictures=tuple(_pictures(blocks)),
        results=tuple(_result(block) for block in blocks if block["type"] == "tool_result"),
        tools_used=tuple(block["name"] for block in blocks if block["type"] == "tool_use"),
    )


def _blocks(content: str | Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    else:
        yield from content


def _texts(content: str | Sequence[Mapping[str, Any]]) -> list[str]:
    return [block["text"] for block in _blocks(content) if block["type"] == "text" and block["text"]]


def _pictures(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Picture]:
    for block in blocks:
        if block["type"] == "image" and block["source"]["type"] == "base64":
            yield Picture(block["source"]["media_type"], len(base64.b64decode(block["source"]["data"])))


def _result(block: Mapping[str, Any]) -> ToolResult:
    return ToolResult(
        tool_use_id=block["tool_use_id"],
        text="\n".join(_texts(block.get("content") or "")),
        is_error=bool(block.get("is_error", False)),
    )
