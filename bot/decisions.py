"""What waits for people: a tool call that needs approval, or questions; who may decide, once, and what follows.

No process and no lease waits with it. Deciding is one atomic step of the store, which gives the thread work again: any
worker takes the turn up where it stood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import structlog

from bot.approvers import Approvers
from bot.errors import Reason, Refusal
from bot.inbox import Inbox
from bot.model import Decided, Decision, Person, ThreadKey, Verdict
from bot.ports import Chat, Clock, DecisionStore
from bot.rounds import Rounds

log = structlog.get_logger(__name__)

MAX_REASON_CHARS = 2_000
"""Of what a person says why not, and of an answer in their own words."""

OVERDUE_AT_ONCE = 20
"""How many decisions one look lets expire."""

LISTED = 10
"""How many of a person's waiting decisions are listed."""

PEOPLES = frozenset({Verdict.ALLOW_ONCE, Verdict.ALLOW_HERE, Verdict.DENY, Verdict.ANSWERED})
"""What people may say. The others are found out."""


class Decisions:
    """Takes decisions, and lets those expire that nobody takes. Use as an async context manager, inside the inbox's.

    Args:
        sweep_s: seconds between two looks for what nobody decided in time.
    """

    def __init__(
        self,
        store: DecisionStore,
        approvers: Approvers,
        inbox: Inbox,
        chat: Chat,
        clock: Clock,
        *,
        sweep_s: float = 30.0,
    ) -> None:
        self._store = store
        self._sweep_s = sweep_s
        self._rounds = Rounds(clock)
        self._approvers = approvers
        self._inbox = inbox
        self._chat = chat
        self._clock = clock

    async def __aenter__(self) -> Self:
        self._rounds.repeat(self.expire, self._sweep_s)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._rounds.end(0.0)

    async def expire(self) -> None:
        """Make a no of what nobody decided in time. The turn goes on with that, so that the agent can say so."""
        for decision in await self._store.overdue(OVERDUE_AT_ONCE):
            try:
                await self._store.decide(decision.thread, decision.id, Decided(Verdict.EXPIRED, at=self._clock.now()))
            except Refusal as refused:  # somebody else was first
                log.info("decided_otherwise", decision=decision.id, reason=refused.reason.value)
                continue
            log.info("decision_expired", decision=decision.id, thread=str(decision.thread))
            self._inbox.go_on(decision.thread)

    async def find(self, person: Person, thread: ThreadKey, decision_id: str) -> Decision:
        """A decision, decided or not, for somebody who may make it.

        Raises:
            Refusal: NOT_ASKED or NOT_FOR_YOU_TO_DECIDE.
        """
        decision = await self._store.get(thread, decision_id)
        if decision is None or decision.thread.team != person.team:
            raise Refusal(Reason.NOT_ASKED)
        if not await self._approvers.may_decide(person, decision):
            log.warning("refused", user=person.user, thread=str(thread), reason=Reason.NOT_FOR_YOU_TO_DECIDE.value)
            raise Refusal(Reason.NOT_FOR_YOU_TO_DECIDE, decision.asked)
        return decision

    async def decide(
        self,
        person: Person,
        thread: ThreadKey,
        decision_id: str,
        verdict: Verdict,
        *,
        reason: str = "",
        answers: Mapping[str, str] | None = None,
    ) -> Decision:
        """Decide, once. Returns the decision as it is now; its card shows it soon.

        Args:
            verdict: ALLOW_ONCE, ALLOW_HERE, DENY, or ANSWERED to questions.
            reason: why not, in the person's words.
            answers: by the question's text; every question has one.

        Raises:
            Refusal: NOT_ASKED, NOT_FOR_YOU_TO_DECIDE, BAD_ARGUMENT, or AlreadyDecided.
        """
        decision = await self.find(person, thread, decision_id)
        answers = {question: text.strip()[:MAX_REASON_CHARS] for question, text in (answers or {}).items()}
        if not _fits(decision, verdict, answers):
            raise Refusal(Reason.BAD_ARGUMENT)
        decided = Decided(verdict, person.user, self._clock.now(), reason.strip()[:MAX_REASON_CHARS], answers)
        decision = await self._store.decide(thread, decision_id, decided)
        self._inbox.beside(self._chat.show_decided(decision))
        self._inbox.go_on(thread)
        return decision

    async def pending(self, thread: ThreadKey) -> Decision | None:
        """What the thread's turn waits for."""
        return await self._store.pending(thread)

    async def waiting_for(self, person: Person) -> Sequence[Decision]:
        """What waits about this person's prompts, what expires first in front; so many as one looks at."""
        return await self._store.waiting_for(person, LISTED)


def _fits(decision: Decision, verdict: Verdict, answers: Mapping[str, str]) -> bool:
    """Whether this can be said to what was asked."""
    call = decision.call
    if verdict is Verdict.ANSWERED:
        asked = {question.text for question in call.questions}
        return bool(asked) and asked == answers.keys() and all(answers.values())
    if verdict is Verdict.ALLOW_HERE:
        return bool(call.pattern)
    return verdict in PEOPLES and not (verdict is Verdict.ALLOW_ONCE and call.questions)
