"""Everything the bot can raise on purpose.

    BotError
    ├── SettingsError      the operator's settings are wrong: all problems at once
    ├── StartError         something the bot needs at the start is wrong or away
    ├── LeaseLost          this worker no longer holds the thread: stop, write nothing
    ├── StoreAway          Redis can't be reached or can't take a write now
    ├── ChatRefused        Slack refused a call for good
    ├── ChatAway           Slack can't be reached, after retries within bounds
    └── Refusal            a person asked for what can't be done; `reason` says why
        └── AlreadyDecided     somebody else was first; says who decided what

Errors carry facts as fields. What people read is worded in one place, `bot.slack.wording`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class BotError(Exception):
    """The root of the tree."""


class SettingsError(BotError):
    """Settings are missing or wrong.

    Args:
        problems: one line each, naming the setting and how to mend it.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class StartError(BotError):
    """The bot can't start: one clear line for the operator."""


class LeaseLost(BotError):
    """The thread's lease ran out or is another worker's: nothing was written."""


class StoreAway(BotError):
    """Redis is unreachable or refuses writes; what was asked did not happen, as far as is known."""


class ChatRefused(BotError):
    """Slack answered a call with an error that trying again does not mend.

    Args:
        method: the Web API method, for example `chat.postMessage`.
        code: Slack's error code, for example `channel_not_found`.
    """

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code


class ChatAway(BotError):
    """Slack did not answer a call, or only with 5xx and 429, within the bounds of retrying.

    Args:
        method: the Web API method.
        sent: True when the call may have taken effect.
    """

    def __init__(self, method: str, *, sent: bool) -> None:
        super().__init__(f"{method}: no answer")
        self.method = method
        self.sent = sent


class Reason(StrEnum):
    """Why what a person asked for can't be done."""

    NOT_HERE = "not_here"
    """The operator's policy closes this channel."""
    NOT_FOR_YOU = "not_for_you"
    """The operator's policy keeps this person out."""
    NO_SESSION_HERE = "no_session_here"
    """The message or thread belongs to no session."""
    NO_POINT_HERE = "no_point_here"
    """The message stands in a session's thread, but was neither answered nor an answer."""
    SESSION_EXPIRED = "session_expired"
    """The session's transcript is gone."""
    TURN_RUNNING = "turn_running"
    """The message's turn is still running or waiting."""
    UNKNOWN_SESSION = "unknown_session"
    """No session has the given id or link."""
    AMBIGUOUS_SESSION = "ambiguous_session"
    """Several sessions start with the given id."""
    NOT_YOURS = "not_yours"
    """Only the session's people and admins may do this."""
    ALREADY_ASKED = "already_asked"
    """This very button was pressed before, or what was written came again."""
    NOTHING_TO_COMPACT = "nothing_to_compact"
    """Nothing was answered in the session yet."""
    WAITS_FOR_DECISION = "waits_for_decision"
    """Somebody has to decide first what the session's turn waits for."""
    NOT_YOUR_MESSAGE = "not_your_message"
    """Only the message's author may do this, and only while the message is there."""
    CANT_READ = "cant_read"
    """The asker can't read the place the session lives in."""
    NOTHING_RUNNING = "nothing_running"
    """There is no turn to stop."""
    NOTHING_WAITS = "nothing_waits"
    """No message is held back there, or none of the asker's."""
    NOTHING_ARCHIVED = "nothing_archived"
    """There is no earlier session to restore."""
    NO_SESSIONS = "no_sessions"
    """The asker has no session yet."""
    BAD_ARGUMENT = "bad_argument"
    """What was typed is empty, too long or malformed."""
    NOT_ASKED = "not_asked"
    """Nothing of that kind waits, or waited, here."""
    NOT_FOR_YOU_TO_DECIDE = "not_for_you_to_decide"
    """Only the one whose prompt it was, admins, and (where so set) the thread's participants decide."""
    ALREADY_DECIDED = "already_decided"
    """See AlreadyDecided."""
    PROMPT_TOO_LONG = "prompt_too_long"
    """A message has more characters than are taken; `detail` says how many are."""
    TOO_MANY_PROMPTS = "too_many_prompts"
    """Its author sent as many as are taken within a minute; `detail` is the seconds until one more is."""
    BOTS_TALKING = "bots_talking"
    """Bots have sent as many prompts as are taken of them within an hour, in the thread or in its channel."""
    THREAD_FULL = "thread_full"
    """As many messages wait in the thread as may; `detail` says how many."""
    BUSY = "busy"
    """The thread could not be had to oneself within bounds; try again."""


class Refusal(BotError):
    """A person asked for something that can't be done; they are told so where they asked.

    Args:
        reason: why.
        detail: a fact for the wording, such as the id that was not found.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class AlreadyDecided(Refusal):
    """It was decided before; nothing changed.

    Args:
        verdict: what was decided, a value of `bot.model.Verdict`.
        user: by whom; empty when nobody did and it expired.
        at: when, in seconds since the epoch.
    """

    def __init__(self, verdict: str, user: str, at: float) -> None:
        super().__init__(Reason.ALREADY_DECIDED)
        self.verdict = verdict
        self.user = user
        self.at = at
