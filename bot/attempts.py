"""One attempt at a turn: where the session is taken up, what the model is asked, and its events into the reply.

A run in which no tool ran is asked again from the last completed entry; one in which a tool ran is resumed whole and
told that it was interrupted, so that no side effect happens twice.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import structlog

from bot.model import (
    Counted,
    Decision,
    DeferredCall,
    Ending,
    Lease,
    Limits,
    Outcome,
    Person,
    Remark,
    RemarkKind,
    RunEnded,
    RunRequest,
    TextDelta,
    Thread,
    ToolStarted,
    Turn,
    TurnPolicy,
)
from bot.ports import Agent, Reply, Run, Telemetry, TurnStore, Untold, Workspaces
from bot.prompts import INTERRUPTED, PromptWriter

log = structlog.get_logger(__name__)


async def nothing_kept_back(lease: Lease) -> None:
    """For transcripts that are written as they come."""


async def nothing_said(_channel: str, _people: Sequence[Person]) -> TurnPolicy:
    """Without a policy everything needs asking."""
    return TurnPolicy()


RETRIES = 1
"""How often a run whose process died, or whose session was gone, is tried again within an attempt."""


@dataclass(frozen=True, slots=True)
class AttemptNeeds:
    """What every attempt needs, the same for all turns of a worker.

    Args:
        limits: bounds of a turn, unless its prompt or its policy sets others.
        model: the model, unless the thread is set to another; empty for the agent's default.
        policy: what holds in a turn, by its channel and those whose prompts it answers. See `bot.policies`.
        settled: waits until the run's transcript is in the store. Raises LeaseLost and StoreAway.
    """

    store: TurnStore
    agent: Agent
    workspaces: Workspaces
    prompts: PromptWriter
    new_id: Callable[[], str]
    limits: Limits
    model: str = ""
    policy: Callable[[str, Sequence[Person]], Awaitable[TurnPolicy]] = nothing_said
    settled: Callable[[Lease], Awaitable[None]] = nothing_kept_back
    telemetry: Telemetry = field(default_factory=Untold)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a run takes its session up."""

    session_id: str
    resume: bool
    resume_at: str = ""
    tail: str = ""
    interrupted: bool = False
    """The model is told that it was interrupted, instead of being asked again."""
    recap: bool = False
    """The session was lost: the prompt brings what Slack still shows of the thread."""
    decision: Decision | None = None
    """What was decided about the call that the session waits with: the run goes on with that."""


class Notes(Protocol):
    """Where an attempt writes down what another must know that takes its turn up."""

    async def note_tool(self) -> None:
        """A tool runs."""
        ...

    async def note_going_on(self) -> None:
        """The run goes on from what was decided: what was allowed may be carried out from now on."""
        ...


class Attempt:
    """Asks the agent for a turn's answer."""

    def __init__(self, needs: AttemptNeeds, lease: Lease, turn: Turn, reply: Reply, notes: Notes) -> None:
        self._needs = needs
        self._lease = lease
        self._turn = turn
        self._reply = reply
        self._notes = notes
        self._tool_ran = turn.progress.tool_ran
        self._went_on = turn.progress.went_on
        self._spoke = bool(turn.progress.said)
        self._run: Run | None = None
        self._ran = False
        self._stopped = False
        self._written: dict[Path, tuple[str, Sequence[Path]]] = {}
        self._found: dict[Path, Mapping[Path, tuple[int, int]]] = {}
        """What was in each directory before this turn's runs there."""
        self.files: tuple[str, ...] = ()
        """What this turn made or changed in the session's directory, by path below it."""
        self.deferred: DeferredCall | None = None
        """The call with which the last run ended, when that needs somebody."""

    async def stop(self) -> None:
        """Stop, now or as soon as there is something to stop; what was said stays."""
        self._stopped = True
        if self._run is not None:
            await self._run.interrupt()

    async def run(self) -> Outcome:
        """Run the agent, and once more where that is safe and may help.

        Raises:
            LeaseLost: the thread is another worker's now.
            StoreAway: Redis is away.
        """
        if not self._turn.prompt.compacts or self._turn.decision is not None:  # it was compacted before it asked
            return await self._answer()
        compacted = await self._run_once(await self._where_to_start(), compact=True)
        if compacted.ending is not Ending.COMPACTED or not self._turn.prompt.asks:
            return compacted
        # What is said besides is asked of the compacted session.
        thread = self._turn.thread
        head = await self._needs.store.tail(thread.key, thread.session_id)
        self._turn = replace(self._turn, thread=replace(thread, head=head))
        outcome = await self._answer()
        return replace(outcome, cost_usd=outcome.cost_usd + compacted.cost_usd)

    async def _answer(self) -> Outcome:
        start = await self._where_to_start()
        outcome = await self._run_once(start)
        for _ in range(RETRIES):
            if self._stopped or outcome.ending not in (Ending.CRASHED, Ending.SESSION_GONE):
                break
            self._needs.telemetry.count(Counted.RUN_AGAIN)
            log.warning("run_again", thread=str(self._lease.thread), ending=outcome.ending.value, tool=self._tool_ran)
            start = await self._where_to_start(gone=outcome.ending is Ending.SESSION_GONE)
            outcome = await self._run_once(start)
        return outcome

    async def _where_to_start(self, *, gone: bool = False) -> _Start:
        """Find what the run resumes, and give the thread a fresh session where there is nothing to resume."""
        thread = self._turn.thread
        tail = "" if gone else await self._tail(thread)
        decision = self._turn.decision
        if tail and decision is not None and decision.decided is not None:
            return _Start(thread.session_id, resume=True, tail=tail, interrupted=True, decision=decision)
        if tail and self._tool_ran:
            return _Start(thread.session_id, resume=True, tail=tail, interrupted=True)
        if thread.head and tail:
            resume_at = "" if tail == thread.head else thread.head
            return _Start(thread.session_id, resume=True, resume_at=resume_at, tail=tail)
        if not thread.head and not tail and not gone:
            return _Start(thread.session_id, resume=False)
        fresh = self._needs.new_id()
        await self._needs.store.restart_session(self._lease, self._turn.id, fresh)
        log.warning("session_restarted", thread=str(thread.key), lost=bool(thread.head))
        return _Start(fresh, resume=False, recap=bool(thread.head))

    async def _tail(self, thread: Thread) -> str:
        """Where the transcript ends now: at first as it was when the turn began."""
        if self._ran:
            return await self._needs.store.tail(thread.key, thread.session_id)
        self._ran = True
        return self._turn.tail

    async def _run_once(self, start: _Start, *, compact: bool = False) -> Outcome:
        if self._spoke and not start.interrupted:
            await self._reply.feed(Remark(RemarkKind.STARTED_OVER))
        if start.recap:
            await self._reply.feed(Remark(RemarkKind.SESSION_LOST))
        workdir = await self._needs.workspaces.open(self._lease.thread, start.session_id)
        request = replace(await self._request(start), compact=compact)
        if start.decision is None:  # else it would go on by itself before anybody listens
            self._needs.agent.prepare(request, workdir)
        if not compact:
            text, images = (INTERRUPTED, ()) if start.interrupted else await self._prompt(workdir, recap=start.recap)
            request = replace(request, text=text, images=tuple(images))
        outcome = Outcome(Ending.STOPPED, start.session_id)
        if workdir not in self._found:
            self._found[workdir] = await self._needs.workspaces.survey(workdir)
        if start.decision is not None:
            request = replace(request, decision=start.decision, begun=self._went_on)
            self._went_on = True
            await self._notes.note_going_on()
        if not self._stopped:
            async with self._needs.agent.run(request, workdir) as run:
                outcome = await self._follow(run, outcome)
        self.files = await self._made(workdir)
        await self._needs.settled(self._lease)
        await self._needs.workspaces.keep(self._lease, start.session_id)
        return outcome

    async def _made(self, workdir: Path) -> tuple[str, ...]:
        """What this turn made: of a turn that another worker began, whatever is younger and no attachment."""
        before, turn = self._found[workdir], self._turn
        since_ns = int(turn.started_at * 1e9) if turn.progress.tool_ran else sys.maxsize
        attached = {file.name for message in turn.prompt.messages for file in message.files}
        return tuple(
            str(path.relative_to(workdir))
            for path, stamp in (await self._needs.workspaces.survey(workdir)).items()
            if before.get(path) != stamp or (stamp[0] >= since_ns and path.name not in attached)
        )

    async def _request(self, start: _Start) -> RunRequest:
        """What the agent is asked, but for the prompt."""
        thread = self._turn.thread
        policy = await self._policy()
        return RunRequest(
            lease=self._lease,
            session_id=start.session_id,
            resume=start.resume,
            resume_at=start.resume_at,
            tail=start.tail,
            text="",
            limits=await self.limits(),
            model=thread.model or policy.model or self._needs.model,
            policy=policy,
            rules=thread.rules,
        )

    async def limits(self) -> Limits:
        """The bounds of the turn: what Continue raised, or what holds for its people there."""
        return self._turn.prompt.limits or (await self._policy()).limits_or(self._needs.limits)

    async def _policy(self) -> TurnPolicy:
        thread = self._turn.thread.key
        people = [Person(thread.team, message.user) for message in self._turn.prompt.messages]
        return await self._needs.policy(thread.channel, people)

    async def _prompt(self, workdir: Path, *, recap: bool) -> tuple[str, Sequence[Path]]:
        """The prompt, written once for each directory: its files are put there then."""
        if workdir not in self._written:
            self._written[workdir] = await self._needs.prompts.write(self._turn, workdir, recap=recap)
        return self._written[workdir]

    async def _follow(self, run: Run, outcome: Outcome) -> Outcome:
        """Feed the run's events to the reply; the outcome given is for a run that ends without one."""
        self._run = run
        if self._stopped:
            await run.interrupt()
        try:
            async for event in run:
                if isinstance(event, RunEnded):
                    outcome, self.deferred = event.outcome, event.deferred
                    continue
                if isinstance(event, ToolStarted):
                    self._tool_ran = True
                    await self._notes.note_tool()
                self._spoke = self._spoke or isinstance(event, TextDelta)
                await self._reply.feed(event)
        finally:
            self._run = None
        return outcome
