"""The policy as it holds for one person in one place."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

from bot.admission import Admission
from bot.allowed import Allowed
from bot.clock import SystemClock
from bot.config import Settings
from bot.doctor.finding import Finding, fail, ok
from bot.errors import ChatAway, SettingsError, StartError
from bot.model import Person
from bot.policies import Policies
from bot.policy_file import read_policy
from bot.policy_view import PolicyView
from bot.slack.api.directory import Directory
from bot.slack.api.installations import OneInstallation, identify
from bot.slack.api.web import Web, web_client

MEND = "mend what is said above first"


async def effective_policy(settings: Settings, channel: str, user: str) -> Sequence[Finding]:
    """What holds for this user in this channel. Slack is asked who they are, and which groups they are in."""
    clock = SystemClock()
    async with aiohttp.ClientSession() as session:
        web = Web(web_client(settings.slack_bot_token, settings.slack_api_url, session), clock)
        try:
            installation = await identify(web, settings.slack_bot_token)
            policy = read_policy(settings.policy)
            installations = OneInstallation(installation)
            admins, by_role = settings.admins, settings.workspace_admins
            directory = Directory(installations, clock, admins=admins, workspace_admins=by_role)
            policies = Policies(policy, directory)
            allowed = Allowed(settings, policies)
            view = PolicyView(policies, Admission(policy.access, directory), allowed.turn, settings.model)
            lines = await view.of(Person(installation.team, user), channel)
        except (ChatAway, SettingsError, StartError) as error:
            return [fail("effective policy", str(error), MEND)]
    return [ok(f"for {user} in {channel}", f"{what}: {said}") for what, said in lines]
