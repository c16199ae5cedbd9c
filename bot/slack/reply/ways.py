"""Which of the ways that are open to a reply is the quickest while calls queue under Slack's rates.

Text can be added to a stream, begin another one, be posted, or be put into a posted message: four queues.
"""

from __future__ import annotations

from bot.slack.reply.draft import Act, Draft, Step
from bot.slack.reply.messages import ReplyMessages
from bot.slack.reply.mode import ChannelMode

PATIENCE_S = 1.5
"""What would wait longer than this for its turn looks for another way."""

TRIMMINGS_S = 20.0
"""An answer that is shown whole does not wait longer than this for the buttons that ask how good it was."""

CROWDED_S = 9.0
"""Where an addition to a stream would wait longer than this, one is begun only if a post would wait even longer."""

METHODS = {
    Act.START: "chat.startStream",
    Act.POST: "chat.postMessage",
    Act.APPEND: "chat.appendStream",
    Act.STOP: "chat.stopStream",
    Act.REWRITE: "chat.update",
}
"""The call of each act whose turn is taken before it is decided what the call says."""


class Ways:
    """Takes turns for one reply, and turns its draft to the way on which its turn comes first."""

    def __init__(self, draft: Draft, messages: ReplyMessages, mode: ChannelMode) -> None:
        self._draft = draft
        self._messages = messages
        self._mode = mode
        self._posts_for_room = False
        """A message is posted since there was no room for a stream, not since Slack refused one."""
        self._starts_anyway = False
        """A stream is begun although it waits, since a post would wait longer."""
        draft.streams = mode.streams

    async def take_turn(self, step: Step, *, urgent: bool) -> float | None:
        """Take the step's turn under Slack's rates. Returns how many seconds to wait before performing it.

        None when another way is quicker: the draft takes it from here on, and no turn was taken.
        """
        if step.act not in METHODS:
            return 0.0
        if urgent:
            return await self._messages.take_turn(METHODS[step.act], urgent=True)
        match step.act:
            case Act.START if self._mode.may_post_instead:
                return await self._turn_to_start()
            case Act.POST:
                return await self._turn_to_post(step)
            case Act.REWRITE if step.sheet.ts and not step.sheet.stale:
                return await self._turn_to_rewrite(step)
            case Act.STOP if await self._goes_on_before_its_stop(step):
                return None
        return await self._take(step.act)

    async def _turn_to_start(self) -> float | None:
        """A stream is begun where there is room for it and for what is added to it."""
        if self._starts_anyway:
            self._starts_anyway = False
            return await self._take(Act.START)
        if await self._wait_s(Act.APPEND) <= CROWDED_S:
            wait_s = await self._take(Act.START, PATIENCE_S)
            if wait_s <= PATIENCE_S:
                return wait_s
        self._draft.streams, self._posts_for_room = False, True
        return None

    async def _turn_to_post(self, step: Step) -> float | None:
        if step.plan.finale is None:
            was, self._draft.crowded = self._draft.crowded, await self._wait_s(Act.REWRITE) > PATIENCE_S
            if was is not self._draft.crowded:
                return None
        posts_for_room, self._posts_for_room = self._posts_for_room, False
        if not posts_for_room:
            return await self._take(Act.POST)
        patience_s = max(await self._stream_wait_s(), PATIENCE_S)
        wait_s = await self._take(Act.POST, patience_s)
        if wait_s <= patience_s:
            return wait_s
        self._draft.streams = self._starts_anyway = True
        return None

    async def _turn_to_rewrite(self, step: Step) -> float | None:
        more = bool(self._draft.script.text[step.sheet.shown :].strip())
        trimmings = not more and step.plan.finale is not None and not step.plan.finale.notice
        patience_s = TRIMMINGS_S if trimmings else PATIENCE_S
        wait_s = await self._take(Act.REWRITE, patience_s)
        if wait_s <= patience_s:
            return wait_s
        if trimmings and self._draft.settle(step.sheet):
            return None
        if more and await self._opening_wait_s() < wait_s and self._draft.leave(step.sheet):
            return None
        return await self._take(Act.REWRITE)

    async def _goes_on_before_its_stop(self, step: Step) -> bool:
        """While a stream's stop queues, what it would have brought along is added first."""
        if step.sheet.stops_late:
            return False
        step.sheet.stops_late = await self._wait_s(Act.STOP) > PATIENCE_S
        return step.sheet.stops_late

    async def _opening_wait_s(self) -> float:
        """How long another message would wait."""
        post_s = await self._wait_s(Act.POST)
        if self._mode.may_post_instead and self._mode.streams:
            return min(post_s, await self._stream_wait_s())
        return post_s

    async def _stream_wait_s(self) -> float:
        """How long a stream would wait until it goes on."""
        return max(await self._wait_s(Act.START), await self._wait_s(Act.APPEND))

    async def _wait_s(self, act: Act) -> float:
        return await self._messages.wait_s(METHODS[act])

    async def _take(self, act: Act, patience_s: float | None = None) -> float:
        return await self._messages.take_turn(METHODS[act], patience_s=patience_s)
