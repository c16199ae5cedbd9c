"""What every Web API call goes through: bodies, tokens, scopes, methods."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import APP_ID, BOT_ID, C_GENERAL, TEAM, U_ANA, U_BOT
from tests.unit.playground.slack.conftest import Refusal


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_auth_test_tells_who_the_bot_is_and_what_it_may(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["team_id"] == TEAM
    assert (answer["user_id"], answer["bot_id"]) == (U_BOT, BOT_ID)
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_an_unknown_method_is_refused(client: AsyncWebClient, refusal: Refusal) -> None:
    assert await refusal(client.api_call("chat.postMassage")) == "unknown_method"


async def test_no_token_is_not_authed_and_a_wrong_one_is_invalid(slack: EmulatedSlack, refusal: Refusal) -> None:
    assert await refusal(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    assert await refusal(AsyncWebClient("xoxb-other", base_url=slack.api_url).auth_test()) == "invalid_auth"


async def test_each_kind_of_token_opens_its_own_methods_only(slack: EmulatedSlack, refusal: Refusal) -> None:
    bot = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    assert await refusal(bot.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    app = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    assert await refusal(app.users_info(user=U_ANA)) == "not_allowed_token_type"


async def test_a_connection_url_names_the_app(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    answer = await client.apps_connections_open(app_token=slack.app_token)
    assert answer["url"].startswith(slack.workspace.site.replace("http", "ws", 1))
    assert answer["url"].endswith(f"app_id={APP_ID}")


async def test_a_missing_argument_is_named(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("users.info")
    assert caught.value.response["error"] == "invalid_arguments"
    assert caught.value.response["response_metadata"]["messages"] == ["[ERROR] missing required field: user"]


async def test_a_missing_scope_is_named_with_what_is_granted() -> None:
    async with EmulatedSlack.start(Setup(scopes=("chat:write",))) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError) as caught:
            await client.users_info(user=U_ANA)
    response = caught.value.response
    assert (response["error"], response["needed"], response["provided"]) == (
        "missing_scope",
        "users:read",
        "chat:write",
    )


async def test_forms_json_and_structures_as_json_strings_are_all_taken(
    slack: EmulatedSlack, http: aiohttp.ClientSession
) -> None:
    url = slack.api_url + "chat.postMessage"
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]
    message: dict[str, Any] = {"channel": C_GENERAL, "text": "hi"}
    bodies: tuple[dict[str, Any], ...] = (
        {"json": {**message, "blocks": blocks}},
        {"json": {**message, "blocks": json.dumps(blocks)}},
        {"data": {**message, "blocks": json.dumps(blocks)}},
        {"data": {**message, "blocks": json.dumps(blocks), "token": slack.bot_token}, "headers": {}},
    )
    for body in bodies:
        async with http.post(url, **{"headers": headers, **body}) as response:
            answer = await response.json()
        assert answer["ok"], answer
        assert answer["message"]["blocks"][0]["text"]["text"] == "hi"


@pytest.mark.parametrize(("body", "code"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_a_malformed_body_is_refused(
    slack: EmulatedSlack, http: aiohttp.ClientSession, body: str, code: str
) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json"}
    async with http.post(slack.api_url + "auth.test", data=body, headers=headers) as response:
        assert (await response.json())["error"] == code


async def test_calls_are_kept_with_their_arguments_and_outcome_but_not_the_token(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    await client.users_info(user=U_ANA)
    await refusal(client.users_info(user="U0NOBODY"))
    first, second = slack.calls("users.info")
    assert (first.arguments, first.outcome) == ({"user": U_ANA}, "ok")
    assert second.outcome == "user_not_found"


async def test_users_are_looked_up_and_listed(client: AsyncWebClient) -> None:
    ana = (await client.users_info(user=U_ANA))["user"]
    assert (ana["real_name"], ana["is_admin"], ana["is_bot"]) == ("Ana", True, False)
    listed = (await client.users_list())["members"]
    assert {user["id"] for user in listed if user["is_bot"]} == {U_BOT}


async def test_there_are_no_user_groups(client: AsyncWebClient, refusal: Refusal) -> None:
    assert (await client.usergroups_list())["usergroups"] == []
    assert await refusal(client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
