"""Slack as the core sees it: the port `Chat`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import Attachment, Decision, Level, Message, Person, ScopeKind, Spoken, Thread, ThreadKey, Turn
from bot.ports import Journal, Reply
from bot.slack import wording, wording_money
from bot.slack.api.conversations import Conversations
from bot.slack.api.directory import Directory
from bot.slack.api.downloads import Downloads
from bot.slack.api.installations import Installations
from bot.slack.api.permalinks import permalink
from bot.slack.changes import Changes
from bot.slack.decisions.posting import Cards
from bot.slack.normalise import written
from bot.slack.reply.finale import held_back_blocks
from bot.slack.text.mrkdwn import escaped_within
from bot.slack.views import branch as branch_view
from bot.slack.views.home import concerned
from bot.slack.wire import Json, obj, objects, text, timestamp

log = structlog.get_logger(__name__)

WAITING_EMOJI = "hourglass_flowing_sand"
"""The reaction on a message that waits."""

ASKED_AGAIN_CHARS = 3_000
"""Of a message that is asked again, when it is quoted."""


NAME_CHARS = 80


class ReplyMaker(Protocol):
    """See `bot.slack.reply.replies.Replies`."""

    def open(self, turn: Turn, journal: Journal) -> AbstractAsyncContextManager[Reply]: ...


class SlackChat:
    """Implements `bot.ports.Chat` for every workspace the bot is installed in."""

    def __init__(
        self,
        installations: Installations,
        replies: ReplyMaker,
        directory: Directory,
        downloads: Downloads,
        changes: Changes,
    ) -> None:
        self._installations = installations
        self._replies = replies
        self._directory = directory
        self._downloads = downloads
        self._changes = changes
        self._conversations = Conversations(installations)
        self._cards = Cards(installations)

    @asynccontextmanager
    async def reply(self, turn: Turn, journal: Journal) -> AsyncIterator[Reply]:
        people = concerned(turn.thread) | {message.user for message in turn.prompt.messages}
        self._changes.tell(turn.thread.key.team, people)
        try:
            async with self._replies.open(turn, journal) as reply:
                yield reply
        finally:
            self._changes.tell(turn.thread.key.team, people)

    # --- messages that wait ---------------------------------------------------------------------

    async def mark_waiting(self, message: Message) -> None:
        """Put an hourglass on it. It is a courtesy: failing is logged, and nothing else."""
        await self._react("reactions.add", message)

    async def unmark_waiting(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._react("reactions.remove", message)

    async def offer_held_back(self, thread: ThreadKey, count: int) -> None:
        """A message in the thread. It is a courtesy too: writing on does the same."""
        blocks = held_back_blocks(thread, count)
        await self._post_kindly(thread, wording.held_back(count), "held_back_not_shown", blocks=blocks)

    async def tell_of_bots(self, thread: ThreadKey) -> None:
        """A message in the thread that names nobody, so that no bot takes it for a message to itself."""
        await self._post_kindly(thread, wording.BOTS_TALKING, "bots_not_told", urgent=False)

    async def warn_of_budgets(self, payer: Person, thread: ThreadKey, levels: Sequence[Level]) -> None:
        """A courtesy as well; the log has it too."""
        for level in levels:
            only_for = payer.user if level.scope is ScopeKind.USER else ""
            said = f":warning: {wording_money.nearly_used(level)}"
            await self._post_kindly(thread, said, "budget_warning_not_shown", only_for=only_for)

    async def _post_kindly(
        self,
        thread: ThreadKey,
        said: str,
        otherwise: str,
        *,
        urgent: bool = True,
        only_for: str = "",
        blocks: Sequence[Mapping[str, object]] | None = None,
    ) -> None:
        """Post into a thread what nothing depends on.

        Args:
            otherwise: the event that is logged when Slack doesn't take it.
            only_for: the one who sees it; empty for everybody.
        """
        web = (await self._installations.of(thread.team)).web
        try:
            await web.call(
                "chat.postEphemeral" if only_for else "chat.postMessage",
                safe_to_repeat=False,
                urgent=urgent,
                channel=thread.channel,
                thread_ts=thread.root_ts,
                user=only_for or None,
                text=said,
                blocks=blocks,
            )
        except (ChatRefused, ChatAway) as error:
            log.warning(otherwise, thread=str(thread), error=str(error))

    async def show_place(self, thread: ThreadKey, place: int) -> None:
        """Say it in the status, which the turn's own replaces. It is a courtesy as well."""
        try:
            web = (await self._installations.of(thread.team)).web
            await web.call(
                "assistant.threads.setStatus",
                safe_to_repeat=False,
                channel_id=thread.channel,
                thread_ts=thread.root_ts,
                status=wording.waits_in_line(place),
            )
        except (ChatRefused, ChatAway) as error:
            log.debug("place_not_shown", error=str(error))

    async def _react(self, method: str, message: Message) -> None:
        try:
            web = (await self._installations.of(message.thread.team)).web
            await web.call(
                method,
                safe_to_repeat=True,
                urgent=True,
                channel=message.thread.channel,
                timestamp=message.ts,
                name=WAITING_EMOJI,
            )
        except ChatRefused as refused:
            if refused.code not in ("already_reacted", "no_reaction", "message_not_found"):
                log.warning("hourglass_refused", method=method, code=refused.code)
        except ChatAway as away:
            log.warning("hourglass_failed", method=method, error=str(away))

    # --- people, places, what was said -----------------------------------------------------------

    async def history(self, thread: ThreadKey, before_ts: str, limit: int) -> Sequence[Spoken]:
        return await self._conversations.history(thread, before_ts, limit)

    async def written(self, thread: ThreadKey, ts: str) -> Message | None:
        found = await self._conversations.message(thread.team, thread.channel, ts)
        own = (await self._installations.of(thread.team)).own
        return written(found, thread, own) if found is not None and timestamp(found, "ts") == ts else None

    async def name_of(self, person: Person) -> str:
        return await self._directory.name_of(person)

    async def is_admin(self, person: Person) -> bool:
        return await self._directory.is_admin(person)

    async def can_read(self, person: Person, channel: str) -> bool:
        return await self._directory.can_read(person, channel)

    async def download(self, team: str, attachment: Attachment, into: Path) -> Path:
        """See `Downloads.get`. Raises ChatRefused and ChatAway."""
        return await self._downloads.get(await self._installations.of(team), attachment, into)

    async def link(self, thread: ThreadKey, ts: str = "") -> str:
        """Slack's own permalink; one made by its rules when Slack gives none."""
        installation = await self._installations.of(thread.team)
        try:
            answer = await installation.web.call(
                "chat.getPermalink",
                safe_to_repeat=True,
                urgent=True,
                channel=thread.channel,
                message_ts=ts or thread.root_ts,
            )
        except (ChatRefused, ChatAway) as error:
            log.info("permalink_made", error=str(error))
            return permalink(installation.url, thread, ts)
        return text(answer, "permalink") or permalink(installation.url, thread, ts)

    # --- branches -------------------------------------------------------------------------------

    async def open_branch(
        self, person: Person, channel: str, source: Thread, ts: str, *, ask_again: bool, nearly_full: bool
    ) -> str:
        web = (await self._installations.of(person.team)).web
        link = await self.link(source.key, ts)
        root = branch_view.root(source, link, person.user, ask_again=ask_again, nearly_full=nearly_full)
        answer = await web.call(
            "chat.postMessage",
            safe_to_repeat=False,
            urgent=True,
            channel=channel,
            text=root.text,
            blocks=[block.to_dict() for block in root.blocks],
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    async def announce_branch(self, person: Person, source: ThreadKey, branch: ThreadKey) -> None:
        who = escaped_within(await self.name_of(person), NAME_CHARS)
        await self._say(source, f"{wording.branch_announced(await self.link(branch))} ({who})")

    async def ask_again(self, person: Person, branch: ThreadKey, text: str) -> None:
        """Quote the question in the branch, and take the button off its root, with the sentence about it."""
        await self._say(branch, wording.asked_again(escaped_within(text, ASKED_AGAIN_CHARS)))
        root = await self._conversations.message(branch.team, branch.channel, branch.root_ts)
        if root is None:
            return
        blocks = [block for block in objects(root, "blocks") if not _offers_to_ask_again(block)]
        web = (await self._installations.of(person.team)).web
        try:
            await web.call(
                "chat.update",
                safe_to_repeat=True,
                urgent=True,
                channel=branch.channel,
                ts=branch.root_ts,
                text=root.get("text", ""),
                blocks=blocks,
            )
        except (ChatRefused, ChatAway) as error:
            # The question is asked all the same, and pressing the button twice asks nothing.
            log.warning("button_stays", branch=str(branch), error=str(error))

    # --- decisions ------------------------------------------------------------------------------

    async def ask(self, decision: Decision, *, again: bool = False) -> str:
        return await self._cards.ask(decision, again=again)

    async def show_decided(self, decision: Decision) -> None:
        await self._cards.show_decided(decision)
        self._changes.tell(decision.thread.team, (decision.asked,))

    async def _say(self, thread: ThreadKey, said: str) -> None:
        """Post a message of the bot's own into a thread."""
        web = (await self._installations.of(thread.team)).web
        await web.call(
            "chat.postMessage",
            safe_to_repeat=False,
            urgent=True,
            channel=thread.channel,
            thread_ts=thread.root_ts,
            text=said,
            unfurl_links=False,
            unfurl_media=False,
        )


def _offers_to_ask_again(block: Json) -> bool:
    return block.get("type") == "actions" or text(obj(block, "text"), "text") == wording.branch_asks_again()
