"""Answers that only the one who asked sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import aiohttp
import structlog
from slack_sdk.models.views import View
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import AlreadyDecided, ChatAway, ChatRefused, LeaseLost, Reason, Refusal, StoreAway
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.api.installations import Installations
from bot.slack.core import Admits
from bot.slack.decisions.words import already_decided
from bot.slack.gestures import Place
from bot.slack.text.mrkdwn import escaped
from bot.slack.views import modals
from bot.slack.views.parts import Notice

log = structlog.get_logger(__name__)

TIMEOUT_S = 10

_NOT_A_MEMBER = frozenset({"not_in_channel", "channel_not_found"})
_THREAD_GONE = frozenset({"thread_not_found", "invalid_thread_ts", "message_not_found"})


_TURNED_AWAY = frozenset({Reason.NOT_HERE, Reason.NOT_FOR_YOU})


class Told(Protocol):
    """Who was told that they are kept out: see `bot.store.turned_away`. Raises StoreAway."""

    async def first(self, team: str, channel: str, user: str) -> bool: ...


class Answers:
    """Does what people ask for, if they may, and tells them of it: to them alone, as far as Slack allows."""

    def __init__(
        self, installations: Installations, session: aiohttp.ClientSession, admission: Admits, told: Told
    ) -> None:
        self._installations = installations
        self._session = session
        self._admission = admission
        self._told = told

    async def tell(self, place: Place, notice: Notice, *, instead: bool = False) -> None:
        """Answer, by whichever way works: the gesture's own address, an ephemeral message, a DM.

        Args:
            instead: take the place of the ephemeral message on which a button was pressed.

        Raises:
            ChatAway, ChatRefused: none of them works.
        """
        if place.view_id:
            await self._show_in_view(place, notice)
            return
        if place.response_url and await self._respond(place, notice, instead=instead and place.on_ephemeral):
            return
        await self._post(place, notice)

    async def dismiss(self, place: Place) -> None:
        """Take the ephemeral message away on which a button was pressed."""
        if place.response_url and place.on_ephemeral:
            await self._send(place.response_url, {"delete_original": True})

    async def open(self, place: Place, view: View) -> None:
        """Open a modal, or put it on top of the one that is open.

        Raises:
            ChatAway, ChatRefused: for example when more than 3 seconds have passed.
        """
        web = (await self._installations.of(place.person.team)).web
        method = "views.push" if place.in_modal else "views.open"
        await web.call(method, safe_to_repeat=False, urgent=True, trigger_id=place.trigger_id, view=view.to_dict())

    async def replace(self, place: Place, view: View) -> None:
        """Show another view in the modal that is open. Raises ChatAway and ChatRefused."""
        web = (await self._installations.of(place.person.team)).web
        await web.call("views.update", safe_to_repeat=True, urgent=True, view_id=place.view_id, view=view.to_dict())

    async def attend(self, place: Place, work: Callable[[], Awaitable[None]]) -> None:
        """Do what somebody asked for, if they may deal with the bot at all; when it can't be done, tell them why.

        Nothing is let out: what goes wrong is logged, and put into words.
        """
        try:
            await self._admission.check(place.person, place.channel)
            await work()
        except AlreadyDecided as decided:
            await self._tell_trouble(place, already_decided(decided))
        except Refusal as refusal:
            await self.refuse(place, refusal)
        except LeaseLost:
            await self._tell_trouble(place, wording.refusal(Reason.BUSY))
        except StoreAway as away:
            log.warning("store_away", error=str(away))
            await self._tell_trouble(place, wording.STORE_AWAY)
        except (ChatAway, ChatRefused) as error:
            log.warning("gesture_failed", error=type(error).__name__, detail=str(error))
            await self._tell_trouble(place, _words_for(error))
        except Exception:
            log.exception("gesture_broke")
            await self._tell_trouble(place, wording.BROKEN)

    async def refuse(self, place: Place, refusal: Refusal) -> None:
        """Say why something can't be done. Whom the policy keeps out is told once a day, unless they asked for it."""
        turned_away = refusal.reason in _TURNED_AWAY and not place.awaits_answer
        if turned_away and (place.unasked or not await self._not_told_yet(place)):
            return
        log.info("refusal_told", user=place.person.user, reason=refusal.reason.value)
        await self._tell_trouble(place, wording.refusal(refusal.reason, escaped(refusal.detail)))

    async def _not_told_yet(self, place: Place) -> bool:
        try:
            return await self._told.first(place.person.team, place.channel, place.person.user)
        except StoreAway as away:
            log.warning("store_away", error=str(away))
            return False

    async def _tell_trouble(self, place: Place, text: str) -> None:
        try:
            await self.tell(place, Notice(text))
        except (ChatAway, ChatRefused) as error:
            log.warning("answer_failed", error=type(error).__name__, detail=str(error))

    # --- the ways -------------------------------------------------------------------------------

    async def _respond(self, place: Place, notice: Notice, *, instead: bool) -> bool:
        body: dict[str, object] = {
            "response_type": "ephemeral",
            "replace_original": instead,
            "text": notice.text,
            "blocks": [block.to_dict() for block in notice.shown()],
        }
        if place.thread_ts and not instead:
            body["thread_ts"] = place.thread_ts
        return await self._send(place.response_url, body)

    async def _send(self, url: str, body: dict[str, object]) -> bool:
        webhook = AsyncWebhookClient(url, timeout=TIMEOUT_S, session=self._session, retry_handlers=[])
        try:
            response = await webhook.send_dict(body)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("response_url_failed", error=type(error).__name__)
            return False
        if response.status_code != 200:
            log.info("response_url_refused", status=response.status_code)
        return response.status_code == 200

    async def _post(self, place: Place, notice: Notice) -> None:
        web = (await self._installations.of(place.person.team)).web
        blocks = [block.to_dict() for block in notice.shown()]
        # A thread can be gone by now; the channel will do then.
        for thread_ts in dict.fromkeys((place.thread_ts, "")) if place.channel else ():
            try:
                await web.call(
                    "chat.postEphemeral",
                    safe_to_repeat=False,
                    urgent=True,
                    channel=place.channel,
                    user=place.person.user,
                    thread_ts=thread_ts or None,
                    text=notice.text,
                    blocks=blocks,
                )
            except ChatRefused as refused:
                log.info("ephemeral_refused", code=refused.code)
                if refused.code not in _THREAD_GONE:
                    break
            else:
                return
        in_dm = place.channel.startswith("D")
        # In a DM everything is private anyway; from elsewhere the answer goes to the person's DM.
        await web.call(
            "chat.postMessage",
            safe_to_repeat=False,
            urgent=True,
            channel=place.channel if in_dm else place.person.user,
            thread_ts=(place.thread_ts or None) if in_dm else None,
            text=notice.text,
            blocks=blocks,
        )

    async def _show_in_view(self, place: Place, notice: Notice) -> None:
        """App Home and modals take no messages: the answer is a modal of its own, or the one that is open."""
        view = modals.answer(notice)
        await (self.replace(place, view) if place.in_modal else self.open(place, view))


def _words_for(error: ChatAway | ChatRefused) -> str:
    if isinstance(error, ChatAway):
        return wording.CHAT_AWAY
    return words.NOT_A_MEMBER if error.code in _NOT_A_MEMBER else wording.BROKEN
