"""One CLI process, and the task that owns the SDK's client for it from connecting to disconnecting.

The SDK wants a client connected and closed in one task, and a cancelled disconnect leaks what it should close. So
whoever uses a process only passes prompts in and takes messages out, through a bounded queue; being cancelled there
touches nothing here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import structlog
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, ClaudeSDKError, Message, ResultMessage

from bot.agent.processes import end_run

log = structlog.get_logger(__name__)

_MESSAGES_WAITING = 256
"""Messages the CLI may be ahead of the consumer; then it is read no further."""

PING_S = 10.0
"""Seconds that a process has to answer a ping; it takes a living one some 2 ms."""


class Stalled(ClaudeSDKError):
    """The process says nothing and does not answer."""


class LiveClient:
    """A process that answers prompts, one after the other. Connecting starts at once, in the background.

    Args:
        options: what the process is started with.
        mark: names the process and all that it starts, see `processes`.
        stall_s: seconds without a message after which a turn's process is asked whether it is still there.
        ping_s: seconds it has to answer that.
        goes_on: it goes on with the call that its session waits with, as soon as it is connected.
    """

    def __init__(
        self,
        options: ClaudeAgentOptions,
        mark: str,
        *,
        stall_s: float = 60.0,
        ping_s: float = PING_S,
        goes_on: bool = False,
    ) -> None:
        self._client = ClaudeSDKClient(options)
        self._mark = mark
        self._stall_s = stall_s
        self._ping_s = ping_s
        self._messages: asyncio.Queue[Message | BaseException] = asyncio.Queue(maxsize=_MESSAGES_WAITING)
        self._connected = asyncio.Event()
        self._asking = goes_on
        self._answering = asyncio.Event()
        self._dead = False
        self._ending = False
        self._owner = asyncio.create_task(self._own(), name=f"claude {mark}")

    @property
    def alive(self) -> bool:
        """Whether it can be asked, or will be once it is connected."""
        return not (self._dead or self._ending)

    @property
    def at_rest(self) -> bool:
        """Whether no prompt is being answered."""
        return not self._asking

    async def connected(self) -> bool:
        """Wait until it is connected. False when it could not be, or is over."""
        await self._connected.wait()
        return self.alive

    async def ask(
        self, content: list[dict[str, Any]], prompt_uuid: str, *, model: str | None = None
    ) -> AsyncGenerator[Message, None]:
        """Send a prompt and yield what comes back; the last is its ResultMessage.

        Args:
            content: content blocks of the user's message.
            prompt_uuid: becomes the uuid of the prompt's transcript entry.
            model: change to this model first; None to go on with the one there is.

        Raises:
            Stalled: it said nothing for `stall_s` seconds, and did not answer.
            ClaudeSDKError and others: the process did not start, or died. Or the error given to `fail`.
        """
        self._asking = True
        await self._connected.wait()
        if self.alive:
            self._forget_messages()
            if model is not None:
                await self._client.set_model(model or None)
            await self._client.query(_stream(_user_message(content, prompt_uuid)))
            self._answering.set()
        async with aclosing(self._answer(prompt_uuid)) as messages:
            async for message in messages:
                yield message

    async def go_on(self) -> AsyncGenerator[Message, None]:
        """Yield what comes of going on with the call that the session waits with; the last is the ResultMessage.

        Raises: as `ask`.
        """
        self._answering.set()
        async with aclosing(self._answer("")) as messages:
            async for message in messages:
                yield message

    async def _answer(self, prompt_uuid: str) -> AsyncGenerator[Message, None]:
        while True:
            message = await self._next_message()
            if isinstance(message, BaseException):
                raise message
            over = _is_result_of(prompt_uuid, message)
            if over:
                self._asking = False
                self._answering.clear()
            yield message
            if over:
                return

    async def interrupt(self) -> None:
        """Ask the process to stop what it is at, once it is at it. Returns when it has taken note.

        Raises:
            ClaudeSDKError and others: it could not be asked.
        """
        await self._answering.wait()
        await self._client.interrupt()

    async def answers(self) -> bool:
        """Whether the process answers a ping. One that is still connecting need not, yet."""
        if not self._connected.is_set():
            return True
        try:
            async with asyncio.timeout(self._ping_s):
                await self._client.get_mcp_status()
        except Exception as error:  # noqa: BLE001 - whatever it is, it was no answer
            log.info("no_answer_to_ping", error=type(error).__name__)
            return False
        return True

    def fail(self, error: Exception) -> None:
        """Let whoever consumes the messages get this error next, in place of whatever still waits."""
        self._forget_messages()
        self._messages.put_nowait(error)

    async def kill(self) -> None:
        """End the process and all it started, now; the consumer gets an error."""
        await asyncio.to_thread(end_run, self._mark)

    async def close(self, *, at_once: bool) -> None:
        """End the process and all it started, and wait until they are gone. Can't be cancelled half-way.

        Args:
            at_once: kill it; otherwise it may end by itself, which takes it some 30 ms between two prompts. One that is
                still connecting is killed in any case: it has nothing to keep, and would connect first.
        """
        closing = asyncio.ensure_future(self._close(at_once))
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await _finish(closing)
            raise

    async def _next_message(self) -> Message | BaseException:
        while True:
            try:
                async with asyncio.timeout(self._stall_s):
                    return await self._messages.get()
            except TimeoutError:
                if self._messages.empty() and not await self.answers():
                    raise Stalled from None

    def _forget_messages(self) -> None:
        while not self._messages.empty():
            self._messages.get_nowait()

    async def _close(self, at_once: bool) -> None:
        connecting = not self._connected.is_set()
        if at_once:
            await self.kill()
        if not self._ending:
            self._owner.cancel()
        if connecting:
            await asyncio.sleep(0)  # the SDK stops reading first: to it, a process that is killed is an error
            await self.kill()
        await asyncio.wait([self._owner])
        await self.kill()

    async def _own(self) -> None:
        try:
            await self._client.connect()
            self._connected.set()
            async for message in self._client.receive_messages():
                if self._asking:  # what it says between two turns belongs to none
                    await self._messages.put(message)
            raise ClaudeSDKError("the CLI ended without a result")
        except Exception as error:  # noqa: BLE001 - the consumer gets it, whatever it is
            self._dead = True
            self._connected.set()
            await self._messages.put(error)
        finally:
            # From here on nobody cancels this task, so that the SDK can take down all it has.
            self._ending = True
            self._connected.set()
            await self._disconnect()

    async def _disconnect(self) -> None:
        try:
            await self._client.disconnect()
        except Exception as error:  # noqa: BLE001
            # Whatever the SDK could not close, the kill by mark does.
            log.warning("client_disconnect_failed", error=type(error).__name__)


async def _stream(message: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield message


def _user_message(content: list[dict[str, Any]], prompt_uuid: str) -> dict[str, Any]:
    return {
        "type": "user",
        "message": {"role": "user", "content": content},
        "parent_tool_use_id": None,
        "uuid": prompt_uuid,
    }


def _is_result_of(prompt_uuid: str, message: Message) -> bool:
    """Whether this ends the prompt's turn, and not one that the CLI began by itself; that one has an empty uuid."""
    if not isinstance(message, ResultMessage):
        return False
    taken_in = [*(message.user_message_uuids or ()), message.user_message_uuid or ""]
    return prompt_uuid in taken_in or not any(taken_in)


async def _finish(task: asyncio.Future[None]) -> None:
    """Wait for a task to its end, however often the waiting is cancelled."""
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            continue
