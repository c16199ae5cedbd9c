"""The bot in a Slack workspace: who it is there, and how it speaks to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.errors import ChatAway, ChatRefused, StartError
from bot.slack.api.web import SlackApi
from bot.slack.normalise import Own
from bot.slack.wire import identifier, text

NOT_INSTALLED = "not_installed"
"""The code of the ChatRefused for a workspace that has not installed the app, or has removed it."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The bot in one workspace.

    Args:
        team: the workspace's id.
        url: where its people see it, with a slash at the end: `https://example.slack.com/`.
        own: who the bot is there.
        token: for downloads of files, which don't go through the Web API. Never logged.
    """

    team: str
    url: str
    own: Own
    web: SlackApi
    token: str

    def __repr__(self) -> str:
        return f"Installation(team={self.team!r})"


class Installations(Protocol):
    """Where the bot is installed."""

    async def of(self, team: str) -> Installation:
        """The installation that serves a workspace. Raises ChatRefused(NOT_INSTALLED), and StoreAway."""
        ...

    async def at(self, team: str, organisation: str) -> Installation:
        """The same for a request of Slack's that came through an organisation's installation, where it names one."""
        ...

    def forget(self, team: str) -> None:
        """The workspace's installation has changed."""
        ...

    async def remove(self, owner: str) -> Collection[str]:
        """A workspace or organisation is said to have removed the app. Returns the workspaces that are without it now.

        None of them is when its token still works: it has installed the app again since.

        Raises:
            StoreAway, ChatAway, ChatRefused: it can't be told now.
        """
        ...

    async def revoke(self, organisation: str, teams: Collection[str]) -> Collection[str]:
        """An organisation takes the app from some workspaces. Returns those of them that are without it now.

        One that it never served is none of them, nor one with an installation of its own. Doing it again returns the
        same. Raises StoreAway.
        """
        ...

    async def grant(self, organisation: str, teams: Collection[str]) -> Collection[str]:
        """An organisation that has the app gives it to some workspaces. Returns those of them that it serves now.

        One that another organisation serves is none of them. Raises StoreAway.
        """
        ...


class OneInstallation:
    """A bot with one token, which serves whatever events that token gets."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def of(self, team: str) -> Installation:  # noqa: ARG002 (an organisation's token serves several workspaces)
        return self._installation

    async def at(self, team: str, organisation: str) -> Installation:  # noqa: ARG002
        return self._installation

    def forget(self, team: str) -> None:
        """There is nothing to forget: the token stays the operator's."""

    async def remove(self, owner: str) -> Collection[str]:  # noqa: ARG002
        return () if await works(self._installation.web) else (self._installation.team,)

    async def revoke(self, organisation: str, teams: Collection[str]) -> Collection[str]:  # noqa: ARG002
        """Nothing is known of whom the token serves but what its events tell."""
        return ()

    async def grant(self, organisation: str, teams: Collection[str]) -> Collection[str]:  # noqa: ARG002
        return ()


TOKEN_GONE = frozenset({"invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed"})
"""What `auth.test` answers to a token that will not work again; https://docs.slack.dev/reference/methods/auth.test."""


async def works(web: SlackApi) -> bool:
    """Whether Slack still takes a token. Raises ChatAway; and ChatRefused when its answer says something else."""
    try:
        await web.call("auth.test", safe_to_repeat=True, urgent=True)
    except ChatRefused as refused:
        if refused.code in TOKEN_GONE:
            return False
        raise
    return True


async def identify(web: SlackApi, token: str) -> Installation:
    """Ask Slack who the bot is.

    Raises:
        StartError: Slack doesn't take the token, or doesn't answer.
    """
    try:
        answer = await web.call("auth.test", safe_to_repeat=True, urgent=True)
    except ChatRefused as refused:
        raise StartError(f"Slack doesn't accept SLACK_BOT_TOKEN ({refused.code}).") from refused
    except ChatAway as away:
        raise StartError("Slack doesn't answer (auth.test). Check SLACK_API_URL and the network.") from away
    own = Own(user=identifier(answer, "user_id"), bot=identifier(answer, "bot_id"))
    team, url = identifier(answer, "team_id"), text(answer, "url")
    if not (team and own.user):
        raise StartError("SLACK_BOT_TOKEN is not a bot's token: Slack names no bot user for it (auth.test).")
    return Installation(team, url if url.endswith("/") else f"{url}/", own, web, token)
