"""views.open, push, update and publish."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import U_ANA, U_BEN
from bot.playground.slack.values import Json
from tests.unit.playground.slack.conftest import Refusal


def modal(title: str = "Rename", **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "name", "initial_value": "old"}
    label = {"type": "plain_text", "text": "Name"}
    submit = {"type": "plain_text", "text": "Save"}
    block = {"type": "input", "block_id": "b", "label": label, "element": element}
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "submit": submit,
        "blocks": [block],
        **more,
    }


HOME: Json = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Welcome"}}]}


@pytest.fixture
async def trigger_id(slack: EmulatedSlack) -> str:
    return slack.installation.triggers.issue(U_ANA)


async def test_a_modal_opens_for_whoever_interacted(
    slack: EmulatedSlack, client: AsyncWebClient, trigger_id: str
) -> None:
    answer = await client.views_open(trigger_id=trigger_id, view=modal(callback_id="rename"))
    (view,) = slack.workspace.modals[U_ANA]
    assert (answer["view"]["id"], answer["view"]["callback_id"]) == (view.id, "rename")
    assert answer["view"]["state"]["values"]["b"]["name"]["value"] == "old"


async def test_a_trigger_works_once_and_for_three_seconds(
    slack: EmulatedSlack, client: AsyncWebClient, trigger_id: str, clock: ManualClock, refusal: Refusal
) -> None:
    await client.views_open(trigger_id=trigger_id, view=modal())
    assert await refusal(client.views_open(trigger_id=trigger_id, view=modal())) == "exchanged_trigger_id"
    late = slack.installation.triggers.issue(U_ANA)
    clock.advance(3.1)
    assert await refusal(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await refusal(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"


async def test_a_refused_view_leaves_the_trigger_usable(
    client: AsyncWebClient, trigger_id: str, refusal: Refusal
) -> None:
    assert await refusal(client.views_open(trigger_id=trigger_id, view=modal("x" * 25))) == "invalid_arguments"
    assert (await client.views_open(trigger_id=trigger_id, view=modal()))["ok"]


async def test_three_modals_can_lie_upon_one_another_and_no_more(
    slack: EmulatedSlack, client: AsyncWebClient, trigger_id: str, refusal: Refusal
) -> None:
    def trigger() -> str:
        return slack.installation.triggers.issue(U_ANA)

    assert await refusal(client.views_push(trigger_id=trigger_id, view=modal())) == "not_found"
    root = (await client.views_open(trigger_id=trigger(), view=modal()))["view"]["id"]
    second = (await client.views_push(trigger_id=trigger(), view=modal()))["view"]
    assert (second["root_view_id"], second["previous_view_id"]) == (root, root)
    await client.views_push(trigger_id=trigger(), view=modal())
    assert await refusal(client.views_push(trigger_id=trigger(), view=modal())) == "push_limit_reached"


async def test_an_update_against_an_old_hash_is_refused(
    client: AsyncWebClient, trigger_id: str, refusal: Refusal
) -> None:
    view = (await client.views_open(trigger_id=trigger_id, view=modal(external_id="mine")))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=modal("Second"))
    stale = client.views_update(view_id=view["id"], hash=view["hash"], view=modal("Third"))
    assert await refusal(stale) == "hash_conflict"
    assert await refusal(client.views_update(view_id="V0NONE", view=modal())) == "not_found"


async def test_an_update_keeps_what_was_typed(slack: EmulatedSlack, client: AsyncWebClient, trigger_id: str) -> None:
    view_id = (await client.views_open(trigger_id=trigger_id, view=modal()))["view"]["id"]
    view = slack.modals.find(view_id)
    view.state["b"]["name"]["value"] = "typed"
    answer = await client.views_update(view_id=view_id, view=modal("Second"))
    assert answer["view"]["state"]["values"]["b"]["name"]["value"] == "typed"


async def test_a_home_is_published_per_person(slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal) -> None:
    first = (await client.views_publish(user_id=U_ANA, view=HOME))["view"]
    again = (await client.views_publish(user_id=U_ANA, view=HOME))["view"]
    assert first["id"] == again["id"]
    assert U_BEN not in slack.workspace.homes
    assert await refusal(client.views_publish(user_id="U0NOBODY", view=HOME)) == "user_not_found"
    stale = client.views_publish(user_id=U_ANA, view=HOME, hash=first["hash"])
    assert await refusal(stale) == "hash_conflict"
