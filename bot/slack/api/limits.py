"""Slack's limits, and ours below them, each with where it comes from.

"Documented" means Slack's reference of the method, block or object named; "seen" means observed on the real service and
reported in the issue threads of Slack's SDKs.
"""

from __future__ import annotations

from dataclasses import dataclass

# --- text and blocks ------------------------------------------------------------------------------

MARKDOWN_TEXT_CHARS = 12_000
"""`markdown_text` of chat.postMessage, chat.update and the stream methods, and all markdown blocks of a message
together. Documented."""

PART_BYTES = 9_000
"""Ours: where a reply rolls over to its next message, in bytes of UTF-8. Streams of 10.6 kB and more were seen to fail
with `msg_too_long`, and everything we post stays below MARKDOWN_TEXT_CHARS at the same time."""

PART_BYTES_LEAST = 1_500
"""Ours: a message that Slack calls too long is tried again shorter, down to this."""

PART_BYTES_EASY = 7_500
"""Ours: from here on a message ends at the first paragraph, so that PART_BYTES seldom cuts one."""

LONG_CODE_BYTES = 6_000
"""Ours: a block of code longer than this goes up as a file."""

PREVIEW_LINES = 30
PREVIEW_BYTES = 2_000
"""Ours: how much of a long block of code the message shows, in whole lines."""

TEXT_CHARS = 40_000
"""`text` of chat.postMessage; longer is cut by Slack. Documented."""

UPDATE_TEXT_CHARS = 4_000
"""`text` of chat.update: `msg_too_long` above. Documented."""

MESSAGE_BLOCKS = 50
"""Blocks of a message. Documented."""

MODAL_BLOCKS = 100
"""Blocks of a modal and of App Home. Documented."""

BLOCK_TEXT_CHARS = 13_200
"""All block text of a message together. Seen: above it, `msg_blocks_too_long`."""

SECTION_CHARS = 3_000
"""Text of a section block. Documented."""

CONTEXT_ELEMENTS = 10
"""Elements of a context block. Documented."""

ACTIONS_ELEMENTS = 25
"""Elements of an actions block. Documented."""

BUTTON_TEXT_CHARS = 75
"""Text of a button. Documented."""

BUTTON_VALUE_CHARS = 2_000
"""Value of a button. Documented."""

MODAL_TITLE_CHARS = 24
"""Title of a modal, and the text of its submit and close buttons. Documented."""

PRIVATE_METADATA_CHARS = 3_000
"""private_metadata of a view. Documented."""

OPTION_CHARS = 75
"""Text of an option of checkboxes, radio buttons and menus, and its description. Documented."""

GROUP_OPTIONS = 10
"""Options of a group of checkboxes or radio buttons. Documented."""

MENU_OPTIONS = 100
"""Options of a select menu. Documented."""

EXCERPT_LINES = 15
"""Ours: of a command or diff on the card that asks for it, so that the buttons stay in sight."""

EXCERPT_CHARS = 1_500
"""Ours: the same in characters."""

PAGE_CHARS = 12_000
"""Ours: of a command or diff in one page of a modal. A view may weigh 250 kB (documented, `view_too_large`), and each
character up to 12 bytes of JSON."""

PREFORMATTED_CHARS = 3_000
"""Ours: of one preformatted block, as of a section."""

CARD_TEXT_CHARS = 9_000
"""Ours: of all that a card with questions says, well below BLOCK_TEXT_CHARS, since rich text was seen to count more."""

TASK_TITLE_CHARS = 150
"""Ours: the title of a task card, so that it stays one line."""

TASK_OUTPUT_CHARS = 160
"""Ours: the output of a task card, a short line."""

TIMELINE_CARDS = 5
"""Ours: so many task cards stand between the text of a message; more are grouped into a plan."""

PART_CARDS = 20
"""Ours: task cards in one message, so that they and the text between them stay below MESSAGE_BLOCKS."""

PART_CARD_BYTES = 3_000
"""Ours: what the cards of one message may weigh, since they count into a stream's size. Seen: a title with its bytes,
details and output with twice theirs."""

# --- streams, statuses, answers -------------------------------------------------------------------

STREAM_LIFE_S = 300.0
"""A stream dies after about this long, even while text is appended. Seen (python-slack-sdk issue 1859)."""

STREAM_ROLL_S = 240.0
"""Ours: the age at which a stream is closed, well before STREAM_LIFE_S."""

STATUS_LIFE_S = 120.0
"""A status of assistant.threads.setStatus disappears after this long. Documented."""

STATUS_REFRESH_S = 90.0
"""Ours: how often a status is set again while nothing else shows life."""

STATUS_CHARS = 50
"""Ours: the length of a status; Slack documents this length for its loading messages."""

SUGGESTED_PROMPTS = 4
"""Prompts of assistant.threads.setSuggestedPrompts. Documented."""

RESPONSE_URL_USES = 5
"""How often a response_url may be used, within 30 minutes. Documented."""

# --- rates ----------------------------------------------------------------------------------------


SHARE = 0.95
"""Ours: how much of a rate is used. The rest is for people's own doings, which don't queue, and for calls that the
network squeezes together."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a method may be called, per workspace and app.

    Args:
        calls: what Slack allows in any `within_s` seconds.
        burst: how many of them may follow one another at once; the rest are spread. A small one leaves more for all.
        per_channel: counted for each channel on its own.
    """

    calls: int
    burst: int
    within_s: float = 60.0
    per_channel: bool = False

    @property
    def interval_s(self) -> float:
        """Seconds between two calls once the burst is spent: burst and interval together keep to `calls`."""
        return self.within_s / max(self.calls * SHARE - (self.burst - 1), 1.0)


TIER_1 = Rate(1, 1)
TIER_2 = Rate(20, 6)
TIER_3 = Rate(50, 4)
TIER_4 = Rate(100, 6)
"""Slack's tiers: "1+", "20+", "50+" and "100+" a minute. Documented; the bursts are ours."""

POSTING = Rate(10, 2, within_s=10.0, per_channel=True)
"""chat.postMessage: about one a second and channel, short bursts tolerated. Documented as its special tier."""

POSTING_ANYWHERE = Rate(525, 6)
"""chat.postMessage over all channels of a workspace. Documented as "several hundred" a minute; Moveworks, which posts
to whole companies, keeps to 525 (help.moveworks.com, product rate limits of chat systems)."""

RATES: dict[str, Rate] = {
    "agents.sessions.setStatus": TIER_3,
    "assistant.threads.setStatus": Rate(600, 6),  # documented as special: 600 a minute
    "assistant.threads.setSuggestedPrompts": TIER_3,
    "assistant.threads.setTitle": TIER_3,
    "auth.test": Rate(600, 60),  # documented as special: hundreds a minute
    "chat.appendStream": TIER_4,
    "chat.delete": TIER_3,
    "chat.getPermalink": Rate(600, 60),  # documented as special: hundreds a minute
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": POSTING,
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "reactions.add": TIER_3,
    "reactions.get": TIER_3,
    "reactions.remove": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
"""Slack's rate of each method we call. Documented on each method's page unless noted."""

RATES_OF_WORKSPACE: dict[str, Rate] = {"chat.postMessage": POSTING_ANYWHERE}
"""A second rate, over all channels, of what is counted for each channel."""

UNKNOWN_RATE = TIER_3
"""Ours: for a method that is not in RATES."""
