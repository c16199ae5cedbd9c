"""Which command lines are one plain command, and which patterns they fit."""

from __future__ import annotations

import shlex
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.commands import exact_pattern, fits, words_of


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("git status", ["git", "status"]),
        ("  git   log --oneline -3 ", ["git", "log", "--oneline", "-3"]),
        ("git commit -m 'a; b $(c) `d` > e'", ["git", "commit", "-m", "a; b $(c) `d` > e"]),
        ('grep -r "two words" docs/a.md', ["grep", "-r", "two words", "docs/a.md"]),
        ("make CFLAGS=-O2", ["make", "CFLAGS=-O2"]),
        ("g''it --format='%h'x", ["git", "--format=%hx"]),
    ],
)
def test_a_plain_command_has_words(command: str, words: list[str]) -> None:
    assert words_of(command) == words


@pytest.mark.parametrize(
    "command",
    [
        "",
        " ",
        "''",
        "a; b",
        "a && b",
        "a || b",
        "a | b",
        "a & b",
        "a &",
        "a\nb",
        "a\rb",
        "a\tb",
        "a > f",
        "a < f",
        "a 2>&1",
        "a <<E",
        "a $(b)",
        "a `b`",
        "a $B",
        'a "$B"',
        'a "`b`"',
        'a "\\"',
        "a \\; b",
        "a !1",
        'a "!1"',
        "(a)",
        "{ a; }",
        "a {b,c}",
        "a *",
        "a ?",
        "a [b]",
        "a ~/b",
        "a # b",
        "B=1 a",
        "B+=1 a",
        "=a",
        "a =b",
        "a 'b",
        'a "b',
        "a 'b\x07'",
        "a\x00",
        "a \u202eb",
        "a" * 10_001,
    ],
)
def test_anything_else_is_no_plain_command(command: str) -> None:
    assert words_of(command) is None


def test_a_long_hostile_command_takes_no_time() -> None:
    began = time.perf_counter()
    for piece in ("a", "'a'", '"a"', "a ", "''", "'", " "):
        words_of(piece * (9_999 // len(piece)) + ";")
        words_of(piece * 100_000)
    assert time.perf_counter() - began < 1


PIECES = ["a", "b ", " ", "'c d'", '"e f"', "-g", "'$h'", "=", "/", "'", '"', *";&|<>$`\\(){}[]*?~#!\n\té"]


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_what_counts_as_plain_is_to_a_shell_what_it_is_to_us(text: str) -> None:
    """printf shows each argument that bash makes of the line, whatever the line may hold."""
    words = words_of(f"printf '<%s>' {text}")
    if words is None or len(words) == 2:
        return
    shown = subprocess.run(["bash", "-c", f"printf '<%s>' {text}"], capture_output=True, text=True, check=True)
    assert shown.stdout == "".join(f"<{word}>" for word in words[2:])


@pytest.mark.parametrize(
    ("command", "pattern", "expected"),
    [
        ("git status", "git status", True),
        ("git status -s", "git status", False),
        ("git", "git status", False),
        ("git log", "git log *", True),
        ("git log -3 --stat", "git log *", True),
        ("git logs", "git log *", False),
        ("git -c core.pager=x log", "git log *", False),
        ("npm run build", "npm run *", True),
        ("python3.12 -V", "python3.* -V", True),
        ("python4 -V", "python3.* -V", False),
        ("cat 'a b'", "cat 'a b'", True),
        ("git", "*", True),
        ("/tmp/git status", "git status", False),
    ],
)
def test_a_pattern_is_compared_word_by_word(command: str, pattern: str, expected: bool) -> None:
    words = words_of(command)
    assert words is not None
    assert fits(words, pattern) is expected


@pytest.mark.parametrize("command", ["git status", "cat 'a  b' c", "echo '$(id)'"])
def test_the_pattern_offered_fits_the_command_and_no_other(command: str) -> None:
    words = words_of(command)
    assert words is not None
    assert fits(words, exact_pattern(command))
    assert not fits([*words, "x"], exact_pattern(command))
    assert shlex.split(exact_pattern(command)) == words


@pytest.mark.parametrize("command", ["a; b", "find -name '*.py'"])
def test_no_pattern_is_offered_where_it_would_say_more_than_the_command(command: str) -> None:
    assert exact_pattern(command) == ""
