"""What Slack's error codes mean for a reply that is being written.

The codes are those that Slack documents for chat.startStream, appendStream, stopStream, postMessage, update and delete.
"""

from __future__ import annotations

from enum import StrEnum

from bot.errors import ChatRefused


class Meaning(StrEnum):
    """What a refusal means, as far as the reply behaves differently."""

    GONE = "gone"
    """The message, the thread, the channel or our access is gone: nothing more can be written."""
    TOO_LONG = "too_long"
    BLOCKS = "blocks"
    """The blocks were refused; the text alone may do."""
    STREAM_OVER = "stream_over"
    """The message is no stream any more: it expired or was stopped."""
    STILL_STREAMING = "still_streaming"
    """The message is a stream and can't be rewritten before it is stopped."""
    CANT_EDIT = "cant_edit"
    NO_STREAMS_HERE = "no_streams_here"
    """Slack has no streams in this place, or not for this app."""
    OTHER = "other"


CODES: dict[Meaning, frozenset[str]] = {
    Meaning.GONE: frozenset(
        {
            "account_inactive",
            "cannot_reply_to_message",
            "channel_not_found",
            "ekm_access_denied",
            "invalid_auth",
            "is_archived",
            "is_inactive",
            "message_limit_exceeded",
            "message_not_found",
            "messages_tab_disabled",
            "no_permission",
            "not_authed",
            "not_in_channel",
            "org_login_required",
            "restricted_action",
            "restricted_action_non_threadable_channel",
            "restricted_action_read_only_channel",
            "restricted_action_thread_locked",
            "restricted_action_thread_only_channel",
            "team_access_not_granted",
            "thread_not_found",
            "token_expired",
            "token_revoked",
        }
    ),
    Meaning.TOO_LONG: frozenset({"msg_too_long", "msg_blocks_too_long"}),
    Meaning.BLOCKS: frozenset({"block_mismatch", "invalid_blocks", "invalid_blocks_format", "blocks_not_supported"}),
    Meaning.STREAM_OVER: frozenset({"message_not_in_streaming_state"}),
    Meaning.STILL_STREAMING: frozenset({"streaming_state_conflict"}),
    Meaning.CANT_EDIT: frozenset(
        {"cant_update_message", "edit_window_closed", "update_failed", "external_channel_migrating"}
    ),
    Meaning.NO_STREAMS_HERE: frozenset(
        {
            "access_denied",
            "channel_type_not_supported",
            "deprecated_endpoint",
            "feature_not_enabled",
            "method_deprecated",
            "method_not_supported_for_channel_type",
            "missing_recipient_team_id",
            "missing_recipient_user_id",
            "missing_scope",
            "not_allowed",
            "not_allowed_token_type",
            "unknown_method",
        }
    ),
}
_MEANINGS = {code: meaning for meaning, codes in CODES.items() for code in codes}


def meaning_of(refused: ChatRefused) -> Meaning:
    """What a refusal means for the reply."""
    return _MEANINGS.get(refused.code, Meaning.OTHER)
