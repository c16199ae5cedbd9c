"""The docs as a site: `make docs`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def build(docs: Path, to: Path) -> subprocess.CompletedProcess[str]:
    (options,) = re.findall(r"sphinx-build (.+) docs build/docs$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    line = [sys.executable, "-m", "sphinx", *options.split(), str(docs), str(to)]
    return subprocess.run(line, check=False, capture_output=True, text=True)


def test_every_page_is_on_the_site_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    built = build(DOCS, tmp_path / "site")

    assert (built.returncode, built.stderr) == (0, "")
    pages = [path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")]
    assert [page for page in pages if not (tmp_path / "site" / page).is_file()] == []


@pytest.mark.parametrize("link", ["nowhere.md", "install.md#nowhere", "../deploy/nowhere.yaml"])
def test_a_link_that_leads_nowhere_ends_the_build(link: str, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(DOCS / "conf.py", docs)
    (docs / "install.md").write_text("---\norphan: true\n---\n# Install\n", encoding="utf-8")
    (docs / "index.md").write_text(f"# Docs\n\n[there]({link})\n", encoding="utf-8")

    built = build(docs, tmp_path / "site")

    assert built.returncode != 0
    assert "nowhere" in built.stderr
