"""MCP servers that a policy names, with the real CLI and a real server over stdio."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bot.agent.settings import PoolBounds
from bot.model import Ending, McpServer, TurnPolicy
from bot.playground.model import say, use_tool
from tests.integration.agent.bench import Bench, OpenBench, marked_processes, new_session
from tests.policies import rules

SERVER = Path(__file__).parents[2] / "mcp_server.py"
TOKEN = "token-of-the-wiki"
WIKI = McpServer("wiki", sys.executable, (str(SERVER),), {"WIKI_TOKEN": "WIKI_TOKEN_OF_BOT"})
POLICY = TurnPolicy(
    ((rules(allow=["mcp__wiki"], deny=["mcp__wiki__delete"]),),),
    mcp_servers=(WIKI,),
)


@pytest.fixture(autouse=True)
def token(environ: dict[str, str]) -> None:
    environ.update(WIKI_TOKEN_OF_BOT=TOKEN, ANOTHER_SECRET="not for the wiki")


async def test_a_server_of_the_policy_is_started_with_its_secret_and_its_tools_are_used(bench: Bench) -> None:
    bench.policy = POLICY
    bench.model.script(use_tool("mcp__wiki__read", {"page": "launch"}), say("Friday."))
    told = await bench.ask("When is the launch?", new_session())
    assert told.text == "Friday."
    assert told.started == ["Using read (wiki)"]
    assert bench.model.requests[1].results[0].text == f"read launch with {TOKEN}"
    assert {"mcp__wiki__read", "mcp__wiki__delete"} <= set(bench.model.requests[0].tools)
    assert not marked_processes()


async def test_a_tool_that_the_rules_forbid_is_not_called(bench: Bench) -> None:
    bench.policy = POLICY
    bench.model.script(use_tool("mcp__wiki__delete", {"page": "launch"}), say("I may not."))
    told = await bench.ask("Delete it", new_session())
    assert [finished.ok for finished in told.finished] == [False]
    assert "not permitted" in bench.model.requests[1].results[0].text


async def test_a_tool_that_no_rule_names_needs_asking(bench: Bench) -> None:
    bench.policy = replace(POLICY, stacks=((rules(),),))
    bench.model.script(use_tool("mcp__wiki__read", {"page": "launch"}), say("Friday."))
    told = await bench.ask("When?", new_session())
    assert told.outcome.ending is Ending.DEFERRED
    assert told.deferred is not None
    assert (told.deferred.tool, told.deferred.title) == ("mcp__wiki__read", "Using read (wiki)")


async def test_a_server_gets_its_own_secret_and_no_other_and_no_argument_shows_it(bench: Bench) -> None:
    bench.policy = POLICY
    hold_session = new_session()
    bench.model.script(use_tool("mcp__wiki__read", {"page": "environment"}), say("done"))
    async with bench.run("Look", hold_session) as run:
        async for _ in run:
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                assert TOKEN not in " ".join(process.cmdline())
    names = json.loads(bench.model.requests[-1].results[0].text)
    assert "WIKI_TOKEN" in names
    assert not {"SLACK_BOT_TOKEN", "WIKI_TOKEN_OF_BOT", "ANOTHER_SECRET", "ANTHROPIC_API_KEY"} & set(names)


async def test_without_a_server_there_is_none(bench: Bench) -> None:
    await bench.ask("hello", new_session())
    assert not [tool for tool in bench.model.requests[0].tools if tool.startswith("mcp__")]


async def test_a_server_that_does_not_start_costs_its_tools_and_nothing_else(bench: Bench) -> None:
    bench.policy = replace(POLICY, mcp_servers=(McpServer("wiki", "/nowhere/wiki"),))
    assert (await bench.ask("hello", new_session())).text == "ok"


async def test_a_process_with_other_servers_is_not_gone_on_with(open_bench: OpenBench, tmp_path: Path) -> None:
    async with open_bench(tmp_path, PoolBounds(clients=2, memory_bytes=1 << 40, client_bytes=1 << 40)) as bench:
        session = new_session()
        await bench.ask("hello", session)
        bench.policy = POLICY
        await bench.ask("and now?", session, resume=True)
        assert "mcp__wiki__read" in bench.model.requests[-1].tools
        bench.policy = TurnPolicy()
        await bench.ask("and now?", session, resume=True)
        assert "mcp__wiki__read" not in bench.model.requests[-1].tools
