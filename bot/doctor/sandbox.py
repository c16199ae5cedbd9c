"""The sandbox around commands: is it in force?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from bot.agent import sandbox
from bot.doctor.finding import Finding, ok, warn

MEND: Final = "see docs/policy.md, Commands; until then a person is asked before each command"


async def check_sandbox(environ: Mapping[str, str]) -> Sequence[Finding]:
    """Whether commands would run in a sandbox, tried on this machine."""
    if why_not := await asyncio.to_thread(sandbox.missing, environ):
        return [warn("sandbox", f"commands run without one: {why_not}", MEND)]
    return [ok("sandbox", "commands run in one, without network and home")]
