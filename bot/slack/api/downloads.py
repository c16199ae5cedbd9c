"""Files that people attach, from Slack into a session's directory."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import Attachment
from bot.slack.api.installations import Installation
from bot.slack.normalise import attachments

log = structlog.get_logger(__name__)

METHOD = "files.download"
"""How errors name a download; Slack has no method for it."""

NAME_BYTES = 150
"""Of a file's name, in UTF-8: what every file system takes, with room for a number."""

SUFFIX_BYTES = 20
"""An ending longer than this is part of the name."""

REDIRECTS = 3
TIMEOUT_S = 120.0
CHUNK_BYTES = 64 * 1024


class Downloads:
    """Gets files with the workspace's token, which goes to Slack's hosts and nowhere else.

    Args:
        api_url: Slack's Web API; its host counts as one of Slack's.
        max_bytes: larger files are refused.
    """

    def __init__(self, session: aiohttp.ClientSession, *, api_url: str, max_bytes: int) -> None:
        self._session = session
        self._api = urlsplit(api_url)
        self._max_bytes = max_bytes

    async def get(self, installation: Installation, attachment: Attachment, into: Path) -> Path:
        """Put a file into a directory, under a safe name that is still free there.

        Raises:
            ChatRefused: it is too large, lies elsewhere than at Slack, or Slack won't give it.
            ChatAway: Slack didn't answer, or broke off.
        """
        url = attachment.url
        if not url:
            attachment = await self._ask_about(installation, attachment)
            url = attachment.url
        if attachment.size_bytes > self._max_bytes:
            raise ChatRefused(METHOD, "file_too_large")
        path = free_path(into, safe_name(attachment.name))
        try:
            async with await self._open(installation, url, attachment.mimetype) as response:
                await self._save(response, path)
        except (aiohttp.ClientError, TimeoutError) as error:
            path.unlink(missing_ok=True)
            log.warning("download_failed", file=attachment.id, error=type(error).__name__)
            raise ChatAway(METHOD, sent=False) from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    async def _ask_about(self, installation: Installation, attachment: Attachment) -> Attachment:
        """What files.info tells of a file that the event only named (Slack Connect)."""
        answer = await installation.web.call("files.info", safe_to_repeat=True, file=attachment.id)
        found = attachments({"files": [answer.get("file")]})
        if not found or not found[0].url:
            raise ChatRefused(METHOD, "file_not_found")
        return found[0]

    async def _open(self, installation: Installation, url: str, mimetype: str) -> aiohttp.ClientResponse:
        headers = {"Authorization": f"Bearer {installation.token}"}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        for _ in range(REDIRECTS + 1):
            if not self._is_slacks(url):
                raise ChatRefused(METHOD, "external_file")
            response = await self._session.get(url, headers=headers, timeout=timeout, allow_redirects=False)
            if response.status not in (301, 302, 303, 307, 308):
                try:
                    _check(response.status, response.headers, mimetype)
                except BaseException:
                    response.close()
                    raise
                return response
            response.close()
            url = urljoin(url, response.headers.get("Location", ""))
        raise ChatRefused(METHOD, "too_many_redirects")

    def _is_slacks(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc):
            return True
        return parts.scheme == "https" and (host in ("slack.com", "slack-files.com") or host.endswith(".slack.com"))

    async def _save(self, response: aiohttp.ClientResponse, path: Path) -> None:
        left = self._max_bytes
        with path.open("xb") as file:
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise ChatRefused(METHOD, "file_too_large")
                file.write(chunk)


def _check(status: int, headers: Mapping[str, str], mimetype: str) -> None:
    """Whether the answer is the file. Without access Slack shows its sign-in page instead, with status 200."""
    if status >= 500 or status == 429:
        raise ChatAway(METHOD, sent=False)
    if status != 200:
        raise ChatRefused(METHOD, f"http_{status}")
    if headers.get("Content-Type", "").startswith("text/html") and mimetype != "text/html":
        raise ChatRefused(METHOD, "not_allowed")


def safe_name(name: str) -> str:
    """A file name without path parts, control or invisible characters, or leading dots; never empty."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C" and char not in '<>:"|?*')
    shown = " ".join(shown.split()).lstrip(".- ").rstrip(". ")
    stem, dot, suffix = shown.rpartition(".")
    if not stem or len(suffix.encode()) > SUFFIX_BYTES:
        stem, dot, suffix = shown, "", ""
    room = NAME_BYTES - len((dot + suffix).encode())
    return (stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + suffix) or "file"


def free_path(into: Path, name: str) -> Path:
    """The name in the directory, or the first of `name (2)`, `name (3)` … that is free."""
    path = into / name
    number = 2
    while path.exists() or path.is_symlink():
        path = into / f"{Path(name).stem} ({number}){Path(name).suffix}"
        number += 1
    return path
