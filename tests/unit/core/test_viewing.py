"""Whole sessions are for those who may read them, in the tree of their branches."""

from __future__ import annotations

import pytest

from bot import viewing
from bot.errors import Reason, Refusal
from bot.model import PassageKind, Person
from bot.references import References
from bot.viewing import Viewing
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.unit.core.test_forks import stored, talk


@pytest.fixture
def reading(world: World, worker: Worker) -> Viewing:
    references = References(worker.store.threads, world.chat)
    return Viewing(worker.store.threads, world.agent, references, world.chat)


async def test_all_that_was_said_is_read(world: World, worker: Worker, reading: Viewing) -> None:
    root, *_ = await talk(world, worker, "first", "second")
    session_id = (await stored(worker, root.thread)).session_id
    view = await reading.view(ANA, root.thread, session_id)
    assert [passage.text for passage in view.passages if passage.kind is PassageKind.PROMPT] == ["first", "second"]
    assert [(twig.parent, twig.readable, twig.here) for twig in view.tree] == [(-1, True, True)]
    assert len((await reading.entries(ANA, root.thread, session_id))[1]) == 4


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (BEN, Reason.NOT_YOURS),
        (Person("T9", ANA.user), Reason.NO_SESSION_HERE),
        (Person("T9", "U_ADMIN"), Reason.NO_SESSION_HERE),
    ],
)
async def test_others_and_other_workspaces_read_nothing(
    world: World, worker: Worker, reading: Viewing, person: Person, reason: Reason
) -> None:
    root, *_ = await talk(world, worker, "first")
    world.chat.admins = {"U_ADMIN"}
    session_id = (await stored(worker, root.thread)).session_id
    for read in (reading.view, reading.entries, reading.beside):
        with pytest.raises(Refusal) as refused:
            await read(person, root.thread, session_id)
        assert refused.value.reason is reason


async def test_a_session_from_before_a_reset_is_read_and_one_of_elsewhere_is_not(
    world: World, worker: Worker, reading: Viewing
) -> None:
    root, *_ = await talk(world, worker, "before")
    elsewhere, *_ = await talk(world, worker, "elsewhere")
    archived = await worker.admin.reset(ANA, root.thread)
    assert (await reading.view(ANA, root.thread, archived)).passages[0].text == "before"
    with pytest.raises(Refusal) as refused:
        await reading.view(ANA, root.thread, (await stored(worker, elsewhere.thread)).session_id)
    assert refused.value.reason is Reason.UNKNOWN_SESSION


async def test_the_tree_holds_branches_and_what_was_continued_elsewhere_and_marks_what_is_read(
    world: World, worker: Worker, reading: Viewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, second = await talk(world, worker, "first", "second")
    branch = await worker.forks.branch(ANA, root.thread, second.ts)
    world.chat.admins = {BEN.user}
    bens = await worker.forks.continue_here(BEN, "D_BEN", root.thread)
    world.chat.admins = set()
    session_id = (await stored(worker, branch.thread)).session_id
    tree = (await reading.view(ANA, branch.thread, session_id)).tree
    known = {twig.thread.key: (twig.parent, twig.readable, twig.here) for twig in tree}
    assert known == {
        root.thread: (-1, True, False),
        branch.thread: (0, True, True),
        bens.thread: (0, False, False),
    }
    trunk = (await stored(worker, root.thread)).session_id
    assert await reading.beside(ANA, branch.thread, trunk) == root.thread
    with pytest.raises(Refusal):
        await reading.beside(ANA, branch.thread, (await stored(worker, bens.thread)).session_id)
    monkeypatch.setattr(viewing, "MAX_TREE", 2)
    assert len((await reading.view(ANA, root.thread, trunk)).tree) == 2
