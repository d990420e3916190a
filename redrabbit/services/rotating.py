"""Which failure modes a run of a rotating check owes, and which were not shown in their time, from the records."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from redrabbit.domain.clock_doubts import is_in_doubt, open_doubts
from redrabbit.domain.consequences import next_id
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import (
    OccurrenceMade,
    OccurrenceOutcome,
    mode_key,
    mode_of_key,
)
from redrabbit.domain.facts.plant import InForceKind
from redrabbit.domain.identity import SCHEDULER, CheckId, FailureMode, OccurrenceId, PartId
from redrabbit.domain.ledger import canonical_text
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals, recorded
from redrabbit.domain.records import (
    CheckRecord,
    InForceRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.rotation import (
    ModeTurns,
    lapses,
    mode_key_time,
    next_end,
    owed_modes,
    shift_of,
    since_turn,
    turns_of,
)
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.shift_calendar import ShiftCalendar, ShiftWindow
from redrabbit.services.lapsing import lapse
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.unmade import adopted_checks

_SHOWN: Final = (Verdict.DETECTED, Verdict.MISSED)
"""The device was asked, and answered or did not."""
_A_DAY: Final = timedelta(days=1)
_SAY_WHAT_IS_SHOWN: Final = (InForceKind.PLAN, InForceKind.PLANT)
LOOKED_BACK: Final = 50
"""Of what was shown, and of what was in force, at most: what is farther back is not asked for."""


def owed_parts(reader: Reader, plant: Plant, check: Check, now: datetime) -> tuple[PartId, ...]:
    """Return the parts that a run of a check begun now owes, in the plan's order: those of the modes whose turn it is, and the good masters."""
    if check.rotation is None:
        return check.parts
    turns = mode_turns(reader, plant, check, now, by_checks_alone=True)
    owed = owed_modes(turns, check.rotation)
    wanted = {None, *owed}
    return tuple(part for part in check.parts if plant.part(part).failure_mode in wanted)


def modes_of(plant: Plant, check: Check) -> tuple[FailureMode, ...]:
    """Return the failure modes that the parts of a check show, in the plan's order, each once."""
    shown = (plant.part(part).failure_mode for part in check.parts)
    return tuple(dict.fromkeys(mode for mode in shown if mode is not None))


def mode_turns(
    reader: Reader, plant: Plant, check: Check, now: datetime, *, by_checks_alone: bool
) -> tuple[ModeTurns, ...]:
    """Return how each failure mode of a check stands; none, where it is not adopted.

    A mode was shown for the scheduled checks that were made; unless by these alone, in the shifts in which it was shown, too.
    """
    known = reader.get(CheckRecord, check.line, check.id)
    if known is None:
        return ()
    calendar = plant.calendars[check.line]
    counted_from = max(known.adopted_at, _since_as_now(reader, now))
    shown = {mode: _shown(reader, check, mode) for mode in modes_of(plant, check)}
    lapsed = {mode: _lapsed(reader, check, mode) for mode in shown}
    since = {
        mode: max(
            [
                counted_from,
                *_counted_from(
                    reader, calendar, found, lapsed[mode], by_checks_alone=by_checks_alone
                ),
            ]
        )
        for mode, found in shown.items()
    }
    turns = _turns(reader, plant, check, min(since.values(), default=now), now)
    return tuple(
        ModeTurns(
            mode=mode,
            shown_at=_shown_at(found),
            has_lapsed=_is_newer(lapsed[mode], found),
            turns=since_turn(turns, calendar, since[mode]),
        )
        for mode, found in shown.items()
    )


def next_turn_end(plant: Plant, check: Check, now: datetime) -> datetime | None:
    """Return when the next turn of a check may end, and modes lapse; None: its modes take no turns, or no shift comes."""
    return None if check.rotation is None else next_end(plant.calendars[check.line], now)


def make_lapses(
    uow: UnitOfWork, plant: Plant, most: int, *, only: CheckId | None = None
) -> datetime | None:
    """Make what failure modes that were not shown in their time owe, and let it lapse in the same act: so many at most.

    So nothing can put it off, and no run can take it. Of one check only where it is named. Returns when the first that is left
    was to be shown; None: none is left.
    """
    owed = _owed_lapses(uow, plant, only)
    for check, mode, span in islice(owed, most):
        _make(uow, plant, check, mode, span)
    left = next(owed, None)
    return None if left is None else left[2][1].begins_at


def _owed_lapses(
    uow: UnitOfWork, plant: Plant, only: CheckId | None
) -> Iterator[tuple[Check, FailureMode, tuple[ShiftWindow, ShiftWindow]]]:
    """Yield the spans in which modes were not shown; what only one of two clocks knows waits."""
    if all(check.rotation is None for check in plant.plan.checks if only in {None, check.id}):
        return
    doubts = open_doubts(uow)
    for check, _known in adopted_checks(uow, plant, only):
        if check.rotation is None:
            continue
        for state in mode_turns(uow, plant, check, uow.now, by_checks_alone=False):
            for span in lapses(state, check.rotation):
                if is_in_doubt(doubts, span[1].ends_at):
                    break
                yield check, state.mode, span


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
    lapse(uow, recorded(uow, OccurrenceRecord, made.occurrence_id))


def _since_as_now(reader: Reader, now: datetime) -> datetime:
    """Return since when the plan and the plant file, which says what each part shows, are as they are now.

    Before that another rotation may have been in force, or other parts: what it asked for can't be told, so nothing lapses for it.
    """
    latest_first = reader.find(InForceRecord, order_by="entry", descending=True, limit=LOOKED_BACK)
    since, said = now, None
    for each in latest_first:
        says = [item for item in json.loads(each.items) if item["kind"] in _SAY_WHAT_IS_SHOWN]
        if said not in {None, canonical_text(says)}:
            break
        since, said = each.since_at, canonical_text(says)
    return since


def _shown(reader: Reader, check: Check, mode: FailureMode) -> list[PresentationRecord]:
    """Return the presentations by which a mode was shown to the device of a check, and that count: the newest first, and so many before it as may have been made ahead.

    What was made ahead is of a later shift than what is made up for after it.
    """
    ahead = max(_A_DAY, check.opens_before)
    found = [
        each
        for verdict in _SHOWN
        for each in reader.find(
            PresentationRecord,
            equals("device", check.device),
            equals("failure_mode", mode),
            equals("verdict", verdict),
            equals("decides", value=True),
            equals("not_counted", None),
            order_by="issued_entry",
            descending=True,
            limit=LOOKED_BACK,
        )
    ]
    found.sort(key=lambda each: each.issued_entry, reverse=True)
    return [each for each in found if each.issued_at > found[0].issued_at - ahead]


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
    reader: Reader,
    calendar: ShiftCalendar,
    shown: Sequence[PresentationRecord],
    lapsed: OccurrenceRecord | None,
    *,
    by_checks_alone: bool,
) -> Iterator[datetime]:
    """Yield the begins of the shifts in which a mode was shown, or lapsed: after the last one its turns count."""
    if lapsed is not None:
        yield lapsed.first_due_at or lapsed.due_at
    for each in shown:
        served = _served(reader, each)
        if served is not None:
            due_at = served.first_due_at or served.due_at
            yield _begin(calendar, due_at, served.trigger_key)
        if served is None or not by_checks_alone:
            yield _begin(calendar, each.presented_at or each.issued_at)


def _served(reader: Reader, shown: PresentationRecord) -> OccurrenceRecord | None:
    """Return the scheduled check that the run of a presentation served; None: it served none."""
    run = reader.get(RunRecord, shown.run_id)
    if run is None or run.occurrence_id is None:
        return None
    return reader.get(OccurrenceRecord, run.occurrence_id)


def _begin(calendar: ShiftCalendar, at: datetime, trigger_key: str = "") -> datetime:
    shift = shift_of(calendar, at, trigger_key)
    return at if shift is None else shift.begins_at


def _is_newer(lapsed: OccurrenceRecord | None, shown: Sequence[PresentationRecord]) -> bool:
    """Tell whether a mode has lapsed, and was not shown since."""
    at = _shown_at(shown)
    return lapsed is not None and (at is None or lapsed.made_at > at)


def _shown_at(shown: Sequence[PresentationRecord]) -> datetime | None:
    return shown[0].presented_at or shown[0].issued_at if shown else None


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
