"""The environment of a CLI process: what it needs, and none of the bot's secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_PASSED = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "IS_SANDBOX",
        "CLOUD_ML_REGION",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "API_TIMEOUT_MS",
        "CLAUDE_CONFIG_DIR",
    }
)
_PROVIDERS = ("ANTHROPIC_", "CLAUDE_CODE_", "AWS_", "GOOGLE_", "VERTEX_", "AZURE_")
_PASSED_PREFIXES = ("LC_", *_PROVIDERS)

# What a host that is itself a Claude session leaves in the environment: it would make the CLI believe it is that one.
_BLANKED = frozenset({"CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_SSE_PORT"})
_SET_BY_SDK = frozenset({"CLAUDE_CODE_ENTRYPOINT"})

# The CLI's own defaults retry ten times and wait ten minutes for each: too long for somebody who looks at a thread.
_BOUNDS = {"CLAUDE_CODE_MAX_RETRIES": "3", "API_TIMEOUT_MS": "120000"}

_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "CLAUDE_CODE_DISABLE_TERMINAL_TITLE": "1",
    "CLAUDE_CODE_DISABLE_CLAUDE_MDS": "1",
    "CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_BUG_COMMAND": "1",
}

RUN_MARK = "SLACK_AGENT_RUN"
"""Names the run in the environment of every process that belongs to it, however it was started."""


def passes(name: str) -> bool:
    """Whether a variable of the bot's environment reaches the CLI."""
    upper = name.upper()  # proxies are written in either case
    return name not in _BLANKED and (upper in _PASSED or name.startswith(_PASSED_PREFIXES))


def carries_credentials(name: str) -> bool:
    """Whether a variable that reaches the CLI may say how to get at the model: commands have no use for it."""
    return name not in _BLANKED and name.startswith(_PROVIDERS)


def cli_environment(
    environ: Mapping[str, str], *, config_dir: Path, scratch_dir: Path, temp_dir: Path, mark: str
) -> dict[str, str]:
    """What to set for a CLI process, over the bot's own environment, which the SDK passes on in any case.

    So every variable that must not pass is set to nothing here: the SDK has no way to take one away.

    Args:
        config_dir: the CLI's own files, unless the operator names a place for them.
        scratch_dir: the CLI's temporary files; removed after the run.
        temp_dir: those of the sandbox and of tools; removed after the run, too.
        mark: names the run, see `RUN_MARK`.
    """
    given = {name: value for name, value in environ.items() if name not in _SET_BY_SDK}
    blanked = {name: "" for name in given if not passes(name)}
    passed = {name: value for name, value in given.items() if passes(name)}
    return {
        **blanked,
        **_BOUNDS,
        "CLAUDE_CONFIG_DIR": str(config_dir),
        **passed,
        **_QUIET,
        "TMPDIR": str(temp_dir),
        "CLAUDE_CODE_TMPDIR": str(scratch_dir),
        RUN_MARK: mark,
    }
