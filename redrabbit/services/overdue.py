"""What is overdue, and what lapsed and was not verified since: computed from the times, so that it is right when nobody has swept (D9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.clock_doubts import is_in_doubt, open_doubts
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.occurrence import OccurrenceStatus, frozen_times, status
from redrabbit.domain.pauses import (
    Times,
    moved,
    pauses_after,
    pauses_up_to,
    unbroken_since,
    undecided,
)
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import (
    CheckRecord,
    ClockDoubtRecord,
    OccurrenceRecord,
    PauseRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.unwatched import Span, Unwatched, unwatched_within
from redrabbit.services.ports import Reader, equals
from redrabbit.services.unmade import adopted_checks, each_unmade

SILENT_AFTER: Final = timedelta(seconds=10)
"""A heartbeat older than this: nobody is watching (B20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """One check that is overdue, whether its occurrence was made already or not."""

    check_id: str
    line: str
    station: str
    device: str
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime


def overdue_occurrences(reader: Reader, plant: Plant, now: datetime) -> list[Overdue]:
    """Return what is overdue at `now`, longest first: stored rows and computed ones together.

    So it is right when no scheduler has run for days (D9).
    """
    overdue = [
        _overdue(each.check_id, each.line, each.station, each.device, each)
        for each in undecided(reader, now)
        if status(each, now) is OccurrenceStatus.OVERDUE
    ]
    checks, doubts = adopted_checks(reader, plant), open_doubts(reader)
    longest = max((_longest_owed(check) for check, _ in checks), default=timedelta(0))
    pauses = {
        line: pauses_up_to(reader, line, now - longest) for line in {c.line for c, _ in checks}
    }
    for check, known in checks:
        paused = pauses[check.line]
        since = max(known.scheduled_until, _owed_since(check, paused, now))  # else it has lapsed
        for due in each_unmade(reader, plant, check, known, doubts=doubts, since=since, now=now):
            times = moved(frozen_times(check, due), paused)
            if not times.is_covered and times.grace_ends_at <= now < times.closes_at:
                overdue.append(_overdue(check.id, check.line, check.station, check.device, times))
    return sorted(overdue, key=lambda each: (each.due_at, each.check_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """One check that was not done in time, and has not passed since."""

    check_id: str
    line: str
    station: str
    device: str
    due_at: datetime
    """Of the last scheduled check that lapsed."""
    closed_at: datetime
    """When its window closed."""
    unwatched: Unwatched
    """For how long nobody watched in it, as far as that is on record."""


def lapsed_checks(reader: Reader, plant: Plant, now: datetime) -> list[Lapsed]:
    """Return the checks whose last lapse is later than their last pass, the earliest first.

    Computed as what is overdue is: right when no scheduler has run for days (D9, D10).
    """
    found = []
    doubts, silent = open_doubts(reader), _silent_now(reader, now)
    for check, known in adopted_checks(reader, plant):
        times = _last_lapse(reader, plant, check, known, doubts=doubts, now=now)
        passed = latest(
            reader,
            RunRecord,
            equals("check_id", check.id),
            equals("outcome", Outcome.PASSED),
            equals("not_counted", None),
            by="started_at",
        )
        if times is None or (passed is not None and passed.started_at >= times.closes_at):
            continue
        window = (times.due_at, times.closes_at)
        found.append(
            Lapsed(
                check_id=check.id,
                line=check.line,
                station=check.station,
                device=check.device,
                due_at=times.due_at,
                closed_at=times.closes_at,
                unwatched=unwatched_within(reader, [window], silent)[0],
            )
        )
    return sorted(found, key=lambda each: (each.due_at, each.check_id))


def _silent_now(reader: Reader, now: datetime) -> tuple[Span, ...]:
    """Return the time since the last sign of life, where that is long ago: it is on record only when the service is back."""
    beat = reader.heartbeats().get("agent")
    return () if beat is None or now - beat <= SILENT_AFTER else ((beat, now),)


def _last_lapse(
    reader: Reader,
    plant: Plant,
    check: Check,
    known: CheckRecord,
    *,
    doubts: Sequence[ClockDoubtRecord],
    now: datetime,
) -> Times | None:
    """Return the last time at which a check lapsed, told or not; None where it never did."""
    of_check = equals("check_id", check.id)
    lapses = (of_check, equals("outcome", OccurrenceOutcome.LAPSED))
    last = latest(reader, OccurrenceRecord, *lapses, by="due_at")
    lapsed: list[Times] = [] if last is None else [last]
    lapsed += [
        each
        for each in undecided(reader, now, of_check)
        if status(each, now) is OccurrenceStatus.LAPSED
    ]
    since = known.scheduled_until
    unmade = list(each_unmade(reader, plant, check, known, doubts=doubts, since=since, now=now))
    pauses = pauses_after(reader, unmade[0].due_at).get(check.line, ()) if unmade else ()
    for due in unmade:
        times = moved(frozen_times(check, due), pauses)
        waits = is_in_doubt(doubts, times.closes_at)
        if times.closes_at <= now and not times.is_covered and not waits:
            lapsed.append(times)
    return max(lapsed, key=lambda each: each.due_at, default=None)


def _overdue(check_id: str, line: str, station: str, device: str, times: Times) -> Overdue:
    return Overdue(
        check_id=check_id,
        line=line,
        station=station,
        device=device,
        due_at=times.due_at,
        grace_ends_at=times.grace_ends_at,
        closes_at=times.closes_at,
    )


def _longest_owed(check: Check) -> timedelta:
    """Return how long after its due time a check that no pause moved is owed, or overdue."""
    return max(check.closes_after, check.grace)


def _owed_since(check: Check, pauses: Sequence[PauseRecord], now: datetime) -> datetime:
    """Return the instant of which all that was due before has lapsed by now, wherever pauses moved it."""
    just_before = timedelta(microseconds=1)  # what is due as a pause begins is moved by it
    return unbroken_since(now - _longest_owed(check), pauses) - just_before
