"""What the bot's buttons, menus, shortcuts and modals are called on the wire, and what their values hold.

A value holds a thread as `str(ThreadKey)`, and after a space what else is needed; all of it is checked again when it
comes back, since a value can be forged or old.
"""

from __future__ import annotations

from enum import StrEnum


class ActionId(StrEnum):
    """Of buttons and menus. The value is the thread where nothing else is said."""

    FEEDBACK = "feedback"
    """Value: `good` or `bad`."""
    CONTINUE_TURN = "continue_turn"
    """Below a turn that hit a limit. Value: JSON, `{"thread": str(ThreadKey), "ending": Ending}`."""
    ASK_AGAIN = "ask_again"
    """On a branch's root. Value: empty, since a root does not know its ts before it is posted."""
    COMPACT = "compact"
    """Below a reply, or on a branch's root: about the thread that it stands in. Value: empty."""
    BRANCH_FROM_SUMMARY = "branch_from_summary"
    """Below a reply, about that reply. Value: empty."""
    ASK_EDITED = "ask_edited"
    """Value: the thread, and the ts of the message that was changed."""
    OPEN = "open"
    READ = "read"
    """A button with an address: Slack opens it and tells us as well."""
    ROW = "row"
    """The menu of a row in a list. Value of each option: the `ActionId` to take, and the thread."""
    SHOW = "show"
    RESET = "reset"
    """Asks first where the button itself has not."""
    RESET_CONFIRMED = "reset_confirmed"
    RESTORE = "restore"
    """Value: the thread, and the archived session's id."""
    FORGET_CONFIRMED = "forget_confirmed"
    """Value: `thread` and the thread, or `user` and the user's id."""
    STOP = "stop"
    GO_ON = "go_on"
    """Have what a stop held back answered."""
    WITHDRAW_HELD_BACK = "withdraw_held_back"
    RENAME = "rename"
    """Opens a modal."""
    TAG = "tag"
    """Opens a modal."""
    CONTINUE_HERE = "continue_here"
    """Value: the thread, and the session's id if it is an archived one."""
    LIST_PAGE = "list_page"
    """Value: see `bot.slack.views.listing`."""
    LIST_FIRST = "list_first"
    """The same, beside it."""
    HOME_REFRESH = "home_refresh"
    """Of App Home; of these the value is what to show, see `bot.slack.views.home.Shown`."""
    HOME_MINE = "home_mine"
    HOME_ALL = "home_all"
    HOME_PAGE = "home_page"
    HOME_FIRST = "home_first"
    HOME_SEARCH = "home_search"
    """An input: its value is what was typed."""
    CANCEL = "cancel"
    """Takes an ephemeral question away."""
    ALLOW_ONCE = "decide_allow_once"
    """On the card of a decision, like all that follow. Value: the decision's id."""
    ALLOW_HERE = "decide_allow_here"
    DENY = "decide_deny"
    DENY_REASON = "decide_deny_reason"
    """Opens a modal."""
    SHOW_WHOLE = "decide_show"
    """Opens a modal."""
    TURN_PAGE = "decide_page"
    """In that modal. Value: the number of the page to show."""
    CHOOSE = "decide_choose"
    """One of several, with the option's number behind a dot."""
    SEND_ANSWERS = "decide_send"
    OWN_WORDS = "decide_own_words"
    """Opens a modal."""


class ShortcutId(StrEnum):
    """Message shortcuts."""

    BRANCH_HERE = "branch_here"
    SHOW_SESSION = "show_session"
    RESET_SESSION = "reset_session"
    STOP_TURN = "stop_turn"


class ViewId(StrEnum):
    """Modals that are submitted, and App Home. `private_metadata` is the thread."""

    RENAME = "rename"
    TAG = "tag"
    ANSWER = "answer"
    """A modal that only shows something, opened from App Home."""
    WHOLE = "decide_whole"
    """All of a call. `private_metadata` of this and the two that follow: the thread, a space, the decision's id."""
    DENY_REASON = "decide_reason"
    OWN_WORDS = "decide_answers"
    HOME = "home"
