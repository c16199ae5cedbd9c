"""What the page says about the playground it belongs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to try, offered on first open: choosing it fills the composer.

    `place` is `dm` or `channel`; `{bot}` and `{command}` in `text` become the bot's mention and the slash command.
    """

    title: str
    text: str
    place: str = "dm"


SUGGESTIONS = (
    Suggestion("Let it remember", "Remember that my favourite colour is aubergine"),
    Suggestion("Let it use a tool", "Write notes.md: water the plants on Friday"),
    Suggestion("Let it ask you", "Ask me some questions"),
    Suggestion("Ask in a channel", "{bot} write a long answer about threads, slowly", "channel"),
    Suggestion("See all conversations", "{command} list"),
)
"""Words that the scripted model understands too."""


@dataclass(frozen=True, slots=True)
class PlaygroundFacts:
    """What the footer says, and what the page's menus need to know of the bot.

    Args:
        model: who answers, in plain words: `Scripted model` or `Claude (claude-sonnet-4-5)`.
        store: where sessions are kept: `redis-server`, `in memory`.
        store_note: what follows from that for the person, in one short sentence.
        command: the bot's slash command, with its slash.
        fork_emoji: names of the branch emoji, without colons; the first is offered first.
        scripted: the model is scripted; the page says so more plainly.
        suggestions: what to try on first open.
    """

    model: str
    store: str
    store_note: str
    command: str
    fork_emoji: tuple[str, ...]
    scripted: bool = True
    suggestions: tuple[Suggestion, ...] = SUGGESTIONS


SUBCOMMANDS = (
    ("help", "", "What I can do, and how"),
    ("list", "[words] [#channel] [@person] [tag:name]", "Your conversations, the newest first"),
    ("show", "ID or link", "One conversation: its lineage and its last exchanges"),
    ("continue", "[ID or link]", "Go on with a conversation in a new thread here"),
    ("reset", "ID or link", "Start afresh in a thread; the old session is kept"),
    ("restore", "ID or link", "Bring the session before the reset back"),
    ("stop", "ID or link", "Stop the answer that is being written"),
    ("rename", "ID new title", "Give a conversation another title"),
    ("tag", "ID name", "Tag a conversation, to find it again"),
)
"""The command's words as the composer completes them: word, arguments, what it does."""
