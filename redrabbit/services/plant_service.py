"""The service as web and demo see it: people's acts, each committed before it returns.

Acts on a run go through the station's desk, all others straight to the database. Each raises
`Refusal` when the rules say no and `StoreTrouble` when the database can't.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import (
    Actor,
    CheckId,
    ContainmentId,
    LineId,
    OccurrenceId,
    PartId,
    RunId,
    StationId,
)
from redrabbit.domain.observation import StationView
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    RunRecord,
)
from redrabbit.services import containing, planning
from redrabbit.services.agent import Agent
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.station_desk import StationDesk
from redrabbit.services.watch import Pending, StationWatch
from redrabbit.services.watching import Watching

T = TypeVar("T")


class LocalPlantService:
    """The service with its agent in the same process."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    @property
    def plant(self) -> Plant:
        """The plant as configured."""
        return self._agent.plant

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on a consistent snapshot of the records."""
        return await self._agent.database.read(query)

    def views(self) -> Mapping[StationId, StationView]:
        """Return the live readings of every station."""
        return self._agent.views()

    def watching(self) -> Watching:
        """Return whether the stations are being watched."""
        return self._agent.watching()

    def version(self) -> int:
        """Return a number that grows with every commit and every changed reading."""
        return self._agent.version()

    async def start_run(
        self,
        *,
        check_id: CheckId,
        occurrence_id: OccurrenceId | None,
        containment_id: ContainmentId | None,
        actor: Actor,
    ) -> RunRecord:
        """Start a run: for an occurrence, for re-verification, or on demand."""
        try:
            check = self.plant.check(check_id)
        except KeyError:
            raise Refusal("no_such_check", check=check_id) from None
        desk = self._agent.desks[check.station]
        return await desk.act(
            lambda: desk.watch.start(
                check_id=check_id,
                occurrence_id=occurrence_id,
                containment_id=containment_id,
                actor=actor,
                now=self._now(),
            )
        )

    async def scan(self, run_id: RunId, *, code: str, actor: Actor) -> RunRecord:
        """Take the expected part: issue it and arm the step. A refused scan is kept (B25)."""
        code = code.strip()
        return await self._scanned(
            run_id, code, actor, lambda watch: watch.scan(code, actor=actor, now=self._now())
        )

    async def presented(self, run_id: RunId, *, actor: Actor) -> RunRecord:
        """Note the operator's word that the part is in front of the device."""
        return await self._on_run(run_id, lambda watch: watch.tap(actor=actor, now=self._now()))

    async def given_back(self, run_id: RunId, *, code: str, actor: Actor) -> RunRecord:
        """Take the part back. A refused scan is kept (B25)."""
        code = code.strip()
        return await self._scanned(
            run_id, code, actor, lambda watch: watch.give_back(code, actor=actor, now=self._now())
        )

    async def confirm(self, run_id: RunId, *, actor: Actor) -> RunRecord:
        """Confirm the run."""
        return await self._on_run(run_id, lambda watch: watch.confirm(actor=actor, now=self._now()))

    async def abort(self, run_id: RunId, *, reason: str, actor: Actor) -> RunRecord:
        """Give the run up."""
        why = planning.required_reason(reason)
        return await self._on_run(
            run_id, lambda watch: watch.abort(why, actor=actor, now=self._now())
        )

    async def excuse(
        self, occurrence_id: OccurrenceId, *, reason: str, actor: Actor
    ) -> OccurrenceRecord:
        """Excuse an occurrence, with who and why."""
        return await self._write(
            lambda uow: planning.excuse(uow, occurrence_id, reason=reason, actor=actor)
        )

    async def declare_pause(
        self, *, line: LineId, begins_at: datetime, ends_at: datetime, reason: str, actor: Actor
    ) -> PauseRecord:
        """Declare a line not producing."""
        return await self._write(
            lambda uow: planning.declare_pause(
                uow,
                self.plant,
                line=line,
                begins_at=begins_at,
                ends_at=ends_at,
                reason=reason,
                actor=actor,
            )
        )

    async def end_pause(self, pause_id: int, *, actor: Actor) -> PauseRecord:
        """End a pause now."""
        return await self._write(lambda uow: planning.end_pause(uow, pause_id, actor=actor))

    async def record_stop(
        self, containment_id: ContainmentId, *, actor: Actor
    ) -> ContainmentRecord:
        """Record that the line was stopped: the end of the suspect window."""
        case = await self.read(lambda reader: reader.get(ContainmentRecord, containment_id))
        desk = self._agent.desks.get(StationId(case.station)) if case is not None else None
        counter = desk.watch.live.counter() if desk is not None else None
        return await self._write(
            lambda uow: containing.record_stop(uow, containment_id, counter=counter, actor=actor)
        )

    async def tick_reaction(
        self, containment_id: ContainmentId, *, step: int, actor: Actor
    ) -> ContainmentRecord:
        """Tick one step of the reaction, counted from 0."""
        return await self._write(
            lambda uow: containing.tick_reaction(uow, containment_id, step=step, actor=actor)
        )

    async def quarantine(
        self, part_id: PartId, *, reason: str, actor: Actor
    ) -> ChallengePartRecord:
        """Take a part out of use."""
        return await self._write(
            lambda uow: planning.quarantine(uow, part_id, reason=reason, actor=actor)
        )

    async def release(self, part_id: PartId, *, actor: Actor) -> ChallengePartRecord:
        """Release a part for use."""
        return await self._write(lambda uow: planning.release(uow, part_id, actor=actor))

    async def found_again(self, part_id: PartId, *, actor: Actor) -> ChallengePartRecord:
        """Note that a missing part is back in its place."""
        return await self._write(lambda uow: planning.found_again(uow, part_id, actor=actor))

    async def acknowledge(self, alarm_id: int, *, actor: Actor) -> AlarmRecord:
        """Acknowledge an alarm."""
        return await self._write(lambda uow: planning.acknowledge(uow, alarm_id, actor=actor))

    def _now(self) -> datetime:
        return self._agent.clock.now()

    async def _write(self, command: Callable[[UnitOfWork], T]) -> T:
        result = await self._agent.database.write(command)
        self._agent.note_commit()
        return result

    async def _desk(self, run_id: RunId) -> StationDesk:
        record = await self.read(lambda reader: reader.get(RunRecord, run_id))
        if record is None:
            raise Refusal("no_such_run", run=run_id)
        desk = self._agent.desks.get(StationId(record.station))
        if desk is None:
            raise Refusal("no_such_station", station=record.station)
        return desk

    async def _scanned(
        self, run_id: RunId, code: str, actor: Actor, act: Callable[[StationWatch], Pending]
    ) -> RunRecord:
        try:
            return await self._on_run(run_id, act)
        except Refusal as refusal:
            kept = refusal
            with suppress(Refusal):  # the run was closed meanwhile: nothing to keep it with
                await self._on_run(run_id, lambda watch: watch.refused(code, kept, actor))
            raise

    async def _on_run(self, run_id: RunId, act: Callable[[StationWatch], Pending]) -> RunRecord:
        desk = await self._desk(run_id)

        def move() -> Pending:
            if desk.watch.run is None or desk.watch.run.id != run_id:
                raise Refusal("run_closed", run=run_id)
            return act(desk.watch)

        return await desk.act(move)
