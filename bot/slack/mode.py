"""Where answers stream, and where they are posted and updated."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import structlog

log = structlog.get_logger(__name__)


class StreamingMode(StrEnum):
    """How an answer appears while it is written."""

    AUTO = "auto"
    """Streamed, except in channels where Slack refuses that."""
    STREAM = "stream"
    UPDATE = "update"
    """Posted, then updated."""


@dataclass(slots=True)
class ChannelModes:
    """The mode of each channel; what Slack refused once is not tried there again while the process lives."""

    mode: StreamingMode = StreamingMode.AUTO
    _refused: set[str] = field(default_factory=set)

    def streams(self, channel: str) -> bool:
        """Whether to try a stream in this channel."""
        return self.mode is not StreamingMode.UPDATE and channel not in self._refused

    @property
    def may_post_instead(self) -> bool:
        """A stream that would have to wait for its turn may be posted and updated instead."""
        return self.mode is StreamingMode.AUTO

    def never_stream(self, channel: str) -> None:
        """Slack has no streams in this channel."""
        self._refused.add(channel)
        log.info("streaming_not_possible", channel=channel)
