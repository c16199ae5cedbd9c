"""How the SDK asks about a tool call: the hook that sees every call, and the callback that is the second line."""

from __future__ import annotations

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

from bot.agent.permissions import Allow, Ask, Deny, Policy

log = structlog.get_logger(__name__)

_TIMEOUT_S = 30.0
_NOBODY_TO_ASK = "This is not permitted here."


class Gate:
    """Asks a policy about every tool call. A call about which it fails is blocked.

    A process keeps its gate for life; each turn may set another policy.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def hooks(self) -> dict[HookEvent, list[HookMatcher]]:
        return {"PreToolUse": [HookMatcher(hooks=[self._pre_tool_use], timeout=_TIMEOUT_S, on_failure="block")]}

    async def can_use_tool(
        self, tool: str, tool_input: dict[str, Any], _context: ToolPermissionContext
    ) -> PermissionResultAllow | PermissionResultDeny:
        """Asked by the CLI for calls that no hook answered."""
        ruling = self._decide(tool, tool_input)
        if isinstance(ruling, Allow):
            return PermissionResultAllow(updated_input=dict(ruling.tool_input))
        return PermissionResultDeny(message=ruling.reason)

    async def _pre_tool_use(
        self, hook_input: HookInput, _tool_use_id: str | None, _context: HookContext
    ) -> HookJSONOutput:
        call = cast("PreToolUseHookInput", hook_input)
        ruling = self._decide(call["tool_name"], call["tool_input"])
        if isinstance(ruling, Allow):
            return SyncHookJSONOutput(
                hookSpecificOutput={
                    "hookEventName": "PreToolUse",
                    "permissionDecision": "allow",
                    "updatedInput": dict(ruling.tool_input),
                }
            )
        return SyncHookJSONOutput(
            hookSpecificOutput={
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": ruling.reason,
            }
        )

    def _decide(self, tool: str, tool_input: dict[str, Any]) -> Allow | Deny:
        ruling = self.policy.decide(tool, tool_input)
        if isinstance(ruling, Ask):
            ruling = Deny(_NOBODY_TO_ASK)
        if not isinstance(ruling, Allow):
            log.info("tool_refused", tool=tool)
        return ruling
