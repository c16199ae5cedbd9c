"""Slack's emoji short names and the characters behind them."""

from __future__ import annotations

import re

import emoji

SHORT_NAME = re.compile(r":([a-z0-9_+'-]{1,60}):", re.IGNORECASE)

SLACK_ONLY = {
    "octagonal_sign": "🛑",
    "simple_smile": "🙂",
    "slightly_smiling_face": "🙂",
    "hugging_face": "🤗",
    "speech_balloon": "💬",
    "thread": "🧵",
    "face_with_rolling_eyes": "🙄",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "large_blue_circle": "🔵",
    "large_orange_circle": "🟠",
    "large_purple_circle": "🟣",
    "large_brown_circle": "🟤",
}
"""Names that Slack knows and the library, which follows other vendors, does not (or not by that name)."""

PICKER = (
    "+1",
    "eyes",
    "white_check_mark",
    "tada",
    "heart",
    "joy",
    "raised_hands",
    "pray",
    "thinking_face",
    "rocket",
    "fire",
    "bulb",
    "question",
    "x",
    "octagonal_sign",
    "-1",
    "wave",
    "100",
    "slightly_smiling_face",
    "bug",
    "memo",
)
"""What the page's picker offers after the branch emoji."""


def character(name: str) -> str:
    """The character of a short name without colons; empty when there is none."""
    base = name.partition("::")[0]  # `wave::skin-tone-2`: the tone is left out
    if base in SLACK_ONLY:
        return SLACK_ONLY[base]
    written = f":{base}:"
    found = emoji.emojize(written, language="alias")
    return "" if found == written else found


def with_characters(text: str) -> str:
    """The text with every known `:short_name:` replaced by its character."""
    if ":" not in text:
        return text
    return SHORT_NAME.sub(lambda match: character(match[1]) or match[0], text)
