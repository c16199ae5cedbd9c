"""The operator's policy: can it be read, and is on this machine what it names?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding, fail, ok
from bot.errors import SettingsError
from bot.model import McpServer, Policy
from bot.policy_file import read_policy

WRITE_MEND: Final = "see docs/policy.md"
PLACE_MEND: Final = "mount it there on every worker, or take it out of the policy"
VARIABLE_MEND: Final = "set it in the bot's environment, on every worker"
PROGRAM_MEND: Final = "install it on every worker, or write its whole path into the policy"


async def check_policy(path: Path | None, environ: Mapping[str, str]) -> Sequence[Finding]:
    """Whether the policy can be read, and what it names is there."""
    try:
        policy = read_policy(path)
    except SettingsError as wrong:
        return [fail("policy", problem, WRITE_MEND) for problem in wrong.problems]
    missing = [*_missing_places(policy), *_missing_of_servers(policy, environ)]
    return missing or [ok("policy", _summary(path, policy))]


def _missing_places(policy: Policy) -> Iterator[Finding]:
    sections = (*policy.base, *policy.channels.values(), *policy.groups.values())
    for place in sorted({place for section in sections for place in section.repositories or ()}):
        if not place.is_dir():
            yield fail("policy", f"the repository {place} is no directory on this machine", PLACE_MEND)


def _missing_of_servers(policy: Policy, environ: Mapping[str, str]) -> Iterator[Finding]:
    for server in policy.mcp_servers.values():
        for variable in sorted(secrets_of(server)):
            if not environ.get(variable):
                yield fail("policy", f"the MCP server {server.name} needs {variable}, which is not set", VARIABLE_MEND)
        if server.command and shutil.which(server.command, path=environ.get("PATH")) is None:
            what = f"the MCP server {server.name} is {server.command}, which is no program on this machine"
            yield fail("policy", what, PROGRAM_MEND)


def secrets_of(server: McpServer) -> set[str]:
    """The variables of the bot's environment that a server gets the values of."""
    return {*server.env.values(), *server.headers.values()}


def _summary(path: Path | None, policy: Policy) -> str:
    if path is None:
        return "what is built in; BOT_POLICY names no file"
    counts = {"channels": policy.channels, "groups": policy.groups, "MCP servers": policy.mcp_servers}
    said = ", ".join(f"{len(named)} {what}" for what, named in counts.items() if named)
    return f"{path}" + (f" with {said} of their own" if said else "")
