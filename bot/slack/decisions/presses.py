"""What is pressed and submitted about decisions. A decision changes its card by itself; only a no is told beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from bot.errors import AlreadyDecided, Reason, Refusal
from bot.model import Decision, Person, Verdict
from bot.slack.action_ids import ViewId
from bot.slack.answers import Answers
from bot.slack.core import Deciding
from bot.slack.decisions import modals, reading, words
from bot.slack.decisions.exact import visible_line
from bot.slack.decisions.posting import Cards
from bot.slack.gestures import Input, Place, Press, Submitted
from bot.slack.text.mrkdwn import escaped
from bot.slack.views.parts import Notice

T = TypeVar("T")

QUOTED_CHARS = 150
"""Ours: of a question that is still open, when somebody is told so."""


class Presses:
    """Does what was pressed on a card, or submitted in a modal behind one.

    Everything in a payload but who pressed and where is only a hint: the core looks the decision up in the thread of
    the card, and checks who may decide.
    """

    def __init__(self, decisions: Deciding, cards: Cards, answers: Answers) -> None:
        self._decisions = decisions
        self._cards = cards
        self._answers = answers

    # --- on the card ----------------------------------------------------------------------------

    async def allow_once(self, pressed: Press) -> None:
        await self._decide(pressed, Verdict.ALLOW_ONCE)

    async def allow_here(self, pressed: Press) -> None:
        await self._decide(pressed, Verdict.ALLOW_HERE)

    async def deny(self, pressed: Press) -> None:
        await self._decide(pressed, Verdict.DENY)

    async def _decide(self, pressed: Press, verdict: Verdict) -> None:
        decision = await self._open(pressed)
        await self._decisions.decide(pressed.place.person, decision.thread, decision.id, verdict)

    async def choose(self, pressed: Press) -> None:
        """The answer to a card's one question."""
        decision = await self._open(pressed)
        if len(decision.call.questions) != 1:
            raise Refusal(Reason.BAD_ARGUMENT)
        [question] = decision.call.questions
        label = _known(lambda: reading.label_at(question, pressed.id.partition(".")[2]))
        await self._answer(pressed.place.person, decision, {question.text: label})

    async def send_answers(self, pressed: Press) -> None:
        """What a card's inputs hold."""
        decision = await self._open(pressed)
        asked = decision.call.questions
        found = _known(lambda: reading.read(asked, pressed.inputs))
        if not found.missing:
            await self._answer(pressed.place.person, decision, found.given)
            return
        open_question = escaped(visible_line(asked[found.missing[0]].text, QUOTED_CHARS))
        await self._answers.tell(pressed.place, Notice(words.unanswered(open_question)))

    async def ask_reason(self, pressed: Press) -> None:
        await self._answers.open(pressed.place, modals.why_not(await self._open(pressed)))

    async def ask_own_words(self, pressed: Press) -> None:
        await self._answers.open(pressed.place, modals.own_words(await self._open(pressed), pressed.inputs))

    async def show_whole(self, pressed: Press) -> None:
        await self._answers.open(pressed.place, modals.whole(await self._pressed(pressed)))

    async def turn_page(self, pressed: Press) -> None:
        """In the modal that shows a whole call."""
        page = pressed.id.partition(".")[2]
        decision = await self._recalled(pressed.place.person, pressed.metadata)
        number = int(page) if page.isascii() and page.isdigit() else 0
        await self._answers.replace(pressed.place, modals.whole(decision, number))

    # --- in a modal -----------------------------------------------------------------------------

    async def submit_reason(self, submitted: Submitted) -> None:
        decision = await self._recalled(submitted.place.person, submitted.metadata)
        reason = submitted.inputs[modals.REASON].text
        await self._decisions.decide(submitted.place.person, decision.thread, decision.id, Verdict.DENY, reason=reason)

    async def submit_answers(self, submitted: Submitted) -> None:
        decision = await self._recalled(submitted.place.person, submitted.metadata)
        found = _known(lambda: reading.read(decision.call.questions, submitted.inputs))
        await self._answer(submitted.place.person, decision, found.given)

    # --- what was meant -------------------------------------------------------------------------

    async def _answer(self, person: Person, decision: Decision, given: Mapping[str, str]) -> None:
        await self._decisions.decide(person, decision.thread, decision.id, Verdict.ANSWERED, answers=given)

    async def _pressed(self, pressed: Press) -> Decision:
        """The decision of the card that was pressed. Raises Refusal when the card is not that decision's."""
        if pressed.message is None:
            raise Refusal(Reason.NOT_ASKED)
        decision = await self._decisions.find(pressed.place.person, pressed.message, pressed.value)
        if decision.card_ts and decision.card_ts != pressed.message_ts:
            raise Refusal(Reason.NOT_ASKED)
        return decision

    async def _open(self, pressed: Press) -> Decision:
        """The same, while it waits. A card that still asks what was decided is brought up to date."""
        decision = await self._pressed(pressed)
        if decision.decided is not None:
            await self._cards.show_decided(decision)
            raise AlreadyDecided(decision.decided.verdict, decision.decided.user, decision.decided.at)
        return decision

    async def _recalled(self, person: Person, metadata: str) -> Decision:
        thread, decision_id = _known(lambda: modals.recalled(metadata))
        return await self._decisions.find(person, thread, decision_id)


def missing_in(submitted: Submitted) -> Mapping[str, str]:
    """What a modal lacks, by block_id: Slack shows it beside the input."""
    if submitted.id == ViewId.OWN_WORDS:
        return {f"{reading.OWN}{number}": words.ANSWER_MISSING for number in reading.unanswered(submitted.inputs)}
    given = submitted.inputs.get(modals.REASON, Input()).text.strip()
    return {} if given else {modals.REASON: words.REASON_MISSING}


def place_of(submitted: Submitted) -> Place:
    """Where somebody who submitted a modal is told of what went wrong: in the thread whose card led to it.

    Raises:
        ValueError: the modal remembers nothing of ours.
    """
    thread, _ = modals.recalled(submitted.metadata)
    return Place(submitted.place.person, thread.channel, thread.root_ts)


def _known(read: Callable[[], T]) -> T:
    """What a payload holds. Raises Refusal when it is nothing of ours."""
    try:
        return read()
    except ValueError:
        raise Refusal(Reason.BAD_ARGUMENT) from None
