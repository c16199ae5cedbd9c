"""The tools the agent is offered, and plain words for each call of one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OFFERED_TOOLS = (
    "Read",
    "Glob",
    "Grep",
    "Write",
    "Edit",
    "NotebookEdit",
    "Bash",
    "WebSearch",
    "WebFetch",
    "AskUserQuestion",
)
"""The CLI's built-in tools that the model is told of. What is not here it can't call."""

PATH_ARGUMENT: Mapping[str, str] = {
    "Read": "file_path",
    "Write": "file_path",
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookRead": "notebook_path",
    "NotebookEdit": "notebook_path",
    "LS": "path",
    "Glob": "path",
    "Grep": "path",
}
"""The argument of each tool that is a path."""

KNOWN_TOOLS = tuple(dict.fromkeys((*OFFERED_TOOLS, *PATH_ARGUMENT)))
"""What a rule can be about, beside the tools of MCP servers."""

MAX_TITLE_CHARS = 250
"""Slack's limit for a task card's title is 256; the rest is room for an ellipsis and a mark."""

_MAX_QUOTE_CHARS = 80
ToolInput = Mapping[str, Any]


def tool_title(tool: str, tool_input: ToolInput, workdir: Path) -> str:
    """What the agent does, for people: `Reading report.md`. Never JSON, one line, at most MAX_TITLE_CHARS."""
    words = _TITLES.get(tool)
    if words is None:
        return _shortened(_unknown(tool), MAX_TITLE_CHARS)
    return _shortened(words(tool_input, workdir), MAX_TITLE_CHARS)


def one_line(text: str) -> str:
    """The text on one line, without control or formatting characters."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in visible if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")).split())


def _shortened(text: str, limit: int) -> str:
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _text(tool_input: ToolInput, name: str) -> str:
    value = tool_input.get(name)
    return value if isinstance(value, str) else ""


def _file(tool_input: ToolInput, name: str, workdir: Path) -> str:
    """A path as people know it: relative to the working directory where it lies inside."""
    path = _text(tool_input, name)
    for root in (workdir, workdir.resolve()):
        if path == str(root):
            return "."
        if path.startswith(f"{root}/"):
            return path[len(str(root)) + 1 :]
    return path or "a file"


def _quoted(text: str) -> str:
    return f"“{_shortened(text, _MAX_QUOTE_CHARS)}”" if text else "something"


def _place(tool_input: ToolInput, workdir: Path) -> str:
    place = _file(tool_input, "path", workdir) if _text(tool_input, "path") else "."
    return "" if place == "." else f" in {place}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "a page"
    except ValueError:
        return "a page"


def _on_file(verb: str, name: str = "file_path") -> Callable[[ToolInput, Path], str]:
    return lambda tool_input, workdir: f"{verb} {_file(tool_input, name, workdir)}"


_TITLES: Mapping[str, Callable[[ToolInput, Path], str]] = {
    "Read": _on_file("Reading"),
    "Write": _on_file("Writing"),
    "Edit": _on_file("Editing"),
    "MultiEdit": _on_file("Editing"),
    "NotebookRead": _on_file("Reading", "notebook_path"),
    "NotebookEdit": _on_file("Editing", "notebook_path"),
    "LS": lambda tool_input, workdir: f"Listing files{_place(tool_input, workdir)}",
    "Glob": lambda tool_input, workdir: (
        f"Looking for files {_quoted(_text(tool_input, 'pattern'))}{_place(tool_input, workdir)}"
    ),
    "Grep": lambda tool_input, workdir: (
        f"Searching for {_quoted(_text(tool_input, 'pattern'))}{_place(tool_input, workdir)}"
    ),
    "Bash": lambda tool_input, _: _text(tool_input, "description") or "Running a command",
    "WebSearch": lambda tool_input, _: f"Searching the web for {_quoted(_text(tool_input, 'query'))}",
    "WebFetch": lambda tool_input, _: f"Reading a page on {_host(_text(tool_input, 'url'))}",
    "TodoWrite": lambda *_: "Updating its plan",
    "Task": lambda tool_input, _: _text(tool_input, "description") or "Working on a part of the task",
    "Agent": lambda tool_input, _: _text(tool_input, "description") or "Working on a part of the task",
    "AskUserQuestion": lambda *_: "Asking a question",
}


def _unknown(tool: str) -> str:
    """`mcp__github__create_issue` becomes `Using create issue (github)`."""
    served = re.fullmatch(r"mcp__(?P<server>.+?)__(?P<tool>.+)", tool)
    if served:
        return f"Using {served['tool'].replace('_', ' ')} ({served['server'].replace('_', ' ')})"
    return f"Using {tool.replace('_', ' ')}"
