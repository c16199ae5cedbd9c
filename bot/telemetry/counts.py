"""What a worker counts and measures as it goes. Every label has a few values, known beforehand: none names a place or
a person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from bot.model import CallResult, Counted, Ending, Outcome, Stage, Taken

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
"""From an ack in a few milliseconds to a turn that works for half an hour."""

_MEANINGS = {
    Counted.TAKEOVER: "Turns taken up that another worker, or an earlier attempt, had left.",
    Counted.LEASE_LOST: "Threads that this worker found to be another's now.",
    Counted.WRITE_REFUSED: "Writes that Redis refused for an old fencing token.",
    Counted.RUN_AGAIN: "Runs of the agent that were tried once more within their turn.",
}


class Counts:
    """The counters and histograms of one worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.stages = Histogram(
            "bot_stage_seconds",
            "How long the parts of the way from a message to its answer take.",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        self.messages = Counter("bot_messages", "Messages, by what became of them.", ["taken"], registry=registry)
        self.turns = Counter("bot_turns", "Turns that ended, by how.", ["ending"], registry=registry)
        self.spend = Counter("bot_spend_usd", "What turns cost, in US dollars, as the agent says.", registry=registry)
        self.requests = Counter("bot_model_requests", "How often turns asked the model.", registry=registry)
        self.slack_calls = Counter(
            "bot_slack_calls", "Attempts at calls to Slack, by how they ended.", ["method", "result"], registry=registry
        )
        self.slack_retries = Counter("bot_slack_retries", "Of these, those that were not the first.", registry=registry)
        self.slack_seconds = Histogram(
            "bot_slack_call_seconds", "How long Slack takes to answer.", buckets=SECONDS[:12], registry=registry
        )
        self.others = {
            what: Counter(f"bot_{what.value}", meaning, registry=registry) for what, meaning in _MEANINGS.items()
        }
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """So that the first one of each shows as a rise."""
        for stage in Stage:
            self.stages.labels(stage.value)
        for taken in Taken:
            self.messages.labels(taken.value)
        for ending in Ending:
            self.turns.labels(ending.value)

    def turn_ended(self, outcome: Outcome) -> None:
        self.turns.labels(outcome.ending.value).inc()
        self.spend.inc(max(0.0, outcome.cost_usd))
        self.requests.inc(max(0, outcome.agent_turns))

    def slack_answered(self, method: str, result: CallResult, seconds: float, *, again: bool) -> None:
        self.slack_calls.labels(method, result.value).inc()
        self.slack_seconds.observe(seconds)
        if again:
            self.slack_retries.inc()
