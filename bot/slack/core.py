"""What the listeners use of the core, as narrow as they need it: `Inbox`, `Forks` and `Admin` fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.admin import SessionView
from bot.copies import Copy
from bot.forks import Branch
from bot.model import (
    Decision,
    Ending,
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
