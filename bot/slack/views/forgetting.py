"""Questions before something is forgotten for good, and what came of it."""

from __future__ import annotations

from bot.model import Thread
from bot.privacy import Forgotten
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.views.parts import Notice, actions, button, section, title_of


def question_about_thread(thread: Thread) -> Notice:
    return _question(words.forget_thread_question(title_of(thread)), f"thread {thread.key}")


def question_about_person(user: str, own: int, shared: int, *, of_self: bool) -> Notice:
    """Asks before a person is forgotten.

    Args:
        own: how many conversations they began.
        shared: in how many of others they are known to have written.
    """
    return _question(words.forget_person_question(user, own, shared, of_self=of_self), f"user {user}")


def thread_forgotten(thread: Thread) -> Notice:
    return Notice(words.thread_forgotten(title_of(thread)))


def person_forgotten(found: Forgotten, *, of_self: bool) -> Notice:
    return Notice(words.person_forgotten(found.threads, found.turns, found.left, of_self=of_self))


def _question(text: str, value: str) -> Notice:
    yes = button(words.FORGET_BUTTON, ActionId.FORGET_CONFIRMED, value, style="danger")
    return Notice(text, (section(text), actions(yes, button(wording.CANCEL_BUTTON, ActionId.CANCEL, ""))))
