"""What people read about decisions.

What comes from the model or from people must be escaped before it is put in here; a `pattern` is code already.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.errors import AlreadyDecided
from bot.model import Decided, DetailKind, Verdict

# --- the card that asks ---------------------------------------------------------------------------------------------

ASKS = {
    DetailKind.COMMAND: "May I run this command?",
    DetailKind.DIFF: "May I make this change?",
    DetailKind.TEXT: "May I do this?",
}
ASKED = {
    DetailKind.COMMAND: "I asked to run this command.",
    DetailKind.DIFF: "I asked to make this change.",
    DetailKind.TEXT: "I asked to do this.",
}


def asks_questions(count: int) -> str:
    return "I have a question." if count == 1 else "I have some questions."


def asked_questions(count: int) -> str:
    return "I had a question." if count == 1 else "I had some questions."


ALLOW_ONCE_BUTTON = "Allow once"
ALLOW_HERE_BUTTON = "Allow in this thread"
DENY_BUTTON = "Deny"
DENY_REASON_BUTTON = "Deny with a reason…"
SHOW_ALL_BUTTON = "Show all"
SEND_SUBMIT = "Send"
OWN_WORDS_BUTTON = "In my own words…"
ANSWER_BUTTON = "Answer…"
NO_ANSWER_BUTTON = "Don't answer"

MORE_QUESTIONS = "I have more questions than fit here. These come first."
NOT_SHOWN = "(This was not asked: too many questions at once.)"
"""For the model."""
CHOOSE_ONE = "Choose one"
CHOOSE_SOME = "Choose as many as fit"


def send_button(questions: int) -> str:
    return "Send answer" if questions == 1 else "Send answers"


def why(reason: str) -> str:
    return f"Why I ask: {reason}"


def allows_here(pattern: str) -> str:
    """What the second button would allow for good."""
    return f"*{ALLOW_HERE_BUTTON}* also allows from now on: {pattern}"


ALLOW_HERE_TITLE = "Allow in this thread?"
ALLOW_HERE_CONFIRM = "Allow"


def allow_here_question(pattern: str) -> str:
    """Plain text, the pattern too."""
    return f"I do it now, and from now on I don't ask in this thread about:\n{pattern}"


def left_out(lines: int, chars: int) -> str:
    """Between the beginning and the end of something long."""
    what = f"{lines:,} lines, {chars:,} characters" if lines > 1 else f"{chars:,} characters"
    return f"… {what} are not shown here: press {SHOW_ALL_BUTTON} …"


def marks(count: int) -> str:
    what = "One character can't be seen and is" if count == 1 else f"{count:,} characters can't be seen and are"
    return f":warning: {what} written as `⟦U+…⟧`."


def waits_until(expires_at: float, *, questions: bool) -> str:
    """The last line of a card that waits."""
    if questions:
        return f"You can also just write the answer here. I wait until {moment(expires_at)}."
    return f"I wait until {moment(expires_at)}; no answer is a no. Or write here what I should do instead."


def moment(at: float) -> str:
    """A time, which Slack shows in each reader's own zone."""
    plain = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at)}^{{date_short_pretty}} at {{time}}|{plain}>"


# --- the card afterwards --------------------------------------------------------------------------------------------


def outcome(decided: Decided, pattern: str, *, questions: bool) -> str:
    """Who decided what, and when."""
    who = f"<@{decided.user}>" if decided.user else ""
    when = moment(decided.at)
    match decided.verdict:
        case Verdict.ALLOW_ONCE:
            return f":white_check_mark: {who} allowed this once · {when}"
        case Verdict.ALLOW_HERE:
            return f":white_check_mark: {who} allowed this, and from now on in this thread: {pattern} · {when}"
        case Verdict.ANSWERED:
            return f":white_check_mark: {who} answered · {when}"
        case Verdict.DENY if questions:
            return f":no_entry_sign: {who} chose not to answer · {when}"
        case Verdict.DENY:
            return f":no_entry_sign: {who} denied this · {when}"
        case Verdict.SUPERSEDED if questions:
            return f":leftwards_arrow_with_hook: {who or 'Somebody'} answered with a message of their own · {when}"
        case Verdict.SUPERSEDED:
            return f":leftwards_arrow_with_hook: {who or 'Somebody'} wrote something else, so this is a no · {when}"
        case Verdict.STOPPED:
            return f":octagonal_sign: {who or 'Somebody'} stopped this, so it is a no · {when}"
        case Verdict.EXPIRED:
            return f":hourglass: Nobody decided in time, so this is a no · {when}. Ask me again if it is still wanted."


# --- modals ---------------------------------------------------------------------------------------------------------

WHOLE_TITLES = {
    DetailKind.COMMAND: "The whole command",
    DetailKind.DIFF: "The whole change",
    DetailKind.TEXT: "All of it",
}
REASON_TITLE = "Deny with a reason"
REASON_LABEL = "Why not? I am told this, and go on from there."
DENY_SUBMIT = "Deny"
ANSWER_TITLE = "Your answer"
OWN_WORDS_LABEL = "Your answer"
OTHERWISE_LABEL = "Or in your own words"
EARLIER_BUTTON = "Back"
LATER_BUTTON = "Next"
NOTHING_TO_SHOW = "There is nothing more to show."


def page(number: int, of: int) -> str:
    return f"Page {number} of {of}"


# --- what is missing ------------------------------------------------------------------------------------------------

REASON_MISSING = "Say in a few words why not."
ANSWER_MISSING = "Choose an answer, or write one."


def already_decided(decided: AlreadyDecided) -> str:
    """To somebody who was second: who decided what."""
    what = {
        Verdict.ALLOW_ONCE: "allowed it once",
        Verdict.ALLOW_HERE: "allowed it, and from now on in this thread",
        Verdict.DENY: "said no",
        Verdict.ANSWERED: "answered it",
        Verdict.SUPERSEDED: "wrote something else instead",
        Verdict.STOPPED: "stopped it",
    }.get(Verdict(decided.verdict))
    if what is None or not decided.user:
        return f"That was not decided in time, so it became a no · {moment(decided.at)}. Ask me again if it is wanted."
    return f"That is decided: <@{decided.user}> {what} · {moment(decided.at)}."


def unanswered(question: str) -> str:
    return f"“{question}” has no answer yet. Choose one, or press *{OWN_WORDS_BUTTON}*"
