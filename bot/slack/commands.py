"""What is typed after the slash command, from text to values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from bot.admin import MAX_TITLE
from bot.model import Person, ThreadFilter, ThreadKey
from bot.slack import wording_commands as wording
from bot.slack.core import Reference
from bot.slack.reply.mode import StreamingMode
from bot.slack.text.plain import plain


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True)
class List:
    """Who is no admin gets only their own of what the query asks for."""

    query: ThreadFilter
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    reference: Reference


@dataclass(frozen=True, slots=True)
class Reset:
    reference: Reference
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Restore:
    """`session_id` is empty for the session that was reset last."""

    reference: Reference
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    reference: Reference


@dataclass(frozen=True, slots=True)
class StopMine:
    """Stop one's own turns that run where it is said."""


@dataclass(frozen=True, slots=True)
class Compact:
    """Go on from a summary. `ts` is that of the message with the word, when it was one in the thread itself."""

    reference: Reference
    ts: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    reference: Reference
    title: str


@dataclass(frozen=True, slots=True)
class Tag:
    reference: Reference
    tag: str


@dataclass(frozen=True, slots=True)
class Continue:
    """An empty reference means the person's most recent session."""

    reference: Reference = ""


@dataclass(frozen=True, slots=True)
class ShowPolicy:
    """What holds for a person in a channel; empty for oneself, and for where it is typed."""

    channel: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was spent."""


@dataclass(frozen=True, slots=True)
class Forget:
    """One conversation, or everything of a person."""

    reference: Reference = ""
    user: str = ""
    """Whose, when no conversation is named."""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """One conversation as files, or all of one's own when none is named."""

    reference: Reference = ""


@dataclass(frozen=True, slots=True)
class SetStreaming:
    """How answers appear in the channel where it is typed, from now on."""

    mode: StreamingMode


@dataclass(frozen=True, slots=True)
class Unclear:
    """What was typed can't be understood; `why` tells the person, with the way out."""

    why: str


Command = (
    Help
    | List
    | Show
    | Reset
    | Restore
    | Stop
    | StopMine
    | Compact
    | Rename
    | Tag
    | Continue
    | ShowPolicy
    | Usage
    | Forget
    | Export
    | SetStreaming
    | Unclear
)

_LINK = re.compile(r"/archives/([A-Z0-9]+)/p(\d{4,12})(\d{6})/?")
_LABELLED = re.compile(r"<(https?://[^|>\s]+)\|[^>]*>")
_ROOT_TS = re.compile(r"\d{1,12}\.\d{6}")
_SESSION_ID = re.compile(r"[0-9a-f]{4,8}(-?[0-9a-f]{1,12}){0,4}")
_CHANNEL = re.compile(r"(?:in:)?<#([A-Z0-9]+)(?:\|[^>]*)?>")
_USER = re.compile(r"(?:by:)?<@([A-Z0-9]+)(?:\|[^>]*)?>")
_UNRESOLVED = re.compile(r"(?:in:|by:)\S*|[#@]\S+")

FILTER_TEXT_CHARS = 100
"""Of the words that a list is filtered by; a page's button has to hold them."""


def parse(text: str, person: Person, command: str) -> Command:
    """Understand what was typed.

    Args:
        text: what stood after the command, as it came over the wire.
        person: who typed it.
        command: the slash command itself, for the answers.
    """
    verb, _, rest = _LABELLED.sub(r"\1", text).strip().partition(" ")
    read = _VERBS.get(verb.casefold())
    if read is None:
        return Unclear(wording.unknown_command(verb, command))
    return read(rest.strip(), person, command)


def reference(word: str, team: str) -> Reference | None:
    """A thread's link, or the start of a session's id; None when the word is neither."""
    word = word.strip("<>`").partition("|")[0].replace("&amp;", "&")
    if word.startswith(("https://", "http://")):
        return _linked(word, team)
    lower = word.lower()
    return lower if _SESSION_ID.fullmatch(lower) else None


def _linked(url: str, team: str) -> ThreadKey | None:
    """`https://example.slack.com/archives/C…/p1700000000000100?thread_ts=1690000000.000100&cid=C…`."""
    parts = urlsplit(url)
    found = _LINK.fullmatch(parts.path)
    if found is None:
        return None
    channel, seconds, micros = found.groups()
    root_ts = parse_qs(parts.query).get("thread_ts", [""])[0]
    return ThreadKey(team, channel, root_ts if _ROOT_TS.fullmatch(root_ts) else f"{seconds}.{micros}")


# --- one reader a command -------------------------------------------------------------------------


def _help(_rest: str, _person: Person, _command: str) -> Command:
    return Help()


def _usage(_rest: str, _person: Person, _command: str) -> Command:
    return Usage()


def _policy(rest: str, _person: Person, command: str) -> Command:
    asked = ShowPolicy()
    for word in rest.split():
        if found := _CHANNEL.fullmatch(word):
            asked = replace(asked, channel=found.group(1))
        elif found := _USER.fullmatch(word):
            asked = replace(asked, user=found.group(1))
        else:
            return Unclear(wording.which_policy(command))
    return asked


def _list(rest: str, person: Person, _command: str) -> Command:
    query, words = ThreadFilter(person.team), []
    for word in rest.split():
        if found := _CHANNEL.fullmatch(word):
            query = replace(query, channel=found.group(1))
        elif found := _USER.fullmatch(word):
            query = replace(query, user=found.group(1))
        elif word.casefold() in ("mine", "by:me", "@me"):
            query = replace(query, user=person.user)
        elif word.casefold() == "all":
            query = replace(query, user="")
        elif word.casefold().startswith("tag:") and len(word) > len("tag:"):
            query = replace(query, tag=tag_of(word))
        elif _UNRESOLVED.fullmatch(word):
            return Unclear(wording.unresolved_filter(word))
        else:
            words.append(word)
    return List(replace(query, text=plain(" ".join(words))[:FILTER_TEXT_CHARS]))


def _continue(rest: str, person: Person, command: str) -> Command:
    if not rest:
        return Continue()
    return _about("continue", Continue)(rest, person, command)


def _about(verb: str, make: Callable[[Reference], Command]) -> Callable[[str, Person, str], Command]:
    """A command that is about one session and takes nothing else."""

    def read(rest: str, person: Person, command: str) -> Command:
        words = rest.split()
        if not words:
            return Unclear(wording.which_session(verb, command))
        found = reference(words[0], person.team)
        if found is None or len(words) > 1:
            return Unclear(wording.not_a_session(rest, command))
        return make(found)

    return read


def _stop(rest: str, person: Person, command: str) -> Command:
    return _about("stop", Stop)(rest, person, command) if rest.strip() else StopMine()


def tag_of(typed: str) -> str:
    """A tag as it is kept and looked for: one word in lower case, so that it can be typed after `tag:`."""
    return "-".join(plain(typed).replace("`", "").lower().split()).removeprefix("tag:")


def _rename(rest: str, person: Person, command: str) -> Command:
    word, _, title = rest.partition(" ")
    found = reference(word, person.team) if word else None
    if found is None:
        return Unclear(wording.not_a_session(word, command) if word else wording.which_session("rename", command))
    title = plain(title)
    if len(title) > MAX_TITLE:
        return Unclear(wording.too_long(MAX_TITLE))
    return Rename(found, title) if title else Unclear(wording.which_title(command))


def _tag(rest: str, person: Person, command: str) -> Command:
    """No tag takes the tag away."""
    word, _, tag = rest.partition(" ")
    found = reference(word, person.team) if word else None
    if found is None:
        return Unclear(wording.not_a_session(word, command) if word else wording.which_session("tag", command))
    tag = tag_of(tag)
    return Tag(found, tag) if len(tag) <= MAX_TITLE else Unclear(wording.too_long(MAX_TITLE))


def _forget(rest: str, person: Person, command: str) -> Command:
    """Without more it is about oneself."""
    words = rest.split()
    if not words or [word.casefold() for word in words] in (["me"], ["mine"]):
        return Forget(user=person.user)
    named = _USER.fullmatch(words[0])
    if named is not None and len(words) == 1:
        return Forget(user=named.group(1))
    if _UNRESOLVED.fullmatch(words[0]):
        return Unclear(wording.unresolved_filter(words[0]))
    return _about("forget", Forget)(rest, person, command)


def _export(rest: str, person: Person, command: str) -> Command:
    if not rest or rest.casefold() in ("me", "mine"):
        return Export()
    return _about("export", Export)(rest, person, command)


def _set(rest: str, _person: Person, command: str) -> Command:
    what, _, value = rest.casefold().partition(" ")
    if what == "streaming" and value.strip() in set(StreamingMode):
        return SetStreaming(StreamingMode(value.strip()))
    return Unclear(wording.which_setting(command))


_VERBS: dict[str, Callable[[str, Person, str], Command]] = {
    "": _help,
    "help": _help,
    "list": _list,
    "show": _about("show", Show),
    "reset": _about("reset", Reset),
    "restore": _about("restore", Restore),
    "stop": _stop,
    "compact": _about("compact", Compact),
    "rename": _rename,
    "tag": _tag,
    "continue": _continue,
    "policy": _policy,
    "usage": _usage,
    "forget": _forget,
    "export": _export,
    "set": _set,
}

VERBS = tuple(verb for verb in _VERBS if verb)
"""Every word that can follow the command."""
