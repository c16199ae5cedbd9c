"""A workspace kept in a file."""

from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack import persistence
from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, D_ANA, U_ANA, U_BEN
from bot.playground.slack.people import Upload
from bot.playground.slack.values import ChannelKind, Ephemeral


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(saved_at=tmp_path / "demo" / "slack.json")


async def test_a_restarted_demo_goes_on_where_it_was(setup: Setup) -> None:
    async with EmulatedSlack.start(setup) as slack:
        root = slack.people.say(U_ANA, D_ANA, "look", files=[Upload("a.bin", b"\x00\xff")])
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        stream = await client.chat_startStream(channel=D_ANA, thread_ts=root, markdown_text="**seen**")
        await client.chat_stopStream(channel=D_ANA, ts=str(stream["ts"]))
        slack.people.react(U_BEN, C_GENERAL, slack.people.say(U_BEN, C_GENERAL, "hi"), "eyes")
        slack.workspace.add_channel(ChannelKind.PUBLIC, "new", [U_ANA])
        slack.workspace.post_ephemeral(Ephemeral(C_GENERAL, "", U_ANA, "psst"))
        before = [slack.workspace.messages(channel) for channel in slack.workspace.channels]
        channels = slack.workspace.channels
        files = slack.workspace.files
    async with EmulatedSlack.start(setup) as slack:
        assert [slack.workspace.messages(channel) for channel in slack.workspace.channels] == before
        assert (slack.workspace.channels, slack.workspace.files) == (channels, files)
        assert len(slack.thread(D_ANA, root)) == 2
        assert slack.ephemerals(U_ANA) == []


async def test_after_a_restart_no_ts_and_no_id_is_given_out_again(setup: Setup) -> None:
    clock = ManualClock()
    async with EmulatedSlack.start(setup, clock=clock) as slack:
        old = slack.people.say(U_ANA, D_ANA, "one", files=[Upload("a", b"x")])
    async with EmulatedSlack.start(setup, clock=clock) as slack:
        new = slack.people.say(U_ANA, D_ANA, "two", files=[Upload("b", b"y")])
        assert new > old
        assert len(slack.workspace.files) == 2


async def test_what_happened_is_on_disk_before_the_end(setup: Setup) -> None:
    assert setup.saved_at is not None
    async with EmulatedSlack.start(setup) as slack:
        slack.people.say(U_ANA, D_ANA, "one")
        await slack.wait_until_saved()
        loaded = persistence.load(setup.saved_at, slack.clock)
        assert [message.text for message in loaded.messages(D_ANA)] == ["one"]


async def test_a_failed_write_leaves_the_old_file(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup.saved_at is not None
    async with EmulatedSlack.start(setup) as slack:
        persistence.save(slack.workspace, setup.saved_at)
        before = setup.saved_at.read_bytes()

        def full(descriptor: int) -> None:
            raise OSError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(OSError, match="disk full"):
                persistence.save(slack.workspace, setup.saved_at)
        assert setup.saved_at.read_bytes() == before
        assert [path.name for path in setup.saved_at.parent.iterdir()] == [setup.saved_at.name]


def test_a_file_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "slack.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="team"):
        persistence.load(path, ManualClock())
