"""An operator's policy in force, through Slack's wire: per channel and group."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from bot.config import Settings
from bot.doctor.effective import effective_policy
from bot.playground.model import say, use_tool
from bot.playground.slack.default_workspace import C_RANDOM
from tests.e2e.conftest import C_GENERAL, U_ANA, U_BEN, Launcher
from tests.e2e.deciding import card, shown
from tests.e2e.test_manage import command
from tests.e2e.test_manage import shown as shown_to

SRE = "S0SRE000001"


def policy(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return {"BOT_POLICY": str(path)}


async def test_a_channel_has_a_model_a_repository_and_rules_of_its_own(launcher: Launcher, tmp_path: Path) -> None:
    handbook = tmp_path / "handbook"
    handbook.mkdir()
    (handbook / "page.md").write_text("Be kind.")
    settings = policy(
        tmp_path,
        f"""
        model = "claude-sonnet-5"
        [channels.{C_RANDOM}]
        model = "claude-opus-5"
        repositories = ["{handbook}"]
        tools = {{ allow = ["Write"] }}
        """,
    )
    look = use_tool("Read", {"file_path": f"{handbook}/page.md"}) + use_tool(
        "Grep", {"pattern": "kind", "path": str(handbook)}
    )
    change = use_tool("Write", {"file_path": f"{handbook}/page.md", "content": "Be rude."})
    async with launcher.up(**settings) as bot:
        bot.model.script(look, change, say("Read, and left as it is."))
        await bot.ask("What does the handbook say?", channel=C_RANDOM)
        first, second, third = bot.model.requests[-3:]
        assert first.model == "claude-opus-5"
        assert f"never change, what is below {handbook}" in first.system
        found = " ".join(result.text for result in second.results)
        assert ("Be kind." in found, "Found 1 file" in found) == (True, True)
        assert "can be read here, but not changed" in third.results[0].text
        assert (handbook / "page.md").read_text() == "Be kind."

        bot.model.script(look, say("I can't."))
        await bot.ask("What does the handbook say?")
        assert bot.model.requests[-2].model == "claude-sonnet-5"
        assert [result.is_error for result in bot.model.requests[-1].results] == [True, True]
        assert str(handbook) not in bot.model.requests[-1].system


async def test_mcp_servers_are_there_for_the_channel_that_names_them(launcher: Launcher, tmp_path: Path) -> None:
    server = Path(__file__).parents[1] / "mcp_server.py"
    settings = policy(
        tmp_path,
        f"""
        [mcp_servers.wiki]
        command = "{sys.executable}"
        args = ["{server}"]
        env = {{ WIKI_TOKEN = "WIKI_TOKEN_OF_BOT" }}
        [channels.{C_RANDOM}]
        mcp = ["wiki"]
        tools = {{ allow = ["mcp__wiki__read"] }}
        """,
    )
    async with launcher.up(**settings, WIKI_TOKEN_OF_BOT="token") as bot:
        bot.model.script(use_tool("mcp__wiki__read", {"page": "launch"}), say("On Friday."))
        root = await bot.ask("When is the launch?", channel=C_RANDOM)
        assert bot.texts(root, C_RANDOM)[-1].startswith("On Friday.")
        assert bot.model.requests[-1].results[0].text == "read launch with token"
        await bot.ask("And here?")
        assert not [tool for tool in bot.model.requests[-1].tools if tool.startswith("mcp__")]


async def test_limits_of_a_turn_are_the_channels_and_continue_doubles_those(launcher: Launcher, tmp_path: Path) -> None:
    settings = policy(tmp_path, f"[channels.{C_RANDOM}.limits]\nmax_turns = 1\n")
    read = use_tool("Read", {"file_path": "a.md"})
    async with launcher.up(**settings) as bot:
        bot.model.script(read, read, say("There is none."))
        root = await bot.ask("Look for it", channel=C_RANDOM)
        assert len(bot.model.requests) == 1
        reply = bot.replies(root, C_RANDOM)[-1]
        await bot.slack.people.click(U_ANA, reply, "continue_turn")
        await bot.turns_ended(root, 2)
        assert len(bot.model.requests) == 3, "twice the channel's, not twice the settings'"
        bot.model.script(read, read, say("There is none."))
        await bot.ask("Look for it")
        assert len(bot.model.requests) == 6, "elsewhere the settings hold"


async def test_budgets_are_those_of_the_group_and_of_the_channel(launcher: Launcher, tmp_path: Path) -> None:
    launcher.slack.workspace.groups[SRE] = [U_BEN]
    settings = policy(tmp_path, f"[limits]\nuser_day_usd = 0.01\n[groups.{SRE}.limits]\nuser_day_usd = 10\n")
    expensive = replace(say("ok"), input_tokens=20_000)
    async with launcher.up(**settings) as bot:
        for user in (U_ANA, U_BEN):
            bot.model.script(expensive, say("again"))
            root = await bot.ask("hello", user=user)
            await bot.say("and now?", root, user=user)
            refused = "your budget for today ($0.01) is used up" in bot.texts(root)[-1]
            assert refused is (user == U_ANA)


async def test_a_group_may_do_what_others_are_asked_about(launcher: Launcher, tmp_path: Path) -> None:
    launcher.slack.workspace.groups[SRE] = [U_BEN]
    settings = policy(tmp_path, f'[groups.{SRE}.tools]\nallow = ["Write"]\n')
    write = use_tool("Write", {"file_path": "note.md", "content": "x"})
    async with launcher.up(**settings) as bot:
        bot.model.script(write, say("Written."))
        root = await bot.ask("Write it", user=U_BEN)
        assert any("Written." in text for text in bot.texts(root))
        bot.model.script(write, say("Written."))
        root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} Write it")
        assert "Writing note.md" in shown(await card(bot, root))


async def test_everybody_sees_what_holds_for_them_and_admins_for_anybody(launcher: Launcher, tmp_path: Path) -> None:
    launcher.slack.workspace.groups[SRE] = [U_BEN]
    settings = policy(
        tmp_path,
        f'[groups.{SRE}]\nmodel = "claude-opus-5"\ntools = {{ allow = ["Write(<drafts>/*)"], deny = ["WebFetch"] }}\n'
        f"[channels.{C_RANDOM}.limits]\nmax_turns = 3\nuser_day_usd = 2.5\n",
    )
    async with launcher.up(**settings) as bot:
        own = shown_to(await command(bot, "policy", U_BEN))
        assert f"rules, group {SRE}: deny WebFetch; allow Write(&lt;drafts&gt;/*)" in own
        assert "rules, built in: allow Read, Glob, Grep" in own
        assert "model: claude-opus-5" in own
        assert "may talk to it: yes" in own
        assert "Only admins" in shown_to(await command(bot, f"policy <#{C_RANDOM}> <@{U_ANA}>", U_BEN))
        of_ben = shown_to(await command(bot, f"policy <#{C_RANDOM}> <@{U_BEN}>"))
        assert "asks the model 3 times at most" in of_ben
        assert "user_day_usd: 2.5" in of_ben
        assert "claude-opus-5" not in shown_to(await command(bot, "policy"))
        stranger = shown_to(await command(bot, f"policy <#{C_RANDOM}> <@U0NOBODY999>"))
        assert "may talk to it: no: this person is kept out" in stranger


async def test_the_doctor_shows_what_holds_for_a_person_in_a_channel(launcher: Launcher, tmp_path: Path) -> None:
    launcher.slack.workspace.groups[SRE] = [U_BEN]
    text = f'[access]\ndeny_channels = ["{C_RANDOM}"]\n[groups.{SRE}]\nmodel = "claude-opus-5"\n'
    environ = {
        "SLACK_BOT_TOKEN": launcher.slack.bot_token,
        "SLACK_APP_TOKEN": launcher.slack.app_token,
        "SLACK_API_URL": launcher.slack.api_url,
        "REDIS_URL": "memory:",
        **policy(tmp_path, text),
    }
    told = await effective_policy(Settings.parse(environ), C_RANDOM, U_BEN)
    details = [finding.detail for finding in told]
    assert {finding.name for finding in told} == {f"for {U_BEN} in {C_RANDOM}"}
    assert "may talk to it: no: this place is closed" in details
    assert "model: claude-opus-5" in details
