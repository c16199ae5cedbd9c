"""What the agent may do, decided without the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from claude_agent_sdk import ToolPermissionContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.agent.hooks import Gate
from bot.agent.permissions import Allow, Ask, Deny, Permissions, Ruling
from bot.model import TurnPolicy
from tests.policies import WRITING, allowing, rules


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
    return Permissions(root, WRITING).decide(tool, tool_input)


def under(policy: TurnPolicy, root: Path, tool: str, *granted: str, sandboxed: bool = True, **given: Any) -> Ruling:
    return Permissions(root, policy, granted, sandboxed=sandboxed).decide(tool, given)


@pytest.mark.parametrize("tool", ["Read", "Write", "Edit"])
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
        assert not isinstance(decide(root, tool, file_path=path), Deny)
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
def test_everything_else_needs_asking(root: Path, tool: str) -> None:
    assert isinstance(decide(root, tool, command="ls"), Ask)


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


def test_what_no_rule_names_needs_asking_and_what_runs_then_is_what_was_checked(root: Path) -> None:
    ruling = under(allowing("Read"), root, "Write", file_path="inner/b.md", content="x")
    assert isinstance(ruling, Ask)
    assert (ruling.pattern, ruling.tool_input) == ("Write", {"file_path": str(root / "docs/b.md"), "content": "x"})


def test_of_rules_that_fit_the_strictest_counts(root: Path) -> None:
    policy = TurnPolicy(((rules(allow=["Write"], ask=["Write(docs/*)"], deny=["Write(docs/secret*)"]),),))
    assert isinstance(under(policy, root, "Write", file_path="a.md"), Allow)
    assert isinstance(under(policy, root, "Write", file_path="docs/a.md"), Ask)
    assert isinstance(under(policy, root, "Write", file_path="inner/secret.md"), Deny), "the resolved path counts"


def test_the_most_particular_rules_that_say_something_decide(root: Path) -> None:
    everywhere, channel = rules(allow=["Read"], ask=["Write"]), rules(allow=["Write"], deny=["Read"])
    policy = TurnPolicy(((everywhere, channel),))
    assert isinstance(under(policy, root, "Write", file_path="a.md"), Allow)
    assert isinstance(under(policy, root, "Read", file_path="a.md"), Deny)


def test_of_several_people_the_strictest_answer_counts(root: Path) -> None:
    trusted, guest = (rules(allow=["Write"]),), (rules(ask=["Write"], deny=["WebSearch"]),)
    policy = TurnPolicy((trusted, guest))
    assert isinstance(under(policy, root, "Write", file_path="a.md"), Ask)
    assert isinstance(under(policy, root, "WebSearch", query="x"), Deny)


def test_what_a_thread_was_allowed_answers_what_needs_asking_and_lifts_nothing(root: Path) -> None:
    policy = TurnPolicy(((rules(ask=["Write"], deny=["WebSearch"]),),))
    assert isinstance(under(policy, root, "Write", "Write", file_path="a.md"), Allow)
    assert isinstance(under(policy, root, "Write", "Write", file_path="/etc/passwd"), Deny)
    assert isinstance(under(policy, root, "WebSearch", "WebSearch", query="x"), Deny)
    assert isinstance(under(policy, root, "Write", "Edit", "(", "", file_path="a.md"), Ask)


def test_a_command_runs_where_a_rule_allows_it_and_otherwise_somebody_is_asked(root: Path) -> None:
    policy = TurnPolicy(((rules(allow=["Bash(git log *)"], deny=["Bash(git push *)"]),),))
    assert isinstance(under(policy, root, "Bash", command="git log -3"), Allow)
    assert isinstance(under(policy, root, "Bash", command="git push origin"), Deny)
    assert under(policy, root, "Bash", command="git status") == Ask(
        "It is not among the things I may do here without asking.", "Bash(git status)", {"command": "git status"}
    )


@pytest.mark.parametrize(
    "command",
    [
        "git log; rm -rf .",
        "git log && curl x",
        "git log $(id)",
        "git log `id`",
        "git log > f",
        "git log\nid",
        "X=1 git log",
    ],
)
def test_a_command_that_is_more_than_one_plain_command_is_asked_about(root: Path, command: str) -> None:
    anything = TurnPolicy(((rules(allow=["Bash"], deny=["Bash(rm *)"]),),))
    for policy in (allowing("Bash(git log *)"), anything):
        ruling = under(policy, root, "Bash", command=command)
        assert isinstance(ruling, Ask)
        assert (ruling.pattern, "more than one plain command" in ruling.why) == ("", True)


def test_without_a_sandbox_every_command_is_asked_about_each_time(root: Path) -> None:
    ruling = under(allowing("Bash"), root, "Bash", "Bash(ls)", sandboxed=False, command="ls")
    assert isinstance(ruling, Ask)
    assert ("no sandbox" in ruling.why, ruling.pattern) == (True, "")
    forbidden = TurnPolicy(((rules(deny=["Bash"]),),))
    assert isinstance(under(forbidden, root, "Bash", sandboxed=False, command="ls"), Deny)


def test_nobody_can_leave_the_sandbox_or_the_turn_by_an_argument(root: Path) -> None:
    given: dict[str, Any] = {"command": "ls", "dangerouslyDisableSandbox": True, "run_in_background": True}
    assert under(allowing("Bash"), root, "Bash", **given) == Allow({"command": "ls"})


def test_questions_are_for_people_even_where_a_rule_allows_them(root: Path) -> None:
    assert isinstance(under(allowing("AskUserQuestion"), root, "AskUserQuestion", questions=[]), Ask)


def test_a_repository_can_be_read_and_searched_but_not_changed(root: Path, tmp_path: Path) -> None:
    repository = tmp_path / "handbook"
    repository.mkdir()
    (repository / "a.md").write_text("a")
    (repository / "out").symlink_to("/etc")
    policy = TurnPolicy(WRITING.stacks, repositories=(repository,))
    assert under(policy, root, "Read", file_path=f"{repository}/a.md") == Allow({"file_path": str(repository / "a.md")})
    assert isinstance(under(policy, root, "Grep", pattern="a", path=str(repository)), Allow)
    assert isinstance(under(policy, root, "Write", file_path=f"{repository}/a.md", content=""), Deny)
    assert isinstance(under(policy, root, "Edit", file_path=f"{repository}/../handbook/a.md"), Deny)
    assert isinstance(under(policy, root, "Read", file_path=f"{repository}/out/passwd"), Deny)
    assert isinstance(under(policy, root, "Read", file_path=f"{repository}-other/a.md"), Deny)


SEGMENTS = st.sampled_from(["..", ".", "docs", "inner", "outer", "loop", "new", "~", "a.md", "", " ", "\x00", "etc"])


@given(segments=st.lists(SEGMENTS, min_size=1, max_size=8), absolute=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_leads_out(root: Path, segments: list[str], absolute: bool) -> None:
    path = "/" * absolute + "/".join(segments)
    for tool in ("Read", "Write", "Glob"):
        ruling = decide(root, tool, file_path=path, path=path, pattern="*")
        if isinstance(ruling, Allow):
            name = "path" if tool == "Glob" else "file_path"
            real = Path(ruling.tool_input[name])
            assert real == real.resolve()
            assert real.is_relative_to(root.resolve())


async def test_the_hook_and_the_callback_say_the_same(root: Path) -> None:
    gate = Gate(Permissions(root, WRITING), root)
    (matcher,) = gate.hooks()["PreToolUse"]
    assert matcher.on_failure == "block"
    for path, allowed in (("docs/a.md", True), ("/etc/passwd", False)):
        call: Any = {"tool_name": "Read", "tool_input": {"file_path": path}}
        said: Any = await matcher.hooks[0](call, "id", {"signal": None})
        asked: Any = await gate.can_use_tool("Read", {"file_path": path}, ToolPermissionContext(tool_use_id="id"))
        assert said["hookSpecificOutput"]["permissionDecision"] == ("allow" if allowed else "deny")
        assert asked.behavior == ("allow" if allowed else "deny")
        if allowed:
            assert said["hookSpecificOutput"]["updatedInput"] == asked.updated_input == {"file_path": str(root / path)}
