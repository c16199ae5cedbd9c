"""What the agent may do: a decision for each tool call, made before it runs. How the SDK asks is in `hooks`."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

# The argument of each tool that is a path. A tool that takes one is allowed only inside the session's directory.
_PATH_ARGUMENT: Mapping[str, str] = {
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
_WITHOUT_PATH = frozenset({"LS", "Glob", "Grep"})  # they work on the directory itself when no path is given
_ALWAYS_ALLOWED = frozenset({"TodoWrite", "WebSearch"})

_OUTSIDE = "This is outside of the conversation's own directory, which is all that can be reached here."
_NOT_PERMITTED = "This is not permitted here."
_PRIVATE_ADDRESS = "Only public web pages can be read here."


@dataclass(frozen=True, slots=True)
class Allow:
    """The call may run, with this input: paths in it are resolved, so that what runs is what was checked."""

    tool_input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deny:
    """The call must not run. `reason` is what the model is told, in words it can pass on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody has to decide. `pattern` is the rule that would allow it in this thread from now on; it may be empty."""

    why: str
    pattern: str = ""


Ruling = Allow | Deny


class Policy(Protocol):
    """Decides about tool calls."""

    def decide(self, tool: str, tool_input: Mapping[str, Any]) -> Ruling: ...


class InsideDirectory:
    """Reading, searching and writing inside one directory, and the public web; nothing else.

    Args:
        root: the session's directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def decide(self, tool: str, tool_input: Mapping[str, Any]) -> Ruling:
        if tool in _ALWAYS_ALLOWED:
            return Allow(tool_input)
        if tool == "WebFetch":
            return Allow(tool_input) if _is_public(tool_input.get("url")) else Deny(_PRIVATE_ADDRESS)
        if tool not in _PATH_ARGUMENT:
            return Deny(_NOT_PERMITTED)
        return self._decide_path(tool, tool_input)

    def _decide_path(self, tool: str, tool_input: Mapping[str, Any]) -> Ruling:
        name = _PATH_ARGUMENT[tool]
        given = tool_input.get(name)
        if tool == "Glob" and not _stays_below(tool_input.get("pattern")):
            return Deny(_OUTSIDE)
        if given in (None, "") and tool in _WITHOUT_PATH:
            return Allow({**tool_input, name: str(self._root)})
        path = self.resolve(given) if isinstance(given, str) else None
        return Deny(_OUTSIDE) if path is None else Allow({**tool_input, name: str(path)})

    def resolve(self, given: str) -> Path | None:
        """The real path that a tool's argument means, or None when it lies outside, through whatever symlink."""
        try:
            # The CLI strips the argument and knows `~`; so must we, to look at the same file.
            path = (self._root / Path(given.strip()).expanduser()).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of symlinks, a NUL, an unknown ~user
            return None
        return path if path.is_relative_to(self._root) else None


def _stays_below(pattern: object) -> bool:
    """Whether a glob pattern can only match below the directory it starts in. Braces may hide a way out: `{..,a}/b`."""
    if not isinstance(pattern, str):
        return False
    text = pattern.strip()
    return not text.startswith("~") and ".." not in text and not PurePosixPath(text).is_absolute() and "{/" not in text


def _is_public(url: object) -> bool:
    """Whether a URL names a host of the public web, as far as its text tells (names are not looked up)."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # A name. A public one has a dot and ends in letters; `localhost`, `2130706433` and `0x7f.1` don't.
        last = host.rstrip(".").rpartition(".")
        return bool(last[0]) and last[2].isalpha() and last[2] not in ("local", "localhost", "internal", "lan", "home")
