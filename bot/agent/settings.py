"""What the agent is told once, at the start of the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.model import Limits, TurnPolicy


@dataclass(frozen=True, slots=True)
class PoolBounds:
    """How much is kept alive, and for how long.

    Args:
        clients: processes altogether, the running ones included; 0 keeps none: a process for each turn.
        idle_s: seconds a process is kept after its last turn.
        spares: processes that wait for a new thread; at most half of `clients`.
        memory_bytes: PSS of all processes together.
        client_bytes: PSS of one process and all it started; a larger one is not kept.
        client_turns: turns after which a process is replaced.
    """

    clients: int = 0
    idle_s: float = 600.0
    spares: int = 0
    memory_bytes: int = 0
    client_bytes: int = 0
    client_turns: int = 200


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """Plain values; whoever builds the agent reads them from the bot's settings.

    Args:
        data_dir: where this worker may write; runs get directories under it.
        environ: the bot's own environment. Only what `environment.passes` names reaches the CLI.
        system_prompt: what the operator adds to the agent's instructions.
        model: the model of a run that names none; empty for the CLI's default.
        limits: what a process that has no turn yet is started with.
        policy: the same for what of a policy a process is started with.
        warm: how many processes are kept between turns, and for how long.
        stall_s: seconds without an event after which a turn's process is asked whether it is still there.
        stop_grace_s: seconds an interrupted run has to end by itself before its processes are killed.
    """

    data_dir: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    system_prompt: str = ""
    model: str = ""
    limits: Limits = field(default_factory=Limits)
    policy: TurnPolicy = field(default_factory=TurnPolicy)
    warm: PoolBounds = field(default_factory=PoolBounds)
    stall_s: float = 60.0
    stop_grace_s: float = 5.0
