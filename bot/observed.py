"""What operators see of a worker: whether it is well, and how much of everything it has right now."""

from __future__ import annotations

from collections.abc import Iterable

from bot.agent.claude import ClaudeAgent
from bot.inbox import Inbox
from bot.telemetry.gauges import Gauge
from bot.web.health import Health


def examine(health: Health, inbox: Inbox) -> None:
    """Let the inbox's state count for the worker's."""
    health.alive["inbox"] = lambda: inbox.works
    health.ready["redis"] = lambda: inbox.keeps


def gauges_of(inbox: Inbox, agent: ClaudeAgent) -> Iterable[Gauge]:
    """What one worker has now."""
    return (
        Gauge("bot_leases_held", "Threads whose lease this worker holds.", lambda: inbox.threads_held),
        Gauge(
            "bot_threads_without_place",
            "Of those, threads whose turn waits for a place, since so many run here.",
            lambda: inbox.threads_queued,
        ),
        Gauge(
            "bot_agent_processes",
            "Processes of the agent, by what they do.",
            lambda: {name: getattr(agent.census, name) for name in ("running", "idle", "spares")},
            label="state",
        ),
        Gauge(
            "bot_agent_memory_bytes",
            "What the agent's processes weigh together (PSS), as measured every 10 s.",
            lambda: agent.memory_bytes,
        ),
    )
