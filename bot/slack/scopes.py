"""What the bot asks a workspace to be allowed, and why. The manifest and the doctor both read this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission of the bot token. `reason` is for whoever has to approve it: a short phrase, without a full stop."""

    name: str
    reason: str


SCOPES = (
    Scope("app_mentions:read", "to be called by its name in a channel"),
    Scope("assistant:write", "to show that it is at work, and to suggest first prompts"),
    Scope("channels:history", "to read the threads it takes part in, in public channels"),
    Scope("channels:read", "to know who can read a public channel, before it shows somebody a conversation from there"),
    Scope("chat:write", "to answer"),
    Scope("commands", "for the slash command and the message shortcuts"),
    Scope("files:read", "to read the files that people attach"),
    Scope("files:write", "to put the files that the agent made into the thread"),
    Scope("groups:history", "to read the threads it takes part in, in private channels it was invited to"),
    Scope("groups:read", "to know who is in a private channel"),
    Scope("im:history", "to read what people write to it directly"),
    Scope("im:read", "to know whose direct messages they are"),
    Scope("im:write", "to open its direct messages with a person who continues a conversation there"),
    Scope("mpim:history", "to read the threads it takes part in, in group messages it was added to"),
    Scope("mpim:read", "to know who is in a group message"),
    Scope("reactions:read", "to see the emoji that branches a conversation"),
    Scope("reactions:write", "to mark the messages that wait for their turn"),
    Scope("usergroups:read", "to know who is in a user group that the operator's policy names"),
    Scope("users:read", "to call people by their names, and to know who is an admin"),
)
"""Every scope of the bot token, by name. Each is used: a test runs the bot with no others, and finds none idle."""

SCOPE_NAMES = frozenset(scope.name for scope in SCOPES)
