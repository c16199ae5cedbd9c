"""Every sentence that people read: from typed values to text.

Texts use only what reads the same in Slack's Markdown and in its older mrkdwn: `_quiet_`, `` `code` ``, plain words.
What a person or the model typed (titles, names) must have gone through `bot.slack.text.markdown.harmless` before.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import Reason
from bot.model import Ending, Outcome, Usage
from bot.slack import wording_money

# --- while a turn runs ----------------------------------------------------------------------------------------------

THINKING = "is thinking…"
"""The status below the composer; Slack puts the bot's name in front."""

FRESH_START = "_My memory of this thread had expired, so I started fresh from the messages that are still here._"
COMPACTED_ITSELF = "_This conversation had grown too long, so I go on from a summary of it._"
CONTINUES_BELOW = "continues below"
ASKED_BELOW = "asked about below"
CUT_SHORT = "cut short"
NOTHING_SAID = "Done. There was nothing to say."
UNTITLED = "New conversation"


def waits_in_line(place: int) -> str:
    """The status while all places for turns are taken."""
    ahead = place - 1
    if not ahead:
        return "is busy elsewhere: you are next"
    return f"is busy elsewhere: {ahead} {'is' if ahead == 1 else 'are'} ahead of you"


def rest_in_file(title: str, shown: int, lines: int) -> str:
    """What stands below the first lines of a long block of code."""
    if not shown:
        return f"_The beginning of a long line; all of it is in_ `{title}`"
    return f"_The first {shown} of {lines} lines; all of them are in_ `{title}`"


def steps(count: int, failed: int, *, running: bool) -> str:
    """The title of a plan: what many tools did, in one line."""
    some = "1 step" if count == 1 else f"{count} steps"
    so_far = f"Working: {some} so far" if running else some
    return f"{so_far}, {failed} failed" if failed else so_far


def writing(characters: int) -> str:
    """The status while text waits: for its turn under Slack's rates, or for the end of a block of code."""
    return f"is writing… {characters:,} characters so far"


def working_on(title: str) -> str:
    """The status while a tool runs."""
    return f"is working: {title}"


# --- how a turn ended -----------------------------------------------------------------------------------------------

_NOTICES: dict[Ending, str] = {
    Ending.DONE: "",
    Ending.STOPPED: "Stopped. What is here stays, and you can write on whenever you like.",
    Ending.MAX_TURNS: (
        "I paused here: this answer has used all the steps it may take. "
        "Press Continue and I go on from this point, or tell me what to do instead."
    ),
    Ending.MAX_TIME: (
        "I paused here: this answer has taken all the time it may take. "
        "Press Continue and I go on from this point, or tell me what to do instead."
    ),
    Ending.MAX_BUDGET: (
        "I paused here: this answer has used all the money it may cost. "
        "Press Continue and I go on from this point, or tell me what to do instead."
    ),
    Ending.OVERLOADED: (
        "The model is overloaded at the moment, so I had to stop. "
        "Nothing in this thread is lost: please send your message again in a minute."
    ),
    Ending.CREDENTIALS: (
        "The model doesn't accept this bot's credentials, so I can't answer. "
        "Please tell whoever runs the bot; this thread goes on where it is as soon as that is mended."
    ),
    Ending.NO_CREDIT: (
        "The account that pays for the model has run out of credit, so I can't answer. "
        "Please tell whoever runs the bot; this thread goes on where it is as soon as that is mended."
    ),
    Ending.CONTEXT_FULL: (
        "This conversation has become too long for the model. "
        "Compact it to go on from a summary, branch from an earlier message, "
        "or write `reset` after my name to start afresh here."
    ),
    Ending.UNREACHABLE: (
        "I can't reach the model at the moment. "
        "Nothing in this thread is lost: please send your message again in a minute."
    ),
    Ending.MODEL_ERROR: (
        "The model answered with an error, so I had to stop. "
        "Nothing in this thread is lost: please send your message again."
    ),
    Ending.CRASHED: (
        "Something broke on my side while I was working, and trying again didn't help. "
        "Nothing said before is lost: please send your message again, or put it differently."
    ),
    Ending.COMPACTED: (
        "Compacted: from here on I remember a summary of what was said before. "
        "The answers above can still be branched as they were."
    ),
    Ending.NOT_COMPACTED: (
        "I couldn't make a summary of this conversation, so it is as it was: there may be too little of it yet. "
        "Try again in a minute, or write `reset` after my name to start afresh here."
    ),
    Ending.SESSION_GONE: (
        "My memory of this thread has expired. Send your message again and I start from what is still written here."
    ),
    Ending.OVER_BUDGET: "I can't take this on: a budget is used up.",
    Ending.DEFERRED: "I need a decision before I can go on.",
}


def nearly_full(context_used: float) -> str:
    """Below an answer, beside the buttons *Compact* and *Branch from a summary*."""
    return (
        f"This conversation fills {context_used:.0%} of what I can keep in mind. *Compact* lets me go on here from a "
        "summary; a branch from a summary leaves this thread as it is."
    )


def held_back(count: int) -> str:
    """What a stop holds back, beside the buttons *Go on* and *Withdraw*."""
    wait = "One message waits" if count == 1 else f"{count} messages wait"
    return f"{wait} here. Go on with {'it' if count == 1 else 'them'}, withdraw, or just write on."


def going_on(count: int) -> str:
    return (
        "Going on with the message that waited." if count == 1 else f"Going on with the {count} messages that waited."
    )


def withdrawn(count: int) -> str:
    return "Withdrawn: I leave it out." if count == 1 else f"Withdrawn: I leave these {count} messages out."


def ending_notice(outcome: Outcome) -> str:
    """What happened and what happens next; empty when a turn simply ended well."""
    if outcome.used_up is not None:
        return wording_money.used_up(outcome.used_up)
    notice = _NOTICES[outcome.ending]
    if outcome.ending is Ending.MODEL_ERROR and outcome.detail:
        return f"{notice} (The error: {outcome.detail})"
    return notice


def usage_line(usage: Usage) -> str:
    """The quiet line below an answer: `claude-sonnet-4-5 · 1 min 12 s · $0.03`."""
    cost = f"${usage.cost_usd:.2f}" if usage.cost_usd >= 0.005 or usage.cost_usd == 0 else "under 1 ¢"
    return " · ".join(part for part in (usage.model, duration(usage.duration_s), cost) if part)


def duration(seconds: float) -> str:
    """`0.8 s`, `12 s`, `1 min 12 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


# --- buttons --------------------------------------------------------------------------------------------------------

CONTINUE_BUTTON = "Continue"
ASK_AGAIN_BUTTON = "Ask it again"
COMPACT_BUTTON = "Compact"
BRANCH_FROM_SUMMARY_BUTTON = "Branch from a summary"
ASK_EDITED_BUTTON = "Ask again from here"
LEAVE_IT_BUTTON = "Leave it"
OPEN_BUTTON = "Open"
SHOW_BUTTON = "Show"
RESET_BUTTON = "Reset"
STOP_BUTTON = "Stop"
GO_ON_BUTTON = "Go on"
WITHDRAW_BUTTON = "Withdraw"
NEXT_PAGE_BUTTON = "Older"
FIRST_PAGE_BUTTON = "Newest"
CANCEL_BUTTON = "Cancel"
GOOD_ANSWER = "Good answer"
GOOD_ANSWER_HINT = "Say that this answer was good"
BAD_ANSWER = "Bad answer"
BAD_ANSWER_HINT = "Say that this answer was not good"
FEEDBACK_THANKS = "Thank you, noted."

# --- why something can't be done ------------------------------------------------------------------------------------

_REFUSALS: dict[Reason, str] = {
    Reason.NOT_HERE: "I'm not available here. Whoever runs me decides where I am; ask them, or write to me elsewhere.",
    Reason.NOT_FOR_YOU: "I may not work with you here. Whoever runs me decides with whom I do; please ask them.",
    Reason.NO_SESSION_HERE: (
        "That message doesn't belong to a conversation with me. Mention me in its thread to start one."
    ),
    Reason.NO_POINT_HERE: (
        "I can't branch at that message, since it is neither an answer of mine nor one that I answered. "
        "Choose one of those in this thread."
    ),
    Reason.SESSION_EXPIRED: (
        "My memory of that conversation has expired, so there is nothing left to go on from. "
        "Write in its thread and I start again from what is still there."
    ),
    Reason.TURN_RUNNING: (
        "I'm still working on that. Wait until the answer is complete, or stop it first, and try again."
    ),
    Reason.UNKNOWN_SESSION: "I know no such conversation. Take its ID from the list, or the link of its thread.",
    Reason.AMBIGUOUS_SESSION: "Several conversations have an ID that starts so. Give more of it, or a link.",
    Reason.NOT_YOURS: "Only the people in that conversation and admins can do this.",
    Reason.ALREADY_ASKED: "That was asked for before: it is done, or being done.",
    Reason.NOTHING_TO_COMPACT: "There is nothing to summarise there yet.",
    Reason.WAITS_FOR_DECISION: "Something waits for a decision there. Decide that first, or stop it.",
    Reason.NOT_YOUR_MESSAGE: "Only the one who wrote that message can have it asked again, while it is still there.",
    Reason.CANT_READ: "That conversation is in a place you can't read. Join it first, or ask somebody who is there.",
    Reason.NOTHING_RUNNING: "Nothing is running there, so there is nothing to stop.",
    Reason.NOTHING_WAITS: "Nothing of yours waits there any more: it was answered or withdrawn already.",
    Reason.NOTHING_ARCHIVED: "There is no earlier session to bring back in that thread.",
    Reason.NO_SESSIONS: "You have no conversations with me yet. Mention me in a channel, or write to me directly.",
    Reason.BAD_ARGUMENT: "I can't use that. The command's `help` shows how it is written.",
    Reason.NOT_ASKED: "That doesn't wait for anybody any more. If it is still wanted, ask me again.",
    Reason.NOT_FOR_YOU_TO_DECIDE: "Only the person who asked for it and admins can decide this.",
    Reason.ALREADY_DECIDED: "That has been decided already.",
    Reason.PROMPT_TOO_LONG: "That is too long for me. Send it in parts, or attach it as a file.",
    Reason.TOO_MANY_PROMPTS: "You have sent me a lot just now, so I left this one out. Please try again in a minute.",
    Reason.BOTS_TALKING: "I have answered enough bots here for now.",
    Reason.THREAD_FULL: "Too many messages wait here already, so I left this one out. Send it again a little later.",
    Reason.BUSY: "That conversation is busy right now. Please try again in a few seconds.",
}

_REFUSALS_OF: dict[Reason, str] = {
    Reason.UNKNOWN_SESSION: "I know no conversation with the ID `{}`. Take it from the list, or give a link.",
    Reason.AMBIGUOUS_SESSION: "Several conversations have an ID that starts with `{}`. Give more of it, or a link.",
    Reason.PROMPT_TOO_LONG: (
        "That is too long for me: I take at most {} characters at a time. Send it in parts, or attach it as a file."
    ),
    Reason.TOO_MANY_PROMPTS: (
        "You have sent me as much as I take from one person within a minute, so I left this one out. "
        "Please try again in {} s."
    ),
    Reason.THREAD_FULL: (
        "As many messages wait here as I take ({}), so I left this one out. Send it again when I have caught up."
    ),
    Reason.BAD_ARGUMENT: "I can't use that: {}. The command's `help` shows how it is written.",
    Reason.NOT_FOR_YOU_TO_DECIDE: "This waits for <@{}> or an admin, so your answer doesn't count here.",
}


def refusal(reason: Reason, detail: str = "") -> str:
    """Why it can't be done, and the way out.

    Args:
        detail: the fact that a Refusal carries, already plain (see the module's docstring).
    """
    if detail and reason in _REFUSALS_OF:
        return _REFUSALS_OF[reason].format(detail)
    return _REFUSALS[reason]


BOTS_TALKING = (
    "Several bots that answer one another would never end, so I leave out what bots write here for up to an hour. "
    "People can go on with me as before."
)
STORE_AWAY = "I can't reach my memory at the moment. Please try again in a minute."
CHAT_AWAY = "Slack isn't answering me at the moment. Please try again in a minute."
BROKEN = "Something broke on my side. Please try again; if it stays, tell whoever runs the bot."


# --- branches -------------------------------------------------------------------------------------------------------


def branch_root(title: str, link: str) -> str:
    """The first message of a branch. `link` leads to the message that was branched at, and may be empty."""
    origin = f"<{link}|an earlier conversation>" if link else "an earlier conversation"
    return f":twisted_rightwards_arrows: {title or UNTITLED}\nA branch of {origin}: write here to go on from there."


def branch_asks_again() -> str:
    """Beside the button of a branch made at a person's message."""
    return "Put the question differently here, or ask it again as it was."


BRANCH_NEARLY_FULL = (
    "The conversation it was made from fills nearly all that I can keep in mind. "
    "*Compact* lets me go on from a summary."
)
COMPACTING = "Making a summary to go on from."


def branch_announced(link: str) -> str:
    """Said in the source thread."""
    return f":twisted_rightwards_arrows: <{link}|A branch> was made here." if link else "A branch was made here."


def branch_made(link: str, *, again: bool) -> str:
    """Said only to the one who branched."""
    return f"You branched here before: <{link}|your branch>." if again else f"Here is <{link}|your branch>."


def continued(link: str) -> str:
    """Said only to the one who asked to continue somewhere else."""
    return f"Your conversation goes on <{link}|in this thread>."


EDITED_TOO_LATE = (
    "I had answered that message before you changed it. I can ask it again as it reads now: in a branch that knows "
    "everything before it. This thread stays as it is."
)


def edited_asked(link: str, *, again: bool) -> str:
    """Said only to the one who changed a message."""
    return f"I was asked that before: <{link}|your branch>." if again else f"Asked again, in <{link}|a branch>."


def asked_again(text: str) -> str:
    """Shown in the branch when its message is asked again as it was."""
    quoted = "\n".join(f"> {line}" for line in text.splitlines()) or ">"
    return f"Asked again:\n{quoted}"


# --- answers to commands --------------------------------------------------------------------------------------------


def reset_question(title: str) -> str:
    return (
        f"Start afresh in “{title or UNTITLED}”? My next answer there won't remember what was said. "
        "What was said is kept, and can be brought back."
    )


def reset_done(title: str) -> str:
    return (
        f"“{title or UNTITLED}” starts afresh with the next message there. To undo that, press Restore, "
        "or write `restore` after my name in the thread."
    )


def restored(title: str) -> str:
    return f"“{title or UNTITLED}” is back: I remember what was said before the reset."


def renamed(title: str) -> str:
    return f"It is called “{title}” now."


def tagged(tag: str) -> str:
    return f"It is tagged `{tag}` now." if tag else "Its tag is gone."


STOPPING = "Stopping. What was said so far stays."
NO_MORE_THREADS = "That is all of them."
NO_EXCHANGES = "Nothing was said here yet, or it has expired."


def help_text(command: str, branch_emoji: Sequence[str], *, admin: bool) -> str:
    """What one can do and how, for `help`.

    Args:
        command: the slash command, with its slash.
        branch_emoji: the emoji names that branch, without colons.
        admin: also say what only admins can do.
    """
    emoji = " or ".join(f":{name}:" for name in branch_emoji)
    talk = (
        "Write to me directly, or mention me in a channel: each thread is a conversation I remember. "
        "Inside such a thread just write on, without my name. What you address to somebody else I don't answer."
    )
    branch = (
        f"To try another way, react with {emoji} to any message: a new thread goes on from that point, "
        "and the old one stays as it is."
    )
    ids = (
        "An ID is the short code in the list; a link to the thread does as well. "
        "Inside a thread write `stop`, `compact`, `reset`, `restore` or `help` after my name, "
        "or use the shortcuts in a message's menu."
    )
    everybody = f"`{command} list` – everybody's conversations, `{command} list mine` – only your own"
    listed = everybody if admin else f"`{command} list` – your conversations"
    lines = [
        talk,
        branch,
        "",
        f"{listed}; add words, `#channel`, `@person` or `tag:name` to narrow it down",
        f"`{command} show ID` – one conversation, where it came from, and what was said last",
        f"`{command} continue` – go on with your latest conversation here; with an ID or link, with that one",
        f"`{command} compact ID` – go on from a summary, when a conversation has grown long",
        f"`{command} stop` – stop the answers to you that are being written here; with an ID, the one there",
        f"`{command} reset ID` – start afresh in that thread; `{command} restore ID` undoes it",
        f"`{command} policy` – what I may do here, for you",
        f"`{command} usage` – what you have spent, and what is left of the budgets",
        f"`{command} rename ID new title`, `{command} tag ID name` – to find it again",
        f"`{command} export ID` – a conversation as files, in a direct message; `{command} export` – all of yours",
        f"`{command} forget ID` – forget a conversation for good; `{command} forget` – everything of yours",
        "",
        ids,
    ]
    if admin:
        lines.append("You are an admin: all of this works on everybody's conversations.")
    return "\n".join(lines)
