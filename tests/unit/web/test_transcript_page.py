"""What the transcript page makes of a session: nothing of it runs, and everything of it can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import ArchivedSession, Passage, PassageKind, Thread, ThreadKey, ToolUse
from bot.viewing import Twig, View
from bot.web.transcripts import page as pages
from bot.web.transcripts.markdown import rendered
from bot.web.transcripts.page import page, refusal, turns
from bot.web.transcripts.tree import picture

KEY = ThreadKey("T1", "C1", "1.1")
THREAD = Thread(KEY, "s1", title="The <plan>", created_at=1.0, turns=2)
ASKED = Passage(PassageKind.PROMPT, "How?", "2026-11-21T10:42:00.000Z")
SAID = Passage(PassageKind.ANSWER, "*Like this.*")
THOUGHT = Passage(PassageKind.THOUGHT, "Hm.")
TOOL = Passage(PassageKind.TOOL, tool=ToolUse("Read", "Reading a.md", '{"file_path": "a.md"}', "gone", failed=True))

DANGEROUS = re.compile(
    r"<(script|img|iframe|object|style|form|input|base|meta|svg)\b|<[^>]*\s(on\w+|style|srcdoc)\s*=", re.IGNORECASE
)
SCHEME = re.compile(r"href=\"\s*(?!https?:|mailto:)", re.IGNORECASE)


def view(*passages: Passage, tree: tuple[Twig, ...] = (), thread: Thread = THREAD, session_id: str = "s1") -> View:
    return View(thread, session_id, "https://x.slack.com/archives/C1/p1", passages, tree or (twig(thread),))


def twig(thread: Thread, parent: int = -1, *, readable: bool = True, here: bool = True) -> Twig:
    return Twig(thread, parent, readable, here)


def drawn(shown: View) -> str:
    return page(shown, "/transcripts/p1", style="/transcripts/style.css")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](vbscript:x)",
        "[a](/etc/passwd)",
        "<a href='https://x' onclick='y'>z</a>",
        "![x](javascript:alert(1))",
        '![x" onerror="y](https://x/"onload="z)',
        "```html\n</code></pre><script>1</script>\n```",
        "`</code><script>1</script>`",
        "| <script> |\n|---|\n| <iframe src=x> |",
        '<https://x/"><script>1</script>>',
        "# <style>*{display:none}</style>",
        "</div></main></body><form action=x>",
    ],
)
def test_what_somebody_wrote_can_do_nothing(text: str) -> None:
    html = str(rendered(text))
    assert not DANGEROUS.search(html)
    assert not SCHEME.search(html)
    whole = drawn(view(Passage(PassageKind.PROMPT, text), Passage(PassageKind.ANSWER, text)))
    assert not re.search(r"<(script|img|iframe|form)\b|<[^>]*\son\w+=", whole)


@settings(max_examples=200)
@given(text=st.text(alphabet=st.sampled_from("<>\"'`&[]()!#*_|-\n ahref=:/scriptjavonlod"), max_size=120))
def test_no_text_gets_an_element_through_that_is_not_ours(text: str) -> None:
    html = str(rendered(text))
    assert not DANGEROUS.search(html)
    assert not SCHEME.search(html)


def test_titles_of_threads_tools_and_branches_are_text() -> None:
    evil = "</title><script>1</script>"
    tool = Passage(PassageKind.TOOL, tool=ToolUse(evil, evil, evil, evil))
    other = Thread(ThreadKey("T1", "C1", "2.2"), '"><script>', title=evil)
    thread = Thread(KEY, "s1", title=evil)
    html = drawn(view(tool, thread=thread, tree=(twig(thread), twig(other, 0, here=False))))
    assert "<script" not in html


def test_markdown_is_shown_as_people_mean_it() -> None:
    html = str(rendered("# Head\n\n**bold** ~~gone~~ <b>no</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one\nagain"))
    assert "<h3>Head</h3>" in html
    assert "<strong>bold</strong>" in html
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    assert "<td>1</td>" in html
    assert "<br>" in html


def test_a_link_leads_out_without_telling_from_where() -> None:
    html = str(rendered("[docs](https://example.com/a)"))
    assert 'href="https://example.com/a"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_a_picture_from_elsewhere_is_a_link_that_nobody_follows_unasked() -> None:
    assert "<img" not in str(rendered("![chart](https://example.com/a.png)"))
    assert 'href="https://example.com/a.png"' in str(rendered("![chart](https://example.com/a.png)"))


def test_a_turn_is_a_prompt_and_what_followed() -> None:
    found = turns([SAID, ASKED, THOUGHT, TOOL, SAID, ASKED])
    shape = [(turn.number, turn.prompt is not None, len(turn.rest)) for turn in found]
    assert shape == [(0, False, 1), (1, True, 3), (2, True, 0)]


def test_tools_and_thoughts_are_folded_and_what_failed_says_so_without_colour() -> None:
    html = drawn(view(ASKED, THOUGHT, TOOL, SAID))
    assert len(re.findall(r"<details(?![^>]*\bopen\b)", html)) == 2
    assert '<span class="mark">failed</span>' in html
    assert "21 Nov 2026, 10:42 UTC" in html


def test_a_long_session_shows_its_end_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PASSAGES", 2)
    html = drawn(view(ASKED, SAID, ASKED, SAID))
    assert "Turn 2" in html
    assert "Turn 1" not in html
    assert "The page shows the end of a long conversation" in html


def test_what_a_tool_gave_is_bounded_and_half_a_surrogate_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = Passage(PassageKind.TOOL, tool=ToolUse("Read", "Reading", "{}", "x" * 30_000 + "\ud800"))
    html = drawn(view(Passage(PassageKind.PROMPT, "half \ud83d"), tool))
    html.encode()
    assert html.count("x" * 20_000) == 1
    assert "x" * 20_001 not in html
    assert "the copies have all of it" in html


def test_an_empty_session_says_so() -> None:
    assert "Nothing has been said here yet" in drawn(view())


def test_a_session_from_before_a_reset_has_its_own_title() -> None:
    thread = Thread(KEY, "s2", title="Now", archived=(ArchivedSession("s1", "Before", 1.0, 1, 0.0),))
    html = drawn(view(ASKED, thread=thread))
    assert "<h1>Before</h1>" in html
    assert "before a reset" in html


def test_the_picture_has_a_row_for_each_branch_below_what_it_came_from() -> None:
    threads = [Thread(ThreadKey("T1", "C1", f"{number}.1"), f"s{number}", title=f"t{number}") for number in range(4)]
    tree = (
        twig(threads[0], here=False),
        twig(threads[1], 0, here=False),
        twig(threads[2], 0),
        twig(threads[3], 1, readable=False, here=False),
    )
    found = picture(tree)
    assert [(knot.title, knot.session_id, knot.here) for knot in found.knots] == [
        ("t0", "s0", False),
        ("t1", "s1", False),
        ("A branch of somebody else", "", False),
        ("t2 (this one)", "", True),
    ]
    assert [knot.y for knot in found.knots] == sorted({knot.y for knot in found.knots})
    assert found.knots[1].x == found.knots[3].x < found.knots[2].x
    assert all(knot.x < found.width and knot.y < found.height for knot in found.knots)


def test_a_refusal_says_the_way_out() -> None:
    assert "Ask &lt;me&gt;" in refusal("Ask <me>", style="/s.css")
