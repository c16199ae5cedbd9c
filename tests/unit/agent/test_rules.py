"""Which calls a rule speaks of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.agent.rules import Call, Fit, exact_rule, fit, problem_with
from bot.model import Rule

ROOT = Path("/data/sessions/x")


def fitting(rule: str, tool: str, **tool_input: Any) -> Fit:
    return fit(Rule.parse(rule), Call(tool, tool_input, ROOT))


def test_a_rule_without_a_pattern_is_about_all_calls_of_its_tool() -> None:
    assert fitting("Read", "Read", file_path=f"{ROOT}/a") is Fit.YES
    assert fitting("Read", "Grep", path=str(ROOT)) is Fit.NO
    assert fitting("Bash", "Bash", command="a; b") is Fit.YES


def test_a_path_is_compared_as_seen_from_the_sessions_directory() -> None:
    assert fitting("Read(docs/*)", "Read", file_path=f"{ROOT}/docs/deep/a.md") is Fit.YES
    assert fitting("Read(docs/*)", "Read", file_path=f"{ROOT}/other/a.md") is Fit.NO
    assert fitting("Read(/srv/handbook/*)", "Read", file_path="/srv/handbook/a.md") is Fit.YES
    assert fitting("Read([a]*)", "Read", file_path=f"{ROOT}/a") is Fit.NO, "only * is special"


def test_a_search_may_meet_what_a_pattern_names_wherever_it_begins() -> None:
    assert fitting("Grep(secret*)", "Grep", path=str(ROOT), pattern="x") is Fit.UNCLEAR
    assert fitting("Grep(docs*)", "Grep", path=f"{ROOT}/docs", pattern="x") is Fit.YES


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/x", Fit.YES),
        ("https://docs.EXAMPLE.com.", Fit.YES),
        ("https://example.com.evil.org", Fit.NO),
        ("https://notexample.com", Fit.NO),
        ("https://evil.org/?https://example.com", Fit.NO),
        ("https://[broken", Fit.NO),
    ],
)
def test_a_domain_holds_for_what_is_below_it(url: str, expected: Fit) -> None:
    assert fitting("WebFetch(domain:example.com)", "WebFetch", url=url) is expected


def test_a_command_that_is_not_plain_is_unclear() -> None:
    assert fitting("Bash(git log *)", "Bash", command="git log -3") is Fit.YES
    assert fitting("Bash(git log *)", "Bash", command="git push") is Fit.NO
    assert fitting("Bash(git log *)", "Bash", command="git log; git push") is Fit.UNCLEAR
    assert fitting("Bash(git log *)", "Bash", command=["git", "log"]) is Fit.UNCLEAR


def test_a_servers_name_is_about_all_its_tools() -> None:
    assert fitting("mcp__github", "mcp__github__get_issue") is Fit.YES
    assert fitting("mcp__github__get_*", "mcp__github__get_issue") is Fit.YES
    assert fitting("mcp__github__get_*", "mcp__github__delete_repository") is Fit.NO
    assert fitting("mcp__git", "mcp__github__get_issue") is Fit.NO


@pytest.mark.parametrize(
    ("tool", "tool_input", "rule"),
    [
        ("Bash", {"command": "npm  test"}, "Bash(npm test)"),
        ("Bash", {"command": "npm test | tee x"}, ""),
        ("WebFetch", {"url": "https://docs.Example.com/a?b"}, "WebFetch(domain:docs.example.com)"),
        ("Write", {"file_path": f"{ROOT}/a"}, "Write"),
        ("mcp__a__b", {}, "mcp__a__b"),
    ],
)
def test_the_rule_offered_speaks_of_the_call(tool: str, tool_input: dict[str, Any], rule: str) -> None:
    assert exact_rule(Call(tool, tool_input, ROOT)) == rule
    if rule:
        assert fitting(rule, tool, **tool_input) is Fit.YES


@pytest.mark.parametrize(
    "text",
    ["Read", "Read(docs/*)", "Bash(git log *)", "WebFetch(domain:a.b)", "mcp__a", "mcp__a__b_*", "Bash(x '(a)')"],
)
def test_a_rule_that_is_right_has_no_problem_and_keeps_its_text(text: str) -> None:
    assert problem_with(Rule.parse(text)) == ""
    assert str(Rule.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Raed", "did you mean Read?"),
        ("*", "names no tool"),
        ("WebSearch(x)", "takes no pattern"),
        ("Bash(a; b)", "no plain command"),
        ("WebFetch(example.com)", "domain:example.com"),
        ("mcp__a(x)", "takes no pattern"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(text: str, hint: str) -> None:
    try:
        problem = problem_with(Rule.parse(text))
    except ValueError as error:
        problem = f"{error} names no tool"
    assert hint in problem


@pytest.mark.parametrize("text", ["", "(x)", "Read(", "Read()", "Read( )", "Read x", "7up"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be written like"):
        Rule.parse(text)
