"""How an emulated Slack is to be: what `control.EmulatedSlack.start` takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.playground.slack.default_workspace import TEAM
from bot.playground.slack.delivery import RETRY_DELAYS_S
from bot.playground.slack.events import SUBSCRIBED
from bot.playground.slack.installation import SCOPES
from bot.playground.slack.values import Command, Shortcut

COMMANDS = (Command("/agent", "Manage agent sessions", "help | list | show | reset | continue"),)


@dataclass(frozen=True)
class Setup:
    """How an emulated Slack is to be.

    Args:
        port: 0 for any that is free.
        team: the workspace's id.
        organisation: whose installation it is (Enterprise Grid), instead of the workspace's own.
        seed: what ids and the choice of sockets depend on.
        scopes: what the app was granted.
        subscribed: the events it subscribed to.
        commands, shortcuts: what the app offers; without shortcuts any callback_id is taken for one.
        retry_delays_s: the waits before an event that was not taken is sent again.
        enforce_tiers: keep Slack's rate limits.
        every_append: tell every append to a stream as a `message_changed` event, not only its end.
        saved_at: a file to load the workspace from, when it is there, and to keep it in.
    """

    host: str = "127.0.0.1"
    port: int = 0
    team: str = TEAM
    organisation: str = ""
    seed: int = 1
    bot_token: str = "xoxb-emulated-bot-token"  # noqa: S105 - opens nothing but this emulator
    app_token: str = "xapp-emulated-app-token"  # noqa: S105 - opens nothing but this emulator
    signing_secret: str = "emulated-signing-secret"  # noqa: S105 - opens nothing but this emulator
    scopes: tuple[str, ...] = SCOPES
    subscribed: frozenset[str] = SUBSCRIBED
    commands: Sequence[Command] = COMMANDS
    shortcuts: Sequence[Shortcut] = ()
    retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
    enforce_tiers: bool = False
    every_append: bool = False
    saved_at: Path | None = None
