"""Transcripts without a process: forks, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.agent.settings import PoolBounds
from bot.errors import Reason, Refusal
from bot.model import Exchange, TranscriptEntry
from bot.playground.model import say, use_tool
from tests.integration.agent.bench import Bench, OpenBench, a_thread, lease_of, new_session


async def test_a_fork_up_to_the_first_of_three_knows_only_that_one(bench: Bench) -> None:
    session, branch = new_session(), a_thread()
    await bench.ask("first", session)
    head = bench.transcripts.tail(bench.thread, session)
    await bench.ask("second", session, resume=True)
    await bench.ask("third", session, resume=True)
    before = list(bench.transcripts.entries[bench.thread, session, ""])

    fork = await bench.sessions.fork(bench.thread, session, head, lease_of(branch), "A branch")
    await bench.ask("What did I say?", fork, resume=True, thread=branch)

    assert bench.model.requests[-1].prompts == ["first", "What did I say?"]
    assert bench.transcripts.entries[bench.thread, session, ""] == before
    await bench.ask("And here?", session, resume=True)
    assert bench.model.requests[-1].prompts == ["first", "second", "third", "And here?"]


async def test_a_fork_of_all_of_it_knows_what_the_source_knows(bench: Bench) -> None:
    session, branch, twig = new_session(), a_thread(), a_thread()
    bench.model.script(use_tool("Glob", {"pattern": "*"}), say("Nothing there."))
    await bench.ask("first", session)
    fork = await bench.sessions.fork(bench.thread, session, "", lease_of(branch), "")
    await bench.ask("second", fork, resume=True, thread=branch)
    again = await bench.sessions.fork(branch, fork, "", lease_of(twig), "")
    await bench.ask("third", again, resume=True, thread=twig)
    assert bench.model.requests[-1].prompts == ["first", "second", "third"]


async def test_a_fork_of_a_session_that_was_cut_holds_what_is_current(bench: Bench) -> None:
    session, branch = new_session(), a_thread()
    await bench.ask("first", session)
    head = bench.transcripts.tail(bench.thread, session)
    await bench.ask("dropped", session, resume=True)
    await bench.ask("second", session, resume=True, resume_at=head)
    fork = await bench.sessions.fork(bench.thread, session, "", lease_of(branch), "")
    await bench.ask("third", fork, resume=True, thread=branch)
    assert bench.model.requests[-1].prompts == ["first", "second", "third"]


async def test_a_branch_that_was_given_up_is_not_taken_for_the_end(bench: Bench) -> None:
    """The CLI notes where it is, now and then. What it noted in a turn that was asked again must not count."""
    session = new_session()
    await bench.ask("first", session)
    head = bench.transcripts.tail(bench.thread, session)
    await bench.ask("asked in vain", session, resume=True)
    where = {"type": "last-prompt", "lastPrompt": "asked in vain", "sessionId": session}
    where["leafUuid"] = bench.transcripts.tail(bench.thread, session)
    note = TranscriptEntry("", anchor=False, body=json.dumps(where))
    await bench.transcripts.append(lease_of(bench.thread, 9), session, "", [note])
    await bench.ask("second", session, resume=True, resume_at=head)
    await bench.ask("third", session, resume=True)
    await bench.ask("fourth", session, resume=True)
    assert bench.model.requests[-1].prompts == ["first", "second", "third", "fourth"]


async def test_there_is_nothing_to_fork_of_a_session_that_is_gone(bench: Bench) -> None:
    with pytest.raises(Refusal) as refused:
        await bench.sessions.fork(bench.thread, new_session(), "", lease_of(a_thread()), "")
    assert refused.value.reason is Reason.SESSION_EXPIRED


@pytest.mark.parametrize("entry", ["00000000-0000-4000-8000-000000000000", "not a uuid"])
async def test_there_is_nothing_to_fork_at_an_entry_that_is_gone(bench: Bench, entry: str) -> None:
    session = new_session()
    await bench.ask("first", session)
    with pytest.raises(Refusal) as refused:
        await bench.sessions.fork(bench.thread, session, entry, lease_of(a_thread()), "")
    assert refused.value.reason is Reason.SESSION_EXPIRED


async def test_exchanges_are_prompts_with_their_whole_answers(bench: Bench) -> None:
    session = new_session()
    bench.model.script(say("One moment.") + use_tool("Glob", {"pattern": "*"}), say("Nothing."), say("Bye."))
    await bench.ask("Any files?", session)
    await bench.ask("Thanks", session, resume=True)
    told = await bench.sessions.exchanges(bench.thread, session, 5)
    assert told == [Exchange("Any files?", "One moment.\n\nNothing."), Exchange("Thanks", "Bye.")]
    assert await bench.sessions.exchanges(bench.thread, session, 1) == told[1:]
    assert await bench.sessions.exchanges(bench.thread, new_session(), 5) == []


async def test_a_renamed_and_tagged_session_resumes(bench: Bench) -> None:
    session = new_session()
    await bench.ask("first", session)
    tail = bench.transcripts.tail(bench.thread, session)
    await bench.sessions.rename(bench.lease, session, "A title")
    await bench.sessions.tag(bench.lease, session, "urgent")
    await bench.sessions.tag(bench.lease, session, "")
    assert bench.transcripts.tail(bench.thread, session) == tail, "a title is no place to cut"
    await bench.ask("second", session, resume=True)
    assert bench.model.requests[-1].prompts == ["first", "second"]


async def test_a_blank_title_is_refused(bench: Bench) -> None:
    with pytest.raises(Refusal):
        await bench.sessions.rename(bench.lease, new_session(), "  ")


@pytest.mark.parametrize("clients", [0, 2])
async def test_what_was_taken_out_is_not_known_any_more(open_bench: OpenBench, tmp_path: Path, clients: int) -> None:
    session = new_session()
    bounds = PoolBounds(clients=clients, memory_bytes=8 << 30, client_bytes=1 << 30)
    async with open_bench(tmp_path, bounds) as bench:
        await bench.ask("first", session)
        first = bench.transcripts.tail(bench.thread, session)
        (bench.workdir(session) / "secret.md").write_text("my secret text")
        bench.model.script(use_tool("Read", {"file_path": "secret.md"}), say("It says my secret text."))
        await bench.ask("my secret question", session, resume=True)
        head = bench.transcripts.tail(bench.thread, session)

        lease = lease_of(bench.thread, 99)
        assert await bench.sessions.take_out(lease, session, {first}, {"", first, head}) == 1

        await bench.ask("What did I say?", session, resume=True, resume_at=head)
        sent = json.dumps(bench.model.requests[-1].raw, ensure_ascii=False)
        assert "my secret" not in sent
        assert bench.model.requests[-1].prompts[0] == "first"
        assert bench.model.requests[-1].prompts[-1] == "What did I say?"
        kept = bench.transcripts.entries[bench.thread, session, ""]
        assert not [entry.body for entry in kept if "my secret" in entry.body]
        await bench.ask("And now?", session, resume=True)
        branch = a_thread()
        fork = await bench.sessions.fork(bench.thread, session, head, lease_of(branch), "")
        await bench.ask("In a branch?", fork, resume=True, thread=branch)
        assert "my secret" not in json.dumps(bench.model.requests[-1].raw)
