"""Uploads, shares and private downloads."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from bot.playground.slack.people import Upload
from tests.unit.playground.slack.conftest import Refusal


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_clients_upload_shares_the_file_in_the_thread(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "write it down")
    await client.files_upload_v2(
        channel=C_GENERAL, thread_ts=root, filename="notes.md", content="# Notes", initial_comment="Here."
    )
    (reply,) = slack.replies_of_bot(C_GENERAL, root)
    file = slack.workspace.files[reply.files[0]]
    assert (reply.text, reply.subtype) == ("Here.", "file_share")
    assert (file.name, file.content) == ("notes.md", b"# Notes")


async def test_bytes_must_be_as_many_as_announced(
    slack: EmulatedSlack, client: AsyncWebClient, http: aiohttp.ClientSession, refusal: Refusal
) -> None:
    announced = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    async with http.post(announced["upload_url"], data=b"four") as response:
        assert response.status == 400
    unfinished = client.files_completeUploadExternal(files=[{"id": announced["file_id"], "title": "a"}])
    assert await refusal(unfinished) == "file_not_found"
    async with http.post(announced["upload_url"], data=b"hello") as response:
        assert (response.status, await response.text()) == (200, "OK - 5")
    done = await client.files_completeUploadExternal(files=[{"id": announced["file_id"], "title": "A"}])
    assert done["files"][0]["title"] == "A"
    assert (await client.files_info(file=announced["file_id"]))["file"]["size"] == 5


async def test_a_private_file_needs_the_bots_token(
    slack: EmulatedSlack, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "look", files=[Upload("my notes.txt", b"hello")])
    (message,) = (await client.conversations_replies(channel=C_GENERAL, ts=ts))["messages"]
    url = message["files"][0]["url_private_download"]
    async with http.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
        assert (await response.read(), response.content_type) == (b"hello", "text/plain")
    async with http.get(url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    slack.uninstall()
    async with http.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
        assert (response.status, response.content_type) == (200, "text/html")


async def test_a_file_that_is_not_there_is_not_found(client: AsyncWebClient, refusal: Refusal) -> None:
    assert await refusal(client.files_info(file="F0NONE")) == "file_not_found"
