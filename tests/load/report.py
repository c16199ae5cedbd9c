"""The section of docs/performance.md about many threads at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.load.crowd import Figures

Cell = Callable[[Figures], str]

ROWS: Sequence[tuple[str, Cell]] = (
    ("threads at once", lambda found: str(found.crowd.threads)),
    ("channels they are in", lambda found: str(found.crowd.channels)),
    ("429s", lambda found: str(found.refused_429)),
    ("texts complete", lambda found: f"{found.complete} of {found.crowd.threads}"),
    ("first text, median / worst", lambda found: _pair(found.first_text_s)),
    ("between two additions, median", lambda found: f"{found.typical_wait_s:.1f} s"),
    ("longest wait for text in a thread, median / worst", lambda found: _pair(found.text_waits_s)),
    ("longest wait for any sign of life, median / worst", lambda found: _pair(found.sign_waits_s)),
    ("last word to last confirmation, buttons included", lambda found: f"{found.last_done_s:.0f} s"),
    ("messages, of which streams", lambda found: f"{found.messages}, {found.streams}"),
    ("calls: start, append, stop", lambda found: _calls(found, "startStream", "appendStream", "stopStream")),
    ("calls: post, update", lambda found: _calls(found, "postMessage", "update")),
    ("calls: status", lambda found: str(found.calls["assistant.threads.setStatus"])),
)


BOUNDS = (
    "What remains is Slack's. Calls that carry text are 641 a minute from 10 channels on: with 100 threads one in "
    "9.4 s for each, as an average, so that some wait longer for text than 10 s, and see the status in between. "
    "In one channel they are 199 a minute, one in 30 s for each; the first text of the last thread comes when 65 "
    "new messages a minute have come to it; and 100 statuses in 10 s are more than the 565 a minute that are used "
    "of Slack's 600, so that the sign of life comes up to a second late there."
)


def section(crowds: Sequence[Figures]) -> str:
    """The whole section."""
    seconds, workers = crowds[0].crowd.seconds, crowds[0].crowd.workers
    rows = [f"| {name} | {' | '.join(cell(found) for found in crowds)} |" for name, cell in ROWS]
    return "\n".join(
        [
            "## Many threads at once",
            "",
            (
                f"Written by `make load`. Models that write 170 characters a second for {seconds:.0f} s, in as many "
                f"threads at once, over {workers} workers that share their counts; an emulated Slack on the loopback "
                "that answers 429 above Slack's tiers; a clock that leaps over what is waiting, so that none of this "
                "depends on the machine. A sign of life is more text, or the status that says how much of it waits. "
                "What Slack's rates allow, and what follows from it, is in "
                "[a decision](decisions/0012-what-a-hundred-threads-share.md)."
            ),
            "",
            rows[0],
            "|---" * (len(crowds) + 1) + "|",
            *rows[1:],
            "",
            BOUNDS,
        ]
    )


def _pair(waits: Sequence[float]) -> str:
    return f"{waits[len(waits) // 2]:.1f} / {waits[-1]:.1f} s" if waits else "–"


def _calls(found: Figures, *names: str) -> str:
    return ", ".join(str(found.calls[f"chat.{name}"]) for name in names)
