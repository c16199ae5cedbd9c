"""What people see of a turn, and what must never happen through what they or the model write."""

from __future__ import annotations

import json

from bot.playground.model import say, use_tool
from bot.playground.slack.people import Upload
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, Bot, Launcher
from tests.e2e.test_manage import command, shown

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f0005000101a5f645400000000049454e44ae426082"
)


async def test_a_tool_shows_as_a_card_with_a_plain_title(bot: Bot) -> None:
    bot.model.script(use_tool("Write", {"file_path": "report.md", "content": "x"}), say("Done."))
    root = await bot.ask("write a report")
    stream = bot.replies(root)[0].stream
    assert stream is not None
    cards = [part.task for part in stream.parts if part.task is not None]
    assert [(card.title, card.status) for card in cards] == [("Writing report.md", "complete")]
    assert stream.text.strip() == "Done."


async def test_an_answer_ends_with_feedback_buttons_and_a_quiet_line(launcher: Launcher) -> None:
    async with launcher.up(BOT_SHOW_USAGE="true") as bot:
        root = await bot.ask("hello")
        closing = json.dumps(bot.replies(root)[0].blocks)
        assert "feedback_buttons" in closing
        assert "claude" in closing
        await bot.slack.people.click(U_ANA, bot.replies(root)[0], "feedback", "positive")
        assert "Thank" in (await bot.told()).text


async def test_attached_files_are_named_and_images_reach_the_model(bot: Bot) -> None:
    files = [Upload("table.csv", b"a,b\n1,2\n"), Upload("dot.png", PNG)]
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} look", files=files)
    await bot.turns_ended(root)
    request = bot.model.requests[0]
    assert "- table.csv" in request.prompt
    assert any(message.pictures for message in request.messages)


async def test_a_file_that_is_too_large_is_said_to_be(launcher: Launcher) -> None:
    async with launcher.up(BOT_ATTACHMENT_MAX_MB="1") as bot:
        root = bot.slack.people.say(U_ANA, D_ANA, "look", files=[Upload("big.bin", b"x" * 1_100_000)])
        await bot.turns_ended(root)
        assert "big.bin: it is too large" in bot.model.requests[-1].prompts[-1]


async def test_what_people_type_runs_no_command_and_reads_no_file(bot: Bot) -> None:
    for text in ("@/etc/passwd", "/cost", "/help", "!ls", "# remember this"):
        await bot.say(text, channel=D_ANA)
        assert bot.model.requests[-1].prompt == text
    assert "root:" not in json.dumps([request.raw for request in bot.model.requests])


async def test_the_model_cannot_ping_a_channel_or_a_person(bot: Bot) -> None:
    bot.model.script(say("Hey <!channel> and <!here> and <@", f"{U_ANA}> and <!subteam^S1>"))
    root = await bot.ask("shout")
    text = bot.texts(root)[0]
    for ping in ("<!channel>", "<!here>", f"<@{U_ANA}>", "<!subteam^S1>"):
        assert ping not in text
    assert "channel" in text


async def test_the_agent_stays_in_its_directory(bot: Bot) -> None:
    for path in ("/etc/passwd", "../../../../../../etc/passwd", "~/.bashrc"):
        bot.model.script(use_tool("Read", {"file_path": path}), say("tried"))
        await bot.say("read", channel=D_ANA)
        assert "root:" not in json.dumps(bot.model.requests[-1].raw)


async def test_a_prompt_of_forty_thousand_characters_arrives_whole(bot: Bot) -> None:
    text = "word " * 7_900
    await bot.say(text.strip(), channel=D_ANA)
    assert bot.model.requests[-1].prompt == text.strip()


async def test_a_long_answer_rolls_over_and_nothing_is_missing(bot: Bot) -> None:
    answer = "\n\n".join(f"Paragraph {number}: " + "word " * 80 for number in range(80))
    bot.model.script(say(answer))
    root = await bot.ask("write")
    shown = " ".join(" ".join(bot.texts(root)).split())
    assert shown == " ".join(answer.split())
    assert all(len(text.encode()) < 12_000 for text in bot.texts(root))
    assert len(bot.texts(root)) > 2


async def test_an_admin_sets_that_answers_are_posted_in_a_channel_instead_of_streamed(
    launcher: Launcher,
) -> None:
    async with launcher.up(BOT_ADMINS=U_ANA) as bot:
        assert "update" in shown(await command(bot, "set streaming update"))
        [posted] = bot.replies(await bot.ask("hello"))
        assert posted.stream is None
        [streamed] = bot.replies(await bot.say("hello", channel=D_ANA), D_ANA)
        assert streamed.stream is not None
        await command(bot, "set streaming auto")
        [streamed] = bot.replies(await bot.ask("hello again"))
        assert streamed.stream is not None
