"""Writing in one agent's life only: two agents can never drive one station (B22).

On PostgreSQL the writer's lock goes with its connection. Another process may take over while this
one is cut off, and be gone again when it is back; what this one knows of the runs is then old. So
each command first looks whether its life is still the last that began.
"""

from collections.abc import Callable
from typing import TypeVar

from redrabbit.domain.records import AgentRecord
from redrabbit.services.errors import Superseded
from redrabbit.services.ports import Database, Reader, UnitOfWork

T = TypeVar("T")


class FencedDatabase:
    """A `Database` that writes only as long as no other agent has begun."""

    def __init__(
        self, database: Database, agent_id: int, on_superseded: Callable[[], None]
    ) -> None:
        self._database = database
        self._agent_id = agent_id
        self._on_superseded = on_superseded

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run a command; Superseded if another agent began since."""
        try:
            return await self._database.write(lambda uow: self._fenced(uow, command))
        except Superseded:
            self._on_superseded()
            raise

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query; reading harms nobody."""
        return await self._database.read(query)

    def _fenced(self, uow: UnitOfWork, command: Callable[[UnitOfWork], T]) -> T:
        if uow.get(AgentRecord, self._agent_id + 1) is not None:
            raise Superseded(
                "another process has watched this plant since: this one stops, because what it "
                "knows of the runs is old"
            )
        return command(uow)
