"""Commands that the agent runs, through Slack's wire: asked about without a sandbox, and by the rules with one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.playground.model import say, use_tool
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, Bot, Launcher
from tests.e2e.deciding import ALLOW, card, press, shown
from tests.requirements_of_machine import needs_sandbox

LIST = use_tool("Bash", {"command": "echo hello from a command"})


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Every command is allowed, as far as the rules can say so."""
    policy = tmp_path / "commands.toml"
    policy.write_text('[tools]\nallow = ["Bash"]\n')
    return {"BOT_POLICY": str(policy)}


async def asked(bot: Bot) -> str:
    return bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} run it")


async def test_without_a_sandbox_every_command_is_asked_about_and_the_card_says_so(
    launcher: Launcher, settings: dict[str, str], tmp_path: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "bash").symlink_to("/bin/bash")
    async with launcher.up(**settings, PATH=str(programs)) as bot:
        bot.model.script(LIST, say("It said hello."))
        root = await asked(bot)
        question = await card(bot, root)
        assert "There is no sandbox around commands here" in shown(question)
        assert "echo hello from a command" in shown(question)
        assert "decide_allow_here" not in shown(question), "each one is asked about"
        await press(bot, question, ALLOW)
        await bot.turns_ended(root, 2)
        assert bot.model.requests[-1].results[0].text == "hello from a command"


async def test_in_a_sandbox_a_command_that_the_rules_allow_runs_without_asking(
    launcher: Launcher, settings: dict[str, str]
) -> None:
    needs_sandbox()
    async with launcher.up(**settings, PATH=os.environ["PATH"]) as bot:
        bot.model.script(LIST, say("It said hello."))
        root = await asked(bot)
        await bot.slack.wait_until(lambda: "It said hello." in " ".join(bot.texts(root)), ANSWER_S)
        assert bot.model.requests[-1].results[0].text == "hello from a command"


async def test_in_a_sandbox_a_command_that_no_rule_names_is_asked_about(launcher: Launcher) -> None:
    needs_sandbox()
    async with launcher.up(PATH=os.environ["PATH"]) as bot:
        bot.model.script(LIST, say("It said hello."))
        question = await card(bot, await asked(bot))
        assert "not among the things I may do here" in shown(question)
        assert "no sandbox" not in shown(question)
