"""Claude: does its CLI start, and does the model answer?"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import claude_agent_sdk
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKError, ResultError, ResultMessage

from bot.agent import command, sandbox
from bot.agent.environment import cli_environment
from bot.agent.processes import owner_mark, run_mark
from bot.doctor.finding import Finding, fail, ok
from bot.errors import StartError

PROMPT: Final = "Answer with the single word: ready"

INSTALL_MEND: Final = "run make install again; the CLI comes with the package claude-agent-sdk for this platform"
CREDENTIALS_MEND: Final = "set a valid ANTHROPIC_API_KEY, or the variables of Bedrock or Vertex"
REACH_MEND: Final = "check ANTHROPIC_BASE_URL, the network and the proxy variables"
LATER_MEND: Final = "wait and try again; see the account's limits and credit in the console"
MODEL_MEND: Final = "mend BOT_MODEL, or ANTHROPIC_BASE_URL if the model is right"


async def check_cli(path: Path | None = None) -> Sequence[Finding]:
    """Whether the CLI starts and which it is.

    Args:
        path: the CLI to start; the one that the bot would start when None.
    """
    try:
        told = await command.version(path)
    except StartError as broken:
        return [fail("Claude CLI", str(broken), INSTALL_MEND)]
    return [ok("Claude CLI", f"{told}, SDK {claude_agent_sdk.__version__}")]


async def check_model(environ: Mapping[str, str], model: str) -> Sequence[Finding]:
    """One small call, in the environment that the bot's own runs have. It leaves nothing on the disk.

    Args:
        model: the model to ask; empty for the CLI's default.
    """
    with tempfile.TemporaryDirectory(prefix="bot-doctor-") as folder:
        options = _options(environ, model, Path(folder))
        try:
            return [_verdict(await _ask(options))]
        except ResultError as failed:
            return [_failure(failed.api_error_status, failed.result or str(failed))]
        except ClaudeSDKError as broken:
            return [
                fail("model", f"the CLI could not be used: {next(iter(str(broken).splitlines()), '')}", INSTALL_MEND)
            ]


def _options(environ: Mapping[str, str], model: str, folder: Path) -> ClaudeAgentOptions:
    mark = run_mark(owner_mark(), "doctor")  # or a worker that starts meanwhile takes it for a dead one's
    once = {"CLAUDE_CODE_MAX_RETRIES": "1"}  # whoever waits for a diagnosis would rather hear of the first failure
    return ClaudeAgentOptions(
        model=model or None,
        max_turns=1,
        tools=[],
        setting_sources=[],
        verbatim_prompts=True,
        cwd=folder,
        env=cli_environment(environ, config_dir=folder, scratch_dir=folder, temp_dir=folder, mark=mark) | once,
        settings=_sandboxed(environ, folder),
        extra_args={"no-session-persistence": None},
        stderr=lambda _line: None,  # the result says what went wrong
    )


def _sandboxed(environ: Mapping[str, str], folder: Path) -> str | None:
    """As the bot's own runs are: with a sandbox that the CLI could not use it would not start."""
    if sandbox.missing(environ):
        return None
    return sandbox.Sandbox.around(environ, folder).settings(folder, ())


async def _ask(options: ClaudeAgentOptions) -> ResultMessage | None:
    result = None
    async for message in claude_agent_sdk.query(prompt=PROMPT, options=options):
        if isinstance(message, ResultMessage):
            result = message
    return result  # only now: the CLI has ended


def _verdict(result: ResultMessage | None) -> Finding:
    if result is None:
        return fail("model", "the CLI ended without an answer", INSTALL_MEND)
    if result.is_error:
        return _failure(result.api_error_status, result.result or result.subtype)
    cost = f", ${result.total_cost_usd:.4f}" if result.total_cost_usd else ""
    models = ", ".join(result.model_usage or {}) or "the model"
    return ok("model", f"{models} answered in {result.duration_ms / 1000:.1f} s{cost}")


def _failure(status: int | None, said: str) -> Finding:
    """A failed call in words for an operator. `said` is the CLI's own line, which names no secret."""
    match status:
        case 401 | 403:
            return fail("model", f"the credentials were rejected ({status}): {said}", CREDENTIALS_MEND)
        case 404:
            return fail("model", f"unknown model or address (404): {said}", MODEL_MEND)
        case 429 | 500 | 502 | 503 | 529:
            return fail("model", f"overloaded or limited ({status}): {said}", LATER_MEND)
        case None if "login" in said.lower() or "api key" in said.lower():
            return fail("model", f"no credentials: {said}", CREDENTIALS_MEND)
        case None:
            return fail("model", f"not reachable: {said}", REACH_MEND)
        case _:
            return fail("model", f"refused ({status}): {said}", REACH_MEND)
