"""How a CLI process is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from claude_agent_sdk import ClaudeAgentOptions

from bot.agent.hooks import Gate
from bot.agent.options import Opening, cli_options, system_prompt
from bot.agent.permissions import Permissions
from bot.agent.session_store import ThreadTranscripts
from bot.model import Lease, Limits, RunRequest, ThreadKey, TurnPolicy
from tests.unit.agent.stored import StoredTranscripts

LEASE = Lease(ThreadKey("T", "C", "1.0"), "w", 1)
SESSION = "6b1a6a5e-7a35-4c39-9a6c-6d1f0c3c6f11"


def made(*, resume: bool, resume_at: str = "", limits: Limits | None = None, model: str = "") -> ClaudeAgentOptions:
    request = RunRequest(LEASE, SESSION, resume, "hello", resume_at=resume_at, limits=limits or Limits())
    return cli_options(
        Opening.of(request, model),
        Path("/data/sessions/x"),
        launcher=Path("/data/claude/launcher"),
        env={"A": "b"},
        store=ThreadTranscripts(StoredTranscripts(), LEASE.thread, LEASE),
        gate=Gate(Permissions(Path("/data/sessions/x"), TurnPolicy()), Path("/data/sessions/x")),
        instructions="Be good.",
        on_stderr=print,
    )


def test_a_new_session_gets_its_id_and_an_old_one_is_resumed() -> None:
    new, old = made(resume=False), made(resume=True, resume_at="entry")
    assert (new.session_id, new.resume, new.resume_session_at) == (SESSION, None, None)
    assert (old.session_id, old.resume, old.resume_session_at) == (None, SESSION, "entry")
    assert made(resume=True).resume_session_at is None


def test_slack_text_is_data_and_the_hosts_settings_stay_out() -> None:
    options = made(resume=False)
    assert options.verbatim_prompts
    assert options.setting_sources == []
    assert options.skills == []
    assert options.strict_mcp_config
    assert options.permission_mode == "default"
    assert not options.allowed_tools, "an allowed tool would never be asked about"


def test_a_process_that_compacts_takes_the_command_and_a_persons_slash_never_is_one() -> None:
    request = RunRequest(LEASE, SESSION, True, "/compact")
    assert not Opening.of(request, "").compact
    assert Opening.of(replace(request, text="", compact=True), "").compact
    assert made(resume=True).verbatim_prompts


def test_limits_and_the_model_are_passed_on() -> None:
    options = made(resume=False, limits=Limits(max_turns=3, max_budget_usd=0.5), model="claude-x")
    assert (options.max_turns, options.max_budget_usd, options.model) == (3, 0.5, "claude-x")
    assert made(resume=False).model is None


def test_the_operators_words_come_last() -> None:
    prompt = system_prompt("  Speak like a pirate.\n", Path("/data/sessions/x"))
    assert prompt.endswith("Speak like a pirate.")
    assert "Your working directory is /data/sessions/x" in prompt
    assert system_prompt("", Path("/w")).endswith("/w")
