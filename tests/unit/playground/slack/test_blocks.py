"""Block Kit's limits."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.blocks import checked, checked_view
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import Json, Refused


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": plain("Go"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: str, value: str = "v") -> Json:
    return {"text": plain(text), "value": value}


def choice(kind: str, *options: Json, **more: Any) -> Json:
    element = {"type": kind, "action_id": "pick", "options": list(options), **more}
    return {"type": "input", "label": plain("Which?"), "element": element}


def preformatted(text: str) -> Json:
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [element]}


def select(*options: Json) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": list(options)}


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3001)],
        [section("")],
        [section("x")] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
        [{"type": "section", "fields": [plain("x" * 2001)]}],
        [{"type": "section", "text": plain("x"), "colour": "red"}],
        [{"type": "header", "text": plain("x" * 151)}],
        [{"type": "markdown", "text": "x" * 12_001}],
        [{"type": "markdown", "text": "x" * 6001}, {"type": "markdown", "text": "x" * 6000}],
        [{"type": "context", "elements": [plain("x")] * 11}],
        [{"type": "nonsense"}],
        [actions(button(text=plain("x" * 76)))],
        [actions(button(text={"type": "mrkdwn", "text": "x"}))],
        [actions(button(value="x" * 2001))],
        [actions(button(style="purple"))],
        [actions(*(button(action_id=str(number)) for number in range(26)))],
        [actions(button(), button())],
        [actions()],
        [actions({"type": "lever", "action_id": "x"})],
        [actions(select())],
        [actions(select(option("x" * 76)))],
        [actions(select(option("x", "v" * 151)))],
        [actions(select(*(option("x", str(number)) for number in range(101))))],
        [choice("radio_buttons", *(option("x", str(number)) for number in range(11)))],
        [choice("checkboxes", *(option("x", str(number)) for number in range(11)))],
        [choice("radio_buttons", option(""))],
        [choice("radio_buttons", {**option("x"), "description": plain("x" * 76)})],
        [choice("radio_buttons", option("x"), initial_option=option("y"))],
        [choice("checkboxes", option("x"), initial_options=[option("x"), option("y")])],
        [{**choice("checkboxes", option("x")), "label": plain("x" * 2001)}],
        [preformatted("")],
        [{**section("a"), "block_id": "same"}, {**section("b"), "block_id": "same"}],
        [{**section("a"), "block_id": "x" * 256}],
        [{"type": "task_card", "task_id": "1", "title": "x", "status": "done"}],
    ],
)
def test_blocks_beyond_a_limit_are_invalid(blocks: list[Json]) -> None:
    with pytest.raises(Refused) as caught:
        checked(blocks, Ids(1))
    assert caught.value.code == "invalid_blocks"
    assert all("json-pointer:/blocks" in message for message in caught.value.messages)


def test_blocks_at_the_limits_are_taken_and_each_gets_an_id() -> None:
    full = [actions(*(button(action_id=str(number), value="x" * 2000, text=plain("x" * 75)) for number in range(5)))]
    blocks = checked([section("x" * 3000), {"type": "markdown", "text": "x" * 9000}, *full], Ids(1))
    assert all(block["block_id"] for block in blocks)


def test_inputs_and_preformatted_text_are_taken_in_messages() -> None:
    options = [option("x" * 75, str(number)) for number in range(10)]
    checked([choice("checkboxes", *options, initial_options=options[:2]), preformatted("<!channel> ``` *x*")], Ids(1))


def test_a_view_has_a_weight_beyond_which_it_is_too_large() -> None:
    heavy = modal(blocks=[section("é" * 3000) for _ in range(50)])
    with pytest.raises(Refused) as caught:
        checked_view(heavy, Ids(1), "modal")
    assert caught.value.code == "view_too_large"


def test_all_the_text_of_the_blocks_has_a_limit_too() -> None:
    with pytest.raises(Refused) as caught:
        checked([section("x" * 2900)] * 5, Ids(1))
    assert caught.value.code == "msg_blocks_too_long"


async def test_slack_says_which_block_is_wrong(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=C_GENERAL, text="x", blocks=[section("ok"), section("x" * 3001)])
    response = caught.value.response
    assert response["error"] == "invalid_blocks"
    (message,) = response["response_metadata"]["messages"]
    assert "json-pointer:/blocks/1" in message


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain("T"), "blocks": [section("x")], **more}


@pytest.mark.parametrize(
    "view",
    [
        modal(title=plain("x" * 25)),
        modal(title=None),
        modal(private_metadata="x" * 3001),
        modal(submit=plain("x" * 25)),
        modal(callback_id="x" * 256),
        modal(blocks=[section("x")] * 101),
        modal(blocks=[{"type": "markdown", "text": "not in views"}]),
        modal(blocks=None),
        modal(type="home"),
        modal(
            blocks=[
                {
                    "type": "input",
                    "label": plain("L"),
                    "element": {"type": "plain_text_input", "action_id": "needs_submit"},
                }
            ]
        ),
    ],
)
def test_a_modal_beyond_a_limit_is_refused(view: Json) -> None:
    with pytest.raises(Refused) as caught:
        checked_view(view, Ids(1), "modal")
    assert caught.value.code == "invalid_arguments"
    assert caught.value.messages


def test_a_modal_at_the_limits_is_taken() -> None:
    view = modal(title=plain("x" * 24), private_metadata="x" * 3000, blocks=[section("x")] * 100)
    assert len(checked_view(view, Ids(1), "modal")["blocks"]) == 100


_KEYS = ["type", "text", "elements", "element", "accessory", "options", "action_id", "value", "label", "fields"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    max_leaves=12,
)


@given(
    kind=st.sampled_from(["section", "actions", "context", "input", "markdown", "card", "header", "plan"]),
    rest=st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=5),
)
@example(kind="section", rest={"text": {"type": "plain_text", "text": "x"}, "fields": ["x"]})
@example(
    kind="section", rest={"text": {"type": "plain_text", "text": "x"}, "fields": [{"type": "plain_text", "text": 1}]}
)
def test_whatever_comes_as_a_block_is_taken_or_refused(kind: str, rest: Json) -> None:
    with suppress(Refused):
        checked([{**rest, "type": kind}], Ids(1))
