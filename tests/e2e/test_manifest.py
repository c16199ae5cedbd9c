"""The bot does everything it can with what its manifest asks for, and uses all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.playground.model import say, use_tool
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_LAUNCH
from bot.playground.slack.people import Upload
from bot.playground.slack.values import ChannelKind, Command, Ephemeral, Json, Shortcut, View
from bot.playground.slack.web_api import METHODS, Call
from bot.slack.events import EVENTS
from bot.slack.interactions import SHORTCUTS
from bot.slack.manifest import manifest
from tests.e2e.conftest import ANSWER_S, C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher
from tests.policies import WRITING_FILE

MANIFEST = manifest(name="Claude", command="/agent")
GRANTED = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])
SUBSCRIBED = frozenset(MANIFEST["settings"]["event_subscriptions"]["bot_events"])

FAMILY = {
    ChannelKind.PUBLIC: "channels",
    ChannelKind.PRIVATE: "groups",
    ChannelKind.MPIM: "mpim",
    ChannelKind.IM: "im",
}
OF_NO_CALL = frozenset({"app_mentions:read", "commands", "files:read", "reactions:read"})
"""Scopes that no method shows the use of: they bring events, commands, and the contents of files."""

NOTHING_PEOPLE_DO = frozenset(
    {"app_context_changed", "app_uninstalled", "team_access_granted", "team_access_revoked", "tokens_revoked"}
)


@pytest.fixture
async def slack() -> AsyncIterator[EmulatedSlack]:
    """A workspace with the app as its manifest describes it, and nothing more."""
    features = MANIFEST["features"]
    setup = Setup(
        scopes=tuple(sorted(GRANTED)),
        subscribed=SUBSCRIBED,
        commands=[Command(one["command"], one["description"]) for one in features["slash_commands"]],
        shortcuts=[Shortcut(one["callback_id"], one["name"]) for one in features["shortcuts"]],
    )
    async with EmulatedSlack.start(setup) as slack:
        yield slack


@pytest.fixture
async def bot(launcher: Launcher, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot with a policy that speaks of a user group."""
    launcher.slack.workspace.groups["S0EVERYBODY"] = [U_ANA, U_BEN]
    policy = tmp_path / "policy.toml"
    policy.write_text(f'{WRITING_FILE}\n[groups.S0EVERYBODY]\nmodel = "claude-sonnet-5"\n')
    async with launcher.up(BOT_POLICY=str(policy)) as bot:
        yield bot


async def test_everything_works_with_what_the_manifest_asks_for_and_nothing_is_asked_for_idly(bot: Bot) -> None:
    root = await talk_in_a_public_channel(bot)
    await talk_in_a_private_channel(bot)
    group = await talk_in_a_group_message(bot)
    await talk_in_a_direct_message(bot)
    await attach_files(bot)
    await let_it_make_a_file(bot)
    await write_while_it_answers_and_press_stop(bot)
    await branch_with_the_emoji(bot, root)
    await use_every_shortcut(bot, root)
    await use_the_command(bot, root, group)
    await use_app_home(bot)

    assert [call.method for call in bot.slack.calls() if call.outcome == "missing_scope"] == []
    used = {scope for call in bot.slack.calls() for scope in scopes_of(bot.slack, call)}
    assert used == GRANTED - OF_NO_CALL
    heard = {event["event"]["type"] for event in bot.slack.events}
    assert heard == {row.type for row in EVENTS} - NOTHING_PEOPLE_DO


async def test_a_message_of_no_subscription_is_not_heard(bot: Bot) -> None:
    """So that a subscription that is missing would be noticed above."""
    bot.slack.people.join(U_BEN, C_LAUNCH)
    await bot.slack.wait_until(lambda: bot.slack.undelivered == 0)

    assert "member_joined_channel" not in {event["event"]["type"] for event in bot.slack.events}


# --- what people do -------------------------------------------------------------------------------------------------


async def talk_in_a_public_channel(bot: Bot) -> str:
    """Mention it in a thread that others have begun, then write on without a mention."""
    root = bot.slack.people.say(U_BEN, C_GENERAL, "the build is red")
    await bot.ask("why?", root)
    await bot.say("and now?", root)
    assert bot.model.requests[0].prompt.startswith("Earlier in this thread:\nBen: the build is red")
    assert len(bot.texts(root)) == 2
    return root


async def talk_in_a_private_channel(bot: Bot) -> None:
    root = bot.slack.people.say(U_ANA, C_LAUNCH, "the launch is on Friday")
    await bot.ask("when?", root, channel=C_LAUNCH)
    await bot.say("really?", root, channel=C_LAUNCH)
    assert len(bot.texts(root, C_LAUNCH)) == 2
    assert "can't read" in (await command(bot, f"continue {bot.link(root, C_LAUNCH)}", U_BEN)).text


async def talk_in_a_group_message(bot: Bot) -> str:
    """Returns the link to its thread."""
    members = [U_ANA, U_BEN, bot.slack.bot.id]
    group = bot.slack.workspace.add_channel(ChannelKind.MPIM, "mpdm-ana--ben--claude", members).id
    root = bot.slack.people.say(U_BEN, group, "lunch?")
    await bot.ask("where?", root, channel=group)
    await bot.say("and then?", root, channel=group)
    assert len(bot.texts(root, group)) == 2
    return bot.link(root, group)


async def talk_in_a_direct_message(bot: Bot) -> None:
    bot.slack.people.open_dm(U_ANA)
    await bot.slack.wait_until(lambda: bot.slack.calls("assistant.threads.setSuggestedPrompts"))
    root = await bot.say("hello", channel=D_ANA)
    branch = await bot.branch(bot.replies(root, D_ANA)[0].ts, channel=D_ANA)
    await bot.say("and here?", branch, channel=D_ANA)
    assert "can't read" in (await command(bot, f"continue {bot.link(root, D_ANA)}", U_BEN)).text


async def attach_files(bot: Bot) -> None:
    files = [Upload("table.csv", b"a,b\n1,2\n")]
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} look", files=files)
    await bot.turns_ended(root)
    assert "- table.csv" in bot.model.requests[-1].prompt


async def let_it_make_a_file(bot: Bot) -> None:
    bot.model.script(use_tool("Write", {"file_path": "plan.md", "content": "# Plan"}), say("It is in plan.md."))
    root = await bot.ask("write a plan")
    shared = [bot.slack.workspace.files[file] for reply in bot.replies(root) for file in reply.files]
    assert [(file.name, file.content) for file in shared] == [("plan.md", b"# Plan")]


async def write_while_it_answers_and_press_stop(bot: Bot) -> None:
    bot.model.script(say("so far. ", asyncio.Event(), "never"))
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} long")
    await bot.slack.wait_until(lambda: any("so far" in text for text in bot.texts(root)), ANSWER_S)
    later = bot.slack.people.say(U_ANA, C_GENERAL, "and this", root)
    await bot.slack.wait_until(lambda: bot.slack.workspace.message(C_GENERAL, later).reactions)
    bot.slack.people.stop_stream(U_ANA, C_GENERAL, root)
    await bot.turns_ended(root)
    await bot.slack.people.click(U_ANA, bot.replies(root)[-1], "go_on")
    await bot.turns_ended(root, 2)
    await bot.slack.wait_until(lambda: not bot.slack.workspace.message(C_GENERAL, later).reactions)


async def branch_with_the_emoji(bot: Bot, root: str) -> None:
    branch = await bot.branch(bot.replies(root)[0].ts)
    await bot.say("what do you know?", branch)
    assert "and now?" not in bot.model.requests[-1].prompts


async def use_every_shortcut(bot: Bot, root: str) -> None:
    for row in SHORTCUTS:
        before = len(bot.slack.ephemerals(U_ANA))
        await bot.slack.people.shortcut(U_ANA, row.id, C_GENERAL, bot.replies(root)[0].ts)
        await bot.told(U_ANA, before + 1)


async def use_the_command(bot: Bot, root: str, group: str) -> None:
    link = bot.link(root)
    for text in ("help", "list", f"show {link}", f"rename {link} The build", f"tag {link} ci", f"stop {link}"):
        await command(bot, text)
    question = await command(bot, f"reset {link}")
    await bot.slack.people.click(U_ANA, question, "reset_confirmed")
    await bot.slack.wait_until(lambda: any("starts afresh" in one.text for one in bot.slack.ephemerals(U_ANA)))
    assert "is back" in (await command(bot, f"restore {link}")).text
    assert "goes on" in (await command(bot, f"continue {link}", U_BEN)).text
    assert "goes on" in (await command(bot, f"continue {group}", U_BEN)).text


async def use_app_home(bot: Bot) -> None:
    """Rename a conversation there, and continue it in the direct message."""
    bot.slack.people.open_home(U_ANA)
    homes = bot.slack.workspace.homes
    await bot.slack.wait_until(lambda: U_ANA in homes and list(choices(homes[U_ANA])))
    rename, block = choice(homes[U_ANA], "rename")
    await bot.slack.people.click(U_ANA, homes[U_ANA], "row", rename, block)
    await bot.slack.wait_until(lambda: bot.slack.calls("views.open"))
    before = len(bot.slack.posts_of_bot(D_ANA))
    onward, block = choice(homes[U_ANA], "continue_here")
    await bot.slack.people.click(U_ANA, homes[U_ANA], "row", onward, block)
    await bot.slack.wait_until(lambda: len(bot.slack.posts_of_bot(D_ANA)) > before)


async def command(bot: Bot, text: str, user: str = U_ANA) -> Ephemeral:
    before = len(bot.slack.ephemerals(user))
    await bot.slack.people.command(user, C_GENERAL, f"/agent {text}")
    return await bot.told(user, before + 1)


# --- what is on the wire --------------------------------------------------------------------------------------------


def choices(home: View) -> Iterator[tuple[str, str]]:
    """The options of the menus beside the rows, each with its block's id."""
    for block in home.blocks:
        accessory: Json = block.get("accessory", {})
        for option in accessory.get("options", []):
            yield option["value"], block["block_id"]


def choice(home: View, action: str) -> tuple[str, str]:
    """The first row's option for an action."""
    return next(found for found in choices(home) if found[0].startswith(f"{action} "))


def scopes_of(slack: EmulatedSlack, call: Call) -> set[str]:
    """What Slack asks for to let this call through."""
    scopes = METHODS[call.method].scopes
    if call.method.startswith("conversations.") and "channel" in call.arguments:
        family = FAMILY[slack.workspace.channel(str(call.arguments["channel"])).kind]
        return {scope for scope in scopes if scope.startswith(f"{family}:")}
    return set(scopes) & GRANTED
