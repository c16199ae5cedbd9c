"""The transcript page in a real browser: readable on a phone and by everybody, and nothing of a transcript runs.

With BOT_TEST_PICTURES set to a directory, the pages are drawn there.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.model import Passage, PassageKind, Person, Thread, ThreadKey, ToolUse
from bot.viewing import Twig, View
from bot.web.server import serving
from bot.web.transcripts.passes import Passes
from bot.web.transcripts.routes import TranscriptPages
from tests.e2e.test_page import CHROMIUM_ARGUMENTS
from tests.fakes import ManualClock
from tests.requirements_of_machine import needs
from tests.unit.web.test_passes import MemoryPasses

pytestmark = pytest.mark.browser

ANA = Person("T1", "U_ANA")
KEY = ThreadKey("T1", "C1", "1.1")
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<svg onload=alert(1)></svg> [press](javascript:alert(1)) ![](https://example.com/track.png)"
)
SAID = """\
# The plan

Three things, **in this order**, with `make`:

1. Write it down
2. Ask *everybody*

### Numbers

| what | how many | and a long column that does not fit onto a phone's screen |
|---|---:|---|
| turns | 3 | `a_very_long_name_without_any_place_to_break_it_in_two_pieces_at_all` |

```python
def answer(question: str) -> str: return "a line that is longer than a phone is wide, so that it has to be scrolled"
```

> Said before.
"""


class OneSession:
    """Reads one session to ANA."""

    def __init__(self) -> None:
        threads = [Thread(ThreadKey("T1", "C1", f"{n}.1"), f"s{n}", title=title) for n, title in enumerate(TITLES)]
        places = zip(threads, (-1, 0, 0, 2), strict=True)
        self.tree = [Twig(one, parent, parent != 0 or n > 1, n == 2) for n, (one, parent) in enumerate(places)]
        self.thread = threads[2]
        tool = ToolUse("Read", "Reading plan.md", '{"file_path": "plan.md"}', HOSTILE, failed=True)
        self.passages = [
            Passage(PassageKind.PROMPT, f"What is the plan? {HOSTILE}", "2026-11-21T10:42:00Z"),
            Passage(PassageKind.THOUGHT, "I had better look."),
            Passage(PassageKind.TOOL, tool=tool),
            Passage(PassageKind.ANSWER, SAID),
            Passage(PassageKind.PROMPT, "Thank you!", "2026-11-21T10:44:00Z"),
            Passage(PassageKind.ANSWER, f"You are welcome. {HOSTILE}"),
        ]

    async def view(self, person: Person, thread: ThreadKey, session_id: str) -> View:
        assert person == ANA
        return View(self.thread, "s2", "https://example.slack.com/archives/C1/p1", self.passages, self.tree)

    async def entries(self, person: Person, thread: ThreadKey, session_id: str) -> tuple[Thread, list[str]]:
        return self.thread, ['{"type":"user"}']

    async def beside(self, person: Person, thread: ThreadKey, session_id: str) -> ThreadKey:
        return thread


TITLES = ("The launch", "Somebody else's", "The launch, with a cake", "What if it rains on the day of the launch?")


@asynccontextmanager
async def opened(*, width: int = 1280, dark: bool = False) -> AsyncIterator[Page]:
    """The page, opened by its link. Whatever runs, asks or leaves this machine fails the test."""
    executable = needs("chromium")
    passes = Passes(MemoryPasses(), ManualClock(1_795_000_000.0))
    site = TranscriptPages(OneSession(), passes, "http://127.0.0.1/")
    wrong: list[str] = []
    async with serving(site.routes(), host="127.0.0.1", port=0) as port, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGUMENTS))
        page = await _page(browser, width, wrong, dark=dark)
        link = await site.link(ANA, KEY, "s2")
        await page.goto(link.replace("127.0.0.1", f"127.0.0.1:{port}"))
        yield page
        await browser.close()
    assert wrong == []


async def _page(browser: Browser, width: int, wrong: list[str], *, dark: bool) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": 860}, color_scheme="dark" if dark else "light", bypass_csp=False
    )
    page = await context.new_page()
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if "//127.0.0.1:" in request.url else wrong.append(request.url))
    return page


async def _drawn(page: Page, name: str) -> None:
    if folder := os.environ.get("BOT_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"transcript-{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("dark", [False, True])
async def test_everybody_can_read_it_on_any_screen(width: int, dark: bool) -> None:
    async with opened(width=width, dark=dark) as page:
        await expect(page.get_by_role("heading", level=1, name="The launch, with a cake")).to_be_visible()
        for summary in await page.locator("summary").all():
            await summary.click()
        found = await Axe().run(page)
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
        wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, "what is wide scrolls by itself, not with the page"
        await _drawn(page, f"{'phone' if width < 500 else 'desktop'}-{'dark' if dark else 'light'}")


async def test_nothing_of_a_transcript_runs_or_is_fetched() -> None:
    async with opened() as page:
        for summary in await page.locator("summary").all():
            await summary.click()
        await expect(page.locator("main")).to_contain_text("<script>document.title='owned'</script>")
        assert await page.title() == "The launch, with a cake"
        assert await page.locator("main script, main img, main svg, main iframe, main form").count() == 0
        assert await page.locator("a[href^='javascript']").count() == 0
        assert await page.evaluate("document.scripts.length") == 0


async def test_tools_are_folded_and_open_with_the_keyboard() -> None:
    async with opened() as page:
        tool = page.locator("details.tool")
        await expect(tool.locator("pre").first).to_be_hidden()
        await tool.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(tool.locator("pre").first).to_be_visible()


async def test_the_picture_marks_this_branch_and_leads_to_the_others() -> None:
    async with opened() as page:
        picture = page.get_by_role("group", name="Branches")
        await expect(picture.locator("g.here")).to_have_text("The launch, with a cake (this one)")
        room = "t => t.ownerSVGElement.getBoundingClientRect().right - t.getBoundingClientRect().right"
        assert min([await text.evaluate(room) for text in await picture.locator("text").all()]) >= 0, "none is cut off"
        await expect(picture.locator("g.closed")).to_have_text("A branch of somebody else")
        assert await picture.get_by_role("link").count() == 2
        await picture.get_by_role("link", name="What if it rains").click()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_a_refusal_can_be_read_by_everybody_too() -> None:
    async with opened() as page:
        answer = await page.goto(f"{page.url.rsplit('/', 1)[0]}/open/forged")
        assert answer is not None
        assert answer.status == 403
        await expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to read here")
        found = await Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == []
