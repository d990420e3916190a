"""Beginning to watch: a life of the agent, and another configuration under the same life (D52).

Both adopt in one transaction, and take up the runs under way (L3, L7). A life knows nothing but the
records; a new configuration leaves alone what it does not change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from redrabbit.domain.challenge_part import ChallengePart, Custody
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.challenge_part import PartMissing
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.plant import AgentStarted
from redrabbit.domain.facts.run import RunClosed
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.identity import AGENT, CheckId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import (
    AgentRecord,
    ChallengePartRecord,
    DeviceRecord,
    PlanRevisionRecord,
    PresentationRecord,
    RunRecord,
    StationRecord,
)
from redrabbit.domain.run import Run
from redrabbit.domain.run_words import Outcome, StopCode, worst_outcome
from redrabbit.domain.station import Station
from redrabbit.services import scheduling
from redrabbit.services.adopting import adopt
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.as_of import A_MOMENT, as_of
from redrabbit.services.clock_steps import last_recorded_at, note_step_since_last_entry
from redrabbit.services.loop_watch import last_sign_of_life, note_down_time
from redrabbit.services.part_counting import CountedBefore, counter_of
from redrabbit.services.plan_revisions import StagedPlan, stage, until_change
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.pulse_learning import learnt_so_far
from redrabbit.services.record_fact import record
from redrabbit.services.running import rebuild_run
from redrabbit.services.runs_under_way import runs_under_way
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.telling_counts import last_told


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """A plan revision whose instant has come, and the configuration with it."""

    digest: str
    at: datetime
    plant: Plant
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How far one agent's life has begun."""

    agent_id: int
    is_open: bool
    """False as long as obligations of the configuration before are left; this one is adopted after them."""
    owners: tuple[StationOwner, ...]
    left_since: datetime | None
    """When the first obligation was due that is not brought up yet; None: all are."""


def open_life(
    uow: UnitOfWork,
    plant: Plant,
    files: Mapping[str, str],
    software: str,
    *,
    before: Plant | None = None,
    agent_id: int | None = None,
    passed: Sequence[PlanChange] = (),
    staged: StagedPlan | None = None,
) -> Opened:
    """Begin one life: adopt, take up runs, and make the first of what came due while nobody watched.

    What came due before this configuration is owed by the one `before` it (L7); where that can't
    be read any more (None), what was made of it is at least not forgiven. Where the two owe the same,
    this one is adopted at once, and what is left is brought up while stations are watched; else it is
    asked again, with the number of the life that has begun, until nothing is left of the one before.

    `passed` are plans that were to take effect while nobody watched: each counts from its own instant, with what else was in
    force then. `staged` is a plan that the file gives before its time.
    """
    number = _begin(uow, software) if agent_id is None else agent_id
    for change in passed:
        if before is None:
            break
        if _waits(uow, change):
            left = scheduling.step_some(as_of(uow, change.at - A_MOMENT), before)
            if left is not None:
                return Opened(agent_id=number, is_open=False, owners=(), left_since=left)
            adopt(uow, change.plant, change.files, software, before=before, at=change.at)
        before = change.plant
    if before is not None:
        left = scheduling.step_some(until_change(uow), before)
    else:
        left = scheduling.bring_up_some(uow)
    if left is not None and not (
        before is not None
        and scheduling.owe_the_same(before, plant)
        and not scheduling.has_something_to_decide(
            uow
        )  # a run under way may hold one; its owner begins after it
    ):
        return Opened(agent_id=number, is_open=False, owners=(), left_since=left)
    adopt(uow, plant, files, software, before=before)
    stage(uow, plant, staged)
    runs = _taken_up(uow, plant)
    owners = tuple(
        _owner_of(uow, plant, each, runs.get(each.id), counted=_counted_before(uow, each, before))
        for each in plant.stations
    )
    if left is None:
        left = scheduling.step_some(until_change(uow), plant)
    return Opened(agent_id=number, is_open=True, owners=owners, left_since=left)


def _waits(uow: UnitOfWork, change: PlanChange) -> bool:
    known = uow.get(PlanRevisionRecord, change.digest)
    return known is not None and known.state is PlanState.SCHEDULED


def _begin(uow: UnitOfWork, software: str) -> int:
    number = _next_life(uow)
    last_at = last_recorded_at(uow, sum(head.next_seq for head in uow.stream_heads.values()))
    alive_at = last_sign_of_life(uow, last_at)
    started = AgentStarted(agent_id=number, software=software)
    record(uow, started, stream=PLANT_STREAM, actor=AGENT)
    note_step_since_last_entry(uow, last_at)
    note_down_time(uow, alive_at)
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """What became of the stations' owners when another configuration was taken over."""

    adopted: bool
    """False where it was in force already."""
    rebuilt: Mapping[StationId, StationOwner]
    """Stations that are new, that changed, or whose run could not go on as it was."""
    relink: frozenset[StationId]
    """Of these, those that are read otherwise than before: their links must be started anew."""
    removed: frozenset[StationId]
    """Stations that are no longer in the plant."""


def take_over(
    uow: UnitOfWork,
    plant: Plant,
    files: Mapping[str, str],
    software: str,
    *,
    before: Plant,
    owners: Mapping[StationId, StationOwner],
    at: datetime | None = None,
) -> TakenOver:
    """Adopt another configuration while stations are watched; nobody may use `owners` meanwhile.

    What came due until now is owed by the plan `before` it (L7). A run goes on where neither its
    station nor its check nor a part of it changes; any other is taken up as after a restart (D4).

    `at` is the instant from which its plan counts, where that has come: what was due before is owed by the plan before, all
    else by this one, however late it is taken over.
    """
    scheduling.step(until_change(uow) if at is None else as_of(uow, at - A_MOMENT), before)
    adopted = adopt(uow, plant, files, software, before=before, at=at)
    changed = {
        station.id for station in plant.stations if not _goes_on(before, plant, station, owners)
    }
    removed = owners.keys() - {station.id for station in plant.stations}
    runs = _taken_up(uow, plant, changed | removed)
    rebuilt: dict[StationId, StationOwner] = {}
    relink: set[StationId] = set()
    for station in plant.stations:
        if station.id in changed:
            owner, run = owners.get(station.id), runs.get(station.id)
            reads_on = _read_as_before(station, owner)
            counted = _counted_until_now(uow, station, owner)
            rebuilt[station.id] = _owner_of(uow, plant, station, run, reads_on, counted=counted)
            relink |= {station.id} if reads_on is None else set()
    scheduling.step(until_change(uow), plant)
    return TakenOver(
        adopted=adopted, rebuilt=rebuilt, relink=frozenset(relink), removed=frozenset(removed)
    )


def _goes_on(
    before: Plant, plant: Plant, station: Station, owners: Mapping[StationId, StationOwner]
) -> bool:
    """Tell whether the station's owner may stay: it, and what its run is about, are as before."""
    owner = owners.get(station.id)
    if owner is None or owner.station != station:
        return False
    if owner.run is None:
        return True
    check_id = CheckId(owner.run.check_id)
    check = next((each for each in plant.plan.checks if each.id == check_id), None)
    if check is None or check != before.check(check_id):
        return False
    needed = {step.expectation.part for step in owner.run.steps}
    return _parts(plant, needed) == _parts(before, needed)


def _parts(plant: Plant, needed: Collection[str]) -> Mapping[str, ChallengePart]:
    return {part.id: part for part in plant.parts if part.id in needed}


def _read_as_before(station: Station, owner: StationOwner | None) -> StationOwner | None:
    """Return the owner until now, if the station goes on being read in the same way."""
    if owner is None:
        return None
    same = _reading(owner.station) == _reading(station)
    return owner if same else None


def _reading(station: Station) -> object:
    return (
        station.link,
        station.signals,
        station.heartbeat,
        station.part_counter,
        station.running,
    )


def _counted_before(
    uow: UnitOfWork, station: Station, before: Plant | None
) -> CountedBefore | None:
    """Return what an earlier life told last of a station's count; None: it never told one."""
    told = last_told(uow, station.line, station.id)
    if told is None:
        return None
    known = before.stations if before is not None else ()
    was = next((each for each in known if each.id == station.id), None)
    same = was is not None and counter_of(was) == counter_of(station)
    return CountedBefore(count=told.count, read_at=told.counted_at, same_counter=same)


def _counted_until_now(
    uow: UnitOfWork, station: Station, owner: StationOwner | None
) -> CountedBefore | None:
    """Return what a station has counted under the configuration until now."""
    if owner is None:
        return _counted_before(uow, station, None)
    counted = owner.production.counting.so_far()
    if counted is None:
        return None
    same = counted.same_counter and counter_of(owner.station) == counter_of(station)
    return replace(counted, same_counter=same)


def _owner_of(
    uow: UnitOfWork,
    plant: Plant,
    station: Station,
    run: Run | None,
    reads_on: StationOwner | None = None,
    *,
    counted: CountedBefore | None = None,
) -> StationOwner:
    """Return a new owner of a station; its run, if it has one, has been through a restart (L3)."""
    known = uow.get(StationRecord, station.line, station.id)
    owner = StationOwner(
        plant,
        station,
        started_at=uow.now,
        recorded_lost=known is not None and known.no_data_since is not None,
        recorded_blind=[
            device.id
            for device in station.devices
            if (blind := uow.get(DeviceRecord, station.line, device.id)) is not None
            and blind.no_data_since is not None
        ],
        run=run,
        reads_on=reads_on,
        counted=counted,
        learnt=learnt_so_far(uow, station),
    )
    pending = owner.restart(uow.now)
    if pending is not None:
        pending.command(uow)
        pending.settle()
    return owner


def _next_life(uow: UnitOfWork) -> int:
    last = latest(uow, AgentRecord, by="agent_id")
    return last.agent_id + 1 if last is not None else 1


def _taken_up(
    uow: UnitOfWork, plant: Plant, stations: Collection[str] | None = None
) -> dict[StationId, Run]:
    """Return the runs under way, of these stations only; one that can't go on is closed."""
    runs: dict[StationId, Run] = {}
    for known in runs_under_way(uow):
        if stations is not None and known.station not in stations:
            continue
        run = rebuild_run(uow, plant, known)
        if run is None:
            _give_up(uow, known)
        else:
            runs[StationId(known.station)] = run
    return runs


def _give_up(uow: UnitOfWork, run: RunRecord) -> None:
    """Close a run that the configuration no longer allows; tell which part is still out."""
    presentations = uow.find(
        PresentationRecord, equals("run_id", run.run_id), equals("decides", value=True)
    )
    verdicts = [p.verdict for p in presentations if p.verdict is not None]
    outcome = worst_outcome(verdicts) or Outcome.ABORTED
    for part in uow.find(ChallengePartRecord, equals("run_id", run.run_id)):
        if part.custody is not Custody.MISSING:
            _note_missing(uow, run, part)
    closed = RunClosed(
        station=run.station,
        device=run.device,
        run_id=run.run_id,
        outcome=outcome,
        reason_code=StopCode.CONFIGURATION_CHANGED,
        reason_text=None,
        confirmed=False,
        signals=None,
    )
    record(uow, closed, stream=run.line, actor=AGENT)


def _note_missing(uow: UnitOfWork, run: RunRecord, part: ChallengePartRecord) -> None:
    missing = PartMissing(
        part_id=part.part_id,
        run_id=run.run_id,
        station=run.station,
        device=run.device,
        box_label=None,
    )
    record(uow, missing, stream=part.stream, actor=AGENT)
    raise_alarm(
        uow,
        AlarmKind.NOT_RETURNED,
        at=uow.now,
        line=run.line,
        station=run.station,
        device=run.device,
        names=read_json(PlaceNames, run.names),
        part_id=part.part_id,
        run_id=run.run_id,
    )
