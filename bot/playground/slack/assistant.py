"""assistant.threads.* and agents.sessions.*: what shows that the agent is at work."""

from __future__ import annotations

import json

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.changes import SessionChanged, SuggestedPromptsSet
from bot.playground.slack.chat_streams import SESSION_STATUSES
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import AgentSession, Channel, Json, Refused, Status, SuggestedPrompts
from bot.playground.slack.wire import session_json

LOADING_MESSAGES = 10
LOADING_MESSAGE_CHARACTERS = 50
PROMPTS = 4


def _thread(slack: Installation, args: Arguments) -> tuple[Channel, str]:
    """The call's channel and thread. Raises Refused: channel_not_found, not_in_channel, thread_not_found."""
    channel = slack.joined_channel(args.text("channel_id"))
    thread_ts = args.ts("thread_ts", code="invalid_thread_ts")
    try:
        slack.workspace.message(channel.id, thread_ts)
    except Refused:
        raise Refused("thread_not_found") from None
    return channel, thread_ts


def _strings(args: Arguments, name: str) -> list[str]:
    given = args.given.get(name) or []
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            raise Refused("invalid_arguments", f"[ERROR] not valid JSON [json-pointer:/{name}]") from None
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise Refused("invalid_arguments", f"[ERROR] must be an array of strings [json-pointer:/{name}]")
    return given


def set_status(slack: Installation, args: Arguments) -> Json:
    if "status" not in args.given:
        raise Refused("invalid_arguments", "[ERROR] missing required field: status")
    text = args.text("status", "")
    loading = _strings(args, "loading_messages")
    if len(loading) > LOADING_MESSAGES:
        problem = f"[ERROR] no more than {LOADING_MESSAGES} items allowed [json-pointer:/loading_messages]"
        raise Refused("invalid_arguments", problem)
    for number, message in enumerate(loading):
        if len(message) > LOADING_MESSAGE_CHARACTERS:
            problem = f"must be no more than {LOADING_MESSAGE_CHARACTERS} characters"
            raise Refused("invalid_arguments", f"[ERROR] {problem} [json-pointer:/loading_messages/{number}]")
    channel, thread_ts = _thread(slack, args)
    slack.workspace.set_status(Status(channel.id, thread_ts, text, loading, slack.workspace.clock.now()))
    return {}


def set_suggested_prompts(slack: Installation, args: Arguments) -> Json:
    prompts = args.objects("prompts", "invalid_arguments")
    if not prompts:
        raise Refused("invalid_arguments", "[ERROR] missing required field: prompts")
    if len(prompts) > PROMPTS:
        raise Refused("invalid_arguments", f"[ERROR] no more than {PROMPTS} items allowed [json-pointer:/prompts]")
    if not all(isinstance(prompt.get(key), str) and prompt[key] for prompt in prompts for key in ("title", "message")):
        raise Refused("invalid_arguments", "[ERROR] each prompt needs title and message [json-pointer:/prompts]")
    channel = slack.joined_channel(args.text("channel_id"))
    thread_ts = _thread(slack, args)[1] if args.has("thread_ts") else ""
    offered = SuggestedPrompts(channel.id, thread_ts, args.text("title", ""), prompts)
    slack.workspace.prompts[channel.id, thread_ts] = offered
    slack.workspace.tell(SuggestedPromptsSet(offered))
    return {}


def set_title(slack: Installation, args: Arguments) -> Json:
    channel, thread_ts = _thread(slack, args)
    _put(slack, channel, thread_ts, title=args.text("title"))
    return {}


def set_session_status(slack: Installation, args: Arguments) -> Json:
    status = args.text("status")
    if status not in SESSION_STATUSES:
        raise Refused("invalid_arguments", "[ERROR] unknown status [json-pointer:/status]")
    channel, thread_ts = _thread(slack, args)
    return {"session": session_json(_put(slack, channel, thread_ts, status=status, title=args.text("title", "")))}


def rename_session(slack: Installation, args: Arguments) -> Json:
    channel, thread_ts = _thread(slack, args)
    if (channel.id, thread_ts) not in slack.workspace.sessions:
        raise Refused("session_not_found")
    return {"session": session_json(_put(slack, channel, thread_ts, title=args.text("title")))}


def _put(slack: Installation, channel: Channel, thread_ts: str, status: str = "", title: str = "") -> AgentSession:
    """Change a session, or make it; an empty argument leaves what is there."""
    key = (channel.id, thread_ts)
    known = slack.workspace.sessions.get(key) or AgentSession(*key, status="active")
    session = AgentSession(*key, status=status or known.status, title=title or known.title)
    slack.workspace.sessions[key] = session
    slack.workspace.tell(SessionChanged(session))
    return session


_ASSISTANT = ("assistant:write",)
METHODS = {
    "assistant.threads.setStatus": Method(set_status, ("assistant:write", "chat:write")),
    "assistant.threads.setSuggestedPrompts": Method(set_suggested_prompts, _ASSISTANT),
    "assistant.threads.setTitle": Method(set_title, _ASSISTANT),
    "agents.sessions.setStatus": Method(set_session_status, ("chat:write",)),
    "agents.sessions.rename": Method(rename_session, ("chat:write",)),
}
