"""The tree of branches as a picture: a row for each thread, below what it was branched from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.viewing import Twig

ROW_PX = 36
STEP_PX = 22
MARGIN_PX = 18
TITLE_CHARS = 42
CHAR_PX = 9.5
"""About what a character of a title takes up, so that the picture is wide enough."""

UNTITLED = "Untitled"
HERE = " (this one)"
OF_OTHERS = "A branch of somebody else"


@dataclass(frozen=True, slots=True)
class Knot:
    """A thread in the picture.

    Args:
        session_id: what it leads to; empty when it leads nowhere: it is the one that is read, or not theirs to read.
        line: the path from what it was branched from; empty for the first.
    """

    title: str
    x: int
    y: int
    session_id: str
    here: bool
    line: str


@dataclass(frozen=True, slots=True)
class Picture:
    knots: Sequence[Knot]
    width: int
    height: int


def picture(tree: Sequence[Twig]) -> Picture:
    """Where everything goes. `tree` has each thread behind what it was branched from."""
    children: dict[int, list[int]] = {}
    for index, twig in enumerate(tree):
        children.setdefault(twig.parent, []).append(index)
    rows: list[tuple[int, int]] = []
    waiting = [(index, 0) for index in reversed(children.get(-1, []))]
    while waiting:
        index, depth = waiting.pop()
        rows.append((index, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(index, []))]
    places = {index: (MARGIN_PX + depth * STEP_PX, MARGIN_PX + row * ROW_PX) for row, (index, depth) in enumerate(rows)}
    knots = [_knot(tree[index], places[index], places.get(tree[index].parent)) for index, _ in rows]
    width = max((knot.x + MARGIN_PX + round(len(knot.title) * CHAR_PX) for knot in knots), default=0)
    return Picture(knots, width + MARGIN_PX, len(rows) * ROW_PX)


def _knot(twig: Twig, place: tuple[int, int], parent: tuple[int, int] | None) -> Knot:
    x, y = place
    line = f"M {parent[0]} {parent[1]} V {y} H {x}" if parent is not None else ""
    linked = twig.readable and not twig.here
    return Knot(_title(twig), x, y, twig.thread.session_id if linked else "", twig.here, line)


def _title(twig: Twig) -> str:
    if not twig.readable:
        return OF_OTHERS
    title = " ".join(twig.thread.title.split()) or UNTITLED
    short = title if len(title) <= TITLE_CHARS else f"{title[: TITLE_CHARS - 1].rstrip()}…"
    return f"{short}{HERE}" if twig.here else short
