"""What the listeners use of the core, as narrow as they need it: `Inbox`, `Forks` and `Admin` fit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.admin import SessionView
from bot.copies import Copy
from bot.forks import Branch
from bot.model import (
    Decision,
    Ending,
    Health,
    Message,
    Person,
    Receipt,
    SpendReport,
    Thread,
    ThreadFilter,
    ThreadKey,
    ThreadPage,
    Verdict,
)
from bot.privacy import Forgotten

Reference = ThreadKey | str
"""A thread, or the first characters of a session's id."""


class Messages(Protocol):
    """See `bot.inbox.Inbox`."""

    async def take(self, message: Message) -> Receipt: ...

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool: ...

    async def amend(self, person: Person, thread: ThreadKey, ts: str, text: str) -> bool: ...

    async def stop(self, thread: ThreadKey, *, user: str = "") -> bool: ...

    def expect(self) -> None: ...

    async def continue_turn(self, person: Person, thread: ThreadKey, reply_ts: str, ending: Ending) -> Receipt: ...


class Admits(Protocol):
    """See `bot.admission.Admission`."""

    async def check(self, person: Person, channel: str = "") -> None: ...


class Branches(Protocol):
    """See `bot.forks.Forks`."""

    async def branch(self, person: Person, thread: ThreadKey, ts: str) -> Branch: ...

    async def continue_here(self, person: Person, channel: str, reference: Reference = "") -> Branch: ...

    async def ask_again(self, person: Person, branch: ThreadKey) -> None: ...

    async def branch_from_summary(self, person: Person, thread: ThreadKey, ts: str) -> Branch: ...


class Edits(Protocol):
    """See `bot.edits.Edits`."""

    async def can_ask_again(self, thread: ThreadKey, ts: str) -> bool: ...

    async def ask_again(self, person: Person, thread: ThreadKey, ts: str) -> Branch: ...


class Pages(Protocol):
    """Where whole conversations are read; see `bot.web.transcripts.routes.TranscriptPages`."""

    async def link(self, person: Person, thread: ThreadKey, session_id: str) -> str: ...


class Copying(Protocol):
    """See `bot.copies.Copies`."""

    async def of_person(self, person: Person) -> Copy: ...

    async def of_thread(self, person: Person, reference: Reference) -> Copy: ...


class Departing(Protocol):
    """See `bot.departures.Departures`."""

    async def left(self, team: str) -> None: ...


class Accounts(Protocol):
    """See `bot.budgets.Budgets`."""

    async def report(self, person: Person, channel: str, *, admin: bool) -> SpendReport: ...


class Forgetting(Protocol):
    """See `bot.privacy.PersonalPrivacy`."""

    async def about(self, person: Person, user: str) -> tuple[Sequence[Thread], Sequence[Thread]]: ...

    async def forget(self, person: Person, user: str) -> Forgotten: ...

    async def thread_to_forget(self, person: Person, reference: Reference) -> Thread: ...

    async def forget_thread(self, person: Person, reference: Reference) -> Thread: ...

    async def message_deleted(self, key: ThreadKey, ts: str) -> bool: ...


class Rulebook(Protocol):
    """See `bot.policy_view.PolicyView`."""

    async def of(self, person: Person, channel: str) -> Sequence[tuple[str, str]]: ...


class Management(Protocol):
    """See `bot.admin.Admin`."""

    async def page(self, person: Person, query: ThreadFilter, cursor: str = "", limit: int = 10) -> ThreadPage: ...

    async def thread_of(self, person: Person, reference: Reference) -> Thread: ...

    async def show(self, person: Person, reference: Reference) -> SessionView: ...

    async def reset(self, person: Person, key: ThreadKey) -> str: ...

    async def restore(self, person: Person, key: ThreadKey, session_id: str = "") -> str: ...

    async def stop(self, person: Person, key: ThreadKey) -> None: ...

    async def compact(self, person: Person, key: ThreadKey, ts: str = "", *, there: bool = False) -> None: ...

    async def go_on(self, person: Person, key: ThreadKey, *, there: bool = False) -> int: ...

    async def withdraw_held_back(self, person: Person, key: ThreadKey) -> int: ...

    async def reply_deleted(self, key: ThreadKey, ts: str) -> bool: ...

    async def rename(self, person: Person, key: ThreadKey, title: str) -> None: ...

    async def tag(self, person: Person, key: ThreadKey, tag: str) -> None: ...


class Deciding(Protocol):
    """See `bot.decisions.Decisions`."""

    async def find(self, person: Person, thread: ThreadKey, decision_id: str) -> Decision: ...

    async def waiting_for(self, person: Person) -> Sequence[Decision]: ...

    async def decide(
        self,
        person: Person,
        thread: ThreadKey,
        decision_id: str,
        verdict: Verdict,
        *,
        reason: str = "",
        answers: Mapping[str, str] | None = None,
    ) -> Decision: ...


class Viewers(Protocol):
    """Who looks at App Home, and at what: see `bot.store.homes`. Both raise StoreAway."""

    async def keep(self, team: str, user: str, shown: str) -> None: ...

    async def of(self, team: str, users: Iterable[str]) -> Mapping[str, str]: ...


HealthOf = Callable[[str], Awaitable[Health]]
"""How the work of a workspace goes. Raises StoreAway."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The core, as the listeners reach it.

    Args:
        accounts: what people may know of the money.
        rules: what holds for whom.
        admission: whom the bot deals with.
        pages: where whole conversations are read; None when the bot has no address for browsers.
        viewers: who looks at App Home.
        health: admins see it there.
    """

    inbox: Messages
    forks: Branches
    admin: Management
    decisions: Deciding
    accounts: Accounts
    edits: Edits
    privacy: Forgetting
    departing: Departing
    copies: Copying
    rules: Rulebook
    admission: Admits
    pages: Pages | None
    viewers: Viewers
    health: HealthOf
