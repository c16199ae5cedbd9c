"""One CLI process, and the task that owns the SDK's client for it from connecting to disconnecting.

The SDK wants a client connected, used and closed in one task, and a cancelled disconnect leaks what it should close.
So whoever uses a process only passes prompts in and takes messages out, through a bounded queue; being cancelled there
touches nothing here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import structlog
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, ClaudeSDKError, Message, ResultMessage

from bot.agent.processes import end_run

log = structlog.get_logger(__name__)

_MESSAGES_WAITING = 256
"""Messages the CLI may be ahead of the consumer; then it is read no further."""


class LiveClient:
    """A process that answers prompts, one after the other. Connecting starts at once, in the background.

    Args:
        options: what the process is started with.
        mark: names the process and all that it starts, see `processes`.
    """

    def __init__(self, options: ClaudeAgentOptions, mark: str) -> None:
        self._client = ClaudeSDKClient(options)
        self._mark = mark
        self._prompts: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1)
        self._messages: asyncio.Queue[Message | BaseException] = asyncio.Queue(maxsize=_MESSAGES_WAITING)
        self._answering = asyncio.Event()
        self._ending = False
        self._owner = asyncio.create_task(self._own(), name=f"claude {mark}")

    async def ask(self, content: list[dict[str, Any]], prompt_uuid: str) -> AsyncGenerator[Message, None]:
        """Send a prompt and yield what comes back; the last is its ResultMessage.

        Args:
            content: content blocks of the user's message.
            prompt_uuid: becomes the uuid of the prompt's transcript entry.

        Raises:
            ClaudeSDKError and others: the process did not start, or died. Or the error given to `fail`.
        """
        await self._prompts.put(
            {
                "type": "user",
                "message": {"role": "user", "content": content},
                "parent_tool_use_id": None,
                "uuid": prompt_uuid,
            }
        )
        while True:
            message = await self._messages.get()
            if isinstance(message, BaseException):
                raise message
            yield message
            if _is_result_of(prompt_uuid, message):
                return

    async def interrupt(self) -> None:
        """Ask the process to stop what it is at, once it is at it. Returns when it has taken note.

        Raises:
            ClaudeSDKError and others: it could not be asked.
        """
        await self._answering.wait()
        await self._client.interrupt()

    def fail(self, error: Exception) -> None:
        """Let whoever consumes the messages get this error next, in place of whatever still waits."""
        while not self._messages.empty():
            self._messages.get_nowait()
        self._messages.put_nowait(error)

    async def kill(self) -> None:
        """End the process and all it started, now; the consumer gets an error."""
        await asyncio.to_thread(end_run, self._mark)

    async def close(self, *, at_once: bool) -> None:
        """End the process and all it started, and wait until they are gone. Can't be cancelled half-way.

        Args:
            at_once: kill it; otherwise it may end by itself, which takes it some 30 ms between two prompts.
        """
        closing = asyncio.ensure_future(self._close(at_once))
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await _finish(closing)
            raise

    async def _close(self, at_once: bool) -> None:
        if at_once:
            await self.kill()
        if not self._ending:
            self._owner.cancel()
        await asyncio.wait([self._owner])
        await self.kill()

    async def _own(self) -> None:
        try:
            await self._client.connect()
            while True:
                prompt = await self._prompts.get()
                await self._client.query(_stream(prompt))
                self._answering.set()
                await self._pass_on_messages(prompt["uuid"])
                self._answering.clear()
        except Exception as error:  # noqa: BLE001 - the consumer gets it, whatever it is
            await self._messages.put(error)
        finally:
            # From here on nobody cancels this task, so that the SDK can take down all it has.
            self._ending = True
            await self._disconnect()

    async def _pass_on_messages(self, prompt_uuid: str) -> None:
        async for message in self._client.receive_messages():
            await self._messages.put(message)
            if _is_result_of(prompt_uuid, message):
                return
        raise ClaudeSDKError("the CLI ended without a result")

    async def _disconnect(self) -> None:
        try:
            await self._client.disconnect()
        except Exception as error:  # noqa: BLE001
            # Whatever the SDK could not close, the kill by mark does.
            log.warning("client_disconnect_failed", error=type(error).__name__)


async def _stream(message: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield message


def _is_result_of(prompt_uuid: str, message: Message) -> bool:
    """Whether this ends the prompt's turn, and not one that the CLI began by itself."""
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
