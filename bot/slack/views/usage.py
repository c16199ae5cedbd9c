"""What was spent, and what is left."""

from __future__ import annotations

from slack_sdk.models.blocks import Block

from bot.model import SpendReport
from bot.slack import wording_money as words
from bot.slack.text.mrkdwn import escaped
from bot.slack.views.parts import Notice, context, place_of, section


def show(report: SpendReport, *, admin: bool) -> Notice:
    """One's own accounts; admins get the workspace's, and who spent most."""
    lines = [words.account(account) for account in report.accounts]
    blocks: list[Block] = [section("\n".join((f"*{words.USAGE_TITLE}*", *lines)))]
    if admin:
        users = [(f"<@{escaped(user)}>", usd) for user, usd in report.top_users]
        channels = [(place_of(escaped(channel)), usd) for channel, usd in report.top_channels]
        blocks += [_top(words.TOP_USERS, users), _top(words.TOP_CHANNELS, channels)]
    blocks.append(context(words.resets(report.day_resets_at, report.month_resets_at, report.zone)))
    return Notice("\n".join(lines), tuple(blocks))


def _top(title: str, spenders: list[tuple[str, float]]) -> Block:
    lines = [f"{name}: {words.usd(usd)}" for name, usd in spenders] or [words.NOBODY_YET]
    return section("\n".join((f"*{title}*", *lines)))
