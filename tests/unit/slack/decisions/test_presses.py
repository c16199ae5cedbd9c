"""What is pressed on cards and submitted in the modals behind them, through a real Bolt app."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.model import DetailKind, ThreadKey, Verdict
from bot.slack.action_ids import ActionId, ViewId
from bot.slack.decisions import words
from tests.payloads import ANN, BEN, CHANNEL, TEAM, payload
from tests.unit.slack.deciding import DECIDED_AT
from tests.unit.slack.decisions.asking import (
    CARD_TS,
    COLOURS,
    NAME,
    SIZES,
    THREAD,
    asking,
    call,
    decided,
    decision,
)
from tests.unit.slack.incoming import Incoming, incoming


@pytest.fixture
async def slack() -> AsyncIterator[Incoming]:
    async with incoming() as opened:
        opened.decisions.known.append(decision())
        yield opened


def chosen(*places: int) -> dict[str, Any]:
    return {"type": "checkboxes", "selected_options": [{"value": str(place)} for place in places]}


def picked(place: int | None) -> dict[str, Any]:
    return {"type": "radio_buttons", "selected_option": None if place is None else {"value": str(place)}}


def typed(text: str | None) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def state(**inputs: dict[str, Any]) -> dict[str, Any]:
    """Slack's state: each of our inputs is alone in its block, and called as it is."""
    return {"values": {name: {name: element} for name, element in inputs.items()}}


async def press(slack: Incoming, action: str, value: str = "d-1", *, user: str = ANN, **changes: Any) -> None:
    """Press a button on the card. `changes` goes over the payload."""
    body = payload("block_actions_message", **changes)
    body["response_url"] = slack.hooks.url
    body["user"]["id"] = user
    body["actions"] = [
        {"type": "button", "action_id": str(action), "block_id": "b", "value": value, "action_ts": "1.2"}
    ]
    assert (await slack.send(body)).status == 200


async def submit(slack: Incoming, view: ViewId, metadata: str = f"{THREAD} d-1", user: str = ANN, **inputs: Any) -> str:
    """Submit a modal. Returns what came with the ack."""
    body = payload("view_submission")
    body["user"]["id"] = user
    body["view"] |= {"callback_id": view.value, "private_metadata": metadata, "state": state(**inputs)}
    response = await slack.send(body)
    assert response.status == 200
    return response.body


def made(slack: Incoming) -> list[tuple[Verdict, str]]:
    return [(one.verdict, one.user) for _, one in slack.decisions.made]


def opened(slack: Incoming) -> dict[str, Any]:
    [call] = slack.web.to("views.open")
    view: dict[str, Any] = call["view"]
    return view


# --- deciding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        (ActionId.ALLOW_ONCE, Verdict.ALLOW_ONCE),
        (ActionId.ALLOW_HERE, Verdict.ALLOW_HERE),
        (ActionId.DENY, Verdict.DENY),
    ],
)
async def test_each_button_says_its_word(slack: Incoming, action: ActionId, verdict: Verdict) -> None:
    await press(slack, action)
    assert made(slack) == [(verdict, ANN)]
    assert slack.whispers() == []


async def test_somebody_else_is_told_whose_it_is_and_nobody_else_sees_that(slack: Incoming) -> None:
    await press(slack, ActionId.ALLOW_ONCE, user=BEN)
    assert made(slack) == []
    [sent] = slack.hooks.sent
    assert f"<@{ANN}> or an admin" in sent["text"]
    assert sent["response_type"] == "ephemeral"


async def test_whoever_is_second_is_told_who_decided_what_and_the_card_is_brought_up_to_date(slack: Incoming) -> None:
    slack.decisions.known = [decision(decided=decided(Verdict.ALLOW_ONCE, BEN))]
    await press(slack, ActionId.DENY)
    assert made(slack) == []
    [told] = slack.whispers()
    assert f"<@{BEN}> allowed it once" in told
    assert "<!date^" in told
    assert [one["ts"] for one in slack.web.to("chat.update")] == [CARD_TS]


async def test_pressing_what_expired_says_so(slack: Incoming) -> None:
    slack.decisions.known = [decision(decided=decided(Verdict.EXPIRED, ""))]
    await press(slack, ActionId.ALLOW_ONCE)
    assert "not decided in time" in slack.whispers()[0]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"value": "d-2"}, id="a forged id"),
        pytest.param({"value": ""}, id="no id"),
        pytest.param({"value": f"{THREAD} d-1"}, id="another form"),
        pytest.param(
            {"container": {"message_ts": CARD_TS, "channel_id": CHANNEL, "thread_ts": "1760000001.000100"}},
            id="another thread",
        ),
        pytest.param(
            {"container": {"message_ts": "1760000004.000100", "channel_id": CHANNEL, "thread_ts": THREAD.root_ts}},
            id="another message",
        ),
        pytest.param({"channel": {"id": "C0ELSEWHR"}}, id="another channel"),
        pytest.param({"team": {"id": "T0ANOTHER"}}, id="another workspace"),
        pytest.param({"container": {}, "message": {}}, id="no message"),
    ],
)
async def test_what_is_not_the_cards_own_press_decides_nothing_and_is_told(
    slack: Incoming, changes: dict[str, Any]
) -> None:
    await press(slack, ActionId.ALLOW_ONCE, **changes)
    assert made(slack) == []
    assert "doesn't wait for anybody" in slack.whispers()[0]


# --- a reason -----------------------------------------------------------------------------------------


async def test_a_reason_is_asked_for_and_goes_with_the_no(slack: Incoming) -> None:
    await press(slack, ActionId.DENY_REASON)
    view = opened(slack)
    assert view["private_metadata"] == f"{THREAD} d-1"
    await submit(slack, ViewId.DENY_REASON, reason=typed("Not on production"))
    [(_, said)] = slack.decisions.made
    assert (said.verdict, said.reason) == (Verdict.DENY, "Not on production")


async def test_an_empty_reason_is_asked_for_again(slack: Incoming) -> None:
    assert words.REASON_MISSING in await submit(slack, ViewId.DENY_REASON, reason=typed(" \n"))
    assert made(slack) == []


async def test_no_reason_is_asked_of_somebody_who_may_not_decide(slack: Incoming) -> None:
    await press(slack, ActionId.DENY_REASON, user=BEN)
    assert slack.web.to("views.open") == []
    assert len(slack.whispers()) == 1


async def test_a_reason_that_comes_too_late_is_told_in_the_thread(slack: Incoming) -> None:
    slack.decisions.known = [decision(decided=decided(Verdict.ALLOW_ONCE, BEN))]
    await submit(slack, ViewId.DENY_REASON, reason=typed("no"))
    [told] = slack.web.to("chat.postEphemeral")
    assert (told["channel"], told["thread_ts"], told["user"]) == (CHANNEL, THREAD.root_ts, ANN)
    assert f"<@{BEN}> allowed it once" in told["text"]


@pytest.mark.parametrize(
    "metadata", ["", "x", "a:b:c", f"{THREAD}", f"{ThreadKey(TEAM, CHANNEL, '1.000001')} d-1", f"{THREAD} d-2"]
)
async def test_a_modal_with_forged_memory_decides_nothing(slack: Incoming, metadata: str) -> None:
    await submit(slack, ViewId.DENY_REASON, metadata, reason=typed("no"))
    await submit(slack, ViewId.OWN_WORDS, metadata, own0=typed("x"))
    assert made(slack) == []


async def test_a_modal_submitted_by_somebody_else_decides_nothing(slack: Incoming) -> None:
    await submit(slack, ViewId.DENY_REASON, user=BEN, reason=typed("no"))
    assert made(slack) == []


# --- the whole of it ----------------------------------------------------------------------------------


async def test_the_whole_of_a_long_command_opens_in_a_modal_page_by_page(slack: Incoming) -> None:
    long = "\n".join(f"line {n} of a hundred kilobytes" for n in range(3_500))
    slack.decisions.known = [decision(call(long, DetailKind.DIFF))]
    await press(slack, ActionId.SHOW_WHOLE)
    first = json.dumps(opened(slack))
    assert "line 0 of" in first
    assert "Page 1 of " in first
    assert f"{ActionId.TURN_PAGE}.1" in first
    body = payload("block_actions_home")
    body["view"] |= {"type": "modal", "private_metadata": f"{THREAD} d-1"}
    body["actions"][0] |= {"type": "button", "action_id": f"{ActionId.TURN_PAGE}.1", "value": "d-1"}
    await slack.send(body)
    [turned] = slack.web.to("views.update")
    assert turned["view_id"] == body["view"]["id"]
    assert "Page 2 of " in json.dumps(turned["view"])
    assert "line 0 of" not in json.dumps(turned["view"])


# --- questions ----------------------------------------------------------------------------------------


async def test_an_answers_button_answers(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS))]
    await press(slack, f"{ActionId.CHOOSE}.1")
    assert slack.decisions.made[0][1].answers == {COLOURS.text: "Blue"}


@pytest.mark.parametrize("place", ["2", "-1", "x", "", "1.0", "١"])
async def test_an_answer_that_was_not_offered_is_none(slack: Incoming, place: str) -> None:
    slack.decisions.known = [decision(asking(COLOURS))]
    await press(slack, f"{ActionId.CHOOSE}.{place}")
    assert made(slack) == []
    assert len(slack.whispers()) == 1


async def test_what_the_inputs_hold_is_sent_together(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS, SIZES, NAME))]
    inputs = state(choice0=picked(0), choice1=chosen(0, 2), own2=typed(" Rex "))
    await press(slack, ActionId.SEND_ANSWERS, state=inputs)
    assert slack.decisions.made[0][1].answers == {COLOURS.text: "Red", SIZES.text: "S, L", NAME.text: "Rex"}
    assert made(slack) == [(Verdict.ANSWERED, ANN)]


async def test_a_question_left_open_is_named(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS, SIZES))]
    await press(slack, ActionId.SEND_ANSWERS, state=state(choice0=picked(0), choice1=chosen()))
    assert made(slack) == []
    assert SIZES.text in slack.whispers()[0]


@pytest.mark.parametrize(
    "forged", [picked(7), {"selected_option": {"value": "x"}}, {"selected_options": [{"value": 3}]}]
)
async def test_options_that_were_not_offered_are_refused(slack: Incoming, forged: dict[str, Any]) -> None:
    slack.decisions.known = [decision(asking(COLOURS, SIZES))]
    await press(slack, ActionId.SEND_ANSWERS, state=state(choice0=forged, choice1=chosen(0)))
    assert made(slack) == []
    assert len(slack.whispers()) == 1


async def test_ones_own_words_are_asked_for_with_what_is_chosen_already(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS, SIZES))]
    await press(slack, ActionId.OWN_WORDS, state=state(choice0=picked(1), choice1=chosen(0, 2)))
    elements = {block["block_id"]: block["element"] for block in opened(slack)["blocks"]}
    assert elements["choice0"]["initial_option"]["text"]["text"] == "Blue"
    assert [option["text"]["text"] for option in elements["choice1"]["initial_options"]] == ["S", "L"]
    assert elements["own0"]["type"] == elements["own1"]["type"] == "plain_text_input"


async def test_ones_own_words_go_before_one_choice_and_beside_several(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS, SIZES))]
    ack = await submit(
        slack,
        ViewId.OWN_WORDS,
        choice0=picked(0),
        own0=typed("Something greenish"),
        choice1=chosen(1),
        own1=typed("and XXL"),
    )
    assert ack == ""
    assert slack.decisions.made[0][1].answers == {COLOURS.text: "Something greenish", SIZES.text: "M, and XXL"}


async def test_a_modal_with_an_open_question_says_so_beside_it(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS, SIZES))]
    ack = await submit(slack, ViewId.OWN_WORDS, choice0=picked(0), own0=typed(None), choice1=chosen(), own1=typed(" "))
    assert json.loads(ack)["errors"] == {"own1": words.ANSWER_MISSING}
    assert made(slack) == []


async def test_not_answering_is_a_no(slack: Incoming) -> None:
    slack.decisions.known = [decision(asking(COLOURS))]
    await press(slack, ActionId.DENY)
    assert made(slack) == [(Verdict.DENY, ANN)]
    assert slack.decisions.made[0][1].at == DECIDED_AT
