"""Addresses of messages, made without asking Slack."""

from __future__ import annotations

from bot.model import ThreadKey


def permalink(url: str, thread: ThreadKey, ts: str = "") -> str:
    """The address of a message of a thread, in the form that chat.getPermalink gives.

    Args:
        url: the workspace's, with a slash at the end.
        ts: which message; empty for the root.
    """
    ts = ts or thread.root_ts
    address = f"{url}archives/{thread.channel}/p{ts.replace('.', '')}"
    if ts == thread.root_ts:
        return address
    return f"{address}?thread_ts={thread.root_ts}&cid={thread.channel}"
