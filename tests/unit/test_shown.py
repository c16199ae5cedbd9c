"""Sessions as operators read them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.model import Thread, ThreadKey
from bot.operators.shown import WIDE, listed

KEY = ThreadKey("T0PLAYGROUN", "C0GENERAL01", "1795288840.740306")
THREAD = Thread(KEY, "705b1d6a-d19f-4134-b97e-de2769214815", title="the red plan", owner="U0ANA1ADMIN")


@pytest.mark.parametrize(("columns", "whole"), [(80, False), (WIDE, True)])
def test_a_session_takes_one_line_with_as_much_as_there_is_room_for(columns: int, whole: bool) -> None:
    stream = io.StringIO()
    Console(file=stream, width=columns).print(listed([THREAD], columns))
    heading, line = stream.getvalue().splitlines()

    assert [word in line for word in ("705b1d6a", "the red plan")] == [True, True]
    assert (str(KEY) in line, "owner" in heading) == (whole, whole)
