"""The page's routes."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from bot.playground.page.server import STATIC
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA, U_BEN
from tests.unit.playground.page.conftest import FakeTab


async def test_the_page_and_its_parts_are_served_with_a_strict_policy(page: str, http: aiohttp.ClientSession) -> None:
    for path in ("/", "/static/js/main.js", "/static/css/base.css"):
        async with http.get(page + path) as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy


async def test_a_permalink_on_this_host_opens_the_page(page: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{page}/archives/{C_GENERAL}/p1790000000000001") as answer:
        assert 'id="app"' in await answer.text()


@pytest.mark.parametrize("file", sorted(STATIC.rglob("*.*")), ids=lambda file: file.name)
def test_no_part_of_the_page_names_another_host(file: Path) -> None:
    addresses = re.findall(r"https?://[\w.-]+", file.read_text())
    assert set(addresses) <= {"http://www.w3.org"}  # the name of the SVG namespace, never fetched


@pytest.mark.parametrize("file", sorted(STATIC.glob("js/*.js")), ids=lambda file: file.name)
def test_every_module_imports_only_what_is_there(file: Path) -> None:
    for names, source in re.findall(r'import (?:\{([^}]*)\} from )?"\./([\w]+\.js)"', file.read_text()):
        target = (STATIC / "js" / source).read_text()
        for name in filter(None, (name.strip() for name in names.split(","))):
            assert re.search(rf"export (?:async )?(?:function|const|class) {name}\b", target), f"{source} has no {name}"


async def test_another_site_can_neither_listen_nor_post(page: str, http: aiohttp.ClientSession) -> None:
    foreign = {"Origin": "https://evil.example"}
    async with http.post(f"{page}/ui/messages", headers=foreign) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(f"{page}/ui", headers=foreign)


async def test_an_unknown_person_becomes_the_first(page: str, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(f"{page}/ui?user=UNOBODY") as socket:
        assert (await FakeTab(socket).hello())["me"] == U_ANA


async def test_a_message_is_sent_with_its_files(page: str, http: aiohttp.ClientSession, slack: EmulatedSlack) -> None:
    words = {"user": U_BEN, "channel": C_GENERAL, "text": "look @Ana", "thread_ts": ""}
    form = aiohttp.FormData(words, quote_fields=False)  # as browsers do
    form.add_field("file", b"# Report", filename="../../report.md", content_type="text/markdown")
    async with http.post(f"{page}/ui/messages", data=form) as answer:
        ts = (await answer.json())["result"]["ts"]
    message = slack.workspace.message(C_GENERAL, ts)
    (file,) = (slack.workspace.files[one] for one in message.files)
    assert message.text == f"look <@{U_ANA}>"
    assert (file.name, file.content) == ("report.md", b"# Report")


async def test_files_that_are_too_large_are_refused_in_words(
    page: str, http: aiohttp.ClientSession, slack: EmulatedSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.playground.page.server.UPLOAD_LIMIT_BYTES", 10)
    form = aiohttp.FormData({"user": U_BEN, "channel": C_GENERAL, "text": ""})
    form.add_field("file", b"x" * 100, filename="big.bin")
    async with http.post(f"{page}/ui/messages", data=form) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["text"] == "These files are too large, or too many, for one message."
    assert slack.workspace.messages(C_GENERAL) == []


async def test_a_file_that_is_not_there_is_not_found(page: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{page}/ui/files/F0NOTHING") as answer:
        assert answer.status == 404
