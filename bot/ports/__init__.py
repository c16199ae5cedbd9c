"""What the core needs from outside: narrow protocols, grouped by who answers.

Every call may raise StoreAway (the store) or ChatAway and ChatRefused (Slack). Whatever takes a Lease checks its
fencing token in the same atomic step as it writes, and raises LeaseLost, having written nothing, when the lease is
another's.
"""

from bot.ports.agent import Agent, Readiness, Run, Sessions, Workspaces
from bot.ports.clock import Clock
from bot.ports.erasure import ErasureStore
from bot.ports.people import People
from bot.ports.prompt_counts import PromptCounts
from bot.ports.slack import Chat, Journal, Reply
from bot.ports.spend import SpendRun, SpendStore
from bot.ports.store import (
    DecisionStore,
    DepartureStore,
    FileStore,
    InboxStore,
    Signals,
    ThreadStore,
    Transcripts,
    TurnStore,
    Workers,
)
from bot.ports.telemetry import Telemetry, Untold

__all__ = [
    "Agent",
    "Chat",
    "Clock",
    "DecisionStore",
    "DepartureStore",
    "ErasureStore",
    "FileStore",
    "InboxStore",
    "Journal",
    "People",
    "PromptCounts",
    "Readiness",
    "Reply",
    "Run",
    "Sessions",
    "Signals",
    "SpendRun",
    "SpendStore",
    "Telemetry",
    "ThreadStore",
    "Transcripts",
    "TurnStore",
    "Untold",
    "Workers",
    "Workspaces",
]
