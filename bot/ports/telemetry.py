"""How the bot tells operators of its work."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from bot.model import CallResult, Counted, Outcome, Stage, Taken


class Telemetry(Protocol):
    """Numbers and traces. Every call returns at once and raises nothing, and nothing depends on it.

    No content is ever handed over: neither what people write nor what the agent says.
    """

    def took(self, stage: Stage, seconds: float) -> None: ...

    def count(self, what: Counted) -> None: ...

    def message_taken(self, taken: Taken) -> None: ...

    def turn_ended(self, outcome: Outcome) -> None: ...

    def slack_answered(self, method: str, result: CallResult, seconds: float, *, again: bool) -> None:
        """One attempt at a call is over.

        Args:
            method: one of the few that the code calls, for example `chat.postMessage`.
            again: it was not the call's first attempt.
        """
        ...

    def span(self, name: str, *, parent: str = "", **facts: str | int) -> AbstractContextManager[None]:
        """A part of a trace, for as long as the context is open; what happens in there belongs to it.

        Args:
            parent: what `trace_parent` said where the work comes from, maybe in another worker; by default the span
                around this one, if any.
            facts: ids and kinds, for whoever reads the trace.
        """
        ...

    def trace_parent(self) -> str:
        """The span that is open here, as a W3C traceparent; empty when there is none."""
        ...


class Untold:
    """A Telemetry that tells nobody."""

    def took(self, stage: Stage, seconds: float) -> None:
        pass

    def count(self, what: Counted) -> None:
        pass

    def message_taken(self, taken: Taken) -> None:
        pass

    def turn_ended(self, outcome: Outcome) -> None:
        pass

    def slack_answered(self, method: str, result: CallResult, seconds: float, *, again: bool) -> None:
        pass

    def span(self, name: str, *, parent: str = "", **facts: str | int) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def trace_parent(self) -> str:
        return ""
