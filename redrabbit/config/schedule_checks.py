"""What a check's schedule and its line's calendar must say together, and what is better said.

A rule that no ordinary week or year makes due is refused: nobody would miss a check that is never asked for. What
falls due outside of the line's shifts is only advised against: a plan file's words mean what they always meant.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.plan_file import PlannedCheck
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.domain.schedule import due_times, next_due
from redrabbit.domain.schedule_rules import (
    AfterEvent,
    BegunRule,
    Daily,
    EveryInterval,
    EveryParts,
    EveryShiftEnd,
    NotWorking,
    OnDemand,
    OneRule,
    ScheduleRule,
    ShiftRule,
    TimedRule,
    Weekly,
    needs_shifts,
    rules_of,
)
from redrabbit.domain.schedule_words import duration_text, schedule_text
from redrabbit.domain.shift_calendar import ShiftCalendar, shift_windows, works_at
from redrabbit.domain.station import Station

MONDAY: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""The beginning of a time without anything special: whether a rule is ever due is no matter of today."""
A_WEEK: Final = timedelta(weeks=1)
A_YEAR: Final = timedelta(days=366)


def check_schedule(
    check: PlannedCheck, line: str, calendar: ShiftCalendar | None, problems: Problems
) -> None:
    """Refuse a schedule that the calendar never makes due; advise where it is due while nobody works."""
    schedule: ScheduleRule | None = check.block["schedule"]
    if schedule is None or calendar is None:
        return
    place = check.block.place_of("schedule")
    ordinary = calendar.ordinary
    for rule in rules_of(schedule):
        if needs_shifts(rule) and not calendar.shifts:
            problems.add(
                place,
                sentence(
                    "{rule}, but line {line!r} has no shifts", rule=schedule_text(rule), line=line
                ),
                "a calendar with shifts, or another schedule",
            )
        elif _refuse_unknown_shifts(rule, calendar, place, problems):
            _refuse_never_due(rule, ordinary, place, problems)
            _advise(rule, line, ordinary, place, problems)
    _refuse_late_opening(check, schedule, problems)


def check_counts(check: PlannedCheck, station: Station, problems: Problems) -> None:
    """Refuse a schedule by parts at a station that counts none: nobody would miss it; advise where only people tell the first part."""
    schedule: ScheduleRule | None = check.block["schedule"]
    if schedule is None or station.part_counter is not None:
        return
    for rule in rules_of(schedule):
        if isinstance(rule, BegunRule) and not station.tells_running:
            problems.advise(
                check.block.place_of("schedule"),
                sentence(
                    "{rule}, but nothing at station {station!r} tells that it makes parts: somebody taps it once a shift",
                    rule=schedule_text(rule),
                    station=station.id,
                ),
                "part_counter, running, or an event `line running` in the file of the station",
            )
        if not isinstance(rule, EveryParts):
            continue
        problems.add(
            check.block.place_of("schedule"),
            sentence(
                "{rule}, but station {station!r} counts no parts",
                rule=schedule_text(rule),
                station=station.id,
            ),
            "part_counter in the file of the station, or another schedule",
        )


def _refuse_unknown_shifts(
    rule: OneRule, calendar: ShiftCalendar, place: SourcePosition, problems: Problems
) -> bool:
    """Return whether every shift that a rule leaves out is there."""
    known = {shift.name: shift for shift in calendar.shifts}
    left_out = rule.left_out if isinstance(rule, ShiftRule | BegunRule) else ()
    for name in left_out:
        problems.refuse_unknown("shift", name, place, known)
    return all(name in known for name in left_out)


def _refuse_never_due(
    rule: OneRule, ordinary: ShiftCalendar, place: SourcePosition, problems: Problems
) -> None:
    if isinstance(rule, AfterEvent | EveryParts | BegunRule | OnDemand | EveryInterval):
        return
    if next_due(rule, ordinary, MONDAY, MONDAY) is None:
        problems.add(
            place,
            sentence("`{rule}` never falls due in these shifts", rule=schedule_text(rule)),
            "a schedule that the line's calendar makes due",
        )


def _refuse_late_opening(check: PlannedCheck, schedule: ScheduleRule, problems: Problems) -> None:
    """Refuse a check at a shift's end that may not be made before it: then nobody is there."""
    opens: timedelta | None = check.block["opens_before"]
    if opens == timedelta() and any(isinstance(r, EveryShiftEnd) for r in rules_of(schedule)):
        problems.add(
            check.block.place_of("opens_before"),
            sentence("every shift end, but it opens when the shift is over"),
            "opens_before longer than nothing: the check is made before the shift ends",
        )


def _advise(
    rule: OneRule,
    line: str,
    ordinary: ShiftCalendar,
    place: SourcePosition,
    problems: Problems,
) -> None:
    if not ordinary.shifts:
        return
    words = schedule_text(rule)
    if isinstance(rule, EveryInterval) and next(_idle_moments(ordinary), None) is not None:
        length = duration_text(timedelta(seconds=rule.interval_s))
        problems.advise(
            place,
            sentence(
                "`{rule}` is due day and night, also while line {line!r} does not work",
                rule=words,
                line=line,
            ),
            sentence("`every {length} of work` for the line's working time", length=length),
        )
    if isinstance(rule, TimedRule) and rule.when_not_working is NotWorking.DUE:
        period = A_WEEK if isinstance(rule, Daily | Weekly) else A_YEAR
        dues = due_times(rule, ordinary, MONDAY, MONDAY, MONDAY + period)
        if any(not works_at(ordinary, due.due_at) for due in dues):
            problems.advise(
                place,
                sentence(
                    "`{rule}` is due also on days on which line {line!r} does not work then",
                    rule=words,
                    line=line,
                ),
                sentence("`{rule} if working` or `{rule} else next shift start`", rule=words),
            )


def _idle_moments(ordinary: ShiftCalendar) -> Iterator[datetime]:
    """Yield when, in an ordinary week, no shift is on any more."""
    windows = shift_windows(ordinary, MONDAY, MONDAY + A_WEEK)
    if not windows:
        yield MONDAY
    for window in windows:
        if not works_at(ordinary, window.ends_at):
            yield window.ends_at
