"""Does everything the bot needs really work? Each check asks the real thing, within a time bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import aiohttp
import structlog

from bot.agent.command import START_BOUND_S
from bot.config import Settings
from bot.doctor.claude import check_cli, check_model
from bot.doctor.effective import effective_policy
from bot.doctor.finding import Finding, Verdict, fail, ok
from bot.doctor.policy import check_policy
from bot.doctor.sandbox import check_sandbox
from bot.doctor.slack import check_events, check_token
from bot.doctor.store import check_redis
from bot.errors import SettingsError

__all__ = ["Finding", "Verdict", "examine"]

log = structlog.get_logger(__name__)

SERVICE_BOUND_S: Final = 10.0
CLI_BOUND_S: Final = START_BOUND_S + 1
MODEL_BOUND_S: Final = 60.0

NETWORK_MEND: Final = "check the address, the network and any proxy between"

_Check = Callable[[], Awaitable[Sequence[Finding]]]


async def examine(environ: Mapping[str, str], channel: str = "", user: str = "") -> AsyncIterator[Finding]:
    """All findings, each as soon as it is there. What can't be asked without right settings is left out.

    Args:
        channel, user: the ids of a place and a person: the policy that holds for them is told at the end.
    """
    checks: list[tuple[str, _Check, float]] = []
    model = ""
    try:
        settings = Settings.parse(environ)
    except SettingsError as wrong:
        for problem in wrong.problems:
            yield fail("settings", problem, "see docs/configuration.md")
    else:
        yield ok("settings", f"complete; {_events(settings)}")
        model = settings.model
        checks += [
            ("policy", lambda: check_policy(settings.policy, environ), SERVICE_BOUND_S),
            *_shown_for(settings, channel, user),
            ("Slack", lambda: check_token(settings), SERVICE_BOUND_S),
            ("Slack events", lambda: check_events(settings), SERVICE_BOUND_S),
            ("Redis", lambda: check_redis(settings.redis_url), SERVICE_BOUND_S),
        ]
    checks += [
        ("Claude CLI", check_cli, CLI_BOUND_S),
        ("sandbox", lambda: check_sandbox(environ), SERVICE_BOUND_S),
        ("model", lambda: check_model(environ, model), MODEL_BOUND_S),
    ]
    for name, check, bound_s in checks:
        for finding in await bounded(name, check, bound_s):
            yield finding


def _shown_for(settings: Settings, channel: str, user: str) -> Sequence[tuple[str, _Check, float]]:
    if not (channel and user):
        return []
    return [("effective policy", lambda: effective_policy(settings, channel, user), SERVICE_BOUND_S)]


async def bounded(name: str, check: _Check, bound_s: float) -> Sequence[Finding]:
    """The check's findings, or one that says why there are none."""
    try:
        async with asyncio.timeout(bound_s):
            return await check()
    except TimeoutError:
        return [fail(name, f"no answer within {bound_s:g} s", NETWORK_MEND)]
    except (OSError, aiohttp.ClientError) as away:
        return [fail(name, f"not reachable: {away}", NETWORK_MEND)]
    except Exception as odd:  # one check that meets the unforeseen must not hide what the others find
        log.warning("check_failed", check=name, exc_info=True)
        return [fail(name, f"{type(odd).__name__}: {odd}", NETWORK_MEND)]


def _events(settings: Settings) -> str:
    return f"events arrive over {settings.transport}" if settings.ingress else "this worker takes no events"
