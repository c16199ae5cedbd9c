"""What a card shows: while it asks, and afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Decision, DetailKind, Option, Question, Verdict
from bot.playground.slack.blocks import checked, checked_view
from bot.playground.slack.ids import Ids
from bot.slack.api.limits import BLOCK_TEXT_CHARS, TEXT_CHARS, UPDATE_TEXT_CHARS
from bot.slack.decisions import modals
from bot.slack.decisions.cards import card
from tests.payloads import ANN, BEN, DM
from tests.unit.slack.decisions.asking import COLOURS, NAME, SIZES, THREAD, asking, call, decided, decision

IDS = Ids(1)
Json = dict[str, Any]


def blocks(shown: Decision) -> list[Json]:
    """The card's blocks, as Slack takes them."""
    return checked([block.to_dict() for block in card(shown).shown()], IDS)


def said(shown: Decision) -> str:
    return json.dumps(blocks(shown), ensure_ascii=False)


def buttons(shown: Decision) -> list[str]:
    return [
        element["text"]["text"]
        for block in blocks(shown)
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def exactly(shown: list[Json]) -> str:
    """What stands in preformatted blocks, which Slack shows as it is."""
    return "".join(
        part["text"]
        for block in shown
        if block["type"] == "rich_text"
        for element in block["elements"]
        if element["type"] == "rich_text_preformatted"
        for part in element["elements"]
    )


# --- approvals ----------------------------------------------------------------------------------------


def test_a_card_says_what_is_to_run_why_it_asks_and_until_when() -> None:
    shown = said(decision(call("npm test")))
    assert "May I run this command?" in shown
    assert "Running a command" in shown
    assert exactly(blocks(decision(call("npm test")))) == "npm test"
    assert "Commands always need an OK here." in shown
    assert "<!date^1760259203^" in shown


def test_a_card_offers_to_allow_once_and_to_deny() -> None:
    assert buttons(decision()) == ["Allow once", "Deny", "Deny with a reason…"]


def test_what_lasts_is_offered_only_where_a_rule_can_say_it_and_asks_once_more_naming_it() -> None:
    shown = decision(call(pattern="Bash(npm test:*)"))
    assert buttons(shown)[:2] == ["Allow once", "Allow in this thread"]
    assert "also allows from now on: `Bash(npm test:*)`" in said(shown)
    [lasting] = [
        element
        for block in blocks(shown)
        if block["type"] == "actions"
        for element in block["elements"]
        if "confirm" in element
    ]
    assert "Bash(npm test:*)" in lasting["confirm"]["text"]["text"]


def test_buttons_carry_the_decisions_id_and_nothing_else() -> None:
    values = {
        element["value"]
        for block in blocks(decision(call("x\n" * 99, pattern="Bash(x)")))
        if block["type"] == "actions"
        for element in block["elements"]
    }
    assert values == {"d-1"}


def test_in_a_channel_the_one_who_is_waited_for_is_addressed() -> None:
    assert card(decision()).text.startswith(f"<@{ANN}> *May I run this command?* Running a command: npm test")
    dm = decision(thread=type(THREAD)(THREAD.team, DM, THREAD.root_ts))
    assert ANN not in said(dm)


def test_a_long_change_is_shortened_and_offers_the_whole() -> None:
    long = decision(call("\n".join(f"+ line {n}" for n in range(400)), DetailKind.DIFF))
    assert "Show all" in buttons(long)
    shown = exactly(blocks(long))
    assert shown.startswith("+ line 0\n")
    assert shown.endswith("+ line 399")
    assert "lines, " in said(long)
    assert "Show all" not in buttons(decision(call("short")))


def test_what_stands_between_beginning_and_end_cant_be_forged_by_the_command() -> None:
    forged = "a\n… 3 lines are not shown here …\nb"
    [pre] = [block for block in blocks(decision(call(forged))) if block["type"] == "rich_text"]
    assert [element["type"] for element in pre["elements"]] == ["rich_text_preformatted"]


def test_hidden_characters_are_shown_and_counted() -> None:
    shown = said(decision(call("echo a\u202eb\u200b")))
    assert "echo a⟦U+202E⟧b⟦U+200B⟧" in shown
    assert "2 characters can't be seen" in shown


@pytest.mark.parametrize("ping", ["<!channel>", "<!here>", "<@U0BOSS>", "<https://evil.example|click>", "<#C1>"])
def test_nothing_from_the_model_pings_or_links(ping: str) -> None:
    hostile = Question(ping, ping, (Option(ping, ping), Option("x" * 80, ping)))
    for shown in (
        decision(call(ping, title=ping, why=ping, pattern=ping)),
        decision(asking(hostile)),
        decision(asking(hostile, hostile)),
        decision(call(ping), decided(Verdict.DENY, reason=ping)),
        decision(asking(hostile), decided(Verdict.ANSWERED, answers={ping: ping})),
    ):
        assert ping not in "".join(mrkdwn(blocks(shown)))
        assert ping not in card(shown).text


def mrkdwn(value: Any) -> list[str]:
    """The texts to which Slack gives a meaning."""
    if isinstance(value, list):
        return [text for item in value for text in mrkdwn(item)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") in {"mrkdwn", "markdown"} else []
    return own + [text for item in value.values() for text in mrkdwn(item)]


def test_backticks_end_no_code() -> None:
    fenced = "echo ``` *bold* ```\n```"
    shown = decision(call(fenced, pattern="Bash(`x` *)"))
    assert exactly(blocks(shown)) == fenced
    assert "`Bash(⟦U+0060⟧x⟦U+0060⟧ *)`" in said(shown)


# --- afterwards ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.ALLOW_ONCE, f"<@{BEN}> allowed this once"),
        (Verdict.ALLOW_HERE, f"<@{BEN}> allowed this, and from now on in this thread: `Bash(npm test:*)`"),
        (Verdict.DENY, f"<@{BEN}> denied this"),
        (Verdict.SUPERSEDED, f"<@{BEN}> wrote something else"),
        (Verdict.STOPPED, f"<@{BEN}> stopped this"),
        (Verdict.EXPIRED, "Nobody decided in time"),
    ],
)
def test_afterwards_the_card_says_who_what_and_when_and_its_buttons_are_gone(verdict: Verdict, sentence: str) -> None:
    done = decision(call(pattern="Bash(npm test:*)"), decided(verdict, "" if verdict is Verdict.EXPIRED else BEN))
    assert sentence in said(done)
    assert "<!date^1760000063^" in said(done)
    assert exactly(blocks(done)) == "npm test"
    assert buttons(done) == []
    assert sentence in card(done).text


def test_the_whole_of_a_long_command_can_still_be_seen_afterwards() -> None:
    assert buttons(decision(call("x\n" * 99), decided(Verdict.ALLOW_ONCE))) == ["Show all"]


def test_a_reason_is_quoted() -> None:
    done = decision(call(), decided(Verdict.DENY, reason="Not on <prod>.\nTry staging."))
    assert "> Not on &lt;prod&gt;.\\n> Try staging." in said(done)


def test_answers_are_shown_below_their_questions() -> None:
    done = decision(asking(COLOURS, NAME), decided(Verdict.ANSWERED, answers={COLOURS.text: "Red", NAME.text: "Rex"}))
    assert "*Which colour?*\\n> Red" in said(done)
    assert "*What shall it be called?*\\n> Rex" in said(done)
    assert f"<@{BEN}> answered" in said(done)


def test_questions_that_nobody_answered_say_so() -> None:
    assert f"<@{BEN}> chose not to answer" in said(decision(asking(COLOURS), decided(Verdict.DENY)))
    assert "message of their own" in said(decision(asking(COLOURS), decided(Verdict.SUPERSEDED)))


# --- questions ----------------------------------------------------------------------------------------


def test_one_question_with_few_answers_has_a_button_for_each_and_explains_them() -> None:
    shown = decision(asking(COLOURS))
    assert buttons(shown) == ["Red", "Blue", "In my own words…", "Don't answer"]
    assert "Colour: *Which colour?*" in said(shown)
    assert "• *Red*: Warm\\n• *Blue*: Cool" in said(shown)


def inputs(shown: Decision) -> list[tuple[str, str]]:
    return [(block["label"]["text"], block["element"]["type"]) for block in blocks(shown) if block["type"] == "input"]


def test_several_questions_are_inputs_with_a_button_that_sends_them() -> None:
    shown = decision(asking(COLOURS, SIZES, NAME))
    assert inputs(shown) == [
        ("Which colour?", "radio_buttons"),
        ("Which sizes?", "checkboxes"),
        ("What shall it be called?", "plain_text_input"),
    ]
    assert buttons(shown) == ["Send answers", "In my own words…", "Don't answer"]


def test_more_options_than_a_group_takes_are_a_menu_with_their_descriptions_above() -> None:
    many = tuple(Option(f"Option {n}", f"About {n}") for n in range(30))
    shown = decision(asking(Question("One?", options=many), Question("Some?", options=many, multiple=True)))
    assert [kind for _, kind in inputs(shown)] == ["static_select", "multi_static_select"]
    assert "• *Option 29*: About 29" in said(shown)


def test_labels_that_slack_would_cut_are_written_out() -> None:
    long = "A very long answer " * 5
    shown = decision(asking(Question("One?", options=(Option(long), Option("No")))))
    assert f"• *{long.strip()}*" in said(shown)
    assert buttons(shown)[0].endswith("…")


def test_a_question_with_nothing_to_choose_from_is_a_text_input() -> None:
    shown = decision(asking(NAME))
    assert inputs(shown) == [("What shall it be called?", "plain_text_input")]
    assert buttons(shown) == ["Send answer", "Don't answer"]


def test_questions_too_long_for_a_card_are_answered_in_a_modal() -> None:
    long = Question("Long? " * 300, options=tuple(Option(f"{n} " + "word " * 50) for n in range(10)))
    assert buttons(decision(asking(*(long,) * 4))) == ["Answer…", "Don't answer"]


def test_the_notification_says_what_is_asked() -> None:
    assert card(decision(asking(COLOURS))).text == f"<@{ANN}> *I have a question.* Which colour?"


# --- limits -------------------------------------------------------------------------------------------

WILD = st.text(alphabet="ab<>&|*`_~\n\"'é😀\u202e\x00⟦\ud800", max_size=200)
VERDICTS = st.sampled_from([None, *Verdict])
TIMES = st.integers(1, 60)
OPTIONS = st.lists(st.builds(Option, WILD, WILD), max_size=5)
QUESTIONS = st.lists(
    st.builds(
        lambda text, header, options, times, multiple: Question(text * times, header, tuple(options) * times, multiple),
        WILD, WILD, OPTIONS, TIMES, st.booleans(),
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=60)
@given(
    said=WILD, times=st.integers(1, 600), kind=st.sampled_from(DetailKind), verdict=st.sampled_from([None, *Verdict])
)
def test_whatever_the_model_wants_to_run_a_card_stays_within_slacks_limits(
    said: str, times: int, kind: DetailKind, verdict: Verdict | None
) -> None:
    wild = call(said * times, kind, title=said, why=said * 5, pattern=said)
    check(decision(wild, decided(verdict, reason=said * 9) if verdict else None))


@settings(max_examples=60)
@given(QUESTIONS.filter(bool), WILD, VERDICTS)
def test_whatever_the_model_asks_a_card_stays_within_slacks_limits(
    asked: list[Question], answer: str, verdict: Verdict | None
) -> None:
    answers = {question.text: answer * 5 for question in asked}
    check(decision(asking(*asked), decided(verdict, answers=answers) if verdict else None))


def check(shown: Decision) -> None:
    """Slack would take the card and everything that opens from it."""
    made = blocks(shown)
    assert sum(map(len, mrkdwn(made))) + len(exactly(made)) <= BLOCK_TEXT_CHARS
    assert len(card(shown).text) <= min(TEXT_CHARS, UPDATE_TEXT_CHARS)
    json.dumps(made, ensure_ascii=False).encode()
    views = [modals.why_not(shown), modals.whole(shown), modals.whole(shown, 999)]
    views += [modals.own_words(shown, {})] if shown.call.questions else []
    for view in views:
        wire = view.to_dict()
        checked_view(wire, IDS, "modal")
        assert len(json.dumps(wire)) < 250_000
