"""The workspace's own rules."""

import pytest

from bot.playground.slack.changes import Cause, MessageChanged, MessageDeleted
from bot.playground.slack.clock import ManualClock
from bot.playground.slack.default_workspace import BOT_ID, C_GENERAL, D_ANA, U_ANA, U_BOT, default_workspace
from bot.playground.slack.ids import Ids
from bot.playground.slack.setup import COMMANDS
from bot.playground.slack.values import ChannelKind, Message, Refused, Status
from bot.playground.slack.workspace import Workspace


@pytest.fixture
def workspace(clock: ManualClock) -> Workspace:
    return default_workspace(clock, Ids(1), COMMANDS, ())


def said(workspace: Workspace, text: str = "hi", thread_ts: str = "", *, by_bot: bool = False) -> Message:
    user, bot_id = (U_BOT, BOT_ID) if by_bot else (U_ANA, "")
    return workspace.post(Message(C_GENERAL, "", user, text, bot_id, thread_ts=thread_ts))


def test_every_ts_is_later_than_the_one_before_even_while_the_clock_stands_still(workspace: Workspace) -> None:
    stamps = [workspace.next_ts() for _ in range(100)]
    assert stamps == sorted(set(stamps))
    assert all(len(ts) == 17 and ts[10] == "." for ts in stamps)


def test_the_same_seed_gives_the_same_ids() -> None:
    assert [Ids(7).new("C") for _ in range(3)] == [Ids(7).new("C") for _ in range(3)]
    assert Ids(7).new("C") != Ids(8).new("C")


def test_a_reply_to_a_reply_belongs_to_the_root(workspace: Workspace) -> None:
    root = said(workspace)
    reply = said(workspace, thread_ts=root.ts)
    second = said(workspace, thread_ts=reply.ts)
    assert second.thread_ts == root.ts
    assert workspace.thread(C_GENERAL, root.ts) == [root, reply, second]


def test_a_reply_in_no_thread_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="thread_not_found"):
        said(workspace, thread_ts="1790000000.000001")


def test_a_root_carries_its_own_thread_ts_as_long_as_it_has_replies(workspace: Workspace) -> None:
    root = said(workspace)
    assert root.thread_ts == ""
    reply = said(workspace, thread_ts=root.ts)
    assert root.thread_ts == root.ts
    workspace.delete(reply)
    assert root.thread_ts == ""


def test_a_deleted_root_with_replies_stays_as_a_tombstone(workspace: Workspace) -> None:
    root = said(workspace)
    said(workspace, thread_ts=root.ts)
    heard: list[object] = []
    workspace.subscribe(heard.append)
    workspace.delete(root)
    assert [type(change) for change in heard] == [MessageChanged]
    assert workspace.message(C_GENERAL, root.ts).subtype == "tombstone"


def test_a_deleted_message_is_gone(workspace: Workspace) -> None:
    message = said(workspace)
    heard: list[object] = []
    workspace.subscribe(heard.append)
    workspace.delete(message)
    assert heard == [MessageDeleted(message)]
    with pytest.raises(Refused, match="message_not_found"):
        workspace.message(C_GENERAL, message.ts)


def test_a_watcher_hears_what_a_message_was_before_it_changed(workspace: Workspace) -> None:
    message = said(workspace, "old")
    heard: list[object] = []
    workspace.subscribe(heard.append)
    workspace.change(message, Cause.EDIT, text="new")
    (change,) = heard
    assert isinstance(change, MessageChanged)
    assert (change.previous.text, change.message.text) == ("old", "new")


def test_who_unsubscribed_hears_nothing_more(workspace: Workspace) -> None:
    heard: list[object] = []
    workspace.subscribe(heard.append)()
    said(workspace)
    assert heard == []


def test_a_status_lasts_two_minutes(workspace: Workspace, clock: ManualClock) -> None:
    root = said(workspace)
    workspace.set_status(Status(C_GENERAL, root.ts, "is thinking", [], clock.now()))
    clock.advance(119)
    assert workspace.status(C_GENERAL, root.ts) is not None
    clock.advance(1)
    assert workspace.status(C_GENERAL, root.ts) is None


def test_a_post_of_the_app_clears_the_status_of_its_thread(workspace: Workspace, clock: ManualClock) -> None:
    root = said(workspace)
    workspace.set_status(Status(C_GENERAL, root.ts, "is thinking", [], clock.now()))
    said(workspace, "from a person", root.ts)
    assert workspace.status(C_GENERAL, root.ts) is not None
    said(workspace, "answer", root.ts, by_bot=True)
    assert workspace.status(C_GENERAL, root.ts) is None


def test_a_person_has_one_dm_with_the_bot(workspace: Workspace) -> None:
    assert workspace.dm(U_ANA).id == D_ANA
    workspace.channels.clear()
    opened = workspace.dm(U_ANA)
    assert opened.kind is ChannelKind.IM
    assert workspace.dm(U_ANA) is opened


def test_permalinks_lead_to_messages_and_replies_name_their_thread(workspace: Workspace) -> None:
    root = said(workspace)
    reply = said(workspace, thread_ts=root.ts)
    base = f"https://playground.slack.com/archives/{C_GENERAL}/p"
    assert workspace.permalink(root) == base + root.ts.replace(".", "")
    assert workspace.permalink(reply) == f"{base}{reply.ts.replace('.', '')}?thread_ts={root.ts}&cid={C_GENERAL}"
