"""Writing in one agent's life only: two agents can never drive one station (B22).

On PostgreSQL the writer's lock goes with its connection. Another process may take over while this
one is cut off, and be gone again when it is back; what this one knows of the runs is then old. So
each command first looks whether its life is still the last that began.

And each first records in which time this life watched nothing, and how the clock was set: whatever it decides is decided
knowing that (R12, D43).
"""

from collections.abc import Callable
from typing import TypeVar

from redrabbit.base.sentence import sentence
from redrabbit.domain.records import AgentRecord
from redrabbit.services.clock_steps import ClockStep, ClockWatch, note_steps
from redrabbit.services.errors import Superseded
from redrabbit.services.loop_watch import Hole, LoopWatch, note_holes
from redrabbit.services.ports import Database, Reader, UnitOfWork

T = TypeVar("T")


class FencedDatabase:
    """A `Database` that writes only as long as no other agent has begun."""

    def __init__(
        self,
        database: Database,
        agent_id: int,
        on_superseded: Callable[[], None],
        loop_watch: LoopWatch,
        clock_watch: ClockWatch,
    ) -> None:
        self._database = database
        self._agent_id = agent_id
        self._on_superseded = on_superseded
        self._loop_watch = loop_watch
        self._clock_watch = clock_watch

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run a command; Superseded if another agent began since."""
        try:
            result, holes, steps = await self._database.write(
                lambda uow: self._fenced(uow, command)
            )
        except Superseded:
            self._on_superseded()
            raise
        self._loop_watch.recorded(holes)
        self._clock_watch.recorded(steps)
        return result

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query; reading harms nobody."""
        return await self._database.read(query)

    def _fenced(
        self, uow: UnitOfWork, command: Callable[[UnitOfWork], T]
    ) -> tuple[T, tuple[Hole, ...], tuple[ClockStep, ...]]:
        if uow.get(AgentRecord, self._agent_id + 1) is not None:
            raise Superseded(
                sentence(
                    "another process has monitored this plant since: this one stops, because what it knows of the runs "
                    "is old"
                )
            )
        holes, steps = self._loop_watch.holes(), self._clock_watch.steps()
        note_holes(uow, holes)
        note_steps(uow, steps)
        return command(uow), holes, steps
