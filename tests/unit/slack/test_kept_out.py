"""Whom the policy keeps out: nothing they do takes effect, whichever way it comes from Slack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import ChatAway, Reason, Refusal
from bot.slack import wording
from bot.slack.views.modals import Asked
from tests.payloads import ANN, CHANNEL, TEAM, names, payload
from tests.unit.slack.incoming import KEY, FakeAdmission, FakeInbox, Incoming, incoming
from tests.unit.slack.test_interactions import submission

GESTURES = [name for name in names() if name.startswith(("block_actions", "message_shortcut", "slash", "reaction"))]
KEPT_OUT = wording.refusal(Reason.NOT_FOR_YOU)


def touched(slack: Incoming) -> dict[str, Any]:
    """All that reached the core."""
    inbox = slack.inbox
    done = {"admin": slack.admin.done, "pages": slack.admin.pages, "forks": slack.forks.asked, "asked": inbox.taken}
    return {name: what for name, what in {**done, "continued": inbox.continued}.items() if what}


@pytest.mark.parametrize("name", GESTURES)
async def test_no_gesture_of_theirs_reaches_the_core(name: str) -> None:
    async with incoming(admission=FakeAdmission(Refusal(Reason.NOT_FOR_YOU))) as slack:
        assert (await slack.send(payload(name))).status == 200
        assert touched(slack) == {}
        assert KEPT_OUT in json.dumps([slack.whispers(), slack.web.calls], ensure_ascii=False)


async def test_no_modal_of_theirs_reaches_the_core() -> None:
    """They may have opened it before they were kept out."""
    async with incoming(admission=FakeAdmission(Refusal(Reason.NOT_FOR_YOU))) as slack:
        await slack.send(submission(slack, "rename", "Mine now", Asked(KEY, CHANNEL, "", slack.hooks.url)))
        assert touched(slack) == {}
        assert slack.whispers() == [KEPT_OUT]


async def test_app_home_shows_them_nothing_but_that() -> None:
    async with incoming(admission=FakeAdmission(Refusal(Reason.NOT_FOR_YOU))) as slack:
        await slack.send(payload("app_home_opened"))
        [published] = slack.web.to("views.publish")
        assert [block["text"]["text"] for block in published["view"]["blocks"]] == [KEPT_OUT]
        assert touched(slack) == {}


async def test_they_get_no_suggestions_what_to_ask() -> None:
    async with incoming(admission=FakeAdmission(Refusal(Reason.NOT_HERE))) as slack:
        await slack.send(payload("app_home_opened_messages"))
        assert slack.web.to("assistant.threads.setSuggestedPrompts") == []


async def test_a_gesture_is_checked_for_who_makes_it_and_where() -> None:
    admission = FakeAdmission()
    async with incoming(admission=admission) as slack:
        await slack.send(payload("slash_command"))
        [(person, channel)] = admission.asked
        body = payload("slash_command")
        assert (person.team, person.user, channel) == (TEAM, body["user_id"], body["channel_id"])


async def test_a_message_that_is_refused_is_acknowledged_and_its_author_told_once() -> None:
    inbox = FakeInbox(failure=Refusal(Reason.NOT_HERE))
    async with incoming(inbox=inbox) as slack:
        for _ in range(2):
            assert (await slack.send(payload("app_mention"))).status == 200
            assert (await slack.send(payload("message_channel_mention"))).status == 200
        assert slack.whispers() == [wording.refusal(Reason.NOT_HERE)]
        await slack.send(payload("message_channel_mention", user="U0SOMEONE1"))
        assert [told["user"] for told in slack.web.to("chat.postEphemeral")] == [ANN, "U0SOMEONE1"]


async def test_who_only_talks_to_others_is_not_told_that_they_are_kept_out() -> None:
    inbox = FakeInbox(failure=Refusal(Reason.NOT_FOR_YOU))
    async with incoming(inbox=inbox, admission=FakeAdmission(Refusal(Reason.NOT_FOR_YOU))) as slack:
        await slack.send(payload("message_thread_reply"))
        await slack.send(payload("message_thread_reply", text="stop"))
        await slack.send(payload("reaction_added", reaction="octagonal_sign"))
        assert slack.whispers() == []


async def test_a_message_whose_author_slack_does_not_tell_of_comes_again() -> None:
    async with incoming(inbox=FakeInbox(failure=ChatAway("users.info", sent=True))) as slack:
        assert (await slack.send(payload("message_channel_mention"))).status == 503
