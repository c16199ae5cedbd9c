"""Titles of tool calls: plain words, never JSON."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.tools import MAX_TITLE_CHARS, OFFERED_TOOLS, tool_title

WORKDIR = Path("/data/sessions/abc")


@pytest.mark.parametrize(
    ("tool", "tool_input", "title"),
    [
        ("Read", {"file_path": "report.md"}, "Reading report.md"),
        ("Read", {"file_path": "/data/sessions/abc/docs/report.md"}, "Reading docs/report.md"),
        ("Read", {"file_path": "/etc/passwd"}, "Reading /etc/passwd"),
        ("Read", {}, "Reading a file"),
        ("Write", {"file_path": "/data/sessions/abc/note.md", "content": "x"}, "Writing note.md"),
        ("Edit", {"file_path": "note.md"}, "Editing note.md"),
        ("NotebookEdit", {"notebook_path": "a.ipynb"}, "Editing a.ipynb"),
        ("Glob", {"pattern": "**/*.md"}, "Looking for files “**/*.md”"),
        ("Grep", {"pattern": "foo", "path": "/data/sessions/abc"}, "Searching for “foo”"),
        ("Grep", {"pattern": "foo", "path": "/data/sessions/abc/src"}, "Searching for “foo” in src"),
        ("Grep", {}, "Searching for something"),
        ("Bash", {"command": "rm -rf /"}, "Running a command"),
        ("Bash", {"command": "ls", "description": "List the files"}, "List the files"),
        ("WebSearch", {"query": "slack limits"}, "Searching the web for “slack limits”"),
        ("WebFetch", {"url": "https://docs.slack.dev/a?token=secret"}, "Reading a page on docs.slack.dev"),
        ("WebFetch", {"url": "http://[broken"}, "Reading a page on a page"),
        ("TodoWrite", {"todos": [{"content": "x"}]}, "Updating its plan"),
        ("mcp__git_hub__create_issue", {"title": "x"}, "Using create issue (git hub)"),
        ("SomethingNew", {"a": 1}, "Using SomethingNew"),
        ("Read", {"file_path": {"not": "a string"}}, "Reading a file"),
    ],
)
def test_a_title_says_in_words_what_the_tool_does(tool: str, tool_input: dict[str, Any], title: str) -> None:
    assert tool_title(tool, tool_input, WORKDIR) == title


def test_a_title_has_no_control_characters_and_one_line() -> None:
    title = tool_title("Read", {"file_path": "a\x00b\x1b[31m\nc\u202ed\u200b.md"}, WORKDIR)
    assert title == "Reading a b [31m cd.md"


@given(
    tool=st.sampled_from([*OFFERED_TOOLS, "Bash", "Task", "mcp__a__b", "Other"]) | st.text(),
    value=st.text(max_size=2000),
)
def test_a_title_is_always_short_visible_and_one_line(tool: str, value: str) -> None:
    names = ("file_path", "path", "pattern", "query", "url", "description", "notebook_path")
    title = tool_title(tool, dict.fromkeys(names, value), WORKDIR)
    assert len(title) <= MAX_TITLE_CHARS
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in title)
