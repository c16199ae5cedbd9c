"""Which calls a rule of the policy speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.agent import commands
from bot.agent.tools import KNOWN_TOOLS, PATH_ARGUMENT
from bot.model import Rule

SEARCHES = frozenset({"Glob", "Grep", "LS"})
"""Tools whose path is where they begin: what lies below is read too."""

_DOMAIN = "domain:"
_PATTERN_HINT: Mapping[str, str] = {
    "Bash": "Bash(git status) or Bash(git log *)",
    "WebFetch": "WebFetch(domain:example.com)",
    **{tool: f"{tool}(docs/*)" for tool in PATH_ARGUMENT},
}


class Fit(Enum):
    """Whether a rule speaks of a call."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    """It can't be told: a rule that forbids then asks, and one that allows does not."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, its path already resolved.

    Args:
        root: the session's directory.
    """

    tool: str
    tool_input: Mapping[str, Any]
    root: Path

    def argument(self, name: str) -> str:
        value = self.tool_input.get(name)
        return value if isinstance(value, str) else ""


def fit(rule: Rule, call: Call) -> Fit:
    """Whether a rule speaks of a call."""
    if not names_tool(rule, call.tool):
        return Fit.NO
    if not rule.pattern:
        return Fit.YES
    if call.tool == "Bash":
        words = commands.words_of(call.argument("command"))
        return Fit.UNCLEAR if words is None else _sure(commands.fits(words, rule.pattern))
    if call.tool == "WebFetch":
        return _sure(_is_of_domain(call.argument("url"), rule.pattern.removeprefix(_DOMAIN)))
    if call.tool in PATH_ARGUMENT:
        return _fit_path(rule.pattern, call)
    return Fit.UNCLEAR


def names_tool(rule: Rule, tool: str) -> bool:
    """Whether a rule is about a tool; `mcp__github` is about all tools of that server."""
    return commands.word_fits(tool, rule.tool) or (rule.tool.startswith("mcp__") and tool.startswith(f"{rule.tool}__"))


def exact_rule(call: Call) -> str:
    """The rule that allows this call and as little else as makes sense: what a thread may be allowed from now on.

    Empty when there is none.
    """
    match call.tool:
        case "Bash":
            pattern = commands.exact_pattern(call.argument("command"))
            return f"Bash({pattern})" if pattern else ""
        case "WebFetch":
            host = host_of(call.argument("url"))
            return f"WebFetch({_DOMAIN}{host})" if host else ""
        case _:
            return call.tool


def problem_with(rule: Rule) -> str:
    """What is wrong with a rule, as the end of a sentence that begins with it; empty when nothing is."""
    if not rule.tool.startswith("mcp__") and rule.tool not in KNOWN_TOOLS:
        close = get_close_matches(rule.tool, [*KNOWN_TOOLS, "mcp__server__tool"], n=1)
        return f"names no tool: did you mean {close[0]}?" if close else "names no tool"
    if not rule.pattern:
        return ""
    hint = _PATTERN_HINT.get(rule.tool)
    if hint is None:
        return "takes no pattern"
    if rule.tool == "Bash" and commands.words_of(rule.pattern.replace("*", "x")) is None:
        return f"is no plain command: write it like {hint}"
    if rule.tool == "WebFetch" and not (rule.pattern.startswith(_DOMAIN) and len(rule.pattern) > len(_DOMAIN)):
        return f"must name a domain: write it like {hint}"
    return ""


def host_of(url: str) -> str:
    """The host that an address names, in lower case; empty when it names none."""
    try:
        return (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_of_domain(url: str, domain: str) -> bool:
    host, domain = host_of(url), domain.strip().lower().rstrip(".")
    return host == domain or host.endswith(f".{domain}")


def _fit_path(pattern: str, call: Call) -> Fit:
    """A pattern is compared with the path as seen from the session's directory, or the whole one of a repository."""
    path = Path(call.argument(PATH_ARGUMENT[call.tool]))
    name = path.relative_to(call.root).as_posix() if path.is_relative_to(call.root) else path.as_posix()
    if commands.word_fits(name, pattern):
        return Fit.YES
    return Fit.UNCLEAR if call.tool in SEARCHES else Fit.NO


def _sure(fitting: bool) -> Fit:
    return Fit.YES if fitting else Fit.NO
