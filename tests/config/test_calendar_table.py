"""Calendars of plant.yaml: what a plant may write, and what it comes to."""

import shutil
from datetime import date, time
from pathlib import Path

import pytest

from redrabbit.config.plant import load_plant
from redrabbit.config_commands import print_holidays
from redrabbit.domain.identity import LineId
from redrabbit.domain.shift_calendar import (
    Break,
    MakeUpDay,
    Overtime,
    Pattern,
    ShiftCalendar,
    Shutdown,
    windows_on,
)

BASE = Path(__file__).parent / "base"


def calendar_of(folder: Path, text: str) -> ShiftCalendar:
    """Return the calendar of line1 that is written in the base's place."""
    copy = shutil.copytree(BASE, folder / "config", dirs_exist_ok=True)
    plant = (BASE / "plant.yaml").read_text("utf-8")
    before, _, rest = plant.partition("calendars:\n")
    after = rest[rest.index("\nlines:") :]
    (copy / "plant.yaml").write_text(f"{before}calendars:\n  week:\n{text}{after}", "utf-8")
    plan = copy / "control_plan.yaml"
    plan.write_text(plan.read_text("utf-8").replace("every shift start", "on demand"), "utf-8")
    return load_plant(copy).calendars[LineId("line1")]


def test_every_kind_of_special_day_is_read(tmp_path: Path) -> None:
    found = calendar_of(
        tmp_path,
        """\
    shifts:
      day:
        from: "06:00"
        to: "18:00"
        pattern: {begins: 2026-01-05, on: 4, off: 2}
        breaks: [{from: "12:00", to: "12:30"}, {from: "09:00", to: "09:15"}]
      early: {from: "18:00", to: "22:00", days: [mon]}
    holidays: [2027-01-01]
    make_up_days: [{day: 2026-12-26, as: mon}]
    overtime: [{day: 2026-12-05, from: "22:00", to: "02:00"}, {day: 2026-12-06, from: "22:00", to: "23:00", name: sunday}]
    shutdowns: [{from: 2027-02-01, to: 2027-02-14}]
""",
    )
    assert found.shifts[0].pattern == Pattern(begins=date(2026, 1, 5), on=4, off=2)
    assert found.shifts[0].breaks == (
        Break(starts_at=time(9), ends_at=time(9, 15)),
        Break(starts_at=time(12), ends_at=time(12, 30)),
    )
    assert found.holidays == {date(2027, 1, 1)}
    assert found.make_up_days == (MakeUpDay(day=date(2026, 12, 26), weekday=0),)
    assert [each.name for each in found.overtime] == ["overtime", "sunday"]
    assert found.overtime[0] == Overtime(
        day=date(2026, 12, 5), name="overtime", starts_at=time(22), ends_at=time(2)
    )
    assert found.shutdowns == (Shutdown(first=date(2027, 2, 1), last=date(2027, 2, 14)),)


SHIFTS = {
    "3x8": """\
    shifts:
      early: {from: "06:00", to: "14:00", days: [mon, tue, wed, thu, fri]}
      late: {from: "14:00", to: "22:00", days: [mon, tue, wed, thu, fri]}
      night: {from: "22:00", to: "06:00", days: [mon, tue, wed, thu, fri]}
""",
    "2x12": """\
    shifts:
      day: {from: "08:00", to: "20:00", days: [mon, tue, wed, thu, fri]}
      night: {from: "20:00", to: "08:00", days: [mon, tue, wed, thu, fri]}
""",
}


@pytest.mark.parametrize("pattern", SHIFTS)
def test_what_the_command_prints_is_a_calendar_s_days(
    tmp_path: Path, pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Golden Week of 2026: 7 October is off, 10 October, a Saturday, is worked for it."""
    assert print_holidays("CN", 2026, None) == 0
    printed = capsys.readouterr().out
    found = calendar_of(tmp_path, SHIFTS[pattern] + printed)
    names = [shift.name for shift in found.shifts]
    assert [window.name for window in windows_on(found, date(2026, 10, 7))] == []
    assert [window.name for window in windows_on(found, date(2026, 10, 10))] == names
    assert [window.name for window in windows_on(found, date(2026, 10, 17))] == []
