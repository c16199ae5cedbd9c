"""Sessions are listed, shown, reset, restored, renamed, tagged and continued from Slack."""

from __future__ import annotations

import json

from bot.playground.slack.values import Ephemeral
from tests.e2e.conftest import C_GENERAL, D_ANA, D_BEN, U_ANA, U_BEN, Bot


def shown(ephemeral: Ephemeral) -> str:
    """All of an answer's words."""
    return ephemeral.text + json.dumps(ephemeral.blocks, ensure_ascii=False)


async def command(bot: Bot, text: str, user: str = U_ANA, channel: str = C_GENERAL) -> Ephemeral:
    before = len(bot.slack.ephemerals(user))
    await bot.slack.people.command(user, channel, f"/agent {text}".strip())
    return await bot.told(user, before + 1)


async def test_list_shows_ones_own_sessions_newest_first_with_their_lineage(bot: Bot) -> None:
    first = await bot.ask("How do I bake bread?")
    await bot.ask("Name three rivers")
    await bot.branch(bot.replies(first)[0].ts)
    answer = shown(await command(bot, "list"))
    assert answer.index("Name three rivers") > answer.index("How do I bake bread?")
    assert "ranch of" in answer
    assert first.replace(".", "") in answer


async def test_list_of_somebody_elses_is_refused_unless_one_is_an_admin(bot: Bot) -> None:
    await bot.ask("Ana's question")
    assert "other people's" in shown(await command(bot, f"list <@{U_ANA}>", U_BEN))
    assert "Ana's question" not in shown(await command(bot, "list", U_BEN))
    await bot.ask("Ben's question", user=U_BEN)
    assert "Ben's question" in shown(await command(bot, "list"))


async def test_list_filters_by_text_tag_and_channel(bot: Bot) -> None:
    bread = await bot.ask("How do I bake bread?")
    await bot.say("Name three rivers", channel=D_ANA)
    await command(bot, f"tag {bot.link(bread)} kitchen")
    for query in ("bread", "tag:kitchen", f"<#{C_GENERAL}>"):
        answer = shown(await command(bot, f"list {query}"))
        assert "bake bread" in answer, query
        assert "rivers" not in answer, query


async def test_reset_asks_then_forgets_and_restore_remembers(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    question = await command(bot, f"reset {bot.link(root)}")
    assert len(bot.model.requests) == 1
    await bot.slack.people.click(U_ANA, question, "reset_confirmed")
    await bot.slack.wait_until(lambda: any("starts afresh" in e.text for e in bot.slack.ephemerals(U_ANA)))
    await bot.say("what?", root)
    assert bot.model.requests[-1].prompts == ["what?"]
    assert "is back" in shown(await command(bot, f"restore {bot.link(root)}"))
    await bot.say("and now?", root)
    assert bot.model.requests[-1].prompts == ["remember 42", "and now?"]


async def test_a_restored_session_is_called_by_its_own_title(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    question = await command(bot, f"reset {bot.link(root)}")
    await bot.slack.people.click(U_ANA, question, "reset_confirmed")
    await bot.slack.wait_until(lambda: "starts afresh" in question.text)
    await bot.say("something else", root)
    await bot.slack.people.click(U_ANA, question, "restore")
    await bot.slack.wait_until(lambda: any("is back" in e.text for e in bot.slack.ephemerals(U_ANA)))
    assert "remember 42" in bot.slack.ephemerals(U_ANA)[-1].text


async def test_show_tells_of_one_session(bot: Bot) -> None:
    root = await bot.ask("How do I bake bread?")
    answer = shown(await command(bot, f"show {bot.link(root)}"))
    assert "How do I bake bread?" in answer
    assert "ok" in answer


async def test_rename_and_the_short_id_of_the_list(bot: Bot) -> None:
    root = await bot.ask("How do I bake bread?")
    await command(bot, f"rename {bot.link(root)} Sourdough & salt")
    answer = shown(await command(bot, "list"))
    assert "Sourdough &amp; salt" in answer


async def test_continue_brings_the_latest_session_elsewhere(bot: Bot) -> None:
    await bot.ask("remember 42")
    await command(bot, "continue", channel=D_ANA)
    (branch,) = bot.slack.posts_of_bot(D_ANA)
    await bot.say("what?", branch.ts, channel=D_ANA)
    assert bot.model.requests[-1].prompts == ["remember 42", "what?"]


async def test_continue_is_kept_to_what_the_caller_can_read(bot: Bot) -> None:
    root = await bot.say("secret", channel=D_ANA)
    assert "can't read" in shown(await command(bot, f"continue {bot.link(root, D_ANA)}", U_BEN, D_BEN))
    assert not bot.slack.posts_of_bot(D_BEN)


async def test_bad_input_gets_a_clear_answer(bot: Bot) -> None:
    for text, words in (
        ("", "list"),
        ("help", "list"),
        ("dance", "help"),
        ("show feedbeef", "feedbeef"),
        ("reset", "list"),
        ("rename", "list"),
        ("continue https://example.com/", "help"),
        ("show " + "x" * 3000, "help"),
    ):
        assert words in shown(await command(bot, text)), text


async def test_words_in_a_thread_work_after_a_mention(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    for word, expected in (("help", "list"), ("reset", "afresh")):
        before = len(bot.slack.ephemerals(U_ANA))
        bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} {word}", root)
        assert expected in shown(await bot.told(U_ANA, before + 1))
    assert len(bot.model.requests) == 1


async def test_the_home_tab_lists_my_conversations(bot: Bot) -> None:
    await bot.ask("How do I bake bread?")
    bot.slack.people.open_home(U_ANA)
    home = await bot.slack.wait_until(lambda: bot.slack.workspace.homes.get(U_ANA))
    assert home is not None
    await bot.slack.wait_until(lambda: "bake bread" in json.dumps(bot.slack.workspace.homes[U_ANA].blocks))
