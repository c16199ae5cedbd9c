"""Secrets at rest: sealed before Redis gets them, so that whoever reads Redis reads no token."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBroken(Exception):
    """None of the keys opens it: it was sealed under a key that is gone, or is no sealed text."""


class Seal:
    """Seals under the first key, opens under any: that is how a key is replaced.

    Args:
        keys: 32 bytes each in URL-safe base64, the newest first. At least one.

    Raises:
        ValueError: a key is not of that form.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        fernets = [Fernet(key) for key in keys]
        self._all, self._newest = MultiFernet(fernets), fernets[0]

    def close(self, text: str) -> str:
        return self._newest.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SealBroken."""
        try:
            return self._all.decrypt(sealed).decode()
        except InvalidToken:
            raise SealBroken from None

    def is_newest(self, sealed: str) -> bool:
        """Whether it was sealed under the first key."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True
