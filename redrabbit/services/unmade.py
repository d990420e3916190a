"""Due times that have no occurrence yet, of the checks in force (L7, D8, D41)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from redrabbit.domain.clock_doubts import is_in_doubt
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import DecisionCode, OccurrenceOutcome, first_times
from redrabbit.domain.identity import CheckId, LineId
from redrabbit.domain.occurrence import FrozenTimes, frozen_times, trigger_key
from redrabbit.domain.pauses import Moved, PausesByLine, moved, undecided
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, ClockDoubtRecord, OccurrenceRecord
from redrabbit.domain.schedule import SEARCH, DueTime, each_due_time, next_due
from redrabbit.services.ports import Reader, Where, equals

ASKED_AT_ONCE: Final = 100
"""Due times of which is asked at once whether they are made."""
ENDED: Final = Where("outcome", "in", tuple(outcome.value for outcome in OccurrenceOutcome))
"""Of what is decided."""
TAKEN_BACK: Final = frozenset({DecisionCode.SUPERSEDED, DecisionCode.CHECK_RETIRED})
"""How an occurrence ends of which a change of the plan says that it is not owed."""


def each_unmade(
    reader: Reader,
    plant: Plant,
    check: Check,
    record: CheckRecord,
    *,
    doubts: Sequence[ClockDoubtRecord],
    since: datetime,
    now: datetime,
) -> Iterator[DueTime]:
    """Yield the due times that are not made; but for those that are over by a clock in doubt: they are looked for again."""
    calendar, until = plant.calendars[check.line], now + check.opens_before
    dues = each_due_time(check.schedule, calendar, record.adopted_at, since, until)
    size = 1  # mostly none is unmade, or only the first is wanted
    while some := list(islice(dues, size)):
        asked = [due for due in some if not _waits(check, due, doubts, now)]
        yield from _not_made(reader, check, asked)
        size = min(4 * size, ASKED_AT_ONCE)


def _waits(check: Check, due: DueTime, doubts: Sequence[ClockDoubtRecord], now: datetime) -> bool:
    """Tell whether it was due and over in a time that only one of two clocks knows: after the clock was believed last."""
    if not doubts or due.due_at <= doubts[0].stepped_at:
        return False
    closes_at = frozen_times(check, due).closes_at
    return closes_at <= now and is_in_doubt(doubts, closes_at) and is_in_doubt(doubts, due.due_at)


def adopted_checks(
    reader: Reader, plant: Plant, only: CheckId | None = None
) -> list[tuple[Check, CheckRecord]]:
    """Return the checks that the plan has and that are adopted, each with its record; one only where it is named."""
    records = reader.find(CheckRecord, equals("retired_at", None))
    known = {
        (check.line, check.id): check for check in plant.plan.checks if only in {None, check.id}
    }
    pairs = ((known.get((LineId(r.line), CheckId(r.check_id))), r) for r in records)
    return [(check, record) for check, record in pairs if check is not None]


def is_in_force(reader: Reader, check: Check, at: datetime) -> bool:
    """Tell whether a check was in force at an instant at which something happened: nothing is owed from before (D41)."""
    known = reader.get(CheckRecord, check.line, check.id)
    return known is not None and known.retired_at is None and known.adopted_at <= at


def next_unmade(
    reader: Reader,
    plant: Plant,
    check: Check,
    record: CheckRecord,
    *,
    doubts: Sequence[ClockDoubtRecord],
    now: datetime,
) -> DueTime | None:
    """Return the next due time that is to be made; None: none is scheduled."""
    since = record.scheduled_until
    for due in each_unmade(reader, plant, check, record, doubts=doubts, since=since, now=now):
        return due
    after = max(since, now + check.opens_before)
    return next_due(check.schedule, plant.calendars[check.line], record.adopted_at, after)


def decided_ahead(reader: Reader, now: datetime) -> list[OccurrenceRecord]:
    """Return what was decided before its due time: few, as a window opens a little before it."""
    return reader.find(OccurrenceRecord, ENDED, Where("due_at", ">=", now))


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLeft:
    """One due time that is to come, as the pauses that are declared have it."""

    first: FrozenTimes
    """As the plan says."""
    stands: Moved

    @property
    def opens_at(self) -> datetime:
        """From when it may be run."""
        return self.first.opens_at

    @property
    def due_at(self) -> datetime:
        """When it is due, after the pauses."""
        return self.stands.due_at

    @property
    def grace_ends_at(self) -> datetime:
        """From when it is overdue."""
        return self.stands.grace_ends_at

    @property
    def closes_at(self) -> datetime:
        """When it lapses."""
        return self.stands.closes_at


def dues_left(
    plant: Plant,
    check: Check,
    adopted_at: datetime,
    made: Iterable[OccurrenceRecord],
    *,
    pauses: PausesByLine,
    now: datetime,
) -> Iterator[DueLeft]:
    """Yield the due times of a check after now but for those of the given occurrences, decided or not: each is owed once (D8).

    What the pauses excuse is left out: nobody will be asked for it (D56).
    """
    of_check = [o for o in made if (o.line, o.check_id) == (check.line, check.id)]
    keys = {o.trigger_key for o in of_check}
    instants = {first_times(o).due_at for o in of_check if o.reason_code not in TAKEN_BACK}
    calendar = plant.calendars[check.line]
    for due in each_due_time(check.schedule, calendar, adopted_at, now, now + SEARCH):
        if due.due_at not in instants and trigger_key(due.trigger_key) not in keys:
            first = frozen_times(check, due)
            stands = moved(first, pauses.get(check.line, ()))
            if not stands.is_covered:
                yield DueLeft(first=first, stands=stands)


def still_due(
    plant: Plant,
    check: Check,
    adopted_at: datetime,
    known: Iterable[OccurrenceRecord],
    *,
    pauses: PausesByLine,
    now: datetime,
    count: int,
) -> list[OccurrenceRecord | DueLeft]:
    """Return what of a check is still to come, the next ones first: what is made as it stands, and what the plan says.

    `known` are occurrences that nobody decided, and those that were decided before they were due.
    """
    of_check = [o for o in known if (o.line, o.check_id) == (check.line, check.id)]
    left = dues_left(plant, check, adopted_at, of_check, pauses=pauses, now=now)
    ahead = [each for each in of_check if each.outcome is None and each.due_at > now]
    every: list[OccurrenceRecord | DueLeft] = [*ahead, *islice(left, count)]
    return sorted(every, key=lambda each: each.due_at)[:count]


def known_ahead(reader: Reader, now: datetime, *where: Where) -> tuple[OccurrenceRecord, ...]:
    """Return the occurrences by which `still_due` tells what is to come."""
    return (*undecided(reader, now, *where), *decided_ahead(reader, now))


def _not_made(reader: Reader, check: Check, dues: Sequence[DueTime]) -> list[DueTime]:
    """Return those due times that were not made under an earlier plan or calendar: never twice (D8).

    Neither is one that was made for the same instant by another rule, and that no change of the plan took back.
    """
    if not dues:
        return []
    keys = {due: trigger_key(due.trigger_key) for due in dues}
    # in this order: in another one SQLite would rather walk over all of the line than sort
    made = reader.find(
        OccurrenceRecord,
        equals("line", check.line),
        equals("check_id", check.id),
        Where("trigger_key", "in", tuple(keys.values())),
        order_by="trigger_key",
    )
    made_keys, taken = {each.trigger_key for each in made}, _taken(reader, check, dues)
    return [due for due, key in keys.items() if key not in made_keys and due.due_at not in taken]


def _taken(reader: Reader, check: Check, dues: Sequence[DueTime]) -> set[datetime]:
    """Return the instants from the first to the last due time for which a check has an occurrence already; there is an index by check and outcome."""
    instants = [due.due_at for due in dues]
    of_check = equals("check_id", check.id)
    between = (Where("due_at", ">=", min(instants)), Where("due_at", "<=", max(instants)))
    found = [
        each
        for outcome in (equals("outcome", None), ENDED)
        for each in reader.find(OccurrenceRecord, of_check, outcome, *between, order_by="due_at")
    ]
    return {
        each.due_at
        for each in found
        if each.line == check.line
        and each.first_due_at is None
        and each.reason_code not in TAKEN_BACK
    }
