"""Code too long for messages, in a reply: its first lines, and its file in the thread."""

from __future__ import annotations

import pytest

from bot.model import Ending, Part, Progress, Remark, RemarkKind, ToolFinished, ToolStarted
from bot.slack import wording
from bot.slack.reply.mode import StreamingMode
from bot.slack.reply.status import SIGN_S
from tests.unit.slack.fake_slack import Effect, FakeSlack, Fault, HandClock, refused, settle
from tests.unit.slack.reply.replying import a_reply, a_turn

CODE = "".join(f"print('line {number} of a script that goes on and on')\n" for number in range(400))
FIRST = "".join(CODE.splitlines(keepends=True)[:30])
NOTE = "_The first 30 of 400 lines; all of them are in_ `code-1.py`"
SAID = f"Here it is:\n\n```python\n{CODE}```\n\nRun it."
SHOWN = f"Here it is:\n\n```python\n{FIRST}```\n{NOTE}\n\n\nRun it."

MODES = pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])


def shared(slack: FakeSlack) -> list[tuple[str, str]]:
    return [(file.title, file.content.decode()) for file in slack.files]


@MODES
async def test_long_code_goes_up_as_a_file_with_its_first_lines_in_the_message(mode: StreamingMode) -> None:
    async with a_reply(mode=mode) as scene:
        for start in range(0, len(SAID), 500):
            await scene.say(SAID[start : start + 500])
            await scene.clock.advance(0.5)
        await scene.close()
        (message,) = scene.slack.messages
        assert (message.text, message.live, message.actions) == (SHOWN, False, ["feedback"])
        assert shared(scene.slack) == [("code-1.py", CODE)]
        (sharing,) = scene.slack.called("files.completeUploadExternal")
        assert (sharing["channel_id"], sharing["thread_ts"]) == ("C1", "1.0")


async def test_the_file_is_there_as_soon_as_the_code_is_whole() -> None:
    async with a_reply() as scene:
        await scene.say(f"Here it is:\n\n```python\n{CODE}")
        await scene.clock.advance(3)
        assert (scene.slack.text, scene.slack.files) == (f"Here it is:\n\n```python\n{FIRST}".rstrip("\n") + "\n", [])
        await scene.clock.advance(SIGN_S)
        assert scene.slack.statuses[-1] == wording.writing(len(f"Here it is:\n\n```python\n{CODE}"))
        await scene.say("```\n")
        await scene.clock.advance(3)
        assert shared(scene.slack) == [("code-1.py", CODE)]
        assert NOTE in scene.slack.text


async def test_code_that_a_stop_cuts_off_is_a_file_too() -> None:
    async with a_reply() as scene:
        await scene.say(f"```python\n{CODE}")
        await scene.close(Ending.STOPPED)
        assert shared(scene.slack) == [("code-1.py", CODE)]
        assert scene.slack.text.startswith(f"```python\n{FIRST}```\n{NOTE}")


@MODES
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
async def test_where_slack_takes_no_file_the_code_is_text(method: str, mode: StreamingMode) -> None:
    async with a_reply(mode=mode) as scene:
        scene.slack.fail(method, Fault(Effect.REFUSED, "missing_scope"))
        await scene.say(SAID)
        await scene.close()
        assert scene.slack.files == []
        pieces = [message.text.removeprefix("```python\n").removesuffix("```") for message in scene.slack.messages[1:]]
        assert len(scene.slack.messages) == 3
        assert scene.slack.messages[0].text.removesuffix("```") + "".join(pieces) == SAID


async def test_files_that_slack_is_away_for_dont_hold_the_text_up_for_good() -> None:
    async with a_reply() as scene:
        scene.slack.fail("upload", *[Fault(Effect.UNSENT)] * 20)
        await scene.say(SAID)
        await scene.clock.advance(60)
        assert "line 399" in scene.slack.text
        assert "Run it." in scene.slack.text


@pytest.mark.parametrize("effect", [Effect.LOST_BEFORE, Effect.LOST_AFTER])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
async def test_a_file_of_unknown_outcome_is_looked_for_before_it_is_sent_again(method: str, effect: Effect) -> None:
    async with a_reply() as scene:
        scene.slack.fail(method, Fault(effect))
        await scene.say(SAID)
        await scene.close()
        assert scene.slack.text == SHOWN
        assert shared(scene.slack) == [("code-1.py", CODE)]
        assert scene.slack.called("conversations.replies")


async def test_another_worker_does_not_share_a_file_twice() -> None:
    """The first one died between Slack's answer and writing it down."""
    clock = HandClock()
    slack = FakeSlack(clock)
    async with a_reply(slack=slack) as first:
        await first.say(SAID)
        await settle()
    kept = [progress for progress in first.journal.saves if progress.parts and not progress.code_files][-1]
    (file,) = slack.files
    async with a_reply(a_turn(progress=kept), slack=slack) as second:
        await second.close()
        assert slack.files == [file]
        assert slack.text == SHOWN
        assert second.journal.last.code_files == (file.name,)


async def test_another_worker_shares_the_file_that_a_dead_one_could_not() -> None:
    clock = HandClock()
    slack = FakeSlack(clock)
    async with a_reply(slack=slack) as first:
        await first.say(SAID[:-100])
        slack.fail("upload", *[Fault(Effect.UNSENT)] * 2)
        await settle()
    slack.faults_of.clear()
    async with a_reply(a_turn(progress=first.journal.last), slack=slack) as second:
        await second.say(SAID[-100:])
        await second.close()
    assert (slack.text, shared(slack)) == (SHOWN, [("code-1.py", CODE)])


async def test_what_is_kept_tells_what_messages_show_and_which_file_holds_the_rest() -> None:
    async with a_reply() as scene:
        await scene.say(SAID)
        (ts,) = await scene.close()
        (file,) = scene.slack.files
        assert scene.journal.last == Progress(SAID, (Part(ts, len(SHOWN), False),), code_files=(file.name,))


async def test_tools_behind_long_code_show_behind_it() -> None:
    async with a_reply() as scene:
        await scene.say(SAID.removesuffix("Run it."))
        await scene.feed(ToolStarted("t1", "Bash", "Running it"), ToolFinished("t1", ok=True))
        await scene.say("It runs.")
        await scene.close()
        calls = [chunk for _, given in scene.slack.calls for chunk in given.get("chunks", [])]
        kinds = [chunk["type"] if chunk["type"] == "task_update" else NOTE in chunk["text"] for chunk in calls]
        assert kinds.index(True) < kinds.index("task_update")


async def test_several_files_have_names_of_their_own() -> None:
    async with a_reply() as scene:
        await scene.say(f"{SAID}\n\n```python\n{CODE}more()\n```\n\n```sh\n{'echo hello' * 1_000}\n```")
        await scene.close()
        assert [file.title for file in scene.slack.files] == ["code-1.py", "code-2.py", "code-3.sh"]
        assert len({file.name for file in scene.slack.files}) == 3


@pytest.mark.parametrize("fault", [None, Fault(Effect.UNSENT), Fault(Effect.LOST_AFTER)])
async def test_a_turn_that_starts_over_leaves_no_file_of_code_that_no_longer_counts(fault: Fault | None) -> None:
    async with a_reply() as scene:
        await scene.say(SAID)
        await scene.clock.advance(5)
        assert len(scene.slack.files) == 1
        scene.slack.fail("chat.delete", fault)
        await scene.feed(Remark(RemarkKind.STARTED_OVER))
        await scene.say(SAID.replace("goes on", "went on"))
        await scene.close()
        assert shared(scene.slack) == [("code-1.py", CODE.replace("goes on", "went on"))]


async def test_the_file_stays_where_the_same_code_is_said_again() -> None:
    async with a_reply() as scene:
        await scene.say(SAID)
        await scene.clock.advance(5)
        (file,) = scene.slack.files
        await scene.feed(Remark(RemarkKind.STARTED_OVER))
        await scene.say(SAID)
        await scene.close()
        assert scene.slack.files == [file]


async def test_a_file_that_may_not_be_taken_away_hurts_nothing() -> None:
    async with a_reply() as scene:
        await scene.say(SAID)
        await scene.clock.advance(5)
        scene.slack.fail("chat.delete", refused("cant_delete_message"))
        await scene.feed(Remark(RemarkKind.STARTED_OVER))
        await scene.say("A short answer.")
        await scene.close()
        assert scene.slack.text == "A short answer."
