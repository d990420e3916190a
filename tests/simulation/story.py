"""What the ledger told so far, on the world's time: the side of the records in every comparison.

Read from the entries alone, on purpose without the product's fold, schedule or judge, so that a
mistake in one of these shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from redrabbit.domain.identity import CheckId, PartId, RunId, StationId
from redrabbit.domain.ledger import Entry, JsonValue, instant_text
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.plant import Plant
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.station import Station
from redrabbit.services.ports import Reader
from simulators.faults import Fault
from simulators.line import World
from tests.simulation.product import Commit, Standstill
from tests.simulation.true_answers import TrueAnswers
from tests.simulation.true_places import nest_of

__all__ = ["Judged", "LawBroken", "RunTold", "Scene", "Story", "require", "told_by"]

T = TypeVar("T")

Proved = tuple[str, str, str | None]
"""What a good check proves, and a case is about: a device, a failure mode, and the nest in which the part
really lay; None: the station has no nests (D34, D36)."""


class LawBroken(AssertionError):
    """The records and the truth can't both be right; the message begins with the law's number."""


def require(law: str, holds: object, what: str, *about: object) -> None:
    """Raise LawBroken unless it holds."""
    if not holds:
        raise LawBroken(f"{law}: {what}: " + "; ".join(str(each) for each in about))


def told_by(entry: Entry) -> Mapping[str, JsonValue]:
    """Return what an entry tells; nothing of a simulated shift was erased."""
    assert entry.payload is not None
    return entry.payload


class Scene(Protocol):
    """What the checkers look at: a simulated shift, or a service over real sockets."""

    @property
    def plant(self) -> Plant: ...
    @property
    def world(self) -> World: ...
    @property
    def all_faults(self) -> list[Fault]: ...
    @property
    def stops(self) -> list[datetime]:
        """When the product was killed, on the world's time."""
        ...

    @property
    def standstills(self) -> Sequence[Standstill] | None:
        """When the product's process stood still, on the world's time; None where nobody wrote it down."""
        ...

    @property
    def aborted_runs(self) -> set[RunId]:
        """Runs that somebody gave up, or of which somebody said that it was not the part."""
        ...

    @property
    def plants(self) -> Sequence[Plant]:
        """All that was in force, in order; the last one is."""
        ...

    @property
    def heard(self) -> Mapping[str, Sequence[Acquisition]]:
        """What was read of each station; empty where nobody wrote it down."""
        ...

    @property
    def true_answers(self) -> TrueAnswers | None:
        """How long the answers of the station lasted that is watched closely; None: none is."""
        ...

    def ask(self, query: Callable[[Reader], T]) -> T:
        """Read the records."""
        ...


@dataclass(slots=True, kw_only=True)
class RunTold:
    """One run as told."""

    run_id: str
    occurrence_id: str | None
    check_id: str
    station: str
    device: str
    purpose: str
    containment_id: str | None
    parts: list[str]
    expires_at: str
    started_at: datetime
    issued: dict[int, datetime] = field(default_factory=dict)
    presented: dict[tuple[int, int], Entry] = field(default_factory=dict)
    returned: dict[int, datetime] = field(default_factory=dict)
    ended_step_at: dict[int, datetime] = field(default_factory=dict)
    """When the part of a step was to go back: at its verdict, or when the run was stopped."""
    verdicts: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    """Of the first presentations, corrections included."""
    stopped: str | None = None
    outcome: str | None = None
    confirmed_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One presentation with its verdict; instants of the world."""

    run: RunTold
    step: int
    attempt: int
    part: str
    failure_mode: str | None
    rule: DetectionRule
    expires_s: float
    is_published: bool
    has_heartbeat: bool
    issued_at: datetime
    presented_at: datetime | None
    nest: str | None
    """In which its part really lay; None: the station has no nests."""
    how: str | None
    decided_at: datetime
    verdict: str
    why: str | None
    decides: bool
    not_counted: str | None
    """Why it doesn't count for the plan."""

    @property
    def about(self) -> Proved:
        """Return what it proves, or shows to be blind."""
        return self.run.device, str(self.failure_mode), self.nest

    @property
    def station(self) -> str:
        return self.run.station

    @property
    def station_id(self) -> StationId:
        return StationId(self.run.station)

    @property
    def deadline_at(self) -> datetime:
        """Until when an answer counted."""
        begin = self.presented_at or self.decided_at
        return begin + timedelta(seconds=self.rule.within_s)

    def __str__(self) -> str:
        presented = f"presented {self.presented_at:%H:%M:%S.%f}" if self.presented_at else "unseen"
        return (
            f"run {self.run.run_id} step {self.step} attempt {self.attempt} {self.part} at "
            f"{self.station}: {self.verdict} {self.why or ''}, issued "
            f"{self.issued_at:%H:%M:%S.%f}, {presented}, decided {self.decided_at:%H:%M:%S.%f}"
        )


class Story:
    """Everything told so far."""

    def __init__(self, scene: Scene) -> None:
        plant = scene.plant
        self._scene = scene
        self._plant = plant
        self.runs: dict[str, RunTold] = {}
        self.made: list[Entry] = []
        self.adopted: dict[str, list[tuple[datetime, Plant]]] = {}
        """Check → each adoption of it, and the plant whose check it is since."""
        self.decided: dict[str, list[Entry]] = {}
        self.reopened: list[tuple[Entry, Entry]] = []
        """Decisions that were taken back, and what took them back."""
        self.alarms: list[tuple[datetime, Entry]] = []
        self.pauses: dict[str, dict[str, Any]] = {}
        """As they were: with the end that somebody gave them before their time."""
        self.postponed: list[Entry] = []
        self.opened: list[Entry] = []
        self.holes: list[Entry] = []
        self.doubts: dict[int, Entry] = {}
        """Steps of the clock that nothing has settled, by the index of their entry."""
        self.part_states: dict[str, str] = {
            part.id: "released" if part.released else "unreleased" for part in plant.parts
        }
        self.uses: dict[str, int] = {}
        self.out: dict[str, str] = {}
        """Part → the run that has it."""
        self.judged: list[Judged] = []
        self.last_good: dict[Proved, tuple[str, str]] = {}
        """Instant and run of the last good check of each."""
        self._good: list[tuple[tuple[str, int], Proved, tuple[str, str]]] = []

    def station(self, name: str) -> Station:
        """Return a station as it is in force."""
        return self._plant.station(StationId(name))

    def tell(self, commit: Commit) -> None:
        """Take in one transaction."""
        for entry in commit.entries:
            teller = getattr(self, f"_{entry.type}", None)
            if teller is not None:
                teller(entry, told_by(entry), commit)

    def run_at(self, station: str, at: datetime) -> RunTold | None:
        """Return the run that was under way at a station."""
        for run in self.runs.values():
            is_over = run.closed_at is not None and at > run.closed_at
            if run.station == station and run.started_at <= at and not is_over:
                return run
        return None

    def _configuration_adopted(self, _entry: Entry, told: Any, _commit: Commit) -> None:
        for plant in self._scene.plants:
            self._plant = plant if plant.digest == told["digest"] else self._plant

    def _check_adopted(self, entry: Entry, told: Any, _commit: Commit) -> None:
        self.adopted.setdefault(told["check_id"], []).append((entry.occurred_at, self._plant))

    def _run_started(self, entry: Entry, told: Any, commit: Commit) -> None:
        self.runs[told["run_id"]] = RunTold(
            run_id=told["run_id"],
            occurrence_id=told["occurrence_id"],
            check_id=told["check_id"],
            station=told["station"],
            device=told["device"],
            purpose=told["purpose"],
            containment_id=told["containment_id"],
            parts=list(told["parts"]),
            expires_at=told["expires_at"],
            started_at=commit.in_world(entry.occurred_at),
        )

    def _part_issued(self, entry: Entry, told: Any, commit: Commit) -> None:
        self.runs[told["run_id"]].issued[told["step"]] = commit.in_world(entry.occurred_at)
        self.uses[told["part_id"]] = self.uses.get(told["part_id"], 0) + 1
        self.out[told["part_id"]] = told["run_id"]

    def _part_presented(self, entry: Entry, told: Any, _commit: Commit) -> None:
        self.runs[told["run_id"]].presented[told["step"], told["attempt"]] = entry

    def _verdict_reached(self, entry: Entry, told: Any, commit: Commit) -> None:
        run, step = self.runs[told["run_id"]], told["step"]
        station = self._plant.station(StationId(run.station))
        check = self._plant.check(CheckId(run.check_id))
        presented = run.presented.get((step, told["attempt"]))
        presented_at = commit.in_world(presented.occurred_at) if presented else None
        judged = Judged(
            run=run,
            step=step,
            attempt=told["attempt"],
            part=told["part_id"],
            failure_mode=self._plant.part(PartId(told["part_id"])).failure_mode,
            rule=station.device(check.device).rule,
            expires_s=station.value_expires_s,
            is_published=not hasattr(station.link, "poll_interval_s"),
            has_heartbeat=station.heartbeat is not None,
            issued_at=run.issued[step],
            presented_at=presented_at,
            nest=nest_of(self._scene.world, run.station, presented_at),
            how=str(told_by(presented)["presented_how"]) if presented else None,
            decided_at=commit.in_world(entry.occurred_at),
            verdict=told["verdict"],
            why=told["verdict_reason"],
            decides=told["decides"],
            not_counted=told["not_counted"],
        )
        self.judged.append(judged)
        if judged.attempt != 1:
            return
        run.verdicts[step] = (judged.verdict, judged.why)
        run.ended_step_at[step] = judged.decided_at
        counts = judged.not_counted is None and judged.verdict == "detected"
        if counts and judged.failure_mode is not None and presented:
            since = (presented.occurred_at.isoformat(), run.run_id)
            self._good.append(((run.run_id, step), judged.about, since))
            self.last_good[judged.about] = since

    def _verdict_contradicted(self, _entry: Entry, told: Any, _commit: Commit) -> None:
        run = self.runs[told["run_id"]]
        run.verdicts[told["step"]] = ("inconclusive", "contradictory")
        self._good = [each for each in self._good if each[0] != (run.run_id, told["step"])]
        self.last_good = {about: since for _, about, since in self._good}

    def _part_given_back(self, entry: Entry, told: Any, commit: Commit) -> None:
        self.runs[told["run_id"]].returned[told["step"]] = commit.in_world(entry.occurred_at)
        self.out.pop(told["part_id"], None)

    def _run_stopped(self, entry: Entry, told: Any, commit: Commit) -> None:
        run = self.runs[told["run_id"]]
        run.stopped = told["outcome"]
        for step in run.issued:
            run.ended_step_at.setdefault(step, commit.in_world(entry.occurred_at))

    def _run_closed(self, entry: Entry, told: Any, commit: Commit) -> None:
        run = self.runs[told["run_id"]]
        run.outcome = told["outcome"]
        run.confirmed_by = entry.actor.id if told["confirmed"] else None
        run.closed_at = commit.in_world(entry.occurred_at)

    def _part_state_changed(self, _entry: Entry, told: Any, _commit: Commit) -> None:
        self.part_states[told["part_id"]] = told["state"]

    def _occurrence_made(self, entry: Entry, _told: Any, _commit: Commit) -> None:
        self.made.append(entry)

    def _occurrence_decided(self, entry: Entry, told: Any, _commit: Commit) -> None:
        self.decided.setdefault(told["occurrence_id"], []).append(entry)

    def _occurrence_reopened(self, entry: Entry, told: Any, _commit: Commit) -> None:
        for decided in self.decided.pop(told["occurrence_id"], []):
            self.reopened.append((decided, entry))

    def _alarm_raised(self, entry: Entry, _told: Any, commit: Commit) -> None:
        self.alarms.append((commit.at, entry))

    def _pause_declared(self, _entry: Entry, told: Any, _commit: Commit) -> None:
        self.pauses[told["pause_id"]] = dict(told)

    def _pause_ended(self, entry: Entry, told: Any, _commit: Commit) -> None:
        self.pauses[told["pause_id"]]["ends_at"] = instant_text(entry.occurred_at)

    def _occurrence_postponed(self, entry: Entry, _told: Any, _commit: Commit) -> None:
        self.postponed.append(entry)

    def _clock_doubted(self, entry: Entry, _told: Any, _commit: Commit) -> None:
        self.doubts[entry.index] = entry

    def _clock_settled(self, _entry: Entry, told: Any, _commit: Commit) -> None:
        self.doubts.pop(told["doubt"])

    def _not_watched(self, entry: Entry, _told: Any, _commit: Commit) -> None:
        self.holes.append(entry)

    def _containment_opened(self, entry: Entry, _told: Any, _commit: Commit) -> None:
        self.opened.append(entry)
