"""The values the bot thinks in. Frozen, typed, no I/O.

Times are seconds since the epoch, as `float`, unless a name says otherwise. A Slack `ts` stays the string Slack gave,
since it is an identity; order two of them with `ts_order`.
"""

from bot.model.agent import (
    AgentEvent,
    Exchange,
    Remark,
    RemarkKind,
    RunEnded,
    RunRequest,
    TextDelta,
    Thinking,
    ToolFinished,
    ToolStarted,
    TranscriptEntry,
)
from bot.model.decisions import Decided, Decision, DeferredCall, DetailKind, Option, Question, Verdict
from bot.model.inbox import Receipt, Signal, SignalKind, Taken
from bot.model.messages import Address, Attachment, Limits, Message, Prompt, Spoken
from bot.model.places import Person, ThreadKey, ts_order
from bot.model.threads import (
    ArchivedSession,
    Lease,
    Point,
    PointKind,
    PointMap,
    Source,
    Thread,
    ThreadFilter,
    ThreadPage,
    ThreadStatus,
)
from bot.model.turns import Closing, Ending, Outcome, Part, Progress, Turn, TurnState, Usage

__all__ = [
    "Address",
    "AgentEvent",
    "ArchivedSession",
    "Attachment",
    "Closing",
    "Decided",
    "Decision",
    "DeferredCall",
    "DetailKind",
    "Ending",
    "Exchange",
    "Lease",
    "Limits",
    "Message",
    "Option",
    "Outcome",
    "Part",
    "Person",
    "Point",
    "PointKind",
    "PointMap",
    "Progress",
    "Prompt",
    "Question",
    "Receipt",
    "Remark",
    "RemarkKind",
    "RunEnded",
    "RunRequest",
    "Signal",
    "SignalKind",
    "Source",
    "Spoken",
    "Taken",
    "TextDelta",
    "Thinking",
    "Thread",
    "ThreadFilter",
    "ThreadKey",
    "ThreadPage",
    "ThreadStatus",
    "ToolFinished",
    "ToolStarted",
    "TranscriptEntry",
    "Turn",
    "TurnState",
    "Usage",
    "Verdict",
    "ts_order",
]
