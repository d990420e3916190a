"""The web floor's port over the memory store, with the showcase plant (style 29).

Its commands move records just far enough for pages to be tried; what the rules say is tested with
the real service.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from redrabbit.base.clock import Clock
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import (
    Actor,
    CheckId,
    LineId,
    PartId,
    StationId,
)
from redrabbit.domain.observation import StationView
from redrabbit.domain.record_query import R
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    ContainmentRecord,
    Json,
    OccurrenceRecord,
    PauseRecord,
    Record,
    RunRecord,
)
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.watching import Watching
from redrabbit.store.memory import MemoryDatabase
from tests.showcase import LINES, showcase_plant, showcase_views
from tests.showcase_records import a_presentation, a_run, showcase_records
from tests.stored import RECORDING, put

T = TypeVar("T")


class ShowcaseService:
    """The web floor's port over the memory store."""

    def __init__(self, clock: Clock, records: Iterable[Record] | None = None) -> None:
        self.plant = showcase_plant()
        self._clock = clock
        self._version = 0
        self.not_watching_since: datetime | None = None
        self.database = MemoryDatabase(
            origin="changchun2+1",
            clock=clock,
            recording=RECORDING,
            seal=lambda log: f"checkpoint of {log.size}\n",
        )
        self.put(*(showcase_records(self.plant) if records is None else records))

    def put(self, *records: Record) -> None:
        """Make or change records."""

        def command(uow: Any) -> None:
            for record in records:
                uow.append(put(record, getattr(record, "line", None) or "plant"))

        self.database.write_now(command)
        self._version += 1

    async def read(self, query: Callable[[Reader], T]) -> T:
        return await self.database.read(query)

    def views(self) -> Mapping[StationId, StationView]:
        return showcase_views(self.plant, self._clock.now())

    def watching(self) -> Watching:
        now = self._clock.now()
        return Watching(
            last_beat_at=now,
            last_reading_at=now - timedelta(seconds=0.2),
            not_watching_since=self.not_watching_since,
        )

    def version(self) -> int:
        return self._version

    def _get(self, kind: type[R], number: int | str, code: str) -> R:
        found = self.database.read_now(lambda reader: reader.get(kind, number))
        if found is None:
            raise Refusal(
                code,
                run=number,
                containment=number,
                occurrence=number,
                part=number,
                pause=number,
                alarm=number,
            )
        return found

    def _changed(self, record: R, **changes: Any) -> R:
        changed: R = replace(record, **changes)
        self.put(changed)
        return changed

    def _run(self, run_id: int, *states: str) -> RunRecord:
        run = self._get(RunRecord, run_id, "no_such_run")
        if run.state not in states:
            raise Refusal("not_now", run=run_id, state=run.state, act="scan")
        return run

    async def start_run(
        self,
        *,
        check_id: CheckId,
        occurrence_id: int | None,
        containment_id: int | None,
        actor: Actor,
    ) -> RunRecord:
        if check_id not in {check.id for check in self.plant.plan.checks}:
            raise Refusal("no_such_check", check=check_id)
        busy = self.database.read_now(
            lambda r: r.find(RunRecord, equals("station", check_id), Where("state", "!=", "closed"))
        )
        if busy:
            raise Refusal("station_busy", station=check_id, run=busy[0].run_id)
        number = 1 + max(r.run_id for r in self.database.read_now(lambda r: r.find(RunRecord)))
        run = a_run(
            number,
            check_id,
            0,
            None,
            occurrence_id=occurrence_id,
            containment_id=containment_id,
            purpose="reverification" if containment_id else "check",
            operator=actor.name,
            started_at=self._clock.now(),
        )
        self.put(run)
        return run

    async def scan(self, run_id: int, *, code: str, actor: Actor) -> RunRecord:
        run = self._run(run_id, "awaiting_part")
        expected = json.loads(run.parts)[run.step]
        if code != expected:
            raise Refusal("wrong_part", scanned=code, expected=expected)
        self.put(
            a_presentation(run, run.step, None, issued_by=actor.name, issued_at=self._clock.now())
        )
        return self._changed(run, state="armed")

    async def presented(self, run_id: int, *, actor: Actor) -> RunRecord:
        del actor
        return self._changed(self._run(run_id, "armed"), state="presented")

    async def given_back(self, run_id: int, *, code: str, actor: Actor) -> RunRecord:
        del actor
        run = self._run(run_id, "awaiting_return")
        expected = json.loads(run.parts)[run.step]
        if code != expected:
            raise Refusal("wrong_part_back", scanned=code, expected=expected)
        last = run.step + 1 == len(json.loads(run.parts))
        state = "awaiting_confirmation" if last else "awaiting_part"
        return self._changed(run, state=state, step=run.step if last else run.step + 1)

    async def confirm(self, run_id: int, *, actor: Actor) -> RunRecord:
        run, now = self._run(run_id, "awaiting_confirmation"), self._clock.now()
        return self._changed(
            run,
            state="closed",
            outcome="passed",
            ended_at=now,
            confirmed_by=actor.name,
            confirmed_at=now,
        )

    async def abort(self, run_id: int, *, reason: str, actor: Actor) -> RunRecord:
        del actor
        if not reason.strip():
            raise Refusal("reason_required")
        run = self._run(run_id, "awaiting_part", "armed", "presented", "awaiting_confirmation")
        return self._changed(
            run, state="closed", outcome="aborted", reason=reason, ended_at=self._clock.now()
        )

    async def excuse(self, occurrence_id: int, *, reason: str, actor: Actor) -> OccurrenceRecord:
        if not reason.strip():
            raise Refusal("reason_required")
        found = self._get(OccurrenceRecord, occurrence_id, "no_such_occurrence")
        if found.outcome is not None:
            raise Refusal("occurrence_decided", occurrence=occurrence_id, status=found.outcome)
        return self._changed(
            found,
            outcome="excused",
            reason=reason,
            decided_by=actor.name,
            decided_at=self._clock.now(),
        )

    async def declare_pause(
        self, *, line: LineId, begins_at: datetime, ends_at: datetime, reason: str, actor: Actor
    ) -> PauseRecord:
        if line not in LINES:
            raise Refusal("no_such_line", line=line)
        if ends_at <= begins_at:
            raise Refusal("pause_ends_before_it_begins", begins_at=begins_at, ends_at=ends_at)
        number = 1 + len(self.database.read_now(lambda r: r.find(PauseRecord)))
        pause = PauseRecord(
            pause_id=number,
            line=line,
            begins_at=begins_at.astimezone(UTC),
            ends_at=ends_at.astimezone(UTC),
            reason=reason,
            author=actor.name,
            ended_by=None,
        )
        self.put(pause)
        return pause

    async def end_pause(self, pause_id: int, *, actor: Actor) -> PauseRecord:
        pause = self._get(PauseRecord, pause_id, "no_such_pause")
        return self._changed(pause, ends_at=self._clock.now(), ended_by=actor.name)

    async def record_stop(self, containment_id: int, *, actor: Actor) -> ContainmentRecord:
        case = self._get(ContainmentRecord, containment_id, "no_such_containment")
        if case.stopped_at is not None:
            raise Refusal("already_stopped_production", containment=containment_id)
        return self._changed(case, stopped_at=self._clock.now(), stopped_by=actor.name)

    async def tick_reaction(
        self, containment_id: int, *, step: int, actor: Actor
    ) -> ContainmentRecord:
        case = self._get(ContainmentRecord, containment_id, "no_such_containment")
        reaction = json.loads(case.reaction)
        if not 0 <= step < len(reaction):
            raise Refusal("no_such_step", containment=containment_id, step=step)
        reaction[step] |= {"done_at": self._clock.now().isoformat(), "done_by": actor.name}
        return self._changed(case, reaction=Json(json.dumps(reaction)))

    async def quarantine(
        self, part_id: PartId, *, reason: str, actor: Actor
    ) -> ChallengePartRecord:
        del actor
        part = self._get(ChallengePartRecord, part_id, "no_such_part")
        return self._changed(part, state="quarantined", state_reason=reason)

    async def release(self, part_id: PartId, *, actor: Actor) -> ChallengePartRecord:
        del actor
        part = self._get(ChallengePartRecord, part_id, "no_such_part")
        return self._changed(part, state="released", state_reason=None)

    async def found_again(self, part_id: PartId, *, actor: Actor) -> ChallengePartRecord:
        del actor
        part = self._get(ChallengePartRecord, part_id, "no_such_part")
        return self._changed(part, custody="stored", run_id=None)

    async def acknowledge(self, alarm_id: int, *, actor: Actor) -> AlarmRecord:
        alarm = self._get(AlarmRecord, alarm_id, "no_such_alarm")
        return self._changed(alarm, acknowledged_at=self._clock.now(), acknowledged_by=actor.name)
