"""A plain yes and a plain no are known in the words people use, and nothing else is either."""

from __future__ import annotations

import pytest

from bot.plain_words import plain_answer


@pytest.mark.parametrize(
    "text",
    [
        *(
            "yes",
            "Yes.",
            "YES!!",
            "  yep ",
            "ok",
            "Okay",
            "sure",
            "go ahead",
            "do it",
            "lgtm",
            "Yes please",
            "sounds good",
        ),
        *("sounds good", "yes, do it", "ok, thanks!", "Sure. Go ahead.", "yes\nplease", "Yes 👍"),
        *("ja", "Ja, mach das", "Klar!", "oui", "d’accord", "sí", "vale", "sim", "да", "はい", "好的", "네"),
        *("👍", "👍🏽", "✅", "👍 👍", ":+1:", ":+1::skin-tone-3:", ":white_check_mark:"),
    ],
)
def test_a_plain_yes_is_a_yes(text: str) -> None:
    assert plain_answer(text) is True


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no",
            "No.",
            "nope",
            "nah",
            "don't",
            "don’t",
            "No, don't!",
            "no thanks",
            "no, thank you",
            "better not",
            "cancel",
        ),
        *(
            "better not",
            "cancel",
            "nein",
            "Nein danke",
            "Nein, lass das",
            "non merci",
            "no gracias",
            "não",
            "нет",
            "いいえ",
            "不要",
            "아니요",
        ),
        *("👎", "❌", ":-1:", ":x:", ":no_entry_sign:", "no 👎"),
    ],
)
def test_a_plain_no_is_a_no(text: str) -> None:
    assert plain_answer(text) is False


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "yes?", "ok？", "yes but not that file", "yes, but call it b.md", "no, rather b.md", "yes or no"),
        *(
            "yes, no",
            "yes 👎",
            "👍👎",
            "please",
            "thanks",
            "maybe",
            "hm",
            "what does it do",
            "ja oder nein",
            "rm -rf /",
        ),
        *(
            "yes " * 20,
            "not yes",
            "I said no such thing",
            ":tada:",
            "🎉",
            "...",
            "y" * 41,
            "allow everything from now on",
        ),
    ],
)
def test_everything_else_is_neither(text: str) -> None:
    assert plain_answer(text) is None
