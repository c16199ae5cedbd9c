"""What is open at a place in a Markdown text: a code fence, a table, a nested list.

A reply that rolls over to another message closes it at the end of one and opens it again in the next, so that each
message renders by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_FENCE = re.compile(r"(?P<indent>[ \t>]{0,60})(?P<marker>`{3,40}|~{3,40})(?P<info>[^\n]{0,100})\Z")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<marker>[-*+]|\d{1,9}[.)])(?P<gap>[ \t]+)\S")
_TABLE_RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*\Z")

_FRONT_BYTES = 600
"""What would need more than this in front of a message is not opened again."""

_LIST_DEPTH = 6
"""Levels of a nested list that are repeated."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code fence, as its first line wrote it."""

    indent: str
    marker: str
    info: str

    def closed_by(self, line: str) -> bool:
        mark = line.strip(" \t>\r")
        return len(mark) >= len(self.marker) and mark == self.marker[0] * len(mark)

    @property
    def first_line(self) -> str:
        return f"{self.indent}{self.marker}{self.info}\n"

    @property
    def last_line(self) -> str:
        return f"{self.indent}{self.marker}"


@dataclass(frozen=True, slots=True)
class Item:
    """A list item that what follows may belong to. Widths are in columns."""

    indent: int
    marker: str
    content_indent: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What is open behind a line."""

    fence: Fence | None = None
    table: str = ""
    """The header and the rule below it, with their line ends; empty outside a table."""
    items: tuple[Item, ...] = ()
    line: str = ""
    """The last line, which may turn out to be a table's header."""

    def after(self, line: str) -> Structure:
        """What is open behind the next line."""
        if self.fence is not None:
            return replace(self, fence=None if self.fence.closed_by(line) else self.fence, line=line)
        opening = _FENCE.match(line)
        if opening is not None and not (opening["marker"][0] == "`" and "`" in opening["info"]):
            fence = Fence(opening["indent"], opening["marker"], opening["info"].rstrip())
            return replace(self, fence=fence, table="", line=line)
        if not line.strip():
            return replace(self, table="", line=line)
        return Structure(None, self._table_after(line), self._items_after(line), line)

    def _table_after(self, line: str) -> str:
        if not line.lstrip().startswith("|"):
            return ""
        if self.table:
            return self.table
        header = f"{self.line}\n{line}\n"
        is_table = _TABLE_RULE.match(line) and self.line.lstrip().startswith("|")
        return header if is_table and len(header.encode()) <= _FRONT_BYTES else ""

    def _items_after(self, line: str) -> tuple[Item, ...]:
        indent = _width(line)
        kept = tuple(item for item in self.items if item.content_indent <= indent)
        match = _ITEM.match(line)
        if match is None:
            return kept
        content_indent = indent + len(match["marker"]) + min(len(match["gap"]), 4)
        return (*kept, Item(indent, match["marker"], content_indent))[:_LIST_DEPTH]


def structure_at(text: str, start: int, end: int, opening: Structure) -> Structure:
    """What is open at `end`, given what is open at `start`. A line that `end` cuts counts as if it ended there."""
    structure = opening
    lines = text[start:end].split("\n")
    for line in lines if lines[-1] else lines[:-1]:
        structure = structure.after(line)
    return structure


def reopened(structure: Structure, text: str, start: int) -> str:
    """What a message that begins at `start` needs in front, to render as if the text had not been cut there."""
    at_line_start = start == 0 or text[start - 1] == "\n"
    if structure.fence is not None:
        return _ancestors(structure, _width(structure.fence.indent + "x")) + structure.fence.first_line
    following = text[start : start + 1_000].lstrip("\r\n")
    if structure.table and following.lstrip(" \t").startswith("|"):
        return structure.table
    if at_line_start and following.strip():
        return _ancestors(structure, _width(following))
    return ""


def closed(structure: Structure, text: str) -> str:
    """What a message that ends with `text` needs behind it."""
    if structure.fence is None:
        return ""
    return ("" if not text or text.endswith("\n") else "\n") + structure.fence.last_line


def _ancestors(structure: Structure, indent: int) -> str:
    """The items above a line of this indent, each with an ellipsis in place of its text."""
    above = [item for item in structure.items if item.content_indent <= indent]
    lines = "".join(f"{' ' * item.indent}{item.marker} …\n" for item in above)
    return lines if len(lines.encode()) <= _FRONT_BYTES else ""


def _width(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))
