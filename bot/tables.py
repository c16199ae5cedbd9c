"""Tables of the commands: plain, so that a terminal shows and a pipe gets whole words."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.table import Table

PIPE_COLUMNS = 200
"""How wide a table may be that nobody looks at on a screen."""


def table(*columns: str, numbers: int = 0) -> Table:
    """One with these headings, the last `numbers` above figures. What is too long for its column goes on below."""
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(columns):
        figures = place >= len(columns) - numbers
        made.add_column(heading, justify="right" if figures else "left", no_wrap=figures, overflow="fold")
    return made


def room() -> int:
    """How many columns stdout has."""
    console = Console()
    return console.width if console.is_terminal else PIPE_COLUMNS


def draw(what: RenderableType) -> None:
    """On stdout. What is not a terminal gets whole lines, however long."""
    Console(width=room(), soft_wrap=not Console().is_terminal).print(what)
