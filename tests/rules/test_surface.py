"""Slack's rules about agents: docs/slack-rules.md lists them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from bot.model import ToolStarted
from bot.slack.api.limits import STATUS_CHARS, STATUS_LIFE_S, SUGGESTED_PROMPTS
from bot.slack.events import EVENTS
from bot.slack.manifest import manifest
from bot.slack.scopes import SCOPE_NAMES
from bot.slack.wording_commands import SUGGESTED_PROMPTS as PROMPTS
from tests.payloads import payload
from tests.unit.slack.incoming import incoming
from tests.unit.slack.reply.replying import a_reply

NEEDED_SCOPES = {
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "reactions:read",
    "reactions:write",
    "users:read",
}
NEEDED_EVENTS = {
    "agent_session_stopped",
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "team_access_granted",
    "team_access_revoked",
    "tokens_revoked",
}


def test_an_agent_declares_its_view_and_is_no_assistant() -> None:
    features = manifest(name="Claude", command="/agent")["features"]
    assert "agent_view" in features
    assert "assistant_view" not in features
    events = {name for row in EVENTS for name in row.subscriptions}
    assert not any(name.startswith("assistant_thread") for name in events)
    assert not any("Assistant(" in path.read_text(encoding="utf-8") for path in Path("bot/slack").rglob("*.py"))


async def test_a_status_lasts_two_minutes_and_is_short() -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Bash", "Running a command with a rather long and winding description"))
        set_at: list[float] = []
        for _ in range(60):
            before = len(scene.slack.statuses)
            await scene.clock.advance(10)
            set_at += [scene.clock.now()] * (len(scene.slack.statuses) - before)
        assert all(after - before < STATUS_LIFE_S for before, after in pairwise(set_at))
        assert len(set_at) >= 5
        assert all(len(status) <= STATUS_CHARS for status in scene.slack.statuses)


async def test_at_most_four_prompts_are_suggested_and_to_no_thread() -> None:
    async with incoming() as slack:
        await slack.send(payload("app_home_opened_messages"))
        (suggested,) = slack.web.to("assistant.threads.setSuggestedPrompts")
        assert len(PROMPTS) <= SUGGESTED_PROMPTS
        assert len(suggested["prompts"]) <= SUGGESTED_PROMPTS
        assert "thread_ts" not in suggested


async def test_feedback_buttons_stand_in_the_blocks_that_end_a_stream() -> None:
    async with a_reply() as scene:
        await scene.say("Hello")
        await scene.close()
        (stop,) = scene.slack.called("chat.stopStream")
        (block,) = stop["blocks"]
        assert (block["type"], block["elements"][0]["type"]) == ("context_actions", "feedback_buttons")


def test_the_manifest_has_the_scopes_and_events_of_an_agent() -> None:
    document = manifest(name="Claude", command="/agent")
    assert set(document["oauth_config"]["scopes"]["bot"]) == SCOPE_NAMES >= NEEDED_SCOPES
    assert set(document["settings"]["event_subscriptions"]["bot_events"]) >= NEEDED_EVENTS
