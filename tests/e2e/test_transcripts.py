"""Reading a whole conversation on the bot's own page, and having it as files: who may, and what can't run there."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from bot.playground.model import say, use_tool
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_manage import command, shown

HOSTILE = (
    '<script>alert("x")</script><img src=x onerror=alert(1)> [click](javascript:alert(1)) ![](https://evil.example/x)'
)


@asynccontextmanager
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """One person's browser: it keeps its cookies, and follows no redirect unasked."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


@asynccontextmanager
async def reading(launcher: Launcher, port: int) -> AsyncIterator[Bot]:
    settings = {"BOT_PUBLIC_URL": f"http://127.0.0.1:{port}/", "BOT_HTTP_HOST": "127.0.0.1", "BOT_HTTP_PORT": str(port)}
    async with launcher.up(**settings) as bot:
        yield bot


async def link_to(bot: Bot, what: str, user: str = U_ANA) -> str:
    """The address behind *Read all of it*."""
    found = re.search(
        r"http://127\.0\.0\.1:\d+/transcripts/open/[\w=-]+", shown(await command(bot, f"show {what}", user))
    )
    assert found is not None
    return found[0]


async def get(browser: aiohttp.ClientSession, url: str | URL) -> tuple[int, str, URL]:
    async with browser.get(url) as answer:
        return answer.status, await answer.text(), answer.url


async def test_the_whole_session_is_read_with_tools_folded_and_saved_both_ways(
    launcher: Launcher, unused_tcp_port: int
) -> None:
    async with reading(launcher, unused_tcp_port) as bot, browser() as ana:
        bot.model.script(
            use_tool("Write", {"file_path": "notes.md", "content": "my notes"}),
            say("**Written**, see `notes.md`."),
        )
        root = await bot.ask(f"write my notes {HOSTILE}")
        await bot.say("thank you", root)
        status, page, url = await get(ana, await link_to(bot, bot.link(root)))
        assert status == 200
        assert "<strong>Written</strong>" in page
        assert re.search(r"<details class=\"tool\">\s*<summary>Writing notes.md</summary>", page)
        assert "my notes" in page
        assert page.index("Turn 1") < page.index("<strong>Written") < page.index("Turn 2") < page.index("thank you")
        assert not re.search(r"<script|<img|<[^>]*\son\w+=|href=\"javascript:", page)

        status, markdown, _ = await get(ana, f"{url}/markdown")
        assert (status, "## Prompt" in markdown, "Writing notes.md" in markdown) == (200, True, True)
        status, lines, _ = await get(ana, f"{url}/jsonl")
        assert status == 200
        assert {"user", "assistant"} <= {json.loads(line)["type"] for line in lines.splitlines()}


async def test_every_answer_forbids_that_anything_runs_is_kept_or_framed(
    launcher: Launcher, unused_tcp_port: int
) -> None:
    async with reading(launcher, unused_tcp_port) as bot, browser() as ana:
        root = await bot.ask("hello")
        link = await link_to(bot, bot.link(root))
        async with ana.get(link, allow_redirects=False) as opened:
            cookie = opened.headers["Set-Cookie"]
            assert {"HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        async with ana.get(link) as page:
            assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "token" not in str(page.url)


async def test_a_link_opens_in_one_browser_and_in_no_other_afterwards(launcher: Launcher, unused_tcp_port: int) -> None:
    async with reading(launcher, unused_tcp_port) as bot, browser() as ana, browser() as ben:
        root = await bot.ask("my secret")
        link = await link_to(bot, bot.link(root))
        status, page, url = await get(ana, link)
        assert (status, "my secret" in page) == (200, True)
        for address in (link, url, f"{url}/markdown", f"{url}/jsonl"):
            status, page, _ = await get(ben, address)
            assert (status, "secret" in page) == (403, False)
        assert (await get(ana, link))[0] == 200, "who has it open gets there again"


async def test_what_is_forged_or_points_elsewhere_opens_nothing(launcher: Launcher, unused_tcp_port: int) -> None:
    async with reading(launcher, unused_tcp_port) as bot, browser() as ana:
        root = await bot.ask("my secret")
        link = await link_to(bot, bot.link(root))
        site = f"http://127.0.0.1:{unused_tcp_port}"
        middle = len(link) - 40
        forged = f"{link[:middle]}{'A' if link[middle] != 'A' else 'B'}{link[middle + 1 :]}"
        wrong = [forged, f"{site}/transcripts/open/x", f"{site}/transcripts/anything"]
        for address in wrong:
            assert (await get(ana, address))[0] == 403, address
        for path in ("/transcripts/..%2f..%2fetc%2fpasswd", "/transcripts/style.css/../../pyproject.toml"):
            status, page, _ = await get(ana, URL(f"{site}{path}", encoded=True))
            assert (status in {403, 404}, "root:" in page, "[project]" in page) == (True, False, False), path
        _, _, url = await get(ana, link)
        for path in ("/beside/no-such-session", "/beside/..%2f..%2fx", "/else"):
            assert (await get(ana, URL(f"{url}{path}", encoded=True)))[0] == 404, path
        async with browser() as ben, ben.get(url, headers={"Cookie": "seat=forged"}) as answer:
            assert answer.status == 403


async def test_a_page_of_a_conversation_that_is_forgotten_ends(launcher: Launcher, unused_tcp_port: int) -> None:
    async with reading(launcher, unused_tcp_port) as bot, browser() as ana:
        root = await bot.ask("my secret")
        unused = await link_to(bot, bot.link(root))
        _, _, url = await get(ana, await link_to(bot, bot.link(root)))
        question = await command(bot, f"forget {bot.link(root)}", U_ANA)
        await bot.slack.people.click(U_ANA, question, "forget_confirmed")
        await bot.slack.wait_until(lambda: any("is forgotten" in e.text for e in bot.slack.ephemerals(U_ANA)), 30)
        for address in (url, f"{url}/markdown", f"{url}/jsonl", unused):
            status, page, _ = await get(ana, address)
            assert (status, "secret" in page) == (404, False), address


async def test_the_tree_marks_this_one_leads_to_ones_own_and_tells_nothing_of_others(
    launcher: Launcher, unused_tcp_port: int
) -> None:
    """Ben reads: Ana is an admin, and may read all of them."""
    async with reading(launcher, unused_tcp_port) as bot, browser() as ben:
        root = await bot.ask("the trunk", user=U_BEN)
        mine = await bot.branch(bot.replies(root)[0].ts, user=U_BEN)
        anas = await bot.branch(bot.replies(root)[0].ts)
        await bot.ask("my branch", mine, user=U_BEN)
        await bot.ask("the secret of ana", anas)
        _, page, url = await get(ben, await link_to(bot, bot.link(mine), U_BEN))
        assert page.count("<circle") == 3
        assert page.count("(this one)") == 1
        assert "A branch of somebody else" in page
        assert "secret of ana" not in page
        [beside] = re.findall(r"href=\"(/transcripts/[\w-]+/beside/[\w-]+)\"", page)
        status, trunk, elsewhere = await get(ben, url.join(URL(beside)))
        assert (status, "my branch</p>" in trunk, "the trunk" in trunk) == (200, False, True)
        assert elsewhere != url
        assert (await get(ben, url))[0] == 200, "the first page stays open"
        assert (await get(ben, f"{url}/beside/{await session_of(bot, anas)}"))[0] == 404


async def session_of(bot: Bot, root: str) -> str:
    found = re.search(r"Session `([0-9a-f-]{36})`", shown(await command(bot, f"show {bot.link(root)}", U_ANA)))
    assert found is not None
    return found[1]


async def test_without_an_address_for_browsers_show_says_what_it_can_in_slack(bot: Bot) -> None:
    root = await bot.ask("hello")
    said = shown(await command(bot, f"show {bot.link(root)}", U_ANA))
    assert "hello" in said
    assert "Read all of it" not in said


async def test_what_is_ones_own_comes_as_files_in_a_direct_message(bot: Bot) -> None:
    root = await bot.ask("what ana says")
    await bot.ask("what ben says", user=U_BEN)
    answer = shown(await command(bot, "export", U_ANA))
    assert "1 conversation" in answer
    [file] = [file for message in bot.slack.workspace.messages(D_ANA) for file in message.files]
    with zipfile.ZipFile(io.BytesIO(bot.slack.workspace.files[file].content)) as packed:
        everything = {name: packed.read(name).decode() for name in packed.namelist()}
    assert sorted(name.rpartition(".")[2] for name in everything) == ["json", "jsonl", "md"]
    assert all("what ben says" not in text for text in everything.values())
    [markdown] = [text for name, text in everything.items() if name.endswith(".md")]
    assert "what ana says" in markdown
    [facts] = json.loads(everything["conversations.json"])
    assert (facts["channel"], facts["root_ts"]) == (C_GENERAL, root)


async def test_what_is_somebody_elses_is_not_exported(bot: Bot) -> None:
    root = await bot.ask("what ana says")
    said = shown(await command(bot, f"export {bot.link(root)}", U_BEN))
    assert "direct messages" not in said
    assert not any(message.files for message in bot.slack.workspace.messages(D_ANA))


@pytest.mark.parametrize("words", ["export nonsense!", "export <@U0NOBODY>"])
async def test_an_export_of_what_is_unclear_says_so(bot: Bot, words: str) -> None:
    assert "direct messages" not in shown(await command(bot, words, U_ANA))
