"""Shift calendars as configuration files say them: shifts with their breaks and patterns, and the dates that are not as their day of the week."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Choice,
    Entry,
    Key,
    ListOf,
    Located,
    MapOf,
    Section,
    Whole,
)
from redrabbit.config.file_version import VERSION
from redrabbit.config.located_yaml import Node
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.spellings import DATE, SLUG, TIME_OF_DAY
from redrabbit.domain.schedule_rules import WEEKDAYS
from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    Break,
    MakeUpDay,
    Overtime,
    Pattern,
    Shift,
    ShiftCalendar,
    Shutdown,
    clashes,
    overlaps,
    windows_on,
)

OVERTIME: Final = "overtime"
MOST_DAYS: Final = 28
"""Days on, or off, of a pattern."""
MOST_SHUT: Final = 366
_WEEKDAY: Final = Choice({day: number for number, day in enumerate(WEEKDAYS)})

BREAK: Final = Section(
    {
        "from": Key(TIME_OF_DAY, "When it begins, plant-local."),
        "to": Key(TIME_OF_DAY, "When it ends."),
    },
    "{from: …, to: …}",
)
PATTERN: Final = Section(
    {
        "begins": Key(DATE, "The first day on of any round."),
        "on": Key(Whole(1, MOST_DAYS), "Days on which the shift begins."),
        "off": Key(Whole(1, MOST_DAYS), "Days on which it does not; then the next round."),
    },
    "{begins: …, on: 4, off: 2}",
)
SHIFT: Final = Section(
    {
        "from": Key(TIME_OF_DAY, "When it begins, plant-local."),
        "to": Key(TIME_OF_DAY, "When it ends; at or before `from`: on the next day."),
        "days": Key(ListOf(_WEEKDAY, at_least=1), "The days on which it begins.", required=False),
        "pattern": Key(
            PATTERN, "Days on and off, in the place of days of the week.", required=False
        ),
        "breaks": Key(
            ListOf(BREAK),
            "When nobody works in it; intervals of work do not count them.",
            required=False,
            default=(),
        ),
        "label": Key(Bilingual(), "Its words for people.", required=False),
    },
    "{from: …, to: …, days: […]}",
)
MAKE_UP_DAY: Final = Section(
    {
        "day": Key(DATE, "The date that is worked."),
        "as": Key(_WEEKDAY, "As which day of the week it is worked."),
    },
    "{day: …, as: fri}",
)
EXTRA: Final = Section(
    {
        "day": Key(DATE, "The date on which it begins."),
        "from": Key(TIME_OF_DAY, "When it begins, plant-local."),
        "to": Key(TIME_OF_DAY, "When it ends; at or before `from`: on the next day."),
        "name": Key(SLUG, "Its name in records.", required=False, default=OVERTIME),
    },
    "{day: …, from: …, to: …}",
)
SHUTDOWN: Final = Section(
    {
        "from": Key(DATE, "The first date on which no shift begins."),
        "to": Key(DATE, "The last one."),
    },
    "{from: …, to: …}",
)
SPECIAL_DAYS: Final[Mapping[str, Key]] = {
    "holidays": Key(ListOf(DATE), "Dates on which no shift begins.", required=False, default=()),
    "make_up_days": Key(
        ListOf(MAKE_UP_DAY),
        "Dates that are worked as another day of the week: a Saturday for a holiday.",
        required=False,
        default=(),
    ),
    "overtime": Key(
        ListOf(EXTRA), "Work on one date beside its shifts.", required=False, default=()
    ),
    "shutdowns": Key(
        ListOf(SHUTDOWN), "Rows of dates on which no shift begins.", required=False, default=()
    ),
}
CALENDAR: Final = Section(
    {
        "shifts": Key(MapOf(SLUG, SHIFT), "The shifts by name; the names go into records."),
        **SPECIAL_DAYS,
    },
    "{shifts: …, holidays: […]}",
)
CALENDAR_DAYS: Final = Section(
    {
        "version": VERSION,
        "lines": Key(
            MapOf(SLUG, Section(SPECIAL_DAYS, "a line's special days")),
            "What people have set of the calendars, by line.",
        ),
    }
)


def shift_names(calendars: tuple[Entry[Block], ...] | None) -> frozenset[str]:
    """Return the names of all shifts, overtime among them."""
    read = [entry.value for entry in calendars or () if entry.value is not None]
    return frozenset(
        [shift.key for calendar in read for shift in calendar["shifts"] or ()]
        + [extra.value["name"] for calendar in read for extra in calendar["overtime"] or ()]
    )


def read_calendar(
    block: Block | None, zone: ZoneInfo | None, problems: Problems
) -> ShiftCalendar | None:
    """Return a calendar, after noting what is wrong with it; None where it can't be told."""
    if block is None:
        return None
    before = len(problems.found)
    entries: tuple[Entry[Block], ...] = block["shifts"] or ()
    shifts = [shift for entry in entries if (shift := _shift(entry, problems)) is not None]
    calendar = ShiftCalendar(zone=zone or ZoneInfo("UTC"), shifts=tuple(shifts))
    _refuse_overlaps(calendar, {entry.key: entry.place for entry in entries}, problems)
    found = with_days(calendar, block, problems)
    sound = block.complete and len(problems.found) == before
    return found if sound and zone is not None else None


def read_calendar_days(
    root: Node, calendars: Mapping[str, ShiftCalendar | None], problems: Problems
) -> dict[str, ShiftCalendar | None]:
    """Return the calendars of lines with what people have set of them; it was judged when they did, and is refused for nothing now."""
    block = CALENDAR_DAYS.read(root, problems)
    found = dict(calendars)
    entries: tuple[Entry[Block], ...] = () if block is None else block["lines"] or ()
    for entry in entries:
        calendar = found.get(entry.key)
        if calendar is not None and entry.value is not None:
            found[entry.key] = _with_days(calendar, entry.value)
    return found


def with_days(calendar: ShiftCalendar, block: Block, problems: Problems) -> ShiftCalendar:
    """Return a calendar with what a block says of its dates, after noting what is wrong with them."""
    make_up = [each for each in block["make_up_days"] or () if each.value.complete]
    extra = [each for each in block["overtime"] or () if each.value.complete]
    shut = [each for each in block["shutdowns"] or () if each.value.complete]
    found = _with_days(calendar, block)
    _refuse_shutdowns(shut, problems)
    _refuse_make_up(found, make_up, problems)
    days = [(each.value["day"], each.place) for each in (*make_up, *extra)]
    _refuse_clashes(found, days, problems)
    return found


def _with_days(calendar: ShiftCalendar, block: Block) -> ShiftCalendar:
    """Return a calendar with what a block says of its dates, beside what the calendar has already."""
    make_up = [each for each in block["make_up_days"] or () if each.value.complete]
    extra = [each for each in block["overtime"] or () if each.value.complete]
    shut = [each for each in block["shutdowns"] or () if each.value.complete]
    return ShiftCalendar(
        zone=calendar.zone,
        shifts=calendar.shifts,
        holidays=calendar.holidays | {day.value for day in block["holidays"] or ()},
        make_up_days=(
            *calendar.make_up_days,
            *(MakeUpDay(day=e.value["day"], weekday=e.value["as"]) for e in make_up),
        ),
        overtime=(*calendar.overtime, *(_overtime(each.value) for each in extra)),
        shutdowns=(
            *calendar.shutdowns,
            *(Shutdown(first=e.value["from"], last=e.value["to"]) for e in shut),
        ),
    )


def _overtime(block: Block) -> Overtime:
    return Overtime(
        day=block["day"], name=block["name"], starts_at=block["from"], ends_at=block["to"]
    )


def _shift(entry: Entry[Block], problems: Problems) -> Shift | None:
    block = entry.value
    if block is None or not block.complete:
        return None
    pattern: Block | None = block["pattern"]
    if (block["days"] is None) == (pattern is None):
        found = (
            sentence("neither days nor a pattern")
            if pattern is None
            else sentence("days and a pattern")
        )
        problems.add(block.place, found, sentence("either days or a pattern"))
        return None
    return Shift(
        name=entry.key,
        weekdays=tuple(sorted({day.value for day in block["days"] or ()})),
        starts_at=block["from"],
        ends_at=block["to"],
        label=block["label"],
        pattern=None
        if pattern is None
        else Pattern(begins=pattern["begins"], on=pattern["on"], off=pattern["off"]),
        breaks=tuple(_breaks(block, problems)),
    )


def _breaks(shift: Block, problems: Problems) -> Iterator[Break]:
    """Yield the breaks in their order; refuse one that does not lie within the shift, or overlaps another."""
    length = _since(shift["from"], shift["to"]) or ONE_DAY
    found = []
    for each in shift["breaks"] or ():
        if each.value.complete:
            starts, ends = each.value["from"], each.value["to"]
            begins = _since(shift["from"], starts)
            found.append((begins, begins + (_since(starts, ends) or ONE_DAY), each, starts, ends))
    until = timedelta()
    for begins, is_over, each, starts, ends in sorted(found, key=lambda one: one[:2]):
        if is_over > length or (begins, is_over) == (timedelta(), length):
            problems.add(
                each.place,
                sentence(
                    "the break from {begins} to {ends}",
                    begins=f"{starts:%H:%M}",
                    ends=f"{ends:%H:%M}",
                ),
                sentence("a break that lies within its shift"),
            )
        elif begins < until:
            problems.add(
                each.place,
                sentence("the break at {begins} begins in another break", begins=f"{starts:%H:%M}"),
                sentence("breaks that do not overlap"),
            )
        else:
            yield Break(starts_at=starts, ends_at=ends)
        until = max(until, is_over)


def _since(earlier: time, later: time) -> timedelta:
    """Return how long after one time of day the other comes, by the wall's clock."""
    return (_of_day(later) - _of_day(earlier)) % ONE_DAY


def _of_day(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _refuse_overlaps(
    calendar: ShiftCalendar, places: dict[str, SourcePosition], problems: Problems
) -> None:
    days: dict[tuple[str, str], list[str]] = {}
    for overlap in overlaps(calendar):
        days.setdefault((overlap.first, overlap.second), []).append(WEEKDAYS[overlap.weekday])
    for (first, second), on in days.items():
        problems.add(
            places[second],
            sentence(
                "shift {second!r} begins on {on} while {first!r} is still on",
                second=second,
                on=", ".join(on),
                first=first,
            ),
            "shifts that do not overlap",
            sentence("{first!r} stands at {places}", first=first, places=places[first]),
        )


def _refuse_shutdowns(shut: Iterable[Located[Block]], problems: Problems) -> None:
    for each in shut:
        first, last = each.value["from"], each.value["to"]
        if last < first or (last - first).days >= MOST_SHUT:
            problems.add(
                each.place,
                sentence("a shutdown from {first} to {last}", first=first, last=last),
                sentence("a last date that is not before the first, and a year at most"),
            )


def _refuse_make_up(
    calendar: ShiftCalendar, make_up: Iterable[Located[Block]], problems: Problems
) -> None:
    days = [each.day for each in calendar.make_up_days]
    for each in make_up:
        day: date = each.value["day"]
        refused: Sentence | None = None
        if days.count(day) > 1:
            refused = sentence("{day} is a make-up day twice", day=day)
            expected = sentence("each date once")
        elif calendar.is_shut_down(day):
            refused = sentence("the make-up day {day} lies in a shutdown", day=day)
            expected = sentence("a date that is worked; take it out of the shutdown")
        elif not any(shift.starts_on(day, each.value["as"]) for shift in calendar.shifts):
            refused = sentence(
                "no shift begins on {weekday}, so none on the make-up day {day}",
                weekday=WEEKDAYS[each.value["as"]],
                day=day,
            )
            expected = sentence("a day of the week that is worked")
        if refused is not None:
            problems.add(each.place, refused, expected)


def _refuse_clashes(
    calendar: ShiftCalendar, days: Iterable[tuple[date, SourcePosition]], problems: Problems
) -> None:
    """Refuse a special date whose shifts overlap others, or have the name of one of the same date."""
    for day, place in days:
        if not date.min + ONE_DAY < day < date.max - ONE_DAY:
            continue
        around = [windows_on(calendar, day + each * ONE_DAY) for each in (-1, 0, 1)]
        found = [
            *clashes(around[0], around[1]),
            *clashes(around[1], around[2]),
        ]
        for first, second in found:
            if day in {first.plant_date, second.plant_date}:
                problems.add(
                    place,
                    sentence(
                        "{second!r} begins on {day} while {first!r} is still on",
                        second=second.name,
                        day=second.plant_date,
                        first=first.name,
                    ),
                    "shifts that do not overlap",
                )
        names = [window.name for window in around[1]]
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.add(
                place,
                sentence("two shifts {name!r} on {day}", name=name, day=day),
                sentence("names of their own: records tell shifts of a date apart by them"),
            )
