"""The MCP servers of a process: what the operator's policy names, with the secrets from the bot's environment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.agent.environment import carries_credentials
from bot.model import McpServer


def write_config(servers: Sequence[McpServer], environ: Mapping[str, str], folder: Path) -> Path | None:
    """Write the file that tells the CLI of the servers. None without any.

    A file, since an argument could be read by every process of the machine. A variable that is not set is left out;
    `bot doctor` says so.

    Args:
        environ: holds the secrets that the servers name.
        folder: only the bot's user can enter it.
    """
    if not servers:
        return None
    config = {"mcpServers": {server.name: _entry(server, environ) for server in servers}}
    path = folder / "mcp.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _entry(server: McpServer, environ: Mapping[str, str]) -> dict[str, Any]:
    if server.url:
        return {"type": "http", "url": server.url, "headers": _secrets(server.headers, environ)}
    # The CLI hands its own environment on. A server has no use for what gets at the model.
    blanked = {name: "" for name in environ if carries_credentials(name)}
    env = blanked | _secrets(server.env, environ)
    return {"type": "stdio", "command": server.command, "args": list(server.args), "env": env}


def _secrets(names: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    return {given: environ[variable] for given, variable in names.items() if variable in environ}
