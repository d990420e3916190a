"""The service as web and demo see it: the plant, reading, live readings, and one door for acts."""

import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar

from redrabbit.domain.acts import Act
from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor, StationId, person_name
from redrabbit.domain.observation import StationView
from redrabbit.domain.plant import Plant
from redrabbit.services.agent import Agent
from redrabbit.services.agent_heartbeat import AgentHeartbeat
from redrabbit.services.doing import Door
from redrabbit.services.ports import Reader
from redrabbit.services.station_queue import Recording

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class LocalPlantService:
    """The service with its agent in the same process."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._door = Door(agent)

    @property
    def plant(self) -> Plant:
        """The plant as configured."""
        return self._agent.plant

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on a consistent snapshot of the records."""
        return await self._agent.database.read(query)

    def views(self, only: StationId | None = None) -> Mapping[StationId, StationView]:
        """Return the live readings of every station, or only of the one that is named."""
        return self._agent.views(only)

    def recording(self) -> Mapping[StationId, Recording]:
        """Return how recording fares at every station."""
        return self._agent.recording()

    def heartbeat(self) -> AgentHeartbeat:
        """Return whether the stations are being watched."""
        return self._agent.heartbeat()

    def commits(self) -> int:
        """Return a number that grows with every commit."""
        return self._agent.commits()

    def version(self, station: StationId | None = None) -> int:
        """Return a number that grows with every commit and every changed reading.

        Of one station's readings only, where it is named.
        """
        return self._agent.version(station)

    async def stated(self, name: str) -> Actor:
        """Return the person who states this name; a name that is new is kept with a salt (D23).

        Raises Refusal for what is no name.
        """
        cleaned = person_name(name)
        known = await self.read(lambda reader: reader.id_of_name(cleaned))
        if known is not None:
            return Actor.stated(known)
        fresh = StatedName(name=cleaned, salt=secrets.token_bytes(SALT_BYTES))
        return Actor.stated(await self._agent.database.write(lambda uow: uow.keep_name(fresh)))

    async def do(self, act: Act[R], actor: Actor, key: str | None = None) -> R:
        """Do what a person asks and return the record that it changed; see `Door.do`."""
        return await self._door.do(act, actor, key)
