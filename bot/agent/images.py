"""Images in a prompt, as the Messages API takes them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

MAX_IMAGE_BYTES = 3_750_000
"""The Messages API takes 5 MB of base64 for each image, which is this many bytes."""

MAX_IMAGES = 20
"""Of more, the API shrinks the allowed dimensions of each."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_blocks(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """A content block for each file that is an image the API takes; others are left out (they lie in the directory).

    Blocks: reads the files.
    """
    blocks = []
    for path in paths[:MAX_IMAGES]:
        content = _read(path)
        media_type = _media_type(content)
        if media_type:
            encoded = base64.b64encode(content).decode("ascii")
            blocks.append({"type": "image", "source": {"type": "base64", "media_type": media_type, "data": encoded}})
    if len(blocks) < len(paths):
        log.info("images_left_out", given=len(paths), shown=len(blocks))
    return blocks


def _read(path: Path) -> bytes:
    """The file's bytes; none when it is too large or can't be read."""
    try:
        return path.read_bytes() if path.stat().st_size <= MAX_IMAGE_BYTES else b""
    except OSError as error:
        log.warning("image_unreadable", error=type(error).__name__)
        return b""


def _media_type(content: bytes) -> str:
    """What the bytes say, whatever the name says: the API refuses a whole prompt for one wrong type."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((media for signature, media in _SIGNATURES if content.startswith(signature)), "")
