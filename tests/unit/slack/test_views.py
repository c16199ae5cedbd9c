"""What the bot shows, within Slack's limits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.admin import SessionView
from bot.errors import Reason
from bot.model import ArchivedSession, Exchange, Source, Thread, ThreadFilter, ThreadKey, ThreadPage, ThreadStatus
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.api.limits import BLOCK_TEXT_CHARS, MESSAGE_BLOCKS, MODAL_BLOCKS
from bot.slack.api.permalinks import permalink
from bot.slack.commands import List
from bot.slack.views import branch, listing, modals, session
from bot.slack.views.home import Shown
from bot.slack.views.home import home as home_view
from bot.slack.views.parts import Notice
from tests.unit.slack.decisions.asking import CARD_TS, call, decision
from tests.unit.slack.incoming import KEY, NOW, OLD_SESSION, SESSION, THREAD, URL

ASKED = List(ThreadFilter("T1", user="U1"))


def link_of(key: ThreadKey, ts: str = "", /) -> str:
    return permalink(URL, key, ts)


def wire(notice: Notice) -> str:
    """The blocks as they go over the wire; slack_sdk's models check Slack's limits while they are made."""
    return json.dumps([block.to_dict() for block in notice.shown()], ensure_ascii=False)


def text_of(blocks: list[Block] | tuple[Block, ...]) -> int:
    total = 0
    for block in blocks:
        shown = block.to_dict().get("text", {})
        total += len(shown.get("text", "")) if isinstance(shown, dict) else 0
    return total


def page(*threads: Thread, cursor: str = "", asked: List = ASKED) -> Notice:
    return listing.page(asked, ThreadPage(threads, cursor), link_of, NOW)


# --- lists ------------------------------------------------------------------------------------------


def test_a_row_tells_title_id_who_where_age_turns_cost_branch_and_tag() -> None:
    row = page(THREAD).blocks[1].to_dict()["text"]["text"]
    title, facts = row.split("\n")
    assert title == f"*<{link_of(KEY)}|Release &lt;notes&gt; &amp; more>*  `0a1b2c3d`"
    assert facts.split(" · ") == [
        "<@U0ANNANN1> in <#C0GENERAL>",
        "1 min ago",
        "3 turns",
        "$0.12",
        "branch of <https://example.slack.com/archives/C0OTHERCH/p1750000000000100|99887766>",
        "tag `docs`",
    ]


def test_the_menu_of_a_row_is_about_its_thread() -> None:
    options = page(THREAD).blocks[1].to_dict()["accessory"]["options"]
    assert [option["value"] for option in options] == [
        f"{action} {KEY}" for action in ("show", "continue_here", "rename", "tag", "reset")
    ]


def test_a_thread_at_work_says_so_and_can_be_stopped() -> None:
    shown = wire(page(replace(THREAD, status=ThreadStatus.RUNNING)))
    assert "answering" in shown
    assert f"stop {KEY}" in shown


def test_a_dm_is_called_a_direct_message() -> None:
    assert words.DIRECT_MESSAGE in wire(page(replace(THREAD, key=ThreadKey("T1", "D0DM", "1.000001"))))


def test_an_empty_list_says_what_to_do() -> None:
    everything = List(ThreadFilter("T1"))
    assert page(asked=everything).text == wording.refusal(Reason.NO_SESSIONS)
    assert page(asked=List(ThreadFilter("T1", text="rivers"))).text == words.NOTHING_FITS
    assert page(asked=replace(everything, cursor="c1")).text == wording.NO_MORE_THREADS


def test_a_page_on_which_nothing_fits_leads_on_while_there_are_more() -> None:
    shown = page(asked=List(ThreadFilter("T1", text="rivers")), cursor="c1")
    assert shown.text == words.LOOK_FURTHER
    assert shown.blocks[-1].to_dict()["elements"][0]["action_id"] == ActionId.LIST_PAGE


def test_pages_lead_on_and_back_to_the_first() -> None:
    later = replace(ASKED, cursor="c1")
    elements = page(THREAD, cursor="c2", asked=later).blocks[-1].to_dict()["elements"]
    found = [listing.asked_page(element["value"], "T1") for element in elements]
    assert found == [replace(later, cursor=""), replace(later, cursor="c2")]


@pytest.mark.parametrize("value", ["", "{", "[]", "17", '"x"'])
def test_a_forged_page_is_read_as_none_or_as_an_empty_one(value: str) -> None:
    assert listing.asked_page(value, "T1") in (None, List(ThreadFilter("T1")))


def test_a_page_can_not_name_another_workspace() -> None:
    found = listing.asked_page('{"team":"T2","in":"C1"}', "T1")
    assert found is not None
    assert found.query.team == "T1"


# --- one session ------------------------------------------------------------------------------------


def view(**changes: object) -> SessionView:
    whole = SessionView(THREAD, SESSION, f"{URL}archives/here", (), (Exchange("What <is> it?", "It & that"),))
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_a_session_shows_its_whole_id_its_people_and_what_was_said_escaped() -> None:
    shown = wire(session.show(view(), link_of, NOW))
    assert SESSION in shown
    assert "<@U0BENBEN1>" in shown
    assert "What &lt;is&gt; it?" in shown
    assert "It &amp; that" in shown


def test_what_was_said_last_reads_as_slack_shows_it() -> None:
    said = Exchange("?", "# Steps\n**First** take 2 ** 3, a**b and **the rest**")
    shown = wire(session.show(view(exchanges=(said,)), link_of, NOW))
    assert "*Steps*\\n*First* take 2 ** 3, a**b and *the rest*" in shown


def test_a_session_shows_what_it_was_branched_from() -> None:
    parent = replace(THREAD, key=ThreadKey("T1", "C9", "5.000001"), title="The parent")
    assert "The parent" in wire(session.show(view(lineage=(parent,)), link_of, NOW))


def test_a_session_before_a_reset_can_be_restored() -> None:
    assert f"{KEY} {OLD_SESSION}" in wire(session.show(view(), link_of, NOW))


def test_a_session_before_a_reset_is_shown_as_it_was_with_what_can_be_done_with_it() -> None:
    shown = session.show(view(session_id=OLD_SESSION), link_of, NOW)
    heading, facts = shown.blocks[0].to_dict()["text"]["text"].split("\n")
    assert "|Before>" in heading
    assert facts.split(" · ")[1:4] == ["3 min ago", "2 turns", "$0.01"]
    buttons = shown.blocks[-1].to_dict()["elements"]
    assert [button["action_id"] for button in buttons] == [ActionId.OPEN, ActionId.RESTORE, ActionId.CONTINUE_HERE]
    assert {button["value"] for button in buttons[1:]} == {f"{KEY} {OLD_SESSION}"}


def test_resetting_a_session_from_its_view_is_confirmed_by_slack() -> None:
    buttons = session.show(view(), link_of, NOW).blocks[-1].to_dict()["elements"]
    reset = buttons[-1]
    assert reset["action_id"] == ActionId.RESET_CONFIRMED
    assert reset["confirm"]["style"] == "danger"


def test_a_session_without_anything_said_says_so() -> None:
    assert wording.NO_EXCHANGES in wire(session.show(view(exchanges=()), link_of, NOW))


# --- limits -----------------------------------------------------------------------------------------

WILD = st.text(alphabet="ab<>&|*`_~\n\"'é😀", max_size=400)


@settings(max_examples=50)
@given(title=WILD, tag=WILD, said=WILD, times=st.integers(1, 20))
def test_whatever_people_and_the_model_write_stays_within_slacks_limits(
    title: str, tag: str, said: str, times: int
) -> None:
    archived = tuple(ArchivedSession(f"{n:08x}", title, 1.0, n, 0.5) for n in range(times))
    thread = replace(
        THREAD, title=title, tag=tag[:80], archived=archived, people=tuple(f"U{n}" for n in range(50)), model="m" * 40
    )
    exchanges = tuple(Exchange(said * times, said * times) for _ in range(3))
    shown = session.show(SessionView(thread, SESSION, "", (thread,) * times, exchanges), link_of, NOW)
    for notice in (shown, page(*(thread,) * 10, cursor="next"), session.reset_question(thread)):
        wire(notice)
        assert len(notice.shown()) <= MESSAGE_BLOCKS
        assert text_of(notice.blocks) <= BLOCK_TEXT_CHARS
    wire(branch.root(thread, f"{URL}x", "U1", ask_again=True))
    modals.rename(thread, modals.Asked(KEY)).to_dict()
    modals.tag(thread, modals.Asked(KEY)).to_dict()
    looked_at = Shown(everybody=True, text=said[:100], cursor="next")
    home = home_view(
        looked_at, ThreadPage((thread,) * 20, "next"), link_of, NOW, is_admin=True, facts=("a fact",)
    ).to_dict()
    assert len(home["blocks"]) <= MODAL_BLOCKS


@given(title=st.sampled_from(["<!channel>", "<@U0BOSS>", "a|b>c", "<https://evil.example|click>"]))
def test_a_title_calls_nobody_and_links_nowhere(title: str) -> None:
    shown = wire(page(replace(THREAD, title=title))) + wire(
        branch.root(replace(THREAD, title=title), "", "U1", ask_again=False)
    )
    assert title not in shown


# --- branches and modals ----------------------------------------------------------------------------


def test_a_branchs_root_leads_back_and_offers_to_ask_again_only_after_a_persons_message() -> None:
    plain = branch.root(THREAD, f"{URL}archives/x", "U1", ask_again=False)
    asking = branch.root(THREAD, f"{URL}archives/x", "U1", ask_again=True)
    assert f"<{URL}archives/x|" in wire(plain)
    assert ActionId.ASK_AGAIN not in wire(plain)
    assert ActionId.ASK_AGAIN in wire(asking)


def test_what_a_modal_remembers_comes_back_as_it_was() -> None:
    asked = modals.Asked(KEY, "C1", "1.000001", "https://hooks.slack.com/x")
    assert modals.Asked.read(asked.metadata()) == asked


@pytest.mark.parametrize("metadata", ["", "{}", "[]", "x", '{"thread":"a:b"}'])
def test_a_modal_that_remembers_nonsense_is_refused(metadata: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (json's own, or ours)
        modals.Asked.read(metadata)


def test_home_lists_ones_threads_or_says_that_there_are_none() -> None:
    assert "0a1b2c3d" in a_home(Shown(), THREAD)
    assert words.HOME_EMPTY in a_home(Shown())


def a_home(shown: Shown, *threads: Thread, cursor: str = "", is_admin: bool = False) -> str:
    return str(home_view(shown, ThreadPage(threads, cursor), link_of, NOW, is_admin=is_admin, facts=()).to_dict())


def test_home_puts_first_what_waits_for_somebody_and_then_what_is_at_work() -> None:
    waits, runs = (replace(THREAD, title=title, status=status) for title, status in _AT_WORK)
    seen = a_home(Shown(), replace(THREAD, title="an old one"), runs, waits)
    assert seen.index("to decide") < seen.index("being answered") < seen.index("an old one")


_AT_WORK = (("to decide", ThreadStatus.DEFERRED), ("being answered", ThreadStatus.RUNNING))


def test_home_leads_to_what_waits_for_ones_word_and_shows_it_safely() -> None:
    waits = decision(call("rm -rf <!channel> \u202e" + "x" * 9_000))
    view = home_view(Shown(), ThreadPage((), ""), link_of, NOW, is_admin=False, facts=(), waiting=[waits] * 10)
    [seen] = [block["text"]["text"] for block in view.to_dict()["blocks"] if words.WAIT_FOR_YOU in str(block)]
    assert seen.count(f"<{link_of(waits.thread, CARD_TS).replace('&', '&amp;')}|May I run this command?>") == 10
    assert "<!channel>" not in seen
    assert "⟦U+202E⟧" in seen


def test_only_admins_are_offered_what_is_everybodys_and_may_search_it() -> None:
    assert ActionId.HOME_ALL not in a_home(Shown())
    assert ActionId.HOME_ALL in a_home(Shown(), is_admin=True)
    everybodys = a_home(Shown(everybody=True, text="plan"), is_admin=True)
    assert ActionId.HOME_MINE in everybodys
    assert ActionId.HOME_SEARCH in everybodys
    assert words.NOTHING_FITS in everybodys


def test_a_home_with_more_than_fits_leads_further_and_back() -> None:
    assert ActionId.HOME_PAGE in a_home(Shown(), THREAD, cursor="next")
    assert ActionId.HOME_FIRST in a_home(Shown(cursor="next"), THREAD)


@given(st.builds(Shown, st.booleans(), st.text(max_size=50), st.text(max_size=50)))
def test_what_home_shows_comes_back_from_its_buttons(shown: Shown) -> None:
    assert Shown.read(shown.dump()) == shown


@pytest.mark.parametrize("value", ["", "x", "[]", '{"all":1,"text":2}', '{"all":"yes"}'])
def test_a_forged_button_on_home_shows_ones_own(value: str) -> None:
    assert Shown.read(value) == Shown()


def test_a_source_without_a_message_is_fine() -> None:
    bare = replace(THREAD, source=Source(KEY, SESSION, ""), owner="", title="")
    assert wording.UNTITLED in wire(page(bare))
