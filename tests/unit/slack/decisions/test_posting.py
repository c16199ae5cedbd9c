"""Cards are posted once, whoever posts them, and brought up to date."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ChatAway, ChatRefused
from bot.model import Verdict
from bot.slack.api.installations import OneInstallation
from bot.slack.decisions.posting import METADATA_EVENT, Cards
from tests.payloads import CHANNEL
from tests.unit.slack.decisions.asking import CARD_TS, THREAD, decided, decision
from tests.unit.slack.incoming import ScriptedWeb, installation

UNKNOWN = ChatAway("chat.postMessage", sent=True)


def card_in_slack(decision_id: str = "d-1") -> dict[str, Any]:
    metadata = {"event_type": METADATA_EVENT, "event_payload": {"decision_id": decision_id}}
    return {"ts": CARD_TS, "metadata": metadata}


@pytest.fixture
def web() -> ScriptedWeb:
    return ScriptedWeb({"chat.postMessage": {"ts": "1760000009.000900"}})


@pytest.fixture
def cards(web: ScriptedWeb) -> Cards:
    return Cards(OneInstallation(installation(web)))


async def test_a_card_is_posted_into_its_thread_with_the_decisions_id(cards: Cards, web: ScriptedWeb) -> None:
    assert await cards.ask(decision(card_ts="")) == "1760000009.000900"
    [posted] = web.to("chat.postMessage")
    assert (posted["channel"], posted["thread_ts"]) == (CHANNEL, THREAD.root_ts)
    assert posted["metadata"] == card_in_slack()["metadata"]
    assert "May I run this command?" in posted["text"]
    assert not web.to("conversations.replies")


async def test_a_card_that_may_be_there_is_looked_for_first(cards: Cards, web: ScriptedWeb) -> None:
    web.answers["conversations.replies"] = {"messages": [{"ts": "1.000001"}, card_in_slack("d-0"), card_in_slack()]}
    assert await cards.ask(decision(card_ts=""), again=True) == CARD_TS
    assert not web.to("chat.postMessage")


async def test_a_card_that_is_not_there_is_posted_the_second_time(cards: Cards, web: ScriptedWeb) -> None:
    web.answers["conversations.replies"] = {"messages": [card_in_slack("d-0")]}
    assert await cards.ask(decision(card_ts=""), again=True) == "1760000009.000900"


async def test_a_post_of_unknown_outcome_is_looked_for_and_not_repeated(cards: Cards, web: ScriptedWeb) -> None:
    web.answers |= {"chat.postMessage": UNKNOWN, "conversations.replies": {"messages": [card_in_slack()]}}
    assert await cards.ask(decision(card_ts="")) == CARD_TS
    assert len(web.to("chat.postMessage")) == 1


async def test_a_post_of_unknown_outcome_that_is_not_to_be_seen_stays_unknown(cards: Cards, web: ScriptedWeb) -> None:
    web.answers |= {"chat.postMessage": UNKNOWN, "conversations.replies": {"messages": []}}
    with pytest.raises(ChatAway):
        await cards.ask(decision(card_ts=""))


async def test_a_decided_card_is_updated_where_it_stands(cards: Cards, web: ScriptedWeb) -> None:
    await cards.show_decided(decision(decided=decided(Verdict.ALLOW_ONCE)))
    [updated] = web.to("chat.update")
    assert (updated["channel"], updated["ts"]) == (CHANNEL, CARD_TS)
    assert "allowed this once" in updated["text"]
    assert "decide_" not in str(updated["blocks"])


async def test_a_card_whose_place_was_not_kept_is_looked_for(cards: Cards, web: ScriptedWeb) -> None:
    web.answers["conversations.replies"] = {"messages": [card_in_slack()]}
    await cards.show_decided(decision(decided=decided(Verdict.EXPIRED, ""), card_ts=""))
    assert [updated["ts"] for updated in web.to("chat.update")] == [CARD_TS]


async def test_a_card_that_was_deleted_is_left_at_that(cards: Cards, web: ScriptedWeb) -> None:
    web.answers["chat.update"] = ChatRefused("chat.update", "message_not_found")
    await cards.show_decided(decision(decided=decided(Verdict.DENY)))


async def test_slacks_list_of_sessions_shows_which_of_them_wait(cards: Cards, web: ScriptedWeb) -> None:
    await cards.ask(decision(card_ts=""))
    await cards.show_decided(decision(decided=decided(Verdict.DENY)))
    told = web.to("agents.sessions.setStatus")
    assert [(one["thread_ts"], one["status"]) for one in told] == [
        (THREAD.root_ts, "suspended"),
        (THREAD.root_ts, "active"),
    ]


async def test_where_slack_has_no_such_list_cards_work_all_the_same(cards: Cards, web: ScriptedWeb) -> None:
    web.answers["agents.sessions.setStatus"] = ChatRefused("agents.sessions.setStatus", "unknown_method")
    assert await cards.ask(decision(card_ts="")) == "1760000009.000900"
