"""Lists, questions, modals and App Home as a strict Slack takes and shows them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bot.model import Person, Thread, ThreadKey, ThreadStatus
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, D_ANA, TEAM, U_ANA
from bot.playground.slack.values import Ephemeral, Message, View
from bot.slack import wording
from bot.slack.api.directory import Directory
from bot.slack.api.downloads import Downloads
from bot.slack.api.installations import OneInstallation, identify
from bot.slack.api.web import Web, web_client
from bot.slack.changes import Changes
from bot.slack.client import SlackChat
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.reply.replies import Replies
from bot.slack.sockets import listen_over_socket
from bot.slack.views.modals import INPUT
from tests.unit.slack.incoming import THREAD, Incoming, StillClock, incoming


@dataclass
class Surface:
    """The bot's surface in an emulated workspace, with one thread in #general."""

    slack: EmulatedSlack
    bot: Incoming
    chat: SlackChat
    thread: Thread

    async def whisper(self, holds: str) -> Ephemeral:
        """The newest ephemeral for Ana that holds this text."""

        def found() -> list[Ephemeral]:
            everything = self.slack.ephemerals(U_ANA)
            return [one for one in everything if holds in one.text + json.dumps(one.blocks, ensure_ascii=False)]

        return (await self.slack.wait_until(found))[-1]

    async def modal(self, callback_id: str) -> View:
        def found() -> list[View]:
            views = self.slack.workspace.modals.get(U_ANA, [])
            return [view for view in views if view.body.get("callback_id") == callback_id]

        return (await self.slack.wait_until(found))[-1]

    async def done(self, what: str) -> tuple[object, ...]:
        def found() -> list[tuple[object, ...]]:
            return [entry for entry in self.bot.admin.done if entry[0] == what]

        return (await self.slack.wait_until(found))[-1]


@pytest.fixture
async def surface() -> AsyncIterator[Surface]:
    async with opened() as found:
        yield found


@asynccontextmanager
async def opened() -> AsyncIterator[Surface]:
    async with EmulatedSlack.start(Setup()) as slack:
        clock = StillClock()
        web = Web(web_client(slack.bot_token, slack.api_url), clock, team=TEAM)
        installed = await identify(web, slack.bot_token)
        async with incoming(installed) as bot:
            root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hello")
            thread = replace(THREAD, key=ThreadKey(TEAM, C_GENERAL, root), source=None)
            bot.admin.thread = thread
            installations = OneInstallation(installed)
            directory = Directory(installations, clock, admins=frozenset(), workspace_admins=True)
            downloads = Downloads(bot.session, api_url=slack.api_url, max_bytes=1000)
            chat = SlackChat(
                installations,
                Replies(installations, clock, ChannelModes(StreamingMode.AUTO, clock)),
                directory,
                downloads,
                Changes(),
            )
            async with listen_over_socket(bot.app, app_token=slack.app_token, web=web_client("", slack.api_url)):
                await slack.connected()
                yield Surface(slack, bot, chat, thread)


def button(place: Message | Ephemeral | View, action_id: str) -> dict[str, object]:
    for block in place.blocks:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if element.get("action_id") == action_id:
                found: dict[str, object] = element
                return found
    raise AssertionError(f"no {action_id}")


async def test_a_list_shows_and_its_menu_leads_to_one_session(surface: Surface) -> None:
    answer = await surface.slack.people.command(U_ANA, C_GENERAL, "/agent list")
    assert answer.acknowledged
    listed = await surface.whisper("newest first")
    await surface.slack.people.click(U_ANA, listed, "row", f"show {surface.thread.key}")
    shown = await surface.whisper(surface.thread.session_id)
    assert button(shown, "reset_confirmed")["confirm"]


async def test_a_reset_is_asked_for_and_confirmed(surface: Surface) -> None:
    await surface.slack.people.command(U_ANA, C_GENERAL, "/agent reset 0a1b2c3d")
    question = await surface.whisper("Start afresh in")
    await surface.slack.people.click(U_ANA, question, "reset_confirmed")
    assert await surface.done("reset") == ("reset", U_ANA, surface.thread.key)
    await surface.whisper("starts afresh with the next message")


async def test_a_reset_that_is_cancelled_goes_away(surface: Surface) -> None:
    await surface.slack.people.command(U_ANA, C_GENERAL, "/agent reset 0a1b2c3d")
    question = await surface.whisper("Start afresh in")
    await surface.slack.people.click(U_ANA, question, "cancel")
    await surface.slack.wait_until(lambda: not surface.slack.ephemerals(U_ANA))
    assert surface.bot.admin.done == []


async def test_renaming_goes_through_a_modal(surface: Surface) -> None:
    await surface.slack.people.command(U_ANA, C_GENERAL, "/agent list")
    listed = await surface.whisper("newest first")
    await surface.slack.people.click(U_ANA, listed, "row", f"rename {surface.thread.key}")
    modal = await surface.modal("rename")
    submission = await surface.slack.people.submit(U_ANA, modal.id, {INPUT: "Release notes"})
    assert submission.acknowledged
    assert await surface.done("rename") == ("rename", U_ANA, surface.thread.key, "Release notes")
    await surface.whisper(wording.renamed("Release notes"))


async def test_the_words_in_a_thread_are_answered_there(surface: Surface) -> None:
    root = surface.thread.key.root_ts
    surface.slack.people.say(U_ANA, C_GENERAL, f"{surface.slack.mention} help", thread_ts=root)
    told = await surface.whisper("/agent list")
    assert told.thread_ts == root


async def test_the_branch_emoji_finds_the_thread_of_a_reply(surface: Surface) -> None:
    root = surface.thread.key.root_ts
    reply = surface.slack.people.say(U_ANA, C_GENERAL, "and then?", thread_ts=root)
    surface.slack.people.react(U_ANA, C_GENERAL, reply, "twisted_rightwards_arrows")
    await surface.whisper("your branch")
    assert surface.bot.forks.asked == [("branch", Person(TEAM, U_ANA), surface.thread.key, reply)]


async def test_app_home_lists_threads_and_answers_in_modals(surface: Surface) -> None:
    surface.slack.people.open_home(U_ANA)
    homes = surface.slack.workspace.homes
    await surface.slack.wait_until(lambda: U_ANA in homes)
    home = homes[U_ANA]
    await surface.slack.people.click(U_ANA, home, "row", f"show {surface.thread.key}")
    answer = await surface.modal("answer")
    await surface.slack.people.click(U_ANA, answer, "reset_confirmed")
    await surface.done("reset")
    await surface.slack.wait_until(lambda: "starts afresh" in json.dumps(answer.body))


async def test_opening_the_dm_suggests_prompts(surface: Surface) -> None:
    surface.slack.people.open_dm(U_ANA)
    await surface.slack.wait_until(lambda: surface.slack.calls("assistant.threads.setSuggestedPrompts"))
    [call] = surface.slack.calls("assistant.threads.setSuggestedPrompts")
    assert call.outcome == "ok"


async def test_a_branch_and_its_question_are_posted_as_slack_takes_them(surface: Surface) -> None:
    ana = Person(TEAM, U_ANA)
    chat, thread = surface.chat, replace(surface.thread, status=ThreadStatus.IDLE)
    ts = await chat.open_branch(ana, D_ANA, thread, thread.key.root_ts, ask_again=True, nearly_full=False)
    branch = ThreadKey(TEAM, D_ANA, ts)
    await chat.announce_branch(ana, thread.key, branch)
    await chat.ask_again(ana, branch, "Why <b> & not <@U0ANA1ADMIN>?")
    [root] = surface.slack.posts_of_bot(D_ANA)
    assert "actions" not in {block["type"] for block in root.blocks}
    [asked] = surface.slack.replies_of_bot(D_ANA, ts)
    assert "&lt;@U0ANA1ADMIN&gt;" in asked.text
    [announced] = surface.slack.replies_of_bot(C_GENERAL, thread.key.root_ts)
    assert await chat.link(branch) in announced.text


async def test_people_and_places_are_read_from_slack(surface: Surface) -> None:
    ana = Person(TEAM, U_ANA)
    assert await surface.chat.name_of(ana) == "Ana"
    assert await surface.chat.is_admin(ana)
    assert await surface.chat.can_read(ana, C_GENERAL)
    assert await surface.chat.can_read(ana, D_ANA)
    assert not await surface.chat.can_read(Person(TEAM, "U0BEN2USERS"), D_ANA)
    assert not await surface.chat.can_read(Person(TEAM, "U0BEN2USERS"), "C0LAUNCH003")
