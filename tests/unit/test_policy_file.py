"""The operator's policy: what its file says, and what is wrong with one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.model import Access, Allowances, McpServer, Rule
from bot.policy_file import (
    BUILT_IN,
    AccessTable,
    LimitsTable,
    McpServerTable,
    PolicyTable,
    ToolsTable,
    WorkspaceLimitsTable,
    parse_policy,
    read_policy,
)
from tests.policies import rules

WHOLE = """
model = "claude-sonnet-5"
repositories = ["/srv/handbook"]
mcp = ["github"]

[tools]
allow = ["Read", "Bash(git log *)"]
ask = ["Write"]
deny = ["mcp__github__delete_*"]

[limits]
max_turns = 20
max_turn_usd = 2
workspace_month_usd = 500.5

[access]
deny_channels = ["C0FINANCE"]
deny_groups = ["S0AGENCY1"]
guests = false

[mcp_servers.github]
command = "github-mcp-server"
args = ["stdio"]
env = { GITHUB_TOKEN = "BOT_GITHUB_TOKEN" }

[mcp_servers.wiki]
url = "https://wiki.example.com/mcp"
headers = { Authorization = "WIKI_AUTHORIZATION" }

[channels.C0OPS]
model = "claude-opus-5"
tools = { allow = ["Bash"] }
repositories = []
mcp = ["wiki"]

[groups.S0INTERNS.tools]
deny = ["Bash"]
[groups.S0INTERNS.limits]
user_day_usd = 1.5
"""


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse_policy(text)
    return caught.value.problems


def test_all_that_a_file_can_say_is_understood() -> None:
    policy = parse_policy(WHOLE)
    (base,) = policy.base
    assert base.rules == rules(["Read", "Bash(git log *)"], ["Write"], ["mcp__github__delete_*"])
    assert (base.model, base.repositories, base.mcp) == ("claude-sonnet-5", (Path("/srv/handbook"),), ("github",))
    assert base.limits == Allowances(max_turns=20, max_turn_usd=2, workspace_month_usd=500.5)
    assert policy.access == Access(
        deny_channels=frozenset({"C0FINANCE"}), deny_groups=frozenset({"S0AGENCY1"}), guests=False
    )
    channel, group = policy.channels["C0OPS"], policy.groups["S0INTERNS"]
    assert (channel.model, channel.repositories, channel.mcp) == ("claude-opus-5", (), ("wiki",))
    assert channel.rules == rules(["Bash"])
    assert (group.rules, group.repositories, group.limits) == (rules(deny=["Bash"]), None, Allowances(user_day_usd=1.5))
    assert policy.mcp_servers["github"] == McpServer(
        "github", "github-mcp-server", ("stdio",), {"GITHUB_TOKEN": "BOT_GITHUB_TOKEN"}
    )
    assert policy.mcp_servers["wiki"].headers == {"Authorization": "WIKI_AUTHORIZATION"}


def test_an_empty_file_says_nothing() -> None:
    policy = parse_policy("")
    assert (policy.base[0].rules, policy.channels, policy.access) == (rules(), {}, Access())


def test_all_problems_are_told_at_once_each_with_its_line() -> None:
    assert problems_of(
        """modle = "x"
repositories = ["srv/a"]
[tools]
allow = [
  "Read",
  "Raed", "Bash(ls; rm x)",
]
alow = []
[limits]
max_turns = 0
user_day_usd = "5"
[channels.C0OPS]
limits = { workspace_day_usd = 3 }
mcp = ["nope"]
[channels.general]
[mcp_servers.x]
"""
    ) == (
        "repositories, line 2: 'srv/a' must be an absolute path without ..",
        "tools.allow, line 4: 'Raed' names no tool: did you mean Read?",
        "tools.allow, line 4: 'Bash(ls; rm x)' is no plain command: write it like Bash(git status) or Bash(git log *)",
        "tools.alow, line 8: is not a key here: did you mean allow?",
        "limits.max_turns, line 10: should be greater than or equal to 1, not 0",
        "limits.user_day_usd, line 11: should be a valid number, not '5'",
        "channels.C0OPS.limits.workspace_day_usd, line 13: can only stand in [limits]: it is the whole workspace's",
        "channels.general, line 15: 'general' must be a channel's id such as C0123ABCD (in Slack: channel details)",
        "modle, line 1: is not a key here: did you mean model?",
        "mcp_servers.x, line 16: needs either a command or a url",
        "channels.C0OPS.mcp, line 14: names 'nope', which stands nowhere under [mcp_servers]",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tools = 3", "tools, line 1: must be a table, not 3"),
        ('[tools]\nallow = "Read"', "tools.allow, line 2: should be a valid list, not 'Read'"),
        ("[channels.C1.tools]\nallw = []", "channels.C1.tools.allw, line 2: is not a key here: did you mean allow?"),
        ("[groups.C1]", "groups.C1, line 1: 'C1' must be a user group's id such as S0123ABCD"),
        ("zzz = 1", "zzz, line 1: is not a key here: there are model, repositories, mcp, tools, limits, access, "),
        ("[limits]\nmax_turn_usd = inf", "limits.max_turn_usd, line 2: should be a finite number, not inf"),
        ("[limits]\nmax_turn_s = inf", "limits.max_turn_s, line 2: should be a finite number, not inf"),
        ("[limits]\nuser_day_usd = nan", "limits.user_day_usd, line 2: should be "),
        ("[limits]\nprompts_per_minute = 0", "limits.prompts_per_minute, line 2: should be "),
        ("[limits]\nmax_turns = true", "limits.max_turns, line 2: should be a valid integer, not True"),
        ('repositories = ["/srv/../etc"]', "repositories, line 1: '/srv/../etc' must be an absolute path"),
        ('[access]\ndeny_users = ["ana"]', "access.deny_users, line 2: 'ana' must be a user's id such as U012AB3CD"),
        ('[mcp_servers.a]\nurl="https://a"\nargs=["x"]', "mcp_servers.a, line 1: has args or env, which only"),
        ('[mcp_servers.a]\ncommand="a"\nheaders={}', "mcp_servers.a, line 1: has headers, which only a url takes"),
        ('[mcp_servers.A_b]\ncommand="a"', "mcp_servers.A_b, line 1: 'A_b' must be short, of small letters"),
        (
            '[mcp_servers.a]\ncommand="a"\nenv={T="ghp-secret"}',
            "mcp_servers.a.env.T, line 3: what is there must be",
        ),
        ("x = [", "this is no TOML: "),
    ],
)
def test_each_problem_says_where_and_how_to_mend_it(text: str, problem: str) -> None:
    (told,) = problems_of(text)
    assert told.startswith(problem)


def test_what_may_be_a_secret_is_not_repeated() -> None:
    for written in ('"ghp_s3cr3t"', '["ghp_s3cr3t"]', "123456"):
        (told,) = problems_of(f'[mcp_servers.a]\ncommand = "a"\nenv = {{ T = {written} }}')
        assert "s3cr3t" not in told
        assert "123456" not in told


def test_the_operators_file_stands_on_what_is_built_in(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[tools]\nask = ["WebFetch"]\n')
    built_in, operators = read_policy(file).base
    assert built_in == read_policy(None).base[0]
    assert Rule("Read") in built_in.rules.allow
    assert operators.rules == rules(ask=["WebFetch"])


def test_a_file_that_is_not_there_or_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"BOT_POLICY: .*none.toml can't be read: No such file"):
        read_policy(tmp_path / "none.toml")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("modle = 1")
    with pytest.raises(SettingsError, match=r"wrong.toml: modle, line 1"):
        read_policy(wrong)
    wrong.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"can't be read"):
        read_policy(wrong)


def test_what_is_built_in_lets_in_neither_strangers_nor_bots() -> None:
    access = read_policy(None).access
    assert not access.strangers
    assert not access.bots


PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_page_is_a_policy(example: str) -> None:
    parse_policy(example)


def test_the_page_shows_what_is_built_in() -> None:
    assert EXAMPLES[-1] == BUILT_IN.read_text(encoding="utf-8")


def test_the_page_names_every_key() -> None:
    tables = (PolicyTable, ToolsTable, LimitsTable, WorkspaceLimitsTable, McpServerTable, AccessTable)
    keys = {key for table in tables for key in table.model_fields}
    assert {key for key in keys if not re.search(rf"`\[?{key}\]?`|^\[?{key}\b|^\[{key}", PAGE, re.MULTILINE)} == set()


def test_the_example_is_a_policy_and_uses_each_kind_of_table() -> None:
    policy = read_policy(Path(__file__).parents[2] / "deploy" / "policy.toml")
    assert policy.channels
    assert policy.groups
    assert policy.mcp_servers
    assert policy.access != Access()


def test_each_example_in_the_documentation_is_a_policy() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(examples) > 4
    for example in examples:
        parse_policy(example)
