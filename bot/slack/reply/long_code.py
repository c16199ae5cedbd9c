"""Code too long for a message: its first lines are shown there, and all of it goes up as a file.

`ShownText` is what messages say of what was said: the same, but for blocks of code over `LONG_CODE_BYTES`. Of those it
has the first lines, the closed fence and a line that names the file. Put a file's content in the place of its first
lines and take that line away, and what people see is again exactly what was said.

The text only ever grows, since messages that show it are out already. So behind a block's first lines nothing is shown
before it is known whether it is a long one, and, if so, whether Slack has its file. Where Slack takes no file, the
block is text like any other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from bot.slack import wording
from bot.slack.api.limits import LONG_CODE_BYTES, PREVIEW_BYTES, PREVIEW_LINES
from bot.slack.reply.rollover import character_end
from bot.slack.text.structure import Fence, Structure

AS_TEXT = ""
"""In the place of a file's name: the block is shown as text."""

_SUFFIXES = {
    "bash": "sh",
    "c++": "cpp",
    "c#": "cs",
    "csharp": "cs",
    "golang": "go",
    "javascript": "js",
    "jsonc": "json",
    "kotlin": "kt",
    "markdown": "md",
    "perl": "pl",
    "powershell": "ps1",
    "python": "py",
    "ruby": "rb",
    "rust": "rs",
    "shell": "sh",
    "typescript": "ts",
    "yml": "yaml",
    "zsh": "sh",
}
"""How files of these languages end; a short language's name is its ending otherwise."""

_SHORT = re.compile(r"[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class LongCode:
    """A whole block of code that is too long for a message.

    Args:
        title: what people read as its name.
        name: its file's name, which no other content of the thread has.
        content: the code, without the indent of its fence.
        preview_end: up to where messages show it, counted in what was said.
        end: behind its last line, the closing one included.
        ending: what messages show in place of its rest.
    """

    title: str
    name: str
    content: str
    preview_end: int
    end: int
    ending: str


@dataclass(slots=True)
class _Block:
    """A block of code, as far as it was said. Places count characters of what was said."""

    fence: Fence
    start: int
    end: int
    """Behind its last whole line."""
    preview_end: int
    lines: int = 0
    size: int = 0
    """Bytes of its whole lines."""
    as_text: bool = False

    def grow(self, line: str) -> None:
        """Take in another line, with its line end if it has one."""
        self.end += len(line)
        self.lines += 1
        self.size += len(line.encode())
        if self.lines <= PREVIEW_LINES and self.size <= PREVIEW_BYTES:
            self.preview_end = self.end
        elif self.preview_end == self.start:
            self.preview_end += character_end(line, 1, min(len(line) - 1, PREVIEW_BYTES // 4))

    @property
    def is_held(self) -> bool:
        """It is longer than what is shown before it is known how long it becomes."""
        return self.preview_end < self.end and not self.as_text

    @property
    def is_long(self) -> bool:
        return self.size > LONG_CODE_BYTES


class ShownText:
    """What messages say of what a turn has said.

    Args:
        said: what was said already, when another worker began the turn.
        files: what became of the blocks that were held, in order: a file's name, or AS_TEXT.
    """

    def __init__(self, said: str = "", files: Iterable[str] = ()) -> None:
        self.said = ""
        self.text = ""
        self.files: list[str] = []
        self.waiting: LongCode | None = None
        """The block whose file Slack is to have before anything behind it is shown."""
        self._known = deque(files)
        self._shown = 0
        self._line_start = 0
        self._structure = Structure()
        self._block: _Block | None = None
        self._over = False
        self._moves = [(0, 0)]
        """From where on a place in what was said is which place in the text."""
        self.add(said)

    @property
    def holds_back(self) -> bool:
        """Some of what was said is not shown yet."""
        return self.waiting is not None or (self._block is not None and self._block.is_held)

    def add(self, more: str) -> None:
        """More was said."""
        self.said += more
        self._advance()

    def let_pass(self) -> None:
        """What is said next belongs to no block that is open, which is therefore shown as text."""
        if self._block is not None and self._block.is_held:
            self._settle_block(self._block)
            self._advance()

    def end(self) -> None:
        """Nothing more will be said."""
        self._over = True
        self._advance()

    def settle(self, name: str) -> None:
        """The waiting block's file is in the thread; or, with AS_TEXT, Slack takes none."""
        code, self.waiting = self.waiting, None
        assert code is not None
        self.files.append(name)
        if name:
            self.text += self.said[self._shown : code.preview_end] + code.ending
            self._shown = code.end
            self._moves.append((code.end, len(self.text)))
        self._advance()

    def place(self, said: int) -> int | None:
        """Where in the text a place in what was said is; None while it is not shown."""
        if said > self._shown:
            return None
        index = bisect_right(self._moves, (said, len(self.text))) - 1
        start, shown = self._moves[index]
        last = self._moves[index + 1][1] if index + 1 < len(self._moves) else len(self.text)
        return min(shown + said - start, last)

    def _advance(self) -> None:
        while self.waiting is None and (newline := self.said.find("\n", self._line_start)) >= 0:
            self._take_line(newline + 1)
        if self._over and self.waiting is None and self._block is not None:
            self._end_open_block(self._block)
        limit = self._limit()
        self.text += self.said[self._shown : limit]
        self._shown = limit

    def _limit(self) -> int:
        """Up to where what was said may be shown. Code is shown by whole lines."""
        if self.waiting is not None:
            return self.waiting.preview_end
        if self._block is None or self._block.as_text:
            return len(self.said)
        return self._block.preview_end

    def _take_line(self, end: int) -> None:
        line = self.said[self._line_start : end]
        self._line_start = end
        block, self._structure = self._block, self._structure.after(line.rstrip("\n"))
        if self._structure.fence is None:
            self._block = None
            if block is not None and block.is_held:
                self._decide(block, end)
        elif block is None:
            self._block = _Block(self._structure.fence, end, end, end)
        else:
            block.grow(line)
            if block.is_held and self._known and self._known[0] == AS_TEXT:
                self._settle_block(block)

    def _end_open_block(self, block: _Block) -> None:
        """The text ends inside a block."""
        rest = self.said[self._line_start :]
        self._line_start, self._block = len(self.said), None
        if rest:
            block.grow(rest)
        if block.is_held:
            self._decide(block, len(self.said))

    def _decide(self, block: _Block, end: int) -> None:
        """A held block is whole."""
        if not block.is_long:
            self._settle_block(block)
            return
        self.waiting = self._long_code(block, end)
        if self._known:
            self.settle(self._known.popleft())

    def _settle_block(self, block: _Block) -> None:
        block.as_text = True
        self.files.append(AS_TEXT)
        if self._known:
            self._known.popleft()

    def _long_code(self, block: _Block, end: int) -> LongCode:
        lines = self.said[block.start : block.end].split("\n")
        content = "\n".join(line.removeprefix(block.fence.indent) for line in lines)
        number = 1 + sum(name != AS_TEXT for name in self.files)
        suffix = _suffix(block.fence.info)
        title = f"code-{number}.{suffix}"
        shown = self.said[block.start : block.preview_end]
        note = wording.rest_in_file(title, shown.count("\n"), block.lines)
        closing = self.said[block.end : end].removesuffix("\n") or block.fence.last_line
        gap = "" if shown.endswith("\n") else "\n"
        return LongCode(
            title=title,
            name=f"code-{number}-{sha256(content.encode()).hexdigest()[:8]}.{suffix}",
            content=content,
            preview_end=block.preview_end,
            end=end,
            ending=f"{gap}{closing}\n{block.fence.indent}{note}\n\n",
        )


def _suffix(info: str) -> str:
    """How a file ends whose code has this behind its fence."""
    language = info.split(maxsplit=1)[0].lower() if info.strip() else ""
    return _SUFFIXES.get(language) or (language if _SHORT.fullmatch(language) else "txt")
