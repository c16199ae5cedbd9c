"""What people do, and what the app is sent for it."""

from typing import Any

import pytest

from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import BOT_ID, C_GENERAL, C_LAUNCH, D_ANA, U_ANA, U_BEN, U_BOT
from bot.playground.slack.interactions import Answer
from bot.playground.slack.people import People, Upload
from bot.playground.slack.values import Ephemeral, Json, Message, Refused, Shortcut, View


class Courier:
    """Takes every interaction, and answers with what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Json]] = []
        self.answer = Answer(acknowledged=True)

    async def ask(self, kind: str, payload: Json) -> Answer:
        self.asked.append((kind, payload))
        return self.answer


@pytest.fixture
def courier() -> Courier:
    return Courier()


@pytest.fixture
async def people(slack: EmulatedSlack, courier: Courier) -> People:
    return People(slack.workspace, slack.streams, slack.modals, slack.payloads, courier)


def button(value: str, action_id: str = "go") -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": value}, "value": value}


def posted(slack: EmulatedSlack, *blocks: Json) -> Message:
    return slack.workspace.post(Message(C_GENERAL, "", U_BOT, "choose", BOT_ID, blocks=list(blocks)))


def modal(slack: EmulatedSlack, **more: Any) -> View:
    element = {"type": "plain_text_input", "action_id": "title", "initial_value": "old"}
    label = {"type": "plain_text", "text": "Title"}
    block = {"type": "input", "block_id": "b1", "label": label, "element": element}
    return slack.modals.open(U_ANA, {"type": "modal", "callback_id": "rename", "blocks": [block], **more})


# --- talking ----------------------------------------------------------------------------------------------------------


def test_a_typed_message_becomes_what_slack_sends(people: People) -> None:
    typed = people.typed("@Claude look at #general & <b>, @here. Mail a@b.example, see https://x.example/?a=1&b")
    assert typed == (
        f"<@{U_BOT}> look at <#{C_GENERAL}|general> &amp; &lt;b&gt;, <!here>. Mail a@b.example, see "
        "<https://x.example/?a=1&amp;b>"
    )


def test_a_message_carries_the_rich_text_that_clients_send(slack: EmulatedSlack, people: People) -> None:
    ts = people.say(U_ANA, C_GENERAL, f"{slack.mention} a &lt; b :wave:")
    (block,) = slack.workspace.message(C_GENERAL, ts).blocks
    assert block["elements"][0]["elements"] == [
        {"type": "user", "user_id": U_BOT},
        {"type": "text", "text": " a < b "},
        {"type": "emoji", "name": "wave"},
    ]


def test_people_talk_only_where_they_are(people: People) -> None:
    with pytest.raises(Refused, match="not_in_channel"):
        people.say(U_BEN, C_LAUNCH, "let me in")
    with pytest.raises(Refused, match="no_text"):
        people.say(U_BEN, C_GENERAL, "")


def test_people_edit_their_own_messages_and_admins_delete_any(slack: EmulatedSlack, people: People) -> None:
    ts = people.say(U_BEN, C_GENERAL, "teh")
    people.edit(U_BEN, C_GENERAL, ts, "the")
    message = slack.workspace.message(C_GENERAL, ts)
    assert (message.text, message.edited_by) == ("the", U_BEN)
    with pytest.raises(Refused, match="cant_update_message"):
        people.edit(U_ANA, C_GENERAL, ts, "mine now")
    people.delete(U_ANA, C_GENERAL, ts)
    with pytest.raises(Refused, match="message_not_found"):
        slack.workspace.message(C_GENERAL, ts)
    own = people.say(U_ANA, C_GENERAL, "x")
    with pytest.raises(Refused, match="cant_delete_message"):
        people.delete(U_BEN, C_GENERAL, own)


def test_files_come_with_a_message(slack: EmulatedSlack, people: People) -> None:
    ts = people.say(U_ANA, C_GENERAL, "look", files=[Upload("notes.txt", b"hello")])
    message = slack.workspace.message(C_GENERAL, ts)
    file = slack.workspace.files[message.files[0]]
    assert message.subtype == "file_share"
    assert (file.content, file.mimetype, file.shares) == (b"hello", "text/plain", [(C_GENERAL, ts)])


# --- commands and shortcuts -------------------------------------------------------------------------------------------


async def test_a_command_brings_its_text_a_trigger_and_a_response_url(people: People, courier: Courier) -> None:
    await people.command(U_ANA, C_GENERAL, "/agent list  mine ")
    ((kind, payload),) = courier.asked
    assert kind == "slash_commands"
    assert (payload["command"], payload["text"], payload["user_id"]) == ("/agent", "list  mine", U_ANA)
    assert (payload["channel_name"], payload["response_url"].startswith("http://127.0.0.1")) == ("general", True)
    assert payload["trigger_id"]


async def test_what_the_app_answers_a_command_with_is_for_the_caller_alone(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    courier.answer = Answer(acknowledged=True, payload={"text": "done"})
    await people.command(U_BEN, C_GENERAL, "/agent")
    assert [message.text for message in slack.ephemerals(U_BEN)] == ["done"]
    assert slack.posts_of_bot(C_GENERAL) == []


async def test_a_command_that_is_not_acknowledged_fails_visibly(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    courier.answer = Answer(acknowledged=False)
    await people.command(U_BEN, C_GENERAL, "/agent list")
    assert "operation_timeout" in slack.ephemerals(U_BEN)[0].text


async def test_a_command_the_app_does_not_have_goes_nowhere(people: People, courier: Courier) -> None:
    with pytest.raises(Refused, match="unknown_command"):
        await people.command(U_ANA, C_GENERAL, "/other")
    assert courier.asked == []


async def test_a_message_shortcut_carries_the_message(people: People, courier: Courier) -> None:
    root = people.say(U_BEN, C_GENERAL, "root")
    reply = people.say(U_BEN, C_GENERAL, "reply", root)
    await people.shortcut(U_ANA, "branch", C_GENERAL, reply)
    ((kind, payload),) = courier.asked
    assert (kind, payload["type"], payload["callback_id"]) == ("interactive", "message_action", "branch")
    assert (payload["message"]["text"], payload["message"]["thread_ts"]) == ("reply", root)
    assert payload["message_ts"] == reply


async def test_only_declared_shortcuts_can_be_used() -> None:
    async with EmulatedSlack.start(Setup(shortcuts=[Shortcut("branch", "Branch from here")])) as slack:
        ts = slack.people.say(U_ANA, C_GENERAL, "hi")
        with pytest.raises(Refused, match="unknown_shortcut"):
            await slack.people.shortcut(U_ANA, "reset", C_GENERAL, ts)


# --- clicks -----------------------------------------------------------------------------------------------------------


async def test_a_click_names_the_button_and_brings_the_message(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    message = posted(slack, {"type": "actions", "block_id": "b", "elements": [button("one")]})
    await people.click(U_ANA, message, "go")
    ((_, payload),) = courier.asked
    (action,) = payload["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "b", "one")
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == message.ts


async def test_among_buttons_of_one_action_the_value_tells_which(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    rows = [{"type": "section", "block_id": v, "accessory": button(v)} for v in ("one", "two")]
    await people.click(U_ANA, posted(slack, *rows), "go", "two")
    assert courier.asked[0][1]["actions"][0]["block_id"] == "two"


async def test_an_ephemeral_can_be_clicked_by_its_reader_and_its_payload_has_no_message(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    row = {"type": "actions", "block_id": "b", "elements": [button("one")]}
    place = slack.workspace.post_ephemeral(Ephemeral(C_GENERAL, "", U_BEN, "x", blocks=[row]))
    await people.click(U_BEN, place, "go")
    ((_, payload),) = courier.asked
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload
    with pytest.raises(Refused, match="not_visible"):
        await people.click(U_ANA, place, "go")


async def test_menus_and_feedback_say_what_was_chosen(slack: EmulatedSlack, people: People, courier: Courier) -> None:
    options = [{"text": {"type": "plain_text", "text": v}, "value": v} for v in ("a", "b")]
    menu = {"type": "overflow", "action_id": "more", "options": options}
    good, bad = ({"text": {"type": "plain_text", "text": v}, "value": v} for v in ("good", "bad"))
    feedback = {"type": "feedback_buttons", "action_id": "fb", "positive_button": good, "negative_button": bad}
    message = posted(
        slack,
        {"type": "section", "block_id": "s", "accessory": menu},
        {"type": "context_actions", "block_id": "c", "elements": [feedback]},
    )
    await people.click(U_ANA, message, "more", "b")
    await people.click(U_ANA, message, "fb", "negative")
    assert courier.asked[0][1]["actions"][0]["selected_option"] == options[1]
    assert courier.asked[1][1]["actions"][0]["value"] == "bad"
    with pytest.raises(Refused, match="no_such_option"):
        await people.click(U_ANA, message, "more", "c")


async def test_a_click_brings_what_the_messages_inputs_hold(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    label = {"type": "plain_text", "text": "Size"}
    options = [{"text": {"type": "plain_text", "text": v}, "value": v} for v in ("S", "M", "L")]
    sizes = {"type": "checkboxes", "action_id": "size", "options": options, "initial_options": options[:1]}
    message = posted(
        slack,
        {"type": "input", "block_id": "i", "label": label, "element": sizes},
        {"type": "actions", "block_id": "a", "elements": [button("send")]},
    )
    await people.click(U_ANA, message, "go")
    await people.click(U_ANA, message, "go", inputs={"size": ["M", "L"]})
    states = [payload["state"]["values"]["i"]["size"]["selected_options"] for _, payload in courier.asked]
    assert states == [options[:1], options[1:]]
    with pytest.raises(Refused, match="no_such_option"):
        await people.click(U_ANA, message, "go", inputs={"size": ["XL"]})


async def test_what_is_not_there_can_not_be_clicked(slack: EmulatedSlack, people: People) -> None:
    with pytest.raises(Refused, match="no_such_action"):
        await people.click(U_ANA, posted(slack), "go")


# --- modals -----------------------------------------------------------------------------------------------------------


async def test_a_submission_carries_the_state_of_the_inputs_and_closes_the_modal(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    view = modal(slack, private_metadata="m")
    submission = await people.submit(U_ANA, view.id, {"title": "new"})
    assert submission.acknowledged
    payload = courier.asked[0][1]
    assert payload["view"]["state"]["values"] == {"b1": {"title": {"type": "plain_text_input", "value": "new"}}}
    assert (payload["view"]["private_metadata"], payload["view"]["callback_id"]) == ("m", "rename")
    assert slack.workspace.modals[U_ANA] == []


async def test_an_untouched_input_has_its_initial_value(slack: EmulatedSlack, people: People, courier: Courier) -> None:
    await people.submit(U_ANA, modal(slack).id)
    assert courier.asked[0][1]["view"]["state"]["values"]["b1"]["title"]["value"] == "old"


async def test_a_required_input_left_empty_is_not_even_sent(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    submission = await people.submit(U_ANA, modal(slack).id, {"title": ""})
    assert set(submission.errors) == {"b1"}
    assert courier.asked == []


async def test_errors_keep_the_modal_open(slack: EmulatedSlack, people: People, courier: Courier) -> None:
    view = modal(slack)
    courier.answer = Answer(acknowledged=True, payload={"response_action": "errors", "errors": {"b1": "too dull"}})
    assert (await people.submit(U_ANA, view.id)).errors == {"b1": "too dull"}
    assert slack.workspace.modals[U_ANA] == [view]


async def test_the_app_may_answer_with_another_view(slack: EmulatedSlack, people: People, courier: Courier) -> None:
    view = modal(slack)
    other = {"type": "modal", "title": {"type": "plain_text", "text": "Done"}, "blocks": []}
    courier.answer = Answer(acknowledged=True, payload={"response_action": "push", "view": other})
    await people.submit(U_ANA, view.id)
    assert [open_view.body.get("callback_id", "") for open_view in slack.workspace.modals[U_ANA]] == ["rename", ""]
    courier.answer = Answer(acknowledged=True, payload={"response_action": "clear"})
    await people.submit(U_ANA, slack.workspace.modals[U_ANA][-1].id)
    assert slack.workspace.modals[U_ANA] == []


async def test_closing_is_told_only_if_the_view_asks_for_it(
    slack: EmulatedSlack, people: People, courier: Courier
) -> None:
    await people.close_view(U_ANA, modal(slack).id)
    assert courier.asked == []
    await people.close_view(U_ANA, modal(slack, notify_on_close=True).id)
    assert courier.asked[0][1]["type"] == "view_closed"


def test_opening_the_dm_is_told_as_home_opened_at_messages(slack: EmulatedSlack, people: People) -> None:
    assert people.open_dm(U_ANA).id == D_ANA
    event = slack.events[-1]["event"]
    assert (event["type"], event["tab"], event["channel"]) == ("app_home_opened", "messages", D_ANA)
