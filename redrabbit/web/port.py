"""What the web floor asks of the service: the whole of it, so that a fake can stand in (style 29).

Commands commit before they return and raise `redrabbit.domain.errors.Refusal` when the domain says
no. Reading is one query over records, plus the live readings, which are kept in memory only.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

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
from redrabbit.services.ports import Reader
from redrabbit.services.watching import Watching

T = TypeVar("T")


class PlantService(Protocol):
    """The service as pages and API see it."""

    @property
    def plant(self) -> Plant:
        """The plant as configured."""
        ...

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on a consistent snapshot of the records."""
        ...

    def views(self) -> Mapping[StationId, StationView]:
        """Return the live readings of every station."""
        ...

    def watching(self) -> Watching:
        """Return whether the stations are being watched."""
        ...

    def version(self) -> int:
        """Return a number that grows with every commit and every changed reading."""
        ...

    async def start_run(
        self,
        *,
        check_id: CheckId,
        occurrence_id: OccurrenceId | None,
        containment_id: ContainmentId | None,
        actor: Actor,
    ) -> RunRecord:
        """Start a run: for an occurrence, for re-verification, or on demand."""
        ...

    async def scan(self, run_id: RunId, *, code: str, actor: Actor) -> RunRecord:
        """Take the expected part: issue it and arm the step."""
        ...

    async def presented(self, run_id: RunId, *, actor: Actor) -> RunRecord:
        """Note the operator's word that the part is in front of the device."""
        ...

    async def given_back(self, run_id: RunId, *, code: str, actor: Actor) -> RunRecord:
        """Take the part back."""
        ...

    async def confirm(self, run_id: RunId, *, actor: Actor) -> RunRecord:
        """Confirm the run."""
        ...

    async def abort(self, run_id: RunId, *, reason: str, actor: Actor) -> RunRecord:
        """Give the run up."""
        ...

    async def excuse(
        self, occurrence_id: OccurrenceId, *, reason: str, actor: Actor
    ) -> OccurrenceRecord:
        """Excuse an occurrence, with who and why."""
        ...

    async def declare_pause(
        self, *, line: LineId, begins_at: datetime, ends_at: datetime, reason: str, actor: Actor
    ) -> PauseRecord:
        """Declare a line not producing."""
        ...

    async def end_pause(self, pause_id: int, *, actor: Actor) -> PauseRecord:
        """End a pause now."""
        ...

    async def record_stop(
        self, containment_id: ContainmentId, *, actor: Actor
    ) -> ContainmentRecord:
        """Record that the line was stopped: the end of the suspect window."""
        ...

    async def tick_reaction(
        self, containment_id: ContainmentId, *, step: int, actor: Actor
    ) -> ContainmentRecord:
        """Tick one step of the reaction, counted from 0."""
        ...

    async def quarantine(
        self, part_id: PartId, *, reason: str, actor: Actor
    ) -> ChallengePartRecord:
        """Take a part out of use."""
        ...

    async def release(self, part_id: PartId, *, actor: Actor) -> ChallengePartRecord:
        """Release a part for use."""
        ...

    async def found_again(self, part_id: PartId, *, actor: Actor) -> ChallengePartRecord:
        """Note that a missing part is back in its place."""
        ...

    async def acknowledge(self, alarm_id: int, *, actor: Actor) -> AlarmRecord:
        """Acknowledge an alarm."""
        ...
