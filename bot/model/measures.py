"""What operators are told of the work, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A part of the way from a message to its answer. Each begins where it says and is measured in seconds."""

    EVENT_TO_ACK = "event_to_ack"
    """From an event's arrival in this process to its acknowledgement."""
    MESSAGE_TO_TURN = "message_to_turn"
    """From the newest message's ts, by Slack's clock, to the beginning of the turn that answers it."""
    TURN_TO_REQUEST = "turn_to_request"
    """From the turn's beginning to the process taking the prompt in, which asks the model next."""
    REQUEST_TO_TEXT = "request_to_text"
    """From there to the answer's first text: the model's time, and that of the tools it uses before."""
    TEXT_TO_VISIBLE = "text_to_visible"
    """From the first text to Slack's first confirmation that it shows some."""
    TURN_TO_DONE = "turn_to_done"
    """From the turn's beginning to Slack's confirmation of all of it."""


class Counted(StrEnum):
    """What is worth counting, besides messages, turns and calls to Slack."""

    TAKEOVER = "takeovers"
    """A turn in flight that another worker, or an earlier attempt, had left."""
    LEASE_LOST = "leases_lost"
    """This worker held a thread, and found that it does not any more."""
    WRITE_REFUSED = "fenced_writes"
    """Redis refused a write, since the writer's fencing token is not the thread's any more."""
    RUN_AGAIN = "runs_again"
    """The agent's process died, or its session was gone, and the turn was tried once more."""


class CallResult(StrEnum):
    """How one attempt at a call to Slack ended."""

    OK = "ok"
    REFUSED = "refused"
    """With an error that trying again does not mend."""
    RATE_LIMITED = "rate_limited"
    """429."""
    FAILED = "failed"
    """No answer, or trouble on Slack's side."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a workspace's work goes right now.

    Args:
        workers: how many gave a sign of life lately, whatever workspace they work for.
        at_work: threads with a turn in flight that waits for nobody.
        queued: threads whose prompts wait for a worker.
        oldest_s: for how many seconds the first of these has waited.
    """

    workers: int
    at_work: int
    queued: int
    oldest_s: float
