"""A turn that needs somebody: it asks, waits with no process and no lease, and heeds what is said meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.approvers import Approvers
from bot.errors import AlreadyDecided, ChatAway, ChatRefused, Refusal
from bot.model import Decided, Decision, DeferredCall, Ending, Lease, Message, Outcome, Person, Turn, Verdict, ts_order
from bot.plain_words import plain_answer
from bot.ports import Chat, Clock, DecisionStore, Sessions

log = structlog.get_logger(__name__)

ENDS = frozenset({Verdict.SUPERSEDED, Verdict.STOPPED})
"""What a turn ends with at once. With everything else it goes on, so that the agent can say what became of it."""


@dataclass(frozen=True, slots=True)
class AskingNeeds:
    """What asking people needs of the stores and of Slack."""

    decisions: DecisionStore
    sessions: Sessions
    chat: Chat
    approvers: Approvers
    clock: Clock
    new_id: Callable[[], str]


class Asking:
    """The part of a turn that is about people's decisions."""

    def __init__(self, needs: AskingNeeds) -> None:
        self._decisions = needs.decisions
        self._sessions = needs.sessions
        self._chat = needs.chat
        self._approvers = needs.approvers
        self._clock = needs.clock
        self._new_id = needs.new_id

    # --- asking -------------------------------------------------------------------------------------------------------

    def decision(self, turn: Turn, outcome: Outcome, call: DeferredCall) -> Decision:
        """What to ask, as `DecisionStore.ask` takes it: the store says when it was asked and when it expires."""
        asked = turn.prompt.author.user
        key = turn.thread.key
        return Decision(self._new_id(), key, turn.id, outcome.session_id, call, asked, asked_at=0.0, expires_at=0.0)

    async def post(self, lease: Lease, decision: Decision, *, again: bool) -> bool:
        """Post the card, once. False when there is no place (any more) to post it in.

        Args:
            again: a worker that died may have posted it.

        Raises:
            ChatAway: Slack is away; it is to be tried again.
        """
        if decision.card_ts:
            return True
        try:
            card_ts = await self._chat.ask(decision, again=again)
        except ChatRefused as refused:
            log.warning("card_refused", method=refused.method, code=refused.code)
            return False
        await self._decisions.posted(lease, decision.id, card_ts)
        log.info("decision_asked", decision=decision.id, tool=decision.call.tool, input_hash=decision.call.input_hash)
        return True

    # --- what was decided ---------------------------------------------------------------------------------------------

    async def note_decided(self, turn: Turn) -> None:
        """Put what was decided into the trail. Whoever takes the turn up does it, so that none is ever missing."""
        decision = turn.decision
        if decision is None or decision.decided is None:
            return
        await self._decisions.record(decision)
        decided, call = decision.decided, decision.call
        log.info(
            "decision_taken",
            decision=decision.id,
            verdict=decided.verdict.value,
            user=decided.user,
            asked=decision.asked,
            tool=call.tool,
            input_hash=call.input_hash,
        )

    async def show_decided(self, turn: Turn) -> None:
        """Show on the card what was decided. Failing is logged: the turn goes on without it."""
        decision = turn.decision
        if decision is None or decision.decided is None or not decision.card_ts:
            return
        try:
            await self._chat.show_decided(decision)
        except (ChatAway, ChatRefused) as error:
            log.warning("decision_not_shown", decision=decision.id, error=str(error))

    def ends(self, turn: Turn) -> bool:
        """Whether what was decided ends the turn without another word of the agent's."""
        decided = turn.decision.decided if turn.decision is not None else None
        return decided is not None and decided.verdict in ENDS

    async def turn_down(self, lease: Lease, turn: Turn, outcome: Outcome) -> None:
        """See to it that the turn, which ends, leaves no call that waits in its session."""
        if turn.decision is not None or outcome.ending is Ending.STOPPED:
            await self._sessions.turn_down(lease, outcome.session_id)

    # --- messages that come while it waits --------------------------------------------------------------------------

    async def heed(self, lease: Lease, turn: Turn) -> Sequence[Message]:
        """Let the messages behind the decision decide it, where they may. Returns those that wait on behind the turn.

        Of what was said after the card was posted, by people who may decide: a plain yes or no decides, and so does an
        answer that the question offers; everything else is a no, and the next prompt. What others say waits.

        Raises:
            ChatAway: Slack does not say who may decide.
        """
        decision = turn.decision
        assert decision is not None
        for message in turn.behind:
            if decision.card_ts and ts_order(message.ts) < ts_order(decision.card_ts):
                continue  # it was said before anything was asked
            if not await self._approvers.may_decide(Person(lease.thread.team, message.user), decision):
                continue
            decided = self._said(decision, message)
            consumed = message.ts if decided.verdict is not Verdict.SUPERSEDED else ""
            try:
                await self._decisions.decide(lease.thread, decision.id, decided, by_message=consumed)
            except (AlreadyDecided, Refusal) as refused:
                log.info("decided_otherwise", decision=decision.id, reason=refused.reason.value)
            log.info("message_decided", verdict=decided.verdict.value, ts=message.ts)
            return [other for other in turn.behind if consumed and other.ts != consumed]
        await self._decisions.heed(lease, turn.behind)
        return turn.behind

    def _said(self, decision: Decision, message: Message) -> Decided:
        """What a message says about a decision."""
        now, questions = self._clock.now(), decision.call.questions
        if len(questions) == 1:
            labels = {option.label.casefold(): option.label for option in questions[0].options}
            if (label := labels.get(message.text.strip().casefold())) is not None:
                return Decided(Verdict.ANSWERED, message.user, now, answers={questions[0].text: label})
        answer = None if message.files else plain_answer(message.text)
        if answer is True and not questions:
            return Decided(Verdict.ALLOW_ONCE, message.user, now)
        if answer is False and not questions:
            return Decided(Verdict.DENY, message.user, now)
        return Decided(Verdict.SUPERSEDED, message.user, now)
