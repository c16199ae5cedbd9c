"""An installation as it is kept: a line of JSON, sealed by whoever stores it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.slack.wire import Json, identifier, text

VERSION = 1


class InstallationRecords(Protocol):
    """Where installations are kept, by the workspace (T…) or organisation (E…) that made them: see
    `bot.store.installations`. All raise StoreAway."""

    async def put(self, owner: str, record: str) -> None: ...

    async def get(self, owner: str) -> str | None: ...

    async def delete(self, owner: str) -> None: ...

    async def serve(self, team: str, organisation: str) -> None: ...

    async def unserve(self, team: str, organisation: str) -> None: ...

    async def served(self, organisation: str) -> Collection[str]: ...

    async def served_by(self, team: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Record:
    """The app in a workspace, or in a whole organisation.

    Args:
        owner: who installed it: a workspace's or an organisation's id.
        url: where its people see it, with a slash at the end.
        user, bot: who the bot is there.
        installer: the user who installed it.
    """

    owner: str
    url: str
    user: str
    bot: str
    token: str
    installer: str = ""

    def __repr__(self) -> str:
        return f"Record(owner={self.owner!r})"

    def dump(self) -> str:
        fields = {"url": self.url, "user": self.user, "bot": self.bot, "token": self.token, "installer": self.installer}
        return json.dumps({"v": VERSION, "owner": self.owner, **fields})

    @classmethod
    def parse(cls, line: str) -> Record:
        """The inverse of `dump`. What a newer version adds is left alone."""
        fields: Json = json.loads(line)
        return cls(
            owner=identifier(fields, "owner"),
            url=text(fields, "url"),
            user=identifier(fields, "user"),
            bot=identifier(fields, "bot"),
            token=text(fields, "token"),
            installer=identifier(fields, "installer"),
        )
