"""Where something happens in Slack, and who does it."""

from __future__ import annotations

from dataclasses import dataclass


def ts_order(ts: str) -> tuple[int, int]:
    """The sort key of a Slack ts, `"seconds.micros"`: exact, where a float would round."""
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros or 0)


def just_after(ts: str) -> str:
    """A ts of our own right behind a message's: the identity of what a button there asks for, however often."""
    seconds, micros = ts_order(ts)
    return f"{seconds + (micros + 1) // 1_000_000}.{(micros + 1) % 1_000_000:06d}"


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """A Slack conversation. `root_ts` is the ts of the thread's first message."""

    team: str
    channel: str
    root_ts: str

    def __str__(self) -> str:
        return f"{self.team}:{self.channel}:{self.root_ts}"

    @classmethod
    def parse(cls, text: str) -> ThreadKey:
        """The inverse of `str`. Raises ValueError when the text is not of that form."""
        team, channel, root_ts = text.split(":")
        if not (team and channel and root_ts):
            raise ValueError(f"not a thread key: {text!r}")
        return cls(team, channel, root_ts)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does something in Slack."""

    team: str
    user: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What kind of user somebody is, seen from the workspace that the bot is in. All False for a full member."""

    guest: bool = False
    stranger: bool = False
    """Of another workspace, with whom a channel is shared; or nobody that Slack tells of."""
    bot: bool = False
