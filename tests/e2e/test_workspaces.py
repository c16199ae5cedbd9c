"""One bot, two workspaces that install it from a browser; nothing of one is ever seen in the other."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
import structlog
from cryptography.fernet import Fernet
from structlog.typing import EventDict

from bot.model import ThreadKey
from bot.playground.model.replies import say
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import TEAM
from bot.playground.slack.market import Market
from bot.slack.http import PATH
from bot.slack.oauth.flow import INSTALL_PATH, REDIRECT_PATH
from bot.store import client
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, Bot, Launcher
from tests.e2e.test_manage import command, shown

OTHER = "T0OTHERTEAM"
KEY = Fernet.generate_key().decode()


class Heard:
    """The bot's log, as it is written."""

    def __init__(self, slack: EmulatedSlack) -> None:
        self._slack = slack
        self._events: list[str] = []

    def hear(self, _logger: object, _method: str, entry: EventDict) -> EventDict:
        self._events.append(entry["event"])
        self._slack.look_again()
        return entry

    async def event(self, name: str) -> None:
        """Wait until it was logged."""
        await self._slack.wait_until(lambda: name in self._events, ANSWER_S)


@pytest.fixture
def heard(slack: EmulatedSlack, ended: Counter[str]) -> Iterator[Heard]:
    heard, before = Heard(slack), structlog.get_config()["processors"]
    structlog.configure(processors=[heard.hear, *before])
    yield heard
    structlog.configure(processors=before)


@pytest.fixture
async def other() -> AsyncIterator[EmulatedSlack]:
    setup = Setup(team=OTHER, seed=2, bot_token="xoxb-other-bot-token")
    async with EmulatedSlack.start(setup) as slack:
        yield slack


@dataclass
class BotIn(Bot):
    """The bot in one of the workspaces. `woken` is the one that is woken when a turn ends."""

    woken: EmulatedSlack

    async def turns_ended(self, root: str, count: int = 1) -> None:
        await self.woken.wait_until(lambda: self.ended[root] >= count, ANSWER_S)


@dataclass
class Company:
    """A bot that workspaces install, and a browser."""

    bot: Bot
    market: Market
    other: EmulatedSlack
    browser: aiohttp.ClientSession
    site: str

    async def authorize_url(self, *, team: str = "") -> tuple[str, str]:
        """Where the install page leads, and the cookie that it sets."""
        async with self.browser.get(f"{self.site}{INSTALL_PATH}", params={"team": team} if team else {}) as page:
            assert page.status == 200
            link = re.search(r'<a [^>]*href="([^"]+)"', await page.text())
            assert link is not None
            return html.unescape(link[1]), page.headers["Set-Cookie"].partition(";")[0]

    async def come_back(self, url: str, cookie: str) -> tuple[int, str]:
        async with self.browser.get(url, headers={"Cookie": cookie}, allow_redirects=False) as page:
            return page.status, await page.text()

    async def install(self, slack: EmulatedSlack) -> tuple[int, str]:
        url, cookie = await self.authorize_url()
        return await self.come_back(self.market.approve(url, slack), cookie)

    def bot_in(self, slack: EmulatedSlack) -> Bot:
        return BotIn(slack, self.bot.model, self.bot.ended, self.bot.slack)


@asynccontextmanager
async def company(launcher: Launcher, other: EmulatedSlack, port: int, **environ: str) -> AsyncIterator[Company]:
    site = f"http://127.0.0.1:{port}"
    async with Market.open(launcher.slack, other, redirect_url=f"{site}{REDIRECT_PATH}") as market:
        everything = {
            "SLACK_BOT_TOKEN": "",
            "SLACK_APP_TOKEN": "",
            "SLACK_CLIENT_ID": "1.2",
            "SLACK_CLIENT_SECRET": "emulated-client-secret",
            "SLACK_SIGNING_SECRET": launcher.slack.signing_secret,
            "SLACK_API_URL": market.api_url,
            "BOT_ENCRYPTION_KEY": KEY,
            "BOT_HTTP_HOST": "127.0.0.1",
            "BOT_HTTP_PORT": str(port),
            **environ,
        }
        async with launcher.up(**everything) as bot, aiohttp.ClientSession() as browser:
            for slack in (launcher.slack, other):
                slack.deliver_to(f"{site}{PATH}")
            yield Company(bot, market, other, browser, site)


async def test_two_workspaces_install_the_bot_and_each_is_answered(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    async with company(launcher, other, unused_tcp_port) as here:
        for slack in (launcher.slack, other):
            status, page = await here.install(slack)
            assert (status, "Thank you" in page) == (200, True)
            bot = here.bot_in(slack)
            root = await bot.ask("hello")
            assert len(bot.texts(root)) == 1
    # Another start, with a newer key before the old one: what was installed still is.
    keys = f"{Fernet.generate_key().decode()},{KEY}"
    async with company(launcher, other, unused_tcp_port, BOT_ENCRYPTION_KEY=keys) as here:
        assert len(here.bot_in(other).texts(await here.bot_in(other).ask("hello again"))) == 1
    # Everything is under the newer key by now: the old one is not needed any more.
    async with company(launcher, other, unused_tcp_port, BOT_ENCRYPTION_KEY=keys.partition(",")[0]) as here:
        assert len(here.bot_in(other).texts(await here.bot_in(other).ask("and again"))) == 1


async def test_nobody_else_can_finish_an_installation(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    async with company(launcher, other, unused_tcp_port) as here:
        url, cookie = await here.authorize_url()
        back = here.market.approve(url, other)
        assert (await here.come_back(back, "slack-app-oauth-state=forged"))[0] == 400
        forged = re.sub(r"state=\w+", "state=forged", back)
        assert (await here.come_back(forged, "slack-app-oauth-state=forged"))[0] == 401
        assert (await here.come_back(back, cookie))[0] == 200
        assert (await here.come_back(back, cookie))[0] == 401, "a state is good once"
        url, cookie = await here.authorize_url()
        status, page = await here.come_back(here.market.refuse(url), cookie)
        assert (status, "access_denied" in page) == (200, True)


async def test_a_workspace_that_is_not_on_the_list_is_refused_and_its_token_given_back(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    async with company(launcher, other, unused_tcp_port, BOT_WORKSPACES=TEAM) as here:
        assert (await here.install(launcher.slack))[0] == 200
        status, page = await here.install(other)
        assert status == 500
        assert "storage_error" in page
        assert other.installation.removed
        other.people.say(U_ANA, C_GENERAL, f"{other.mention} hello")
        await other.wait_until(lambda: not other.undelivered)
        assert not other.given_up
        assert here.bot.ended == Counter()


async def test_an_organisations_installation_serves_its_workspaces(launcher: Launcher, unused_tcp_port: int) -> None:
    setup = Setup(team=OTHER, organisation="E0ACME", seed=3, bot_token="xoxb-of-acme")
    async with EmulatedSlack.start(setup) as acme, company(launcher, acme, unused_tcp_port) as here:
        assert (await here.install(acme))[0] == 200
        bot = here.bot_in(acme)
        root = await bot.ask("hello")
        assert len(bot.texts(root)) == 1
        acme.uninstall()
        await acme.wait_until(lambda: not acme.undelivered)
        acme.people.say(U_ANA, C_GENERAL, f"{acme.mention} hello?")
        await acme.wait_until(lambda: not acme.undelivered)
        assert not acme.given_up
        assert len(here.bot.model.requests) == 1


async def test_an_organisation_takes_the_app_from_a_workspace_and_gives_it_back_in_time(
    launcher: Launcher, unused_tcp_port: int
) -> None:
    setup = Setup(team=OTHER, organisation="E0ACME", seed=3, bot_token="xoxb-of-acme")
    async with EmulatedSlack.start(setup) as acme, company(launcher, acme, unused_tcp_port) as here:
        await here.install(acme)
        bot, redis = here.bot_in(acme), client.connect("memory:")
        root = await bot.ask("remember 42")
        acme.revoke_access()
        await acme.wait_until(lambda: not acme.undelivered)
        assert await redis.zscore("bot:departing", OTHER) is not None
        assert await redis.get(f"bot:served-by:{{{OTHER}}}") is None
        acme.grant_access()
        await acme.wait_until(lambda: not acme.undelivered)
        assert await redis.zscore("bot:departing", OTHER) is None
        await bot.say("what?", root)
        assert here.bot.model.requests[-1].prompts == ["remember 42", "what?"]


async def test_a_workspace_that_removes_the_app_leaves_nothing_and_may_come_back(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int, heard: Heard
) -> None:
    async with company(launcher, other, unused_tcp_port, BOT_UNINSTALL_GRACE_DAYS="0") as here:
        await here.install(launcher.slack)
        await here.install(other)
        ours, theirs = here.bot_in(launcher.slack), here.bot_in(other)
        kept, gone = await ours.ask("ours"), await theirs.ask("theirs")
        other.uninstall()
        await heard.event("workspace_forgotten")
        left = [name async for name in client.connect("memory:").scan_iter() if OTHER.encode() in name]
        assert [name for name in left if b"bot:rate:" not in name] == []
        await ours.say("still there?", kept)
        assert here.bot.model.requests[-1].prompts == ["ours", "still there?"]

        await here.install(other)
        await theirs.ask("back again", gone)
        assert here.bot.model.requests[-1].prompts[-1].endswith("back again")


async def test_who_comes_back_in_time_finds_everything(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    async with company(launcher, other, unused_tcp_port) as here:
        await here.install(other)
        theirs = here.bot_in(other)
        root = await theirs.ask("remember 42")
        other.uninstall()
        await other.wait_until(lambda: not other.undelivered)
        await here.install(other)
        await theirs.say("what?", root)
        assert here.bot.model.requests[-1].prompts == ["remember 42", "what?"]


async def test_a_late_word_of_a_removal_does_not_undo_a_new_installation(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    async with company(launcher, other, unused_tcp_port, BOT_UNINSTALL_GRACE_DAYS="0") as here:
        await here.install(other)
        theirs = here.bot_in(other)
        root = await theirs.ask("remember 42")
        other.send_event({"type": "app_uninstalled"})
        await other.wait_until(lambda: not other.undelivered)
        await theirs.say("what?", root)
        assert here.bot.model.requests[-1].prompts == ["remember 42", "what?"]


async def test_messages_that_wait_in_a_workspace_that_left_are_never_asked(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    async with company(launcher, other, unused_tcp_port) as here:
        await here.install(other)
        theirs, hold = here.bot_in(other), asyncio.Event()
        here.bot.model.script(say("First, ", hold, "then the rest."))
        root = other.people.say(U_ANA, C_GENERAL, f"{other.mention} think")
        await here.bot.model.wait_for_request(1)
        other.people.say(U_ANA, C_GENERAL, "and this", root)
        await other.wait_until(lambda: not other.undelivered)
        other.uninstall()
        await theirs.turns_ended(root)
        hold.set()
    assert len(here.bot.model.requests) == 1


async def test_nothing_of_one_workspace_is_seen_in_another(
    launcher: Launcher, other: EmulatedSlack, unused_tcp_port: int
) -> None:
    """Both have people and channels of the same ids, which is more than Slack itself allows."""
    async with company(launcher, other, unused_tcp_port) as here:
        await here.install(launcher.slack)
        await here.install(other)
        ours, theirs = here.bot_in(launcher.slack), here.bot_in(other)
        root, own = await ours.ask("our secret plan"), await theirs.ask("anything")
        link = ours.link(root)
        session_id = await _session_id(ours, link)
        assert session_id not in await _told(theirs, f"show {theirs.link(own)}")
        for words in ("list", "list all", f"show {session_id}", f"show {link}", f"continue {session_id}", "continue"):
            said = await _told(theirs, words)
            assert "secret" not in said, words
        assert not any("secret" in message.text for message in other.workspace.messages(C_GENERAL))

        forged = await _forged_reset(theirs, own, ThreadKey(OTHER, C_GENERAL, own), ThreadKey(TEAM, C_GENERAL, root))
        assert "afresh" not in forged
        await ours.say("and now?", root)
        assert here.bot.model.requests[-1].prompts == ["our secret plan", "and now?"]


async def _told(bot: Bot, words: str) -> str:
    return shown(await command(bot, words, U_ANA))


async def _session_id(bot: Bot, link: str) -> str:
    found = re.search(r"`([0-9a-f]{8})", await _told(bot, f"show {link}"))
    assert found is not None
    return found[1]


async def _forged_reset(bot: Bot, root: str, own: ThreadKey, foreign: ThreadKey) -> str:
    """Press Reset where the button's value was changed to name another workspace's thread."""
    question = await command(bot, f"reset {bot.link(root)}", U_ANA)
    question.blocks = json.loads(json.dumps(question.blocks).replace(str(own), str(foreign)))
    before = len(bot.slack.ephemerals(U_ANA))
    await bot.slack.people.click(U_ANA, question, "reset_confirmed")
    return shown(await bot.told(U_ANA, before + 1))
