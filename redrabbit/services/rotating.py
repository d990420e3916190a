"""Which failure modes a run of a rotating check owes, and which were not shown in their time, from the records."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.consequences import next_id
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import (
    OccurrenceMade,
    OccurrenceOutcome,
    mode_key,
    mode_of_key,
)
from redrabbit.domain.identity import SCHEDULER, FailureMode, OccurrenceId, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals, latest
from redrabbit.domain.records import (
    CheckRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.rotation import (
    ModeTurns,
    lapses,
    mode_key_time,
    owed_modes,
    since_turn,
    turns_of,
)
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.shift_calendar import ShiftWindow
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.unmade import adopted_checks

_SHOWN: Final = (Verdict.DETECTED, Verdict.MISSED)
"""The device was asked, and answered or did not."""
_A_DAY: Final = timedelta(days=1)


def owed_parts(reader: Reader, plant: Plant, check: Check, now: datetime) -> tuple[PartId, ...]:
    """Return the parts that a run of a check begun now owes, in the plan's order: those of the modes whose turn it is, and the good masters."""
    if check.rotation is None:
        return check.parts
    owed = owed_modes(mode_turns(reader, plant, check, now), check.rotation)
    wanted = {None, *owed}
    return tuple(part for part in check.parts if plant.part(part).failure_mode in wanted)


def modes_of(plant: Plant, check: Check) -> tuple[FailureMode, ...]:
    """Return the failure modes that the parts of a check show, in the plan's order, each once."""
    shown = (plant.part(part).failure_mode for part in check.parts)
    return tuple(dict.fromkeys(mode for mode in shown if mode is not None))


def mode_turns(reader: Reader, plant: Plant, check: Check, now: datetime) -> tuple[ModeTurns, ...]:
    """Return how each failure mode of a check stands; none, where it is not adopted."""
    known = reader.get(CheckRecord, check.line, check.id)
    if known is None:
        return ()
    calendar = plant.calendars[check.line]
    shown = {mode: _shown(reader, check, mode) for mode in modes_of(plant, check)}
    lapsed = {mode: _lapsed(reader, check, mode) for mode in shown}
    since = {
        mode: max([known.adopted_at, *_counted_from(reader, last, lapsed[mode])])
        for mode, last in shown.items()
    }
    turns = _turns(reader, plant, check, min(since.values(), default=now), now)
    return tuple(
        ModeTurns(
            mode=mode,
            shown_at=_shown_at(last),
            has_lapsed=_is_newer(lapsed[mode], last),
            turns=since_turn(turns, calendar, since[mode]),
        )
        for mode, last in shown.items()
    )


def make_lapses(uow: UnitOfWork, plant: Plant) -> bool:
    """Make what each failure mode that was not shown in its time owes, to lapse at once; return whether there was any."""
    found = False
    for check, _known in adopted_checks(uow, plant):
        if check.rotation is None:
            continue
        for state in mode_turns(uow, plant, check, uow.now):
            for first, last in lapses(state, check.rotation):
                _make(uow, plant, check, state.mode, (first, last))
                found = True
    return found


def _make(
    uow: UnitOfWork,
    plant: Plant,
    check: Check,
    mode: FailureMode,
    span: tuple[ShiftWindow, ShiftWindow],
) -> None:
    first, last = span
    made = OccurrenceMade(
        occurrence_id=OccurrenceId(next_id(uow, OccurrenceRecord, check.line)),
        check_id=check.id,
        trigger_key=mode_key(mode, mode_key_time(last)),
        line=check.line,
        station=check.station,
        device=check.device,
        plan=plant.plan_reference(check),
        names=plant.place_names(check.station, check.device),
        variant=None,
        nest=None,
        opens_at=first.begins_at,
        due_at=last.begins_at,
        grace_ends_at=last.ends_at,
        closes_at=last.ends_at,
    )
    record(uow, made, stream=check.line, actor=SCHEDULER)


def _shown(reader: Reader, check: Check, mode: FailureMode) -> PresentationRecord | None:
    """Return the presentation by which a mode was shown to the device of a check last, and that counts."""
    found = [
        latest(
            reader,
            PresentationRecord,
            equals("device", check.device),
            equals("failure_mode", mode),
            equals("verdict", verdict),
            equals("decides", value=True),
            equals("not_counted", None),
            by="issued_entry",
        )
        for verdict in _SHOWN
    ]
    there = [each for each in found if each is not None]
    return max(there, key=lambda each: each.issued_entry, default=None)


def _lapsed(reader: Reader, check: Check, mode: FailureMode) -> OccurrenceRecord | None:
    """Return the last lapse of a mode that was not shown in its time; None: there was none."""
    found = reader.find(
        OccurrenceRecord,
        equals("line", check.line),
        equals("check_id", check.id),
        Where("trigger_key", ">=", mode_key(mode, "")),
        Where("trigger_key", "<", mode_key(mode, "~")),
        order_by="trigger_key",
        descending=True,
        limit=1,
    )
    return next(iter(found), None)


def _counted_from(
    reader: Reader, shown: PresentationRecord | None, lapsed: OccurrenceRecord | None
) -> Iterator[datetime]:
    """Yield the instants in whose shifts a mode was shown, or lapsed, last: after the later one its turns count."""
    if lapsed is not None:
        yield lapsed.first_due_at or lapsed.due_at
    if shown is not None:
        yield _shown_for(reader, shown)


def _is_newer(lapsed: OccurrenceRecord | None, shown: PresentationRecord | None) -> bool:
    """Tell whether a mode has lapsed, and was not shown since."""
    at = _shown_at(shown)
    return lapsed is not None and (at is None or lapsed.made_at > at)


def _shown_at(shown: PresentationRecord | None) -> datetime | None:
    return None if shown is None else shown.presented_at or shown.issued_at


def _shown_for(reader: Reader, shown: PresentationRecord) -> datetime:
    """Return the due time that a showing served, which may be before or after it; else when it was shown."""
    run = reader.get(RunRecord, shown.run_id)
    served = (
        None
        if run is None or run.occurrence_id is None
        else reader.get(OccurrenceRecord, run.occurrence_id)
    )
    if served is not None:
        return served.first_due_at or served.due_at
    return shown.presented_at or shown.issued_at


def _turns(
    reader: Reader, plant: Plant, check: Check, since: datetime, now: datetime
) -> tuple[ShiftWindow, ...]:
    ended = tuple(outcome.value for outcome in OccurrenceOutcome)
    of_check, due = equals("check_id", check.id), Where("due_at", ">=", since - _A_DAY)
    decided = reader.find(OccurrenceRecord, of_check, Where("outcome", "in", ended), due)
    waiting = reader.find(OccurrenceRecord, of_check, equals("outcome", None), due)
    own = [each for each in (*decided, *waiting) if each.line == check.line]
    scheduled = [each for each in own if mode_of_key(each.trigger_key) is None]
    return turns_of(scheduled, plant.calendars[check.line], now)
