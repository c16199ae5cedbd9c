"""Response URLs."""

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import BOT_ID, C_GENERAL, U_ANA, U_BEN, U_BOT
from bot.playground.slack.tickets import ResponseTarget
from bot.playground.slack.values import Ephemeral, Message


def webhook(slack: EmulatedSlack, ts: str = "") -> AsyncWebhookClient:
    path = slack.installation.response_urls.issue(ResponseTarget(U_ANA, C_GENERAL, ts))
    return AsyncWebhookClient(slack.workspace.site + path)


async def test_an_answer_is_for_the_caller_alone_unless_said_otherwise(slack: EmulatedSlack) -> None:
    url = webhook(slack)
    await url.send(text="for you")
    await url.send(text="for all", response_type="in_channel")
    assert [message.text for message in slack.ephemerals(U_ANA)] == ["for you"]
    assert slack.ephemerals(U_BEN) == []
    assert [message.text for message in slack.posts_of_bot(C_GENERAL)] == ["for all"]


async def test_an_ephemeral_can_be_replaced_and_deleted(slack: EmulatedSlack) -> None:
    original = slack.workspace.post_ephemeral(Ephemeral(C_GENERAL, "", U_ANA, "sure?"))
    url = webhook(slack, original.ts)
    await url.send(text="done", replace_original=True)
    assert [message.text for message in slack.ephemerals(U_ANA)] == ["done"]
    await url.send(delete_original=True)
    assert slack.ephemerals(U_ANA) == []


async def test_a_message_of_the_bot_can_be_replaced_and_deleted(slack: EmulatedSlack) -> None:
    original = slack.workspace.post(Message(C_GENERAL, "", U_BOT, "sure?", BOT_ID))
    url = webhook(slack, original.ts)
    await url.send(text="done", replace_original=True)
    assert [message.text for message in slack.posts_of_bot(C_GENERAL)] == ["done"]
    await url.send(delete_original=True)
    assert slack.posts_of_bot(C_GENERAL) == []


async def test_a_url_works_five_times(slack: EmulatedSlack) -> None:
    url = webhook(slack)
    answers = [await url.send(text=str(number)) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body


async def test_a_url_works_for_thirty_minutes(slack: EmulatedSlack, clock: ManualClock) -> None:
    url = webhook(slack)
    clock.advance(30 * 60)
    assert (await url.send(text="just in time")).status_code == 200
    clock.advance(1)
    late = await url.send(text="too late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_what_slack_would_not_post_is_refused_here_too(slack: EmulatedSlack) -> None:
    answer = await webhook(slack).send(text="")
    assert (answer.status_code, "no_text" in answer.body) == (400, True)
