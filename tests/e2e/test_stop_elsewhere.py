"""A stop that arrives at one worker ends the turn that another one runs, and leaves what was said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import C_GENERAL, U_ANA, Bot, Launcher
from tests.e2e.test_in_between import running_turn


def stop(bot: Bot, how: str, root: str) -> None:
    people, [reply] = bot.slack.people, bot.replies(root)
    match how:
        case "word":
            people.say(U_ANA, C_GENERAL, "stop", root)
        case "reaction":
            people.react(U_ANA, C_GENERAL, reply.ts, "octagonal_sign")
        case "button":
            people.stop_stream(U_ANA, C_GENERAL, root)
        case "deletion":
            people.delete(U_ANA, C_GENERAL, reply.ts)


@pytest.mark.parametrize("how", ["word", "reaction", "button", "deletion"])
async def test_a_stop_ends_the_turn_of_another_worker(launcher: Launcher, tmp_path: Path, how: str) -> None:
    elsewhere = replace(launcher, data_dir=tmp_path / "another machine")
    async with launcher.up() as bot, running_turn(bot) as (root, gate):
        for connection in bot.slack.sockets.connections:
            connection.leaving = True  # from now on every event goes to the other worker
        async with elsewhere.up():
            await bot.slack.connected(2)
            stop(bot, how, root)
            await bot.turns_ended(root)
            assert not gate.is_set(), "the model was still at it"
            said = bot.texts(root)
            if how == "deletion":
                assert said == []
            else:
                assert said[0].startswith("so far.")
            assert "the rest" not in "".join(said)
