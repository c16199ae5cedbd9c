"""Status lines, suggested prompts and agent sessions."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import D_ANA, U_ANA
from tests.unit.playground.slack.conftest import Refusal


@pytest.fixture
async def thread(slack: EmulatedSlack) -> dict[str, Any]:
    return {"channel_id": D_ANA, "thread_ts": slack.people.say(U_ANA, D_ANA, "hi")}


async def test_a_status_shows_with_its_loading_messages(
    slack: EmulatedSlack, client: AsyncWebClient, thread: dict[str, Any]
) -> None:
    await client.assistant_threads_setStatus(**thread, status="is thinking…", loading_messages=["x" * 50] * 10)
    status = slack.workspace.status(D_ANA, thread["thread_ts"])
    assert status is not None
    assert (status.text, len(status.loading_messages)) == ("is thinking…", 10)
    await client.assistant_threads_setStatus(**thread, status="")
    assert slack.workspace.status(D_ANA, thread["thread_ts"]) is None


@pytest.mark.parametrize("loading", [["x"] * 11, ["x" * 51]])
async def test_at_most_ten_loading_messages_of_fifty_characters(
    client: AsyncWebClient, thread: dict[str, Any], refusal: Refusal, loading: list[str]
) -> None:
    call = client.assistant_threads_setStatus(**thread, status="x", loading_messages=loading)
    assert await refusal(call) == "invalid_arguments"


async def test_a_status_needs_a_thread_that_exists(client: AsyncWebClient, refusal: Refusal) -> None:
    nowhere = client.assistant_threads_setStatus(channel_id=D_ANA, thread_ts="1700000000.000001", status="x")
    assert await refusal(nowhere) == "thread_not_found"


async def test_at_most_four_prompts_each_with_title_and_message(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    prompt = {"title": "Summarise", "message": "Summarise this"}
    await client.assistant_threads_setSuggestedPrompts(channel_id=D_ANA, prompts=[prompt] * 4)
    assert len(slack.workspace.prompts[D_ANA, ""].prompts) == 4
    for wrong in ([prompt] * 5, [{"title": "only"}], []):
        call = client.assistant_threads_setSuggestedPrompts(channel_id=D_ANA, prompts=wrong)
        assert await refusal(call) == "invalid_arguments"


async def test_a_session_is_made_titled_and_renamed(
    slack: EmulatedSlack, client: AsyncWebClient, thread: dict[str, Any], refusal: Refusal
) -> None:
    key = (D_ANA, thread["thread_ts"])
    assert await refusal(client.agents_sessions_rename(**thread, title="x")) == "session_not_found"
    await client.agents_sessions_setStatus(**thread, status="processing", title="Trip")
    await client.agents_sessions_setStatus(**thread, status="active")
    assert (slack.workspace.sessions[key].status, slack.workspace.sessions[key].title) == ("active", "Trip")
    await client.agents_sessions_rename(**thread, title="Journey")
    assert slack.workspace.sessions[key].title == "Journey"
    wrong = client.agents_sessions_setStatus(**thread, status="sleeping")
    assert await refusal(wrong) == "invalid_arguments"
    await client.assistant_threads_setTitle(**thread, title="Voyage")
    assert slack.workspace.sessions[key].title == "Voyage"
