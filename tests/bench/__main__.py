"""Measures, and writes docs/performance.md."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.bench.floor import floors
from tests.bench.measure import Figures, measure_mode, measure_scale
from tests.bench.report import page
from tests.redis_server import redis_server

PAGE = Path("docs/performance.md")


async def measured(quick: bool) -> Figures:
    """Everything, one after the other, so that nothing measured is in the way of anything else."""
    count = 4 if quick else 20
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder, redis_server() as server:
        root = Path(folder)
        figures.floor = await floors(count, 3 if quick else 8)
        print("floor measured", flush=True)  # noqa: T201
        figures.warm = await measure_mode(root / "warm", server.url, count, warm=True)
        print("warm measured", flush=True)  # noqa: T201
        figures.cold = await measure_mode(root / "cold", server.url, max(4, count // 2), warm=False)
        print("cold measured", flush=True)  # noqa: T201
        figures.scale = await measure_scale(root / "scale", server.url, (2, 4) if quick else (20, 50))
    return figures


if __name__ == "__main__":
    text = page(asyncio.run(measured("--quick" in sys.argv)))
    if "--quick" in sys.argv:
        print(text)  # noqa: T201
    else:
        PAGE.write_text(text, encoding="utf-8")
