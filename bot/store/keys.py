"""Every Redis key is made here, and described in docs/redis.md.

All state of a thread carries the hash tag `{team:channel:root_ts}`, so that each change is one script on one slot. What
spans threads (the indexes) lies on slots of its own.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from bot.model import ThreadKey

SHARDS = 16
"""Into how many keys the team-wide indexes are split, so that no single slot of a cluster carries them all."""

PATTERNS = (
    "bot:{<thread>}:lease",
    "bot:{<thread>}:fence",
    "bot:{<thread>}:thread",
    "bot:{<thread>}:seen",
    "bot:{<thread>}:waiting",
    "bot:{<thread>}:context",
    "bot:{<thread>}:messages",
    "bot:{<thread>}:turn",
    "bot:{<thread>}:points",
    "bot:{<thread>}:tails",
    "bot:{<thread>}:branches",
    "bot:{<thread>}:decisions",
    "bot:{<thread>}:transcript:<session>:<subpath>",
    "bot:{<thread>}:uuids:<session>:<subpath>",
    "bot:{<thread>}:subpaths:<session>",
    "bot:{<thread>}:files:<session>",
    "bot:work:{<shard>}",
    "bot:pending:{<shard>}",
    "bot:pending:{<team>:user:<user>}",
    "bot:audit:{<team>}",
    "bot:threads:{<team>:all:<shard>}",
    "bot:threads:{<team>:channel:<channel>}",
    "bot:threads:{<team>:user:<user>}",
    "bot:sessions:{<team>:<first>}",
    "bot:sessions:{<team>:<first>}:age",
    "bot:signals:{<worker>}",
    "bot:rate:{<team>:<method>}",
    "bot:rate:{<team>:<method>}:<channel>",
    "bot:channels:{<team>}",
    "bot:spend:{<team>:<kind>:<id>}",
    "bot:spenders:{<team>:<kind>:<month>}",
    "bot:prompts:{<team>:<kind>:<id>}",
    "bot:homes:{<team>}",
    "bot:turned-away:{<team>:<channel>:<user>}",
    "bot:workers",
    "bot:worker:{<worker>}",
    "bot:installation:{<owner>}",
    "bot:installations",
    "bot:served-by:{<team>}",
    "bot:oauth-state:{<state>}",
    "bot:serves:{<organisation>}",
    "bot:pass-key:{<day>}",
    "bot:pass:{<pass>}",
    "bot:departing",
)
"""The form of every key there is; docs/redis.md has a row for each."""

WORKERS = "bot:workers"
"""Who lives, with the time of the last beat and the room each has."""

DEPARTING = "bot:departing"
"""Workspaces that have removed the app, by when their data goes (seconds)."""

INSTALLATIONS = "bot:installations"
"""Who installed the app: workspaces and organisations."""

_STATE = (
    "lease",
    "fence",
    "thread",
    "seen",
    "waiting",
    "context",
    "messages",
    "turn",
    "points",
    "tails",
    "branches",
)


@dataclass(frozen=True, slots=True)
class ThreadKeys:
    """The keys of one thread."""

    thread: ThreadKey

    def _of(self, *parts: str) -> str:
        return ":".join((f"bot:{{{self.thread}}}", *parts))

    @property
    def state(self) -> tuple[str, ...]:
        """The keys that every script on a thread gets first, in the order scripts/thread.lua names them."""
        thread = f"bot:{{{self.thread}}}:"
        return tuple(thread + name for name in _STATE)

    @property
    def lease(self) -> str:
        return self._of("lease")

    @property
    def record(self) -> str:
        return self._of("thread")

    @property
    def waiting(self) -> str:
        return self._of("waiting")

    @property
    def context(self) -> str:
        return self._of("context")

    @property
    def messages(self) -> str:
        return self._of("messages")

    @property
    def turn(self) -> str:
        return self._of("turn")

    @property
    def points(self) -> str:
        return self._of("points")

    @property
    def tails(self) -> str:
        return self._of("tails")

    @property
    def branches(self) -> str:
        return self._of("branches")

    @property
    def decisions(self) -> str:
        return self._of("decisions")

    def transcript(self, session_id: str, subpath: str) -> str:
        return self._of("transcript", session_id, subpath)

    def uuids(self, session_id: str, subpath: str) -> str:
        return self._of("uuids", session_id, subpath)

    def subpaths(self, session_id: str) -> str:
        return self._of("subpaths", session_id)

    def files(self, session_id: str) -> str:
        return self._of("files", session_id)


def work_shards() -> tuple[str, ...]:
    """The index of threads with work, all of it."""
    return tuple(f"bot:work:{{{shard:02d}}}" for shard in range(SHARDS))


def work(thread: ThreadKey) -> str:
    """The shard of the index of threads with work that this thread belongs to."""
    return f"bot:work:{{{_shard(thread):02d}}}"


def pending_shards() -> tuple[str, ...]:
    """The index of threads with a pending decision, all of it."""
    return tuple(f"bot:pending:{{{shard:02d}}}" for shard in range(SHARDS))


def pending(thread: ThreadKey) -> str:
    """The shard of the index of threads with a pending decision that this thread belongs to."""
    return f"bot:pending:{{{_shard(thread):02d}}}"


def pending_for(team: str, user: str) -> str:
    """Decisions that wait about a user's prompts."""
    return f"bot:pending:{{{team}:user:{user}}}"


def audit(team: str) -> str:
    """A team's trail of decisions."""
    return f"bot:audit:{{{team}}}"


def team_shards(team: str) -> tuple[str, ...]:
    """A team's threads by last activity, all of them."""
    return tuple(f"bot:threads:{{{team}:all:{shard:02d}}}" for shard in range(SHARDS))


def team_threads(thread: ThreadKey) -> str:
    """The shard of its team's index that this thread belongs to."""
    return f"bot:threads:{{{thread.team}:all:{_shard(thread):02d}}}"


def channel_threads(team: str, channel: str) -> str:
    return f"bot:threads:{{{team}:channel:{channel}}}"


def user_threads(team: str, user: str) -> str:
    return f"bot:threads:{{{team}:user:{user}}}"


def sessions(team: str, first: str) -> str:
    """A team's session ids that start with the character `first`, in alphabetical order."""
    return f"bot:sessions:{{{team}:{first}}}"


def session_ages(team: str, first: str) -> str:
    """The same ids by the time they were last written, for trimming."""
    return f"{sessions(team, first)}:age"


def worker(name: str) -> str:
    """What a worker has, as it reported last."""
    return f"bot:worker:{{{name}}}"


def signals(worker: str) -> str:
    return f"bot:signals:{{{worker}}}"


def rate(what: str, channel: str = "") -> str:
    """A token bucket of what is counted, `team:method`, or of that in one channel. Both are on one slot."""
    return f"bot:rate:{{{what}}}:{channel}" if channel else f"bot:rate:{{{what}}}"


def channels(team: str) -> str:
    """What was set for a team's channels."""
    return f"bot:channels:{{{team}}}"


def homes(team: str) -> str:
    """What a team's people look at in App Home."""
    return f"bot:homes:{{{team}}}"


def turned_away(team: str, channel: str, user: str) -> str:
    """That somebody was told, in a channel or (when that is empty) App Home, that the bot is not for them."""
    return f"bot:turned-away:{{{team}:{channel or 'home'}:{user}}}"


def installation(owner: str) -> str:
    """The installation of a workspace or an organisation."""
    return f"bot:installation:{{{owner}}}"


def served_by(team: str) -> str:
    """The organisation whose installation serves a workspace."""
    return f"bot:served-by:{{{team}}}"


def serves(organisation: str) -> str:
    """The workspaces that an organisation's installation serves."""
    return f"bot:serves:{{{organisation}}}"


LISTS_OF_ALL = "bot:threads:{*:all:*}"
"""A pattern of SCAN for every team's lists of all its threads."""


def team_of_list(key: str) -> str:
    """Whose list of threads a key is."""
    return key.partition("{")[2].partition(":")[0]


def of_team(team: str) -> tuple[str, ...]:
    """Patterns of SCAN for everything that is kept of a workspace, its installation too."""
    return (f"bot:*{{{team}}}*", f"bot:*{{{team}:*")


def pass_key(day: int) -> str:
    """What links to the transcript page are signed with, by the day since the epoch."""
    return f"bot:pass-key:{{{day}}}"


def pass_used(pass_id: str) -> str:
    """That a link to the transcript page was opened."""
    return f"bot:pass:{{{pass_id}}}"


def oauth_state(state: str) -> str:
    """An installation that somebody began."""
    return f"bot:oauth-state:{{{state}}}"


def spend(team: str, kind: str, account: str) -> str:
    """What a user, a channel or (with an empty id) a workspace has spent."""
    return f"bot:spend:{{{team}:{kind}:{account or 'all'}}}"


def top_spenders(team: str, kind: str, month: str) -> str:
    """A team's users or channels by what they spent in a month, such as `2026-11`."""
    return f"bot:spenders:{{{team}:{kind}:{month}}}"


def prompts(team: str, whose: str) -> str:
    """What was said to the bot lately. `whose` is a kind and an id: `user:U…`."""
    return f"bot:prompts:{{{team}:{whose}}}"


def _shard(thread: ThreadKey) -> int:
    return zlib.crc32(str(thread).encode()) % SHARDS
