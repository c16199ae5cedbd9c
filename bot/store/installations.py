"""Where the app is installed, with its tokens; and the installations that are under way."""

from __future__ import annotations

import structlog

from bot.store import keys
from bot.store.database import Database
from bot.store.sealing import Seal, SealBroken

log = structlog.get_logger(__name__)

STATE_LIFE_S = 600
"""How long somebody may take on Slack's page to install the app. slack_sdk's own stores take the same."""

SERVED_LIFE_S = 90 * 86_400
"""How long it is known, after its last event, by which organisation's installation a workspace is served."""


class InstallationRecords:
    """One record for each workspace or organisation (an id with T or E) that installed the app. Raises StoreAway.

    What a record says is the business of whoever writes it; here it is sealed.
    """

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def put(self, owner: str, record: str) -> None:
        sealed = self._seal.close(record)
        await self._database.batch([("SET", keys.installation(owner), sealed), ("SADD", keys.INSTALLATIONS, owner)])

    async def get(self, owner: str) -> str | None:
        """None when it has none, or when no key opens it any more, which is logged."""
        key = keys.installation(owner)
        sealed = await self._database.call("GET", key)
        if not sealed:
            return None
        try:
            record = self._seal.open(str(sealed))
        except SealBroken:
            log.warning("installation_sealed", owner=owner, mend="its key is missing from BOT_ENCRYPTION_KEY")
            return None
        if not self._seal.is_newest(str(sealed)):
            await self._database.run("replace", [key], str(sealed), self._seal.close(record))
        return record

    async def delete(self, owner: str) -> None:
        await self._database.batch([("DEL", keys.installation(owner)), ("SREM", keys.INSTALLATIONS, owner)])

    async def owners(self) -> frozenset[str]:
        """Who installed the app."""
        return frozenset(await self._database.call("SMEMBERS", keys.INSTALLATIONS))

    async def reseal(self) -> int:
        """Put every record under the newest key, so that older ones can be dropped. Returns how many can be read."""
        return sum([await self.get(owner) is not None for owner in sorted(await self.owners())])

    async def serve(self, team: str, organisation: str) -> None:
        """Keep that a workspace is served by its organisation's installation."""
        serves = keys.serves(organisation)
        await self._database.batch(
            [
                ("SET", keys.served_by(team), organisation, "EX", SERVED_LIFE_S),
                ("SADD", serves, team),
                ("EXPIRE", serves, SERVED_LIFE_S),
            ]
        )

    async def unserve(self, team: str, organisation: str) -> None:
        """Keep that an organisation serves a workspace no longer, unless another one serves it by now.

        It stays among those that it has `served`.
        """
        await self._database.run("delete_if", [keys.served_by(team)], organisation)

    async def served(self, organisation: str) -> frozenset[str]:
        """The workspaces that an organisation's installation is known to serve, or to have served lately."""
        return frozenset(await self._database.call("SMEMBERS", keys.serves(organisation)))

    async def served_by(self, team: str) -> str:
        """The organisation whose installation serves a workspace; empty when none is known to."""
        return str(await self._database.call("GET", keys.served_by(team)) or "")


class OAuthStates:
    """The states of installations that were begun; each is good once. Raises StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, state: str) -> None:
        await self._database.call("SET", keys.oauth_state(state), "1", "EX", STATE_LIFE_S)

    async def take(self, state: str) -> bool:
        """Whether it was kept and is not too old; it is gone then."""
        return bool(await self._database.call("DEL", keys.oauth_state(state)))
