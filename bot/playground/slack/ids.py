"""Ids that look like Slack's, the same ones for the same seed."""

from __future__ import annotations

import random
import string
import uuid

_ALPHABET = string.ascii_uppercase + string.digits


class Ids:
    """Makes ids from a seed. Ids never repeat within one workspace."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str) -> str:
        """An id such as `C0A1B2C3D4E`: the prefix, a zero, nine random characters."""
        return prefix + "0" + "".join(self._random.choices(_ALPHABET, k=9))

    def secret(self, length: int = 24) -> str:
        """An opaque token, as in an upload or response URL."""
        return "".join(self._random.choices(string.ascii_letters + string.digits, k=length))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
