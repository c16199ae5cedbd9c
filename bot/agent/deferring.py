"""A tool call that waits for a person, as people are shown it: exactly, and whole within a bound."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.agent.permissions import Ask
from bot.agent.tools import PATH_ARGUMENT, one_line, tool_title
from bot.model import DeferredCall, DetailKind, Option, Question

QUESTIONS_TOOL = "AskUserQuestion"

MAX_DETAIL_CHARS = 250_000
"""How much of a call is kept to be shown. What is cut off is counted there, and everything is in the hash."""
MAX_COMPARED_CHARS = 200_000
"""What is written over a larger file is shown whole, without what was there: comparing would take too long."""
MAX_QUESTIONS = 10
MAX_OPTIONS = 20
MAX_QUESTION_CHARS = 2_000
MAX_LABEL_CHARS = 300


def deferred_call(call_id: str, tool: str, tool_input: Mapping[str, Any], ask: Ask, workdir: Path) -> DeferredCall:
    """The call as a person is asked about it."""
    kind, detail = _detail(tool, tool_input, ask, workdir)
    return DeferredCall(
        id=call_id,
        tool=tool,
        title=tool_title(tool, tool_input, workdir),
        input_hash=input_hash(tool, tool_input, workdir),
        detail=_bounded(storable(detail)),
        detail_kind=kind,
        why=ask.why,
        pattern=ask.pattern,
        questions=tuple(question for _, question in _questions(tool_input)) if tool == QUESTIONS_TOOL else (),
    )


def input_hash(tool: str, tool_input: Mapping[str, Any], workdir: Path) -> str:
    """SHA-256 of the input, however its names are ordered, and in whichever directory the session is at work.

    Args:
        workdir: a path below it counts by its name there.
    """
    name = PATH_ARGUMENT.get(tool, "")
    if isinstance(path := tool_input.get(name), str):
        tool_input = {**tool_input, name: path.removeprefix(f"{workdir}/")}
    text = json.dumps(tool_input, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def answered(tool_input: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    """The input of the tool that asks, with the answers that people gave to the questions as they were shown."""
    given = {text: answers[shown.text] for text, shown in _questions(tool_input) if shown.text in answers}
    return {**tool_input, "answers": given}


def storable(text: str) -> str:
    r"""The text with what no encoding takes, a half surrogate, written out as `\ud800`."""
    return text.encode(errors="backslashreplace").decode()


def _bounded(text: str) -> str:
    if len(text) <= MAX_DETAIL_CHARS:
        return text
    return f"{text[:MAX_DETAIL_CHARS]}\n… and {len(text) - MAX_DETAIL_CHARS:,} characters more that are not shown"


def _detail(tool: str, tool_input: Mapping[str, Any], ask: Ask, workdir: Path) -> tuple[DetailKind, str]:
    match tool, tool_input:
        case "AskUserQuestion", _:
            return DetailKind.TEXT, ""
        case "Bash", {"command": str(command)}:
            return DetailKind.COMMAND, command
        case "Write", {"file_path": str(path), "content": str(content)}:
            before = _now_in(ask, workdir) if len(content) <= MAX_COMPARED_CHARS else None
            return DetailKind.DIFF, _diff(_shown(path, workdir), before, content)
        case "Edit", {"file_path": str(path), "old_string": str(old), "new_string": str(new)} if (
            len(old) + len(new) <= MAX_COMPARED_CHARS
        ):
            everywhere = "\n(everywhere in the file)" if tool_input.get("replace_all") else ""
            return DetailKind.DIFF, _diff(_shown(path, workdir), old, new) + everywhere
        case _:
            return DetailKind.TEXT, "\n".join(_lines(tool_input))


def _diff(name: str, old: str | None, new: str) -> str:
    """A unified diff. None stands for a file that is not there."""
    before = (old or "").splitlines(keepends=True)
    after = new.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, "/dev/null" if old is None else name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines).rstrip("\n") or "(no change)"


def _now_in(ask: Ask, workdir: Path) -> str | None:
    """The text of the file that is to be overwritten; None when there is none, or none that can be shown."""
    path = Path(str(ask.tool_input.get("file_path", "")))
    try:
        if not path.resolve().is_relative_to(workdir.resolve()) or path.stat().st_size > MAX_COMPARED_CHARS:
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _shown(path: str, workdir: Path) -> str:
    """A path, relative to the working directory where it lies inside."""
    prefix = f"{workdir}/"
    return one_line(path.removeprefix(prefix)) or "a file"


def _lines(tool_input: Mapping[str, Any]) -> Iterable[str]:
    for name, value in tool_input.items():
        yield f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def _questions(tool_input: Mapping[str, Any]) -> Sequence[tuple[str, Question]]:
    """Each question's text as the tool has it, with the question as people are shown it."""
    asked = tool_input.get("questions")
    found: dict[str, tuple[str, Question]] = {}
    for given in asked[:MAX_QUESTIONS] if isinstance(asked, list) else ():
        if isinstance(given, dict) and isinstance(given.get("question"), str):
            question = _question(given)
            found.setdefault(question.text, (given["question"], question))
    return tuple(found.values())


def _question(given: Mapping[str, Any]) -> Question:
    options = given.get("options")
    return Question(
        text=_cut(given["question"], MAX_QUESTION_CHARS),
        header=_cut(given.get("header", ""), MAX_LABEL_CHARS),
        options=tuple(
            Option(_cut(option["label"], MAX_LABEL_CHARS), _cut(option.get("description", ""), MAX_LABEL_CHARS))
            for option in (options[:MAX_OPTIONS] if isinstance(options, list) else ())
            if isinstance(option, dict) and isinstance(option.get("label"), str) and option["label"].strip()
        ),
        multiple=bool(given.get("multiSelect")),
    )


def _cut(text: object, limit: int) -> str:
    line = storable(text).strip() if isinstance(text, str) else ""
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
