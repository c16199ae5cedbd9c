"""Socket Mode: the WebSocket server, its envelopes and acknowledgements."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.playground.slack.delivery import ACK_TIMEOUT_S, Attempt, Outcome, within
from bot.playground.slack.installation import Installation
from bot.playground.slack.interactions import Answer
from bot.playground.slack.values import Json

MAX_CONNECTIONS = 10
HEARTBEAT_S = 15.0


@dataclass(eq=False)
class Connection:
    """One open socket. `received` counts the envelopes it was given."""

    id: str
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    received: int = 0
    leaving: bool = False
    """It was told to disconnect: nothing more is sent to it."""


@dataclass
class _Waiting:
    acknowledged: asyncio.Future[Json] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SocketMode:
    """Slack's end of the sockets; each envelope goes to one of the open ones, chosen at random.

    Args:
        seed: what the choice depends on.
        told: called whenever a socket opened or closed, or was given an envelope.
    """

    def __init__(self, installation: Installation, seed: int, told: Callable[[], None]) -> None:
        self.connections: list[Connection] = []
        self.acks_to_lose = 0
        """So many of the next acknowledgements get lost on their way."""
        self._told = told
        self._installation = installation
        self._random = random.Random(seed)
        self._waiting: dict[str, _Waiting] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket, from `hello` to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._installation.tickets:
            return web.Response(status=408, text="invalid ticket")
        self._installation.tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S)
        await socket.prepare(request)
        connection = Connection(self._installation.workspace.ids.secret(8), socket, request.transport)
        if len(self.connections) >= MAX_CONNECTIONS:
            await self._tell_to_leave(connection, "too_many_websockets")
            await socket.close()
            return socket
        self.connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self._told()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take_ack(message.data)
        finally:
            self.connections.remove(connection)
            self._told()
        return socket

    async def send(self, kind: str, payload: Json, attempt: Attempt) -> Outcome:
        """Put an envelope on one of the sockets and wait for its acknowledgement."""
        open_ones = [one for one in self.connections if not one.leaving and not one.socket.closed]
        if not open_ones:
            return Outcome(Answer(acknowledged=False), "no_connection")
        connection = self._random.choice(open_ones)
        envelope_id = self._installation.workspace.ids.uuid()
        waiting = self._waiting[envelope_id] = _Waiting()
        try:
            connection.received += 1
            await connection.socket.send_str(_envelope(envelope_id, kind, payload, attempt))
            self._told()
            answer = await within(self._installation.workspace.clock, ACK_TIMEOUT_S, waiting.acknowledged)
        except ConnectionError:
            return Outcome(Answer(acknowledged=False), "connection_failed")
        finally:
            del self._waiting[envelope_id]
        if answer is None:
            return Outcome(Answer(acknowledged=False), "timeout")
        return Outcome(Answer(acknowledged=True, payload=answer))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every client to come back on a new connection, as Slack does now and then."""
        for connection in tuple(self.connections):
            await self._tell_to_leave(connection, reason)

    def drop(self) -> None:
        """Lose every connection without a word."""
        for connection in tuple(self.connections):
            connection.leaving = True
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        for connection in tuple(self.connections):
            await connection.socket.close()

    async def _tell_to_leave(self, connection: Connection, reason: str) -> None:
        connection.leaving = True
        debug = {"host": "applink-emulated"}
        await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": debug})

    def _take_ack(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        waiting = self._waiting.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting is None or waiting.acknowledged.done():
            return
        if self.acks_to_lose > 0:
            self.acks_to_lose -= 1
            return
        waiting.acknowledged.set_result(ack.get("payload") or {})

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "applink-emulated",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._installation.workspace.app.id},
        }


def _envelope(envelope_id: str, kind: str, payload: Json, attempt: Attempt) -> str:
    envelope: Json = {
        "envelope_id": envelope_id,
        "payload": payload,
        "type": kind,
        "accepts_response_payload": kind != "events_api",
    }
    if kind == "events_api":
        envelope |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
    return json.dumps(envelope)
