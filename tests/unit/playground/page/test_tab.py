"""The protocol of a browser tab."""

from __future__ import annotations

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, C_LAUNCH, D_ANA, D_BEN, TEAM, U_ANA, U_BEN
from bot.playground.slack.people import Upload
from tests.unit.playground.page.conftest import FakeTab, Json

MODAL: Json = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Rename"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "title"},
        }
    ],
}


def client(slack: EmulatedSlack) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


# --- the greeting ------------------------------------------------------------------------------------------------


async def test_a_tab_is_greeted_with_the_workspace_as_its_person_sees_it(tab: FakeTab) -> None:
    hello = await tab.hello()
    channels = {channel["id"] for channel in hello["channels"]}
    assert hello["me"] == U_ANA
    assert hello["people"] == [U_ANA, U_BEN]
    assert {C_GENERAL, C_LAUNCH, D_ANA} <= channels
    assert D_BEN not in channels
    assert hello["app"]["dm"] == D_ANA
    assert hello["app"]["shortcuts"] == [{"callback_id": "branch_here", "name": "Branch from here"}]


async def test_the_greeting_says_what_the_playground_is(tab: FakeTab) -> None:
    facts = (await tab.hello())["facts"]
    assert facts["model"] == "Scripted model"
    assert facts["scripted"] is True
    assert facts["store_note"] == "Sessions end with this process."


async def test_the_branch_emoji_is_offered_first(tab: FakeTab) -> None:
    first, *others = (await tab.hello())["emoji"]
    assert first == {"name": "twisted_rightwards_arrows", "char": "🔀", "branch": True}
    assert all(one["char"] and not one["branch"] for one in others)


async def test_one_request_makes_the_tab_another_persons(tab: FakeTab) -> None:
    await tab.hello()
    await tab.socket.send_json({"id": 1, "do": "enter", "user": U_BEN})
    hello = await tab.hello()
    assert hello["me"] == U_BEN
    assert C_LAUNCH not in {channel["id"] for channel in hello["channels"]}


# --- talking -----------------------------------------------------------------------------------------------------


async def test_what_is_typed_is_sent_as_slack_sends_it_and_comes_back_rendered(
    tab: FakeTab, slack: EmulatedSlack
) -> None:
    await tab.hello()
    answer = await tab.ask("say", channel=C_GENERAL, text="@Claude *hi* <b>")
    ts = answer["result"]["ts"]
    assert slack.workspace.message(C_GENERAL, ts).text == f"{slack.mention} *hi* &lt;b&gt;"
    message = (await tab.change("message"))["message"]
    assert "<strong>hi</strong> &lt;b&gt;" in message["html"]
    assert message["typed"] == "@Claude *hi* <b>"
    assert message["link"].endswith(f"/archives/{C_GENERAL}/p{ts.replace('.', '')}")


async def test_a_reply_changes_what_the_root_tells_of_its_thread(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    root = slack.people.say(U_BEN, C_GENERAL, "a question")
    await tab.ask("say", channel=C_GENERAL, text="an answer", thread_ts=root)
    change = await tab.change("message", lambda one: one["message"]["ts"] == root and one["message"]["thread"])
    assert change["message"]["thread"]["count"] == 1
    assert change["message"]["thread"]["users"] == [U_ANA]


async def test_messages_are_edited_and_deleted_by_their_author_only(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    mine = (await tab.ask("say", channel=C_GENERAL, text="frist"))["result"]["ts"]
    theirs = slack.people.say(U_BEN, C_GENERAL, "mine")
    assert "result" in await tab.ask("edit", channel=C_GENERAL, ts=mine, text="first")
    assert (await tab.change("message", lambda one: one["message"]["edited"]))["message"]["html"] == "first"
    assert (await tab.ask("edit", channel=C_GENERAL, ts=theirs, text="x"))["error"]["code"] == "cant_update_message"
    await tab.ask("delete", channel=C_GENERAL, ts=mine)
    assert (await tab.change("gone"))["ts"] == mine


async def test_reacting_twice_takes_the_reaction_back(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    ts = slack.people.say(U_BEN, C_GENERAL, "look")
    await tab.ask("react", channel=C_GENERAL, ts=ts, name="tada")
    reacted = await tab.change("message", lambda one: bool(one["message"]["reactions"]))
    assert reacted["message"]["reactions"] == [{"name": "tada", "char": "🎉", "users": [U_ANA]}]
    await tab.ask("react", channel=C_GENERAL, ts=ts, name="tada")
    assert slack.workspace.message(C_GENERAL, ts).reactions == {}


# --- reading -----------------------------------------------------------------------------------------------------


async def test_history_comes_in_pages_and_threads_whole(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    roots = [slack.people.say(U_BEN, C_GENERAL, f"message {number}") for number in range(65)]
    reply = slack.people.say(U_BEN, C_GENERAL, "in the thread", roots[0])
    newest = (await tab.ask("history", channel=C_GENERAL))["result"]
    assert [one["ts"] for one in newest["messages"]] == roots[-60:]
    assert newest["more"] is True
    older = (await tab.ask("history", channel=C_GENERAL, before=roots[5]))["result"]
    assert [one["ts"] for one in older["messages"]] == roots[:5]
    assert older["more"] is False
    thread = (await tab.ask("thread", channel=C_GENERAL, ts=reply))["result"]
    assert thread["root_ts"] == roots[0]
    assert [one["ts"] for one in thread["messages"]] == [roots[0], reply]


async def test_what_a_person_cannot_see_is_not_given_out(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    slack.people.say(U_BEN, D_BEN, "a secret")
    assert (await tab.ask("history", channel=D_BEN))["error"]["code"] == "not_in_channel"
    slack.people.say(U_BEN, C_GENERAL, "no secret")
    assert (await tab.change("message"))["message"]["html"] == "no secret"
    assert all(one["message"]["channel"] != D_BEN for one in tab.changes if one["kind"] == "message")


async def test_unread_messages_are_counted_until_they_are_read(tab: FakeTab, slack: EmulatedSlack) -> None:
    assert (await tab.hello())["unread"][C_GENERAL] == 0
    slack.people.say(U_BEN, C_GENERAL, "one")
    slack.people.say(U_BEN, C_GENERAL, "two")
    assert (await tab.change("unread", lambda one: one["count"] == 2))["channel"] == C_GENERAL
    await tab.ask("read", channel=C_GENERAL)
    assert (await tab.change("unread", lambda one: one["count"] == 0))["channel"] == C_GENERAL


async def test_threads_of_others_are_not_counted_as_unread(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    root = slack.people.say(U_BEN, C_GENERAL, "between us")
    await tab.ask("read", channel=C_GENERAL)
    slack.people.say(U_BEN, C_GENERAL, "a reply", root)
    slack.people.say(U_BEN, C_GENERAL, "for all")
    assert (await tab.change("unread", lambda one: one["count"] > 0))["count"] == 1


# --- the app -----------------------------------------------------------------------------------------------------


async def test_growing_text_goes_out_gathered_and_ends_with_all_of_it(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    root = slack.people.say(U_ANA, C_GENERAL, "go")
    bot = client(slack)
    started = await bot.chat_startStream(
        channel=C_GENERAL, thread_ts=root, recipient_user_id=U_ANA, recipient_team_id=TEAM
    )
    words = [f"word{number} " for number in range(40)]
    for word in words:
        chunk = {"type": "markdown_text", "text": word}
        await bot.chat_appendStream(channel=C_GENERAL, ts=started["ts"], chunks=[chunk])
    await bot.chat_stopStream(channel=C_GENERAL, ts=started["ts"])
    done = await tab.change(
        "message", lambda one: one["message"]["ts"] == started["ts"] and not one["message"]["streaming"]
    )
    assert done["message"]["blocks"][0]["html"].strip() == f"<p>{''.join(words).strip()}</p>"
    drawn = [one for one in tab.changes if one["kind"] == "message" and one["message"]["ts"] == started["ts"]]
    assert len(drawn) < len(words)
    calm = await tab.change("message", lambda one: one["message"]["ts"] == root and bool(one["message"]["thread"]))
    assert calm["message"]["thread"]["count"] == 1


async def test_the_root_hears_that_its_thread_is_no_longer_being_answered(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    root = slack.people.say(U_ANA, D_ANA, "go")
    bot = client(slack)
    started = await bot.chat_startStream(channel=D_ANA, thread_ts=root)
    await tab.change("message", lambda one: bool((one["message"]["thread"] or {}).get("streaming")))
    await bot.chat_stopStream(channel=D_ANA, ts=started["ts"])
    tab.changes.clear()
    ended = await tab.change("message", lambda one: one["message"]["ts"] == root)
    assert ended["message"]["thread"]["streaming"] is False


async def test_the_status_comes_and_goes(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    root = slack.people.say(U_ANA, D_ANA, "go")
    bot = client(slack)
    await bot.assistant_threads_setStatus(channel_id=D_ANA, thread_ts=root, status="is thinking…")
    assert (await tab.change("status"))["text"] == "is thinking…"
    await bot.chat_postMessage(channel=D_ANA, thread_ts=root, text="done")
    assert await tab.change("status", lambda one: not one["text"])


async def test_an_ephemeral_answer_is_shown_to_one_person_and_can_be_dismissed(
    tab: FakeTab, slack: EmulatedSlack
) -> None:
    await tab.hello()
    bot = client(slack)
    await bot.chat_postEphemeral(channel=C_GENERAL, user=U_BEN, text="for Ben")
    await bot.chat_postEphemeral(channel=C_GENERAL, user=U_ANA, text="for Ana")
    shown = (await tab.change("message"))["message"]
    assert shown["ephemeral"] is True
    assert shown["html"] == "for Ana"
    await tab.ask("dismiss", ts=shown["ts"])
    assert (await tab.change("gone"))["ts"] == shown["ts"]


async def test_an_app_that_does_not_answer_is_said_so(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    answer = await tab.ask("shortcut", callback_id="branch_here", channel=C_GENERAL, ts=_said(slack))
    assert answer["error"]["code"] == "operation_timeout"
    assert "Is the bot running?" in answer["error"]["text"]


def _said(slack: EmulatedSlack) -> str:
    return slack.people.say(U_ANA, C_GENERAL, "something")


async def test_an_unknown_command_is_refused_in_words(tab: FakeTab) -> None:
    await tab.hello()
    answer = await tab.ask("command", channel=C_GENERAL, text="/nonsense")
    assert answer["error"] == {
        "code": "unknown_command",
        "text": "/nonsense is not a valid command. In Slack, a message can't begin with a slash.",
    }


async def test_a_modal_opens_shows_its_errors_and_closes(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    slack.modals.open(U_ANA, MODAL)
    (view,) = (await tab.change("modals"))["modals"]
    assert (view["title"], view["submit"]) == ("Rename", "Save")
    answer = await tab.ask("submit", view=view["id"], values={"title": ""})
    assert answer["result"]["errors"] == {"title": "Please complete this required field."}
    await tab.ask("close", view=view["id"])
    assert await tab.change("modals", lambda one: one["modals"] == [])


async def test_the_home_is_shown_when_it_is_published(tab: FakeTab, slack: EmulatedSlack) -> None:
    assert (await tab.hello())["home"] is None
    header = {"type": "header", "text": {"type": "plain_text", "text": "Yours"}}
    await client(slack).views_publish(user_id=U_ANA, view={"type": "home", "blocks": [header]})
    home = (await tab.change("home"))["home"]
    assert home["blocks"][0]["text"]["html"] == "Yours"


async def test_a_branch_and_only_a_branch_is_marked(tab: FakeTab, slack: EmulatedSlack) -> None:
    await tab.hello()
    bot = client(slack)
    await bot.chat_postMessage(
        channel=C_GENERAL, text=":twisted_rightwards_arrows: Title\nA branch of <https://a.example|x>"
    )
    await bot.chat_postMessage(channel=C_GENERAL, text="an answer")
    slack.people.say(U_BEN, C_GENERAL, ":twisted_rightwards_arrows: I only type this")
    messages = (await tab.ask("history", channel=C_GENERAL))["result"]["messages"]
    assert [one["branch"] for one in messages] == [True, False, False]


# --- trouble -----------------------------------------------------------------------------------------------------


async def test_what_is_no_request_is_answered_and_the_tab_goes_on(tab: FakeTab) -> None:
    await tab.hello()
    for nonsense in ("", "[]", '{"do": "fly", "id": 1}', '{"do": "say", "id": "x"}'):
        await tab.socket.send_str(nonsense)
        assert (await tab.socket.receive_json(timeout=5))["type"] == "trouble"
    assert "result" in await tab.ask("say", channel=C_GENERAL, text="still here")


async def test_files_go_with_messages_and_come_back(
    tab: FakeTab, slack: EmulatedSlack, page: str, http: aiohttp.ClientSession
) -> None:
    await tab.hello()
    slack.people.say(U_BEN, C_GENERAL, "see", files=[Upload("a.png", b"png"), Upload("page.html", b"<script>")])
    image, html = (await tab.change("message"))["message"]["files"]
    assert (image["image"], html["image"]) == (True, False)
    async with http.get(page + image["url"]) as answer:
        assert await answer.read() == b"png"
        assert answer.headers["Content-Disposition"].startswith("inline")
    async with http.get(page + html["url"]) as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
