"""The SDK's messages as events of the core: parsed here, once.

Text is what was streamed. A message that arrives whole is shown only when the model wrote it (the CLI falls back to a
request without streaming); what the CLI writes itself in the model's place, such as `API Error: …`, is never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from claude_agent_sdk import (
    AssistantMessage,
    Message,
    StreamEvent,
    SystemMessage,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)

from bot.agent.outcomes import RunFacts
from bot.agent.tools import one_line, tool_title
from bot.model import (
    AgentEvent,
    Asked,
    DeferredCall,
    Remark,
    RemarkKind,
    TextDelta,
    Thinking,
    ToolFinished,
    ToolStarted,
)

_SYNTHETIC = "<synthetic>"
_PARAGRAPH = "\n\n"
_MAX_SUMMARY_CHARS = 120


class EventReader:
    """Reads the messages of one run, in order.

    Args:
        facts: gets what the messages tell about the run.
        workdir: titles name paths relative to it.
    """

    def __init__(self, facts: RunFacts, workdir: Path) -> None:
        self._facts = facts
        self._workdir = workdir
        self._text = _StreamedText()
        self._tools: set[str] = set()

    def goes_on(self, call: DeferredCall) -> ToolStarted:
        """A call that waited is carried out now: its result will come by itself."""
        self._tools.add(call.id)
        return ToolStarted(call.id, call.tool, call.title)

    def read(self, message: Message) -> Iterator[AgentEvent]:
        """The events that a message stands for. Those of subagents are left out: their tool's card speaks for them."""
        match message:
            case StreamEvent(parent_tool_use_id=None):
                yield from self._read_stream(message.event)
            case AssistantMessage(parent_tool_use_id=None):
                yield from self._read_assistant(message)
            case UserMessage(parent_tool_use_id=None):
                yield from self._read_results(message)
            case SystemMessage(subtype="init"):
                self._facts.model = str(message.data.get("model", ""))
                yield Asked()
            case SystemMessage(subtype="compact_boundary", data={"compact_metadata": {"post_tokens": int(tokens)}}):
                self._facts.compacted, self._facts.context_tokens = True, tokens
                yield Remark(RemarkKind.COMPACTED)
            case SystemMessage(subtype="api_retry", data={"retry_delay_ms": int(delay_ms)}):
                self._facts.retry_wait_s = delay_ms / 1000
            case _:
                return

    def _read_stream(self, event: dict[str, object]) -> Iterator[AgentEvent]:
        match event:
            case {"type": "message_start", "message": {"id": str(message_id)}}:
                self._text.begin_message(message_id)
            case {"type": "content_block_start", "content_block": {"type": "text"}}:
                self._text.begin_block()
            case {"type": "content_block_start", "content_block": {"type": "thinking" | "redacted_thinking"}}:
                yield Thinking()
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
                yield from self._text.add(text)
            case _:
                return

    def _read_assistant(self, message: AssistantMessage) -> Iterator[AgentEvent]:
        if message.model == _SYNTHETIC:
            self._facts.api_error = message.error or self._facts.api_error
            return
        self._facts.model = message.model
        self._facts.context_tokens = _tokens(message.usage) or self._facts.context_tokens
        for block in message.content:
            if isinstance(block, TextBlock):
                yield from self._text.settle(message.message_id or "", block.text)
            elif isinstance(block, ToolUseBlock) and block.id not in self._tools:
                self._tools.add(block.id)
                yield ToolStarted(block.id, block.name, tool_title(block.name, block.input, self._workdir))

    def _read_results(self, message: UserMessage) -> Iterator[AgentEvent]:
        if isinstance(message.content, str):
            return
        for block in message.content:
            if isinstance(block, ToolResultBlock) and block.tool_use_id in self._tools:
                self._tools.discard(block.tool_use_id)
                failed = bool(block.is_error)
                yield ToolFinished(block.tool_use_id, ok=not failed, summary=_reason(block) if failed else "")


class _StreamedText:
    """The answer's text: paragraphs between blocks, and nothing twice when the CLI asks again after a broken stream.

    A block is settled when the CLI hands it over whole; one that never is was broken off, and its message is asked
    for again. What the second answer shares with what was shown of the first is not said again.
    """

    def __init__(self) -> None:
        self._message_id = ""
        self._block = ""
        self._said_anything = False
        self._broken = ""
        self._held = ""

    def begin_message(self, message_id: str) -> None:
        if self._block:
            self._broken, self._held = self._block, ""
        self._message_id = message_id
        self._block = ""

    def begin_block(self) -> None:
        self._block = ""

    def add(self, text: str) -> Iterator[AgentEvent]:
        """More of the block that is being streamed."""
        if self._broken:
            yield from self._compare(text)
        elif text:
            start = _PARAGRAPH if self._said_anything and not self._block else ""
            self._said_anything = True
            self._block += text
            yield TextDelta(start + text)

    def settle(self, message_id: str, whole: str) -> Iterator[AgentEvent]:
        """A block is complete. Says it, when it was not streamed."""
        if message_id != self._message_id:
            self.begin_message(message_id)
            yield from self.add(whole)
        self._block = self._broken = self._held = ""

    def _compare(self, text: str) -> Iterator[AgentEvent]:
        self._held += text
        if self._broken.startswith(self._held):
            return
        broken, again = self._broken, self._held
        self._broken = self._held = ""
        self._block = again
        if again.startswith(broken):
            yield TextDelta(again[len(broken) :])
        else:
            yield Remark(RemarkKind.STARTED_OVER)
            yield TextDelta(_PARAGRAPH + again)


_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


def _tokens(usage: dict[str, Any] | None) -> int:
    """What a request and its answer take up together."""
    return sum(int((usage or {}).get(kind) or 0) for kind in _TOKENS)


def _reason(block: ToolResultBlock) -> str:
    """The first line of what a failed tool said."""
    content = block.content
    text = content if isinstance(content, str) else _first_text(content or ())
    line = one_line(text.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>").partition("\n")[0])
    return line if len(line) <= _MAX_SUMMARY_CHARS else line[: _MAX_SUMMARY_CHARS - 1].rstrip() + "…"


def _first_text(blocks: Sequence[dict[str, object]]) -> str:
    return next((str(block.get("text", "")) for block in blocks if block.get("type") == "text"), "")
