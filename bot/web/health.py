"""Whether a worker lives, and whether it can take a message: what load balancers and orchestrators ask.

A worker that does not live is to be replaced. One that is not ready is fine, but gets nothing new: it starts, drains,
or waits for Redis or Slack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

Check = Callable[[], bool]


@dataclass(slots=True)
class Health:
    """What has to hold, by name. It is filled while the worker starts; until `open` is set it is not ready.

    Args:
        alive: without any of these the process is of no use any more.
        ready: without any of these it can't take a message and keep it now.
        open: it has started, and does not drain.
    """

    alive: dict[str, Check] = field(default_factory=dict)
    ready: dict[str, Check] = field(default_factory=dict)
    open: bool = False

    @property
    def ailments(self) -> tuple[str, ...]:
        """Why it does not live."""
        return _failing(self.alive)

    @property
    def hindrances(self) -> tuple[str, ...]:
        """Why it is not ready."""
        closed = () if self.open else ("open",)
        return (*closed, *self.ailments, *_failing(self.ready))


def health_routes(health: Health) -> list[web.RouteDef]:
    """`/healthz` and `/readyz`: 200, or 503 with the names of what fails."""

    async def healthz(_request: web.Request) -> web.Response:
        return _answer(health.ailments)

    async def readyz(_request: web.Request) -> web.Response:
        return _answer(health.hindrances)

    return [web.get("/healthz", healthz), web.get("/readyz", readyz)]


def _failing(checks: Mapping[str, Check]) -> tuple[str, ...]:
    return tuple(name for name, holds in checks.items() if not holds())


def _answer(failing: tuple[str, ...]) -> web.Response:
    if not failing:
        return web.Response(text="ok\n")
    return web.Response(status=503, text=f"failing: {', '.join(failing)}\n")
