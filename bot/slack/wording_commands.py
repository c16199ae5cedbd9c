"""Sentences around commands, lists and shortcuts, in the manner of `bot.slack.wording`.

What a person or the model typed is escaped here, since these texts go into blocks.
"""

from __future__ import annotations

from bot.model import Health, Thread, ThreadStatus
from bot.slack.reply.mode import StreamingMode
from bot.slack.text.mrkdwn import cut, escaped
from bot.slack.text.plain import plain
from bot.slack.wording import duration

# --- what was typed -------------------------------------------------------------------------------

ECHO_CHARS = 60
"""Of what a person typed, when an answer repeats it."""


def unknown_command(verb: str, command: str) -> str:
    return f"I don't know “{_echo(verb)}”. `{command} help` shows what I can do."


def which_session(verb: str, command: str) -> str:
    return (
        f"Which conversation? Write `{command} {verb} ID`, or a link to its thread instead of the ID. "
        f"`{command} list` shows yours, each with its ID; `{command} help` says more."
    )


def not_a_session(typed: str, command: str) -> str:
    return (
        f"“{_echo(typed)}” is neither the ID of a conversation nor a link to one. "
        f"`{command} list` shows yours, each with its ID, and a thread's link is in its message menu, *Copy link*; "
        f"`{command} help` says more."
    )


def which_title(command: str) -> str:
    return f"Which title? Write it after the ID: `{command} rename ID new title`."


def too_long(most: int) -> str:
    return f"That is too long: at most {most} characters, please."


def unresolved_filter(word: str) -> str:
    return (
        f"I can't tell who or what “{_echo(word)}” is. "
        "Type `#` or `@` and choose the channel or the person from Slack's suggestions."
    )


POLICY_NOT_YOURS = "Only admins see what holds for other people, or in other places. Leave both out to see your own."
POLICY_TITLE = "What holds for {user} {place}"


def which_policy(command: str) -> str:
    """For somebody who asked for a policy in words that name neither a channel nor a person."""
    return f"Write `{command} policy`, or as an admin `{command} policy #channel @person`."


ADMINS_SET = "Only admins decide how answers appear in a channel."

_MODES: dict[StreamingMode, str] = {
    StreamingMode.AUTO: "as Slack's streams, and posted and updated while those are scarce",
    StreamingMode.STREAM: "as Slack's streams",
    StreamingMode.UPDATE: "as a message that is updated while I write",
}


def which_setting(command: str) -> str:
    modes = ", ".join(f"`{command} set streaming {mode}` ({how})" for mode, how in _MODES.items())
    return f"What can be set is how my answers appear in this channel: {modes}."


def set_streaming(command: str, mode: StreamingMode) -> str:
    """For admins, below the help."""
    return f"`{command} set streaming auto|stream|update` – how answers appear in this channel; now: `{mode}`"


def streaming_set(mode: StreamingMode) -> str:
    return f"From my next answer on, I write in this channel {_MODES[mode]} (`{mode}`)."


def _echo(typed: str) -> str:
    return escaped(cut(plain(typed), ECHO_CHARS))


# --- reading and keeping --------------------------------------------------------------------------

READ_BUTTON = "Read all of it"
READ_HINT = "*Read all of it* opens a page for you alone. The link works once, in the next ten minutes."
EXPORTED_NOTHING = "There is nothing of yours to export yet."


def exported(threads: int, left_out: int) -> str:
    said = f"I've put {_conversations(threads)} into our direct messages, as Markdown to read and JSON lines."
    if left_out:
        said += f" {_conversations(left_out)} more didn't fit: export them one by one, with their ID."
    return said


EXPORT_COMMENT = "Here is what you asked for: Markdown to read, JSON lines to work with."

# --- forgetting -----------------------------------------------------------------------------------

FORGETTING = "I'm forgetting it. That may take a moment."
FORGET_BUTTON = "Forget for good"
_STAYS = (
    "Branches that others made of it stay as they are. So does what is written in Slack: delete that there. "
    "*This can't be undone.*"
)


def forget_thread_question(title: str) -> str:
    all_of_it = "All of it goes: what everybody said there, earlier sessions, files."
    return f"Shall I forget “{title}” for good? {all_of_it} {_STAYS}"


def forget_person_question(user: str, own: int, shared: int, *, of_self: bool) -> str:
    whose, their, they = ("you", "your", "you") if of_self else (f"<@{user}>", "their", "they")
    return (
        f"Shall I forget everything of {whose}? {_conversations(own)} that {they} began will be gone, with what others "
        f"said there. In those of others ({_conversations(shared)} or more) {their} messages and my answers to them "
        f"go, as far as I know whose they were. {_STAYS}"
    )


def thread_forgotten(title: str) -> str:
    return f"“{title}” is forgotten."


def person_forgotten(threads: int, turns_emptied: int, left: int, *, of_self: bool) -> str:
    said = f"Done: {_conversations(threads)} gone, and {turns(turns_emptied)} in those of others emptied."
    if of_self:
        said += " The sum that you have spent stays until it expires, since it counts against your limits."
    if left:
        said += (
            f" I could not get at {_conversations(left)}: an answer is still being written. Please ask me again later."
        )
    return said


def _conversations(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count} conversations"


# --- messages and places --------------------------------------------------------------------------

MESSAGE_DELAYED = (
    "I can't reach my memory at the moment. Your message isn't lost: Slack hands it to me again within a few minutes."
)
NOT_IN_A_THREAD = (
    "Write that in the thread it is about, after my name. Here at the top every message starts its own conversation."
)
GREETING = (
    "Hello! Write your question after my name, and I answer in a thread; in a direct message you don't need my name. "
    "`help` after my name shows what else I can do."
)
NOT_A_MEMBER = "I'm not in this channel. Invite me with `/invite` and my name, then try again."

# --- lists ----------------------------------------------------------------------------------------

LIST_TITLE = "Conversations, newest first"
AT_WORK = "At work"
WAIT_FOR_YOU = "Waiting for you"
WAIT_FOR_A_DECISION = "Waiting for a decision"
RECENT = "Recent"
REFRESH_BUTTON = "Refresh"
MINE_BUTTON = "Only mine"
EVERYBODYS_BUTTON = "Everybody's"
SEARCH_LABEL = "Look for words in everybody's titles, and press Enter"
HOME_GREETING = "Write to me in *Messages*, or mention me in a channel. Each thread is a conversation that I remember."
HOME_EMPTY = "There are no conversations here yet."
NOTHING_FITS = "No conversation fits that. Leave something out, or list without any words."
LOOK_FURTHER = "Nothing among the newest ones fits. *Older* looks further back."
LIST_NOT_YOURS = "Only admins can list other people's conversations. Without a name, the list shows yours."
DIRECT_MESSAGE = "a direct message"
CONFIRM_BUTTON = "Start afresh"
SAVE_BUTTON = "Save"
RENAME_BUTTON = "Rename"
TAG_BUTTON = "Tag"
CONTINUE_HERE_BUTTON = "Continue here"
RESTORE_BUTTON = "Restore"
CLOSE_BUTTON = "Close"
RENAME_TITLE = "Rename"
TAG_TITLE = "Tag"
TITLE_LABEL = "Title"
TAG_LABEL = "Tag; leave it empty to take the tag away"
RESET_TITLE = "Start afresh?"
ANSWER_TITLE = "Conversation"
LAST_SAID = "Said last"
LINEAGE = "Branched from"
ARCHIVE = "Before a reset"
TITLE_MISSING = "A title needs at least one character."

_STATUS: dict[ThreadStatus, str] = {
    ThreadStatus.IDLE: "",
    ThreadStatus.WAITING: ":hourglass_flowing_sand: waiting",
    ThreadStatus.PAUSED: ":double_vertical_bar: stopped, messages wait",
    ThreadStatus.RUNNING: ":writing_hand: answering",
    ThreadStatus.DEFERRED: ":raised_hand: needs a decision",
}

SUGGESTED_PROMPTS: tuple[tuple[str, str], ...] = (
    ("What can you do?", "What can you help me with, and which tools do you have?"),
    ("Summarise a file", "I'm going to attach a file. Please summarise it in five points."),
    ("Think something through", "Help me think something through: ask me questions, one at a time."),
    ("Draft a message", "Help me draft a message to my team. Ask me what it is about first."),
)
"""Title and text of each, shown where a conversation with the bot begins."""


def status(thread: Thread) -> str:
    """What goes on in a thread; empty when nothing does."""
    return _STATUS[thread.status]


def age(seconds: float) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `2 days ago`."""
    minutes = int(max(seconds, 0) // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h ago"
    return f"{hours // 24} days ago"


def health(now: Health) -> str:
    """`2 workers · 3 conversations at work · none waits for a worker`, for admins."""
    workers = "1 worker" if now.workers == 1 else f"{now.workers} workers"
    queue = f"{_conversations(now.queued)} waiting for one, the first for {duration(now.oldest_s)}"
    return f"{workers} · {_conversations(now.at_work)} at work · {queue if now.queued else 'none waits for a worker'}"


def turns(count: int) -> str:
    return "1 turn" if count == 1 else f"{count} turns"


def cost(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 0.005 or usd == 0 else "under 1 ¢"


def context_used(part: float) -> str:
    return f"context {part:.0%} full"


def tagged(tag: str) -> str:
    return f"tag `{escaped(tag)}`"


def branch_by(user: str) -> str:
    return f"Branched by <@{user}>"
