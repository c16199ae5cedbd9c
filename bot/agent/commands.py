"""Command lines that are one plain command: those a rule can tell anything about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

MAX_COMMAND_CHARS = 10_000
"""Ours: a longer command is nothing that a rule speaks of."""

# A word is made of characters that mean nothing to a shell, and of quoted text in which nothing is expanded. What is
# left out: operators, redirections, expansions, globs, ~, comments, escapes, line breaks, and `!` of the history. The
# quantifiers are possessive (`++`), so that a long command takes no longer than its length.
_BARE = r"[A-Za-z0-9_@%+=:,./-]++"
_SINGLE = r"'[^'\x00-\x1f\x7f]*+'"
_DOUBLE = r'"[^"$`\\!\x00-\x1f\x7f]*+"'
_WORD = rf"(?:{_BARE}|{_SINGLE}|{_DOUBLE})++"
_PLAIN = re.compile(rf"{_WORD}(?: ++{_WORD})*+")


def words_of(command: str) -> Sequence[str] | None:
    """The words of a plain command, or None when it is anything else: two commands, one that sets variables first, …"""
    text = command.strip(" ")
    if len(text) > MAX_COMMAND_CHARS or not _PLAIN.fullmatch(text):
        return None
    words = shlex.split(text)
    return None if not words[0] or any(word.startswith("=") for word in words) or "=" in words[0] else words


def fits(words: Sequence[str], pattern: str) -> bool:
    """Whether a command fits a pattern: word by word; `*` in a word stands for any characters of it.

    A pattern that ends in ` *` fits whatever more words there are, or none.
    """
    wanted = shlex.split(pattern)
    if wanted[-1:] == ["*"]:
        wanted.pop()
        words = words[: len(wanted)]
    return len(words) == len(wanted) and all(map(word_fits, words, wanted))


def word_fits(word: str, pattern: str) -> bool:
    """Whether a text fits a pattern in which `*` stands for any characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), word, re.DOTALL) is not None


def exact_pattern(command: str) -> str:
    """The pattern that this command fits and no other; empty when there is none."""
    words = words_of(command)
    return shlex.join(words) if words is not None and "*" not in command else ""
