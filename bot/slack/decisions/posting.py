"""Cards in their threads: posted once, whoever posts them, and brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import Decision
from bot.slack.api.installations import Installations
from bot.slack.decisions.cards import card
from bot.slack.wire import objects, timestamp

log = structlog.get_logger(__name__)

METADATA_EVENT = "agent_decision"
"""event_type of the metadata on a card; its payload says which decision's."""

_LOOK_BACK_S = 120.0
"""How far before a decision was asked for its card is looked for, in case our clock and Slack's differ."""

_LOOK_LIMIT = 100

SUSPENDED, ACTIVE = "suspended", "active"
"""What Slack's list of sessions shows while one waits for a person, and afterwards."""


class Cards:
    """Shows decisions in Slack."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def ask(self, decision: Decision, *, again: bool = False) -> str:
        """See `Chat.ask`. Raises ChatRefused, and ChatAway when nobody knows whether it was posted."""
        found = await self._find(decision) if again else ""
        ts = found or await self._post(decision)
        await self._tell_session(decision, SUSPENDED)
        return ts

    async def show_decided(self, decision: Decision) -> None:
        """See `Chat.show_decided`. A card that is gone is left at that; Slack's refusals are only logged."""
        try:
            ts = decision.card_ts or await self._find(decision)
            if ts:
                await self._update(decision, ts)
        except ChatRefused as refused:
            log.info("card_not_updated", decision=decision.id, code=refused.code)
        await self._tell_session(decision, ACTIVE)

    async def _post(self, decision: Decision) -> str:
        try:
            answer = await self._call(
                "chat.postMessage",
                decision,
                safe_to_repeat=False,
                thread_ts=decision.thread.root_ts,
                unfurl_links=False,
                unfurl_media=False,
                **_content(decision),
            )
        except ChatAway as away:
            found = await self._find(decision) if away.sent else ""
            if found:
                return found
            raise
        return timestamp(answer, "ts")

    async def _update(self, decision: Decision, ts: str) -> None:
        await self._call("chat.update", decision, safe_to_repeat=True, ts=ts, **_content(decision))

    async def _find(self, decision: Decision) -> str:
        """The ts of the card, if Slack has it."""
        answer = await self._call(
            "conversations.replies",
            decision,
            safe_to_repeat=True,
            ts=decision.thread.root_ts,
            oldest=f"{decision.asked_at - _LOOK_BACK_S:.6f}",
            limit=_LOOK_LIMIT,
            include_all_metadata=True,
        )
        for message in objects(answer, "messages"):
            if message.get("metadata") == _metadata(decision):
                return timestamp(message, "ts")
        return ""

    async def _tell_session(self, decision: Decision, status: str) -> None:
        """Slack's own list of sessions shows which of them wait. It is a courtesy: failing is logged, no more."""
        thread = decision.thread
        web = (await self._installations.of(thread.team)).web
        try:
            await web.call(
                "agents.sessions.setStatus",
                safe_to_repeat=True,
                channel_id=thread.channel,
                thread_ts=thread.root_ts,
                status=status,
            )
        except (ChatRefused, ChatAway) as error:
            log.debug("session_status_failed", error=str(error))

    async def _call(
        self, method: str, decision: Decision, *, safe_to_repeat: bool, **arguments: Any
    ) -> Mapping[str, object]:
        web = (await self._installations.of(decision.thread.team)).web
        channel = decision.thread.channel
        return await web.call(method, safe_to_repeat=safe_to_repeat, urgent=True, channel=channel, **arguments)


def _content(decision: Decision) -> dict[str, Any]:
    """What the card says, as postMessage and update take it."""
    notice = card(decision)
    return {
        "text": notice.text,
        "blocks": [block.to_dict() for block in notice.shown()],
        "metadata": _metadata(decision),
    }


def _metadata(decision: Decision) -> Mapping[str, object]:
    return {"event_type": METADATA_EVENT, "event_payload": {"decision_id": decision.id}}
