"""Files that the agent made and speaks of."""

from __future__ import annotations

from pathlib import Path

from bot.model import Closing, Ending, Outcome
from bot.slack.uploads import MOST_BYTES, MOST_FILES
from tests.unit.slack.fake_slack import FakeSlack
from tests.unit.slack.replying import a_reply


async def _answered(said: str, *files: Path) -> FakeSlack:
    async with a_reply() as scene:
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
