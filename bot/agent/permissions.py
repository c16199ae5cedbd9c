"""What the agent may do: a decision for each tool call, made before it runs. How the SDK asks is in `hooks`.

Two things no policy can lift come first: paths stay inside the session's directory (or, to read, in a repository that
is mounted), and pages are public ones. Then the rules of the turn's policy decide.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.agent.commands import words_of
from bot.agent.rules import SEARCHES, Call, Fit, exact_rule, fit
from bot.agent.tools import PATH_ARGUMENT
from bot.model import Rule, Rules, TurnPolicy

_READS = frozenset({"Read", "NotebookRead", *SEARCHES})
_NO_SANDBOX = frozenset({"dangerouslyDisableSandbox", "run_in_background"})
"""Arguments of Bash that nobody may give: one leaves the sandbox, the other the turn."""

_OUTSIDE = "This is outside of the conversation's own directory, which is all that can be reached here."
_READ_ONLY = "This can be read here, but not changed."
_NOT_PERMITTED = "This is not permitted here."
_PRIVATE_ADDRESS = "Only public web pages can be read here."

_WHY_UNSAID = "It is not among the things I may do here without asking."
_WHY_RULE = "The rules here say to ask before this ({rule})."
_WHY_UNCLEAR = "This is more than one plain command, so the rules here can't tell what it does."
_WHY_UNBOXED = "There is no sandbox around commands here: this one could reach whatever the bot itself can reach."


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
    """Somebody has to decide. `pattern` is the rule that would allow it in this thread from now on; it may be empty.

    `tool_input` is what runs once it is allowed: paths in it are resolved.
    """

    why: str
    pattern: str = ""
    tool_input: Mapping[str, Any] = field(default_factory=dict)


Ruling = Allow | Deny | Ask


class Policy(Protocol):
    """Decides about tool calls."""

    def decide(self, tool: str, tool_input: Mapping[str, Any]) -> Ruling: ...


class Permissions:
    """What the agent may do in one turn.

    Args:
        root: the session's directory.
        policy: what holds in the turn.
        granted: rules that people allowed in this thread from then on. They answer what needs asking, and lift nothing
            that is forbidden.
        sandboxed: commands run in a sandbox. Without one each of them needs asking.
    """

    def __init__(self, root: Path, policy: TurnPolicy, granted: Iterable[str] = (), *, sandboxed: bool = False) -> None:
        self._root = root.resolve()
        self._repositories = tuple(path.resolve() for path in policy.repositories)
        self._stacks = policy.stacks
        self._granted = tuple(_readable(granted))
        self._sandboxed = sandboxed

    def decide(self, tool: str, tool_input: Mapping[str, Any]) -> Ruling:
        reached = self._reach(tool, tool_input)
        if isinstance(reached, Deny):
            return reached
        call = Call(tool, reached, self._root)
        ruling = max((self._of_stack(stack, call) for stack in self._stacks or ((),)), key=_strictness)
        if tool == "AskUserQuestion" and not isinstance(ruling, Deny):
            return Ask("", tool_input=reached)
        if tool == "Bash" and not self._sandboxed and not isinstance(ruling, Deny):
            return Ask(_WHY_UNBOXED, tool_input=reached)
        if isinstance(ruling, Ask) and any(fit(rule, call) is Fit.YES for rule in self._granted):
            return Allow(reached)
        return ruling

    # --- what no rule can lift ------------------------------------------------------------------------------------

    def _reach(self, tool: str, tool_input: Mapping[str, Any]) -> Mapping[str, Any] | Deny:
        """The call's input with its path resolved, or why it can't be had whatever the rules say."""
        if tool == "WebFetch":
            return tool_input if _is_public(tool_input.get("url")) else Deny(_PRIVATE_ADDRESS)
        if tool == "Bash":
            return {name: value for name, value in tool_input.items() if name not in _NO_SANDBOX}
        if tool not in PATH_ARGUMENT:
            return tool_input
        name = PATH_ARGUMENT[tool]
        given = tool_input.get(name)
        if tool == "Glob" and not _stays_below(tool_input.get("pattern")):
            return Deny(_OUTSIDE)
        if given in (None, "") and tool in SEARCHES:
            return {**tool_input, name: str(self._root)}
        path = self.resolve(given) if isinstance(given, str) else None
        if path is None:
            return Deny(_OUTSIDE)
        if tool not in _READS and not path.is_relative_to(self._root):
            return Deny(_READ_ONLY)
        return {**tool_input, name: str(path)}

    def resolve(self, given: str) -> Path | None:
        """The real path that a tool's argument means, or None when it lies outside, through whatever symlink."""
        try:
            # The CLI strips the argument and knows `~`; so must we, to look at the same file.
            path = (self._root / Path(given.strip()).expanduser()).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of symlinks, a NUL, an unknown ~user
            return None
        return path if any(path.is_relative_to(place) for place in (self._root, *self._repositories)) else None

    # --- what the rules say ---------------------------------------------------------------------------------------

    def _of_stack(self, stack: Sequence[Rules], call: Call) -> Ruling:
        """What the most particular rules say that say anything about the call."""
        for rules in reversed(stack):
            ruling = _ruling(rules, call)
            if ruling is not None:
                return ruling
        return Ask(_why_unsaid(call), exact_rule(call), call.tool_input)


def _ruling(rules: Rules, call: Call) -> Ruling | None:
    """What these rules say about a call, the strictest of them first; None when nothing."""
    denies = [fit(rule, call) for rule in rules.deny]
    if Fit.YES in denies:
        return Deny(_NOT_PERMITTED)
    asks = [(rule, fit(rule, call)) for rule in rules.ask]
    for rule, fitting in asks:
        if fitting is Fit.YES:
            return Ask(_WHY_RULE.format(rule=rule), exact_rule(call), call.tool_input)
    if Fit.UNCLEAR in (*denies, *(fitting for _, fitting in asks)):
        return Ask(_why_unsaid(call), exact_rule(call), call.tool_input)
    if any(fit(rule, call) is Fit.YES for rule in rules.allow):
        return Allow(call.tool_input)
    return None


def _why_unsaid(call: Call) -> str:
    plain = call.tool != "Bash" or words_of(call.argument("command")) is not None
    return _WHY_UNSAID if plain else _WHY_UNCLEAR


def _strictness(ruling: Ruling) -> int:
    return (Allow, Ask, Deny).index(type(ruling))


def _readable(rules: Iterable[str]) -> Iterable[Rule]:
    """Rules from the store; one that can't be read any more allows nothing."""
    for text in rules:
        try:
            yield Rule.parse(text)
        except ValueError:
            continue


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
