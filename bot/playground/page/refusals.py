"""What the page says when the emulated Slack refuses something."""

from __future__ import annotations

from bot.playground.slack.values import Refused

_WORDS = {
    "already_reacted": "You have reacted with that already.",
    "cant_delete_message": "You can only delete your own messages.",
    "cant_update_message": "You can only edit your own messages.",
    "channel_not_found": "That channel doesn't exist.",
    "file_too_large": "These files are too large, or too many, for one message.",
    "message_not_found": "That message is gone.",
    "no_text": "There is nothing to send.",
    "not_found": "That window is not open any more.",
    "not_in_channel": "You are not in that channel.",
    "not_visible": "You can't see that any more.",
    "no_such_action": "That button is gone: the message has changed.",
    "no_such_option": "That choice is gone: the message has changed.",
    "thread_not_found": "That thread is gone.",
    "unknown_shortcut": "The app has no such shortcut.",
    "user_not_found": "Nobody has that name here.",
}

NO_ANSWER = "The app didn't respond within three seconds. Is the bot running?"
NOT_UNDERSTOOD = "The page asked for something that the playground doesn't know. Reload the page."
BROKEN = "The playground stumbled over this; its log says more."


def refusal_text(refused: Refused) -> str:
    """One sentence for a person."""
    if refused.code == "unknown_command":
        name = refused.messages[0] if refused.messages else "that"
        return f"{name} is not a valid command. In Slack, a message can't begin with a slash."
    return _WORDS.get(refused.code, f"Slack refused this: {refused.code}.")
