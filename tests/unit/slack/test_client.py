"""Slack as the core sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from bot.errors import ChatAway, ChatRefused, StartError
from bot.model import Address, Attachment, Message, Person, ThreadKey, Turn
from bot.ports import Chat, Journal
from bot.slack.api.directory import Directory
from bot.slack.api.downloads import Downloads
from bot.slack.api.installations import OneInstallation, identify
from bot.slack.changes import Changes
from bot.slack.client import WAITING_EMOJI, ReplyMaker, SlackChat
from bot.slack.wording import branch_announced, branch_asks_again
from tests.payloads import ANN, BEN, BOT_ID, BOT_USER, CHANNEL, TEAM
from tests.unit.slack.incoming import KEY, THREAD, URL, ScriptedWeb, StillClock, installation

MESSAGE = Message(KEY, "1760000060.000300", BEN, "and?", Address.OPEN)
BY_ANN = Person(TEAM, ANN)
BRANCH = ThreadKey(TEAM, CHANNEL, "1770000000.000100")
LINK = "https://example.slack.com/archives/C0GENERAL/p1?from=slack"


class NoReplies:
    """Stands where replies are made, for tests that make none."""

    def open(self, turn: Turn, journal: Journal) -> Any:
        raise AssertionError("no reply is asked for")


class NoDownloads:
    """Notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get(self, installed: Any, attachment: Attachment, into: Path) -> Path:
        self.asked.append(installed.team)
        return into / attachment.name


def chat(web: ScriptedWeb, downloads: NoDownloads | None = None) -> SlackChat:
    installations = OneInstallation(installation(web))
    directory = Directory(installations, StillClock(), admins=frozenset({ANN}), workspace_admins=False)
    replies: ReplyMaker = NoReplies()
    return SlackChat(installations, replies, directory, cast("Downloads", downloads or NoDownloads()), Changes())


def test_it_is_the_chat_that_the_core_asks_for() -> None:
    port: Chat = chat(ScriptedWeb())
    assert port is not None


# --- messages that wait -----------------------------------------------------------------------------


async def test_a_message_that_waits_gets_an_hourglass_and_loses_it() -> None:
    web = ScriptedWeb()
    await chat(web).mark_waiting(MESSAGE)
    await chat(web).unmark_waiting([MESSAGE])
    where = {"channel": CHANNEL, "timestamp": MESSAGE.ts, "name": WAITING_EMOJI}
    assert web.calls == [("reactions.add", where), ("reactions.remove", where)]


@pytest.mark.parametrize(
    "failure",
    [
        ChatRefused("reactions.add", "already_reacted"),
        ChatRefused("reactions.add", "message_not_found"),
        ChatRefused("reactions.add", "too_many_reactions"),
        ChatAway("reactions.add", sent=True),
    ],
)
async def test_an_hourglass_that_cannot_be_shown_stops_nothing(failure: Exception) -> None:
    await chat(ScriptedWeb({"reactions.add": failure})).mark_waiting(MESSAGE)


# --- links ------------------------------------------------------------------------------------------


async def test_a_link_is_slacks_own() -> None:
    web = ScriptedWeb({"chat.getPermalink": {"permalink": LINK}})
    assert await chat(web).link(KEY) == LINK
    assert web.to("chat.getPermalink") == [{"channel": CHANNEL, "message_ts": KEY.root_ts}]


@pytest.mark.parametrize(
    ("ts", "made"),
    [
        ("", f"{URL}archives/C0GENERAL/p1760000002000200"),
        (
            "1760000060.000300",
            f"{URL}archives/C0GENERAL/p1760000060000300?thread_ts=1760000002.000200&cid=C0GENERAL",
        ),
    ],
)
async def test_without_slacks_own_link_one_is_made_by_its_rules(ts: str, made: str) -> None:
    web = ScriptedWeb({"chat.getPermalink": ChatAway("chat.getPermalink", sent=True)})
    assert await chat(web).link(KEY, ts) == made


# --- branches ---------------------------------------------------------------------------------------


async def test_a_branch_opens_with_a_root_that_leads_back() -> None:
    web = ScriptedWeb({"chat.postMessage": {"ts": BRANCH.root_ts}, "chat.getPermalink": {"permalink": LINK}})
    ts = await chat(web).open_branch(BY_ANN, CHANNEL, THREAD, "1760000003.001300", ask_again=True, nearly_full=False)
    assert ts == BRANCH.root_ts
    [posted] = web.to("chat.postMessage")
    assert posted["channel"] == CHANNEL
    assert "thread_ts" not in posted
    assert LINK in posted["text"]
    assert "Release &lt;notes&gt; &amp; more" in posted["text"]
    assert posted["blocks"][-1]["elements"][0]["action_id"] == "ask_again"
    assert web.to("chat.getPermalink")[0]["message_ts"] == "1760000003.001300"


async def test_a_branch_that_could_not_be_posted_is_told() -> None:
    web = ScriptedWeb({"chat.postMessage": ChatRefused("chat.postMessage", "not_in_channel")})
    with pytest.raises(ChatRefused):
        await chat(web).open_branch(BY_ANN, CHANNEL, THREAD, "", ask_again=False, nearly_full=False)


async def test_the_source_thread_hears_of_its_branch() -> None:
    user = {"user": {"id": ANN, "profile": {"display_name": "Ann <3"}}}
    web = ScriptedWeb({"chat.getPermalink": {"permalink": LINK}, "users.info": user})
    await chat(web).announce_branch(BY_ANN, KEY, BRANCH)
    [posted] = web.to("chat.postMessage")
    assert (posted["channel"], posted["thread_ts"]) == (CHANNEL, KEY.root_ts)
    assert posted["text"] == f"{branch_announced(LINK)} (Ann &lt;3)"


async def test_a_question_asked_again_is_quoted_and_its_button_goes() -> None:
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": said}} for said in ("root", branch_asks_again())]
    blocks = [*sections, {"type": "actions", "elements": []}]
    root = {"ts": BRANCH.root_ts, "text": "root", "blocks": blocks}
    web = ScriptedWeb({"conversations.replies": {"messages": [root]}})
    await chat(web).ask_again(BY_ANN, BRANCH, "What is <!channel>?")
    [posted] = web.to("chat.postMessage")
    assert posted["thread_ts"] == BRANCH.root_ts
    assert "> What is &lt;!channel&gt;?" in posted["text"]
    [updated] = web.to("chat.update")
    assert (updated["ts"], updated["blocks"]) == (BRANCH.root_ts, blocks[:1])


async def test_a_button_that_cannot_be_taken_away_stays() -> None:
    root = {"ts": BRANCH.root_ts, "text": "root", "blocks": []}
    failure = ChatRefused("chat.update", "cant_update_message")
    web = ScriptedWeb({"conversations.replies": {"messages": [root]}, "chat.update": failure})
    await chat(web).ask_again(BY_ANN, BRANCH, "What?")


# --- the rest of the port ---------------------------------------------------------------------------


async def test_people_places_and_files_are_looked_up_where_the_thread_is(tmp_path: Path) -> None:
    web = ScriptedWeb({"users.info": {"user": {"name": "ann"}}, "conversations.info": {"channel": {"is_im": True}}})
    downloads = NoDownloads()
    slack = chat(web, downloads)
    assert await slack.name_of(BY_ANN) == "ann"
    assert await slack.is_admin(BY_ANN)
    assert not await slack.can_read(BY_ANN, "D1")
    assert await slack.history(KEY, KEY.root_ts, 5) == ()
    assert await slack.download(TEAM, Attachment("F1", "a.txt", "", 1, "x"), tmp_path) == tmp_path / "a.txt"
    assert downloads.asked == [TEAM]


# --- who the bot is ---------------------------------------------------------------------------------


async def test_the_bot_learns_who_it_is() -> None:
    known = {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID, "url": "https://example.slack.com"}
    found = await identify(ScriptedWeb({"auth.test": known}), "xoxb-test")
    assert (found.team, found.own.user, found.own.bot, found.url) == (TEAM, BOT_USER, BOT_ID, URL)
    assert "xoxb" not in repr(found)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (ChatRefused("auth.test", "invalid_auth"), r"SLACK_BOT_TOKEN \(invalid_auth\)"),
        (ChatAway("auth.test", sent=False), "Slack doesn't answer"),
        ({"team_id": TEAM}, "not a bot's token"),
    ],
)
async def test_a_token_that_does_not_work_is_one_clear_line(answer: object, line: str) -> None:
    with pytest.raises(StartError, match=line):
        await identify(ScriptedWeb({"auth.test": answer}), "xoxb-test")
