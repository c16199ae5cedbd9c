"""The words of the demo's persona."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

INTRODUCTION = (
    "_I am a scripted stand-in, not Claude: there is no API key here, so my answers follow simple rules. "
    "The bot, the Claude SDK and its CLI around me are the real ones._"
)

NO_SHELL = "There is no shell for me here: whoever runs this bot has not offered me one."
RUNNING = "Running what you asked for"

NO_QUESTIONS = "I can't ask anything here: whoever runs this bot has not offered me a way to."

QUESTIONS: tuple[Mapping[str, object], ...] = (
    {
        "question": "Which colour shall the shed have?",
        "header": "Colour",
        "multiSelect": False,
        "options": [
            {"label": "Red", "description": "As sheds are"},
            {"label": "Blue", "description": "Like the sky, on good days"},
            {"label": "None", "description": "Wood is fine as it is"},
        ],
    },
    {
        "question": "What shall be kept in it?",
        "header": "Contents",
        "multiSelect": True,
        "options": [
            {"label": "Bicycles", "description": "And their parts"},
            {"label": "Tools", "description": "Whatever has a handle"},
            {"label": "Firewood", "description": "A winter's worth"},
        ],
    },
)
"""What it asks when it is asked to ask: the input of the tool AskUserQuestion."""

_QUOTED_CHARS = 200
_SHOWN_LINES = 20


def memory(prompts: Sequence[str], facts: Sequence[tuple[str, str]]) -> str:
    """What it knows of this conversation."""
    if not prompts:
        return "This is the first thing you say to me in this conversation, so there is nothing to remember yet."
    lines = [f"I remember {_count(len(prompts), 'earlier message')} in this conversation:", ""]
    lines += [f"{number}. {_quoted(prompt)}" for number, prompt in enumerate(prompts, 1)]
    if facts:
        lines += ["", "And what you asked me to keep in mind:", ""]
        lines += [f"- {what}: **{value}**" for what, value in facts]
    return "\n".join(lines)


def kept_in_mind(what: str, facts: int) -> str:
    return f"I will remember **{what}**. That makes {_count(facts, 'thing')} to remember in this conversation."


def anything_else(prompt: str, prompts: int) -> str:
    """The answer to what none of the rules knows."""
    said = f"You said: {_quoted(prompt)}." if prompt else "You said nothing that I can read."
    counted = "the first message" if prompts <= 1 else f"message {prompts}"
    return (
        f"{said} It is {counted} of this conversation that reached me.\n\n"
        "Try `remember 42`, `what do you remember`, `list files`, `write notes.md`, `read notes.md`, "
        "`run date`, `ask me something`, `ask me some questions`, `write a long answer 6` or the same `slowly`."
    )


def tool_result(result: str, *, failed: bool) -> str:
    """A comment on what a tool gave back."""
    lines = result.strip().splitlines()
    if failed:
        return f"That did not work: {_quoted(lines[0] if lines else 'no reason given')}."
    if not lines:
        return "Done; the tool had nothing to say."
    shown = "\n".join(lines[:_SHOWN_LINES])
    more = f"\n\n… and {_count(len(lines) - _SHOWN_LINES, 'more line')}." if len(lines) > _SHOWN_LINES else ""
    return f"Done. This is what the tool gave back:\n\n```\n{shown.replace('```', '`` `')}\n```{more}"


def pictures(seen: Sequence[tuple[str, int]]) -> str:
    """What can be said of images without looking at them."""
    listed = ", ".join(f"a {media_type.removeprefix('image/').upper()} of {_size(size)}" for media_type, size in seen)
    return f"I was shown {_count(len(seen), 'image')}: {listed}. A scripted model can't see more than that."


def file_content(name: str) -> str:
    return f"# {name}\n\nWritten by the scripted model, to show that files stay with the conversation."


def long_answer(sections: int) -> str:
    """Markdown with everything in it: headings, lists, code, a table, a quotation."""
    parts = [
        "# A long answer",
        f"It has {_count(sections, 'section')}, so that you can watch it being written and split over messages.",
    ]
    parts += [_section(number) for number in range(1, sections + 1)]
    return "\n\n".join([*parts, "That is all of it."])


def _section(number: int) -> str:
    return f"## {number}. {_HEADINGS[(number - 1) % len(_HEADINGS)]}\n\n{_BODIES[(number - 1) % len(_BODIES)]}"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= _QUOTED_CHARS else line[:_QUOTED_CHARS].rstrip() + '…'}”"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(size_bytes: int) -> str:
    return f"{size_bytes} bytes" if size_bytes < 1024 else f"{size_bytes / 1024:.1f} kB"


_HEADINGS = ("What it is about", "A list of steps", "Some code", "A comparison", "Words to remember")

_BODIES = (
    (
        "A thread is a conversation, and a conversation is a **session**: what was said stays, over minutes, days and "
        "restarts. _Branching_ copies it up to a message; from there on, both live apart. "
        "See [the documentation](https://docs.slack.dev) for how threads work in Slack itself."
    ),
    (
        "1. Mention the bot in a channel, or write to it directly.\n"
        "2. Go on in the thread; no mention is needed there.\n"
        "   - Messages sent meanwhile wait, and are answered together.\n"
        "   - Editing one that waits changes it.\n"
        "3. React with :twisted_rightwards_arrows: to branch."
    ),
    (
        "```python\ndef branch(transcript: list[str], up_to: int) -> list[str]:\n"
        '    """A copy that knows nothing of what came after."""\n    return list(transcript[: up_to + 1])\n```\n\n'
        "Inline code such as `branch(transcript, 3)` works, too."
    ),
    (
        "| what | remembers | files |\n|---|---|---|\n| a thread | everything said in it | its own |\n"
        "| a branch | up to where it began | a copy |\n| after a reset | nothing | none |"
    ),
    (
        "> What is copied can be changed without regret.\n\nAnd that is what a branch is for: try the bold idea "
        "in one, and the careful one in the other."
    ),
)
