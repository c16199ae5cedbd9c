"""Images as content blocks."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.agent.images import MAX_IMAGE_BYTES, MAX_IMAGES, image_blocks


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89arest", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPrest", "image/webp"),
    ],
)
def test_the_type_is_what_the_bytes_say(tmp_path: Path, content: bytes, media_type: str) -> None:
    path = tmp_path / "picture.bmp"
    path.write_bytes(content)
    (block,) = image_blocks([path])
    assert block["source"]["media_type"] == media_type
    assert base64.b64decode(block["source"]["data"]) == content


def test_what_the_api_would_refuse_is_left_out(tmp_path: Path) -> None:
    fake, large, missing = tmp_path / "fake.png", tmp_path / "large.png", tmp_path / "missing.png"
    fake.write_bytes(b"<svg/>")
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * MAX_IMAGE_BYTES)
    assert image_blocks([fake, large, missing]) == []


def test_the_number_of_images_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a")
    assert len(image_blocks([path] * (MAX_IMAGES + 5))) == MAX_IMAGES
