"""A workspace for tests of what speaks to Slack."""

from __future__ import annotations

from bot.slack.api.installations import Installation, OneInstallation
from bot.slack.api.web import SlackApi
from bot.slack.normalise import Own


def installed_with(web: SlackApi, team: str = "T1") -> OneInstallation:
    """The bot in one workspace, which it reaches through `web`."""
    own = Own(user="UBOT", bot="BBOT")
    return OneInstallation(Installation(team, "https://example.slack.com/", own, web, "xoxb-test"))
