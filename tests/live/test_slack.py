"""A reply in the real Slack: streamed and posted, read back, updated, deleted.

Set BOT_LIVE_SLACK_BOT_TOKEN, and BOT_LIVE_SLACK_CHANNEL to the id of a channel that the app is in, with one person at
least. The test leaves nothing there. BOT_LIVE_SLACK_API_URL is where Slack is, if not where it always is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.model import Address, Closing, Ending, Message, Outcome, Progress, Prompt, TextDelta, Thread, ThreadKey, Turn
from bot.slack.api.installations import Installation, OneInstallation, identify
from bot.slack.api.web import Web, web_client
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.reply.replies import Replies
from bot.slack.text.markdown import letters
from bot.slack.wire import identifier, obj, objects, text
from tests.live.credentials import credential, option

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

PIECES = ("A **live** test, ", "in several pieces:\n\n", "- one\n- two\n\n", "and <!channel> must ping nobody.")


@dataclass
class Kept:
    """A journal that keeps the last progress."""

    progress: Progress = field(default_factory=Progress)

    async def save(self, progress: Progress) -> None:
        self.progress = progress


@dataclass
class LiveThread:
    """A thread in the real channel, and somebody there to answer."""

    installation: Installation
    key: ThreadKey
    person: str

    async def said(self) -> dict[str, str]:
        """Text by ts, of everything below the root."""
        answer = await self.installation.web.call(
            "conversations.replies", safe_to_repeat=True, channel=self.key.channel, ts=self.key.root_ts
        )
        found = {text(one, "ts"): text(one, "text") for one in objects(answer, "messages")}
        return {ts: said for ts, said in found.items() if ts != self.key.root_ts}

    async def update(self, ts: str, markdown: str) -> None:
        web = self.installation.web
        await web.call("chat.update", safe_to_repeat=True, channel=self.key.channel, ts=ts, markdown_text=markdown)

    async def delete(self, ts: str) -> None:
        await self.installation.web.call("chat.delete", safe_to_repeat=True, channel=self.key.channel, ts=ts)


@pytest.fixture
async def thread() -> AsyncIterator[LiveThread]:
    token, channel = credential("SLACK_BOT_TOKEN"), credential("SLACK_CHANNEL")
    api_url = option("SLACK_API_URL", "https://slack.com/api/")
    async with aiohttp.ClientSession() as session:
        web = Web(web_client(token, api_url, session), SystemClock())
        installation = await identify(web, token)
        person = await somebody(installation, channel)
        root = await web.call("chat.postMessage", safe_to_repeat=False, channel=channel, text="A test. It goes away.")
        key = ThreadKey(installation.team, channel, text(root, "ts"))
        thread = LiveThread(installation, key, person)
        try:
            yield thread
        finally:
            for ts in (*await thread.said(), key.root_ts):
                await thread.delete(ts)


async def somebody(installation: Installation, channel: str) -> str:
    """A person in the channel: streams there have to name one."""
    answer = await installation.web.call("conversations.members", safe_to_repeat=True, channel=channel)
    members = answer.get("members")
    for user in members if isinstance(members, list) else []:
        found = obj(await installation.web.call("users.info", safe_to_repeat=True, user=user), "user")
        if found.get("is_bot") is not True:
            return identifier(found, "id")
    pytest.fail("nobody but bots is in the channel")


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
async def test_a_reply_is_written_read_back_updated_and_deleted(thread: LiveThread, mode: StreamingMode) -> None:
    key = thread.key
    asked = Message(key, key.root_ts, thread.person, "hello", Address.BOT, user_team=key.team)
    turn = Turn(f"live-{key.root_ts}", Thread(key, "live"), Prompt((asked,)), SystemClock().now())
    clock = SystemClock()
    replies = Replies(OneInstallation(thread.installation), clock, ChannelModes(mode, clock))
    async with replies.open(turn, Kept()) as reply:
        for piece in PIECES:
            await reply.feed(TextDelta(piece))
        (ts,) = await reply.close(Closing(Outcome(Ending.DONE, "live")))

    said = await thread.said()
    assert set(said) == {ts}
    assert letters("A live test, in several pieces") in letters(said[ts])
    assert "<!channel>" not in said[ts]

    await thread.update(ts, "Something else.")
    assert letters((await thread.said())[ts]) == letters("Something else.")

    await thread.delete(ts)
    assert await thread.said() == {}
