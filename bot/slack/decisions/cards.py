"""A decision's card: what is asked, while it waits; and what became of it, once it is decided."""

from __future__ import annotations

from slack_sdk.models.blocks import Block

from bot.model import Decided, Decision
from bot.slack.decisions import approval, questions, words
from bot.slack.decisions.blocks import code
from bot.slack.decisions.exact import visible, visible_line
from bot.slack.text.mrkdwn import escaped, escaped_within
from bot.slack.views.parts import Notice, actions, context, section

NOTIFICATION_CHARS = 300
"""Ours: of what is asked, in the text that notifications and screen readers take."""

REASON_CHARS = 1_000
"""Ours: of a reason, on the card."""


def card(decision: Decision) -> Notice:
    """The card as it stands."""
    return _asking(decision) if decision.decided is None else _done(decision, decision.decided)


def _asking(decision: Decision) -> Notice:
    call, opening = decision.call, _opening(decision)
    last = context(words.waits_until(decision.expires_at, questions=bool(call.questions)))
    if call.questions:
        blocks = [section(opening), *questions.asked(call.questions, decision.id), last]
    else:
        blocks = [*approval.what(call, opening), *approval.choices(call, decision.id), last]
    _, what = spoken(decision)
    return Notice(f"{opening} {escaped(visible_line(what, NOTIFICATION_CHARS))}", tuple(blocks))


def _opening(decision: Decision) -> str:
    """In a channel it is addressed, so that whoever is waited for hears of it."""
    asks, _ = spoken(decision)
    in_channel = not decision.thread.channel.startswith("D") and decision.asked
    return f"<@{decision.asked}> *{asks}*" if in_channel else f"*{asks}*"


def spoken(decision: Decision) -> tuple[str, str]:
    """A decision in two sentences: that it asks, and about what; the second as it came from the model."""
    call = decision.call
    if call.questions:
        return words.asks_questions(len(call.questions)), call.questions[0].text
    return words.ASKS[call.detail_kind], f"{call.title}: {call.detail}" if call.detail else call.title


def _done(decision: Decision, decided: Decided) -> Notice:
    call = decision.call
    outcome = words.outcome(decided, code(call.pattern) if call.pattern else "", questions=bool(call.questions))
    reason = f"\n{_quoted(decided.reason, REASON_CHARS)}" if decided.reason.strip() else ""
    if call.questions:
        opening = section(f"*{words.asked_questions(len(call.questions))}*")
        blocks: list[Block] = [opening, *questions.answered(call.questions, decided.answers)]
    else:
        blocks = approval.what(call, f"*{words.ASKED[call.detail_kind]}*")
    shown = approval.show_whole(call, decision.id)
    blocks.append(section(outcome + reason))
    return Notice(outcome, (*blocks, *([actions(*shown)] if shown else [])))


def _quoted(text: str, chars: int) -> str:
    return "\n".join(f"> {line}" for line in escaped_within(visible(text.strip()), chars).splitlines())
