from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from bot.slack.events import EVENTS
from bot.slack.http import PATH
from bot.slack.interactions import COMMAND, SHORTCUTS
from bot.slack.manifest import Manifest, as_json, as_yaml, manifest
from bot.slack.scopes import SCOPE_NAMES, SCOPES

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((Path(__file__).parent / "manifest.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)

SCOPE_OF_EVENT = {
    "agent_session_stopped": None,
    "app_context_changed": None,
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "team_access_granted": None,
    "team_access_revoked": None,
    "tokens_revoked": None,
}
"""Without it Slack refuses the subscription. Source: docs.slack.dev, reference, events."""

SOCKET_MODE = manifest(name="Claude", command="/agent")
OVER_HTTP = manifest(name="Claude", command="/agent", base_url="https://bot.example.com")
BOTH = pytest.mark.parametrize("document", [SOCKET_MODE, OVER_HTTP], ids=["Socket Mode", "HTTP"])


@BOTH
def test_a_manifest_is_what_slack_demands(document: Manifest) -> None:
    Draft7Validator.check_schema(SCHEMA)

    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)] == []


def test_the_schema_knows_what_slack_would_refuse() -> None:
    for broken in (
        manifest(name="x" * 36, command="/agent"),
        manifest(name="Claude", command="agent"),
        SOCKET_MODE | {"scopes": []},
        manifest(name="Claude", command="/agent", base_url="bot.example.com"),
    ):
        assert not VALIDATOR.is_valid(broken)


def test_the_manifest_in_deploy_is_that_of_the_code() -> None:
    kept = (ROOT / "deploy/slack-manifest.yaml").read_text(encoding="utf-8")

    assert kept == as_yaml(SOCKET_MODE), "run: .venv/bin/python -m bot manifest > deploy/slack-manifest.yaml"


@BOTH
def test_yaml_and_json_say_the_same(document: Manifest) -> None:
    assert yaml.safe_load(as_yaml(document)) == json.loads(as_json(document)) == document


def test_the_yaml_gives_the_reason_for_every_scope() -> None:
    text = as_yaml(SOCKET_MODE)

    assert all(f"- {scope.name}  # {scope.reason}\n" in text for scope in SCOPES)
    assert text.count("  # ") == len(SCOPES)


# --- what it is made from -------------------------------------------------------------------------------------------


def test_it_subscribes_to_exactly_what_has_a_listener() -> None:
    subscribed = SOCKET_MODE["settings"]["event_subscriptions"]["bot_events"]

    assert sorted(subscribed) == sorted(name for row in EVENTS for name in row.subscriptions)
    assert {name.partition(".")[0] for name in subscribed} == {row.type for row in EVENTS}


def test_it_has_the_scope_of_every_event_it_subscribes_to() -> None:
    needed = {SCOPE_OF_EVENT[name] for row in EVENTS for name in row.subscriptions}

    assert needed - {None} <= SCOPE_NAMES


def test_scopes_are_asked_for_once_in_order_and_with_a_reason() -> None:
    names = [scope.name for scope in SCOPES]

    assert SOCKET_MODE["oauth_config"]["scopes"]["bot"] == names == sorted(set(names))
    assert all(scope.reason and not scope.reason.endswith(".") for scope in SCOPES)


def test_every_shortcut_is_offered_on_messages() -> None:
    offered = SOCKET_MODE["features"]["shortcuts"]

    assert [(one["callback_id"], one["name"]) for one in offered] == [(row.id, row.name) for row in SHORTCUTS]
    assert {one["type"] for one in offered} == {"message"}


def test_the_command_is_the_operators() -> None:
    (command,) = manifest(name="Claude", command="/claude")["features"]["slash_commands"]

    assert (command["command"], command["description"]) == ("/claude", COMMAND.description)
    assert command["should_escape"] is True, "channels and people must arrive as their ids"


# --- how Slack reaches it -------------------------------------------------------------------------------------------


def test_with_socket_mode_there_is_no_address() -> None:
    assert SOCKET_MODE["settings"]["socket_mode_enabled"] is True
    assert "url" not in json.dumps(SOCKET_MODE)


@pytest.mark.parametrize(
    "given", ["https://bot.example.com", "https://bot.example.com/", "https://bot.example.com" + PATH]
)
def test_over_http_everything_goes_to_the_path_that_is_listened_on(given: str) -> None:
    document = manifest(name="Claude", command="/agent", base_url=given)

    settings, (command,) = document["settings"], document["features"]["slash_commands"]
    assert settings["socket_mode_enabled"] is False
    assert {
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
        command["url"],
    } == {"https://bot.example.com/slack/events"}
    assert document["oauth_config"]["redirect_urls"] == ["https://bot.example.com/slack/oauth_redirect"]
