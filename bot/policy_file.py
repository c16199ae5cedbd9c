"""The operator's policy: from a TOML file to values, with every problem of the file at once.

docs/policy.md says what each key means; a test compares.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.agent.rules import problem_with
from bot.errors import SettingsError
from bot.model import Access, Allowances, McpServer, Policy, Rule, Rules, Section
from bot.settings_values import USER_ID

BUILT_IN: Final = Path(__file__).with_name("default_policy.toml")
"""What holds where the operator's file says nothing else."""

# --- the file's shape ---------------------------------------------------------------------------------------------


def _rule(text: str) -> str:
    problem = problem_with(Rule.parse(text))
    if problem:
        raise ValueError(problem)
    return text


def _absolute(text: str) -> str:
    if not Path(text).is_absolute() or ".." in Path(text).parts:
        raise ValueError("must be an absolute path without ..")
    return text


def _like(shape: str, meaning: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(shape, text):
            raise ValueError(f"must be {meaning}")
        return text

    return AfterValidator(check)


RuleText = Annotated[str, AfterValidator(_rule)]
Directory = Annotated[str, AfterValidator(_absolute)]
ChannelId = Annotated[str, _like(r"[CGD][A-Z0-9]+", "a channel's id such as C0123ABCD (in Slack: channel details)")]
UserId = Annotated[str, _like(USER_ID.pattern, "a user's id such as U012AB3CD (in Slack: profile > Copy member ID)")]
GroupId = Annotated[str, _like(r"S[A-Z0-9]+", "a user group's id such as S0123ABCD")]
ServerName = Annotated[str, _like(r"[a-z0-9][a-z0-9-]{0,30}", "short, of small letters, digits and hyphens")]
# Small letters are left out, so that a token that was written here by mistake is one.
VariableName = Annotated[str, _like(r"[A-Z_][A-Z0-9_]*", "the NAME of an environment variable that holds the secret")]
Address = Annotated[str, _like(r"https?://\S+", "an address that begins with https:// or http://")]
Text = Annotated[str, Field(min_length=1)]
Money = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Table(BaseModel):
    """A table of the file. A key that it doesn't know is a problem."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ToolsTable(Table):
    allow: list[RuleText] = []
    ask: list[RuleText] = []
    deny: list[RuleText] = []


class LimitsTable(Table):
    max_turns: Count | None = None
    max_turn_usd: Money | None = None
    max_turn_s: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    user_day_usd: Money | None = None
    user_month_usd: Money | None = None
    channel_day_usd: Money | None = None
    channel_month_usd: Money | None = None
    prompts_per_minute: Count | None = None
    max_waiting: Count | None = None
    max_prompt_chars: Count | None = None


class WorkspaceLimitsTable(LimitsTable):
    """A workspace's budgets can't be a channel's or a group's matter."""

    workspace_day_usd: Money | None = None
    workspace_month_usd: Money | None = None


class SectionTable(Table):
    model: Text | None = None
    repositories: list[Directory] | None = None
    mcp: list[ServerName] | None = None
    tools: ToolsTable = ToolsTable()
    limits: LimitsTable = LimitsTable()


class McpServerTable(Table):
    command: Text | None = None
    args: list[str] = []
    env: dict[Text, VariableName] = {}
    url: Address | None = None
    headers: dict[Text, VariableName] = {}


class AccessTable(Table):
    allow_channels: list[ChannelId] = []
    deny_channels: list[ChannelId] = []
    allow_users: list[UserId] = []
    deny_users: list[UserId] = []
    allow_groups: list[GroupId] = []
    deny_groups: list[GroupId] = []
    direct_messages: bool = True
    guests: bool = True
    strangers: bool = False
    bots: bool = False


class PolicyTable(SectionTable):
    """The whole file."""

    limits: WorkspaceLimitsTable = WorkspaceLimitsTable()
    access: AccessTable = AccessTable()
    mcp_servers: dict[ServerName, McpServerTable] = {}
    channels: dict[ChannelId, SectionTable] = {}
    groups: dict[GroupId, SectionTable] = {}


# --- reading it ---------------------------------------------------------------------------------------------------


def read_policy(path: Path | None) -> Policy:
    """What is built in, and on top of it the operator's file, if there is one.

    Raises:
        SettingsError: the file can't be read, or says what it can't; with every problem there is.
    """
    built_in = parse_policy(BUILT_IN.read_text(encoding="utf-8"))
    if path is None:
        return built_in
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            [f"BOT_POLICY: {path} can't be read: {getattr(error, 'strerror', None) or error}"]
        ) from error
    try:
        operators = parse_policy(text)
    except SettingsError as wrong:
        raise SettingsError([f"{path}: {problem}" for problem in wrong.problems]) from wrong
    return replace(operators, base=(*built_in.base, *operators.base))


def parse_policy(text: str) -> Policy:
    """What a policy's text says.

    Raises:
        SettingsError: with every problem there is, each with its line.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"this is no TOML: {error}"]) from error
    lines = _lines(text)
    problems = [f"{_where(place, lines)} {problem}" for place, problem in _contradictions(written)]
    try:
        table = PolicyTable.model_validate(written)
    except ValidationError as wrong:
        raise SettingsError([*(_problem(error, lines) for error in wrong.errors()), *problems]) from wrong
    if problems:
        raise SettingsError(problems)
    return Policy(
        (_section(table),),
        {name: _section(section) for name, section in table.channels.items()},
        {name: _section(section) for name, section in table.groups.items()},
        {name: _server(name, server) for name, server in table.mcp_servers.items()},
        _access(table.access),
    )


def _section(table: SectionTable) -> Section:
    return Section(
        Rules(*(tuple(map(Rule.parse, rules)) for rules in (table.tools.allow, table.tools.ask, table.tools.deny))),
        table.model or "",
        None if table.repositories is None else tuple(map(Path, table.repositories)),
        None if table.mcp is None else tuple(table.mcp),
        Allowances(**table.limits.model_dump()),
    )


def _server(name: str, table: McpServerTable) -> McpServer:
    return McpServer(name, table.command or "", tuple(table.args), table.env, table.url or "", table.headers)


def _access(table: AccessTable) -> Access:
    return Access(
        frozenset(table.allow_channels),
        frozenset(table.deny_channels),
        frozenset(table.allow_users),
        frozenset(table.deny_users),
        frozenset(table.allow_groups),
        frozenset(table.deny_groups),
        table.direct_messages,
        table.guests,
        table.strangers,
        table.bots,
    )


# --- what is wrong with it ----------------------------------------------------------------------------------------

Place = tuple[str | int, ...]


def _contradictions(written: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What no look at a single key tells."""
    servers = _tables(written, "mcp_servers")
    for name, server in servers.items():
        place = ("mcp_servers", name)
        if ("command" in server) == ("url" in server):
            yield place, "needs either a command or a url"
        elif "url" in server and ("args" in server or "env" in server):
            yield place, "has args or env, which only a command takes"
        elif "command" in server and "headers" in server:
            yield place, "has headers, which only a url takes"
    sections: dict[Place, Mapping[str, Any]] = {(): written}
    for kind in ("channels", "groups"):
        sections |= {(kind, name): section for name, section in _tables(written, kind).items()}
    for where, section in sections.items():
        named = section.get("mcp")
        for name in named if isinstance(named, list) else ():
            if name not in servers:
                yield (*where, "mcp"), f"names {name!r}, which stands nowhere under [mcp_servers]"


def _tables(written: Mapping[str, Any], key: str) -> Mapping[str, Mapping[str, Any]]:
    found = written.get(key)
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def _problem(error: ErrorDetails, lines: Mapping[Place, int]) -> str:
    place = tuple(part for part in error["loc"] if part != "[key]")
    # What a place for the name of a secret holds may be the secret.
    given = "what is there" if {"env", "headers"} & set(place) else repr(error["input"])
    match error["type"]:
        case "extra_forbidden":
            known = _keys_at(place[:-1])
            if str(place[-1]).startswith("workspace_"):
                return f"{_where(place, lines)} can only stand in [limits]: it is the whole workspace's"
            close = get_close_matches(str(place[-1]), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            return f"{_where(place, lines)} is not a key here: {hint}"
        case "value_error":
            return f"{_where(place, lines)} {given} {error['ctx']['error']}"
        case "model_type" | "dict_type":
            return f"{_where(place, lines)} must be a table, not {given}"
        case _:
            return f"{_where(place, lines)} {error['msg'].removeprefix('Input ')}, not {given}"


def _where(place: Place, lines: Mapping[Place, int]) -> str:
    """`tools.allow, line 3:`, with the line of the nearest key there is one of."""
    named = tuple(part for part in place if not isinstance(part, int))
    line = next((lines[named[:n]] for n in range(len(named), 0, -1) if named[:n] in lines), 0)
    words = ".".join(map(str, named)) or "the file"
    return f"{words}, line {line}:" if line else f"{words}:"


def _keys_at(place: Place) -> list[str]:
    """The keys of the table at a place in the file."""
    kinds: Mapping[str, type[Table]] = {"channels": SectionTable, "groups": SectionTable, "mcp_servers": McpServerTable}
    tables: Mapping[str, type[Table]] = {"tools": ToolsTable, "access": AccessTable, "limits": LimitsTable}
    if place == ("limits",):
        table: type[Table] = WorkspaceLimitsTable
    elif place and place[-1] in tables:
        table = tables[str(place[-1])]
    else:
        table = kinds[str(place[0])] if place else PolicyTable
    return list(table.model_fields)


_HEADER = re.compile(r"\s*\[\[?\s*(?P<keys>[^\[\]]+?)\s*\]?\]\s*(#.*)?")
_ASSIGNED = re.compile(r"\s*(?P<keys>[A-Za-z0-9_\-\"'. ]+?)\s*=")


def _lines(text: str) -> dict[Place, int]:
    """On which line each key stands, as far as a look at each line tells: tomllib itself doesn't say."""
    found: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = _keys(header["keys"])
            found.setdefault(table, number)
        elif assigned := _ASSIGNED.match(line):
            found.setdefault((*table, *_keys(assigned["keys"])), number)
    return found


def _keys(dotted: str) -> Place:
    return tuple(key.strip().strip("\"'") for key in dotted.split("."))
