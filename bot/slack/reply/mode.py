"""Where answers stream, and where they are posted and updated."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import structlog

from bot.errors import StoreAway
from bot.ports import Clock
from bot.slack.api.remembered import Remembered

log = structlog.get_logger(__name__)

MODE_LIFE_S = 30.0
"""How long what was set for a channel is remembered: so late another worker follows a change."""


class StreamingMode(StrEnum):
    """How an answer appears while it is written."""

    AUTO = "auto"
    """Streamed, except in channels where Slack refuses that, and while streams queue under Slack's rates."""
    STREAM = "stream"
    UPDATE = "update"
    """Posted, then updated."""


class ChannelSettings(Protocol):
    """Where admins' settings are kept: see `bot.store.channels`. Both raise StoreAway."""

    async def streaming(self, team: str, channel: str) -> str: ...

    async def set_streaming(self, team: str, channel: str, mode: str) -> None: ...


@dataclass(slots=True)
class ChannelMode:
    """The mode of one channel, for one reply."""

    channel: str
    mode: StreamingMode
    _refused: set[str] = field(default_factory=set)

    @property
    def streams(self) -> bool:
        """Whether to try a stream."""
        return self.mode is not StreamingMode.UPDATE and self.channel not in self._refused

    @property
    def may_post_instead(self) -> bool:
        """A stream that would have to wait for its turn may be posted and updated instead."""
        return self.mode is StreamingMode.AUTO

    def never_stream(self) -> None:
        """Slack has no streams in this channel."""
        self._refused.add(self.channel)
        log.info("streaming_not_possible", channel=self.channel)


class ChannelModes:
    """The mode of each channel; what Slack refused once is not tried there again while the process lives.

    Args:
        mode: where nobody set another.
        settings: what admins set; nothing, when None.
    """

    def __init__(self, mode: StreamingMode, clock: Clock, settings: ChannelSettings | None = None) -> None:
        self._mode = mode
        self._settings = settings
        self._refused: set[str] = set()
        self._set = Remembered(self._ask, clock, life_s=MODE_LIFE_S)

    async def at(self, team: str, channel: str) -> ChannelMode:
        """The mode that counts in a channel now."""
        try:
            mode = await self._set.get((team, channel))
        except StoreAway:
            log.warning("streaming_mode_unknown", channel=channel)
            mode = self._mode
        return ChannelMode(channel, mode, self._refused)

    async def choose(self, team: str, channel: str, mode: StreamingMode) -> None:
        """Set the mode of a channel, for all workers. Raises StoreAway."""
        if self._settings is not None:
            await self._settings.set_streaming(team, channel, mode.value)
        self._set.forget((team, channel))

    async def _ask(self, place: tuple[str, str]) -> StreamingMode:
        found = await self._settings.streaming(*place) if self._settings is not None else ""
        try:
            return StreamingMode(found) if found else self._mode
        except ValueError:
            # A newer worker's word for something that this one does not know.
            return self._mode
