"""Commands in the CLI's sandbox: what they can do, and what hostile ones can't."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from bot.agent.sandbox import Sandbox
from bot.agent.settings import PoolBounds
from bot.model import TextDelta, TurnPolicy
from bot.playground.model import say, use_tool
from tests.integration.agent.bench import Bench, OpenBench, Told, mark_of, marked_processes, new_session
from tests.policies import allowing
from tests.requirements_of_machine import needs_sandbox
from tests.waiting import until

SECRET = "sk-ant-never-to-be-printed"


@pytest.fixture(autouse=True)
def sandboxed(environ: dict[str, str]) -> None:
    needs_sandbox()
    environ.update(PATH=os.environ["PATH"], ANTHROPIC_API_KEY=SECRET, AWS_SECRET_ACCESS_KEY="never-printed-either")


def own_processes() -> set[int]:
    """The CLI's, without what it started itself."""
    return {child.pid for child in psutil.Process().children() if mark_of(child)}


async def outputs(bench: Bench, session: str, *commands: str, policy: TurnPolicy | None = None) -> Sequence[str]:
    """What commands print, one call each."""
    bench.policy = policy or allowing("Bash")
    bench.model.script(*(use_tool("Bash", {"command": command}) for command in commands), say("done"))
    told: Told = await bench.ask("Do it", session)
    assert told.text == "done"
    return [request.results[-1].text for request in bench.model.requests[-len(commands) :]]


async def test_a_command_works_in_the_sessions_directory(bench: Bench) -> None:
    session = new_session()
    listed, _ = await outputs(
        bench, session, "echo hello > note.txt && cat note.txt; pwd", "mkdir -p a/b && touch a/b/c"
    )
    assert listed.splitlines() == ["hello", str(bench.workdir(session))]
    assert (bench.workdir(session) / "a/b/c").exists()


async def test_no_command_can_print_the_credentials(bench: Bench) -> None:
    printed = await outputs(
        bench,
        new_session(),
        "env; set; export -p; declare -p",
        "printenv PATH",
        "cat /proc/*/environ /proc/*/task/*/environ; cat /proc/*/cmdline; ls /proc",
        f"cat {bench.root}/claude/*/config/.credentials.json ~/.claude/.credentials.json; find {bench.root} -type f",
        "python3 -c \"import os; print(os.environ)\" || perl -e 'print %ENV'",
    )
    for text in printed:
        assert SECRET not in text
        assert "never-printed-either" not in text
        assert "xoxb-secret" not in text, "it is not even in the environment of the CLI"
    assert "/bin" in printed[1], "commands do have an environment"


async def test_no_command_can_read_what_is_not_the_sessions_own(bench: Bench, tmp_path: Path) -> None:
    session, neighbour = new_session(), new_session()
    (bench.workdir(neighbour) / "diary.txt").write_text("dear diary")
    outside = tmp_path / "outside.txt"
    outside.write_text("dear diary")
    printed = await outputs(
        bench,
        session,
        f"cat {bench.workdir(neighbour)}/diary.txt {outside} ../{neighbour}/diary.txt",
        f"ln -s {bench.workdir(neighbour)} way-out; cat way-out/diary.txt; ls -R way-out/",
        f"cat $(printf '{outside}') <{outside}; find / -name diary.txt 2>/dev/null",
        f"ls -A {Path.home()} {Path.cwd()} /tmp /home /var /run 2>&1",
    )
    assert "dear diary" not in "".join(printed)
    assert "requirements.lock" not in printed[3]


async def test_no_command_can_write_what_is_not_the_sessions_own(bench: Bench, tmp_path: Path) -> None:
    session, neighbour = new_session(), new_session()
    bench.workdir(neighbour)
    outside = tmp_path / "outside"
    outside.mkdir()
    await outputs(
        bench,
        session,
        f"touch {outside}/x; touch {bench.workdir(neighbour)}/x; touch ../{neighbour}/x",
        f"ln -s {outside} out; touch out/x; cp /etc/hostname out/",
        "touch /etc/x /usr/x /opt/x ~/x; mount -o remount,rw / ; umount /tmp",
    )
    assert list(outside.iterdir()) == []
    assert list(bench.workdir(neighbour).iterdir()) == []
    assert not Path("/etc/x").exists()


async def test_no_command_can_reach_the_network(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected"
        ways = "import socket; socket.create_connection(('127.0.0.1', {port}), 2); print('connected')"
        printed = await outputs(
            bench,
            new_session(),
            f"bash -c '{connect}'; unset http_proxy; bash -c '{connect}'",
            f'python3 -c "{ways.format(port=port)}"; curl -sS -m 3 --noproxy "*" http://127.0.0.1:{port}',
            "curl -sS -m 5 http://example.com; getent hosts example.com && echo connected",
        )
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    assert "connected" not in "".join(printed)


async def test_no_argument_lets_a_command_out_of_the_sandbox(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("dear diary")
    call = {"command": f"cat {tmp_path}/outside.txt", "dangerouslyDisableSandbox": True}
    bench.policy = allowing("Bash")
    bench.model.script(use_tool("Bash", call), say("done"))
    await bench.ask("Read it", new_session())
    assert "dear diary" not in bench.model.requests[-1].results[0].text


async def test_a_repository_can_be_read_by_commands_and_not_changed(bench: Bench, tmp_path: Path) -> None:
    repository = tmp_path / "handbook"
    repository.mkdir()
    (repository / "page.md").write_text("Be kind.")
    policy = TurnPolicy(allowing("Bash").stacks, repositories=(repository,))
    [printed] = await outputs(
        bench, new_session(), f"cat {repository}/page.md; echo worse > {repository}/page.md", policy=policy
    )
    assert "Be kind." in printed
    assert (repository / "page.md").read_text() == "Be kind."


async def test_the_sandbox_leaves_no_files_even_where_the_process_was_killed(
    open_bench: OpenBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as short:  # the sandbox's sockets can't have a long path
        monkeypatch.setattr(tempfile, "tempdir", short)
        async with open_bench(tmp_path) as bench:
            bench.model.script(say("a", asyncio.Event()))
            async with bench.run("Tell me", new_session()) as run:
                async for event in run:
                    if isinstance(event, TextDelta):
                        break
                [own] = Path(short).iterdir()
                assert list(own.iterdir()), "the sandbox has its socket there"
                for process in marked_processes():
                    process.kill()
        assert not list(Path(short).iterdir())


async def test_what_a_command_leaves_running_ends_with_its_process(open_bench: OpenBench, tmp_path: Path) -> None:
    async with open_bench(tmp_path) as bench:
        session = new_session()
        await outputs(bench, session, "(setsid sleep 3000 </dev/null >/dev/null 2>&1 &); echo started")
    assert not marked_processes()


def test_the_whole_file_system_is_closed_but_for_the_systems_programs(tmp_path: Path) -> None:
    sandbox = Sandbox.around({"HOME": "/home/bot", "GOOGLE_APPLICATION_CREDENTIALS": "/etc/hostname"}, tmp_path)
    assert {"/home", "/root", "/tmp", "/var", "/etc/hostname", str(tmp_path), str(Path.cwd())} <= set(sandbox.closed)
    assert not {"/", "/usr", "/etc", "/bin", "/proc"} & set(sandbox.closed)
    assert sandbox.hidden == ["GOOGLE_APPLICATION_CREDENTIALS"]


async def test_a_session_with_a_sandbox_stays_live_and_nothing_of_it_stays_after(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    bounds = PoolBounds(clients=2, spares=1, memory_bytes=8 << 30, client_bytes=1 << 30)
    async with open_bench(tmp_path, bounds) as bench:
        await until(lambda: bench.agent.census.spares == 1)
        session = bench.agent.offer_session_id()
        assert await outputs(bench, session, "echo one") == ["one"]
        await until(lambda: bench.agent.census.spares == 1)
        before = own_processes()
        bench.model.script(use_tool("Bash", {"command": "echo two"}), say("done"))
        assert (await bench.ask("Again", session, resume=True)).text == "done"
        assert bench.model.requests[-1].results[-1].text == "two"
        assert own_processes() == before
    assert not marked_processes()
