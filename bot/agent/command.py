"""The CLI that the SDK starts: where it is, and whether it starts."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import claude_agent_sdk

from bot.errors import StartError

START_BOUND_S = 30.0
"""Seconds the CLI may take to tell its version; the first start on a machine reads 360 MB from the disk."""


def cli_path() -> Path | None:
    """The SDK's bundled CLI, otherwise the one on the PATH."""
    bundled = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
    if bundled.is_file():
        return bundled
    found = shutil.which("claude")
    return Path(found) if found else None


async def version(program: Path | None = None) -> str:
    """What the CLI says its version is.

    Raises:
        StartError: there is no CLI, or it does not start.
    """
    program = program or cli_path()
    if program is None:
        raise StartError("Claude's CLI is not installed: it comes with the package claude-agent-sdk.")
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise StartError(f"Claude's CLI can't start: {error.strerror}.") from error
    try:
        async with asyncio.timeout(START_BOUND_S):
            out, err = await process.communicate()
    except TimeoutError as late:
        raise StartError(f"Claude's CLI did not start within {START_BOUND_S:.0f} s.") from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise StartError(f"Claude's CLI can't start: it ended with status {process.returncode} ({_first_line(err)}).")
    return _first_line(out)


def _first_line(output: bytes) -> str:
    return next(iter(output.decode(errors="replace").splitlines()), "")[:200]
