"""What an operator lets the agent do, for whom and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.model.messages import Limits

_RULE = re.compile(r"(?P<tool>[A-Za-z][A-Za-z0-9_*.-]*)(?:\((?P<pattern>.+)\))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """Names calls of a tool: all of them, or with a pattern those that fit. Its text is `Tool` or `Tool(pattern)`."""

    tool: str
    """Its name; in that of an MCP server's tool `*` stands for any characters."""
    pattern: str = ""

    def __str__(self) -> str:
        return f"{self.tool}({self.pattern})" if self.pattern else self.tool

    @classmethod
    def parse(cls, text: str) -> Rule:
        """The inverse of `str`. Raises ValueError when the text is not of that form."""
        found = _RULE.fullmatch(text.strip())
        if found is None or (found["pattern"] is not None and not found["pattern"].strip()):
            raise ValueError(f"must be written like Read or Bash(git status), not {text!r}")
        return cls(found["tool"], (found["pattern"] or "").strip())


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be done, what needs asking, what is forbidden. Of those that fit a call the strictest counts."""

    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()

    @property
    def strict(self) -> Rules:
        """These rules without what they allow."""
        return Rules((), self.ask, self.deny)


@dataclass(frozen=True, slots=True)
class McpServer:
    """A server whose tools the agent is offered: a program that is started, or an address.

    Secrets are not part of it: `env` and `headers` name variables of the bot's environment that hold them.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    """The program's variables, and for each the bot's variable whose value it gets."""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The same for headers of requests to the address."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """Bounds on what people use. None leaves it to the settings, or without a bound where there is no such setting.

    Money is in US dollars; days and months are by the clock of BOT_TIMEZONE.
    """

    max_turns: int | None = None
    """How often one turn may ask the model."""
    max_turn_usd: float | None = None
    max_turn_s: float | None = None
    user_day_usd: float | None = None
    user_month_usd: float | None = None
    channel_day_usd: float | None = None
    channel_month_usd: float | None = None
    workspace_day_usd: float | None = None
    workspace_month_usd: float | None = None
    prompts_per_minute: int | None = None
    """Of one person."""
    max_waiting: int | None = None
    """Messages that may wait in one thread."""
    max_prompt_chars: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a policy: what holds everywhere, in a channel, or for the people of a user group."""

    rules: Rules = field(default_factory=Rules)
    model: str = ""
    """Empty to leave it as it is."""
    repositories: tuple[Path, ...] | None = None
    """Directories that can be read and searched beside the session's own; None to leave them as they are."""
    mcp: tuple[str, ...] | None = None
    """Names of the MCP servers that there are; None to leave them as they are."""
    limits: Allowances = field(default_factory=Allowances)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may deal with the bot, and where. Where nothing is listed as allowed, all is that is not denied."""

    allow_channels: frozenset[str] = frozenset()
    deny_channels: frozenset[str] = frozenset()
    allow_users: frozenset[str] = frozenset()
    deny_users: frozenset[str] = frozenset()
    allow_groups: frozenset[str] = frozenset()
    deny_groups: frozenset[str] = frozenset()
    direct_messages: bool = True
    guests: bool = True
    strangers: bool = False
    """People of other workspaces, with whom a channel is shared."""
    bots: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """All that an operator's policy says.

    Args:
        base: what holds everywhere, the most general first: what is built in, then what the operator wrote.
        channels: by channel id.
        groups: by the id of a user group, in the order of the file.
        mcp_servers: by name; a section says which of them there are.
    """

    base: tuple[Section, ...] = (Section(),)
    channels: Mapping[str, Section] = field(default_factory=dict)
    groups: Mapping[str, Section] = field(default_factory=dict)
    mcp_servers: Mapping[str, McpServer] = field(default_factory=dict)
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """What holds in one turn: the sections that apply, put together.

    Args:
        stacks: for each person who prompted, the rules that apply to them, the most general first. The last that says
            something about a call decides, and of several people's answers the strictest.
        model: empty for the default.
        repositories: what can be read beside the session's directory.
    """

    stacks: tuple[tuple[Rules, ...], ...] = ()
    model: str = ""
    repositories: tuple[Path, ...] = ()
    mcp_servers: tuple[McpServer, ...] = ()
    limits: Allowances = field(default_factory=Allowances)

    def limits_or(self, otherwise: Limits) -> Limits:
        """The bounds of the turn: the policy's, and these where it says nothing."""
        said = self.limits
        return Limits(
            otherwise.max_turns if said.max_turns is None else said.max_turns,
            otherwise.max_budget_usd if said.max_turn_usd is None else said.max_turn_usd,
            otherwise.max_turn_s if said.max_turn_s is None else said.max_turn_s,
        )
