"""A transcript as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PassageKind(StrEnum):
    PROMPT = "prompt"
    ANSWER = "answer"
    THOUGHT = "thought"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of a tool.

    Args:
        title: what it does, in plain words.
        given: its input, as indented JSON.
        gave: its result as text; empty while there is none.
        failed: the result is an error.
    """

    name: str
    title: str
    given: str
    gave: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """Something that was said, thought or done in a session.

    Args:
        text: what was said or thought, as Markdown; empty for a tool.
        at: when, as ISO 8601; empty when the transcript doesn't say.
    """

    kind: PassageKind
    text: str = ""
    at: str = ""
    tool: ToolUse | None = None
