"""A calendar that changes: nothing is owed from before the change, nothing after it is passed over (D41, D55; findings K1)."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.control_plan import Check
from redrabbit.domain.occurrence import trigger_key
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.domain.schedule import (
    Daily,
    EveryInterval,
    EveryShiftStart,
    ScheduleRule,
    Weekly,
    due_times,
    parse_schedule,
)
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar
from redrabbit.services import scheduling
from redrabbit.services.taking_up import open_life
from tests.plants import LINE, Bench, a_check, a_plant

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, tzinfo=ZONE).astimezone(UTC)
WEEKDAYS = (0, 1, 2, 3, 4)


def a_shift(name: str, begins: int, ends: int, weekdays: tuple[int, ...] = WEEKDAYS) -> Shift:
    return Shift(name=name, weekdays=weekdays, starts_at=time(begins), ends_at=time(ends))


EARLY, LATE = a_shift("early", 6, 14), a_shift("late", 14, 22)
NIGHT = a_shift("night", 22, 6)


def a_calendar(*shifts: Shift, holidays: tuple[date, ...] = ()) -> ShiftCalendar:
    return ShiftCalendar(zone=ZONE, shifts=shifts, holidays=frozenset(holidays))


class Life:
    """One check at a plant whose calendar changes."""

    def __init__(self, check: Check, calendar: ShiftCalendar, begin: datetime) -> None:
        self.check = check
        self.numbers = 0
        self.bench = Bench(self.plant_of(calendar), begin=begin)

    def plant_of(self, calendar: ShiftCalendar) -> Plant:
        self.numbers += 1
        return a_plant(self.check, calendars={LINE: calendar}, digest=f"{self.numbers:064d}")

    @property
    def now(self) -> datetime:
        return self.bench.clock.now()

    def until(self, day: int, hour: int, minute: int = 0) -> None:
        """Let time pass to a moment of March 2026, in plant time, and be watched."""
        at = datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)
        self.bench.pass_time((at - self.now).total_seconds())
        self.step()

    def step(self) -> None:
        self.bench.write(lambda uow: scheduling.step(uow, self.bench.plant))

    def change(self, calendar: ShiftCalendar) -> None:
        was, self.bench.plant = self.bench.plant, self.plant_of(calendar)
        files = {"plant.yaml": f"plant: {self.numbers}\n"}
        self.bench.write(lambda uow: open_life(uow, self.bench.plant, files, "test", before=was))

    def made(self) -> list[OccurrenceRecord]:
        return list(self.bench.database.read_now(lambda reader: reader.find(OccurrenceRecord)))

    def told(self) -> list[tuple[str, str | None, str | None]]:
        """Return what became of each: when it was due in plant time, its end, and why."""
        return [
            (f"{each.due_at.astimezone(ZONE):%d %H:%M}", each.outcome, each.reason_code)
            for each in sorted(self.made(), key=lambda each: each.due_at)
        ]


def a_check_open_for(hours: float, schedule: ScheduleRule | None = None) -> Check:
    return a_check(
        schedule=schedule,
        opens_before=timedelta(hours=hours),
        grace=timedelta(minutes=10),
        closes_after=timedelta(minutes=30),
    )


def test_a_shift_that_was_added_afterwards_was_never_owed() -> None:
    """A1: on Sunday the calendar gets Saturday's early shift."""
    life = Life(a_check_open_for(0), a_calendar(EARLY), MONDAY + timedelta(days=4))  # Friday
    life.until(8, 12)  # Sunday
    life.change(a_calendar(EARLY, a_shift("early-6", 6, 14, (5,))))
    life.until(8, 20)
    assert [when for when, _, _ in life.told()] == ["06 06:00"]


def test_a_holiday_that_was_taken_back_owes_nothing_of_its_past() -> None:
    """A1b."""
    life = Life(
        a_check_open_for(0),
        a_calendar(EARLY, LATE, holidays=(date(2026, 3, 5), date(2026, 3, 6))),
        MONDAY + timedelta(days=3),
    )
    life.until(6, 12)
    life.change(a_calendar(EARLY, LATE))
    life.until(6, 20)
    assert [when for when, _, _ in life.told()] == ["06 14:00"]


def test_a_shift_with_another_name_and_time_is_owed_once() -> None:
    """A10: early becomes A and begins at 07:00 instead of 06:00, adopted at 07:30."""
    life = Life(a_check_open_for(0), a_calendar(EARLY), MONDAY)
    life.until(2, 7, 30)
    life.change(a_calendar(a_shift("a", 7, 15)))
    life.until(2, 20)
    assert [when for when, _, _ in life.told()] == ["02 06:00"]


def test_a_shift_that_is_added_for_later_today_is_owed_though_tomorrow_was_made_already() -> None:
    """M12: with a window of 24 hours the due times of a day ahead are made."""
    life = Life(a_check_open_for(24), a_calendar(EARLY), MONDAY)
    life.until(2, 7)
    life.change(a_calendar(EARLY, LATE))
    life.until(2, 20)
    assert "02 14:00" in [when for when, _, _ in life.told()]


def test_what_was_made_for_a_day_that_is_a_holiday_now_is_excused_and_says_why() -> None:
    """D55: tomorrow's check was open already; nobody works tomorrow, so nobody owes it."""
    life = Life(a_check_open_for(24), a_calendar(EARLY), MONDAY)
    life.until(2, 12)
    life.change(a_calendar(EARLY, holidays=(date(2026, 3, 3),)))
    life.until(3, 20)
    assert life.told()[:2] == [
        ("02 06:00", "lapsed", "not_done"),
        ("03 06:00", "excused", "superseded"),
    ]


def test_what_was_due_before_the_change_stays_owed() -> None:
    """D55: a plan change is no amnesty."""
    life = Life(a_check_open_for(0), a_calendar(EARLY), MONDAY)
    life.until(2, 6, 5)
    life.change(a_calendar(LATE))
    life.until(2, 15)
    assert life.told()[0] == ("02 06:00", "lapsed", "not_done")


def test_a_calendar_that_stays_says_nothing() -> None:
    life = Life(a_check_open_for(0), a_calendar(EARLY), MONDAY)
    life.until(2, 7)
    life.change(a_calendar(EARLY))
    types = life.bench.database.read_now(lambda reader: [e.type for e in reader.entries()])
    assert "check_due_anew" not in types


SCHEDULES: st.SearchStrategy[ScheduleRule] = st.one_of(
    st.just(EveryShiftStart()),
    st.just(EveryShiftStart()),  # twice: the others look at holidays only
    st.integers(0, 23).map(lambda hour: Daily(at=time(hour))),
    st.sets(st.integers(0, 6), min_size=1).map(
        lambda days: Weekly(weekdays=tuple(sorted(days)), at=time(6))
    ),
    st.sampled_from([7_200.0, 5_400.0]).map(lambda s: EveryInterval(interval_s=s)),
    st.sampled_from(
        [
            "every shift middle + every shift end",
            "every shift start + daily at 06:00 + after changeover",
            "3 times a shift except night",
            "every 2 h of work + every shift start",
            "daily at 06:30 else next shift start",
            "weekly on sat, sun at first shift start + daily at 07:00 if working",
        ]
    ).map(parse_schedule),
)
SHIFTS = (
    (EARLY, LATE, NIGHT),
    (a_shift("early", 7, 15), LATE),
    (a_shift("day", 8, 20, tuple(range(7))), a_shift("night", 20, 8, tuple(range(7)))),
    (a_shift("early", 6, 14, (0, 1, 2, 3, 4, 5)),),
)
CALENDARS = st.builds(
    lambda shifts, holidays: a_calendar(*shifts, holidays=tuple(holidays)),
    st.sampled_from(SHIFTS),
    st.sets(st.integers(26, 30).map(lambda day: date(2026, 3, day)), max_size=4),
)
HOURS = st.floats(0.2, 30)
STEPS = st.lists(
    st.one_of(
        HOURS.map(lambda hours: ("watched", hours)),
        HOURS.map(lambda hours: ("away", hours)),
        CALENDARS.map(lambda calendar: ("change", calendar)),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(schedule=SCHEDULES, first=CALENDARS, steps=STEPS)
def test_each_due_time_of_the_calendar_of_then_is_made_once_and_no_other(
    schedule: ScheduleRule, first: ShiftCalendar, steps: list[tuple[str, object]]
) -> None:
    """Across the change to summer time; each due time belongs to the calendar in force at that moment."""
    begin = datetime(2026, 3, 26, 5, 17, tzinfo=UTC)
    life = Life(a_check_open_for(0, schedule), first, begin)
    calendar, since = first, begin
    expected: dict[str, datetime] = {}

    def owe() -> None:
        for due in due_times(schedule, calendar, begin, since, life.now):
            if due.due_at not in expected.values():  # by another rule: one check, one instant
                expected.setdefault(trigger_key(due.trigger_key), due.due_at)

    for kind, what in steps:
        if isinstance(what, float):
            life.bench.pass_time(what * 3_600)
            if kind == "watched":
                life.step()
        elif isinstance(what, ShiftCalendar):
            owe()
            life.change(what)
            calendar, since = what, life.now
    life.step()
    owe()
    made = life.made()
    assert Counter((each.trigger_key, each.due_at) for each in made) == Counter(expected.items())


@settings(max_examples=60, deadline=None)
@given(opens=st.sampled_from([2.0, 12.0, 30.0]), first=CALENDARS, steps=STEPS)
def test_what_is_made_ahead_lapses_only_where_its_calendar_still_asks_for_it(
    opens: float, first: ShiftCalendar, steps: list[tuple[str, object]]
) -> None:
    """And whatever the calendar asks for after a change is there."""
    begin = datetime(2026, 3, 26, 5, 17, tzinfo=UTC)
    life = Life(a_check_open_for(opens), first, begin)
    calendars = [(begin, first)]
    for kind, what in steps:
        if isinstance(what, float):
            life.bench.pass_time(what * 3_600)
            if kind == "watched":
                life.step()
        elif isinstance(what, ShiftCalendar):
            life.change(what)
            calendars.append((life.now, what))
    life.step()
    made = {each.trigger_key: each for each in life.made()}
    assert len(made) == len(life.made())
    ends = [at for at, _ in calendars[1:]] + [life.now]
    asked = {
        trigger_key(due.trigger_key)
        for (at, calendar), end in zip(calendars, ends, strict=True)
        for due in due_times(EveryShiftStart(), calendar, begin, at, end)
    }
    assert asked <= made.keys()
    for each in made.values():
        if each.outcome == "lapsed":
            of_then = [calendar for at, calendar in calendars if at < each.due_at][-1]
            assert each.trigger_key in shifts_around(of_then, each.due_at), each.due_at


def shifts_around(calendar: ShiftCalendar, at: datetime) -> set[str]:
    """Return the keys of the shifts that begin within a day: one that was moved is still that shift."""
    day = timedelta(days=1)
    dues = due_times(EveryShiftStart(), calendar, at, at - day, at + day)
    return {trigger_key(due.trigger_key) for due in dues}


def test_another_schedule_excuses_what_was_made_ahead_and_is_not_due_any_more() -> None:
    """D55, as for a calendar."""
    life = Life(a_check_open_for(24), a_calendar(EARLY), MONDAY)
    life.until(2, 12)
    life.check = replace(life.check, schedule=Daily(at=time(9)))
    life.change(a_calendar(EARLY))
    life.until(3, 20)
    assert ("03 06:00", "excused", "superseded") in life.told()
    assert ("03 09:00", "lapsed", "not_done") in life.told()


def test_another_rule_for_the_same_instant_is_no_other_obligation() -> None:
    """What was made by the one stays, and is not asked for again by the other."""
    life = Life(a_check_open_for(24), a_calendar(EARLY), MONDAY)
    life.until(2, 12)
    life.check = replace(life.check, schedule=parse_schedule("daily at 06:00 + every shift end"))
    life.change(a_calendar(EARLY))
    life.until(3, 20)
    assert [each[:2] for each in life.told()].count(("03 06:00", "lapsed")) == 1
    assert ("03 06:00", "excused", "superseded") not in life.told()
    assert ("03 14:00", "lapsed", "not_done") in life.told()
