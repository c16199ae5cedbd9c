"""What the listeners speak to Slack with."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Clock
from bot.slack.answers import Answers
from bot.slack.api.directory import Directory
from bot.slack.api.installations import Installations
from bot.slack.background import Background
from bot.slack.changes import Changes
from bot.slack.reply.mode import ChannelModes


@dataclass(frozen=True, slots=True)
class Surface:
    """The bot's side of Slack.

    Args:
        background: whoever opened it closes it after the transport is closed.
        changes: tells of threads that changed.
    """

    directory: Directory
    installations: Installations
    answers: Answers
    background: Background
    modes: ChannelModes
    changes: Changes
    clock: Clock
