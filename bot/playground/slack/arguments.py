"""The arguments of a Web API call: form, query or JSON, with structures also as JSON strings, as Slack takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.playground.slack.values import Json, Refused

_TS = re.compile(r"^\d{10}\.\d{6}$")
_MISSING = object()


class Arguments:
    """Typed access to what a call was given. Wrong types and missing ones are refused as `invalid_arguments`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = dict(given)

    def has(self, name: str) -> bool:
        """Given, and neither null nor empty."""
        return self.given.get(name) not in {None, ""} if _hashable(self.given.get(name)) else bool(self.given[name])

    def text(self, name: str, default: str | None = None) -> str:
        """A string. Required when there is no default."""
        value = self.given.get(name, _MISSING)
        if value is _MISSING or value is None:
            return self._or_missing(name, default)
        if isinstance(value, bool | int | float):
            return str(value)
        if not isinstance(value, str):
            raise _wrong(f"must be a string [json-pointer:/{name}]")
        if not value and default is None:
            return self._or_missing(name, default)
        return value

    def ts(self, name: str, default: str | None = None, code: str = "invalid_arguments") -> str:
        """A message's ts, in Slack's form; another form is refused with `code`."""
        value = self.text(name, default)
        if value and not _TS.match(value):
            raise Refused(code, f"[ERROR] invalid timestamp [json-pointer:/{name}]")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.given.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true"}

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.given.get(name, default)
        try:
            return int(str(value))
        except ValueError:
            if value is None:
                raise _missing(name) from None
            raise _wrong(f"must be an integer [json-pointer:/{name}]") from None

    def objects(self, name: str, code: str) -> list[Json] | None:
        """A list of JSON objects, or None when it was not given; anything else is refused with `code`."""
        value = self._structure(name, code)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refused(code, f"[ERROR] must be an array of objects [json-pointer:/{name}]")
        return value

    def object(self, name: str, code: str) -> Json | None:
        """A JSON object, or None when it was not given; anything else is refused with `code`."""
        value = self._structure(name, code)
        if value is not None and not isinstance(value, dict):
            raise Refused(code, f"[ERROR] must be an object [json-pointer:/{name}]")
        return value

    def _structure(self, name: str, code: str) -> Any:
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(code, f"[ERROR] not valid JSON [json-pointer:/{name}]") from None

    def _or_missing(self, name: str, default: str | None) -> str:
        if default is None:
            raise _missing(name)
        return default


def _hashable(value: object) -> bool:
    return not isinstance(value, list | dict)


def _missing(name: str) -> Refused:
    return _wrong(f"missing required field: {name}")


def _wrong(problem: str) -> Refused:
    return Refused("invalid_arguments", f"[ERROR] {problem}")


async def read(request: web.Request) -> Arguments:
    """The arguments of a request, query and body together.

    Raises:
        Refused: invalid_json, json_not_object, invalid_form_data, as Slack calls them.
    """
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise Refused("invalid_json") from None
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        given |= body
    elif request.method == "POST":
        try:
            given |= dict(await request.post())
        except ValueError:
            raise Refused("invalid_form_data") from None
    return Arguments(given)
