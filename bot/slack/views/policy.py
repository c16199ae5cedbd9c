"""What holds for somebody in a place."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.slack import wording_commands as words
from bot.slack.api.limits import SECTION_CHARS
from bot.slack.text.mrkdwn import cut, escaped
from bot.slack.views.parts import Notice, place_of, section


def show(user: str, channel: str, lines: Sequence[tuple[str, str]]) -> Notice:
    """One line for each thing that holds."""
    place = f"in {place_of(escaped(channel))}" if channel else ""
    title = words.POLICY_TITLE.format(user=f"<@{escaped(user)}>", place=place).strip()
    said = "\n".join((f"*{title}*", *(f"• {escaped(what)}: {escaped(text)}" for what, text in lines)))
    blocks: list[Block] = [section(cut(said, SECTION_CHARS))]
    return Notice(cut(said, SECTION_CHARS), tuple(blocks))
