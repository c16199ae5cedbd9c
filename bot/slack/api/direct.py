"""The direct messages of the bot with one person."""

from __future__ import annotations

from bot.errors import ChatRefused
from bot.slack.api.web import SlackApi


async def dm_with(web: SlackApi, user: str) -> str:
    """The DM's channel. Raises ChatRefused and ChatAway."""
    answer = await web.call("conversations.open", safe_to_repeat=True, urgent=True, users=user)
    channel = answer.get("channel")
    found = channel.get("id") if isinstance(channel, dict) else None
    if not isinstance(found, str):
        raise ChatRefused("conversations.open", "no_channel")
    return found


async def send_file(web: SlackApi, user: str, name: str, content: bytes, comment: str) -> None:
    """Put a file into the DM. Raises ChatRefused and ChatAway."""
    channel = await dm_with(web, user)
    answer = await web.call("files.getUploadURLExternal", safe_to_repeat=True, filename=name, length=len(content))
    await web.send_file(str(answer["upload_url"]), name, content)
    await web.call(
        "files.completeUploadExternal",
        safe_to_repeat=False,
        files=[{"id": str(answer["file_id"]), "title": name}],
        channel_id=channel,
        initial_comment=comment,
    )
