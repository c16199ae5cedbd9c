"""What the agent may do, decided without the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.agent.hooks import Gate
from bot.agent.permissions import Allow, Deny, InsideDirectory, Ruling


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "session"
    (path / "docs").mkdir(parents=True)
    (path / "docs" / "a.md").write_text("a")
    (path / "inner").symlink_to("docs")
    (path / "outer").symlink_to("/etc")
    (path / "loop").symlink_to("loop")
    (tmp_path / "session-of-another").mkdir()
    return path


def decide(root: Path, tool: str, **tool_input: Any) -> Ruling:
    return InsideDirectory(root).decide(tool, tool_input)


@pytest.mark.parametrize("tool", ["Read", "Write", "Edit", "MultiEdit"])
@pytest.mark.parametrize(
    "path", ["a.md", "docs/a.md", "docs/../a.md", "inner/a.md", " docs/a.md ", "new/deep/b.md", "."]
)
def test_files_inside_the_directory_are_allowed(root: Path, tool: str, path: str) -> None:
    decision = decide(root, tool, file_path=path, content="x")
    assert decision == Allow({"file_path": str((root / path.strip()).resolve()), "content": "x"})


@pytest.mark.parametrize("tool", ["Read", "Write", "Edit", "MultiEdit"])
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        " /etc/passwd",
        "../session-of-another/a.md",
        "docs/../../x",
        "outer/passwd",
        "outer/../../x",
        "~/.ssh/id_rsa",
        "~root/x",
        "~nobody-knows-this-user/x",
        "loop/x",
        "a\x00b",
        "/proc/self/environ",
        "",
        None,
        ["a.md"],
    ],
)
def test_files_outside_the_directory_are_refused(root: Path, tool: str, path: object) -> None:
    if path == "":  # the directory itself: reading it fails in the tool, and does no harm
        assert isinstance(decide(root, tool, file_path=path), Allow)
    else:
        assert isinstance(decide(root, tool, file_path=path), Deny)


def test_an_absolute_path_inside_is_allowed(root: Path) -> None:
    assert isinstance(decide(root, "Read", file_path=str(root / "docs/a.md")), Allow)


@pytest.mark.parametrize("tool", ["Glob", "Grep"])
def test_searching_starts_in_the_directory_unless_told_otherwise(root: Path, tool: str) -> None:
    assert decide(root, tool, pattern="*") == Allow({"pattern": "*", "path": str(root)})
    assert decide(root, tool, pattern="*", path="docs") == Allow({"pattern": "*", "path": str(root / "docs")})
    assert isinstance(decide(root, tool, pattern="*", path="/etc"), Deny)
    assert isinstance(decide(root, tool, pattern="*", path="outer"), Deny)


@pytest.mark.parametrize(
    "pattern", ["/etc/*", "../*", "a/../../*", "{..,docs}/*", "{/etc,docs}/*", "~/*", " /etc/*", None]
)
def test_a_glob_can_not_leave_the_directory_by_its_pattern(root: Path, pattern: object) -> None:
    assert isinstance(decide(root, "Glob", pattern=pattern), Deny)


@pytest.mark.parametrize("tool", ["Bash", "Task", "Agent", "Skill", "mcp__a__b", "KillShell", "AskUserQuestion", ""])
def test_everything_else_is_refused_with_words(root: Path, tool: str) -> None:
    assert decide(root, tool, command="ls") == Deny("This is not permitted here.")


@pytest.mark.parametrize(
    "url", ["https://docs.slack.dev/apis", "http://example.com", "https://8.8.8.8/x", "https://a.co.uk."]
)
def test_public_pages_may_be_read(root: Path, url: str) -> None:
    assert isinstance(decide(root, "WebFetch", url=url, prompt="x"), Allow)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:6379",
        "http://localhost/",
        "http://[::1]/",
        "http://10.0.0.1",
        "http://redis",
        "http://metadata.google.internal",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://user@example.com/",
        "file:///etc/passwd",
        "http://",
        "http://[broken",
        None,
    ],
)
def test_private_addresses_may_not_be_read(root: Path, url: object) -> None:
    assert isinstance(decide(root, "WebFetch", url=url), Deny)


async def test_the_hook_and_the_callback_say_the_same(root: Path) -> None:
    gate = Gate(InsideDirectory(root))
    (matcher,) = gate.hooks()["PreToolUse"]
    assert matcher.on_failure == "block"
    for path, allowed in (("docs/a.md", True), ("/etc/passwd", False)):
        call: Any = {"tool_name": "Read", "tool_input": {"file_path": path}}
        said: Any = await matcher.hooks[0](call, "id", {"signal": None})
        asked: Any = await gate.can_use_tool("Read", {"file_path": path}, Any)  # type: ignore[arg-type]
        assert said["hookSpecificOutput"]["permissionDecision"] == ("allow" if allowed else "deny")
        assert asked.behavior == ("allow" if allowed else "deny")
        if allowed:
            assert said["hookSpecificOutput"]["updatedInput"] == asked.updated_input == {"file_path": str(root / path)}
