"""The command lines in README.md and docs/, each of a kind that a test runs.

A command line is a line of a fenced block without a language, or code of several words within a sentence. One that is
of no kind is `UNKNOWN`, and fails a test. docs/contributing.md says what is done with each kind.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


class Kind(StrEnum):
    """Whose command line it is."""

    BOT = "python -m bot"
    TESTS = "python -m tests"
    MAKE = "make"
    COMPOSE = "docker compose"
    DOCKER = "docker build"
    KUBECTL = "kubectl"
    SYSTEMCTL = "systemctl"
    REDIS_CLI = "redis-cli"
    REDIS_SERVER = "redis-server"
    OPENSSL = "openssl"
    CP = "cp"
    CHMOD = "chmod"
    IN_SLACK = "/agent"
    UNKNOWN = "unknown"


_BEGINNINGS = {
    Kind.BOT: r"(?:[A-Z_]+=\S+ )*(?:(?:\.venv/bin/)?python -m bot |bot )(?=[a-z-])",
    Kind.TESTS: r"(?:\.venv/bin/)?python -m tests\.",
    Kind.IN_SLACK: "/agent ",
    **{
        kind: f"{kind} "
        for kind in (
            *(Kind.MAKE, Kind.COMPOSE, Kind.DOCKER, Kind.KUBECTL, Kind.SYSTEMCTL, Kind.REDIS_CLI, Kind.REDIS_SERVER),
            *(Kind.OPENSSL, Kind.CP, Kind.CHMOD),
        )
    },
}

# Code within sentences that is no command line, although it has several words.
_NO_COMMAND = re.compile(
    r"--[a-z-]+ .+|@\w+ .+"  # an option, a message in Slack
    r"|sessions (list|show|export|forget)( .+)?|list tag:name"  # parts of commands that are named as such
    r"|bot\.[\w.]+: .+"  # what a profiler names
    r"|(maxmemory-policy|appendonly|appendfsync) \w+|(token|decision|session|thread) \w+"  # of Redis
    r"|\w+ = .+|\w+\([^)]*\)| \*|find -delete"  # of policies
    r"|([\w.-]+|not granted): .+"  # headers, what the bot prints
    r"|/invite @\w+|cli > .+"  # Slack's own command; the order of imports
    r"|python -m (bot|tests)|docker (compose|build)"  # what lines begin with
)


@dataclass(frozen=True, slots=True)
class Line:
    """One command line.

    Args:
        page: the page's path in the repository.
        text: as it stands there, without its comment.
    """

    page: str
    text: str

    @property
    def kind(self) -> Kind:
        found = (kind for kind, beginning in _BEGINNINGS.items() if re.match(beginning, self.text))
        return next(found, Kind.UNKNOWN)

    @property
    def arguments(self) -> list[str]:
        """What stands behind that which makes it of its kind. Where the output goes is the shell's business."""
        rest = re.sub(_BEGINNINGS[self.kind], "", self.text, count=1)
        return shlex.split(rest.partition(" > ")[0])

    @property
    def output(self) -> str:
        """The file that its output goes to, or nothing."""
        return self.text.partition(" > ")[2]


def lines_of(page: str, text: str) -> Iterator[Line]:
    """All on one page."""
    for block in MarkdownIt("commonmark").enable("table").parse(text):
        if block.type == "fence":
            rows = (Line(page, re.sub(r"\s+#.*", "", row).strip()) for row in block.content.splitlines())
            yield from (row for row in rows if row.kind is not Kind.UNKNOWN or (row.text and not block.info))
        for part in block.children or ():
            line = Line(page, part.content)
            if part.type != "code_inline" or " " not in line.text.strip():
                continue
            if line.kind is not Kind.UNKNOWN or not _NO_COMMAND.fullmatch(line.text):
                yield line


LINES = [line for path in PAGES for line in lines_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))]


def lines(kind: Kind) -> list[Line]:
    """Those of a kind, each once, in the order of the pages."""
    return list({line.text: line for line in LINES if line.kind is kind}.values())
