"""Files through slack_sdk and HTTP into the emulated Slack: long code, and what the agent made."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.playground.slack.control import EmulatedSlack
from bot.slack.reply.mode import StreamingMode
from tests.integration.slack.answering import TIMEOUT_S, Answering

CODE = "".join(f"print('line {number} of a script that goes on and on')\n" for number in range(300))
PIECES = ["Here it is:\n\n", "```python\n", CODE, "```\n", "\nRun it."]

TROUBLE = pytest.mark.parametrize(
    "how",
    [
        {"cut": "before"},
        {"cut": "after"},
        {"delay_s": 2 * TIMEOUT_S, "cut": "before"},
        {"late_s": 2 * TIMEOUT_S},
        {"status": 500},
        {"status": 429},
    ],
    ids=str,
)
METHODS = pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])


@pytest.mark.parametrize("mode", StreamingMode)
async def test_long_code_is_a_file_with_its_first_lines_in_the_message(mode: StreamingMode) -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack, mode)
        turn.check(await turn.tell(PIECES))
        assert turn.files == {"code-1.py": CODE}
        assert "line 29 of" in "".join(turn.texts)
        assert "line 30 of" not in "".join(turn.texts)


@METHODS
@TROUBLE
async def test_long_code_is_shared_once_whatever_happens_on_the_way(method: str, how: dict[str, object]) -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack)
        slack.fail(method, **how)  # type: ignore[arg-type]
        turn.check(await turn.tell(PIECES))
        assert turn.files == {"code-1.py": CODE}


@pytest.mark.parametrize("how", [{"cut": "before"}, {"cut": "after"}, {"status": 500}], ids=str)
async def test_bytes_that_get_lost_are_sent_again(how: dict[str, object]) -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack)
        slack.fail("files.upload", **how)  # type: ignore[arg-type]
        turn.check(await turn.tell(PIECES))
        assert turn.files == {"code-1.py": CODE}


async def test_without_the_permission_to_share_files_the_code_is_text() -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack)
        slack.fail("files.getUploadURLExternal", error="missing_scope")
        turn.check(await turn.tell(PIECES))
        assert turn.files == {}
        assert "line 299 of" in "".join(turn.texts)


async def test_a_file_that_the_agent_made_and_speaks_of_comes_into_the_thread(tmp_path: Path) -> None:
    made, silent = tmp_path / "report.csv", tmp_path / "notes.txt"
    made.write_text("a,b")
    silent.write_text("x")
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack)
        turn.check_texts(await turn.tell(["See report.csv."], files=(made, silent)))
        assert turn.files == {"report.csv": "a,b"}


@METHODS
@TROUBLE
async def test_it_comes_once_whatever_happens_on_the_way(tmp_path: Path, method: str, how: dict[str, object]) -> None:
    made = tmp_path / "report.csv"
    made.write_text("a,b")
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack)
        slack.fail(method, **how)  # type: ignore[arg-type]
        turn.check_texts(await turn.tell(["See report.csv."], files=(made,)))
        assert turn.files == {"report.csv": "a,b"}
