"""Who answers in the demo when there is no account: plainly scripted, and shows every feature by simple words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from bot.playground.model import prose
from bot.playground.model.replies import Reply, say, think, use_tool
from bot.playground.model.requests import Request, Said

_SLOWLY = 6.0
_MAX_SECTIONS = 40

Answering = Callable[[Request, re.Match[str]], Reply]


def persona(request: Request) -> Reply:
    """Answer as the demo's model, for nothing: a `Script` for `ScriptedModel`."""
    return replace(_said(request), free=True)


def _said(request: Request) -> Reply:
    last = _last_turn(request)
    if last.results:
        return say(prose.tool_result(last.results[-1].text, failed=last.results[-1].is_error))
    reply = _answer(request, last)
    if re.search(r"\bslow(ly)?\b", last.text, re.IGNORECASE):
        reply = Reply(reply.blocks, slowness=_SLOWLY)
    return reply if _introduced(request) else say(prose.INTRODUCTION) + reply


def _last_turn(request: Request) -> Said:
    """The newest message that is not the client's own."""
    spoken = [said for said in request.messages if said.role == "user" and (said.from_person or said.results)]
    return spoken[-1] if spoken else Said("user", "")


def _introduced(request: Request) -> bool:
    return any(prose.INTRODUCTION in said.text for said in request.messages if said.role == "assistant")


def _answer(request: Request, last: Said) -> Reply:
    if last.pictures:
        return say(prose.pictures([(picture.media_type, picture.size_bytes) for picture in last.pictures]))
    for pattern, answering in _TOPICS:
        found = re.search(pattern, last.text, re.IGNORECASE)
        if found:
            return answering(request, found)
    return say(prose.anything_else(last.text, len(request.prompts)))


# --- what it can be asked for -----------------------------------------------------------------------


def _long_answer(_request: Request, found: re.Match[str]) -> Reply:
    sections = min(_MAX_SECTIONS, max(1, int(found["sections"] or 4)))
    return think("An outline first.") + say(prose.long_answer(sections))


def _memory(request: Request, _found: re.Match[str]) -> Reply:
    return say(prose.memory(request.prompts[:-1], facts(request.prompts[:-1])))


def _name(request: Request, _found: re.Match[str]) -> Reply:
    name = dict(facts(request.prompts)).get("your name")
    return say(f"Your name is **{name}**." if name else "You have not told me your name in this conversation.")


def _keep_in_mind(request: Request, found: re.Match[str]) -> Reply:
    return say(prose.kept_in_mind(found["what"].strip(" .!"), len(facts(request.prompts))))


def _introduce(_request: Request, found: re.Match[str]) -> Reply:
    return say(f"Nice to meet you, **{found['name']}**. I will remember that in this conversation.")


def _list_files(_request: Request, _found: re.Match[str]) -> Reply:
    return say("Let me look what is in the directory.") + use_tool("Glob", {"pattern": "**/*"})


def _read(_request: Request, found: re.Match[str]) -> Reply:
    name = found["file"].strip("`'\".,")
    return say(f"Let me read `{name}`.") + use_tool("Read", {"file_path": name})


def _write(_request: Request, found: re.Match[str]) -> Reply:
    name = found["file"].strip("`'\".,")
    content = (found["content"] or "").strip() or prose.file_content(PurePosixPath(name).name)
    return say(f"I will write `{name}`.") + use_tool("Write", {"file_path": name, "content": f"{content}\n"})


def _run_a_tool(_request: Request, _found: re.Match[str]) -> Reply:
    return (
        think("Which tool shows itself best?")
        + say("I will write a note into this conversation's directory.")
        + use_tool("Write", {"file_path": "note.md", "content": prose.file_content("note.md")})
    )


def _run(request: Request, found: re.Match[str]) -> Reply:
    command = (found["quoted"] or found["plain"]).strip()
    if "Bash" not in request.tools:
        return say(prose.NO_SHELL)
    return say(f"Let me run `{command}`.") + use_tool("Bash", {"command": command, "description": prose.RUNNING})


def _ask(request: Request, found: re.Match[str]) -> Reply:
    if "AskUserQuestion" not in request.tools:
        return say(prose.NO_QUESTIONS)
    asked = prose.QUESTIONS if found["several"] else prose.QUESTIONS[:1]
    return say("Before I go on:") + use_tool("AskUserQuestion", {"questions": list(asked)})


_NAMED = r"\b(?:my name is|i am called|call me)\s+(?P<name>[\w-]+)"
_KEPT = r"\bremember(?: that)?[: ]+(?P<what>[^\n?]+)$"  # up to the line's end: a question is not kept
_LINES = re.IGNORECASE | re.MULTILINE
_FILE = r"(?P<file>[`'\"]?[\w~./-]*\.\w+[`'\"]?|[`'\"]?[\w.~-]*/[\w~./-]+[`'\"]?)"

_MEMORY = r"what (?:did|have) (?:i|we)|what do you (?:remember|know)|do you remember|what .*remember"

_TOPICS: tuple[tuple[str, Answering], ...] = (
    (r"\blong (?:answer|text|reply)\b\s*(?:of\s*)?(?P<sections>\d{1,3})?", _long_answer),
    (rf"\b(?:write|create|make)\b(?: (?:a|the|file))* {_FILE}(?:\s*:\s*(?P<content>.+))?", _write),
    (rf"\b(?:read|open|show)\b(?: (?:me|the|file))* {_FILE}", _read),
    (r"\b(?:list|show|what|which)\b.{0,20}\bfiles\b", _list_files),
    (r"\b(?:run|use|try) (?:a|some|the|any) tools?\b", _run_a_tool),
    (r"\bask me\b.*?(?P<several>\b(?:several|some|more|two|three|few|questions)\b)?$", _ask),
    (r"^(?:please )?run:?\s+(?:`(?P<quoted>[^`]+)`|(?P<plain>\S.*))", _run),
    (r"\bwhat(?:'s| is) my name\b|\bwho am i\b", _name),
    (rf"\b(?:{_MEMORY})\b", _memory),
    (_NAMED, _introduce),
    (r"\bremember(?: that)?[: ]+(?P<what>[^\n]+)", _keep_in_mind),
)


# --- what it was told -------------------------------------------------------------------------------


def facts(prompts: list[str]) -> list[tuple[str, str]]:
    """What people asked to be remembered, as (what, value), oldest first."""
    found: list[tuple[str, str]] = []
    for prompt in prompts:
        found += [("your name", name["name"]) for name in re.finditer(_NAMED, prompt, re.IGNORECASE)]
        found += [("to remember", kept["what"].strip(" .!")) for kept in re.finditer(_KEPT, prompt, _LINES)]
    return found
