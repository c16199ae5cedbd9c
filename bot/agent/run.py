"""One run of the agent: a prompt into a process, its messages out as events, and an outcome whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import structlog
from claude_agent_sdk import ClaudeSDKError, Message, ResultMessage

from bot.agent.events import EventReader
from bot.agent.images import image_blocks
from bot.agent.live import LiveSession
from bot.agent.outcomes import RunFacts, outcome_of_error, outcome_of_giving_up, outcome_of_result
from bot.errors import BotError
from bot.model import AgentEvent, Asked, Ending, Outcome, RunEnded, RunRequest, ToolStarted

log = structlog.get_logger(__name__)

LONGEST_RETRY_WAIT_S = 60.0
"""The CLI waits as long as the API's `retry-after` says, an hour if need be. Beyond this, people are told instead."""


COMPACT = "/compact"
"""The CLI's own command. It runs as one only in a process that was started for it, see `cli_options`."""


class ClaudeRun:
    """Implements `bot.ports.Run`.

    Args:
        live: a process of the run's session that waits for a prompt.
        model: the model to answer with; empty for the CLI's default.
        stop_grace_s: seconds an interrupted process has to end the turn before it is killed.
    """

    def __init__(
        self,
        request: RunRequest,
        live: LiveSession,
        model: str,
        stop_grace_s: float,
    ) -> None:
        self._request = request
        self._live = live
        self._model = model
        self._client = live.client
        self._store = live.store
        self._stop_grace_s = stop_grace_s
        self._facts = RunFacts(request.session_id, spent_before_usd=live.spent_usd, compacts=request.compact)
        self._reader = EventReader(self._facts, live.workdir)
        self._over = asyncio.Event()
        self._deferred = False
        self._stopping: asyncio.Task[None] | None = None
        self._began = time.monotonic()

    def __aiter__(self) -> AsyncIterator[AgentEvent]:
        """The run's events; the last is RunEnded.

        Raises:
            LeaseLost: a transcript entry could not be kept because the thread is another worker's now.
            StoreAway: the transcript could not be loaded, or entries not be kept, within bounds.
        """
        return self._events()

    async def interrupt(self) -> None:
        if self._stopping is None and not self._over.is_set():
            self._facts.stopped = True
            self._stopping = asyncio.create_task(self._stop(), name="stop run")

    async def close(self) -> None:
        """End the run. Its process is at rest then, or not `sound` any more."""
        self._over.set()
        if self._stopping is not None:
            self._stopping.cancel()
        if self._deferred:
            # Going on with it would spoil the session; killing it could cut off the end of the transcript.
            await self._client.close(at_once=False)
        self._store.lose_patience()
        if self._client.at_rest:
            await self._store.rest()

    async def _events(self) -> AsyncIterator[AgentEvent]:
        outcome = Outcome(Ending.STOPPED, self._request.session_id)
        try:
            if not self._facts.stopped:
                if (allowed := self._allowed()) is not None:
                    yield allowed
                async with aclosing(self._ask()) as messages:
                    async for message in messages:
                        for event in self._heard(message):
                            yield event
                        if isinstance(message, ResultMessage):
                            outcome = outcome_of_result(message, self._facts)
                            self._live.end_turn(outcome.ending, message.total_cost_usd)
                        elif self._facts.retry_wait_s > LONGEST_RETRY_WAIT_S:
                            outcome = outcome_of_giving_up(self._facts, time.monotonic() - self._began)
                            break
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001 - every way to die is an outcome
            outcome = self._outcome_of(error)
        finally:
            self._over.set()
        self._deferred = outcome.ending is Ending.DEFERRED
        yield RunEnded(outcome, self._live.gate.deferred if self._deferred else None)

    def _allowed(self) -> ToolStarted | None:
        """The call that was allowed runs now; nothing else tells of its start."""
        decision = self._request.decision
        if decision is None or self._request.begun or decision.decided is None or not decision.decided.allowed:
            return None
        return self._reader.goes_on(decision.call)

    def _heard(self, message: Message) -> Iterator[AgentEvent]:
        """What a message stands for. While it compacts the model's words are a summary for itself."""
        for event in self._reader.read(message):
            if not self._request.compact or isinstance(event, Asked):
                yield event

    async def _ask(self) -> AsyncGenerator[Message, None]:
        content = await _content(self._request)
        await self._store.bind(self._request.lease)
        change = self._live.begin_turn(self._model)
        goes_on = self._request.decision is not None and await self._goes_on()
        asking = self._client.go_on() if goes_on else self._client.ask(content, str(uuid4()), model=change)
        async with aclosing(asking) as messages:
            async for message in messages:
                yield message

    async def _goes_on(self) -> bool:
        """Whether the process goes on by itself with the call that its session waits with. It does so once."""
        await self._client.connected()
        call, self._store.waits_with = self._store.waits_with, ""
        return bool(call)

    def _outcome_of(self, error: Exception) -> Outcome:
        """Raises StoreAway, when that is what kept the process from starting."""
        if self._store.away is not None:
            raise self._store.away from error
        self._facts.session_missing = self._request.resume and self._store.nothing_loaded
        outcome = outcome_of_error(error, self._facts, time.monotonic() - self._began)
        if outcome.ending is Ending.CRASHED:
            # Before its first message the process has been told nothing, so its stderr holds none of it.
            said = list(self._live.stderr) if not self._facts.model else []
            log.warning("run_crashed", session_id=self._request.session_id, detail=outcome.detail, stderr=said)
        if not isinstance(error, ClaudeSDKError):
            log.warning("run_failed", error=type(error).__name__, exc_info=error)
        return outcome

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(self._stop_grace_s):
                await self._client.interrupt()
                await self._over.wait()
        except Exception as error:  # noqa: BLE001 - whatever kept it from stopping, the kill does it
            log.warning("interrupt_failed", error=type(error).__name__)
            await self._client.kill()


async def _content(request: RunRequest) -> list[dict[str, Any]]:
    if request.compact:
        return [{"type": "text", "text": COMPACT}]
    images = await asyncio.to_thread(image_blocks, request.images) if request.images else ()
    return [*images, {"type": "text", "text": request.text}]
