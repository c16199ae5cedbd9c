"""Message events, from the wire to values: parsed once, here.

What is not for the bot becomes `Ignored`, with the reason; a malformed event too. Nothing here raises, and nothing
here asks Slack.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Address, Attachment, Message, Person, ThreadKey
from bot.slack.text.plain import mentions, plain
from bot.slack.wire import Json, event_team, identifier, number, obj, objects, text, timestamp

HUMAN_SUBTYPES = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Subtypes of what people write; every other one is news about a channel, a bot, or a change."""

SLACKBOT = "USLACKBOT"
NAMELESS_FILE = "file"
A_BOTS = "a bot's"


@dataclass(frozen=True, slots=True)
class Own:
    """Who the bot is in a workspace."""

    user: str
    bot: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Not for us. The reason is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The author changed a message's text."""

    thread: ThreadKey
    ts: str
    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    thread: ThreadKey
    ts: str


@dataclass(frozen=True, slots=True)
class ReplyDeleted:
    """Somebody deleted a message of the bot's own."""

    thread: ThreadKey
    ts: str


class WordKind(StrEnum):
    RESET = "reset"
    RESTORE = "restore"
    STOP = "stop"
    COMPACT = "compact"
    HELP = "help"
    NAME = ""
    """The bot's name alone."""


@dataclass(frozen=True, slots=True)
class Word:
    """A message that is nothing but a word to the bot. `asked`: the bot was spoken to, by a mention or in a DM."""

    kind: WordKind
    thread: ThreadKey
    ts: str
    person: Person
    asked: bool

    @property
    def at_root(self) -> bool:
        """It was written outside of any thread."""
        return self.ts == self.thread.root_ts


Arrival = Message | Edited | Deleted | ReplyDeleted | Word | Ignored


def arrival(body: Json, own: Own) -> Arrival:
    """What a `message` or `app_mention` event means.

    Args:
        body: the whole Events API body.
        own: the bot in the workspace the event was sent to.
    """
    event = obj(body, "event")
    team, channel = event_team(body), identifier(event, "channel")
    shared = body.get("is_ext_shared_channel") is not False
    if not (team and channel):
        return Ignored("no team or channel")
    subtype = text(event, "subtype")
    if subtype == "message_changed":
        return _changed(event, team, channel, own)
    if subtype == "message_deleted":
        return _deleted(event, team, channel, own)
    if subtype not in HUMAN_SUBTYPES:
        return Ignored(f"subtype {subtype}")
    return _written(event, team, channel, own, shared=shared)


def thread_key(team: str, channel: str, message: Json) -> ThreadKey | None:
    """The thread a message belongs to: the one place where that is decided. None without a ts."""
    root_ts = timestamp(message, "thread_ts") or timestamp(message, "ts")
    return ThreadKey(team, channel, root_ts) if root_ts else None


def attachments(message: Json) -> tuple[Attachment, ...]:
    """The files that hang on a message.

    A file that Slack only names (`file_access: check_file_info`, in Slack Connect channels) has no address yet: its
    `url` is empty, and files.info tells the rest.
    """
    return tuple(_attachment(file) for file in objects(message, "files") if _is_there(file))


def written(message: Json, thread: ThreadKey, own: Own) -> Message | None:
    """A message as Slack shows it of a thread's past; None when no person wrote it."""
    if _not_a_person(message, own) or text(message, "subtype") not in HUMAN_SUBTYPES:
        return None
    return Message(
        thread,
        timestamp(message, "ts"),
        identifier(message, "user"),
        _said(message, own),
        Address.BOT,
        user_team=_user_team(message, thread.team, shared=True),
        is_dm=thread.channel.startswith("D"),
        files=attachments(message),
    )


# --- what people write --------------------------------------------------------------------------------------------


def _written(event: Json, team: str, channel: str, own: Own, *, shared: bool) -> Arrival:
    """`shared`: people of other workspaces may be in the channel."""
    why, named = _not_a_person(event, own), mentions(text(event, "text"))
    # Were each message of a bot a prompt, two of them would talk without end.
    by_bot = why == A_BOTS and own.user in named
    if why and not by_bot:
        return Ignored(why)
    thread, ts, user = thread_key(team, channel, event), timestamp(event, "ts"), identifier(event, "user")
    if thread is None or not ts:
        return Ignored("no ts")
    is_dm = _is_dm(event, channel)
    said, files = _said(event, own), attachments(event)
    asked = is_dm or own.user in named
    if not said and not files and (by_bot or own.user not in named):
        return Ignored("empty")
    kind = _word(said) if not (files or by_bot) else None
    if kind is not None and (asked or (kind is WordKind.STOP and thread.root_ts != ts)):
        if text(event, "type") == "app_mention":
            return Ignored("the word comes as a message too")
        return Word(kind, thread, ts, Person(team, user), asked=asked)
    address = Address.BOT if asked else Address.OTHER if named else Address.OPEN
    return Message(
        thread,
        ts,
        user,
        said,
        address,
        user_team=_user_team(event, team, shared=shared),
        is_dm=is_dm,
        by_bot=by_bot,
        under_bot=identifier(event, "parent_user_id") == own.user,
        files=files,
    )


def _not_a_person(message: Json, own: Own) -> str:
    """Why the author is not a person, or empty when it is one."""
    user = identifier(message, "user")
    if not user:
        return "no author"
    bot = text(message, "bot_id")
    if user == own.user or (bot and bot == own.bot):
        return "our own"
    if bot or message.get("bot_profile") or user == SLACKBOT:
        return A_BOTS
    return ""


def _is_dm(event: Json, channel: str) -> bool:
    """`app_mention` carries no channel_type; ids of DMs start with D."""
    return (text(event, "channel_type") or ("im" if channel.startswith("D") else "")) == "im"


def _user_team(event: Json, team: str, *, shared: bool) -> str:
    """The author's own workspace, as far as Slack says. The fields may hold an organisation's id (E…), which is none.

    In a shared channel `team` alone is no proof that somebody is of this workspace.
    """
    for name in ("user_team", "source_team", "team"):
        found = identifier(event, name)
        if found.startswith("T") and not (shared and name == "team" and found == team):
            return found
    return "" if shared else team


def _word(said: str) -> WordKind | None:
    """The word that a message is; `Stop!` is one too, and a lone `!` is none."""
    word = said.casefold().rstrip(" .!?…")
    try:
        return WordKind(word) if bool(word) == bool(said) else None
    except ValueError:
        return None


def _said(message: Json, own: Own) -> str:
    """The message's text, and below it what was forwarded with it."""
    forwarded = (
        f"> {text(shared, 'author_name') or 'Somebody'} wrote:\n> " + plain(text(shared, "text")).replace("\n", "\n> ")
        for shared in objects(message, "attachments")
        if shared.get("is_share") is True and text(shared, "text")
    )
    return "\n\n".join(part for part in (plain(text(message, "text"), own.user), *forwarded) if part)


def _is_there(file: Json) -> bool:
    return bool(identifier(file, "id")) and text(file, "mode") not in ("tombstone", "hidden_by_limit")


def _attachment(file: Json) -> Attachment:
    return Attachment(
        id=identifier(file, "id"),
        name=text(file, "name") or text(file, "title") or NAMELESS_FILE,
        mimetype=text(file, "mimetype"),
        size_bytes=max(0, number(file, "size")),
        url=text(file, "url_private_download") or text(file, "url_private"),
    )


# --- what becomes of it afterwards --------------------------------------------------------------------------------


def _changed(event: Json, team: str, channel: str, own: Own) -> Arrival:
    now, before = obj(event, "message"), obj(event, "previous_message")
    thread, ts = thread_key(team, channel, now), timestamp(now, "ts")
    if thread is None or not ts:
        return Ignored("no ts")
    stranger = _not_a_person(now, own)
    if text(now, "subtype") == "tombstone":
        # What Slack makes of the first message of a thread when it is deleted while replies hang on it.
        return Deleted(thread, ts)
    if stranger:
        return Ignored(stranger)
    if not obj(now, "edited"):
        return Ignored("changed by Slack")
    if text(now, "text") == text(before, "text"):
        return Ignored("the text is the same")
    said = _said(now, own)
    if not said and not attachments(now):
        return Deleted(thread, ts)
    return Edited(thread, ts, identifier(now, "user"), said)


def _deleted(event: Json, team: str, channel: str, own: Own) -> Arrival:
    before = obj(event, "previous_message")
    ts = timestamp(event, "deleted_ts") or timestamp(before, "ts")
    if not ts:
        return Ignored("no ts")
    thread = ThreadKey(team, channel, timestamp(before, "thread_ts") or ts)
    stranger = _not_a_person(before, own) if before else ""
    if stranger == "our own":
        return ReplyDeleted(thread, ts)
    return Ignored("not a person's") if stranger == A_BOTS else Deleted(thread, ts)
