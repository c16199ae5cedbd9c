"""How the SDK asks about a tool call: the hook that sees every call, and the callback that is the second line.

A call that needs a person *defers* its run. When it was decided, a process that resumes the session asks about the call
again, through the hook or (before that is registered) through the callback: both look at the same recorded decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import structlog
from claude_agent_sdk import (
    HookContext,
    HookInput,
    HookJSONOutput,
    HookMatcher,
    PermissionResultAllow,
    PermissionResultDeny,
    ToolPermissionContext,
)
from claude_agent_sdk.types import HookEvent, PreToolUseHookInput, SyncHookJSONOutput

from bot.agent.deferring import QUESTIONS_TOOL, answered, deferred_call, input_hash
from bot.agent.permissions import Allow, Ask, Deny, Policy, Ruling
from bot.model import Decided, Decision, DeferredCall, RunRequest, Verdict

log = structlog.get_logger(__name__)

_TIMEOUT_S = 30.0

_ANOTHER_FIRST = "This needs a person's approval, and another call is waiting for that. Call it again afterwards."
_NOBODY_THERE = "This needs a person's approval, and nobody is there to give it. Do what you can without it."
_NOT_FROM_HERE = "This needs a person's approval, which can't be asked for from here."
_CHANGED = "This is not what was approved. Call it again if it is still needed."
_MAYBE_DONE = (
    "This was approved, and begun, but then you were interrupted. Check whether it took effect before you repeat it."
)


@dataclass(frozen=True, slots=True)
class Defer:
    """The run ends with this call, which waits for a person."""


class Gate:
    """Asks a policy about every tool call. A call about which it fails is blocked.

    A process keeps its gate for life; each turn opens it anew.

    Args:
        workdir: names of files are shown relative to it.
    """

    def __init__(self, policy: Policy, workdir: Path) -> None:
        self.policy = policy
        self.deferred: DeferredCall | None = None
        """The call with which the turn's run ends."""
        self._workdir = workdir
        self._decision: Decision | None = None
        self._begun = False

    def open(self, policy: Policy, request: RunRequest) -> None:
        """Decide by this policy from now on, and by what was decided about the call that the session waits with."""
        self.policy = policy
        self.deferred = None
        self._decision = request.decision
        self._begun = request.begun

    def hooks(self) -> dict[HookEvent, list[HookMatcher]]:
        return {"PreToolUse": [HookMatcher(hooks=[self._pre_tool_use], timeout=_TIMEOUT_S, on_failure="block")]}

    async def can_use_tool(
        self, tool: str, tool_input: dict[str, Any], context: ToolPermissionContext
    ) -> PermissionResultAllow | PermissionResultDeny:
        """Asked by the CLI for calls that no hook answered."""
        ruling = self._decide(tool, tool_input, context.tool_use_id or "")
        if isinstance(ruling, Ask):
            ruling = Deny(_NOT_FROM_HERE)
        if isinstance(ruling, Allow):
            return PermissionResultAllow(updated_input=dict(ruling.tool_input))
        return PermissionResultDeny(message=ruling.reason)

    async def _pre_tool_use(
        self, hook_input: HookInput, tool_use_id: str | None, _context: HookContext
    ) -> HookJSONOutput:
        call = cast("PreToolUseHookInput", hook_input)
        tool, tool_input, call_id = call["tool_name"], call["tool_input"], tool_use_id or ""
        ruling: Ruling | Defer = self._decide(tool, tool_input, call_id)
        if isinstance(ruling, Ask):
            ruling = self._ask(tool, tool_input, call_id, ruling, of_subagent=bool(call.get("agent_id")))
        match ruling:
            case Allow(tool_input=allowed):
                return _answer({"permissionDecision": "allow", "updatedInput": dict(allowed)})
            case Deny(reason=reason):
                return _answer({"permissionDecision": "deny", "permissionDecisionReason": reason})
            case _:
                return _answer({"permissionDecision": "defer"})

    def _decide(self, tool: str, tool_input: Mapping[str, Any], call_id: str) -> Ruling:
        ruling = self.policy.decide(tool, tool_input)
        decision = self._decision
        if decision is not None and decision.decided is not None and decision.call.id == call_id:
            ruling = self._as_decided(ruling, decision, decision.decided, tool_input)
        if isinstance(ruling, Deny):
            log.info("tool_refused", tool=tool)
        return ruling

    def _as_decided(
        self, ruling: Ruling, decision: Decision, decided: Decided, tool_input: Mapping[str, Any]
    ) -> Ruling:
        """What a person said, unless the policy forbids by now what they allowed."""
        if isinstance(ruling, Deny):
            return ruling
        if not decided.allowed:
            return Deny(_refusal(decided))
        if input_hash(decision.call.tool, tool_input, self._workdir) != decision.call.input_hash:
            log.warning("call_changed", tool=decision.call.tool, decision=decision.id)
            return Deny(_CHANGED)
        if decided.verdict is Verdict.ANSWERED:
            return Allow(answered(tool_input, decided.answers))
        return Deny(_MAYBE_DONE) if self._begun else Allow(ruling.tool_input)

    def _ask(
        self, tool: str, tool_input: Mapping[str, Any], call_id: str, ruling: Ask, *, of_subagent: bool
    ) -> Deny | Defer:
        """End the run with this call, if it can be asked about."""
        if of_subagent:
            return Deny(_NOT_FROM_HERE)
        if self._expired:
            return Deny(_NOBODY_THERE)
        if self.deferred is not None and self.deferred.id != call_id:
            return Deny(_ANOTHER_FIRST)
        self.deferred = deferred_call(call_id, tool, tool_input, ruling, self._workdir)
        log.info("tool_deferred", tool=tool, question=tool == QUESTIONS_TOOL)
        return Defer()

    @property
    def _expired(self) -> bool:
        """Whether the run goes on because nobody decided: then it does not ask once more, for ever."""
        decided = self._decision.decided if self._decision is not None else None
        return decided is not None and decided.verdict is Verdict.EXPIRED


def _refusal(decided: Decided) -> str:
    """What the model is told of a no."""
    if decided.verdict is Verdict.EXPIRED:
        return (
            "Nobody approved this in time, so it was not done. Do what you can without it, and say what was not done."
        )
    if decided.reason:
        return f"The person said no to this: {decided.reason}"
    return "The person said no to this. Don't do it in another way; ask what they want instead, if that is not clear."


def _answer(decision: Mapping[str, Any]) -> HookJSONOutput:
    return cast("SyncHookJSONOutput", {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}})
