"""Files that people attach."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ChatAway, ChatRefused
from bot.model import Attachment
from bot.slack.api.downloads import NAME_BYTES, Downloads, free_path, safe_name
from tests.unit.slack.incoming import ScriptedWeb, installation

Handler = Callable[[web.Request], web.StreamResponse]
FILE = Attachment("F1", "report.md", "text/markdown", 5, "")


class Site:
    """Where the files lie: counts as Slack's, since the Web API lies there too."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.seen: list[str] = []
        self.downloads = Downloads(session, api_url=f"{url}/api/", max_bytes=10)
        self.installation = installation(ScriptedWeb())

    async def get(self, path: str, into: Path, file: Attachment = FILE) -> Path:
        return await self.downloads.get(self.installation, replace(file, url=f"{self.url}{path}"), into)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[Site]:
        async def file(request: web.Request) -> web.StreamResponse:
            found.seen.append(request.headers.get("Authorization", ""))
            match request.match_info["name"]:
                case "moved":
                    raise web.HTTPFound("/files/plain")
                case "outside":
                    raise web.HTTPFound("https://elsewhere.example/files/plain")
                case "around":
                    raise web.HTTPFound("/files/around")
                case "login":
                    return web.Response(text="<html>Sign in</html>", content_type="text/html")
                case "large":
                    return web.Response(body=b"x" * 11)
                case "gone":
                    return web.Response(status=404)
                case "down":
                    return web.Response(status=503)
                case _:
                    return web.Response(body=b"hello")

        server = web.Application()
        server.router.add_get("/files/{name}", file)
        runner = web.AppRunner(server)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            found = Site(f"http://127.0.0.1:{runner.addresses[0][1]}", session)
            try:
                yield found
            finally:
                await runner.cleanup()

    async with serving() as opened:
        yield opened


async def test_a_file_is_fetched_with_the_workspaces_token(site: Site, tmp_path: Path) -> None:
    path = await site.get("/files/plain", tmp_path)
    assert (path.name, path.read_text()) == ("report.md", "hello")
    assert site.seen == ["Bearer xoxb-test"]


async def test_a_second_file_of_that_name_gets_another_one(site: Site, tmp_path: Path) -> None:
    paths = [await site.get("/files/plain", tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == ["report.md", "report (2).md", "report (3).md"]


async def test_a_redirect_within_slack_is_followed(site: Site, tmp_path: Path) -> None:
    assert (await site.get("/files/moved", tmp_path)).read_text() == "hello"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/files/login", "not_allowed"),
        ("/files/large", "file_too_large"),
        ("/files/gone", "http_404"),
        ("/files/outside", "external_file"),
        ("/files/around", "too_many_redirects"),
    ],
)
async def test_what_cannot_be_had_is_refused_and_leaves_nothing_behind(
    site: Site, tmp_path: Path, path: str, code: str
) -> None:
    with pytest.raises(ChatRefused) as refused:
        await site.get(path, tmp_path)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


async def test_trouble_on_slacks_side_may_pass(site: Site, tmp_path: Path) -> None:
    with pytest.raises(ChatAway):
        await site.get("/files/down", tmp_path)


async def test_a_file_known_to_be_too_large_is_not_even_asked_for(site: Site, tmp_path: Path) -> None:
    with pytest.raises(ChatRefused, match="file_too_large"):
        await site.get("/files/plain", tmp_path, replace(FILE, size_bytes=11))
    assert site.seen == []


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/x", "http://files.slack.com/x", "https://slack.com.evil.example/x", "file:///etc/passwd"],
)
async def test_the_token_goes_to_slack_alone(site: Site, tmp_path: Path, url: str) -> None:
    with pytest.raises(ChatRefused, match="external_file"):
        await site.downloads.get(site.installation, replace(FILE, url=url), tmp_path)


async def test_a_file_without_an_address_is_asked_about_first(site: Site, tmp_path: Path) -> None:
    about = {"file": {"id": "F1", "name": "shared.txt", "url_private_download": f"{site.url}/files/plain"}}
    site.installation = installation(ScriptedWeb({"files.info": about}))
    path = await site.downloads.get(site.installation, FILE, tmp_path)
    assert (path.name, path.read_text()) == ("shared.txt", "hello")


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.md", "report.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\notes.txt", "notes.txt"),
        (".bashrc", "bashrc"),
        ("...", "file"),
        ("", "file"),
        ("/", "file"),
        ("a\x00b\nc.txt", "abc.txt"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("-rf", "rf"),
        ("My  file (1).tar.gz", "My file (1).tar.gz"),
        ("naïve résumé.pdf", "naïve résumé.pdf"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_every_safe_name_is_one_short_visible_path_part(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= NAME_BYTES
    assert not safe.startswith((".", "-"))
    assert not set(safe) & set("/\\\0\n")
    assert Path("/base", safe).parent == Path("/base")


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("x" * 500 + ".png").endswith("x.png")


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "report.md").symlink_to(tmp_path / "elsewhere")
    assert free_path(tmp_path, "report.md").name == "report (2).md"
