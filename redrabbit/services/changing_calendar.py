"""Changing the calendar of a line: a holiday, a make-up day, overtime or a shutdown of its own, from now on, with a reason (D44, D55).

What was set is kept as facts; what they come to is a text of the configuration in force, `calendar_days.yaml`, which is adopted as any other
change of a calendar is (decision 49). So each configuration in the ledger says the whole calendar of then.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Final

from redrabbit.domain.calendar_acts import ChangeCalendar
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.calendar_change import (
    CalendarChanged,
    CalendarChangeTakenBack,
    CalendarDayKind,
)
from redrabbit.domain.identity import Actor, LineId
from redrabbit.domain.limits import fits_in_64_bits
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import CalendarChangeRecord
from redrabbit.domain.schedule_rules import WEEKDAYS
from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    Overtime,
    ShiftCalendar,
    clashes,
    plant_date,
    windows_on,
)
from redrabbit.services.planning import required_reason
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record

DAYS: Final = "calendar_days.yaml"
"""Name of the text of a configuration that says what people have set."""
FARTHEST: Final = 800
"""Days ahead: nobody plans further, and a year that is mistyped is no plan."""
LONGEST_SHUTDOWN: Final = 366


def change_calendar(
    uow: UnitOfWork, plant: Plant, act: ChangeCalendar, *, actor: Actor
) -> CalendarChangeRecord:
    """Set what a date is; refused for one that has passed, for what does not say enough, and for what can't be worked."""
    reason = required_reason(act.reason)
    calendar = plant.calendars.get(act.line)
    if calendar is None:
        raise Refusal("no_such_line", line=act.line)
    last = act.first_date if act.last_date is None else act.last_date
    _refuse_days(act.first_date, last, plant_date(plant.zone, uow.now))
    _refuse_unclear(act, last)
    if _stands(uow, act, last):
        raise Refusal("calendar_day_known", day=act.first_date)
    change_number = uow.count(CalendarChangeRecord, equals("line", act.line)) + 1
    if act.kind is CalendarDayKind.MAKE_UP_DAY:
        _refuse_make_up(calendar, act)
    if act.kind is CalendarDayKind.OVERTIME:
        _refuse_clash(calendar, act, overtime_name(change_number))
    changed = CalendarChanged(
        change_number=change_number,
        kind=act.kind,
        first_date=act.first_date,
        last_date=last,
        weekday=act.weekday,
        starts_at=act.starts_at,
        ends_at=act.ends_at,
        reason_text=reason,
    )
    record(uow, changed, stream=act.line, actor=actor)
    return recorded(uow, CalendarChangeRecord, act.line, change_number)


def take_back(
    uow: UnitOfWork, line: LineId, change_number: int, *, reason: str, actor: Actor
) -> CalendarChangeRecord:
    """Take a change back; refused where there is none, where it was, and where its days have passed."""
    reason = required_reason(reason)
    known = (
        uow.get(CalendarChangeRecord, line, change_number)
        if fits_in_64_bits(change_number)
        else None
    )
    if known is None:
        raise Refusal("no_such_calendar_change", line=line, change_number=change_number)
    if known.taken_back_at is not None:
        raise Refusal("calendar_change_taken_back", line=line, change_number=change_number)
    back = CalendarChangeTakenBack(change_number=change_number, reason_text=reason)
    record(uow, back, stream=line, actor=actor)
    return recorded(uow, CalendarChangeRecord, line, change_number)


def overtime_name(change_number: int) -> str:
    """Return the name of overtime in records: no two of a line's days have the same."""
    return f"overtime-{change_number}"


def _time_of(text: str | None) -> time | None:
    """Return a time of day such as `06:00`; None where it is none."""
    if text is None or re.fullmatch(r"[0-9]{2}:[0-9]{2}", text) is None:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def _refuse_days(first: date, last: date, today: date) -> None:
    if first < today:
        raise Refusal("calendar_day_passed", day=first)
    if last < first or (last - first).days >= LONGEST_SHUTDOWN:
        raise Refusal("calendar_days_unclear", first=first, last=last)
    if (last - today).days > FARTHEST:
        raise Refusal("calendar_day_too_far", day=last, days=FARTHEST)


def _refuse_unclear(act: ChangeCalendar, last: date) -> None:
    """Refuse what says too little or too much for its kind."""
    times = _time_of(act.starts_at) is not None and _time_of(act.ends_at) is not None
    none = act.starts_at is None and act.ends_at is None
    match act.kind:
        case CalendarDayKind.MAKE_UP_DAY:
            clear = act.weekday is not None and none and last == act.first_date
        case CalendarDayKind.OVERTIME:
            clear = times and act.weekday is None and last == act.first_date
        case CalendarDayKind.HOLIDAY:
            clear = none and act.weekday is None and last == act.first_date
        case CalendarDayKind.SHUTDOWN:
            clear = none and act.weekday is None
    if not clear or (act.weekday is not None and act.weekday not in range(len(WEEKDAYS))):
        raise Refusal("calendar_change_unclear", kind=act.kind.value)


def _stands(uow: UnitOfWork, act: ChangeCalendar, last: date) -> bool:
    return any(
        (each.kind, each.first_date, each.last_date) == (act.kind, act.first_date, last)
        for each in changes_of(uow, act.line)
        if act.kind is not CalendarDayKind.OVERTIME
    )


def _refuse_make_up(calendar: ShiftCalendar, act: ChangeCalendar) -> None:
    day = act.first_date
    if calendar.is_shut_down(day):
        raise Refusal("calendar_day_shut_down", day=day)
    if any(each.day == day for each in calendar.make_up_days):
        raise Refusal("calendar_day_known", day=day)
    weekday = 0 if act.weekday is None else act.weekday
    if not any(shift.starts_on(day, weekday) for shift in calendar.shifts):
        raise Refusal("calendar_nothing_worked", day=day)


def _refuse_clash(calendar: ShiftCalendar, act: ChangeCalendar, name: str) -> None:
    """Refuse overtime while a shift is on: two would be on at once."""
    starts, ends = _time_of(act.starts_at), _time_of(act.ends_at)
    if starts is None or ends is None:
        return
    extra = Overtime(day=act.first_date, name=name, starts_at=starts, ends_at=ends)
    with_it = ShiftCalendar(
        zone=calendar.zone,
        shifts=calendar.shifts,
        holidays=calendar.holidays,
        make_up_days=calendar.make_up_days,
        overtime=(*calendar.overtime, extra),
        shutdowns=calendar.shutdowns,
    )
    around = [windows_on(with_it, act.first_date + n * ONE_DAY) for n in (-1, 0, 1)]
    found = (*clashes(around[0], around[1]), *clashes(around[1], around[2]))
    for pair in found:
        others = [window for window in pair if window.name != name]
        if len(others) == 1:
            raise Refusal("calendar_shift_is_on", day=act.first_date, shift=others[0].name)


def changes_of(reader: Reader, line: str | None = None) -> Sequence[CalendarChangeRecord]:
    """Return the changes that count, of one line or of all, the first one first."""
    found = reader.find(CalendarChangeRecord, equals("taken_back_at", None))
    return sorted(
        (each for each in found if line in {None, each.line}),
        key=lambda each: (each.line, each.change_number),
    )


def all_changes(reader: Reader, line: str) -> Sequence[CalendarChangeRecord]:
    """Return every change of a line, also what was taken back, the last one first."""
    found = reader.find(CalendarChangeRecord, equals("line", line))
    return sorted(found, key=lambda each: each.change_number, reverse=True)


def calendar_days_text(changes: Iterable[CalendarChangeRecord]) -> str | None:
    """Return the text of a configuration that says what people have set; None where nothing counts."""
    lines: dict[str, dict[str, list[object]]] = {}
    for each in changes:
        key, said = _as_written(each)
        lines.setdefault(each.line, {}).setdefault(key, []).append(said)
    if not lines:
        return None
    told = [
        "# What people have set of the calendars; the database owns it.",
        "version: 1",
        "lines:",
    ]
    for line, keys in lines.items():
        told.append(f"  {line}:")
        for key, values in keys.items():
            told.append(f"    {key}:")
            told += [f"      - {_flow(value)}" for value in values]
    return "\n".join([*told, ""])


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {said}" for name, said in value.items()) + "}"
    return str(value)


def _as_written(change: CalendarChangeRecord) -> tuple[str, object]:
    """Return a change as the configuration has it: its key, and what stands there."""
    match change.kind:
        case CalendarDayKind.HOLIDAY:
            return "holidays", change.first_date
        case CalendarDayKind.SHUTDOWN:
            return "shutdowns", {"from": change.first_date, "to": change.last_date}
        case CalendarDayKind.MAKE_UP_DAY:
            weekday = WEEKDAYS[change.weekday or 0]
            return "make_up_days", {"day": change.first_date, "as": weekday}
        case CalendarDayKind.OVERTIME:
            return "overtime", {
                "day": change.first_date,
                "from": json.dumps(change.starts_at),
                "to": json.dumps(change.ends_at),
                "name": overtime_name(change.change_number),
            }
