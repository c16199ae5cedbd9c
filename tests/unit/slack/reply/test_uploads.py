"""Files that the agent made and speaks of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.model import Closing, Ending, Outcome, Progress
from bot.slack.reply.uploads import MOST_BYTES, MOST_FILES
from tests.unit.slack.fake_slack import Effect, FakeSlack, Fault, HandClock, refused, settle
from tests.unit.slack.reply.replying import a_reply, a_turn


async def _answered(
    said: str, *files: Path, slack: FakeSlack | None = None, progress: Progress | None = None
) -> FakeSlack:
    async with a_reply(a_turn(progress=progress), slack=slack) as scene:
        if progress is None:
            await scene.say(said)
        await scene.reply.close(Closing(Outcome(Ending.DONE, "session-1"), files=files))
        assert scene.slack.text == said
        return scene.slack


def _made(folder: Path, name: str, content: str = "x") -> Path:
    path = folder / name
    path.write_text(content)
    return path


async def test_a_file_that_the_answer_mentions_is_put_into_the_thread(tmp_path: Path) -> None:
    made, silent = _made(tmp_path, "report.csv", "a,b"), _made(tmp_path, "notes.txt")
    slack = await _answered("Here is report.csv.", made, silent)
    assert [sent["content"] for sent in slack.called("upload")] == [b"a,b"]
    (shared,) = slack.called("files.completeUploadExternal")
    assert (shared["channel_id"], shared["thread_ts"]) == ("C1", "1.0")
    assert [file["title"] for file in shared["files"]] == ["report.csv"]


async def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    secret = _made(tmp_path, "secret")
    link = tmp_path / "link.txt"
    link.symlink_to(secret)
    assert not (await _answered("See link.txt.", link)).called("upload")


async def test_files_are_bounded_in_number_and_size(tmp_path: Path) -> None:
    many = [_made(tmp_path, f"file-{number}.txt") for number in range(MOST_FILES + 3)]
    slack = await _answered(" ".join(path.name for path in many), *many)
    assert len(slack.called("upload")) == MOST_FILES
    large = _made(tmp_path, "large.bin")
    with large.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)
    assert not (await _answered("See large.bin.", large)).called("upload")


async def test_a_file_that_is_gone_hurts_nothing(tmp_path: Path) -> None:
    assert not (await _answered("See gone.txt.", tmp_path / "gone.txt")).called("upload")


@pytest.mark.parametrize("effect", [Effect.LOST_BEFORE, Effect.LOST_AFTER, Effect.UNSENT])
async def test_files_of_unknown_outcome_are_looked_for_before_they_are_shared_again(
    tmp_path: Path, effect: Effect
) -> None:
    slack = FakeSlack(HandClock())
    slack.fail("files.completeUploadExternal", Fault(effect))
    await _answered("Here is report.csv.", _made(tmp_path, "report.csv"), slack=slack)
    assert [file.title for file in slack.files] == ["report.csv"]


@pytest.mark.parametrize("dies_before", ["files.completeUploadExternal", "chat.stopStream"])
async def test_another_worker_shares_what_the_dead_one_did_not(tmp_path: Path, dies_before: str) -> None:
    made, slack = _made(tmp_path, "report.csv"), FakeSlack(HandClock())
    reached = asyncio.Event()

    async def dies(method: str) -> None:
        if method == dies_before:
            reached.set()
            await asyncio.Event().wait()

    async with a_reply(slack=slack) as first:
        await first.say("Here is report.csv.")
        await settle()
        slack.gate = dies
        closing = asyncio.ensure_future(first.reply.close(Closing(Outcome(Ending.DONE, "session-1"), files=(made,))))
        await reached.wait()
        closing.cancel()
    slack.gate = None
    assert len(slack.files) == (dies_before == "chat.stopStream")
    await _answered("Here is report.csv.", made, slack=slack, progress=first.journal.last)
    assert [file.title for file in slack.files] == ["report.csv"]


async def test_a_file_that_slack_refuses_does_not_keep_the_others(tmp_path: Path) -> None:
    slack = FakeSlack(HandClock())
    slack.fail("upload", refused("http_413"))
    await _answered("See a.csv and b.csv.", _made(tmp_path, "a.csv"), _made(tmp_path, "b.csv"), slack=slack)
    assert [file.title for file in slack.files] == ["b.csv"]
