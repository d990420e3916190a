"""A shift makes parts: what its first part makes due, from whichever source that is known (D42).

A counter, a running signal, a message or a person's tap: the first that tells makes it due, and the others find it made. One
shift has one scheduled check of each check that asks for it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceDecided,
    OccurrenceOutcome,
    shift_key,
)
from redrabbit.domain.identity import AGENT, OccurrenceId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals, latest, recorded
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.schedule import DueTime
from redrabbit.domain.schedule_rules import WithinRunning, begun_rule
from redrabbit.domain.shift_calendar import ShiftWindow
from redrabbit.domain.shift_production import shift_at
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.scheduling import make
from redrabbit.services.unmade import is_in_force


def checks_by_first_part(plant: Plant, line: str, station: str | None) -> Iterator[Check]:
    """Yield the checks at a station that the first part of a shift makes due; `station` None: of the whole line."""
    for check in plant.plan.checks:
        here = check.line == line and station in {None, check.station}
        if here and begun_rule(check.schedule) is not None:
            yield check


def owes(reader: Reader, check: Check, shift: ShiftWindow, since: datetime) -> bool:
    """Tell whether a check that was in force at an instant is due in a shift, and nothing is made for it yet."""
    rule = begun_rule(check.schedule)
    if rule is None or shift.name in rule.left_out or not is_in_force(reader, check, since):
        return False
    return not is_made(reader, check, shift)


def is_made(reader: Reader, check: Check, shift: ShiftWindow) -> bool:
    """Tell whether it is known of a shift that it makes parts, or made none, and so a scheduled check is made for it."""
    key = equals("trigger_key", shift_key(shift.plant_date, shift.name))
    of_check = (equals("line", check.line), equals("check_id", check.id))
    return bool(reader.find(OccurrenceRecord, *of_check, key, limit=1))


def begin(uow: UnitOfWork, plant: Plant, *, line: str, station: str | None, at: datetime) -> None:
    """Make due what the first part makes due in the shift that is on at an instant; nothing, where nobody works then."""
    checks = tuple(checks_by_first_part(plant, line, station))
    shift = shift_at(plant.calendars[checks[0].line], at) if checks else None
    if shift is None:
        return
    for check in checks:
        if owes(uow, check, shift, at):
            begin_check(uow, plant, check, shift, at)


def begin_check(
    uow: UnitOfWork, plant: Plant, check: Check, shift: ShiftWindow, at: datetime
) -> None:
    """The shift makes parts: a check is due, and passed where it was made before."""
    rule = begun_rule(check.schedule)
    later = timedelta(minutes=rule.minutes if isinstance(rule, WithinRunning) else 0)
    made = made_for(uow, plant, check, shift, due_at=at + later, opens_at=at)
    pass_by_earlier(uow, check, shift, made, at)


def made_for(
    uow: UnitOfWork,
    plant: Plant,
    check: Check,
    shift: ShiftWindow,
    *,
    due_at: datetime,
    opens_at: datetime,
) -> OccurrenceId:
    """Make the scheduled check of a shift, and return its number."""
    due = DueTime(due_at=due_at, trigger_key=shift_key(shift.plant_date, shift.name))
    return make(uow, plant, check, due, opens_at=opens_at)


def pass_by_earlier(
    uow: UnitOfWork, check: Check, shift: ShiftWindow, made: OccurrenceId, at: datetime
) -> None:
    """Pass it by a good check that was made for this shift before its first part."""
    good = latest(
        uow,
        RunRecord,
        equals("check_id", check.id),
        equals("outcome", Outcome.PASSED),
        equals("not_counted", None),
        Where("started_at", ">=", shift.begins_at - check.opens_before),
        Where("ended_at", "<=", at),
        by="started_at",
    )
    if good is not None:
        _decide(uow, made, OccurrenceOutcome.PASSED, None, at, run=good)


def excuse_not_producing(uow: UnitOfWork, made: OccurrenceId, at: datetime) -> None:
    """Excuse it: its shift is proved to have made nothing."""
    _decide(uow, made, OccurrenceOutcome.EXCUSED, DecisionCode.NOT_PRODUCING, at)


def _decide(
    uow: UnitOfWork,
    made: OccurrenceId,
    outcome: OccurrenceOutcome,
    code: DecisionCode | None,
    at: datetime,
    *,
    run: RunRecord | None = None,
) -> None:
    occurrence = recorded(uow, OccurrenceRecord, made)
    run_id = run.run_id if run is not None else None
    decided = OccurrenceDecided.of(occurrence, outcome, code, run_id=run_id)
    record(uow, decided, stream=occurrence.line, actor=AGENT, at=at)
