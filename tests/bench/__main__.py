"""Measures, and writes docs/performance.md and the README's *How fast*."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.floor import floors
from tests.bench.measure import Figures, measure_mode, measure_scale
from tests.bench.path import measure_path
from tests.bench.report import headline, page
from tests.redis_server import redis_server
from tests.sections import with_section

PAGE = Path("docs/performance.md")
README = Path("README.md")


async def measured(quick: bool) -> Figures:
    """Everything, one after the other, so that nothing measured is in the way of anything else."""
    count = 4 if quick else 20
    figures = Figures(load_before=os.getloadavg()[0])
    with tempfile.TemporaryDirectory() as folder, redis_server() as server:
        root = Path(folder)
        figures.floor = await floors(count, 3 if quick else 8)
        print("floor measured", flush=True)  # noqa: T201
        figures.warm = await measure_mode(root / "warm", server.url, count, warm=True)
        print("warm measured", flush=True)  # noqa: T201
        figures.trace = await measure_path(root / "path", server.url, max(4, count // 2))
        print("path measured", flush=True)  # noqa: T201
        figures.cold = await measure_mode(root / "cold", server.url, max(4, count // 2), warm=False)
        print("cold measured", flush=True)  # noqa: T201
        figures.scale = await measure_scale(root / "scale", server.url, (2, 4) if quick else (20, 50))
    return figures


if __name__ == "__main__":
    told = asyncio.run(measured("--quick" in sys.argv))
    for file, name, text in ((PAGE, "bench", page(told)), (README, "fast", headline(told))):
        if "--quick" in sys.argv:
            print(text)  # noqa: T201
        else:
            file.write_text(with_section(file.read_text(encoding="utf-8"), name, text), encoding="utf-8")
