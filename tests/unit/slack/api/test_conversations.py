"""What Slack still shows of a thread."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ChatRefused
from bot.model import Spoken, ThreadKey
from bot.slack.api.conversations import PAGES, Conversations
from bot.slack.api.installations import OneInstallation
from tests.payloads import BOT_ID, BOT_USER, CHANNEL, TEAM
from tests.unit.slack.incoming import ScriptedWeb, installation

KEY = ThreadKey(TEAM, CHANNEL, "100.000001")


def conversations(web: ScriptedWeb) -> Conversations:
    return Conversations(OneInstallation(installation(web)))


def said(seconds: int, text: str, user: str = "U0ANN", **fields: Any) -> dict[str, Any]:
    return {"type": "message", "ts": f"{seconds}.000001", "user": user, "text": text, **fields}


async def test_the_past_is_told_oldest_first_and_in_plain_text() -> None:
    page = {
        "messages": [
            said(100, f"<@{BOT_USER}> hello &amp; welcome"),
            said(101, "Hi", BOT_USER, bot_id=BOT_ID),
            said(102, "joined", subtype="channel_join"),
            said(103, "", files=[{"id": "F1", "name": "a.txt"}]),
            {"type": "message", "ts": "104.000001", "subtype": "bot_message", "bot_id": "B9", "text": "CI failed"},
            said(105, ""),
        ]
    }
    told = await conversations(ScriptedWeb({"conversations.replies": page})).history(KEY, "", 10)
    assert told == (
        Spoken("100.000001", "U0ANN", "hello & welcome"),
        Spoken("101.000001", "", "Hi"),
        Spoken("103.000001", "U0ANN", "[file: a.txt]"),
        Spoken("104.000001", "B9", "CI failed"),
    )


async def test_only_what_came_before_is_told_and_of_much_the_root_and_the_last() -> None:
    web = ScriptedWeb({"conversations.replies": {"messages": [said(n, str(n)) for n in range(100, 110)]}})
    told = await conversations(web).history(KEY, "108.000001", 3)
    assert [spoken.text for spoken in told] == ["100", "105", "106", "107"]
    assert web.to("conversations.replies")[0]["latest"] == "108.000001"


async def test_a_long_thread_is_read_page_by_page_and_not_for_ever() -> None:
    page = {"messages": [said(101, "x")], "response_metadata": {"next_cursor": "more"}}
    web = ScriptedWeb({"conversations.replies": page})
    assert len(await conversations(web).history(KEY, "", 100)) == PAGES
    assert web.to("conversations.replies")[1]["cursor"] == "more"


async def test_before_the_root_there_is_nothing_to_ask_for() -> None:
    web = ScriptedWeb()
    assert await conversations(web).history(KEY, KEY.root_ts, 10) == ()
    assert web.calls == []


async def test_the_thread_of_a_message_is_asked_for_by_its_ts() -> None:
    web = ScriptedWeb({"conversations.replies": {"messages": [said(103, "x", thread_ts="100.000001")]}})
    assert await conversations(web).thread_of(TEAM, CHANNEL, "103.000001") == KEY


@pytest.mark.parametrize("answer", [{"messages": []}, ChatRefused("conversations.replies", "thread_not_found")])
async def test_a_message_that_is_gone_has_no_thread(answer: object) -> None:
    web = ScriptedWeb({"conversations.replies": answer})
    assert await conversations(web).thread_of(TEAM, CHANNEL, "103.000001") is None


async def test_another_refusal_is_told() -> None:
    web = ScriptedWeb({"conversations.replies": ChatRefused("conversations.replies", "missing_scope")})
    with pytest.raises(ChatRefused):
        await conversations(web).thread_of(TEAM, CHANNEL, "103.000001")
