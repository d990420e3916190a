"""Changing a line's calendar from now on: what is refused, what it comes to, and what is due then (D44, D55, decision 49)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.config.plant import CALENDAR_DAYS, load_plant, read_configuration
from redrabbit.domain.calendar_acts import ChangeCalendar
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.identity import Actor, LineId
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CalendarChangeRecord, CheckRecord
from redrabbit.domain.shift_calendar import windows_on
from redrabbit.plan_at_start import load_days, plan_at_start
from redrabbit.services.changing_calendar import (
    DAYS,
    all_changes,
    calendar_days_text,
    change_calendar,
    changes_of,
    take_back,
)
from redrabbit.services.taking_up import open_life
from redrabbit.store.memory import MemoryDatabase
from simulators.virtual_clock import VirtualClock
from tests.plants import a_memory_database
from tests.store.sample_story import FIRST

LINE1 = LineId("line1")
CARLA = Actor.stated("2207")
BEGIN = datetime(2026, 3, 2, 5, 50, tzinfo=UTC)
SUNDAY = date(2026, 3, 8)


class Kept:
    """A database that has adopted the sample's configuration, and starts over it."""

    def __init__(self) -> None:
        self.clock = VirtualClock(BEGIN)
        self.plant, self.files = read_configuration(FIRST)
        self.database: MemoryDatabase = a_memory_database(self.plant, self.clock)
        self.start(before=None)

    def start(self, before: Plant | None) -> None:
        plant, files = read_configuration(FIRST)
        begun = self.database.read_now(
            lambda reader: plan_at_start(reader, plant, files, self.clock.now())
        )
        self.database.write_now(
            lambda uow: open_life(uow, begun.plant, begun.files, "test", before=before)
        )
        self.plant, self.files = begun.plant, dict(begun.files)

    def set(self, kind: CalendarDayKind, day: date, **said: Any) -> CalendarChangeRecord:
        act = ChangeCalendar(
            **{
                "line": LINE1,
                "kind": kind,
                "first_date": day,
                "last_date": None,
                "weekday": None,
                "starts_at": None,
                "ends_at": None,
                "reason": "as planned",
                **said,
            }
        )
        return self.database.write_now(
            lambda uow: change_calendar(uow, self.plant, act, actor=CARLA)
        )

    def shifts(self, day: date) -> list[str]:
        return [window.name for window in windows_on(self.plant.calendars[LINE1], day)]


def test_the_name_of_the_text_is_one() -> None:
    assert DAYS == CALENDAR_DAYS


def test_a_change_counts_from_the_next_take_over_and_due_times_are_looked_for_anew() -> None:
    kept = Kept()
    monday = date(2026, 3, 9)
    usual = kept.shifts(monday)
    assert usual
    kept.clock.advance_to(kept.clock.steady + timedelta(hours=1))
    kept.set(CalendarDayKind.HOLIDAY, monday)
    kept.start(before=kept.plant)
    assert kept.shifts(monday) == []
    anew = kept.database.read_now(lambda reader: reader.find(CheckRecord))
    of_line = [each for each in anew if each.line == LINE1]
    assert {each.scheduled_until >= BEGIN + timedelta(hours=1) for each in of_line} == {True}
    told = kept.database.read_now(lambda r: r.entries_of("configuration_adopted"))
    payload = list(told)[-1].payload
    assert payload is not None
    assert CALENDAR_DAYS in payload["files"]  # type: ignore[operator]  # it is a mapping
    kept.database.write_now(
        lambda uow: take_back(uow, LINE1, 1, reason="it is worked", actor=CARLA)
    )
    kept.start(before=kept.plant)
    assert kept.shifts(monday) == usual
    (change,) = kept.database.read_now(lambda reader: all_changes(reader, LINE1))
    assert change.taken_back_text == "it is worked"


KINDS: dict[CalendarDayKind, dict[str, Any]] = {
    CalendarDayKind.HOLIDAY: {},
    CalendarDayKind.SHUTDOWN: {"last_date": SUNDAY + timedelta(days=20)},
    CalendarDayKind.MAKE_UP_DAY: {"weekday": 0},
    CalendarDayKind.OVERTIME: {"starts_at": "01:30", "ends_at": "02:00"},
}


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from(list(KINDS)), st.integers(3, 120)), min_size=1, max_size=6)
)
def test_what_is_set_is_what_a_configuration_reads(said: list[tuple[CalendarDayKind, int]]) -> None:
    """Whatever people set can be adopted, and says the same days."""
    kept = Kept()
    for kind, days in said:
        day = BEGIN.date() + timedelta(days=days)
        last = {"last_date": day + timedelta(days=2)} if kind is CalendarDayKind.SHUTDOWN else {}
        try:
            kept.set(kind, day, **{**KINDS[kind], **last})
        except Refusal:
            continue
        plant, files = load_days(
            kept.files, kept.database.read_now(lambda r: calendar_days_text(changes_of(r)))
        )
        kept.plant = plant
        assert load_plant(files, adopted=True) == plant
    calendar = kept.plant.calendars[LINE1]
    for change in kept.database.read_now(lambda r: changes_of(r, LINE1)):
        day = change.first_date
        match change.kind:
            case CalendarDayKind.HOLIDAY:
                assert day in calendar.holidays
            case CalendarDayKind.SHUTDOWN:
                assert calendar.is_shut_down(day)
                assert calendar.is_shut_down(change.last_date)
            case CalendarDayKind.MAKE_UP_DAY:
                assert (day, 0) in {(each.day, each.weekday) for each in calendar.make_up_days}
            case CalendarDayKind.OVERTIME:
                assert f"overtime-{change.change_number}" in kept.shifts(day)


@pytest.mark.parametrize(
    ("kind", "day", "said", "code"),
    [
        (CalendarDayKind.HOLIDAY, date(2026, 3, 1), {}, "calendar_day_passed"),
        (CalendarDayKind.HOLIDAY, date(2036, 3, 1), {}, "calendar_day_too_far"),
        (CalendarDayKind.HOLIDAY, SUNDAY, {"weekday": 1}, "calendar_change_unclear"),
        (CalendarDayKind.MAKE_UP_DAY, SUNDAY, {}, "calendar_change_unclear"),
        (CalendarDayKind.MAKE_UP_DAY, SUNDAY, {"weekday": 9}, "calendar_change_unclear"),
        (CalendarDayKind.OVERTIME, SUNDAY, {"starts_at": "01:00"}, "calendar_change_unclear"),
        (
            CalendarDayKind.OVERTIME,
            SUNDAY,
            {"starts_at": "25:00", "ends_at": "26:00"},
            "calendar_change_unclear",
        ),
        (
            CalendarDayKind.SHUTDOWN,
            SUNDAY,
            {"last_date": date(2026, 3, 7)},
            "calendar_days_unclear",
        ),
        (CalendarDayKind.HOLIDAY, SUNDAY, {"line": LineId("line9")}, "no_such_line"),
        (CalendarDayKind.HOLIDAY, SUNDAY, {"reason": " "}, "reason_required"),
        (
            CalendarDayKind.OVERTIME,
            date(2026, 3, 9),
            {"starts_at": "00:00", "ends_at": "23:00"},
            "calendar_shift_is_on",
        ),
    ],
)
def test_what_can_not_be_is_refused(
    kind: CalendarDayKind, day: date, said: dict[str, Any], code: str
) -> None:
    kept = Kept()
    with pytest.raises(Refusal) as refused:
        kept.set(kind, day, **said)
    assert refused.value.code == code
    assert kept.database.read_now(changes_of) == []


def test_nothing_is_set_or_taken_back_twice() -> None:
    kept = Kept()
    kept.set(CalendarDayKind.HOLIDAY, SUNDAY)
    for number, code in ((2, "no_such_calendar_change"),):
        with pytest.raises(Refusal, match=code):
            kept.database.write_now(
                lambda uow, number=number: take_back(uow, LINE1, number, reason="x", actor=CARLA)  # type: ignore[misc]  # because mypy can't infer a lambda with a default
            )
    with pytest.raises(Refusal, match="calendar_day_known"):
        kept.set(CalendarDayKind.HOLIDAY, SUNDAY)
    kept.database.write_now(lambda uow: take_back(uow, LINE1, 1, reason="x", actor=CARLA))
    with pytest.raises(Refusal, match="calendar_change_taken_back"):
        kept.database.write_now(lambda uow: take_back(uow, LINE1, 1, reason="x", actor=CARLA))
    kept.set(CalendarDayKind.HOLIDAY, SUNDAY)


def test_a_make_up_day_needs_shifts_and_no_shutdown() -> None:
    kept = Kept()
    calendar = kept.plant.calendars[LINE1]
    weekly = tuple(replace(shift, weekdays=(0,)) for shift in calendar.shifts)
    kept.plant = replace(
        kept.plant,
        calendars={**kept.plant.calendars, LINE1: replace(calendar, shifts=weekly)},
    )
    with pytest.raises(Refusal, match="calendar_nothing_worked"):
        kept.set(CalendarDayKind.MAKE_UP_DAY, SUNDAY, weekday=3)
    kept.set(CalendarDayKind.SHUTDOWN, SUNDAY)
    kept.start(before=None)
    with pytest.raises(Refusal, match="calendar_day_shut_down"):
        kept.set(CalendarDayKind.MAKE_UP_DAY, SUNDAY, weekday=0)
