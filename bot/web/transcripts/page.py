"""The page itself: a session's turns, with what tools did folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.model import Passage, PassageKind
from bot.viewing import View
from bot.web.transcripts.markdown import rendered
from bot.web.transcripts.tree import UNTITLED, picture

MAX_PASSAGES = 3_000
"""The last ones of a session: a browser on a phone still shows that many. Copies have all."""
MAX_TOOL_CHARS = 20_000
"""Of what a tool was given, and of what it gave."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn on the page: a prompt and what followed. The prompt is missing where the page begins within a turn."""

    number: int
    prompt: Passage | None
    rest: Sequence[Passage]


def page(view: View, place: str, *, style: str) -> str:
    """The whole page as HTML.

    Args:
        place: the page's own path, which copies and other sessions of the tree are below.
        style: where its style sheet is.
    """
    left_out = max(len(view.passages) - MAX_PASSAGES, 0)
    return (
        _templates()
        .get_template("session.html")
        .render(
            title=_title_of(view),
            view=view,
            turns=turns(view.passages, left_out),
            left_out=left_out,
            picture=picture(view.tree),
            place=place,
            style=style,
            kinds=PassageKind,
        )
    )


def refusal(said: str, *, style: str) -> str:
    """A page that says why there is none, and the way out."""
    return _templates().get_template("refusal.html").render(said=said, style=style)


def turns(passages: Sequence[Passage], left_out: int = 0) -> Sequence[Shown]:
    """The passages by turn; the first `left_out` of them are only counted."""
    found: list[Shown] = []
    number, prompt, rest = 0, None, list[Passage]()
    for index, passage in enumerate(passages):
        begins = passage.kind is PassageKind.PROMPT
        if begins:
            if prompt is not None or rest:
                found.append(Shown(number, prompt, tuple(rest)))
            number, prompt, rest = number + 1, None, []
        if index < left_out:
            continue
        if begins:
            prompt = passage
        else:
            rest.append(passage)
    if prompt is not None or rest:
        found.append(Shown(number, prompt, tuple(rest)))
    return found


def _title_of(view: View) -> str:
    before = next((old.title for old in view.thread.archived if old.session_id == view.session_id), None)
    title = view.thread.title if before is None else before
    return " ".join(title.split()) or UNTITLED


def _moment(at: str) -> str:
    """`21 Nov 2026, 10:42 UTC`; empty when it can't be read."""
    try:
        moment = datetime.fromisoformat(at).astimezone(UTC)
    except ValueError:
        return ""
    return f"{moment:%-d %b %Y, %H:%M} UTC"


def _day(seconds: float) -> str:
    return _moment(datetime.fromtimestamp(seconds, UTC).isoformat())


def _bounded(text: str) -> str:
    """What no screen shows is left to the copies. Half a surrogate pair can't be sent to a browser."""
    sound = text.encode("utf-8", "replace").decode()
    return sound if len(sound) <= MAX_TOOL_CHARS else f"{sound[:MAX_TOOL_CHARS]}\n… (the copies have all of it)"


@cache
def _templates() -> Environment:
    loader = PackageLoader("bot.web.transcripts")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"markdown": _safely_rendered, "moment": _moment, "day": _day, "bounded": _bounded}
    return made


def _safely_rendered(text: str) -> str:
    return rendered(text.encode("utf-8", "replace").decode())
