"""A small core of decisions, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import AlreadyDecided, Reason, Refusal
from bot.model import Decided, Decision, Person, ThreadKey, Verdict
from tests.payloads import ANN

DECIDED_AT = 1000.0


@dataclass
class FakeDecisions:
    """Knows what it was given. Only `deciders` may decide, and the first to do so wins."""

    known: list[Decision] = field(default_factory=list)
    deciders: set[str] = field(default_factory=lambda: {ANN})
    made: list[tuple[str, Decided]] = field(default_factory=list)

    async def find(self, person: Person, thread: ThreadKey, decision_id: str) -> Decision:
        for decision in self.known:
            if (decision.thread, decision.id) == (thread, decision_id):
                if person.user not in self.deciders:
                    raise Refusal(Reason.NOT_FOR_YOU_TO_DECIDE, decision.asked)
                return decision
        raise Refusal(Reason.NOT_ASKED)

    async def waiting_for(self, person: Person) -> Sequence[Decision]:
        return [one for one in self.known if one.asked == person.user and one.decided is None]

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
        decision = await self.find(person, thread, decision_id)
        if decision.decided is not None:
            raise AlreadyDecided(decision.decided.verdict, decision.decided.user, decision.decided.at)
        decided = Decided(verdict, person.user, DECIDED_AT, reason, answers or {})
        self.known[self.known.index(decision)] = replace(decision, decided=decided)
        self.made.append((decision_id, decided))
        return replace(decision, decided=decided)
