"""The playground's page in a real browser: first the whole demo, then what only a browser can show.

With BOT_TEST_PICTURES=1 the demo's test also draws docs/images/playground.png, the picture in the README.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot import demo
from bot.playground.page import PlaygroundFacts, serve_page
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, D_ANA, U_ANA, U_BEN
from tests.requirements_of_machine import needs

pytestmark = pytest.mark.browser

ANSWER_MS = 30_000
"""Longer than an answer takes, a cold start of the CLI on a busy machine included."""
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "playground.png"
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FACTS = PlaygroundFacts("Scripted model", "in memory", "Sessions end here.", "/agent", ("twisted_rightwards_arrows",))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    executable = needs("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser: Browser, address: str, *, width: int = 1360) -> AsyncIterator[Page]:
    """A page whose every error, and every request that leaves this machine, fails the test."""
    page = await browser.new_page(viewport={"width": width, "height": 860}, device_scale_factor=1)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: None if "//127.0.0.1:" in request.url else wrong.append(request.url))
    page.set_default_timeout(ANSWER_MS)
    await page.goto(address)
    yield page
    await page.close()
    assert wrong == []


# --- the whole demo ----------------------------------------------------------------------------------------------


@pytest.fixture
async def demo_address(tmp_path: Path) -> AsyncIterator[str]:
    """The demo as `make demo` runs it, with the scripted model and a data directory of its own."""
    needs("chromium")
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "CLAUDE_", "BOT_"))}
    stop = asyncio.Event()
    ports = {"BOT_DEMO_PORT": str(port), "BOT_HTTP_PORT": str(free_port())}
    environ = kept | {"BOT_DATA_DIR": str(tmp_path), "BOT_DRAIN_S": "1"} | ports
    running = asyncio.create_task(demo.run(stop, environ))
    try:
        await _listens(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await running


async def _listens(port: int, running: asyncio.Task[None]) -> None:
    async with asyncio.timeout(ANSWER_MS / 1000):
        while not running.done():
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)
    running.result()


class Person:
    """What someone does on the page, in their own words."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.channel = page.get_by_role("main")
        self.thread = page.get_by_role("complementary", name="Thread")

    async def go_to(self, channel: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("button", name=channel).click()
        await expect(self.page.get_by_role("heading", level=1, name=channel)).to_be_visible()

    async def write(self, text: str, *, in_thread: bool = False) -> None:
        field = (self.thread if in_thread else self.channel).get_by_role("textbox").last
        await field.fill(text)
        await field.press("Enter")

    def answers(self) -> Locator:
        """The bot's complete answers in the open thread: they end with the feedback buttons."""
        return self.thread.get_by_role("article").filter(has=self.page.get_by_label("Say that this answer was good"))

    async def ask(self, text: str) -> Locator:
        """Write into the open thread and wait for the whole answer."""
        before = await self.answers().count()
        await self.write(text, in_thread=True)
        return await self.answer(before)

    async def answer(self, number: int) -> Locator:
        await expect(self.answers()).to_have_count(number + 1, timeout=ANSWER_MS)
        return self.answers().nth(number)

    async def act_on(self, message: Locator, label: str) -> None:
        """Use a button of the toolbar that shows above a message."""
        await message.hover()
        await message.get_by_role("toolbar").get_by_role("button", name=label).click()

    async def shortcut(self, message: Locator, name: str) -> None:
        await self.act_on(message, "More actions")
        await self.page.get_by_role("menuitem", name=name).click()


@pytest.mark.slow
async def test_people_talk_branch_list_reset_and_restore_on_the_page(browser: Browser, demo_address: str) -> None:
    async with opened(browser, demo_address) as page:
        ana = Person(page)
        await expect(page.get_by_role("contentinfo")).to_contain_text("Scripted model")
        await ana.go_to("general")
        await ana.write("@Claude remember that the launch is on Friday")
        first = await ana.answer(0)
        await expect(first).to_contain_text(re.compile(r"scripted · [\d.]+ s · \$0\.00"))
        await ana.ask("Remember that the cake is lemon")
        await expect(await ana.ask("What do you remember?")).to_contain_text(re.compile("Friday.*lemon", re.DOTALL))

        await ana.act_on(first, "Branch from here")
        branch = ana.channel.get_by_role("article").filter(has_text="A branch of")
        await ana.act_on(branch, "Reply in thread")
        await expect(ana.thread.get_by_role("article")).to_have_count(1)
        remembered = await ana.ask("What do you remember?")
        await expect(remembered).to_contain_text("Friday")
        await expect(remembered).not_to_contain_text("lemon")

        await branch.get_by_role("link", name="an earlier conversation").click()
        await expect(first).to_be_in_viewport()
        await expect(await ana.ask("What do you remember?")).to_contain_text("lemon")

        before = await ana.answers().count()
        await ana.write("Write plan.md: launch on Friday, with cake", in_thread=True)
        card = ana.thread.get_by_role("article").filter(has_text="May I make this change?")
        await expect(card).to_contain_text("+launch on Friday, with cake")
        await card.get_by_role("button", name="Allow once").click()
        await expect(ana.thread).to_contain_text("allowed this once")
        await ana.answer(before)
        await expect(ana.thread.get_by_role("img", name="done").last).to_be_visible()

        await ana.write("/agent list")
        listed = ana.channel.get_by_role("article").filter(has_text="Only visible to you").last
        await expect(listed).to_contain_text(re.compile("branch of", re.IGNORECASE))
        await _draw(page)
        await _read_all(page, ana, await listed.inner_text())

        await ana.shortcut(first, "Start afresh here")
        await ana.thread.get_by_role("button", name="Start afresh").click()
        await expect(ana.thread).to_contain_text("starts afresh")
        await expect(await ana.ask("What do you remember?")).not_to_contain_text("Friday")
        await ana.write("@Claude restore", in_thread=True)
        await expect(ana.thread).to_contain_text("is back")
        await expect(await ana.ask("What do you remember?")).to_contain_text("Friday")


async def _read_all(page: Page, ana: Person, listed: str) -> None:
    """Open the page with a whole conversation, one of those listed."""
    session_id = re.search(r"\b[0-9a-f]{8}\b", listed)
    assert session_id is not None
    await ana.write(f"/agent show {session_id[0]}")
    async with page.context.expect_page() as opening:
        await ana.channel.get_by_role("link", name="Read all of it").click()
    read = await opening.value
    await expect(read.get_by_role("heading", name="Turn 1", exact=False)).to_be_visible()
    await expect(read.locator("main")).to_contain_text("Friday")
    await expect(read.locator("svg circle")).to_have_count(2)
    await read.close()


async def _draw(page: Page) -> None:
    if os.environ.get("BOT_TEST_PICTURES"):
        await page.mouse.move(0, 0)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=PICTURE)


# --- what only a browser can show --------------------------------------------------------------------------------


@pytest.fixture
async def slack() -> AsyncIterator[EmulatedSlack]:
    needs("chromium")
    async with EmulatedSlack.start() as slack:
        yield slack


async def test_hostile_text_runs_nothing(browser: Browser, slack: EmulatedSlack) -> None:
    hostile = (
        "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) <b onclick=alert(4)>b</b>"
    )
    async with serve_page(slack, FACTS) as address, opened(browser, f"{address}/#{C_GENERAL}") as page:
        bot = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        slack.people.say(U_BEN, C_GENERAL, slack.people.typed(hostile))
        await bot.chat_postMessage(channel=C_GENERAL, markdown_text=hostile)
        button = {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": hostile[:75]}}
        await bot.chat_postMessage(channel=C_GENERAL, text=hostile, blocks=[{"type": "actions", "elements": [button]}])
        articles = page.get_by_role("main").get_by_role("article")
        await expect(articles).to_have_count(3)
        for number in range(3):
            await expect(articles.nth(number)).to_contain_text("<img src=x onerror=alert(1)>")
        assert await articles.locator("img, script, [onclick], [onerror], a[href^='javascript']").count() == 0


@pytest.mark.parametrize("width", [1360, 400])
async def test_everybody_can_use_it_on_any_screen(browser: Browser, slack: EmulatedSlack, width: int) -> None:
    bot = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    root = slack.people.say(U_ANA, C_GENERAL, "Hello *you*\n```make test```")
    button = {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": "Go"}}
    await bot.chat_postMessage(
        channel=C_GENERAL, thread_ts=root, text="Hi", blocks=[{"type": "actions", "elements": [button]}]
    )
    for place, shown in ((C_GENERAL, "make test"), (f"{C_GENERAL}/{root}", "Go")):
        async with serve_page(slack, FACTS) as address, opened(browser, f"{address}/#{place}", width=width) as page:
            await expect(page.get_by_text(shown).last).to_be_visible()
            found = await Axe().run(page)
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []


async def test_growing_text_follows_only_a_reader_at_the_bottom(browser: Browser, slack: EmulatedSlack) -> None:
    bot = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    root = slack.people.say(U_ANA, D_ANA, "go")
    stream = await bot.chat_startStream(channel=D_ANA, thread_ts=root)

    async def write(first: int, last: int) -> None:
        text = "".join(f"Line {number}.\n\n" for number in range(first, last))
        await bot.chat_appendStream(channel=D_ANA, ts=stream["ts"], chunks=[{"type": "markdown_text", "text": text}])

    async with serve_page(slack, FACTS) as address, opened(browser, f"{address}/#{D_ANA}/{root}") as page:
        thread = page.get_by_role("complementary", name="Thread")
        await write(0, 60)
        await expect(thread.get_by_text("Line 59.")).to_be_in_viewport()
        await expect(thread.get_by_role("button", name="Stop")).to_be_visible()
        await thread.get_by_text("Line 3.", exact=True).scroll_into_view_if_needed()
        place = await thread.get_by_text("Line 3.", exact=True).bounding_box()
        await write(60, 90)
        await expect(thread.get_by_text("Line 89.")).to_be_attached()
        assert await thread.get_by_text("Line 3.", exact=True).bounding_box() == place
        await thread.get_by_role("button", name="Stop").click()
        await expect(thread.get_by_role("button", name="Stop")).to_have_count(0)


async def test_the_page_comes_back_by_itself_and_shows_what_it_missed(browser: Browser, slack: EmulatedSlack) -> None:
    port = free_port()
    async with serve_page(slack, FACTS, port) as address:
        page = await browser.new_page()
        await page.goto(f"{address}/#{C_GENERAL}")
        slack.people.say(U_BEN, C_GENERAL, "before")
        await expect(page.get_by_text("before")).to_be_visible()
    await expect(page.get_by_text("Connection lost")).to_be_visible()
    slack.people.say(U_BEN, C_GENERAL, "meanwhile")
    async with serve_page(slack, FACTS, port):
        await expect(page.get_by_text("meanwhile")).to_be_visible(timeout=15_000)
        await expect(page.get_by_text("Connection lost")).to_be_hidden()
        await page.close()


async def test_a_draft_stays_with_its_place_and_its_person(browser: Browser, slack: EmulatedSlack) -> None:
    async with serve_page(slack, FACTS) as address, opened(browser, f"{address}/#{C_GENERAL}") as page:
        ana = Person(page)
        field = ana.channel.get_by_role("textbox")
        await field.fill("half a thought")
        await ana.go_to("random")
        await expect(field).to_have_value("")
        await page.get_by_role("button", name="Ben").click()
        await ana.go_to("general")
        await expect(field).to_have_value("")
        await page.get_by_role("button", name="Ana").click()
        await expect(field).to_have_value("half a thought")


async def test_mentions_and_commands_complete_by_keyboard(browser: Browser, slack: EmulatedSlack) -> None:
    async with serve_page(slack, FACTS) as address, opened(browser, f"{address}/#{C_GENERAL}") as page:
        field = page.get_by_role("main").get_by_role("textbox")
        await field.press_sequentially("hey @cl")
        await expect(page.get_by_role("option", name="Claude")).to_be_visible()
        await field.press("Enter")
        await expect(field).to_have_value("hey @Claude ")
        await field.fill("")
        await field.press_sequentially("/ag")
        await field.press("Tab")
        await field.press_sequentially("ren")
        await field.press("Enter")
        await expect(field).to_have_value("/agent rename ")


async def test_on_a_narrow_screen_a_thread_takes_the_whole_width(browser: Browser, slack: EmulatedSlack) -> None:
    root = slack.people.say(U_BEN, C_GENERAL, "a root")
    slack.people.say(U_BEN, C_GENERAL, "a reply", root)
    async with serve_page(slack, FACTS) as address, opened(browser, f"{address}/#{C_GENERAL}", width=400) as page:
        await page.get_by_role("button", name="1 reply").click()
        box = await page.get_by_role("main", name="Thread").bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 400)
        await page.get_by_role("button", name="Close the thread").click()
        await expect(page.get_by_role("main").get_by_text("a root")).to_be_visible()
