"""The workspace that tests and the demo start with: two people, a bot, three channels and their DMs."""

from __future__ import annotations

from collections.abc import Sequence

from bot.playground.slack.clock import Clock
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import App, ChannelKind, Command, Shortcut, Team, User
from bot.playground.slack.workspace import Workspace

TEAM = "T0PLAYGROUN"
U_ANA = "U0ANA1ADMIN"
U_BEN = "U0BEN2USERS"
U_BOT = "U0CLAUDEBOT"
BOT_ID = "B0CLAUDEBOT"
APP_ID = "A0CLAUDEAPP"
C_GENERAL = "C0GENERAL01"
C_RANDOM = "C0RANDOM002"
C_LAUNCH = "C0LAUNCH003"
"""A private channel."""
D_ANA = "D0ANA1CLAUD"
D_BEN = "D0BEN2CLAUD"


def default_workspace(
    clock: Clock, ids: Ids, commands: Sequence[Command], shortcuts: Sequence[Shortcut], team: str = TEAM
) -> Workspace:
    """Ana, an admin, and Ben, with the bot in #general, #random, the private #launch and a DM each."""
    app = App(APP_ID, "Claude", U_BOT, BOT_ID, list(commands), list(shortcuts))
    workspace = Workspace(Team(team, "Playground", "playground"), app, clock, ids)
    workspace.add_user(User(U_ANA, "ana", "Ana", "9f69e7", is_admin=True, is_owner=True))
    workspace.add_user(User(U_BEN, "ben", "Ben", "4bbe2e"))
    workspace.add_user(User(U_BOT, "claude", "Claude", "d97757", is_bot=True))
    everyone = [U_ANA, U_BEN, U_BOT]
    workspace.add_channel(ChannelKind.PUBLIC, "general", everyone, C_GENERAL)
    workspace.add_channel(ChannelKind.PUBLIC, "random", everyone, C_RANDOM)
    workspace.add_channel(ChannelKind.PRIVATE, "launch", [U_ANA, U_BOT], C_LAUNCH)
    workspace.add_channel(ChannelKind.IM, members=[U_ANA, U_BOT], channel_id=D_ANA)
    workspace.add_channel(ChannelKind.IM, members=[U_BEN, U_BOT], channel_id=D_BEN)
    return workspace
