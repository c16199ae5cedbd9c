"""How long the parts of a turn take, as they happen."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import AgentEvent, Asked, Closing, Progress, Stage, TextDelta, Turn
from bot.ports import Clock, Reply, Telemetry


class TurnTimes:
    """Notes each step of a turn once, and tells how long it took to get there.

    A turn that another attempt left is measured from where it is taken up; how long its message waited is not known.
    """

    def __init__(self, turn: Turn, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._began_at = clock.now()
        self._asked_at: float | None = None
        self._spoke_at: float | None = None
        self._shown = _visible(turn.progress)
        if turn.attempt == 1 and turn.decision is None:
            self._tell(Stage.MESSAGE_TO_TURN, float(turn.prompt.author.ts))

    def heard(self, event: AgentEvent) -> None:
        """The agent did something."""
        if isinstance(event, Asked) and self._asked_at is None:
            self._asked_at = self._tell(Stage.TURN_TO_REQUEST, self._began_at)
        elif isinstance(event, TextDelta) and self._spoke_at is None:
            self._spoke_at = self._tell(Stage.REQUEST_TO_TEXT, self._asked_at)

    def saved(self, progress: Progress) -> None:
        """The reply has come further."""
        if not self._shown and _visible(progress):
            self._shown = True
            self._tell(Stage.TEXT_TO_VISIBLE, self._spoke_at)

    def done(self) -> None:
        """Slack has confirmed everything."""
        self._tell(Stage.TURN_TO_DONE, self._began_at)

    def _tell(self, stage: Stage, since: float | None) -> float:
        now = self._clock.now()
        if since is not None:
            self._telemetry.took(stage, max(0.0, now - since))  # Slack's clock may be ahead of ours
        return now


def _visible(progress: Progress) -> bool:
    return any(part.shown for part in progress.parts)


class TimedReply:
    """A Reply whose events are noted on their way."""

    def __init__(self, reply: Reply, times: TurnTimes) -> None:
        self._reply = reply
        self._times = times

    async def feed(self, event: AgentEvent) -> None:
        self._times.heard(event)
        await self._reply.feed(event)

    async def close(self, closing: Closing) -> Sequence[str]:
        return await self._reply.close(closing)
