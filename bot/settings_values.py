"""How the text of one setting becomes a value.

A reader takes the text (never blank) and returns the value, or raises ValueError with what is wrong, as the end of a
sentence that begins with the setting's name: "must be …", "is …".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Choice = TypeVar("Choice", bound=StrEnum)

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})

USER_ID: Final = re.compile(r"[UW][A-Z0-9_]+")
"""Slack documents only the first letter; the rest is taken as it comes."""
EMOJI_NAME: Final = re.compile(r"[a-z0-9_+'-]+")
WORKSPACE_ID: Final = re.compile(r"[TE][A-Z0-9_]+")
ENCRYPTION_KEY_BYTES: Final = 32
"""What the Fernet scheme takes."""
COMMAND: Final = re.compile(r"/[^\s/]{1,31}")
"""Slack: a slash and at most 32 characters in all, without spaces."""


def text(value: str) -> str:
    return value


def boolean(value: str) -> bool:
    lowered = value.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(f"must be true or false, not {value!r}")


def whole(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds, both included."""
    expected = f"a whole number {_range(lowest, highest)}"

    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            raise ValueError(f"must be {expected}, not {value!r}")
        return _within(int(value), lowest, highest, expected)

    return read


def number(lowest: float, highest: float | None = None) -> Callable[[str], float]:
    """A number, with a decimal point if need be, within bounds, both included."""
    expected = f"a number {_range(lowest, highest)}"

    def read(value: str) -> float:
        if not re.fullmatch(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})", value):
            raise ValueError(f"must be {expected}, not {value!r}")
        return _within(float(value), lowest, highest, expected)

    return read


def zone(value: str) -> ZoneInfo:
    """A time zone by its name in the IANA database."""
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"must name a time zone such as Europe/Berlin, not {value!r}") from None


def choice(kind: type[Choice]) -> Callable[[str], Choice]:
    """One of the enum's values, in any case."""
    values = ", ".join(kind)

    def read(value: str) -> Choice:
        try:
            return kind(value.lower())
        except ValueError:
            raise ValueError(f"must be one of {values}, not {value!r}") from None

    return read


def user_ids(value: str) -> frozenset[str]:
    """Slack user ids, separated by commas or spaces."""
    ids = re.split(r"[,\s]+", value.strip(", "))
    if wrong := [item for item in ids if not USER_ID.fullmatch(item)]:
        raise ValueError(
            f"must list user ids such as U012AB3CD (in Slack: profile > … > Copy member ID), not {', '.join(wrong)}"
        )
    return frozenset(ids)


def workspace_ids(value: str) -> frozenset[str]:
    """Ids of workspaces and organisations, separated by commas or spaces."""
    ids = re.split(r"[,\s]+", value.strip(", "))
    if wrong := [item for item in ids if not WORKSPACE_ID.fullmatch(item)]:
        raise ValueError(f"must list ids of workspaces (T…) or organisations (E…), not {', '.join(wrong)}")
    return frozenset(ids)


def encryption_keys(value: str) -> tuple[str, ...]:
    """Keys in base64, of either alphabet, separated by commas; given back URL-safe. The value is never shown."""
    return tuple(_encryption_key(key.strip()) for key in value.split(",") if key.strip())


def _encryption_key(key: str) -> str:
    try:
        raw = base64.b64decode(key.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != ENCRYPTION_KEY_BYTES:
        raise ValueError(
            f"must be {ENCRYPTION_KEY_BYTES} random bytes in base64, as openssl rand -base64 32 makes them"
        )
    return base64.urlsafe_b64encode(raw).decode()


def emoji_names(value: str) -> tuple[str, ...]:
    """Names of emoji, separated by commas or spaces, with or without colons."""
    names = tuple(item.strip(":") for item in re.split(r"[,\s]+", value.strip(", ")))
    if wrong := [name for name in names if not EMOJI_NAME.fullmatch(name)]:
        raise ValueError(f"must list names of emoji such as twisted_rightwards_arrows, not {', '.join(wrong)}")
    return names


def command(value: str) -> str:
    if not COMMAND.fullmatch(value):
        raise ValueError(f"must be a slash and one word of at most 31 characters, such as /agent, not {value!r}")
    return value


def base_url(value: str) -> str:
    """An http or https address, ending in a slash."""
    parts = _split(value)
    if parts is None or parts[0] not in {"http", "https"} or not parts[1]:
        raise ValueError("must be an address that begins with http:// or https://")
    return value if value.endswith("/") else f"{value}/"


def redis_url(value: str) -> str:
    """An address that `bot.store.client.connect` takes. The value is never shown."""
    if value == "memory:" or value.startswith("unix://"):
        return value
    if re.fullmatch(r"rediss?\+sentinel://([^@/]*@)?[^@/]+/[^/?]+(\?.*)?", value):
        return value
    if re.fullmatch(r"rediss?\+cluster://([^@/]*@)?[^@/?]+/?(\?.*)?", value):
        return value
    parts = _split(value)
    if parts is None or parts[0] not in {"redis", "rediss"} or not parts[1]:
        raise ValueError("must be an address such as redis://host:6379/0 (rediss:// for TLS), or memory:")
    return value


def bot_token(value: str) -> str:
    if value.startswith("xapp-"):
        raise ValueError("is an app-level token (xapp-…): the bot token (xoxb-…) belongs here")
    return _one_word(value)


def app_token(value: str) -> str:
    if value.startswith(("xoxb-", "xoxp-")):
        raise ValueError("is a bot or user token: the app-level token (xapp-…, scope connections:write) belongs here")
    return _one_word(value)


def signing_secret(value: str) -> str:
    if value.startswith(("xoxb-", "xapp-", "xoxp-")):
        raise ValueError("is a token: the signing secret from the app's Basic Information page belongs here")
    return _one_word(value)


def _one_word(secret: str) -> str:
    """Catches what a copied placeholder or line break brings in, before an HTTP header refuses it less clearly."""
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError("holds a character that no token has, such as a space, a line break or an ellipsis")
    return secret


def _split(url: str) -> tuple[str, str] | None:
    """Scheme and host; None when it is no URL at all."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    return parts.scheme, parts.hostname or ""


def _range(lowest: float, highest: float | None) -> str:
    return f"of at least {lowest:g}" if highest is None else f"from {lowest:g} to {highest:g}"


Number = TypeVar("Number", int, float)


def _within(value: Number, lowest: float, highest: float | None, expected: str) -> Number:
    if value < lowest or (highest is not None and value > highest):
        raise ValueError(f"must be {expected}, not {value:g}")
    return value
