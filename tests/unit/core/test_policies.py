"""Which parts of a policy hold where, and for whom."""

from __future__ import annotations

from pathlib import Path

from bot.model import Allowances, McpServer, Person, Policy, Section, TurnPolicy
from bot.policies import Policies
from tests.fakes_people import FakePeople
from tests.policies import rules

ANA, BEN = Person("T1", "U_ANA"), Person("T1", "U_BEN")
BUILT_IN = Section(rules(allow=["Read"]), limits=Allowances(max_turns=50, max_turn_usd=5))
EVERYWHERE = Section(rules(ask=["WebFetch"]), model="m", repositories=(Path("/srv/a"),), mcp=("wiki",))
OPS = Section(rules(allow=["Bash"]), model="big", repositories=(Path("/srv/a"), Path("/srv/b")))
SRE = Section(rules(allow=["Write"], deny=["WebFetch"]), limits=Allowances(max_turn_usd=50), mcp=("wiki", "pager"))
POLICY = Policy(
    (BUILT_IN, EVERYWHERE),
    {"C_OPS": OPS},
    {"S_SRE": SRE},
    {name: McpServer(name, command=name) for name in ("wiki", "pager")},
)


def group(*members: str, silent: bool = False) -> FakePeople:
    return FakePeople(groups={"S_SRE": members}, silent=silent)


async def turn(people: FakePeople, *persons: Person, channel: str = "C_OPS") -> TurnPolicy:
    return await Policies(POLICY, people).of_turn(channel, persons)


async def test_a_channel_adds_to_what_holds_everywhere_and_replaces_what_it_sets_anew() -> None:
    there, elsewhere = await turn(group(), ANA), await turn(group(), ANA, channel="C_X")
    assert there.stacks == ((BUILT_IN.rules, EVERYWHERE.rules, OPS.rules),)
    assert (there.model, there.repositories) == ("big", OPS.repositories)
    assert [server.name for server in there.mcp_servers] == ["wiki"]
    assert elsewhere.stacks == ((BUILT_IN.rules, EVERYWHERE.rules),)
    assert (elsewhere.model, elsewhere.repositories) == ("m", EVERYWHERE.repositories)


async def test_what_holds_for_a_group_holds_for_its_members() -> None:
    member, other = await turn(group("U_ANA"), ANA), await turn(group("U_ANA"), BEN)
    assert member.stacks[0][-1] == SRE.rules
    assert member.limits == Allowances(max_turns=50, max_turn_usd=50)
    assert [server.name for server in member.mcp_servers] == ["wiki", "pager"]
    assert other.stacks[0][-1] == OPS.rules
    assert other.limits.max_turn_usd == 5


async def test_who_leaves_a_group_and_joins_it_again_is_held_to_what_holds_then() -> None:
    people = group("U_ANA")
    policies, found = Policies(POLICY, people), []
    for members in (("U_ANA",), (), ("U_ANA",)):
        people.groups = {"S_SRE": members}
        found.append((await policies.of_turn("C_OPS", [ANA])).limits.max_turn_usd)
    assert found == [50, 5, 50]


async def test_what_holds_for_many_people_alike_is_put_together_once() -> None:
    policies = Policies(POLICY, group("U_ANA"))
    everybody = [Person("T1", f"U_{number}") for number in range(5)]
    assert len({id(await policies.of_person("C_OPS", person)) for person in [*everybody, *everybody, ANA]}) == 2


async def test_while_slack_does_not_tell_who_is_in_a_group_only_what_is_stricter_holds() -> None:
    unsure = await turn(group(silent=True), ANA)
    assert unsure.stacks[0][-1] == rules(deny=["WebFetch"])
    assert unsure.limits.max_turn_usd == 5
    assert [server.name for server in unsure.mcp_servers] == ["wiki"]


async def test_a_turn_of_several_people_may_do_what_each_of_them_may() -> None:
    both = await turn(group("U_ANA"), BEN, ANA, BEN, ANA)
    assert both.stacks == (
        (BUILT_IN.rules, EVERYWHERE.rules, OPS.rules),
        (BUILT_IN.rules, EVERYWHERE.rules, OPS.rules, SRE.rules),
    )
    assert [server.name for server in both.mcp_servers] == ["wiki"], "what only one of them may reach is left out"


async def test_everywhere_is_what_holds_without_a_channel_and_without_people() -> None:
    everywhere = Policies(POLICY, group("U_ANA")).everywhere()
    assert (everywhere.model, everywhere.stacks) == ("m", ((BUILT_IN.rules, EVERYWHERE.rules),))
