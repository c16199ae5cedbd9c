"""What settings and policy allow together."""

from __future__ import annotations

from bot.allowed import Allowed
from bot.config import Settings
from bot.model import Allowances, Budget, Limits, Person, Policy, Section
from bot.policies import Policies
from tests.fakes_people import FakePeople

ANA, BEN = Person("T1", "U_ANA"), Person("T1", "U_BEN")
POLICY = Policy(
    (Section(limits=Allowances(max_turns=20, workspace_day_usd=100.0)),),
    {"C_OPS": Section(limits=Allowances(max_turn_usd=9.0, channel_day_usd=50.0))},
    {"S_SRE": Section(limits=Allowances(max_turn_s=3600.0, user_day_usd=40.0, max_turn_usd=0.2))},
)


def allowed(policy: Policy = POLICY, **settings: str) -> Allowed:
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "REDIS_URL": "memory:", **settings}
    return Allowed(Settings.parse(environ), Policies(policy, FakePeople(groups={"S_SRE": ["U_ANA"]})))


async def test_without_a_policy_the_settings_hold() -> None:
    settings = {"BOT_MAX_TURNS": "7", "BOT_MAX_BUDGET_USD": "3", "BOT_MAX_TURN_S": "60", "BOT_BUDGET_USER_DAY_USD": "5"}
    bounds = allowed(Policy(), **settings)
    assert await bounds.turn("C1", ANA) == bounds.anywhere == Limits(7, 3.0, 60.0)
    table = await bounds.budgets("C1", ANA)
    assert (table.user, table.channel, table.workspace) == (Budget(5.0), Budget(), Budget())


async def test_what_the_policy_says_goes_before_the_settings_for_its_channel_and_group() -> None:
    bounds = allowed(BOT_MAX_TURNS="7", BOT_MAX_BUDGET_USD="3", BOT_MAX_TURN_S="60")
    assert bounds.anywhere == Limits(20, 3.0, 60.0)
    assert await bounds.turn("C_OPS", BEN) == Limits(20, 9.0, 60.0)
    assert await bounds.turn("C_OPS", ANA) == Limits(20, 0.2, 3600.0)


async def test_budgets_are_the_policys_where_it_names_them() -> None:
    bounds = allowed(BOT_BUDGET_USER_DAY_USD="5", BOT_BUDGET_USER_MONTH_USD="60")
    ana, ben = await bounds.budgets("C_OPS", ANA), await bounds.budgets("C1", BEN)
    assert (ana.user, ben.user) == (Budget(40.0, 60.0), Budget(5.0, 60.0))
    assert (ana.channel, ben.channel) == (Budget(50.0), Budget())
    assert ana.workspace == ben.workspace == Budget(100.0)


async def test_no_turn_reserves_more_than_it_may_cost() -> None:
    bounds = allowed(BOT_BUDGET_RESERVE_USD="0.5")
    assert (await bounds.budgets("C_OPS", ANA)).reserve_usd == 0.2
    assert (await bounds.budgets("C_OPS", BEN)).reserve_usd == 0.5
