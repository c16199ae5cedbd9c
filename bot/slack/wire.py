"""Reading fields of Slack's JSON, where any of them may be missing or of another type than documented.

Each reader answers with an empty value instead of raising, so that the callers say what a value is needed for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TS = re.compile(r"\d{1,12}\.\d{1,6}")


def obj(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def objects(parent: Json, name: str) -> Sequence[Json]:
    value = parent.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def identifiers(parent: Json, name: str) -> frozenset[str]:
    """The ids in a list; what can't be one is left out."""
    value = parent.get(name)
    listed = value if isinstance(value, list) else []
    return frozenset(item for item in listed if isinstance(item, str) and _ID.fullmatch(item))


def text(parent: Json, name: str) -> str:
    value = parent.get(name)
    return value if isinstance(value, str) else ""


def number(parent: Json, name: str) -> int:
    value = parent.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def identifier(parent: Json, name: str) -> str:
    """An id of a user, channel, team, file …; empty when it can't be one."""
    value = text(parent, name)
    return value if _ID.fullmatch(value) else ""


def timestamp(parent: Json, name: str) -> str:
    """A message's ts; empty when it can't be one."""
    value = text(parent, name)
    return value if _TS.fullmatch(value) else ""


def event_team(body: Json) -> str:
    """The workspace whose installation an Events API body was sent to.

    With Slack Connect `team_id` can be another workspace's, and the authorisation is the one that counts. An
    organisation-wide installation leaves it empty there; `context_team_id` is then the one that Slack came through.
    """
    first = next(iter(objects(body, "authorizations")), {})
    through = identifier(body, "context_team_id")
    return identifier(first, "team_id") or (through if through.startswith("T") else identifier(body, "team_id"))


def event_owner(body: Json) -> str:
    """Who installed the app that an Events API body was sent to: a workspace (T…) or an organisation (E…)."""
    first = next(iter(objects(body, "authorizations")), {})
    if first.get("is_enterprise_install") is True or body.get("is_enterprise_install") is True:
        return event_organisation(body)
    return event_team(body)


def event_organisation(body: Json) -> str:
    """The organisation (E…) of an Events API body that tells of one; empty when none is named."""
    first = next(iter(objects(body, "authorizations")), {})
    return identifier(first, "enterprise_id") or identifier(body, "enterprise_id")
